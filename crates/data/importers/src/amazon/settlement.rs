//! The flat file of a settlement, version 2: one row for each part of an amount.

use std::collections::HashMap;

use clv_tables::canonical::costs::{self, Cost};
use clv_tables::canonical::orders::{self, Order};
use clv_tables::canonical::refunds;
use clv_tables::{Money, Rule};

use crate::cells::Cells;
use crate::gathering::Gathering;
use crate::importer::{Importer, Problem, RowReader, source_columns};
use crate::produced::Produced;

use super::Refunds;

/// The importer.
pub static IMPORTER: Importer = Importer {
    id: "amazon-settlement",
    title: "Amazon settlement, flat file version 2",
    signature: &[
        "settlement-id",
        "transaction-type",
        "order-id",
        "amount-type",
        "amount-description",
        "amount",
        "posted-date",
        "total-amount",
    ],
    not: &[],
    columns: COLUMNS,
    tables: &[&orders::TABLE, &refunds::TABLE, &costs::TABLE],
    caution: "no customer identity, cohort value is impossible; orders count on the day on which they were posted, and tax that Amazon withholds is left in their total",
    reader: || Box::new(Reader::default()),
};

source_columns! {
    SETTLEMENT_ID "settlement_id" Text needed ["settlement-id"];
    CURRENCY "currency" Text optional ["currency"];
    TYPE "transaction_type" Text needed ["transaction-type"];
    ORDER_ID "order_id" Text needed ["order-id"];
    MARKETPLACE "channel" Text optional ["marketplace-name"];
    AMOUNT_TYPE "amount_type" Text needed ["amount-type"];
    DESCRIPTION "amount_description" Text needed ["amount-description"];
    AMOUNT "amount" Number needed ["amount"];
    POSTED "ordered_at" Moment needed ["posted-date"];
    SKU "product_id" Text optional ["sku"];
}

#[derive(Debug, Default)]
struct Reader {
    orders: Gathering,
    refunds: Refunds,
    /// The summary row of a settlement names its currency; the others leave it blank.
    currencies: HashMap<String, String>,
    fees: HashMap<String, Fee>,
}

#[derive(Debug, Default)]
struct Fee {
    amount: i64,
    currency: Option<String>,
    origin: ([String; 3], u64),
}

impl RowReader for Reader {
    fn row(&mut self, cells: &Cells<'_>, out: &mut Produced) -> Result<(), Problem> {
        let settlement = cells.needed_text(SETTLEMENT_ID, Rule::NoOrder)?;
        if let Some(currency) = cells.currency(CURRENCY) {
            self.currencies.insert(settlement.to_owned(), currency.into_owned());
        }
        let kind = cells.text(TYPE).map(str::to_lowercase).unwrap_or_default();
        // The summary of the settlement, transfers, storage, advertising: nothing of them is of an order.
        let Some(order_id) = cells.text(ORDER_ID).filter(|_| kind == "order" || kind == "refund")
        else {
            return Ok(());
        };
        let amount = cells.needed_money(AMOUNT)?;
        let moment = cells.needed_moment(POSTED)?;
        let currency = self.currencies.get(settlement).map(String::as_str);
        let part = cells.text(AMOUNT_TYPE).map(str::to_lowercase).unwrap_or_default();
        let is_price = part == "itemprice" || part == "promotion";
        if is_price && kind == "refund" {
            let place = (order_id, moment.day);
            self.refunds.add(cells, place, amount, currency, cells.text(SKU));
        } else if is_price {
            let what = cells.text(DESCRIPTION).map(str::to_lowercase).unwrap_or_default();
            let of = |is_it: bool| is_it.then_some(amount);
            let is_promotion = part == "promotion";
            self.orders
                .add(
                    Order {
                        order_id: order_id.into(),
                        ordered_on: moment.day,
                        ordered_at: moment.at,
                        currency: currency.map(Into::into),
                        total: amount,
                        items: of(!is_promotion && what == "principal"),
                        discount: is_promotion.then_some(Money(-amount.0)),
                        shipping: of(!is_promotion && what == "shipping"),
                        tax: of(!is_promotion && what.ends_with("tax")),
                        channel: cells.text(MARKETPLACE).map(Into::into),
                        ..Order::default()
                    },
                    &cells.origin,
                    out,
                )
                .map_err(|rule| Problem { rule, column: ORDER_ID })?;
        } else if part == "itemfees" && kind == "order" {
            let origin = &cells.origin;
            let fee = self.fees.entry(order_id.to_owned()).or_insert_with(|| Fee {
                currency: currency.map(str::to_owned),
                origin: ([origin.source, origin.shop, origin.file].map(str::to_owned), origin.row),
                ..Fee::default()
            });
            fee.amount -= amount.0;
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Produced) {
        self.orders.finish(out);
        self.refunds.produce(out);
        let mut fees: Vec<(String, Fee)> = self.fees.drain().collect();
        fees.sort_by_key(|(_, fee)| fee.origin.1);
        for (order_id, fee) in fees.into_iter().filter(|(_, fee)| fee.amount > 0) {
            let ([source, shop, file], row) = fee.origin;
            let origin = clv_tables::Origin { source: &source, shop: &shop, file: &file, row };
            out.rows.costs.push(
                Cost {
                    scope: "order".into(),
                    target: order_id.into(),
                    kind: "fee".into(),
                    per: "order".into(),
                    amount: Some(Money(fee.amount)),
                    currency: fee.currency.map(Into::into),
                    ..Cost::default()
                },
                &origin,
            );
        }
    }
}
