//! The columns that the lake adds to every table: whose row it is, what it says, and which import brought it.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int32Array, Int64Array, RecordBatch};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Field, Float64Type, Int64Type, TimestampMicrosecondType,
};
use clv_tables::hash::hash_number;
use clv_tables::table::ORIGIN;
use clv_tables::{Kind, Table};
use twox_hash::XxHash64;

use super::error::LakeError;

/// A hash of source, shop and the table's owner columns: rows with the same are replaced together. Two of 100 million
/// owners have the same one with a probability of 0.03 %.
pub const OWNER: &str = "_owner";
/// A hash of the table's own columns, whatever file and row they came from. A column without value adds nothing to
/// it, so that a new column changes no old row.
pub const CONTENT: &str = "_content";
/// The number of the commit that brought the row.
pub const IMPORT: &str = "_import";

/// What every source column weighs in a hash, so that neither order nor emptiness of columns matters.
const SEED: u64 = 0x636c_765f_6c61_6b65;

pub(crate) fn fields() -> [Arc<Field>; 3] {
    [
        Arc::new(Field::new(OWNER, DataType::Int64, false)),
        Arc::new(Field::new(CONTENT, DataType::Int64, false)),
        Arc::new(Field::new(IMPORT, DataType::Int32, false)),
    ]
}

pub(crate) fn is_hidden(name: &str) -> bool {
    [OWNER, CONTENT, IMPORT].contains(&name)
}

/// Whether an owner has one row only: the key is nothing beside it.
pub(crate) fn has_one_row(table: &Table) -> bool {
    table.key.iter().all(|name| table.owner.contains(name))
}

/// The hidden columns of rows in the table's schema.
///
/// # Errors
/// When the rows are not in the table's schema.
pub(crate) fn columns(
    table: &Table,
    batch: &RecordBatch,
    import: i32,
) -> Result<[ArrayRef; 3], LakeError> {
    check(table, batch)?;
    let mut owner = vec![0_u64; batch.num_rows()];
    for name in ["source", "shop"].iter().chain(table.owner) {
        add_column(&mut owner, table, batch, name);
    }
    let mut content = vec![0_u64; batch.num_rows()];
    for column in table.columns {
        add_column(&mut content, table, batch, column.name);
    }
    let finished = |hashes: Vec<u64>| -> ArrayRef {
        Arc::new(Int64Array::from_iter_values(
            hashes.into_iter().map(|hash| hash_number(hash).cast_signed()),
        ))
    };
    let import = Int32Array::from_value(import, batch.num_rows());
    Ok([finished(owner), finished(content), Arc::new(import)])
}

fn check(table: &Table, batch: &RecordBatch) -> Result<(), LakeError> {
    let (expected, found) = (table.schema(), batch.schema());
    for (i, field) in expected.fields().iter().enumerate() {
        let there = found.fields().get(i).map(|there| (there.name(), there.data_type()));
        if there != Some((field.name(), field.data_type())) {
            return Err(LakeError::Schema {
                table: table.name.to_owned(),
                column: field.name().clone(),
                found: match there {
                    Some((name, data_type)) => format!("{name} of type {data_type} came"),
                    None => "no column came".to_owned(),
                },
                expected: format!("{} of type {} in this place", field.name(), field.data_type()),
            });
        }
    }
    Ok(())
}

/// Adds a column to the hash of each row.
fn add_column(hashes: &mut [u64], table: &Table, batch: &RecordBatch, name: &str) {
    let (Some(column), Some(array)) = (table.column(name), batch.column_by_name(name)) else {
        return;
    };
    let seed = XxHash64::oneshot(SEED, name.as_bytes());
    let mut add = |array: &dyn Array, value: &dyn Fn(usize) -> u64| {
        for (i, hash) in hashes.iter_mut().enumerate() {
            if array.is_valid(i) {
                *hash = hash.wrapping_add(hash_number(value(i) ^ seed));
            }
        }
    };
    match column.kind {
        Kind::Text => {
            let array = array.as_string::<i32>();
            add(array, &|i| XxHash64::oneshot(SEED, array.value(i).as_bytes()));
        }
        Kind::Integer => {
            let array = array.as_primitive::<Int64Type>();
            add(array, &|i| array.value(i).cast_unsigned());
        }
        Kind::Real => {
            // Both zeros are one number.
            let array = array.as_primitive::<Float64Type>();
            add(array, &|i| (array.value(i) + 0.0).to_bits());
        }
        Kind::Money => {
            let array = array.as_primitive::<Decimal128Type>();
            add(array, &|i| {
                let bits = array.value(i).cast_unsigned();
                bits as u64 ^ hash_number((bits >> 64) as u64)
            });
        }
        Kind::Day => {
            let array = array.as_primitive::<Date32Type>();
            add(array, &|i| i64::from(array.value(i)).cast_unsigned());
        }
        Kind::Instant => {
            let array = array.as_primitive::<TimestampMicrosecondType>();
            add(array, &|i| array.value(i).cast_unsigned());
        }
        Kind::Flag => {
            let array = array.as_boolean();
            add(array, &|i| u64::from(array.value(i)));
        }
    }
}

/// The column by which the last of several rows of one file is known.
pub(crate) const ROW: &str = ORIGIN[3].name;
