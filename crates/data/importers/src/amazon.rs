//! Amazon: settlements and the transactions of a range of dates. Neither knows who bought.

pub mod settlement;
pub mod transactions;

use std::collections::BTreeMap;

use clv_tables::canonical::refunds::Refund;
use clv_tables::{Day, Money, Origin};

use crate::cells::Cells;
use crate::produced::Produced;

/// What was given back on one day of one order, part by part.
#[derive(Debug, Default)]
struct Refunds {
    parts: BTreeMap<(String, Day), Part>,
    file: [String; 3],
}

#[derive(Debug, Default)]
struct Part {
    given_back: i64,
    product_id: Option<String>,
    currency: Option<String>,
    row: u64,
}

impl Refunds {
    /// Adds a part, negative for what was given back.
    fn add(
        &mut self,
        cells: &Cells<'_>,
        (order_id, day): (&str, Day),
        amount: Money,
        currency: Option<&str>,
        product_id: Option<&str>,
    ) {
        let origin = &cells.origin;
        if self.parts.is_empty() {
            self.file = [origin.source, origin.shop, origin.file].map(str::to_owned);
        }
        let part = self.parts.entry((order_id.to_owned(), day)).or_default();
        if part.row == 0 {
            part.row = origin.row;
        }
        part.given_back -= amount.0;
        part.currency = part.currency.take().or(currency.map(str::to_owned));
        part.product_id = part.product_id.take().or(product_id.map(str::to_owned));
    }

    fn produce(&mut self, out: &mut Produced) {
        let [source, shop, file] = &self.file;
        for ((order_id, day), part) in std::mem::take(&mut self.parts) {
            if part.given_back <= 0 {
                continue;
            }
            out.refund(
                Refund {
                    order_id: order_id.into(),
                    refund_id: day.to_string().into(),
                    refunded_on: day,
                    is_dated: true,
                    amount: Money(part.given_back),
                    currency: part.currency.map(Into::into),
                    product_id: part.product_id.map(Into::into),
                    ..Refund::default()
                },
                &Origin { source, shop, file, row: part.row },
            );
        }
    }
}
