//! Orders as WooCommerce's export plugins write them: one row for each order, or one for each item of it.

use std::collections::HashMap;

use clv_tables::canonical::order_lines::{self, OrderLine};
use clv_tables::canonical::orders::{self, Order};
use clv_tables::canonical::refunds::{self, Refund};
use clv_tables::{Day, Money, Rule};

use crate::cells::Cells;
use crate::identity_keys::{email, phone};
use crate::importer::{Importer, Problem, RowReader, source_columns};
use crate::json_cell::elements;
use crate::number_format::{Decimal, NumberFormat};
use crate::produced::Produced;

use super::{CANCELLED, account};

/// The importer.
pub static IMPORTER: Importer = Importer {
    id: "woocommerce",
    title: "WooCommerce orders of an export plugin",
    signature: &[
        "order_id",
        "status",
        "order_total",
        "billing_email|customer_email",
        "payment_method",
        "shipping_total",
    ],
    not: &[],
    columns: COLUMNS,
    tables: &[&orders::TABLE, &order_lines::TABLE, &refunds::TABLE],
    caution: "refunds have no date: they count on the day of their order",
    reader: || Box::new(Reader::default()),
};

source_columns! {
    ORDER_ID "order_id" Text needed ["order_id"];
    NUMBER "number" Text optional ["order_number_formatted", "order_number"];
    ORDERED_AT "ordered_at" Moment needed ["order_date", "date"];
    STATUS "status" Text needed ["status", "order_status"];
    CUSTOMER_ID "customer_id" Text optional ["customer_id", "customer_user"];
    EMAIL "email" Text needed ["billing_email", "customer_email"];
    PHONE "phone" Text optional ["billing_phone"];
    CURRENCY "currency" Text optional ["order_currency", "currency"];
    TOTAL "total" Number needed ["order_total"];
    SUBTOTAL "items" Number optional ["order_subtotal"];
    DISCOUNT "discount" Number optional ["discount_total"];
    SHIPPING "shipping" Number optional ["shipping_total"];
    TAX "tax" Number optional ["tax_total"];
    REFUNDED "refunded_amount" Number optional ["refunded_total"];
    COUNTRY "country" Text optional ["shipping_country", "billing_country"];
    COUPONS "coupon" Text optional ["coupons", "coupon_items"];
    LINE_ITEMS "lines" Text optional ["line_items"];
    ITEM_NAME "product_name" Text optional ["item_name"];
    ITEM_SKU "product_id" Text optional ["item_sku"];
    ITEM_QUANTITY "quantity" Number optional ["item_quantity"];
    ITEM_TOTAL "amount" Number optional ["item_total"];
}

#[derive(Debug, Default)]
struct Reader {
    /// Day, currency and number of lines of the orders so far; `None` where the order was put aside.
    heads: HashMap<String, Option<Head>>,
}

#[derive(Debug, Clone)]
struct Head {
    day: Day,
    currency: Option<String>,
    n_lines: i64,
}

/// One item of an order, from a cell that holds all of them or from a row of its own.
#[derive(Debug, Default)]
struct Item {
    name: Option<String>,
    sku: Option<String>,
    quantity: Option<f64>,
    total: Option<Money>,
}

impl RowReader for Reader {
    fn row(&mut self, cells: &Cells<'_>, out: &mut Produced) -> Result<(), Problem> {
        let order_id = cells.needed_text(ORDER_ID, Rule::NoOrder)?;
        if !self.heads.contains_key(order_id) {
            let head = order(cells, order_id, out);
            self.heads.insert(order_id.to_owned(), head.as_ref().ok().cloned());
            head?;
        }
        let Some(Some(head)) = self.heads.get_mut(order_id) else {
            return Err(Problem { rule: Rule::NoOrder, column: ORDER_ID });
        };
        let own = Item {
            name: cells.text(ITEM_NAME).map(str::to_owned),
            sku: cells.text(ITEM_SKU).map(str::to_owned),
            quantity: cells.number(ITEM_QUANTITY),
            total: cells.money(ITEM_TOTAL)?,
        };
        let mut items = if head.n_lines == 0 { items(cells.raw(LINE_ITEMS)) } else { Vec::new() };
        items.push(own);
        for item in items {
            push_line(cells, order_id, head, item, out);
        }
        Ok(())
    }
}

fn order(cells: &Cells<'_>, order_id: &str, out: &mut Produced) -> Result<Head, Problem> {
    let total = cells.needed_money(TOTAL)?;
    let moment = cells.needed_moment(ORDERED_AT)?;
    let refunded = cells.money(REFUNDED)?;
    let status = cells.text(STATUS).map(super::status);
    let is = |name: &str| status.as_deref() == Some(name);
    let is_cancelled = CANCELLED.into_iter().any(is);
    // A refunded order gave everything back, whether or not the plugin writes how much.
    let refunded = refunded.filter(|money| money.0 != 0).or(is("refunded").then_some(total));
    let currency = cells.currency(CURRENCY);
    let coupon = cells.text(COUPONS).map(|coupons| {
        let first = coupons.split([';', '|', ',']).next().unwrap_or(coupons);
        first.trim_start_matches("code:").trim()
    });
    out.order(
        Order {
            order_id: order_id.into(),
            number: cells.text(NUMBER).filter(|number| *number != order_id).map(Into::into),
            ordered_on: moment.day,
            ordered_at: moment.at,
            customer_id: cells.text(CUSTOMER_ID).and_then(account).map(Into::into),
            email: cells.text(EMAIL).and_then(email),
            phone: cells.text(PHONE).and_then(phone),
            currency: currency.clone(),
            total,
            items: cells.money(SUBTOTAL)?,
            discount: cells.money(DISCOUNT)?,
            shipping: cells.money(SHIPPING)?,
            tax: cells.money(TAX)?,
            status: status.clone().map(Into::into),
            is_cancelled,
            country: cells.text(COUNTRY).map(Into::into),
            coupon: coupon.filter(|coupon| !coupon.is_empty()).map(Into::into),
            ..Order::default()
        },
        &cells.origin,
    );
    if let Some(refunded) = refunded.filter(|_| !is_cancelled) {
        out.refund(
            Refund {
                order_id: order_id.into(),
                refund_id: "1".into(),
                refunded_on: moment.day,
                is_dated: false,
                amount: Money(refunded.0.abs()),
                currency: currency.clone(),
                customer_id: cells.text(CUSTOMER_ID).and_then(account).map(Into::into),
                email: cells.text(EMAIL).and_then(email),
                phone: cells.text(PHONE).and_then(phone),
                ..Refund::default()
            },
            &cells.origin,
        );
    }
    Ok(Head { day: moment.day, currency: currency.map(Into::into), n_lines: 0 })
}

/// The items in one cell: a JSON array, or `name:Mug|sku:MUG|quantity:2|total:22.50;name:Pot|...`.
fn items(cell: &str) -> Vec<Item> {
    let cell = cell.trim();
    if cell.starts_with('[') {
        return elements(cell)
            .iter()
            .map(|item| Item {
                name: crate::json_cell::text(item, "name"),
                sku: crate::json_cell::text(item, "sku"),
                quantity: crate::json_cell::number(item, "quantity"),
                total: crate::json_cell::money(item, "total"),
            })
            .collect();
    }
    let parts = cell.split(';').filter(|item| item.contains(':'));
    parts
        .map(|part| {
            let mut item = Item::default();
            for (key, value) in part.split('|').filter_map(|field| field.split_once(':')) {
                let value = value.trim();
                let text = (!value.is_empty()).then(|| value.to_owned());
                match key.trim() {
                    "name" => item.name = text,
                    "sku" => item.sku = text,
                    "quantity" | "qty" => item.quantity = value.parse().ok(),
                    "total" => {
                        let point = NumberFormat { decimal: Decimal::Point };
                        item.total = point.parse(value).ok().map(|amount| Money(amount.micros));
                    }
                    _ => {}
                }
            }
            item
        })
        .collect()
}

fn push_line(cells: &Cells<'_>, order_id: &str, head: &mut Head, item: Item, out: &mut Produced) {
    let quantity = item.quantity.unwrap_or(1.0);
    if (item.name.is_none() && item.sku.is_none()) || quantity.abs() <= 0.0 {
        return;
    }
    head.n_lines += 1;
    out.rows.order_lines.push(
        OrderLine {
            order_id: order_id.into(),
            line: head.n_lines,
            ordered_on: head.day,
            product_id: item.sku.or_else(|| item.name.clone()).map(Into::into),
            product_name: item.name.map(Into::into),
            quantity,
            amount: item.total,
            currency: head.currency.as_deref().map(Into::into),
            ..OrderLine::default()
        },
        &cells.origin,
    );
}
