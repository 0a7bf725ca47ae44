//! The first rows of a file, as far as detection needs them.

use arrow::datatypes::DataType;

use crate::heading::{fits, plain};

/// Headings, types and first rows of one file; every file of a folder must have the same columns.
#[derive(Debug, Clone)]
pub struct Sample {
    /// File as the user gave it.
    pub file: String,
    /// Headings, trimmed; `column_1`, `column_2`, ... where the file has none.
    pub headings: Vec<String>,
    /// Whether the headings stand in the file.
    pub has_heading: bool,
    /// The columns' types; `Utf8` for text formats.
    pub types: Vec<DataType>,
    /// The first rows, as many cells each as there are headings; may be empty for typed files.
    pub rows: Vec<Vec<String>>,
    /// Row number of the first of `rows`.
    pub first_row: u64,
}

impl Sample {
    /// The cells of one column, with their row numbers.
    pub fn column(&self, index: usize) -> impl Iterator<Item = (u64, &str)> {
        self.rows.iter().enumerate().filter_map(move |(i, row)| {
            row.get(index).map(|cell| (self.first_row + i as u64, cell.as_str()))
        })
    }

    /// All headings, for messages.
    pub fn heading_list(&self) -> String {
        let shown: Vec<&str> = self.headings.iter().take(40).map(String::as_str).collect();
        let more = self.headings.len() - shown.len();
        let tail = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("{}{tail}", shown.join(", "))
    }

    /// The column with this heading, compared by [`crate::heading::fits`].
    pub fn find(&self, heading: &str) -> Option<usize> {
        self.headings.iter().position(|h| fits(heading, &plain(h)))
    }
}
