//! Square's transactions: a payment or a refund on each row, most of them of people who only walked in.

use clv_tables::canonical::orders::{self, Order};
use clv_tables::canonical::payments::{self, Payment};
use clv_tables::canonical::refunds::{self, Refund};
use clv_tables::{Money, Rule};

use crate::cells::Cells;
use crate::gathering::Gathering;
use crate::importer::{Importer, Problem, RowReader, source_columns};
use crate::produced::Produced;

/// The importer.
pub static IMPORTER: Importer = Importer {
    id: "square-transactions",
    title: "Square transactions",
    signature: &[
        "Date",
        "Time Zone",
        "Gross Sales",
        "Net Sales",
        "Total Collected",
        "Tip",
        "Transaction ID",
        "Event Type",
    ],
    not: &["Qty"],
    columns: COLUMNS,
    tables: &[&orders::TABLE, &refunds::TABLE, &payments::TABLE],
    caution: "most rows have no customer: their orders name nobody; a gift card counts when it is sold and when it is used; the export names no currency beyond its sign",
    reader: || Box::new(Reader::default()),
};

source_columns! {
    DATE "ordered_on" Moment needed ["Date"];
    TIME "time" Text optional ["Time"];
    ZONE "zone" Text optional ["Time Zone"];
    TOTAL "total" Number needed ["Total Collected"];
    NET_SALES "items" Number optional ["Net Sales"];
    DISCOUNTS "discount" Number optional ["Discounts"];
    TAX "tax" Number optional ["Tax"];
    TIP "tip" Number optional ["Tip"];
    FEES "fee" Number optional ["Fees"];
    TRANSACTION_ID "order_id" Text needed ["Transaction ID"];
    PAYMENT_ID "payment_id" Text optional ["Payment ID"];
    EVENT_TYPE "event_type" Text needed ["Event Type"];
    SOURCE "channel" Text optional ["Channel", "Source"];
    METHOD "method" Text optional ["Card Brand", "Other Tender Type"];
    CUSTOMER_ID "customer_id" Text optional ["Customer ID"];
    REASON "reason" Text optional ["Refund Reason"];
}

#[derive(Debug, Default)]
struct Reader {
    orders: Gathering,
}

impl RowReader for Reader {
    fn row(&mut self, cells: &Cells<'_>, out: &mut Produced) -> Result<(), Problem> {
        let order_id = cells.needed_text(TRANSACTION_ID, Rule::NoOrder)?;
        let moment = super::moment(cells, [DATE, TIME, ZONE])?;
        let total = cells.needed_money(TOTAL)?;
        let magnitude = |column| Ok(cells.money(column)?.map(|money: Money| Money(money.0.abs())));
        let currency = cells.money_currency(TOTAL);
        let customer_id = cells.text(CUSTOMER_ID);
        let no_order = |rule| Problem { rule, column: TRANSACTION_ID };
        let is_refund =
            cells.text(EVENT_TYPE).is_some_and(|kind| kind.eq_ignore_ascii_case("refund"));
        if is_refund || total.0 < 0 {
            let number = self.orders.add_refund(order_id, &cells.origin, out).map_err(no_order)?;
            // A refund may name nobody where the sale did.
            let customer_id = customer_id.or(self.orders.keys(order_id).customer_id);
            out.refund(
                Refund {
                    order_id: order_id.into(),
                    refund_id: number.to_string().into(),
                    refunded_on: moment.day,
                    is_dated: true,
                    refunded_at: moment.at,
                    amount: Money(total.0.abs()),
                    currency: currency.map(Into::into),
                    reason: cells.text(REASON).map(Into::into),
                    customer_id: customer_id.map(Into::into),
                    ..Refund::default()
                },
                &cells.origin,
            );
            return Ok(());
        }
        let (discount, tax, tip, fee): (_, Option<Money>, Option<Money>, Option<Money>) =
            (magnitude(DISCOUNTS)?, magnitude(TAX)?, magnitude(TIP)?, magnitude(FEES)?);
        self.orders
            .add(
                Order {
                    order_id: order_id.into(),
                    ordered_on: moment.day,
                    ordered_at: moment.at,
                    customer_id: customer_id.map(Into::into),
                    currency: currency.map(Into::into),
                    total,
                    items: cells.money(NET_SALES)?,
                    discount,
                    tax,
                    tip,
                    channel: cells.text(SOURCE).map(Into::into),
                    ..Order::default()
                },
                &cells.origin,
                out,
            )
            .map_err(no_order)?;
        if let Some(payment_id) = cells.text(PAYMENT_ID) {
            out.rows.payments.push(
                Payment {
                    payment_id: payment_id.into(),
                    paid_on: Some(moment.day),
                    paid_at: moment.at,
                    order_id: Some(order_id.into()),
                    customer_id: customer_id.map(Into::into),
                    amount: total,
                    fee,
                    tip,
                    currency: currency.map(Into::into),
                    method: cells.text(METHOD).map(Into::into),
                    is_failed: false,
                    ..Payment::default()
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
