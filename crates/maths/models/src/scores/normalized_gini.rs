//! Normalised Gini: how much of the outcome the customers ranked best would have caught, against perfect ranking.

use super::{Better, Score};

/// The catalogue's line.
pub const SCORE: Score = Score {
    id: "normalized_gini",
    name: "Normalised Gini",
    better: Better::Higher,
    compute: normalized_gini,
};

/// Area between the curve of outcome caught and chance, customers taken from highest forecast to lowest, over
/// the same area with customers taken by their outcome: 1 for perfect ranking, 0 for none, down to -1.
///
/// Customers of equal forecast share their outcome evenly, so the order of rows does not matter. 0 where every
/// outcome is the same.
#[must_use]
pub fn normalized_gini(predicted: &[f64], actual: &[f64], weights: &[f64]) -> f64 {
    let n = predicted.len().min(actual.len()).min(weights.len());
    let (predicted, actual, weights) = (&predicted[..n], &actual[..n], &weights[..n]);
    let best = area_above_chance(actual, actual, weights);
    let customers: f64 = weights.iter().sum();
    let outcome: f64 =
        actual.iter().zip(weights).map(|(actual, weight)| weight * actual.abs()).sum();
    if best <= 1e-14 * customers * outcome {
        return 0.0;
    }
    (area_above_chance(predicted, actual, weights) / best).clamp(-1.0, 1.0)
}

/// The area between the curve of outcome caught and the straight line, in customers times outcome.
fn area_above_chance(by: &[f64], actual: &[f64], weights: &[f64]) -> f64 {
    let mut order: Vec<(f64, u32)> = by.iter().copied().zip(0_u32..).collect();
    order.sort_unstable_by(|left, right| right.0.total_cmp(&left.0));
    let (mut caught, mut area, mut customers) = (0.0, 0.0, 0.0);
    for ties in order.chunk_by(|left, right| left.0 <= right.0) {
        let (mut tied_weight, mut tied_outcome) = (0.0, 0.0);
        for &(_, row) in ties {
            let row = row as usize;
            tied_weight += weights[row];
            tied_outcome += weights[row] * actual[row];
        }
        area += tied_weight * (caught + 0.5 * tied_outcome);
        caught += tied_outcome;
        customers += tied_weight;
    }
    area - 0.5 * customers * caught
}
