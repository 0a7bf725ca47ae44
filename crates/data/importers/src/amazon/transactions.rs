//! The report of the transactions of a range of dates, below a preamble of definitions: one row for each item.

use clv_tables::Money;
use clv_tables::canonical::orders::{self, Order};
use clv_tables::canonical::refunds;

use crate::cells::Cells;
use crate::gathering::Gathering;
use crate::importer::{Importer, Problem, RowReader, source_columns};
use crate::produced::Produced;

use super::Refunds;

/// The importer.
pub static IMPORTER: Importer = Importer {
    id: "amazon-transactions",
    title: "Amazon transactions of a date range",
    signature: &[
        "date/time",
        "settlement id",
        "type",
        "order id",
        "product sales",
        "shipping credits",
        "promotional rebates",
        "selling fees",
        "total",
    ],
    not: &[],
    columns: COLUMNS,
    tables: &[&orders::TABLE, &refunds::TABLE],
    caution: "no customer identity, cohort value is impossible; the report names no currency",
    reader: || Box::new(Reader::default()),
};

source_columns! {
    DATE "ordered_at" Moment needed ["date/time"];
    TYPE "transaction_type" Text needed ["type"];
    ORDER_ID "order_id" Text needed ["order id"];
    SKU "product_id" Text optional ["sku"];
    MARKETPLACE "channel" Text optional ["marketplace"];
    SALES "items" Number needed ["product sales"];
    SALES_TAX "tax" Number optional ["product sales tax"];
    SHIPPING "shipping" Number optional ["shipping credits"];
    SHIPPING_TAX "shipping_tax" Number optional ["shipping credits tax"];
    GIFT_WRAP "gift_wrap" Number optional ["gift wrap credits"];
    GIFT_WRAP_TAX "gift_wrap_tax" Number optional ["giftwrap credits tax"];
    REBATES "discount" Number optional ["promotional rebates"];
    REBATES_TAX "discount_tax" Number optional ["promotional rebates tax"];
}

#[derive(Debug, Default)]
struct Reader {
    orders: Gathering,
    refunds: Refunds,
}

impl RowReader for Reader {
    fn row(&mut self, cells: &Cells<'_>, out: &mut Produced) -> Result<(), Problem> {
        let kind = cells.text(TYPE).map(str::to_lowercase).unwrap_or_default();
        // Transfers, fees and adjustments are not of an order.
        let Some(order_id) = cells.text(ORDER_ID).filter(|_| kind == "order" || kind == "refund")
        else {
            return Ok(());
        };
        let moment = cells.needed_moment(DATE)?;
        cells.needed_money(SALES)?;
        let sum = |columns: &[usize]| -> Result<Money, Problem> {
            let mut sum = 0_i64;
            for column in columns {
                sum = sum.saturating_add(cells.money(*column)?.unwrap_or_default().0);
            }
            Ok(Money(sum))
        };
        let tax = sum(&[SALES_TAX, SHIPPING_TAX, GIFT_WRAP_TAX, REBATES_TAX])?;
        let rebates = sum(&[REBATES])?;
        let whole = sum(&[SALES, SHIPPING, GIFT_WRAP])?;
        let total = Money(whole.0 + tax.0 + rebates.0);
        if kind == "refund" {
            self.refunds.add(cells, (order_id, moment.day), total, None, cells.text(SKU));
            return Ok(());
        }
        self.orders
            .add(
                Order {
                    order_id: order_id.into(),
                    ordered_on: moment.day,
                    ordered_at: moment.at,
                    total,
                    items: cells.money(SALES)?,
                    shipping: cells.money(SHIPPING)?,
                    discount: Some(Money(-rebates.0)),
                    tax: Some(tax),
                    channel: cells.text(MARKETPLACE).map(Into::into),
                    ..Order::default()
                },
                &cells.origin,
                out,
            )
            .map_err(|rule| Problem { rule, column: ORDER_ID })?;
        Ok(())
    }

    fn finish(&mut self, out: &mut Produced) {
        self.orders.finish(out);
        self.refunds.produce(out);
    }
}
