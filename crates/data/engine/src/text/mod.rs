//! Text files as batches of cells: unpacked, decoded, cut into rows and columns.

pub(crate) mod decode;
pub(crate) mod delimited;
pub(crate) mod json;
pub(crate) mod json_elements;
pub(crate) mod json_shape;
pub(crate) mod layout;

use arrow::array::RecordBatch;

/// Some rows of a text file.
#[derive(Debug)]
pub(crate) struct TextBatch {
    /// The columns asked for, all Utf8.
    pub(crate) batch: RecordBatch,
    /// Row number of each row.
    pub(crate) rows: Vec<u64>,
    /// A hash of each whole row, where asked for.
    pub(crate) hashes: Vec<u64>,
    /// Rows that could not be cut into the columns, by number and beginning.
    pub(crate) ragged: Vec<(u64, String)>,
}

/// Rows in one batch.
pub(crate) const BATCH_ROWS: usize = 8192;
