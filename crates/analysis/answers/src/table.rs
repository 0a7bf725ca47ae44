//! A table of results: named columns of one length, each with its unit.
//!
//! Per-customer answers are tables, because a million customers as a million structs would be slow to
//! make and slow to write. Every surface turns a [`Table`] into what it needs: CSV, Parquet, JSON, HTML.

use crate::joined_texts::JoinedTexts;

/// The values of one column, one entry for each row.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Text, such as a customer id that is not a number.
    Text(Vec<String>),
    /// Whole numbers: counts, or customer ids that came as integers.
    Integer(Vec<i64>),
    /// Real numbers; NaN never occurs.
    Real(Vec<f64>),
    /// Real numbers that may be unknown.
    OptionalReal(Vec<Option<f64>>),
    /// Days since 1970-01-01.
    Date(Vec<i32>),
    /// Days since 1970-01-01 that may be unknown.
    OptionalDate(Vec<Option<i32>>),
    /// Yes or no.
    Truth(Vec<bool>),
    /// Text that rows share in part, such as a reason.
    Joined(JoinedTexts),
    /// One text for all rows, such as a definition id.
    Same(String, usize),
}

impl Values {
    /// The number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Values::Text(v) => v.len(),
            Values::Integer(v) => v.len(),
            Values::Real(v) => v.len(),
            Values::OptionalReal(v) => v.len(),
            Values::Date(v) => v.len(),
            Values::OptionalDate(v) => v.len(),
            Values::Truth(v) => v.len(),
            Values::Joined(v) => v.len(),
            Values::Same(_, n) => *n,
        }
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// One column of a [`Table`].
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// The glossary's name, such as `residual_value`.
    pub name: String,
    /// The unit: `count`, `money`, `probability`, `week`; empty where there is none.
    pub unit: String,
    /// One value for each row.
    pub values: Values,
}

/// Columns of one length.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    columns: Vec<Column>,
}

impl Table {
    /// A table without columns.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// This table with one more column at its right.
    ///
    /// # Panics
    /// Where the column's length differs from the table's: a programming error, never a matter of data.
    #[must_use]
    pub fn with(mut self, name: &str, unit: &str, values: Values) -> Self {
        if let Some(first) = self.columns.first() {
            assert_eq!(first.values.len(), values.len(), "column {name} has another length");
        }
        self.columns.push(Column { name: name.to_owned(), unit: unit.to_owned(), values });
        self
    }

    /// The columns, left to right.
    #[must_use]
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The columns, left to right, given away.
    #[must_use]
    pub fn into_columns(self) -> Vec<Column> {
        self.columns
    }

    /// The column of that name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The number of rows.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        self.columns.first().map_or(0, |column| column.values.len())
    }
}
