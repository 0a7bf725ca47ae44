//! Tables as Parquet.

use std::collections::HashSet;
use std::hash::Hash;
use std::io::{self, Write};
use std::ops::Range;
use std::sync::Arc;

use ::parquet::arrow::ArrowWriter;
use ::parquet::basic::{Compression, Encoding, ZstdLevel};
use ::parquet::file::properties::{EnabledStatistics, WriterProperties};
use ::parquet::schema::types::ColumnPath;
use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray,
    StringBuilder,
};
use arrow::buffer::{NullBuffer, ScalarBuffer};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use super::OutColumn;

/// Rows that are converted at a time, so that a table is not held twice.
const ROWS_AT_A_TIME: usize = 1 << 15;

/// Rows of a group: what is held until it is written.
const GROUP_ROWS: usize = 1 << 18;

/// Rows that are looked at to see whether values come again.
const LOOKED_AT: usize = 1 << 12;

/// Room that is made for each made text.
const USUAL_TEXT_BYTES: usize = 128;

/// A column is worth a dictionary when the rows that are looked at hold each value so many times on average.
const TIMES: usize = 5;

pub(super) fn write_parquet(
    columns: &[OutColumn],
    n_rows: usize,
    writer: &mut (impl Write + Send),
) -> io::Result<()> {
    let schema = schema(columns);
    let mut parquet = ArrowWriter::try_new(writer, Arc::clone(&schema), Some(properties(columns)))
        .map_err(io::Error::other)?;
    // A column that is the same in every row is made once.
    let n_at_a_time = n_rows.min(ROWS_AT_A_TIME);
    let kept: Vec<Option<ArrayRef>> = columns
        .iter()
        .map(|column| match column {
            OutColumn::Same(..) => Some(array(column, 0..n_at_a_time)),
            _ => None,
        })
        .collect();
    for start in (0..n_rows).step_by(ROWS_AT_A_TIME) {
        let rows = start..(start + ROWS_AT_A_TIME).min(n_rows);
        let arrays = columns
            .iter()
            .zip(&kept)
            .map(|(column, kept)| match kept {
                Some(kept) => kept.slice(0, rows.len()),
                None => array(column, rows.clone()),
            })
            .collect();
        let batch = RecordBatch::try_new(Arc::clone(&schema), arrays).map_err(io::Error::other)?;
        parquet.write(&batch).map_err(io::Error::other)?;
    }
    parquet.close().map_err(io::Error::other)?;
    Ok(())
}

/// Zstandard's first level is as fast here as Snappy and LZ4, for 16.5 MB in place of 22 and 21 for a million customers' values.
/// A dictionary costs a look-up for each value and helps only where values come again: not for ids and sums, and not for
/// made texts, of which a million have some 400,000 different ones: packing them all took no longer than looking them up.
fn properties(columns: &[OutColumn]) -> WriterProperties {
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_dictionary_enabled(false)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_max_row_group_row_count(Some(GROUP_ROWS));
    for column in columns {
        let path = ColumnPath::from(column.name());
        properties = match column {
            OutColumn::Same(..) => properties.set_column_dictionary_enabled(path, true),
            OutColumn::Text(_, values) if repeats(values, String::as_str) => {
                properties.set_column_dictionary_enabled(path, true)
            }
            // Ages are whole days in another unit: some hundred different ones.
            OutColumn::Real(_, values) if repeats(values, |value| value.to_bits()) => {
                properties.set_column_dictionary_enabled(path, true)
            }
            // Whole numbers of a table lie close together: the differences take a byte or two.
            OutColumn::Integer(..) | OutColumn::Date(..) | OutColumn::OptionalDate(..) => {
                properties.set_column_encoding(path, Encoding::DELTA_BINARY_PACKED)
            }
            _ => properties,
        };
    }
    properties.build()
}

fn repeats<'a, T, K: Eq + Hash>(values: &'a [T], key: impl Fn(&'a T) -> K) -> bool {
    let step = (values.len() / LOOKED_AT).max(1);
    let keys: Vec<K> = values.iter().step_by(step).map(key).collect();
    let n = keys.len();
    keys.into_iter().collect::<HashSet<K>>().len() * TIMES <= n
}

fn schema(columns: &[OutColumn]) -> SchemaRef {
    let field = |column: &OutColumn| {
        let (data_type, is_nullable) = match column {
            OutColumn::Text(..) | OutColumn::Made(..) | OutColumn::Same(..) => {
                (DataType::Utf8, false)
            }
            OutColumn::Integer(..) => (DataType::Int64, false),
            OutColumn::Real(..) | OutColumn::OptionalReal(..) => (DataType::Float64, true),
            OutColumn::Date(..) => (DataType::Date32, false),
            OutColumn::OptionalDate(..) => (DataType::Date32, true),
            OutColumn::Truth(..) => (DataType::Boolean, false),
        };
        Field::new(column.name(), data_type, is_nullable)
    };
    Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>()))
}

fn array(column: &OutColumn, rows: Range<usize>) -> ArrayRef {
    match column {
        OutColumn::Text(_, values) => Arc::new(StringArray::from_iter_values(&values[rows])),
        OutColumn::Integer(_, values) => {
            Arc::new(Int64Array::from_iter_values(values[rows].iter().copied()))
        }
        OutColumn::Real(_, values) => Arc::new(finite(&values[rows])),
        OutColumn::OptionalReal(_, values) => {
            let values: Vec<f64> =
                values[rows].iter().map(|value| value.unwrap_or(f64::NAN)).collect();
            Arc::new(finite(&values))
        }
        OutColumn::Date(_, values) => {
            Arc::new(Date32Array::from_iter_values(values[rows].iter().copied()))
        }
        OutColumn::OptionalDate(_, values) => {
            Arc::new(values[rows].iter().copied().collect::<Date32Array>())
        }
        OutColumn::Truth(_, values) => Arc::new(BooleanArray::from(values[rows].to_vec())),
        OutColumn::Made(_, made) => {
            let mut texts = StringBuilder::with_capacity(rows.len(), rows.len() * USUAL_TEXT_BYTES);
            let mut text = String::new();
            for row in rows {
                texts.append_value(made.fill(row, &mut text));
            }
            Arc::new(texts.finish())
        }
        OutColumn::Same(_, value) => Arc::new(StringArray::from_iter_values(rows.map(|_| value))),
    }
}

/// What is not finite becomes null; most columns have none, and then carry no nulls at all.
fn finite(values: &[f64]) -> Float64Array {
    let is_whole = values.iter().all(|value| value.is_finite());
    let nulls = (!is_whole).then(|| values.iter().map(|v| v.is_finite()).collect::<NullBuffer>());
    Float64Array::new(ScalarBuffer::from(values.to_vec()), nulls)
}
