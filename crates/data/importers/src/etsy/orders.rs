//! Etsy's sold orders.

use clv_tables::canonical::costs::{self, Cost};
use clv_tables::canonical::orders::{self, Order};
use clv_tables::canonical::refunds::{self, Refund};
use clv_tables::{Money, Rule};

use crate::cells::Cells;
use crate::importer::{Importer, Problem, RowReader, source_columns};
use crate::produced::Produced;

/// The importer.
pub static IMPORTER: Importer = Importer {
    id: "etsy-orders",
    title: "Etsy sold orders",
    signature: &[
        "Sale Date",
        "Order ID",
        "Buyer User ID",
        "Number of Items",
        "Order Value",
        "Order Total",
        "Order Net",
    ],
    not: &["Item Name"],
    columns: COLUMNS,
    tables: &[&orders::TABLE, &refunds::TABLE, &costs::TABLE],
    caution: "buyers have a number but no e-mail address, so they cannot be joined with other sources; a refund shows only as a lower adjusted total and counts on the day of its order",
    reader: || Box::new(Reader),
};

source_columns! {
    ORDER_ID "order_id" Text needed ["Order ID"];
    SALE_DATE "ordered_on" Moment needed ["Sale Date"];
    BUYER_ID "customer_id" Text optional ["Buyer User ID"];
    CURRENCY "currency" Text optional ["Currency"];
    VALUE "items" Number optional ["Order Value"];
    TOTAL "total" Number needed ["Order Total"];
    ADJUSTED "adjusted_total" Number optional ["Adjusted Order Total"];
    DISCOUNT "discount" Number optional ["Discount Amount"];
    SHIPPING "shipping" Number optional ["Shipping"];
    TAX "tax" Number optional ["Sales Tax"];
    FEES "fee" Number optional ["Card Processing Fees"];
    COUPON "coupon" Text optional ["Coupon Code"];
    STATUS "status" Text optional ["Status"];
    COUNTRY "country" Text optional ["Ship Country"];
    ORDER_TYPE "channel" Text optional ["Order Type"];
}

#[derive(Debug)]
struct Reader;

impl RowReader for Reader {
    fn row(&mut self, cells: &Cells<'_>, out: &mut Produced) -> Result<(), Problem> {
        let order_id = cells.needed_text(ORDER_ID, Rule::NoOrder)?.trim_start_matches('#');
        let total = cells.needed_money(TOTAL)?;
        let moment = cells.needed_moment(SALE_DATE)?;
        // Nought stands where nothing was adjusted.
        let adjusted = cells.money(ADJUSTED)?.filter(|money| money.0 > 0 && *money < total);
        let status = cells.text(STATUS).map(str::to_lowercase);
        let is_cancelled = matches!(status.as_deref(), Some("canceled" | "cancelled"));
        let currency = cells.currency(CURRENCY);
        out.order(
            Order {
                order_id: order_id.into(),
                ordered_on: moment.day,
                ordered_at: moment.at,
                customer_id: cells.text(BUYER_ID).map(Into::into),
                currency: currency.clone(),
                total,
                items: cells.money(VALUE)?,
                discount: cells.money(DISCOUNT)?,
                shipping: cells.money(SHIPPING)?,
                tax: cells.money(TAX)?,
                status: status.map(Into::into),
                is_cancelled,
                channel: cells.text(ORDER_TYPE).map(Into::into),
                country: cells.text(COUNTRY).map(Into::into),
                coupon: cells.text(COUPON).map(Into::into),
                ..Order::default()
            },
            &cells.origin,
        );
        if let Some(adjusted) = adjusted.filter(|_| !is_cancelled) {
            out.refund(
                Refund {
                    order_id: order_id.into(),
                    refund_id: "1".into(),
                    refunded_on: moment.day,
                    is_dated: false,
                    amount: Money(total.0 - adjusted.0),
                    currency: currency.clone(),
                    customer_id: cells.text(BUYER_ID).map(Into::into),
                    ..Refund::default()
                },
                &cells.origin,
            );
        }
        if let Some(fee) = cells.money(FEES)?.filter(|fee| fee.0 > 0) {
            out.rows.costs.push(
                Cost {
                    scope: "order".into(),
                    target: order_id.into(),
                    kind: "fee".into(),
                    per: "order".into(),
                    amount: Some(fee),
                    currency,
                    ..Cost::default()
                },
                &cells.origin,
            );
        }
        Ok(())
    }
}
