//! Batches made of a table's examples.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, Schema, TimeUnit, TimestampMicrosecondType};
use clv_tables::{Kind, Table};

/// One row: the table's examples, save for the columns that are named; `None` is an empty cell.
pub(crate) type Change<'a> = (&'a str, Option<&'a str>);

/// A batch of the table with a row for each list of changes. Every column may be null, so that a missing value can be
/// told from a batch that Arrow refuses.
pub(crate) fn batch(table: &Table, rows: &[Vec<Change<'_>>]) -> RecordBatch {
    let (fields, arrays): (Vec<Field>, Vec<ArrayRef>) = table
        .all_columns()
        .map(|column| {
            let cells = rows.iter().map(|changes| {
                let change = changes.iter().find(|(name, _)| *name == column.name);
                change.map_or(Some(column.example), |(_, value)| *value)
            });
            let place = format!("{}.{}", table.name, column.name);
            let array = read(&place, column.kind, &StringArray::from_iter(cells));
            (Field::new(column.name, column.kind.data_type(), true), array)
        })
        .unzip();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap()
}

/// Texts as values of a kind; a text that does not read stops the test.
fn read(place: &str, kind: Kind, texts: &StringArray) -> ArrayRef {
    let to = |data_type: &DataType| {
        let options = CastOptions { safe: false, ..Default::default() };
        cast_with_options(texts, data_type, &options).unwrap_or_else(|e| panic!("{place}: {e}"))
    };
    match kind {
        Kind::Instant => {
            let moments = to(&DataType::Timestamp(TimeUnit::Microsecond, None));
            Arc::new(
                moments.as_primitive::<TimestampMicrosecondType>().clone().with_timezone("UTC"),
            )
        }
        kind => to(&kind.data_type()),
    }
}
