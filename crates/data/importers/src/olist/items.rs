//! Olist's order items: one row for each piece.

use std::sync::Arc;

use clv_tables::Rule;
use clv_tables::canonical::order_lines::{self, OrderLine};

use crate::cells::Cells;
use crate::importer::{Importer, Problem, RowReader, source_columns};
use crate::order_heads::OrderHeads;
use crate::produced::Produced;

use super::CURRENCY;

/// The importer.
pub static IMPORTER: Importer = Importer {
    id: "olist-items",
    title: "Olist order items",
    signature: &["order_id", "order_item_id", "product_id", "seller_id", "price", "freight_value"],
    not: &[],
    columns: COLUMNS,
    tables: &[&order_lines::TABLE],
    caution: "lines are dated by their order: without the file of orders they are put aside; freight is part of what was paid and is not kept apart",
    reader: || Box::new(Reader::default()),
};

source_columns! {
    ORDER_ID "order_id" Text needed ["order_id"];
    ITEM "line" Number needed ["order_item_id"];
    PRODUCT_ID "product_id" Text needed ["product_id"];
    SELLER_ID "vendor" Text optional ["seller_id"];
    PRICE "unit_price" Number needed ["price"];
}

#[derive(Debug, Default)]
struct Reader {
    heads: Arc<OrderHeads>,
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
        let head =
            self.heads.get(order_id).ok_or(Problem { rule: Rule::NoOrder, column: ORDER_ID })?;
        let line = cells.whole(ITEM).filter(|line| *line > 0);
        let line = line.ok_or(Problem { rule: Rule::UnreadableAmount, column: ITEM })?;
        let price = cells.needed_money(PRICE)?;
        out.rows.order_lines.push(
            OrderLine {
                order_id: order_id.into(),
                line,
                ordered_on: head.ordered_on,
                product_id: cells.text(PRODUCT_ID).map(Into::into),
                quantity: 1.0,
                unit_price: Some(price),
                amount: Some(price),
                currency: Some(CURRENCY.into()),
                vendor: cells.text(SELLER_ID).map(Into::into),
                ..OrderLine::default()
            },
            &cells.origin,
        );
        Ok(())
    }
}
