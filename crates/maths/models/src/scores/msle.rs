//! Mean squared logarithmic error: an error counts by its ratio, not by its size.

use super::{Better, Score, mean_loss};

/// The catalogue's line.
pub const SCORE: Score = Score {
    id: "msle",
    name: "Mean squared logarithmic error",
    better: Better::Lower,
    compute: msle,
};

/// Mean of (ln(1 + predicted) - ln(1 + actual))^2 over customers; 0 without customers.
///
/// Values below 0 (refunds, in a forecast of money) count as 0.
#[must_use]
pub fn msle(predicted: &[f64], actual: &[f64], weights: &[f64]) -> f64 {
    mean_loss(predicted, actual, weights, |predicted, actual| {
        (predicted.max(0.0).ln_1p() - actual.max(0.0).ln_1p()).powi(2)
    })
}
