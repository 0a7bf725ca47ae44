//! Spearman's rank correlation between forecast and outcome over customers.

use super::correlation::correlation;
use super::{Better, Score};

/// The catalogue's line.
pub const SCORE: Score =
    Score { id: "spearman", name: "Rank correlation", better: Better::Higher, compute: spearman };

/// Pearson's correlation of the ranks, ties sharing their mean rank; 0 where either side is constant.
#[must_use]
pub fn spearman(predicted: &[f64], actual: &[f64], weights: &[f64]) -> f64 {
    let n = predicted.len().min(actual.len()).min(weights.len());
    let weights = &weights[..n];
    correlation(&mean_ranks(&predicted[..n], weights), &mean_ranks(&actual[..n], weights), weights)
}

/// The mean rank of each row among customers, as if a row of weight w stood there w times.
fn mean_ranks(values: &[f64], weights: &[f64]) -> Vec<f64> {
    let mut order: Vec<(f64, u32)> = values.iter().copied().zip(0_u32..).collect();
    order.sort_unstable_by(|left, right| left.0.total_cmp(&right.0));
    let mut ranks = vec![0.0; values.len()];
    let mut below = 0.0;
    for ties in order.chunk_by(|left, right| left.0 >= right.0) {
        let tied: f64 = ties.iter().map(|&(_, row)| weights[row as usize]).sum();
        for &(_, row) in ties {
            ranks[row as usize] = below + 0.5 * tied;
        }
        below += tied;
    }
    ranks
}
