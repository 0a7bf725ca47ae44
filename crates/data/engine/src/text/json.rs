//! JSON as batches of text columns, one row for each object; nested objects become columns named with dots.

use std::io;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, StringBuilder};
use arrow::datatypes::SchemaRef;
use clv_tables::hash::hash_bytes;
use serde_json::Value;

use super::json_elements::Elements;
use super::{BATCH_ROWS, TextBatch};

/// Reads a file of JSON objects, however they stand in it.
#[derive(Debug)]
pub(crate) struct JsonReader {
    elements: Elements,
    schema: SchemaRef,
    hashes_rows: bool,
}

impl JsonReader {
    /// A reader for the keys that the schema names.
    pub(crate) fn new(elements: Elements, schema: SchemaRef, hashes_rows: bool) -> JsonReader {
        JsonReader { elements, schema, hashes_rows }
    }

    /// The next rows; `None` at the end.
    ///
    /// # Errors
    /// When reading fails.
    pub(crate) fn next_batch(&mut self) -> io::Result<Option<TextBatch>> {
        let mut columns: Vec<StringBuilder> =
            self.schema.fields().iter().map(|_| StringBuilder::new()).collect();
        let (mut rows, mut hashes, mut ragged) = (Vec::new(), Vec::new(), Vec::new());
        while rows.len() < BATCH_ROWS && ragged.len() < BATCH_ROWS {
            let Some((row, text)) = self.elements.next_element()? else { break };
            let Ok(Value::Object(object)) = serde_json::from_str::<Value>(text) else {
                ragged.push((row, text.chars().take(80).collect()));
                continue;
            };
            for (column, field) in columns.iter_mut().zip(self.schema.fields()) {
                match look_up(&object, field.name()) {
                    Some(cell) => column.append_value(cell),
                    None => column.append_null(),
                }
            }
            rows.push(row);
            if self.hashes_rows {
                hashes.push(hash_bytes(text.trim().as_bytes()));
            }
        }
        if rows.is_empty() && ragged.is_empty() {
            return Ok(None);
        }
        let arrays: Vec<ArrayRef> =
            columns.iter_mut().map(|column| Arc::new(column.finish()) as ArrayRef).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
        let batch = RecordBatch::try_new_with_options(Arc::clone(&self.schema), arrays, &options)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        Ok(Some(TextBatch { batch, rows, hashes, ragged }))
    }
}

/// The keys of the first elements, those of each in the order of the alphabet, nested ones joined by dots; `None` when there is no element.
///
/// # Errors
/// When reading fails.
pub(crate) fn keys_of(
    elements: &mut Elements,
    max_rows: usize,
    max_bytes: usize,
) -> io::Result<Option<Vec<String>>> {
    let mut keys: Vec<String> = Vec::new();
    let (mut n_rows, mut n_bytes) = (0, 0);
    while n_rows < max_rows && n_bytes < max_bytes {
        let Some((_, text)) = elements.next_element()? else { break };
        n_rows += 1;
        n_bytes += text.len();
        if let Ok(Value::Object(object)) = serde_json::from_str::<Value>(text) {
            add_keys(&object, "", &mut keys);
        }
    }
    Ok((n_rows > 0).then_some(keys))
}

fn add_keys(object: &serde_json::Map<String, Value>, before: &str, keys: &mut Vec<String>) {
    for (key, value) in object {
        let name = if before.is_empty() { key.clone() } else { format!("{before}.{key}") };
        match value {
            Value::Object(inner) => add_keys(inner, &name, keys),
            _ if keys.contains(&name) => {}
            _ => keys.push(name),
        }
    }
}

fn look_up(object: &serde_json::Map<String, Value>, name: &str) -> Option<String> {
    if let Some(value) = object.get(name) {
        return as_text(value);
    }
    // A key may itself hold dots: try every cut.
    name.match_indices('.').find_map(|(at, _)| match object.get(&name[..at]) {
        Some(Value::Object(inner)) => look_up(inner, &name[at + 1..]),
        _ => None,
    })
}

fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::Null | Value::Object(_) => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}
