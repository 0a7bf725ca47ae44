//! Any order file: columns by their headings in several languages, by their content where there are no headings.

mod import;
mod names;

pub use import::{IMPORTER, positions};

use crate::catalogue::{Overrides, PLAIN_RULES, Source};
use crate::currency::currency_of;
use crate::date_format::{DateEvidence, DateVerdict};
use crate::error::ImportError;
use crate::heading::plain;
use crate::number_format::NumberEvidence;
use crate::role::Role;
use crate::sample::Sample;

use names::{
    AMOUNT, CATEGORY, CHANNEL, COUNTRY, CURRENCY, CUSTOMER, DISCOUNT, ORDER_ID, ORDERED_AT,
    PRODUCT_ID, QUANTITY, STATUS, UNIT_PRICE,
};

/// The source that every file can be read as.
pub const SOURCE: Source = Source {
    id: "generic",
    title: "any file of orders or order lines",
    confidence: |_| 0.5,
    roles,
    rules: PLAIN_RULES,
};

fn roles(sample: &Sample, overrides: &Overrides) -> Result<Vec<(Role, usize)>, ImportError> {
    let mut roles = overrides.roles.clone();
    if !sample.has_heading {
        add_by_content(sample, overrides, &mut roles);
    } else {
        let lists: [(Role, &'static str, &[&[&str]]); 13] = [
            (Role::OrderedAt, "date of the order", ORDERED_AT),
            (Role::OrderId, "order id", ORDER_ID),
            (Role::CustomerId, "customer", CUSTOMER),
            (Role::Amount, "amount", AMOUNT),
            (Role::Quantity, "quantity", QUANTITY),
            (Role::UnitPrice, "unit price", UNIT_PRICE),
            (Role::ProductId, "product", PRODUCT_ID),
            (Role::Channel, "channel", CHANNEL),
            (Role::Category, "category", CATEGORY),
            (Role::Discount, "discount", DISCOUNT),
            (Role::Country, "country", COUNTRY),
            (Role::Currency, "currency", CURRENCY),
            (Role::Status, "status", STATUS),
        ];
        for (role, what, tiers) in lists {
            let is_settled = roles.iter().any(|(r, _)| *r == role)
                || (role == Role::Amount
                    && (overrides.has_no_money || overrides.column(Role::UnitPrice).is_some()));
            if !is_settled && let Some(column) = by_name(sample, &roles, role, what, tiers)? {
                roles.push((role, column));
            }
        }
        if !has(&roles, Role::OrderedAt)
            && let Some(column) = only_date_column(sample, &roles)
        {
            roles.push((Role::OrderedAt, column));
        }
    }
    settle_amount(&mut roles, overrides);
    check(sample, &roles, overrides)?;
    Ok(roles)
}

fn has(roles: &[(Role, usize)], role: Role) -> bool {
    roles.iter().any(|(r, _)| *r == role)
}

/// The one amount of a row: an amount column, or pieces times price, or a price alone.
fn settle_amount(roles: &mut [(Role, usize)], overrides: &Overrides) {
    let has_amount = has(roles, Role::Amount) || overrides.has_no_money;
    if !has_amount
        && !has(roles, Role::Quantity)
        && let Some(price) = roles.iter_mut().find(|(role, _)| *role == Role::UnitPrice)
    {
        price.0 = Role::Amount;
    }
}

fn check(
    sample: &Sample,
    roles: &[(Role, usize)],
    overrides: &Overrides,
) -> Result<(), ImportError> {
    let missing = |role, what, expected| ImportError::NoColumn {
        file: sample.file.clone(),
        what,
        headings: sample.heading_list(),
        expected,
        role,
    };
    if !has(roles, Role::CustomerId) {
        return Err(missing(
            Role::CustomerId,
            "customer",
            "one like customer_id, customer or email",
        ));
    }
    if !has(roles, Role::OrderedAt) {
        return Err(missing(Role::OrderedAt, "date", "one like ordered_at, order_date or date"));
    }
    if !has(roles, Role::Amount) && !has(roles, Role::UnitPrice) && !overrides.has_no_money {
        return Err(missing(
            Role::Amount,
            "amount",
            "one like amount, total or spend, or quantity and unit_price",
        ));
    }
    Ok(())
}

/// The column whose heading is in the first tier that matches at all.
fn by_name(
    sample: &Sample,
    taken: &[(Role, usize)],
    role: Role,
    what: &'static str,
    tiers: &[&[&str]],
) -> Result<Option<usize>, ImportError> {
    for tier in tiers {
        let mut found = (0..sample.headings.len()).filter(|column| {
            taken.iter().all(|(_, other)| other != column)
                && tier.contains(&without_currency(&plain(&sample.headings[*column])))
        });
        if let Some(first) = found.next() {
            // A second column of an attribute or a status does no harm; a second customer, date or amount does.
            if let Some(second) = found.next()
                && !(role.is_attribute() || matches!(role, Role::ProductId | Role::Status))
            {
                return Err(ImportError::AmbiguousColumns {
                    file: sample.file.clone(),
                    what,
                    first: sample.headings[first].clone(),
                    second: sample.headings[second].clone(),
                    role,
                });
            }
            return Ok(Some(first));
        }
    }
    Ok(None)
}

/// `amountusd` is `amount`.
fn without_currency(heading: &str) -> &str {
    match heading.len().checked_sub(3).and_then(|at| heading.split_at_checked(at)) {
        Some((front, code)) if front.len() >= 3 && currency_of(code).is_some() => front,
        _ => heading,
    }
}

fn date_evidence(sample: &Sample, column: usize) -> (DateEvidence, usize) {
    let mut evidence = DateEvidence::default();
    let mut n_cells = 0;
    for (row, cell) in sample.column(column) {
        evidence.observe(row, cell);
        n_cells += usize::from(!cell.trim().is_empty());
    }
    (evidence, n_cells)
}

fn is_date_column(sample: &Sample, column: usize) -> bool {
    let (evidence, n_cells) = date_evidence(sample, column);
    n_cells > 0
        && evidence.verdict(None) != DateVerdict::NoDates
        && evidence.n_dates() as f64 >= 0.9 * n_cells as f64
}

fn only_date_column(sample: &Sample, taken: &[(Role, usize)]) -> Option<usize> {
    let mut found = (0..sample.headings.len()).filter(|column| {
        taken.iter().all(|(_, other)| other != column) && is_date_column(sample, *column)
    });
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

/// Without headings: the first date column; the last number column, preferably one with decimals; the first other column.
fn add_by_content(sample: &Sample, overrides: &Overrides, roles: &mut Vec<(Role, usize)>) {
    let n_columns = sample.headings.len();
    let is_free =
        |roles: &[(Role, usize)], column: usize| roles.iter().all(|(_, other)| *other != column);
    if !has(roles, Role::OrderedAt)
        && let Some(column) =
            (0..n_columns).find(|c| is_free(roles, *c) && is_date_column(sample, *c))
    {
        roles.push((Role::OrderedAt, column));
    }
    if !has(roles, Role::Amount) && !has(roles, Role::UnitPrice) && !overrides.has_no_money {
        let numbers = |column: usize| {
            let mut evidence = NumberEvidence::default();
            sample.column(column).for_each(|(row, cell)| evidence.observe(row, cell));
            evidence
        };
        let candidates: Vec<(usize, NumberEvidence)> = (1..n_columns)
            .filter(|column| is_free(roles, *column))
            .map(|column| (column, numbers(column)))
            .filter(|(_, evidence)| {
                evidence.n_numbers > 0 && evidence.n_numbers == evidence.n_cells
            })
            .collect();
        let with_decimals =
            |evidence: &NumberEvidence| evidence.point.is_some() || evidence.comma.is_some();
        let best =
            candidates.iter().rev().find(|(_, e)| with_decimals(e)).or_else(|| candidates.last());
        if let Some((column, _)) = best {
            roles.push((Role::Amount, *column));
        }
    }
    if !has(roles, Role::CustomerId)
        && let Some(column) = (0..n_columns).find(|column| is_free(roles, *column))
    {
        roles.push((Role::CustomerId, column));
    }
}
