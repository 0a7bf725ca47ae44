//! Newline-delimited JSON as batches of text columns; nested objects become columns named with dots.

use std::io;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, StringBuilder};
use arrow::datatypes::SchemaRef;
use clv_tables::hash::hash_bytes;
use serde_json::Value;

use super::decode::Utf8Reader;
use super::{BATCH_ROWS, TextBatch};

/// Reads a file with one JSON object per line.
#[derive(Debug)]
pub(crate) struct JsonLinesReader {
    lines: Lines,
    schema: SchemaRef,
    hashes_rows: bool,
}

#[derive(Debug)]
struct Lines {
    source: Utf8Reader,
    text: Vec<u8>,
    at: usize,
    is_ended: bool,
    row: u64,
}

impl Lines {
    /// The next line that is not blank, and its number; `None` at the end.
    fn next_line(&mut self) -> io::Result<Option<(u64, &str)>> {
        let range = loop {
            let found = self.text[self.at..].iter().position(|b| *b == b'\n');
            let range = match found {
                Some(n) => self.at..self.at + n,
                None if self.is_ended && self.at == self.text.len() => return Ok(None),
                None if self.is_ended => self.at..self.text.len(),
                None => {
                    self.text.drain(..self.at);
                    self.at = 0;
                    self.is_ended = !self.source.append_to(&mut self.text)?;
                    continue;
                }
            };
            self.at = (range.end + 1).min(self.text.len());
            self.row += 1;
            if !self.text[range.clone()].trim_ascii().is_empty() {
                break range;
            }
        };
        let line = std::str::from_utf8(&self.text[range])
            .map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e))?;
        Ok(Some((self.row, line)))
    }
}

impl JsonLinesReader {
    /// A reader for the keys that the schema names.
    pub(crate) fn new(source: Utf8Reader, schema: SchemaRef, hashes_rows: bool) -> JsonLinesReader {
        let lines = Lines { source, text: Vec::new(), at: 0, is_ended: false, row: 0 };
        JsonLinesReader { lines, schema, hashes_rows }
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
            let Some((row, line)) = self.lines.next_line()? else { break };
            let Ok(Value::Object(object)) = serde_json::from_str::<Value>(line) else {
                ragged.push((row, line.chars().take(80).collect()));
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
                hashes.push(hash_bytes(line.trim().as_bytes()));
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

/// The keys of the first lines, those of each line in the order of the alphabet, nested ones joined by dots.
pub(crate) fn keys_of(text: &[u8], max_rows: usize) -> Vec<String> {
    let mut keys: Vec<String> = Vec::new();
    let lines =
        text.split(|b| *b == b'\n').filter(|line| !line.trim_ascii().is_empty()).take(max_rows);
    for line in lines {
        if let Ok(Value::Object(object)) = serde_json::from_slice::<Value>(line) {
            add_keys(&object, "", &mut keys);
        }
    }
    keys
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
