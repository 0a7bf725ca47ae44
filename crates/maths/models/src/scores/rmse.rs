//! Root mean squared error over customers.

use super::{Better, Score, mean_loss};

/// The catalogue's line.
pub const SCORE: Score =
    Score { id: "rmse", name: "Root mean squared error", better: Better::Lower, compute: rmse };

/// Root of the mean of (predicted - actual)^2 over customers; 0 without customers.
#[must_use]
pub fn rmse(predicted: &[f64], actual: &[f64], weights: &[f64]) -> f64 {
    mean_loss(predicted, actual, weights, |predicted, actual| (predicted - actual).powi(2)).sqrt()
}
