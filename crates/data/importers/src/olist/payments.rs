//! Olist's payments, several to an order, and the orders themselves, whose only amounts they are.

use std::sync::Arc;

use clv_tables::Rule;
use clv_tables::canonical::orders::{self, Order};
use clv_tables::canonical::payments::{self, Payment};

use crate::cells::Cells;
use crate::gathering::Gathering;
use crate::importer::{Importer, Problem, RowReader, source_columns};
use crate::order_heads::OrderHeads;
use crate::produced::Produced;

use super::CURRENCY;

/// The importer.
pub static IMPORTER: Importer = Importer {
    id: "olist-payments",
    title: "Olist payments, and orders by what was paid",
    signature: &[
        "order_id",
        "payment_sequential",
        "payment_type",
        "payment_installments",
        "payment_value",
    ],
    not: &[],
    columns: COLUMNS,
    tables: &[&payments::TABLE, &orders::TABLE],
    caution: "payments are dated by their order: without the file of orders they have no day and no orders come out, and an order without a payment does not come out",
    reader: || Box::new(Reader::default()),
};

source_columns! {
    ORDER_ID "order_id" Text needed ["order_id"];
    SEQUENTIAL "sequential" Number needed ["payment_sequential"];
    TYPE "method" Text optional ["payment_type"];
    INSTALMENTS "instalments" Number optional ["payment_installments"];
    VALUE "amount" Number needed ["payment_value"];
}

#[derive(Debug, Default)]
struct Reader {
    heads: Arc<OrderHeads>,
    orders: Gathering,
}

impl RowReader for Reader {
    fn companion(&self) -> Option<&'static str> {
        Some(super::orders::IMPORTER.id)
    }

    fn take_heads(&mut self, heads: Arc<OrderHeads>) {
        self.heads = heads;
    }

    fn row(&mut self, cells: &Cells<'_>, out: &mut Produced) -> Result<(), Problem> {
        let order_id = cells.needed_text(ORDER_ID, Rule::NoOrder)?;
        let amount = cells.needed_money(VALUE)?;
        let sequential = cells
            .whole(SEQUENTIAL)
            .ok_or(Problem { rule: Rule::UnreadableAmount, column: SEQUENTIAL })?;
        // A payment whose order is in no file of the import was paid all the same: it stays, without a day.
        let head = self.heads.get(order_id);
        if let Some(head) = head {
            self.orders
                .add(
                    Order {
                        order_id: order_id.into(),
                        ordered_on: head.ordered_on,
                        ordered_at: head.ordered_at,
                        customer_id: head.customer_id.as_deref().map(Into::into),
                        currency: Some(CURRENCY.into()),
                        total: amount,
                        status: head.status.as_deref().map(Into::into),
                        is_cancelled: head.is_cancelled,
                        country: Some("BR".into()),
                        ..Order::default()
                    },
                    &cells.origin,
                    out,
                )
                .map_err(|rule| Problem { rule, column: ORDER_ID })?;
        }
        out.rows.payments.push(
            Payment {
                payment_id: format!("{order_id}/{sequential}").into(),
                paid_on: head.map(|head| head.ordered_on),
                order_id: Some(order_id.into()),
                customer_id: head.and_then(|head| head.customer_id.as_deref()).map(Into::into),
                amount,
                currency: Some(CURRENCY.into()),
                method: cells.text(TYPE).map(Into::into),
                n_instalments: cells.whole(INSTALMENTS).filter(|n| *n > 0),
                is_failed: false,
                ..Payment::default()
            },
            &cells.origin,
        );
        Ok(())
    }

    fn finish(&mut self, out: &mut Produced) {
        self.orders.finish(out);
    }
}
