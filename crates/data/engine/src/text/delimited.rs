//! Delimited text as batches: the columns asked for, with row numbers, ragged rows apart.

use std::io;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, StringBuilder};
use arrow::datatypes::SchemaRef;
use clv_tables::hash::hash_bytes;
use csv_core::ReadRecordResult;

use super::decode::Utf8Reader;
use super::layout::{Delimiter, Layout};
use super::{BATCH_ROWS, TextBatch};

/// Reads a delimited file from its first row of data.
#[derive(Debug)]
pub(crate) struct DelimitedReader {
    source: Utf8Reader,
    core: csv_core::Reader,
    delimiter: Delimiter,
    n_columns: usize,
    /// Where each column that is asked for goes, by its position in the file.
    wanted: Vec<(usize, usize)>,
    schema: SchemaRef,
    hashes_rows: bool,
    text: Vec<u8>,
    at: usize,
    is_ended: bool,
    cells: Vec<u8>,
    ends: Vec<usize>,
    n_ends: usize,
    next_row: u64,
}

impl DelimitedReader {
    /// A reader for the columns at these positions; the schema has their names.
    ///
    /// # Errors
    /// When the rows before the data cannot be read.
    pub(crate) fn new(
        source: Utf8Reader,
        layout: &Layout,
        positions: &[usize],
        schema: SchemaRef,
        hashes_rows: bool,
    ) -> io::Result<DelimitedReader> {
        let byte = match layout.delimiter {
            Delimiter::Byte(byte) => byte,
            Delimiter::Spaces => b' ',
        };
        let mut wanted: Vec<(usize, usize)> =
            positions.iter().enumerate().map(|(to, from)| (*from, to)).collect();
        wanted.sort_unstable();
        let mut reader = DelimitedReader {
            source,
            core: csv_core::ReaderBuilder::new().delimiter(byte).build(),
            delimiter: layout.delimiter,
            n_columns: layout.headings.len(),
            wanted,
            schema,
            hashes_rows,
            text: Vec::new(),
            at: 0,
            is_ended: false,
            cells: vec![0; 4096],
            ends: vec![0; layout.headings.len() + 16],
            n_ends: 0,
            next_row: 1,
        };
        for _ in 0..layout.n_preamble + usize::from(layout.has_heading) {
            reader.read_row()?;
        }
        Ok(reader)
    }

    /// The next rows; `None` at the end.
    ///
    /// # Errors
    /// When reading fails.
    pub(crate) fn next_batch(&mut self) -> io::Result<Option<TextBatch>> {
        let mut columns: Vec<StringBuilder> = self
            .wanted
            .iter()
            .map(|_| StringBuilder::with_capacity(BATCH_ROWS, BATCH_ROWS * 12))
            .collect();
        let (mut rows, mut hashes, mut ragged) =
            (Vec::with_capacity(BATCH_ROWS), Vec::new(), Vec::new());
        while rows.len() < BATCH_ROWS && ragged.len() < BATCH_ROWS && self.read_row()? {
            let row = self.next_row - 1;
            let ends = &self.ends[..self.n_ends];
            let n_bytes = ends.last().copied().unwrap_or(0);
            // A cut inside a cell would have been between characters: the text is UTF-8 and the delimiters are ASCII.
            let cells = std::str::from_utf8(&self.cells[..n_bytes])
                .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
            let last_wanted = self.wanted.last().map_or(0, |(from, _)| from + 1);
            let is_short = ends.len() < last_wanted;
            let extra =
                ends.get(self.n_columns - 1).map_or("", |end| cells.get(*end..).unwrap_or(""));
            let is_blank = cells.trim().is_empty();
            if is_blank && ends.len() <= self.n_columns {
                // A line of delimiters alone is how spreadsheets end their exports.
                continue;
            }
            if is_short || !extra.trim().is_empty() {
                ragged.push((row, shown(cells, ends)));
                continue;
            }
            for (from, to) in &self.wanted {
                let start = if *from == 0 { 0 } else { ends[from - 1] };
                columns[*to].append_value(&cells[start..ends[*from]]);
            }
            rows.push(row);
            if self.hashes_rows {
                hashes.push(hash_row(cells.as_bytes(), ends));
            }
        }
        if rows.is_empty() && ragged.is_empty() && self.is_ended && self.at >= self.text.len() {
            return Ok(None);
        }
        let arrays: Vec<ArrayRef> =
            columns.iter_mut().map(|column| Arc::new(column.finish()) as ArrayRef).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
        let batch = RecordBatch::try_new_with_options(Arc::clone(&self.schema), arrays, &options)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        Ok(Some(TextBatch { batch, rows, hashes, ragged }))
    }

    /// Reads one row into `cells` and `ends`; false at the end.
    fn read_row(&mut self) -> io::Result<bool> {
        match self.delimiter {
            Delimiter::Spaces => self.read_spaced(),
            Delimiter::Byte(_) => self.read_delimited(),
        }
    }

    fn read_delimited(&mut self) -> io::Result<bool> {
        let (mut n_cells, mut n_ends) = (0, 0);
        loop {
            if self.at == self.text.len() && !self.is_ended {
                self.refill()?;
            }
            let (result, n_in, n_out, n) = self.core.read_record(
                &self.text[self.at..],
                &mut self.cells[n_cells..],
                &mut self.ends[n_ends..],
            );
            self.at += n_in;
            n_cells += n_out;
            n_ends += n;
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => self.cells.resize(self.cells.len() * 2, 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                ReadRecordResult::Record => {
                    self.n_ends = n_ends;
                    self.next_row += 1;
                    return Ok(true);
                }
                ReadRecordResult::End => return Ok(false),
            }
        }
    }

    fn read_spaced(&mut self) -> io::Result<bool> {
        loop {
            let line = loop {
                if let Some(n) = self.text[self.at..].iter().position(|b| *b == b'\n') {
                    let line = self.at..self.at + n;
                    self.at += n + 1;
                    break line;
                }
                if self.is_ended {
                    let line = self.at..self.text.len();
                    self.at = self.text.len();
                    if line.is_empty() {
                        return Ok(false);
                    }
                    break line;
                }
                self.refill()?;
            };
            self.next_row += 1;
            let (mut n_cells, mut n_ends) = (0, 0);
            for cell in
                self.text[line].split(u8::is_ascii_whitespace).filter(|cell| !cell.is_empty())
            {
                if self.cells.len() < n_cells + cell.len() {
                    self.cells.resize(2 * (n_cells + cell.len()), 0);
                }
                if self.ends.len() <= n_ends {
                    self.ends.resize(2 * n_ends + 1, 0);
                }
                self.cells[n_cells..n_cells + cell.len()].copy_from_slice(cell);
                n_cells += cell.len();
                self.ends[n_ends] = n_cells;
                n_ends += 1;
            }
            if n_ends > 0 {
                self.n_ends = n_ends;
                return Ok(true);
            }
        }
    }

    fn refill(&mut self) -> io::Result<()> {
        self.text.drain(..self.at);
        self.at = 0;
        self.is_ended = !self.source.append_to(&mut self.text)?;
        Ok(())
    }
}

fn hash_row(cells: &[u8], ends: &[usize]) -> u64 {
    // The places of the cuts belong to the row: "ab","c" is not "a","bc".
    let cuts = ends.iter().fold(0_u64, |sum, end| sum.rotate_left(7) ^ *end as u64);
    hash_bytes(cells) ^ clv_tables::hash::hash_number(cuts)
}

/// The beginning of a row for a message, its cells set apart.
fn shown(cells: &str, ends: &[usize]) -> String {
    let mut start = 0;
    let mut parts = Vec::with_capacity(ends.len());
    for end in ends {
        parts.push(cells.get(start..*end).unwrap_or(""));
        start = *end;
    }
    parts.join(" | ").chars().take(80).collect()
}
