//! Bias: by how much the total is over- or under-forecast, as a share of the actual total.

use super::{Better, Score};

/// The catalogue's line.
pub const SCORE: Score =
    Score { id: "bias", name: "Bias of the total", better: Better::NearZero, compute: bias };

/// (predicted total - actual total) / actual total.
///
/// Where nothing happened it is the predicted total over one purchase, and 0 where nothing was predicted either.
#[must_use]
pub fn bias(predicted: &[f64], actual: &[f64], weights: &[f64]) -> f64 {
    let (mut foreseen, mut happened) = (0.0, 0.0);
    for ((&predicted, &actual), &weight) in predicted.iter().zip(actual).zip(weights) {
        foreseen += weight * predicted;
        happened += weight * actual;
    }
    (foreseen - happened) / if happened.abs() > 0.0 { happened.abs() } else { 1.0 }
}
