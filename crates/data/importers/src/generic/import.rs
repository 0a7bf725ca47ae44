//! Any file of orders or order lines into the workspace: columns as the general source detects them.

use std::collections::{BTreeMap, HashMap, HashSet};

use clv_tables::canonical::order_lines::{self, OrderLine};
use clv_tables::canonical::orders::{self, Order};
use clv_tables::canonical::refunds::{self, Refund};
use clv_tables::hash::{hash_bytes, hash_number};
use clv_tables::{Day, Money, Rule};

use crate::catalogue::{PLAIN_RULES, choose};
use crate::cells::Cells;
use crate::error::ImportError;
use crate::gathering::Gathering;
use crate::heading::{nearest, plain};
use crate::identity_keys::{customer_id, email};
use crate::importer::{Importer, Problem, RowReader, source_columns};
use crate::moment::Moment;
use crate::produced::Produced;
use crate::sample::Sample;

use super::names::CUSTOMER;

/// The importer. It has no signature: its columns are found by [`positions`], and it is for files that no other knows.
pub static IMPORTER: Importer = Importer {
    id: "generic-orders",
    title: "any file of orders or order lines",
    signature: &[],
    not: &[],
    columns: COLUMNS,
    tables: &[&orders::TABLE, &order_lines::TABLE, &refunds::TABLE],
    caution: "columns were found by their names or content: look at which is which; negative amounts count as refunds on their own day",
    reader: || Box::new(Reader::default()),
};

source_columns! {
    CUSTOMER_ID "customer_id" Text optional [];
    EMAIL "email" Text optional [];
    ORDERED_AT "ordered_at" Moment needed [];
    AMOUNT "amount" Number optional [];
    ORDER_ID "order_id" Text optional [];
    QUANTITY "quantity" Number optional [];
    UNIT_PRICE "unit_price" Number optional [];
    PRODUCT_ID "product_id" Text optional [];
    CHANNEL "channel" Text optional [];
    CURRENCY "currency" Text optional [];
    STATUS "status" Text optional [];
}

/// Where the columns stand in a file: as `--columns` says, else by their headings in several languages, by their content where
/// there are no headings. `amount=none` says that the file has no money.
///
/// # Errors
/// When a needed column is missing, or two could be it.
pub fn positions(
    sample: &Sample,
    named: &BTreeMap<String, String>,
) -> Result<Vec<Option<usize>>, ImportError> {
    let mut roles = named.clone();
    let given_email = roles.remove("email");
    let choice = choose(sample, Some(super::SOURCE.id), &roles)?;
    let mut positions = vec![None; COLUMNS.len()];
    for (role, column) in choice.roles {
        if let Some(at) = COLUMNS.iter().position(|known| known.id == role.id()) {
            positions[at] = Some(column);
        }
    }
    if let Some(heading) = given_email {
        let exact = sample.headings.iter().position(|h| *h == heading);
        positions[EMAIL] = exact.or_else(|| sample.find(&heading));
        if positions[EMAIL].is_none() {
            return Err(ImportError::UnknownHeading {
                file: sample.file.clone(),
                headings: sample.heading_list(),
                nearest: nearest(&heading, sample.headings.iter().map(String::as_str)),
                given: heading,
                role: "email",
            });
        }
    } else if positions[CUSTOMER_ID].is_some_and(|column| has_addresses(sample, column)) {
        positions[EMAIL] = positions[CUSTOMER_ID].take();
    } else {
        let is_address = |heading: &String| {
            CUSTOMER
                .iter()
                .any(|tier| tier.contains(&"email") && tier.contains(&plain(heading).as_str()))
        };
        positions[EMAIL] = (0..sample.headings.len()).find(|column| {
            is_address(&sample.headings[*column]) && !positions.contains(&Some(*column))
        });
    }
    Ok(positions)
}

fn has_addresses(sample: &Sample, column: usize) -> bool {
    let mut cells = sample.column(column).filter(|(_, cell)| !cell.trim().is_empty()).peekable();
    cells.peek().is_some() && cells.all(|(_, cell)| email(cell).is_some())
}

#[derive(Debug, Default)]
struct Reader {
    orders: Gathering,
    seen_rows: HashSet<u64>,
    /// How many orders or refunds without an id each customer has on each day.
    n_without_id: HashMap<u64, u32>,
}

impl RowReader for Reader {
    fn row(&mut self, cells: &Cells<'_>, out: &mut Produced) -> Result<(), Problem> {
        let moment = cells.needed_moment(ORDERED_AT)?;
        let (amount, quantity) = amount(cells)?;
        let is_return = amount.0 < 0 || quantity.is_some_and(|quantity| quantity < 0.0);
        let has_lines = cells.has(QUANTITY) || cells.has(UNIT_PRICE) || cells.has(PRODUCT_ID);
        let order_id = cells.text(ORDER_ID);
        // The same row twice is one order, unless rows are lines: an order may have two alike.
        if order_id.is_some() && !has_lines && !self.seen_rows.insert(row_hash(cells)) {
            return Err(Problem { rule: Rule::DuplicateOrder, column: ORDER_ID });
        }
        let made_id;
        let order_id = match order_id {
            Some(order_id) => order_id,
            None => {
                made_id = self.make_id(cells, moment.day, is_return);
                &made_id
            }
        };
        let no_order = |rule| Problem { rule, column: ORDER_ID };
        if is_return {
            let number = self.orders.add_refund(order_id, &cells.origin, out).map_err(no_order)?;
            let mut refund = refund(cells, order_id, number, moment, (amount, quantity));
            if refund.customer_id.is_none() && refund.email.is_none() {
                let keys = self.orders.keys(order_id);
                refund.customer_id = keys.customer_id.map(Into::into);
                refund.email = keys.email.map(Into::into);
            }
            out.refund(refund, &cells.origin);
            return Ok(());
        }
        let place = self
            .orders
            .add(order(cells, order_id, moment, amount), &cells.origin, out)
            .map_err(no_order)?;
        if has_lines && quantity.is_none_or(|quantity| quantity > 0.0) {
            let product = cells.text(PRODUCT_ID);
            out.rows.order_lines.push(
                OrderLine {
                    order_id: order_id.into(),
                    line: place.number,
                    ordered_on: moment.day,
                    product_id: product.map(Into::into),
                    product_name: product.map(Into::into),
                    quantity: quantity.unwrap_or(1.0),
                    unit_price: cells.money(UNIT_PRICE)?,
                    amount: Some(amount),
                    currency: currency(cells),
                    ..OrderLine::default()
                },
                &cells.origin,
            );
        }
        match place.remark {
            Some(rule) => Err(Problem { rule, column: CUSTOMER_ID }),
            None => Ok(()),
        }
    }

    fn finish(&mut self, out: &mut Produced) {
        self.orders.finish(out);
    }
}

impl Reader {
    /// The id of an order that has none: its customer, its day and its place among their orders of that day. It is the same
    /// when the file comes again, or another one that goes on further.
    fn make_id(&mut self, cells: &Cells<'_>, day: Day, is_return: bool) -> String {
        let who = cells.text(CUSTOMER_ID).or(cells.text(EMAIL)).unwrap_or("nobody");
        let kind = if is_return { "refund " } else { "" };
        let key = hash_bytes(format!("{kind}{who}/{day}").as_bytes());
        let n = self.n_without_id.entry(key).or_default();
        *n += 1;
        format!("{kind}{who}/{day}/{n}")
    }
}

/// What a row brings, and how many pieces; nothing where the file has no money.
fn amount(cells: &Cells<'_>) -> Result<(Money, Option<f64>), Problem> {
    let quantity = cells.number(QUANTITY);
    let amount = if cells.has(AMOUNT) {
        cells.needed_money(AMOUNT)?
    } else if cells.has(UNIT_PRICE) {
        let column = if quantity.is_none() { QUANTITY } else { UNIT_PRICE };
        cells
            .product(QUANTITY, UNIT_PRICE)?
            .ok_or(Problem { rule: Rule::UnreadableAmount, column })?
    } else {
        Money(0)
    };
    Ok((amount, quantity))
}

fn row_hash(cells: &Cells<'_>) -> u64 {
    cells.row_hash.unwrap_or_else(|| {
        (0..COLUMNS.len())
            .fold(0, |hash, column| hash_number(hash ^ hash_bytes(cells.raw(column).as_bytes())))
    })
}

fn currency<'a>(cells: &Cells<'a>) -> Option<std::borrow::Cow<'a, str>> {
    let column = if cells.has(AMOUNT) { AMOUNT } else { UNIT_PRICE };
    cells.currency(CURRENCY).or_else(|| cells.money_currency(column).map(Into::into))
}

fn order<'a>(cells: &Cells<'a>, order_id: &'a str, moment: Moment, amount: Money) -> Order<'a> {
    let status = cells.text(STATUS).map(str::to_lowercase);
    Order {
        order_id: order_id.into(),
        ordered_on: moment.day,
        ordered_at: moment.at,
        customer_id: cells.text(CUSTOMER_ID).and_then(customer_id).map(Into::into),
        email: cells.text(EMAIL).and_then(email),
        currency: currency(cells),
        total: amount,
        is_cancelled: status
            .as_deref()
            .is_some_and(|status| PLAIN_RULES.cancelled_statuses.contains(&status)),
        status: status.map(Into::into),
        channel: cells.text(CHANNEL).map(Into::into),
        ..Order::default()
    }
}

fn refund<'a>(
    cells: &Cells<'a>,
    order_id: &'a str,
    number: i64,
    moment: Moment,
    (amount, quantity): (Money, Option<f64>),
) -> Refund<'a> {
    Refund {
        order_id: order_id.into(),
        refund_id: number.to_string().into(),
        refunded_on: moment.day,
        is_dated: true,
        refunded_at: moment.at,
        amount: Money(amount.0.abs()),
        currency: currency(cells),
        product_id: cells.text(PRODUCT_ID).map(Into::into),
        quantity: quantity.map(f64::abs).filter(|quantity| *quantity > 0.0),
        reason: None,
        customer_id: cells.text(CUSTOMER_ID).and_then(customer_id).map(Into::into),
        email: cells.text(EMAIL).and_then(email),
        phone: None,
    }
}
