//! What trees split on: columns of numbers, NaN where nothing is known.

/// Features by column, all of one length.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureTable {
    columns: Vec<Vec<f64>>,
    monotone: Vec<Monotone>,
    n_rows: usize,
}

/// How predictions may answer to a feature that grows while all others stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Monotone {
    /// Either way.
    Free,
    /// They never fall.
    Rising,
    /// They never rise.
    Falling,
}

/// Columns that make no table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FeatureError {
    /// A column of another length.
    #[error("feature {feature} has {found} rows, expected {expected} as in the first column")]
    Length {
        /// Position of the column.
        feature: usize,
        /// Its rows.
        found: usize,
        /// The rows of the first column.
        expected: usize,
    },
    /// Not one direction for each column.
    #[error("there are {columns} features and {directions} monotone directions, expected one each")]
    Directions {
        /// Columns given.
        columns: usize,
        /// Directions given.
        directions: usize,
    },
}

impl FeatureTable {
    /// The table of `columns` (one vector for each feature, one f64 for each row, NaN where missing), with the
    /// direction that each feature must keep to.
    ///
    /// ```
    /// use clv_numerics::boosted_trees::{FeatureTable, Monotone};
    /// let table = FeatureTable::new(vec![vec![1.0, f64::NAN]], vec![Monotone::Free])?;
    /// assert_eq!((table.n_rows(), table.n_features()), (2, 1));
    /// # Ok::<(), clv_numerics::boosted_trees::FeatureError>(())
    /// ```
    ///
    /// # Errors
    /// [`FeatureError`] where lengths differ.
    pub fn new(columns: Vec<Vec<f64>>, monotone: Vec<Monotone>) -> Result<Self, FeatureError> {
        if columns.len() != monotone.len() {
            let (columns, directions) = (columns.len(), monotone.len());
            return Err(FeatureError::Directions { columns, directions });
        }
        let n_rows = columns.first().map_or(0, Vec::len);
        if let Some(feature) = columns.iter().position(|column| column.len() != n_rows) {
            let found = columns[feature].len();
            return Err(FeatureError::Length { feature, found, expected: n_rows });
        }
        Ok(Self { columns, monotone, n_rows })
    }

    /// The number of rows.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// The number of features.
    #[must_use]
    pub fn n_features(&self) -> usize {
        self.columns.len()
    }

    /// The columns, one f64 for each row.
    #[must_use]
    pub fn columns(&self) -> &[Vec<f64>] {
        &self.columns
    }

    /// The direction of each feature.
    #[must_use]
    pub fn monotone(&self) -> &[Monotone] {
        &self.monotone
    }

    /// The rows at `positions`, in their order.
    ///
    /// # Panics
    /// Where there is no such row.
    #[must_use]
    pub fn rows(&self, positions: &[usize]) -> Self {
        let columns = self
            .columns
            .iter()
            .map(|column| positions.iter().map(|&row| column[row]).collect())
            .collect();
        Self { columns, monotone: self.monotone.clone(), n_rows: positions.len() }
    }
}
