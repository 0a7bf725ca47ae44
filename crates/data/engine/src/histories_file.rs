//! Histories that were made before: one row for each customer in place of orders.

use arrow::array::{Array, AsArray, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use clv_importers::number_format::{Decimal, NumberFormat};
use clv_importers::plan::is_text_type;

use crate::engine::ReadOptions;
use crate::error::EngineError;
use crate::inspect::look;
use crate::plans::CustomerIds;
use crate::progress::ProgressCounter;
use crate::reader::{Source, TextReader, positions};
use crate::text::decode::read_error;

/// The columns of a histories file, one entry for each customer in the order of the file. Times are in the unit of the file.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoriesFile {
    /// Who.
    pub ids: CustomerIds,
    /// Purchases after the first, whole and not negative.
    pub repeat_purchases: Vec<f64>,
    /// Time from the first to the last purchase, not negative, not above `age`.
    pub last_purchase_age: Vec<f64>,
    /// Time from the first purchase to the end of observation.
    pub age: Vec<f64>,
    /// Mean spend of a repeat purchase, where the file has it; NaN where a cell is empty.
    pub mean_spend: Option<Vec<f64>>,
}

/// Reads a histories file; `None` when the first file does not have the columns of one.
///
/// # Errors
/// When a file cannot be read or holds a history that cannot be.
pub(crate) fn read_histories(options: &ReadOptions) -> Result<Option<HistoriesFile>, EngineError> {
    let (sources, sample) = look(&options.paths)?;
    let place = |name: &str| {
        options.columns.get(name).and_then(|h| sample.find(h)).or_else(|| sample.find(name))
    };
    let mut found = Vec::new();
    for name in ["customer_id", "repeat_purchases", "last_purchase_age", "age"] {
        match place(name) {
            Some(position) => found.push(sample.headings[position].clone()),
            None => return Ok(None),
        }
    }
    let has_spend = place("mean_spend");
    found.extend(has_spend.map(|position| sample.headings[position].clone()));
    let id_type = place("customer_id").map_or(&DataType::Utf8, |position| &sample.types[position]);
    let mut file = HistoriesFile {
        ids: if is_text_type(id_type) {
            CustomerIds::Text(Vec::new())
        } else {
            CustomerIds::Integer(Vec::new())
        },
        repeat_purchases: Vec::new(),
        last_purchase_age: Vec::new(),
        age: Vec::new(),
        mean_spend: has_spend.map(|_| Vec::new()),
    };
    for source in &sources {
        let shown = &source.file().shown;
        if let Some(mut reader) =
            TextReader::open(source, &found, false, ProgressCounter::silent())?
        {
            while let Some(text) =
                reader.next_batch().map_err(|error| read_error(source.file(), error))?
            {
                if let Some((row, value)) = text.ragged.first() {
                    let expected = "as many cells as the heading has";
                    return Err(bad(shown, *row, "", value, expected));
                }
                file.add(&text.batch, &found, shown, &|i| text.rows[i])?;
            }
        } else if let Source::Parquet(parquet) = source {
            let there = positions(&parquet.headings(), &found, &parquet.file)?;
            for piece in parquet.pieces() {
                let mut first = piece.first_row;
                for batch in parquet.read(&piece, &there)? {
                    let batch = batch?;
                    file.add(&batch, &found, shown, &|i| first + i as u64)?;
                    first += batch.num_rows() as u64;
                }
            }
        }
    }
    Ok(Some(file))
}

fn bad(path: &str, row: u64, column: &str, value: &str, expected: &'static str) -> EngineError {
    EngineError::BadHistory {
        path: path.into(),
        row,
        column: column.into(),
        value: value.into(),
        expected,
    }
}

impl HistoriesFile {
    fn add(
        &mut self,
        batch: &RecordBatch,
        headings: &[String],
        path: &str,
        row_of: &dyn Fn(usize) -> u64,
    ) -> Result<(), EngineError> {
        let mut texts: Vec<StringArray> = Vec::new();
        for (array, heading) in batch.columns().iter().zip(headings) {
            let strings = cast(array, &DataType::Utf8).map_err(|_| {
                bad(path, 0, heading, &array.data_type().to_string(), "numbers or text")
            })?;
            texts.push(strings.as_string::<i32>().clone());
        }
        let cell = |column: usize, i: usize| {
            if texts[column].is_null(i) { "" } else { texts[column].value(i).trim() }
        };
        let number = |column: usize, i: usize| -> Result<f64, EngineError> {
            let text = cell(column, i);
            let parsed = text.parse::<f64>().ok().or_else(|| {
                let amount = NumberFormat { decimal: Decimal::Point }.parse(text).ok()?;
                Some(clv_tables::money::units_from_micros(amount.micros))
            });
            parsed.filter(|value| value.is_finite() && *value >= 0.0).ok_or_else(|| {
                bad(path, row_of(i), &headings[column], text, "a number of zero or more")
            })
        };
        for i in 0..batch.num_rows() {
            let id = cell(0, i);
            match &mut self.ids {
                CustomerIds::Text(ids) if !id.is_empty() => ids.push(id.to_owned()),
                CustomerIds::Integer(ids) => {
                    ids.push(
                        id.parse().map_err(|_| {
                            bad(path, row_of(i), &headings[0], id, "a whole number")
                        })?,
                    );
                }
                CustomerIds::Text(_) => {
                    return Err(bad(path, row_of(i), &headings[0], id, "a customer's id"));
                }
            }
            let (x, t_last, age) = (number(1, i)?, number(2, i)?, number(3, i)?);
            if x.fract() > 0.0 {
                return Err(bad(
                    path,
                    row_of(i),
                    &headings[1],
                    cell(1, i),
                    "a whole number of purchases",
                ));
            }
            if t_last > age {
                return Err(bad(
                    path,
                    row_of(i),
                    &headings[2],
                    cell(2, i),
                    "at most the customer's age",
                ));
            }
            self.repeat_purchases.push(x);
            self.last_purchase_age.push(t_last);
            self.age.push(age);
            if let Some(spend) = &mut self.mean_spend {
                spend.push(if cell(4, i).is_empty() { f64::NAN } else { number(4, i)? });
            }
        }
        Ok(())
    }
}
