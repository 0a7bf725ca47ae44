//! Rows side by side, so that each step of a likelihood is one vector operation for several customers.

use super::likelihood_pass::{WithSlopes, add_weighted};
use crate::PurchaseHistory;

/// Rows that are worked on side by side: a few registers full, so that several operations are under way at once.
pub(super) const LANES: usize = 32;

/// One number for each of the rows side by side.
pub(super) type Lanes = [f64; LANES];

/// The histories of a block of rows, column by column.
#[derive(Debug, Clone, Copy)]
pub(super) struct RowBlock {
    /// Repeat purchases.
    pub(super) counts: [u32; LANES],
    /// The same as numbers, x.
    pub(super) x: Lanes,
    /// t_x.
    pub(super) last: Lanes,
    /// T.
    pub(super) age: Lanes,
    /// Customers; 0 where the block is not full.
    pub(super) weights: Lanes,
}

impl RowBlock {
    /// The rows and weights of `row_of(0)`, `row_of(1)`, ... up to `n`; the last of them, with weight 0, where the block
    /// is longer. There is at least one row.
    #[inline(always)]
    pub(super) fn new<'a>(
        n: usize,
        row_of: impl Fn(usize) -> (&'a PurchaseHistory, f64),
    ) -> RowBlock {
        let blank = [0.0; LANES];
        let mut block =
            RowBlock { counts: [0; LANES], x: blank, last: blank, age: blank, weights: blank };
        for k in 0..LANES {
            let (row, weight) = row_of(k.min(n - 1));
            block.counts[k] = row.repeat_purchases();
            block.x[k] = f64::from(row.repeat_purchases());
            block.last[k] = row.last_purchase_age();
            block.age[k] = row.age();
            block.weights[k] = if k < n { weight } else { 0.0 };
        }
        block
    }
}

/// Sums that are kept apart for each place in a block.
#[derive(Debug, Clone, Copy)]
pub(super) struct BlockSums<const N: usize> {
    ln_likelihood: Lanes,
    slopes: [Lanes; N],
    by_row: WithSlopes<N>,
}

impl<const N: usize> BlockSums<N> {
    /// Nothing yet.
    #[inline(always)]
    pub(super) fn new() -> Self {
        let by_row = (0.0, [0.0; N]);
        Self { ln_likelihood: [0.0; LANES], slopes: [[0.0; LANES]; N], by_row }
    }

    /// Adds a row that went its own way.
    #[inline(always)]
    pub(super) fn add_row(&mut self, weight: f64, row: WithSlopes<N>) {
        add_weighted(&mut self.by_row, weight, row);
    }

    /// Adds a block; where any of its numbers is none, for want of range, all of it as `row_of` gives it row by row.
    #[inline(always)]
    pub(super) fn add_block(
        &mut self,
        weights: &Lanes,
        ln_likelihood: &Lanes,
        slopes: &[Lanes; N],
        row_of: impl Fn(usize) -> WithSlopes<N>,
    ) {
        let mut nothing = [0.0; LANES];
        for k in 0..LANES {
            nothing[k] = ln_likelihood[k] * 0.0;
        }
        for slope in slopes {
            for k in 0..LANES {
                nothing[k] += slope[k] * 0.0;
            }
        }
        if nothing.iter().any(|nothing| nothing.is_nan()) {
            for (k, weight) in weights.iter().enumerate().filter(|(_, weight)| **weight > 0.0) {
                self.add_row(*weight, row_of(k));
            }
            return;
        }
        for k in 0..LANES {
            self.ln_likelihood[k] += weights[k] * ln_likelihood[k];
        }
        for (sums, slopes) in self.slopes.iter_mut().zip(slopes) {
            for k in 0..LANES {
                sums[k] += weights[k] * slopes[k];
            }
        }
    }

    /// All together.
    #[inline(always)]
    pub(super) fn total(&self) -> WithSlopes<N> {
        let mut total = self.by_row;
        total.0 += self.ln_likelihood.iter().sum::<f64>();
        for (slope, lanes) in total.1.iter_mut().zip(&self.slopes) {
            *slope += lanes.iter().sum::<f64>();
        }
        total
    }
}
