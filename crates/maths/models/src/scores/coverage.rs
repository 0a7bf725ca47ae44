//! Coverage: how often the outcome fell inside its interval.

/// Share of customers whose `actual` lies within [low, high], ends included; 0 without customers.
///
/// ```
/// use clv_models::scores::coverage;
/// assert!((coverage(&[0.0, 2.0], &[1.0, 3.0], &[1.0, 4.0], &[3.0, 1.0]) - 0.75).abs() < 1e-15);
/// ```
#[must_use]
pub fn coverage(low: &[f64], high: &[f64], actual: &[f64], weights: &[f64]) -> f64 {
    let (mut inside, mut n) = (0.0, 0.0);
    for (((&low, &high), &actual), &weight) in low.iter().zip(high).zip(actual).zip(weights) {
        if low <= actual && actual <= high {
            inside += weight;
        }
        n += weight;
    }
    if n > 0.0 { inside / n } else { 0.0 }
}
