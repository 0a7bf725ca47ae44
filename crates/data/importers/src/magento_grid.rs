//! The export of Magento's grid of orders: one row for each order, without its items.
//!
//! The grid has two grand totals, in the currency of the shop (base) and in the one that the customer paid in (purchased). Orders
//! count in the shop's. What was refunded stands in the customer's and is converted at the order's own rate, base by purchased.

use clv_tables::canonical::orders::{self, Order};
use clv_tables::canonical::refunds::{self, Refund};
use clv_tables::{Money, Rule};

use crate::cells::Cells;
use crate::identity_keys::email;
use crate::importer::{Importer, Problem, RowReader, source_columns};
use crate::produced::Produced;

/// The importer.
pub static IMPORTER: Importer = Importer {
    id: "magento-grid",
    title: "Magento order grid",
    signature: &[
        "ID",
        "Purchase Point",
        "Purchase Date",
        "Bill-to Name",
        "Grand Total (Base)",
        "Grand Total (Purchased)",
        "Status",
        "Customer Email",
    ],
    not: &[],
    columns: COLUMNS,
    tables: &[&orders::TABLE, &refunds::TABLE],
    caution: "the grid has no items and dates no refunds: they count on the day of their order; amounts are in the shop's base currency, which it names by its sign at most",
    reader: || Box::new(Reader),
};

source_columns! {
    ID "order_id" Text needed ["ID"];
    PURCHASE_DATE "ordered_at" Moment needed ["Purchase Date"];
    PURCHASE_POINT "channel" Text optional ["Purchase Point"];
    BASE_TOTAL "total" Number needed ["Grand Total (Base)"];
    PURCHASED_TOTAL "purchased_total" Number optional ["Grand Total (Purchased)"];
    SUBTOTAL "items" Number optional ["Subtotal"];
    SHIPPING "shipping" Number optional ["Shipping and Handling"];
    REFUNDED "refunded_amount" Number optional ["Total Refunded"];
    STATUS "status" Text needed ["Status"];
    EMAIL "email" Text needed ["Customer Email"];
    GROUP "tags" Text optional ["Customer Group"];
}

/// States in which nothing was sold or nobody paid, by code and by label.
const CANCELLED: [&str; 5] =
    ["canceled", "cancelled", "fraud", "pending_payment", "pending payment"];

#[derive(Debug)]
struct Reader;

impl RowReader for Reader {
    fn row(&mut self, cells: &Cells<'_>, out: &mut Produced) -> Result<(), Problem> {
        let order_id = cells.needed_text(ID, Rule::NoOrder)?;
        let total = cells.needed_money(BASE_TOTAL)?;
        let moment = cells.needed_moment(PURCHASE_DATE)?;
        let purchased = cells.money(PURCHASED_TOTAL)?.filter(|purchased| purchased.0 > 0);
        let refunded = cells.money(REFUNDED)?.filter(|refunded| refunded.0 > 0);
        let status = cells.text(STATUS).map(str::to_lowercase);
        let is_cancelled = status.as_deref().is_some_and(|status| CANCELLED.contains(&status));
        let currency = cells.money_currency(BASE_TOTAL);
        out.order(
            Order {
                order_id: order_id.into(),
                ordered_on: moment.day,
                ordered_at: moment.at,
                email: cells.text(EMAIL).and_then(email),
                currency: currency.map(Into::into),
                total,
                items: cells.money(SUBTOTAL)?,
                shipping: cells.money(SHIPPING)?,
                status: status.map(Into::into),
                is_cancelled,
                channel: cells.text(PURCHASE_POINT).map(Into::into),
                tags: cells.text(GROUP).map(Into::into),
                ..Order::default()
            },
            &cells.origin,
        );
        if let Some(refunded) = refunded.filter(|_| !is_cancelled && total.0 > 0) {
            out.refund(
                Refund {
                    order_id: order_id.into(),
                    refund_id: "1".into(),
                    refunded_on: moment.day,
                    is_dated: false,
                    amount: purchased.map_or(refunded, |paid| in_base(refunded, total, paid)),
                    currency: currency.map(Into::into),
                    email: cells.text(EMAIL).and_then(email),
                    ..Refund::default()
                },
                &cells.origin,
            );
        }
        Ok(())
    }
}

/// An amount in the currency that was paid in, in the shop's: at the rate of the order's two totals, to a millionth.
fn in_base(amount: Money, base: Money, purchased: Money) -> Money {
    let product = i128::from(amount.0) * i128::from(base.0);
    let divisor = i128::from(purchased.0);
    Money(i64::try_from((product + divisor / 2) / divisor).unwrap_or(amount.0))
}
