//! Etsy's sold order items.

use std::collections::HashMap;

use clv_tables::Rule;
use clv_tables::canonical::order_lines::{self, OrderLine};
use clv_tables::hash::hash_bytes;

use crate::cells::Cells;
use crate::importer::{Importer, Problem, RowReader, source_columns};
use crate::produced::Produced;

/// The importer.
pub static IMPORTER: Importer = Importer {
    id: "etsy-items",
    title: "Etsy sold order items",
    signature: &[
        "Sale Date",
        "Item Name",
        "Buyer",
        "Quantity",
        "Price",
        "Item Total",
        "Transaction ID",
        "Listing ID",
        "Order ID",
    ],
    not: &["Order Total"],
    columns: COLUMNS,
    tables: &[&order_lines::TABLE],
    caution: "no customer identity, cohort value is impossible with this file alone: it names buyers, who may rename themselves; orders stand in etsy-orders",
    reader: || Box::new(Reader::default()),
};

source_columns! {
    ORDER_ID "order_id" Text needed ["Order ID"];
    SALE_DATE "ordered_on" Moment needed ["Sale Date"];
    ITEM_NAME "product_name" Text needed ["Item Name"];
    SKU "product_id" Text optional ["SKU"];
    LISTING_ID "listing_id" Text optional ["Listing ID"];
    QUANTITY "quantity" Number needed ["Quantity"];
    PRICE "unit_price" Number needed ["Price"];
    DISCOUNT "discount" Number optional ["Discount Amount"];
    CURRENCY "currency" Text optional ["Currency"];
    VARIATIONS "options" Text optional ["Variations"];
}

#[derive(Debug, Default)]
struct Reader {
    n_lines: HashMap<u64, i64>,
}

impl RowReader for Reader {
    fn row(&mut self, cells: &Cells<'_>, out: &mut Produced) -> Result<(), Problem> {
        let order_id = cells.needed_text(ORDER_ID, Rule::NoOrder)?.trim_start_matches('#');
        let day = cells.needed_moment(SALE_DATE)?.day;
        let price = cells.needed_money(PRICE)?;
        let quantity = cells
            .number(QUANTITY)
            .filter(|quantity| *quantity > 0.0)
            .ok_or(Problem { rule: Rule::UnreadableAmount, column: QUANTITY })?;
        let discount = cells.money(DISCOUNT)?.filter(|discount| discount.0 >= 0);
        let whole = cells.product(QUANTITY, PRICE)?.unwrap_or(price);
        let n_lines = self.n_lines.entry(hash_bytes(order_id.as_bytes())).or_default();
        *n_lines += 1;
        let product = cells.text(SKU).or(cells.text(LISTING_ID)).or(cells.text(ITEM_NAME));
        out.rows.order_lines.push(
            OrderLine {
                order_id: order_id.into(),
                line: *n_lines,
                ordered_on: day,
                product_id: product.map(Into::into),
                product_name: cells.text(ITEM_NAME).map(Into::into),
                quantity,
                unit_price: Some(price),
                amount: Some(clv_tables::Money(whole.0 - discount.map_or(0, |money| money.0))),
                discount,
                currency: cells.currency(CURRENCY),
                options: cells.text(VARIATIONS).map(Into::into),
                ..OrderLine::default()
            },
            &cells.origin,
        );
        Ok(())
    }
}
