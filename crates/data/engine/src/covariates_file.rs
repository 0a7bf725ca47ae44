//! What is known of customers besides their orders: a table with one row for each, whatever its columns.

use std::collections::HashMap;

use arrow::array::{Array, StringArray};
use clv_importers::convert::texts;

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
    /// The customers' ids, as they are written; no two are the same.
    pub ids: Vec<String>,
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

/// What cells say of whom nothing is known.
const MISSING: [&str; 7] = ["", "na", "n/a", "nan", "null", "none", "-"];

/// Reads a table of customers.
///
/// # Errors
/// When it cannot be read, has no column of ids, or names a customer twice or not at all.
pub(crate) fn read_covariates(options: &ReadOptions) -> Result<CovariatesFile, EngineError> {
    let (sources, sample) = look(&options.paths)?;
    let path = options.paths.join(", ");
    let named = options.columns.get("customer_id").map(String::as_str);
    let Some(id_at) = named.into_iter().chain(ID_HEADINGS).find_map(|name| sample.find(name))
    else {
        return Err(EngineError::NoIdColumn { path, headings: sample.headings.join(", ") });
    };
    let mut headings = vec![sample.headings[id_at].clone()];
    let others = sample.headings.iter().enumerate().filter(|(at, _)| *at != id_at);
    headings.extend(others.map(|(_, heading)| heading.clone()));
    let mut cells: Vec<Vec<Option<String>>> = vec![Vec::new(); headings.len()];
    let mut rows: HashMap<String, u64> = HashMap::new();
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
                let row = row_of(i);
                let bad = |value: &str, expected: String| EngineError::BadCovariates {
                    path: shown.clone(),
                    row,
                    column: headings[0].clone(),
                    value: value.to_owned(),
                    expected,
                };
                let Some(id) = cells[0].last().cloned().flatten() else {
                    return Err(bad("", "a customer's id".to_owned()));
                };
                if let Some(before) = rows.insert(id.clone(), row) {
                    return Err(bad(
                        &id,
                        format!(
                            "one row for each customer, and this one stands in row {before} too"
                        ),
                    ));
                }
            }
            Ok(())
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
                add(&columns, &|i| text.rows[i])?;
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
                    add(&columns, &|i| first + i as u64)?;
                    first += batch.num_rows() as u64;
                }
            }
        }
    }
    let mut cells = cells.into_iter();
    let ids = cells.next().into_iter().flatten().flatten().collect();
    let columns = headings
        .into_iter()
        .skip(1)
        .zip(cells)
        .map(|(heading, cells)| CovariateColumn { heading, cells: typed(cells) })
        .collect();
    Ok(CovariatesFile { path, ids, columns })
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
