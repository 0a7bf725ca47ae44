//! Orders of Shopify's admin interface as JSON: lines and dated refunds are nested in their order.

use std::borrow::Cow;

use clv_tables::canonical::order_lines::{self, OrderLine};
use clv_tables::canonical::orders::{self, Order};
use clv_tables::canonical::refunds::{self, Refund};
use clv_tables::{Money, Rule};
use serde_json::Value;

use crate::cells::Cells;
use crate::identity_keys::{email, phone};
use crate::importer::{Importer, Problem, RowReader, source_columns};
use crate::json_cell::{at, elements, money, number, sum, text};
use crate::moment::Moment;
use crate::produced::Produced;

use super::ORDERS;

/// The importer.
pub static JSON: Importer = Importer {
    id: "shopify-json",
    title: "Shopify orders of the admin interface",
    signature: &[
        "id",
        "financial_status",
        "total_price",
        "subtotal_price",
        "created_at",
        "order_number",
    ],
    not: &["Lineitem name"],
    columns: COLUMNS,
    tables: &[&orders::TABLE, &order_lines::TABLE, &refunds::TABLE],
    caution: "orders marked as tests count nowhere",
    reader: || Box::new(Reader),
};

source_columns! {
    ID "order_id" Text needed ["id"];
    NAME "number" Text optional ["name"];
    CREATED_AT "ordered_at" Moment needed ["created_at"];
    CANCELLED_AT "cancelled_at" Moment optional ["cancelled_at"];
    FINANCIAL_STATUS "status" Text optional ["financial_status"];
    CUSTOMER_ID "customer_id" Text optional ["customer.id"];
    EMAIL "email" Text optional ["email"];
    CONTACT_EMAIL "contact_email" Text optional ["contact_email"];
    CUSTOMER_EMAIL "customer_email" Text optional ["customer.email"];
    PHONE "phone" Text optional ["phone"];
    CURRENCY "currency" Text optional ["currency"];
    TOTAL "total" Number needed ["total_price"];
    SUBTOTAL "items" Number optional ["subtotal_price"];
    DISCOUNTS "discount" Number optional ["total_discounts"];
    SHIPPING "shipping" Number optional ["total_shipping_price_set.shop_money.amount"];
    TAX "tax" Number optional ["total_tax"];
    TIP "tip" Number optional ["total_tip_received"];
    SOURCE_NAME "channel" Text optional ["source_name"];
    SHIPPING_COUNTRY "country" Text optional ["shipping_address.country_code"];
    BILLING_COUNTRY "billing_country" Text optional ["billing_address.country_code"];
    TAGS "tags" Text optional ["tags"];
    TEST "is_test" Text optional ["test"];
    LINE_ITEMS "lines" Text optional ["line_items"];
    DISCOUNT_CODES "coupons" Text optional ["discount_codes"];
    REFUNDS "refunds" Text optional ["refunds"];
}

#[derive(Debug)]
struct Reader;

impl RowReader for Reader {
    fn row(&mut self, cells: &Cells<'_>, out: &mut Produced) -> Result<(), Problem> {
        let order_id = cells.needed_text(ID, Rule::NoOrder)?;
        let total = cells.needed_money(TOTAL)?;
        let created = cells.needed_moment(CREATED_AT)?;
        let status = cells.text(FINANCIAL_STATUS).map(str::to_lowercase);
        let is_cancelled = cells.text(CANCELLED_AT).is_some()
            || cells.flag(TEST) == Some(true)
            || status
                .as_deref()
                .is_some_and(|status| ORDERS.rules.cancelled_statuses.contains(&status));
        let coupon =
            elements(cells.raw(DISCOUNT_CODES)).first().and_then(|code| text(code, "code"));
        let amounts = [SUBTOTAL, DISCOUNTS, SHIPPING, TAX, TIP];
        let [items, discount, shipping, tax, tip] = amounts.map(|column| cells.money(column));
        out.order(
            Order {
                order_id: order_id.into(),
                number: cells.text(NAME).map(Into::into),
                ordered_on: created.day,
                ordered_at: created.at,
                customer_id: cells.text(CUSTOMER_ID).map(Into::into),
                email: address(cells),
                phone: cells.text(PHONE).and_then(phone),
                currency: cells.currency(CURRENCY),
                total,
                items: items?,
                discount: discount?,
                shipping: shipping?,
                tax: tax?,
                tip: tip?,
                status: status.map(Into::into),
                is_cancelled,
                channel: cells.text(SOURCE_NAME).map(Into::into),
                country: cells
                    .text(SHIPPING_COUNTRY)
                    .or(cells.text(BILLING_COUNTRY))
                    .map(Into::into),
                coupon: coupon.map(Into::into),
                tags: cells.text(TAGS).map(Into::into),
            },
            &cells.origin,
        );
        for (nth, line) in elements(cells.raw(LINE_ITEMS)).iter().enumerate() {
            push_line(cells, order_id, created, nth as i64 + 1, line, out);
        }
        if !is_cancelled {
            for (nth, refund) in elements(cells.raw(REFUNDS)).iter().enumerate() {
                push_refund(cells, order_id, created, nth + 1, refund, out);
            }
        }
        Ok(())
    }
}

/// The address on the order, else its customer's.
fn address<'a>(cells: &Cells<'a>) -> Option<Cow<'a, str>> {
    let places = [EMAIL, CONTACT_EMAIL, CUSTOMER_EMAIL];
    places.into_iter().find_map(|column| cells.text(column)).and_then(email)
}

fn push_line(
    cells: &Cells<'_>,
    order_id: &str,
    created: Moment,
    nth: i64,
    line: &Value,
    out: &mut Produced,
) {
    let Some(quantity) = number(line, "quantity").filter(|quantity| quantity.abs() > 0.0) else {
        return;
    };
    let unit_price = money(line, "price");
    let discount = sum(at(line, "discount_allocations")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|part| money(part, "amount")))
    .or(money(line, "total_discount"));
    let charged = |price: Money| {
        let whole = (price.0 as f64 * quantity).round() as i64;
        Money(whole.saturating_sub(discount.map_or(0, |discount| discount.0)))
    };
    let name = text(line, "name").or_else(|| text(line, "title"));
    out.rows.order_lines.push(
        OrderLine {
            order_id: order_id.into(),
            line: nth,
            ordered_on: created.day,
            product_id: text(line, "sku").or_else(|| name.clone()).map(Into::into),
            product_name: name.map(Into::into),
            quantity,
            unit_price,
            amount: unit_price.map(charged),
            discount,
            currency: cells.currency(CURRENCY),
            vendor: text(line, "vendor").map(Into::into),
            options: None,
        },
        &cells.origin,
    );
}

/// What was paid back counts; where the refund tells no payments, what its lines and adjustments come to.
fn push_refund(
    cells: &Cells<'_>,
    order_id: &str,
    created: Moment,
    nth: usize,
    refund: &Value,
    out: &mut Produced,
) {
    let list = |path| at(refund, path).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let is_paid = |payment: &&Value| {
        text(payment, "kind").as_deref() == Some("refund")
            && text(payment, "status").is_none_or(|status| status == "success")
    };
    let paid = sum(list("transactions")
        .iter()
        .filter(is_paid)
        .filter_map(|payment| money(payment, "amount")));
    let lines = list("refund_line_items");
    let reckoned = || {
        let of_lines =
            lines.iter().flat_map(|line| [money(line, "subtotal"), money(line, "total_tax")]);
        let adjusted = list("order_adjustments")
            .iter()
            .flat_map(|part| [money(part, "amount"), money(part, "tax_amount")])
            .flatten()
            .map(|part| Money(-part.0));
        sum(of_lines.flatten().chain(adjusted))
    };
    let Some(amount) = paid.or_else(reckoned).filter(|amount| amount.0 > 0) else { return };
    let written = text(refund, "processed_at").or_else(|| text(refund, "created_at"));
    let dated = written.and_then(|written| cells.formats.moment(CREATED_AT, &written));
    let moment = dated.unwrap_or(created);
    let one_line = if let [line] = lines { Some(line) } else { None };
    out.refund(
        Refund {
            order_id: order_id.into(),
            refund_id: text(refund, "id").unwrap_or_else(|| nth.to_string()).into(),
            refunded_on: moment.day,
            is_dated: dated.is_some(),
            refunded_at: moment.at,
            amount,
            currency: cells.currency(CURRENCY),
            product_id: one_line.and_then(|line| text(line, "line_item.sku")).map(Into::into),
            quantity: one_line
                .and_then(|line| number(line, "quantity"))
                .filter(|quantity| *quantity > 0.0),
            reason: text(refund, "note").map(Into::into),
            customer_id: cells.text(CUSTOMER_ID).map(Into::into),
            email: address(cells),
            phone: cells.text(PHONE).and_then(phone),
        },
        &cells.origin,
    );
}
