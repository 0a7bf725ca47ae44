//! Mean absolute error over customers.

use super::{Better, Score, mean_loss};

/// The catalogue's line.
pub const SCORE: Score =
    Score { id: "mae", name: "Mean absolute error", better: Better::Lower, compute: mae };

/// Mean of |predicted - actual| over customers; 0 without customers.
#[must_use]
pub fn mae(predicted: &[f64], actual: &[f64], weights: &[f64]) -> f64 {
    mean_loss(predicted, actual, weights, |predicted, actual| (predicted - actual).abs())
}
