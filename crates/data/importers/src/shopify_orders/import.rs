//! The orders export into the workspace: orders, their lines, and what was refunded.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use clv_tables::canonical::order_lines::{self, OrderLine};
use clv_tables::canonical::orders::{self, Order};
use clv_tables::canonical::refunds::{self, Refund};
use clv_tables::hash::hash_bytes;
use clv_tables::{Day, Money, Rule};

use crate::cells::Cells;
use crate::identity_keys::{email, phone};
use crate::importer::{Importer, Problem, RowReader, source_columns};
use crate::produced::Produced;

use super::ORDERS;

/// The importer.
pub static IMPORTER: Importer = Importer {
    id: ORDERS.id,
    title: ORDERS.title,
    signature: &[
        "Name",
        "Email",
        "Financial Status",
        "Total",
        "Created at",
        "Lineitem quantity",
        "Lineitem name",
    ],
    not: &[],
    columns: COLUMNS,
    tables: &[&orders::TABLE, &order_lines::TABLE, &refunds::TABLE],
    caution: "the export does not date refunds: they count on the day of their order",
    reader: || Box::new(Reader::default()),
};

source_columns! {
    NAME "number" Text needed ["Name"];
    ID "order_id" Text optional ["Id"];
    EMAIL "email" Text needed ["Email"];
    PHONE "phone" Text optional ["Phone"];
    CREATED_AT "ordered_at" Moment needed ["Created at"];
    TOTAL "total" Number needed ["Total"];
    SUBTOTAL "items" Number optional ["Subtotal"];
    SHIPPING "shipping" Number optional ["Shipping"];
    TAXES "tax" Number optional ["Taxes"];
    DISCOUNT_AMOUNT "discount" Number optional ["Discount Amount"];
    DISCOUNT_CODE "coupon" Text optional ["Discount Code"];
    CURRENCY "currency" Text optional ["Currency"];
    FINANCIAL_STATUS "status" Text optional ["Financial Status"];
    CANCELLED_AT "cancelled_at" Moment optional ["Cancelled at"];
    REFUNDED_AMOUNT "refunded_amount" Number optional ["Refunded Amount"];
    SOURCE "channel" Text optional ["Source"];
    SHIPPING_COUNTRY "country" Text optional ["Shipping Country"];
    BILLING_COUNTRY "billing_country" Text optional ["Billing Country"];
    TAGS "tags" Text optional ["Tags"];
    LINE_QUANTITY "quantity" Number optional ["Lineitem quantity"];
    LINE_NAME "product_name" Text optional ["Lineitem name"];
    LINE_PRICE "unit_price" Number optional ["Lineitem price"];
    LINE_SKU "product_id" Text optional ["Lineitem sku"];
    LINE_DISCOUNT "line_discount" Number optional ["Lineitem discount"];
    VENDOR "vendor" Text optional ["Vendor"];
}

/// States in which an order counts nowhere.
const CANCELLED: [&str; 3] = ["voided", "expired", "cancelled"];

/// What the lines of an order take from its first row.
#[derive(Debug, Clone)]
struct Head {
    order_id: String,
    ordered_on: Day,
    currency: Option<String>,
    n_lines: i64,
    /// The rule by which the order was put aside; its lines share its fate.
    put_aside: Option<Problem>,
}

/// Rows in the order of the file: the first row of an order carries it, and every row is a line.
#[derive(Debug, Default)]
struct Reader {
    heads: HashMap<u64, Head>,
}

impl RowReader for Reader {
    fn row(&mut self, cells: &Cells<'_>, out: &mut Produced) -> Result<(), Problem> {
        let name = cells.needed_text(NAME, Rule::NoOrder)?;
        let key = hash_bytes(name.as_bytes());
        if let Entry::Vacant(place) = self.heads.entry(key) {
            if cells.text(TOTAL).is_none() {
                // A line above the row that carries its order: nothing dates it.
                return Err(Problem { rule: Rule::NoOrder, column: TOTAL });
            }
            let head = match order(cells, name, out) {
                Ok(head) => head,
                Err(problem) => Head {
                    order_id: String::new(),
                    ordered_on: Day::default(),
                    currency: None,
                    n_lines: 0,
                    put_aside: Some(problem),
                },
            };
            place.insert(head);
        }
        let head = self.heads.get_mut(&key).expect("it was put there");
        if let Some(problem) = &head.put_aside {
            return Err(problem.clone());
        }
        line(cells, head, out)
    }
}

fn order(cells: &Cells<'_>, name: &str, out: &mut Produced) -> Result<Head, Problem> {
    let total = cells.needed_money(TOTAL)?;
    let moment = cells.needed_moment(CREATED_AT)?;
    let refunded = cells.money(REFUNDED_AMOUNT)?.unwrap_or_default();
    let order_id = cells.text(ID).unwrap_or(name);
    let status = cells.text(FINANCIAL_STATUS).map(str::to_lowercase);
    let is_cancelled = cells.text(CANCELLED_AT).is_some()
        || status.as_deref().is_some_and(|status| CANCELLED.contains(&status));
    let currency = cells.currency(CURRENCY);
    out.order(
        Order {
            order_id: order_id.into(),
            number: Some(name.into()),
            ordered_on: moment.day,
            ordered_at: moment.at,
            customer_id: None,
            email: cells.text(EMAIL).and_then(email),
            phone: cells.text(PHONE).and_then(phone),
            currency: currency.clone(),
            total,
            items: cells.money(SUBTOTAL)?,
            discount: cells.money(DISCOUNT_AMOUNT)?,
            shipping: cells.money(SHIPPING)?,
            tax: cells.money(TAXES)?,
            tip: None,
            status: status.map(Into::into),
            is_cancelled,
            channel: cells.text(SOURCE).map(Into::into),
            country: cells.text(SHIPPING_COUNTRY).or(cells.text(BILLING_COUNTRY)).map(Into::into),
            coupon: cells.text(DISCOUNT_CODE).map(Into::into),
            tags: cells.text(TAGS).map(Into::into),
        },
        &cells.origin,
    );
    if refunded.0 != 0 && !is_cancelled {
        out.refund(
            Refund {
                order_id: order_id.into(),
                refund_id: "1".into(),
                refunded_on: moment.day,
                is_dated: false,
                amount: Money(refunded.0.abs()),
                currency: currency.clone(),
                email: cells.text(EMAIL).and_then(email),
                phone: cells.text(PHONE).and_then(phone),
                ..Refund::default()
            },
            &cells.origin,
        );
    }
    Ok(Head {
        order_id: order_id.to_owned(),
        ordered_on: moment.day,
        currency: currency.map(Into::into),
        n_lines: 0,
        put_aside: None,
    })
}

fn line(cells: &Cells<'_>, head: &mut Head, out: &mut Produced) -> Result<(), Problem> {
    let name = cells.text(LINE_NAME);
    let sku = cells.text(LINE_SKU);
    if name.is_none() && sku.is_none() && cells.text(LINE_QUANTITY).is_none() {
        // An order of which only payments or notes take up the row.
        return Ok(());
    }
    let unit_price = cells.money(LINE_PRICE)?;
    let discount = cells.money(LINE_DISCOUNT)?.map(|discount| Money(discount.0.abs()));
    let quantity = cells.number(LINE_QUANTITY).unwrap_or(1.0);
    let charged = |price: Money| {
        let whole = (price.0 as f64 * quantity).round() as i64;
        Money(whole - discount.map_or(0, |discount| discount.0))
    };
    if quantity.abs() <= 0.0 {
        // Nothing is left of the line: it was taken off the order.
        return Ok(());
    }
    head.n_lines += 1;
    out.rows.order_lines.push(
        OrderLine {
            order_id: head.order_id.as_str().into(),
            line: head.n_lines,
            ordered_on: head.ordered_on,
            product_id: sku.or(name).map(Into::into),
            product_name: name.map(Into::into),
            quantity,
            unit_price,
            amount: unit_price.map(charged),
            discount,
            currency: head.currency.as_deref().map(Into::into),
            vendor: cells.text(VENDOR).map(Into::into),
            options: None,
        },
        &cells.origin,
    );
    Ok(())
}
