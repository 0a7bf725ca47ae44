//! Square's items: what was sold in each transaction, and what came back, with negative pieces.

use std::collections::HashMap;

use clv_tables::Rule;
use clv_tables::canonical::order_lines::{self, OrderLine};
use clv_tables::hash::hash_bytes;

use crate::cells::Cells;
use crate::importer::{Importer, Problem, RowReader, source_columns};
use crate::produced::Produced;

/// The importer.
pub static IMPORTER: Importer = Importer {
    id: "square-items",
    title: "Square items",
    signature: &[
        "Date",
        "Item",
        "Qty",
        "Price Point Name",
        "Gross Sales",
        "Net Sales",
        "Transaction ID",
        "Event Type",
    ],
    not: &[],
    columns: COLUMNS,
    tables: &[&order_lines::TABLE],
    caution: "the file gives the lines of orders only: the orders, with tips and service charges, stand in square-transactions",
    reader: || Box::new(Reader::default()),
};

source_columns! {
    DATE "ordered_on" Moment needed ["Date"];
    TRANSACTION_ID "order_id" Text needed ["Transaction ID"];
    EVENT_TYPE "event_type" Text needed ["Event Type"];
    ITEM "product_name" Text needed ["Item"];
    SKU "product_id" Text optional ["SKU"];
    QUANTITY "quantity" Number needed ["Qty"];
    NET_SALES "amount" Number needed ["Net Sales"];
    DISCOUNTS "discount" Number optional ["Discounts"];
    MODIFIERS "options" Text optional ["Modifiers Applied"];
    PRICE_POINT "price_point" Text optional ["Price Point Name"];
}

#[derive(Debug, Default)]
struct Reader {
    n_lines: HashMap<u64, i64>,
}

impl RowReader for Reader {
    fn row(&mut self, cells: &Cells<'_>, out: &mut Produced) -> Result<(), Problem> {
        let order_id = cells.needed_text(TRANSACTION_ID, Rule::NoOrder)?;
        let day = cells.needed_moment(DATE)?.day;
        let amount = cells.needed_money(NET_SALES)?;
        let is_refund =
            cells.text(EVENT_TYPE).is_some_and(|kind| kind.eq_ignore_ascii_case("refund"));
        let quantity = cells
            .number(QUANTITY)
            .filter(|quantity| quantity.abs() > 0.0)
            .ok_or(Problem { rule: Rule::UnreadableAmount, column: QUANTITY })?;
        let discount = cells.money(DISCOUNTS)?.map(|money| clv_tables::Money(money.0.abs()));
        let n_lines = self.n_lines.entry(hash_bytes(order_id.as_bytes())).or_default();
        *n_lines += 1;
        let item = cells.text(ITEM);
        // What one product is sold as: "Regular" says nothing.
        let price_point = cells.text(PRICE_POINT).filter(|point| *point != "Regular");
        let options: Vec<&str> = price_point.into_iter().chain(cells.text(MODIFIERS)).collect();
        out.rows.order_lines.push(
            OrderLine {
                order_id: order_id.into(),
                line: *n_lines,
                ordered_on: day,
                product_id: cells.text(SKU).or(item).map(Into::into),
                product_name: item.map(Into::into),
                quantity: if is_refund { -quantity.abs() } else { quantity },
                amount: Some(amount),
                discount,
                currency: cells.money_currency(NET_SALES).map(Into::into),
                options: (!options.is_empty()).then(|| options.join(", ").into()),
                ..OrderLine::default()
            },
            &cells.origin,
        );
        Ok(())
    }
}
