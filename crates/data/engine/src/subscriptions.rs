//! Subscriptions: rows of who began and ended when, or tables of how many of a cohort are still there.

mod cells;
mod roles;
mod survivors;

use clv_importers::date_format::{DateEvidence, DateFormat, DateOrder, DateVerdict};
use clv_tables::{ComplaintExample, ComplaintGroup, ComplaintLog, Rule};

use crate::engine::ReadOptions;
use crate::error::EngineError;
use crate::inspect::look;
use crate::orders::{DetectedColumn, fingerprint};

use cells::{Cells, real, truth};
use roles::{Found, RowRoles, find_roles};
pub use survivors::SurvivorTable;

/// What a file of subscriptions holds.
#[derive(Debug, Clone, PartialEq)]
pub enum SubscriptionData {
    /// One row for each subscription.
    Rows(SubscriptionRows),
    /// Survivors of cohorts by age.
    Survivors(SurvivorTable),
}

/// A file of subscriptions, how it was understood, and its version.
#[derive(Debug, Clone, PartialEq)]
pub struct Subscriptions {
    /// What it holds.
    pub data: SubscriptionData,
    /// The columns that were read, by the part they play.
    pub columns: Vec<DetectedColumn>,
    /// Each file with its content hash.
    pub table_versions: Vec<(String, String)>,
}

/// When subscriptions began and ended, one entry for each.
#[derive(Debug, Clone, PartialEq)]
pub enum SubscriptionSpans {
    /// By date, days since 1970-01-01; no end where it is still active.
    Dates {
        /// The first day.
        start: Vec<i32>,
        /// The day it ended.
        end: Vec<Option<i32>>,
    },
    /// By number of periods.
    Tenures {
        /// Periods stayed; a part of a period is one begun.
        periods: Vec<f64>,
        /// Whether the customer has left.
        has_left: Vec<bool>,
        /// Periods observed, where the file has them: then a customer whose periods reach them is still there, at a
        /// renewal not yet decided.
        observed: Option<Vec<f64>>,
    },
}

/// Rows of subscriptions, those put aside left out.
#[derive(Debug, Clone, PartialEq)]
pub struct SubscriptionRows {
    /// Who.
    pub ids: Vec<String>,
    /// When.
    pub spans: SubscriptionSpans,
    /// Price of a period, money; NaN where a row has none.
    pub amount: Option<Vec<f64>>,
    /// The cohort each belongs to, where the file has one.
    pub cohort: Option<Vec<String>>,
    /// Rows read.
    pub rows_read: u64,
    /// What was put aside.
    pub complaints: Vec<ComplaintGroup>,
}

/// Reads subscriptions.
///
/// # Errors
/// When a file cannot be read, or its columns are missing or could mean several things.
pub(crate) fn read_subscriptions(options: &ReadOptions) -> Result<Subscriptions, EngineError> {
    let (sources, sample) = look(&options.paths)?;
    let (found, columns) = find_roles(&sample, &options.columns)?;
    let headings: Vec<String> = columns.iter().map(|column| column.heading.clone()).collect();
    let cells = Cells::read(&sources, &headings)?;
    let data = match &found {
        Found::Survivors => {
            SubscriptionData::Survivors(SurvivorTable::of(&sample.file, &headings, &cells)?)
        }
        Found::Rows(roles) => {
            SubscriptionData::Rows(rows_of(&sample.file, roles, &headings, &cells, options)?)
        }
    };
    let table_versions = sources.iter().map(fingerprint).collect::<Result<_, _>>()?;
    Ok(Subscriptions { data, columns, table_versions })
}

/// The cells of one column by the row's position.
fn column(cells: &Cells, at: Option<usize>) -> Option<&[String]> {
    at.map(|at| cells.columns[at].as_slice())
}

/// The format of a column of dates.
fn date_format(
    path: &str,
    heading: &str,
    cells: &Cells,
    at: usize,
    order: Option<DateOrder>,
) -> Result<DateFormat, EngineError> {
    let mut evidence = DateEvidence::default();
    for (row, cell) in cells.rows.iter().zip(&cells.columns[at]) {
        evidence.observe(*row, cell);
    }
    let refuse = |row: u64, value: &str, why: &'static str| EngineError::AmbiguousSubscriptions {
        path: path.to_owned(),
        row,
        column: heading.to_owned(),
        value: value.to_owned(),
        why,
    };
    match evidence.verdict(order) {
        DateVerdict::Settled(format) => Ok(format),
        DateVerdict::NoDates if evidence.first.is_none() => Ok(DateFormat::YearFirst),
        DateVerdict::NoDates => {
            let (row, value) = evidence.first.unwrap_or_default();
            Err(refuse(row, &value, "no cell of the column reads as a date"))
        }
        DateVerdict::Open | DateVerdict::Contradictory => {
            let (row, value) = evidence.open.or(evidence.month_first).unwrap_or_default();
            Err(refuse(
                row,
                &value,
                "day and month could be either way round; --date-format settles it",
            ))
        }
    }
}

fn rows_of(
    path: &str,
    roles: &RowRoles,
    headings: &[String],
    cells: &Cells,
    options: &ReadOptions,
) -> Result<SubscriptionRows, EngineError> {
    let mut log = ComplaintLog::default();
    let place = |row: u64, column: usize, value: &str| ComplaintExample {
        file: path.to_owned(),
        row,
        column: headings.get(column).cloned().unwrap_or_default(),
        value: value.to_owned(),
    };
    for (row, value) in &cells.ragged {
        log.add(Rule::RaggedRow, 0, || place(*row, usize::MAX, value));
    }
    let ids = column(cells, roles.id);
    let (amounts, cohorts) = (column(cells, roles.amount), column(cells, roles.cohort));
    let mut kept: Vec<usize> = Vec::with_capacity(cells.rows.len());
    let mut is_kept = |i: usize, log: &mut ComplaintLog| {
        let price = amounts.map_or("", |amounts| amounts[i].as_str());
        if ids.is_some_and(|ids| ids[i].trim().is_empty()) {
            log.add(Rule::NoCustomer, 0, || place(cells.rows[i], roles.id.unwrap_or(0), ""));
            return false;
        }
        // A blank price is unknown; one that does not read is a fault.
        if !is_blank(price) && real(price).is_none() {
            let at = roles.amount.unwrap_or(0);
            log.add(Rule::UnreadableAmount, 0, || place(cells.rows[i], at, price));
            return false;
        }
        kept.push(i);
        true
    };
    let mut spans = if let Some(start_at) = roles.start {
        let format = date_format(path, &headings[start_at], cells, start_at, options.date_format)?;
        let end_format = match roles.end {
            Some(at) => date_format(path, &headings[at], cells, at, options.date_format)?,
            None => format,
        };
        let (mut starts, mut ends) = (Vec::new(), Vec::new());
        for i in 0..cells.rows.len() {
            let bad_date = |log: &mut ComplaintLog, at: usize| {
                let value = &cells.columns[at][i];
                log.add(Rule::UnreadableDate, 0, || place(cells.rows[i], at, value));
            };
            let Some(start) = format.parse(&cells.columns[start_at][i]) else {
                bad_date(&mut log, start_at);
                continue;
            };
            let end_cell = roles.end.map_or("", |at| cells.columns[at][i].trim());
            let end = match end_cell {
                _ if is_blank(end_cell) => None,
                text => match (end_format.parse(text), roles.end) {
                    (Some(end), Some(at)) if end < start => {
                        log.add(Rule::EndsBeforeStart, 0, || place(cells.rows[i], at, text));
                        continue;
                    }
                    (Some(end), _) => Some(end),
                    (None, at) => {
                        bad_date(&mut log, at.unwrap_or(start_at));
                        continue;
                    }
                },
            };
            if is_kept(i, &mut log) {
                starts.push(start);
                ends.push(end);
            }
        }
        SubscriptionSpans::Dates { start: starts, end: ends }
    } else {
        let (mut periods, mut left, mut observed) = (Vec::new(), Vec::new(), Vec::new());
        let tenure_at = roles.tenure.unwrap_or(0);
        for i in 0..cells.rows.len() {
            let tenure = real(&cells.columns[tenure_at][i]).filter(|n| (0.0..=4e9).contains(n));
            let age = column(cells, roles.observed).map(|ages| real(&ages[i]));
            let has_left = column(cells, roles.has_left).map(|flags| truth(&flags[i]));
            let is_fine = tenure.is_some() && age != Some(None) && has_left != Some(None);
            let (Some(tenure), true) = (tenure, is_fine) else {
                let value = &cells.columns[tenure_at][i];
                log.add(Rule::UnreadableTenure, 0, || place(cells.rows[i], tenure_at, value));
                continue;
            };
            let age = age.flatten();
            let has_left =
                has_left.flatten().unwrap_or_else(|| age.is_some_and(|age| tenure < age));
            if is_kept(i, &mut log) {
                periods.push(tenure);
                left.push(has_left);
                observed.extend(age);
            }
        }
        let observed = roles.observed.is_some().then_some(observed);
        SubscriptionSpans::Tenures { periods, has_left: left, observed }
    };
    if let (Some(as_of), SubscriptionSpans::Dates { start, end }) = (options.as_of, &mut spans) {
        let mut later = Vec::new();
        for (at, first) in start.iter().enumerate() {
            if *first > as_of.0 {
                let i = kept[at];
                let at_column = roles.start.unwrap_or(0);
                let value = &cells.columns[at_column][i];
                log.add(Rule::AfterAsOf, 0, || place(cells.rows[i], at_column, value));
                later.push(at);
            }
        }
        for at in later.into_iter().rev() {
            start.remove(at);
            end.remove(at);
            kept.remove(at);
        }
    }
    let rows_read = (cells.rows.len() + cells.ragged.len()) as u64;
    if kept.is_empty() {
        let groups = log.into_groups();
        let reasons: Vec<String> =
            groups.iter().map(|group| format!("{}: {}", group.rule.id(), group.count)).collect();
        return Err(EngineError::AllPutAside {
            path: path.to_owned(),
            rows: rows_read,
            reasons: reasons.join(", "),
        });
    }
    let of = |cells: &[String]| kept.iter().map(|i| cells[*i].trim().to_owned()).collect();
    Ok(SubscriptionRows {
        ids: match ids {
            Some(ids) => of(ids),
            None => kept.iter().map(|i| (i + 1).to_string()).collect(),
        },
        spans,
        amount: amounts
            .map(|amounts| kept.iter().map(|i| real(&amounts[*i]).unwrap_or(f64::NAN)).collect()),
        cohort: cohorts.map(of),
        rows_read,
        complaints: log.into_groups(),
    })
}

/// How tables write that nothing has ended.
fn is_blank(cell: &str) -> bool {
    ["", "null", "none", "nan", "nat", "active", "-"].contains(&cell.to_lowercase().as_str())
}
