//! The download of WooCommerce's Analytics page of orders: net amounts, and no key of any customer.

use clv_tables::canonical::order_lines::{self, OrderLine};
use clv_tables::canonical::orders::{self, Order};
use clv_tables::canonical::refunds::{self, Refund};
use clv_tables::{Money, Rule};

use crate::cells::Cells;
use crate::currency::currency_of;
use crate::gathering::Gathering;
use crate::importer::{Importer, Problem, RowReader, source_columns};
use crate::produced::Produced;

use super::CANCELLED;

/// The importer.
pub static IMPORTER: Importer = Importer {
    id: "woocommerce-analytics",
    title: "WooCommerce Analytics orders",
    signature: &[
        "Date",
        "Order #",
        "N. Revenue (formatted)",
        "Status",
        "Customer type",
        "Product(s)",
        "Items sold",
    ],
    not: &[],
    columns: COLUMNS,
    tables: &[&orders::TABLE, &order_lines::TABLE, &refunds::TABLE],
    caution: "no customer identity, cohort value is impossible: the file has names but no e-mail addresses; use a plugin's export or the REST interface. Amounts are net of shipping and tax",
    reader: || Box::new(Reader::default()),
};

source_columns! {
    DATE "ordered_at" Moment needed ["Date"];
    ORDER_ID "order_id" Text needed ["Order #"];
    REVENUE "formatted" Text optional ["N. Revenue (formatted)"];
    NET_SALES "total" Number needed ["Net Sales", "N. Revenue"];
    STATUS "status" Text optional ["Status"];
    PRODUCTS "products" Text optional ["Product(s)"];
    COUPONS "coupon" Text optional ["Coupon(s)"];
    ATTRIBUTION "channel" Text optional ["Attribution"];
}

#[derive(Debug, Default)]
struct Reader {
    orders: Gathering,
}

impl RowReader for Reader {
    fn row(&mut self, cells: &Cells<'_>, out: &mut Produced) -> Result<(), Problem> {
        let order_id = cells.needed_text(ORDER_ID, Rule::NoOrder)?;
        let moment = cells.needed_moment(DATE)?;
        let total = cells.needed_money(NET_SALES)?;
        let currency = cells.text(REVENUE).and_then(sign);
        let no_order = |rule| Problem { rule, column: ORDER_ID };
        if total.0 < 0 {
            let number = self.orders.add_refund(order_id, &cells.origin, out).map_err(no_order)?;
            out.refund(
                Refund {
                    order_id: order_id.into(),
                    refund_id: number.to_string().into(),
                    refunded_on: moment.day,
                    is_dated: true,
                    refunded_at: moment.at,
                    amount: Money(-total.0),
                    currency: currency.map(Into::into),
                    ..Refund::default()
                },
                &cells.origin,
            );
            return Ok(());
        }
        let status = cells.text(STATUS).map(super::status);
        let first_coupon = cells.text(COUPONS).and_then(|coupons| coupons.split(',').next());
        self.orders
            .add(
                Order {
                    order_id: order_id.into(),
                    ordered_on: moment.day,
                    ordered_at: moment.at,
                    currency: currency.map(Into::into),
                    total,
                    items: Some(total),
                    is_cancelled: status.as_deref().is_some_and(|s| CANCELLED.contains(&s)),
                    status: status.map(Into::into),
                    channel: cells.text(ATTRIBUTION).map(Into::into),
                    coupon: first_coupon.map(|coupon| coupon.trim().into()),
                    ..Order::default()
                },
                &cells.origin,
                out,
            )
            .map_err(no_order)?;
        for (nth, (quantity, name)) in products(cells.raw(PRODUCTS)).into_iter().enumerate() {
            out.rows.order_lines.push(
                OrderLine {
                    order_id: order_id.into(),
                    line: nth as i64 + 1,
                    ordered_on: moment.day,
                    product_id: Some(name.into()),
                    product_name: Some(name.into()),
                    quantity,
                    currency: currency.map(Into::into),
                    ..OrderLine::default()
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

/// The currency of an amount that is written for people, `৳2,999`: whether its comma stands between thousands is told by the
/// column of plain numbers, so only the sign counts here.
fn sign(cell: &str) -> Option<&'static str> {
    let is_number = |c: char| c.is_ascii_digit() || c.is_whitespace() || ".,-−'’".contains(c);
    currency_of(cell.trim_matches(is_number)).filter(|code| code.len() == 3)
}

/// The products in one cell, `2× Mug, blue, 1× Pot`: a name ends where a comma is followed by the next count.
fn products(cell: &str) -> Vec<(f64, &str)> {
    let mut found: Vec<(f64, usize, usize)> = Vec::new();
    for (sign, mark) in cell.match_indices(['×', 'x']) {
        let before = cell[..sign].trim_end();
        let start = before.rfind(|c: char| !c.is_ascii_digit()).map_or(0, |at| at + 1);
        let lead = before[..start].trim_end();
        let is_count = (lead.is_empty() || lead.ends_with(',')) && !before[start..].is_empty();
        if let (true, Ok(count)) = (is_count, before[start..].parse()) {
            found.push((count, start, sign + mark.len()));
        }
    }
    let ends = found.iter().skip(1).map(|(_, start, _)| *start).chain([cell.len()]);
    found
        .iter()
        .zip(ends)
        .map(|((count, _, name), end)| {
            (*count, cell[*name..end].trim().trim_end_matches(',').trim())
        })
        .filter(|(count, name)| *count > 0.0 && !name.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::products;

    #[test]
    fn products_of_one_cell_are_told_apart_by_their_counts() {
        let mugs = products("2× Mug, blue, 10× Box 3x4, 1× Pot");
        assert_eq!(mugs, [(2.0, "Mug, blue"), (10.0, "Box 3x4"), (1.0, "Pot")]);
        assert_eq!(products(""), []);
        assert_eq!(products("Mug"), []);
    }
}
