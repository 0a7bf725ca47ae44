//! The order template of Shopify's Transporter into the workspace: lines, payments and refunds are rows of their order.

use std::collections::HashMap;

use clv_tables::canonical::order_lines::{self, OrderLine};
use clv_tables::canonical::orders::{self, Order};
use clv_tables::canonical::refunds::{self, Refund};
use clv_tables::{Money, Rule};

use crate::cells::Cells;
use crate::gathering::Gathering;
use crate::identity_keys::{email, phone};
use crate::importer::{Importer, Problem, RowReader, source_columns};
use crate::moment::Moment;
use crate::produced::Produced;

use super::TRANSPORTER as SOURCE;

/// The importer.
pub static TRANSPORTER_IMPORTER: Importer = Importer {
    id: SOURCE.id,
    title: SOURCE.title,
    signature: &["Name", "Email", "Processed At", "Transaction amount", "Transaction kind"],
    not: &[],
    columns: COLUMNS,
    tables: &[&orders::TABLE, &order_lines::TABLE, &refunds::TABLE],
    caution: "an order's total is what its transactions say was paid; refunds have no date and count on the day of their order",
    reader: || Box::new(Reader::default()),
};

source_columns! {
    NAME "order_id" Text needed ["Name"];
    EMAIL "email" Text needed ["Email"];
    PHONE "phone" Text optional ["Phone"];
    PROCESSED_AT "ordered_at" Moment needed ["Processed At"];
    AMOUNT "amount" Number needed ["Transaction amount"];
    KIND "transaction_kind" Text needed ["Transaction kind"];
    TRANSACTION_STATUS "transaction_status" Text optional ["Transaction status"];
    CURRENCY "currency" Text optional ["Currency"];
    FINANCIAL_STATUS "status" Text optional ["Financial Status"];
    CANCELLED_AT "cancelled_at" Moment optional ["Cancelled At"];
    SOURCE_NAME "channel" Text optional ["Source name"];
    COUNTRY "country" Text optional ["Shipping Country Code", "Shipping Country"];
    TAGS "tags" Text optional ["Tags"];
    TAX "tax" Number optional ["Total Tax"];
    SHIPPING "shipping" Number optional ["Shipping line price"];
    DISCOUNT "discount" Number optional ["Discount amount"];
    DISCOUNT_CODE "coupon" Text optional ["Discount code"];
    LINE_NAME "product_name" Text optional ["Lineitem name"];
    LINE_QUANTITY "quantity" Number optional ["Lineitem quantity"];
    LINE_PRICE "unit_price" Number optional ["Lineitem price"];
    LINE_SKU "product_id" Text optional ["Lineitem sku"];
}

#[derive(Debug, Default)]
struct Reader {
    orders: Gathering,
    /// Day and currency of an order, and how many lines it has; only its first row tells them.
    heads: HashMap<String, (Moment, Option<String>, i64)>,
}

impl RowReader for Reader {
    fn row(&mut self, cells: &Cells<'_>, out: &mut Produced) -> Result<(), Problem> {
        let name = cells.needed_text(NAME, Rule::NoOrder)?;
        if !self.heads.contains_key(name) {
            let first = cells.needed_moment(PROCESSED_AT)?;
            let currency = cells.currency(CURRENCY).map(std::borrow::Cow::into_owned);
            self.heads.insert(name.to_owned(), (first, currency, 0));
        }
        let Some((moment, currency, n_lines)) = self.heads.get_mut(name) else { return Ok(()) };
        let amount = cells.money(AMOUNT)?.unwrap_or_default();
        let kind = cells.text(KIND).map(str::to_lowercase).unwrap_or_default();
        let has_succeeded = cells
            .text(TRANSACTION_STATUS)
            .is_none_or(|status| status.eq_ignore_ascii_case("success"));
        let is_sale = has_succeeded && matches!(kind.as_str(), "sale" | "capture" | "");
        let status = cells.text(FINANCIAL_STATUS).map(str::to_lowercase);
        let line = (cells.text(LINE_NAME), cells.money(LINE_PRICE)?, cells.number(LINE_QUANTITY));
        let order = Order {
            order_id: name.into(),
            ordered_on: moment.day,
            ordered_at: moment.at,
            email: cells.text(EMAIL).and_then(email),
            phone: cells.text(PHONE).and_then(phone),
            currency: currency.as_deref().map(Into::into),
            total: if is_sale { amount } else { Money(0) },
            discount: cells.money(DISCOUNT)?,
            shipping: cells.money(SHIPPING)?,
            tax: cells.money(TAX)?,
            // The first row says it of the whole order.
            is_cancelled: cells.text(CANCELLED_AT).is_some()
                || self.orders.order(name).is_some_and(|order| order.is_cancelled)
                || status.as_deref().is_some_and(|s| SOURCE.rules.cancelled_statuses.contains(&s)),
            status: status.map(Into::into),
            channel: cells.text(SOURCE_NAME).map(Into::into),
            country: cells.text(COUNTRY).map(Into::into),
            coupon: cells.text(DISCOUNT_CODE).map(Into::into),
            tags: cells.text(TAGS).map(Into::into),
            ..Order::default()
        };
        let is_cancelled = order.is_cancelled;
        let no_order = |rule| Problem { rule, column: NAME };
        self.orders.add(order, &cells.origin, out).map_err(no_order)?;
        if has_succeeded && kind == "refund" && amount.0 != 0 && !is_cancelled {
            let number = self.orders.add_refund(name, &cells.origin, out).map_err(no_order)?;
            let keys = self.orders.keys(name);
            out.refund(
                Refund {
                    order_id: name.into(),
                    refund_id: number.to_string().into(),
                    refunded_on: moment.day,
                    is_dated: false,
                    amount: Money(amount.0.abs()),
                    currency: currency.as_deref().map(Into::into),
                    email: keys.email.map(Into::into),
                    phone: keys.phone.map(Into::into),
                    ..Refund::default()
                },
                &cells.origin,
            );
        }
        if let (Some(product), unit_price, quantity) = line {
            let quantity = quantity.filter(|quantity| quantity.abs() > 0.0).unwrap_or(1.0);
            *n_lines += 1;
            out.rows.order_lines.push(
                OrderLine {
                    order_id: name.into(),
                    line: *n_lines,
                    ordered_on: moment.day,
                    product_id: Some(cells.text(LINE_SKU).unwrap_or(product).into()),
                    product_name: Some(product.into()),
                    quantity,
                    unit_price,
                    amount: cells.product(LINE_QUANTITY, LINE_PRICE)?.or(unit_price),
                    currency: currency.as_deref().map(Into::into),
                    ..OrderLine::default()
                },
                &cells.origin,
            );
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Produced) {
        self.orders.finish(out);
    }
}
