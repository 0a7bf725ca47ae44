//! The cells of a few columns as text, whatever the file's format, and single cells read.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use clv_importers::number_format::{Decimal, NumberFormat};
use clv_tables::money::units_from_micros;

use crate::error::EngineError;
use crate::progress::ProgressCounter;
use crate::reader::{Source, TextReader, positions};
use crate::text::decode::read_error;

/// Columns of text with the rows' numbers.
#[derive(Debug, Default)]
pub(super) struct Cells {
    /// One vector for each column asked for.
    pub(super) columns: Vec<Vec<String>>,
    /// The number of each row, the heading being row 1.
    pub(super) rows: Vec<u64>,
    /// Rows that could not be cut into the columns.
    pub(super) ragged: Vec<(u64, String)>,
}

impl Cells {
    /// The columns with these headings from all files.
    pub(super) fn read(sources: &[Source], headings: &[String]) -> Result<Cells, EngineError> {
        let mut cells = Cells { columns: vec![Vec::new(); headings.len()], ..Cells::default() };
        for source in sources {
            let silent = ProgressCounter::silent();
            if let Some(mut reader) = TextReader::open(source, headings, false, silent)? {
                while let Some(text) =
                    reader.next_batch().map_err(|error| read_error(source.file(), error))?
                {
                    cells.add(&text.batch, text.rows.iter().copied());
                    cells.ragged.extend(text.ragged);
                }
            } else if let Source::Parquet(parquet) = source {
                let there = positions(&parquet.headings(), headings, &parquet.file)?;
                for piece in parquet.pieces() {
                    let mut first = piece.first_row;
                    for batch in parquet.read(&piece, &there)? {
                        let batch = batch?;
                        let n = batch.num_rows() as u64;
                        cells.add(&batch, first..first + n);
                        first += n;
                    }
                }
            }
        }
        Ok(cells)
    }

    fn add(&mut self, batch: &RecordBatch, rows: impl Iterator<Item = u64>) {
        for (to, column) in self.columns.iter_mut().zip(batch.columns()) {
            let texts = cast(column, &DataType::Utf8).ok();
            let texts = texts.as_ref().and_then(|array| array.as_string_opt::<i32>());
            to.extend((0..batch.num_rows()).map(|i| match texts {
                Some(texts) if !texts.is_null(i) => texts.value(i).trim().to_owned(),
                _ => String::new(),
            }));
        }
        self.rows.extend(rows);
    }
}

/// A cell as a number with a decimal point; a percent sign after it is no part of it.
pub(super) fn real(cell: &str) -> Option<f64> {
    let cell = cell.trim().trim_end_matches('%').trim_end();
    if let Ok(value) = cell.parse::<f64>() {
        return value.is_finite().then_some(value);
    }
    let amount = NumberFormat { decimal: Decimal::Point }.parse(cell).ok()?;
    Some(units_from_micros(amount.micros))
}

/// Whether a cell says that the customer has left; `None` where it says neither.
pub(super) fn truth(cell: &str) -> Option<bool> {
    match cell.trim().to_lowercase().as_str() {
        "yes" | "y" | "true" | "t" | "1" | "1.0" | "churned" | "left" | "cancelled"
        | "canceled" | "inactive" | "ended" | "expired" => Some(true),
        "no" | "n" | "false" | "f" | "0" | "0.0" | "active" | "stayed" | "current" | "" => {
            Some(false)
        }
        _ => None,
    }
}
