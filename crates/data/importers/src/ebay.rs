//! eBay's orders report: one row for each order, or a row for the order and one for each of its items.

use std::collections::HashMap;

use clv_tables::canonical::order_lines::{self, OrderLine};
use clv_tables::canonical::orders::{self, Order};
use clv_tables::{Day, Rule};

use crate::cells::Cells;
use crate::gathering::Gathering;
use crate::identity_keys::email;
use crate::importer::{Importer, Problem, RowReader, source_columns};
use crate::produced::Produced;

/// The importer.
pub static IMPORTER: Importer = Importer {
    id: "ebay",
    title: "eBay orders report",
    signature: &[
        "Sales Record Number",
        "Order Number",
        "Buyer Username",
        "Item Number",
        "Sold For",
        "Total Price",
        "Sale Date",
    ],
    not: &[],
    columns: COLUMNS,
    tables: &[&orders::TABLE, &order_lines::TABLE],
    caution: "the report has no refunds; buyers are known by their user name, since eBay gives relay addresses in place of theirs",
    reader: || Box::new(Reader::default()),
};

source_columns! {
    RECORD "record" Text optional ["Sales Record Number"];
    ORDER_ID "order_id" Text needed ["Order Number"];
    SALE_DATE "ordered_on" Moment needed ["Sale Date"];
    BUYER "customer_id" Text needed ["Buyer Username"];
    EMAIL "email" Text optional ["Buyer Email"];
    TOTAL "total" Number needed ["Total Price"];
    SHIPPING "shipping" Number optional ["Shipping And Handling"];
    TAX "tax" Number optional ["Seller Collected Tax"];
    COUNTRY "country" Text optional ["Ship To Country", "Buyer Country"];
    ITEM_NUMBER "item_number" Text optional ["Item Number"];
    ITEM_TITLE "product_name" Text optional ["Item Title"];
    LABEL "product_id" Text optional ["Custom Label"];
    QUANTITY "quantity" Number optional ["Quantity"];
    SOLD_FOR "unit_price" Number optional ["Sold For"];
    VARIATION "options" Text optional ["Variation Details"];
}

/// What the host of a relay address is: it stands for one sale, not for a person.
const RELAY: &str = "@members.ebay.";

#[derive(Debug, Default)]
struct Reader {
    orders: Gathering,
    heads: HashMap<String, Head>,
}

#[derive(Debug)]
struct Head {
    day: Day,
    currency: Option<&'static str>,
    /// Whether the order has a row of its own, so that the rows of its items add nothing.
    is_summed: bool,
    n_lines: i64,
}

impl RowReader for Reader {
    fn row(&mut self, cells: &Cells<'_>, out: &mut Produced) -> Result<(), Problem> {
        if is_footer(cells) {
            return Ok(());
        }
        let order_id = cells.needed_text(ORDER_ID, Rule::NoOrder)?;
        let has_item = cells.text(ITEM_NUMBER).is_some();
        let is_first = !self.heads.contains_key(order_id);
        if is_first {
            let head = Head {
                day: cells.needed_moment(SALE_DATE)?.day,
                currency: cells.money_currency(TOTAL),
                is_summed: !has_item,
                n_lines: 0,
            };
            cells.needed_money(TOTAL)?;
            self.heads.insert(order_id.to_owned(), head);
        }
        let Some(head) = self.heads.get_mut(order_id) else { return Ok(()) };
        let total = cells.money(TOTAL)?.filter(|_| is_first || !head.is_summed);
        if let Some(total) = total {
            let address = cells.text(EMAIL).filter(|address| !address.contains(RELAY));
            self.orders
                .add(
                    Order {
                        order_id: order_id.into(),
                        ordered_on: head.day,
                        customer_id: cells.text(BUYER).map(Into::into),
                        email: address.and_then(email),
                        currency: head.currency.map(Into::into),
                        total,
                        shipping: cells.money(SHIPPING)?,
                        tax: cells.money(TAX)?,
                        country: cells.text(COUNTRY).map(Into::into),
                        ..Order::default()
                    },
                    &cells.origin,
                    out,
                )
                .map_err(|rule| Problem { rule, column: ORDER_ID })?;
        }
        if !has_item {
            return Ok(());
        }
        head.n_lines += 1;
        let product = cells.text(LABEL).or(cells.text(ITEM_NUMBER));
        out.rows.order_lines.push(
            OrderLine {
                order_id: order_id.into(),
                line: head.n_lines,
                ordered_on: head.day,
                product_id: product.map(Into::into),
                product_name: cells.text(ITEM_TITLE).map(Into::into),
                quantity: cells.number(QUANTITY).filter(|n| *n > 0.0).unwrap_or(1.0),
                unit_price: cells.money(SOLD_FOR)?,
                amount: cells.product(QUANTITY, SOLD_FOR)?,
                currency: head.currency.map(Into::into),
                options: cells.text(VARIATION).map(Into::into),
                ..OrderLine::default()
            },
            &cells.origin,
        );
        Ok(())
    }

    fn finish(&mut self, out: &mut Produced) {
        self.orders.finish(out);
    }
}

/// The rows below the orders: how many there are, and whose they are.
fn is_footer(cells: &Cells<'_>) -> bool {
    let says = |column: usize, words: &str| cells.raw(column).to_lowercase().contains(words);
    cells.text(SALE_DATE).is_none()
        && cells.text(TOTAL).is_none()
        && (says(ORDER_ID, "record(s) downloaded")
            || says(RECORD, "seller id")
            || says(RECORD, "record(s)"))
}
