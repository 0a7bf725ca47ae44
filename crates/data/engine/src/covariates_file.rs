//! What is known of customers besides their orders: a table with one row for each, whatever its columns, or with one row
//! for each from each of several days on, where it changes.

use std::collections::{HashMap, HashSet};

use arrow::array::{Array, StringArray};
use clv_importers::convert::texts;
use clv_tables::Day;

use crate::engine::ReadOptions;
use crate::error::EngineError;
use crate::inspect::look;
use crate::progress::ProgressCounter;
use crate::reader::{Source, TextReader, positions};
use crate::text::decode::read_error;

/// A table of customers, one entry of each vector for each row in the order of the file.
#[derive(Debug, Clone, PartialEq)]
pub struct CovariatesFile {
    /// The path as it was given.
    pub path: String,
    /// The customers' ids, as they are written; no two are the same unless there are days, and none are there where each
    /// row holds for all customers.
    pub ids: Vec<String>,
    /// The first day on which each row holds, where there are several for a customer; no two of one customer are the same.
    pub days: Option<Vec<i32>>,
    /// The other columns.
    pub columns: Vec<CovariateColumn>,
}

/// One column besides the id.
#[derive(Debug, Clone, PartialEq)]
pub struct CovariateColumn {
    /// Its heading.
    pub heading: String,
    /// Its cells.
    pub cells: CovariateCells,
}

/// The cells of a column; none where one is empty or says that nothing is known.
#[derive(Debug, Clone, PartialEq)]
pub enum CovariateCells {
    /// Every cell that is there is a number.
    Numbers(Vec<Option<f64>>),
    /// Text.
    Texts(Vec<Option<String>>),
}

/// Headings of the customers' id, the first that is there; `--columns customer_id=HEADING` goes before them.
const ID_HEADINGS: [&str; 7] =
    ["customer_id", "customer", "id", "cust_id", "client_id", "user_id", "kundennummer"];

/// Headings of the first day on which a row holds, the first that is there.
const DAY_HEADINGS: [&str; 12] = [
    "date",
    "day",
    "week",
    "month",
    "period",
    "cov.date",
    "cov_date",
    "valid_from",
    "week_start",
    "start_of_week",
    "period_start",
    "month_start",
];

/// What cells say of whom nothing is known.
const MISSING: [&str; 7] = ["", "na", "n/a", "nan", "null", "none", "-"];

/// Reads a table of customers.
///
/// # Errors
/// When it cannot be read, has no column of ids or days, or names a customer twice for the same time or not at all.
pub(crate) fn read_covariates(options: &ReadOptions) -> Result<CovariatesFile, EngineError> {
    let (sources, sample) = look(&options.paths)?;
    let path = options.paths.join(", ");
    let named = options.columns.get("customer_id").map(String::as_str);
    let id_at = named.into_iter().chain(ID_HEADINGS).find_map(|name| sample.find(name));
    let day_at =
        DAY_HEADINGS.iter().find_map(|name| sample.find(name)).filter(|at| id_at != Some(*at));
    // A table without ids holds for all customers, from day to day.
    let Some(first_at) = id_at.or(day_at) else {
        return Err(EngineError::NoIdColumn { path, headings: sample.headings.join(", ") });
    };
    let mut headings = vec![sample.headings[first_at].clone()];
    let others = sample.headings.iter().enumerate().filter(|(at, _)| *at != first_at);
    headings.extend(others.map(|(_, heading)| heading.clone()));
    let mut cells: Vec<Vec<Option<String>>> = vec![Vec::new(); headings.len()];
    let mut rows: Vec<RowPlace> = Vec::new();
    for source in &sources {
        let shown = &source.file().shown;
        let mut add = |columns: &[StringArray], row_of: &dyn Fn(usize) -> u64| {
            let n = columns.first().map_or(0, Array::len);
            for i in 0..n {
                for (to, column) in cells.iter_mut().zip(columns) {
                    let text = if column.is_null(i) { "" } else { column.value(i).trim() };
                    let is_missing = MISSING.iter().any(|word| text.eq_ignore_ascii_case(word));
                    to.push((!is_missing).then(|| text.to_owned()));
                }
                rows.push(RowPlace { file: shown.clone(), row: row_of(i) });
            }
        };
        if let Some(mut reader) =
            TextReader::open(source, &headings, false, ProgressCounter::silent())?
        {
            while let Some(text) =
                reader.next_batch().map_err(|error| read_error(source.file(), error))?
            {
                if let Some((row, value)) = text.ragged.first() {
                    return Err(EngineError::BadCovariates {
                        path: shown.clone(),
                        row: *row,
                        column: String::new(),
                        value: value.clone(),
                        expected: "as many cells as the heading has".to_owned(),
                    });
                }
                let columns: Vec<StringArray> =
                    text.batch.columns().iter().filter_map(|array| texts(array).ok()).collect();
                add(&columns, &|i| text.rows[i]);
            }
        } else if let Source::Parquet(parquet) = source {
            let there = positions(&parquet.headings(), &headings, &parquet.file)?;
            for piece in parquet.pieces() {
                let mut first = piece.first_row;
                for batch in parquet.read(&piece, &there)? {
                    let batch = batch?;
                    let columns = batch
                        .columns()
                        .iter()
                        .zip(&headings)
                        .map(|(array, heading)| {
                            texts(array).map_err(|_| EngineError::BadCovariates {
                                path: shown.clone(),
                                row: 0,
                                column: heading.clone(),
                                value: array.data_type().to_string(),
                                expected: "numbers or text".to_owned(),
                            })
                        })
                        .collect::<Result<Vec<StringArray>, EngineError>>()?;
                    add(&columns, &|i| first + i as u64);
                    first += batch.num_rows() as u64;
                }
            }
        }
    }
    let mut table = Table { headings, cells, rows };
    let ids = match id_at {
        Some(_) => table.ids()?,
        None => Vec::new(),
    };
    let day_heading = day_at.map(|at| sample.headings[at].clone());
    let days = match day_heading.and_then(|heading| table.position(&heading)) {
        // One row for each customer: a day in it is a trait like others.
        Some(at) if ids.is_empty() || has_equals(&ids) => Some(table.days(at, &ids)?),
        _ => None,
    };
    if days.is_none() {
        table.check_distinct(&ids)?;
    }
    let first = if id_at.is_some() { 1 } else { 0 };
    let columns = table
        .headings
        .into_iter()
        .zip(table.cells)
        .skip(first)
        .map(|(heading, cells)| CovariateColumn { heading, cells: typed(cells) })
        .collect();
    Ok(CovariatesFile { path, ids, days, columns })
}

/// Where a row stands.
struct RowPlace {
    file: String,
    row: u64,
}

/// The table as text, the first column that of the ids where there is one.
struct Table {
    headings: Vec<String>,
    cells: Vec<Vec<Option<String>>>,
    rows: Vec<RowPlace>,
}

fn has_equals(ids: &[String]) -> bool {
    let mut known = HashSet::new();
    !ids.iter().all(|id| known.insert(id.as_str()))
}

impl Table {
    fn position(&self, heading: &str) -> Option<usize> {
        self.headings.iter().position(|one| one == heading)
    }

    fn bad(&self, row: usize, column: usize, value: &str, expected: String) -> EngineError {
        let RowPlace { file, row } = &self.rows[row];
        EngineError::BadCovariates {
            path: file.clone(),
            row: *row,
            column: self.headings[column].clone(),
            value: value.to_owned(),
            expected,
        }
    }

    fn ids(&self) -> Result<Vec<String>, EngineError> {
        let ids = self.cells[0].iter().enumerate();
        ids.map(|(row, id)| {
            id.clone().ok_or_else(|| self.bad(row, 0, "", "a customer's id".to_owned()))
        })
        .collect()
    }

    fn check_distinct(&self, ids: &[String]) -> Result<(), EngineError> {
        let mut known: HashMap<&str, usize> = HashMap::new();
        for (row, id) in ids.iter().enumerate() {
            if let Some(before) = known.insert(id, row) {
                let expected = format!(
                    "one row for each customer, and this one stands in row {} too; rows that hold from different days \
                     on need a column 'date'",
                    self.rows[before].row
                );
                return Err(self.bad(row, 0, id, expected));
            }
        }
        Ok(())
    }

    /// The days of the column at `at`, which is taken out.
    fn days(&mut self, at: usize, ids: &[String]) -> Result<Vec<i32>, EngineError> {
        let mut days = Vec::with_capacity(self.rows.len());
        let mut known: HashMap<(&str, i32), usize> = HashMap::new();
        for (row, cell) in self.cells[at].iter().enumerate() {
            let text = cell.as_deref().unwrap_or("");
            // Midnight is what some exports write behind a day.
            let day =
                text.strip_suffix("00:00:00").map_or(text, |day| day.trim_end_matches([' ', 'T']));
            let Some(Day(day)) = Day::parse_iso(day) else {
                let expected = "the first day on which the row holds, year-month-day".to_owned();
                return Err(self.bad(row, at, text, expected));
            };
            let id = ids.get(row).map_or("", String::as_str);
            if let Some(before) = known.insert((id, day), row) {
                let (of, before) =
                    (if id.is_empty() { "" } else { "customer and " }, &self.rows[before]);
                let expected = format!(
                    "one row for each {of}day, and row {} is of the same {of}day{}",
                    before.row,
                    if id.is_empty() { String::new() } else { format!(" ({id})") }
                );
                return Err(self.bad(row, at, text, expected));
            }
            days.push(day);
        }
        self.headings.remove(at);
        self.cells.remove(at);
        Ok(days)
    }
}

/// Numbers where every cell is one, else text.
fn typed(cells: Vec<Option<String>>) -> CovariateCells {
    // Nothing but plain numbers: 'r48' is a region, not 48 rand.
    let number = |text: &str| text.parse::<f64>().ok().filter(|value| value.is_finite());
    let numbers: Vec<Option<f64>> =
        cells.iter().map(|cell| cell.as_deref().and_then(number)).collect();
    let is_number = cells.iter().zip(&numbers).all(|(cell, n)| cell.is_none() || n.is_some());
    if is_number && cells.iter().any(Option::is_some) {
        CovariateCells::Numbers(numbers)
    } else {
        CovariateCells::Texts(cells)
    }
}
