//! One tree: splits and leaves in a flat list, the root first.

use super::bins::{BinnedTable, MISSING};
use super::features::FeatureTable;

/// A place in a tree.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Node {
    /// Rows whose feature lies in a bin up to `last_bin`, so at or below `threshold`, go left.
    Split {
        feature: u32,
        last_bin: u8,
        threshold: f64,
        missing_goes_left: bool,
        left: u32,
        right: u32,
        /// By how much the split made the second-order loss smaller.
        gain: f64,
    },
    /// What is added to the score of a row that ends here.
    Leaf(f64),
}

/// A grown tree.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tree {
    pub(super) nodes: Vec<Node>,
}

impl Tree {
    /// What the tree adds to the score of a row of the table it was grown on.
    pub(super) fn of_binned_row(&self, table: &BinnedTable, row: usize) -> f64 {
        self.descend(|feature, last_bin, _| match table.columns[feature][row] {
            MISSING => None,
            bin => Some(bin <= last_bin),
        })
    }

    /// What the tree adds to the score of a row.
    pub(super) fn of_row(&self, table: &FeatureTable, row: usize) -> f64 {
        self.descend(|feature, _, threshold| {
            let value = table.columns()[feature][row];
            (!value.is_nan()).then_some(value <= threshold)
        })
    }

    /// Follows the splits; `goes_left` says nothing where the feature is missing.
    fn descend(&self, goes_left: impl Fn(usize, u8, f64) -> Option<bool>) -> f64 {
        let mut at = 0;
        loop {
            match self.nodes[at] {
                Node::Leaf(value) => return value,
                Node::Split {
                    feature,
                    last_bin,
                    threshold,
                    missing_goes_left,
                    left,
                    right,
                    ..
                } => {
                    let is_left = goes_left(feature as usize, last_bin, threshold)
                        .unwrap_or(missing_goes_left);
                    at = if is_left { left } else { right } as usize;
                }
            }
        }
    }
}
