//! Customers who stand in a histories file twice: each would be counted and forecast twice.

use std::collections::HashMap;
use std::hash::Hash;

use crate::error::EngineError;
use crate::plans::CustomerIds;

/// The first customer who stands twice, by their two places among the ids.
pub(super) fn repeated(ids: &CustomerIds) -> Option<(usize, usize)> {
    match ids {
        CustomerIds::Integer(ids) => first_repeat(ids),
        CustomerIds::Text(ids) => first_repeat(ids),
    }
}

fn first_repeat<T: Ord + Hash + Eq>(ids: &[T]) -> Option<(usize, usize)> {
    // As clv writes them, ids rise: then nobody stands twice, and nothing need be remembered.
    if ids.is_sorted_by(|one, next| one < next) {
        return None;
    }
    let mut places: HashMap<&T, usize> = HashMap::with_capacity(ids.len());
    ids.iter().enumerate().find_map(|(place, id)| Some((places.insert(id, place)?, place)))
}

/// Where customers stand: stretches of rows that follow one another in one file.
#[derive(Debug, Default)]
pub(super) struct Stretches {
    /// The first customer of a stretch, the file, and the row.
    starts: Vec<(usize, String, u64)>,
}

impl Stretches {
    /// Notes the rows of a batch whose first customer is the `start`th; a batch without gaps need only tell its first row.
    pub(super) fn note(&mut self, start: usize, path: &str, rows: impl IntoIterator<Item = u64>) {
        let mut expected = None;
        for (i, row) in rows.into_iter().enumerate() {
            if expected != Some(row) {
                self.starts.push((start + i, path.to_owned(), row));
            }
            expected = Some(row + 1);
        }
    }

    fn of(&self, place: usize) -> (&str, u64) {
        let after = self.starts.partition_point(|(start, ..)| *start <= place);
        let Some((start, path, row)) = after.checked_sub(1).map(|at| &self.starts[at]) else {
            return ("", 0);
        };
        (path, row + (place - start) as u64)
    }

    /// Refuses the customer at two places.
    pub(super) fn refuse(
        &self,
        ids: &CustomerIds,
        column: &str,
        first: usize,
        second: usize,
    ) -> EngineError {
        let value = match ids {
            CustomerIds::Integer(ids) => ids[second].to_string(),
            CustomerIds::Text(ids) => ids[second].clone(),
        };
        let ((first_path, first_row), (path, row)) = (self.of(first), self.of(second));
        EngineError::TwoHistories {
            path: path.to_owned(),
            row,
            column: column.to_owned(),
            value,
            first_path: first_path.to_owned(),
            first_row,
        }
    }
}
