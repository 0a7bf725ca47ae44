//! How good a forecast was: one number for each way to ask.
//!
//! Rows are customers: predicted and actual counts (or values), and the number of customers that share the row.
//! A row of weight 0 counts for nothing. Scores are never NaN for finite rows; each says what it is where it
//! would be undefined.

pub mod bias;
pub mod correlation;
pub mod coverage;
pub mod mae;
pub mod msle;
pub mod normalized_gini;
pub mod probability_integral;
pub mod rmse;
pub mod spearman;

pub use coverage::coverage;
pub use probability_integral::ProbabilityIntegral;

/// Which way is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// The lower the better.
    Lower,
    /// The higher the better.
    Higher,
    /// The nearer to zero the better.
    NearZero,
}

/// A forecast score.
#[derive(Debug, Clone, Copy)]
pub struct Score {
    /// Its id, the name of its column in a backtest.
    pub id: &'static str,
    /// Its name for people.
    pub name: &'static str,
    /// Which way is better.
    pub better: Better,
    /// The score of `predicted` against `actual`, each row shared by its weight of customers. Slices of
    /// different lengths are compared up to the shortest.
    pub compute: fn(predicted: &[f64], actual: &[f64], weights: &[f64]) -> f64,
}

/// All scores of point forecasts; [`coverage()`] takes intervals and stands by itself.
///
/// ```
/// let rmse = clv_models::scores::catalogue().iter().find(|score| score.id == "rmse");
/// let compute = rmse.expect("it is in the list").compute;
/// assert!(((compute)(&[1.0, 3.0], &[1.0, 1.0], &[1.0, 1.0]) - 2.0_f64.sqrt()).abs() < 1e-15);
/// ```
#[must_use]
pub fn catalogue() -> &'static [Score] {
    &[
        bias::SCORE,
        mae::SCORE,
        rmse::SCORE,
        correlation::SCORE,
        spearman::SCORE,
        msle::SCORE,
        normalized_gini::SCORE,
    ]
}

/// The mean of `loss` over customers; 0 where there are none.
fn mean_loss(
    predicted: &[f64],
    actual: &[f64],
    weights: &[f64],
    loss: impl Fn(f64, f64) -> f64,
) -> f64 {
    let (mut sum, mut n) = (0.0, 0.0);
    for ((&predicted, &actual), &weight) in predicted.iter().zip(actual).zip(weights) {
        sum += weight * loss(predicted, actual);
        n += weight;
    }
    if n > 0.0 { sum / n } else { 0.0 }
}
