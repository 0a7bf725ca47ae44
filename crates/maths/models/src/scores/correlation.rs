//! Pearson's correlation between forecast and outcome over customers.

use super::{Better, Score, mean_loss};

/// The catalogue's line.
pub const SCORE: Score =
    Score { id: "correlation", name: "Correlation", better: Better::Higher, compute: correlation };

/// Pearson's correlation; 0 where either side is constant, because then it says nothing.
#[must_use]
pub fn correlation(predicted: &[f64], actual: &[f64], weights: &[f64]) -> f64 {
    let mean_predicted = mean_loss(predicted, actual, weights, |predicted, _| predicted);
    let mean_actual = mean_loss(predicted, actual, weights, |_, actual| actual);
    let (mut both, mut predicted_square, mut actual_square) = (0.0, 0.0, 0.0);
    for ((&predicted, &actual), &weight) in predicted.iter().zip(actual).zip(weights) {
        let (from_predicted, from_actual) = (predicted - mean_predicted, actual - mean_actual);
        both += weight * from_predicted * from_actual;
        predicted_square += weight * from_predicted * from_predicted;
        actual_square += weight * from_actual * from_actual;
    }
    // A constant column's squares are rounding errors of its mean, not spread.
    let n: f64 = weights.iter().sum();
    let noise = |mean: f64| n * (8.0 * f64::EPSILON * mean).powi(2);
    if predicted_square <= noise(mean_predicted) || actual_square <= noise(mean_actual) {
        return 0.0;
    }
    (both / predicted_square.sqrt() / actual_square.sqrt()).clamp(-1.0, 1.0)
}
