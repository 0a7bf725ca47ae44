//! What weighted draws are worth, and equally weighted ones made from them.

/// Effective sample size for the weighted mean of `values`: their variance over the variance of their mean.
///
/// `weights` sum to 1 and are as many as the values. The variance of a self-normalised mean is the sum of squared
/// weighted deviations [Owen2013, chapter 9]. Not above the number of values; NaN where the values do not vary.
///
/// ```
/// use clv_numerics::posterior::effective_sample_size_of_mean;
/// assert_eq!(effective_sample_size_of_mean(&[1.0, 3.0, 1.0, 3.0], &[0.25; 4]), 4.0);
/// ```
#[must_use]
pub fn effective_sample_size_of_mean(values: &[f64], weights: &[f64]) -> f64 {
    let pairs = || values.iter().zip(weights);
    let mean: f64 = pairs().map(|(value, weight)| weight * value).sum();
    let variance: f64 = pairs().map(|(value, weight)| weight * (value - mean).powi(2)).sum();
    let of_mean: f64 = pairs().map(|(value, weight)| (weight * (value - mean)).powi(2)).sum();
    (variance / of_mean).min(values.len() as f64)
}

/// The positions of `n_draws` equally weighted draws that stand for the weighted ones, by systematic resampling.
///
/// `weights` sum to 1; `offset` in [0, 1) is where the comb of `n_draws` teeth begins, uniform at random for
/// unbiased draws. A draw of weight w appears floor or ceil of w times `n_draws` times; positions ascend.
///
/// ```
/// use clv_numerics::posterior::equalised;
/// assert_eq!(equalised(&[0.5, 0.0, 0.25, 0.25], 4, 0.5), [0, 0, 2, 3]);
/// ```
#[must_use]
pub fn equalised(weights: &[f64], n_draws: usize, offset: f64) -> Vec<usize> {
    let mut positions = Vec::with_capacity(n_draws);
    let mut below = 0.0;
    for (position, weight) in weights.iter().enumerate() {
        below += weight * n_draws as f64;
        while positions.len() < n_draws && positions.len() as f64 + offset < below {
            positions.push(position);
        }
    }
    // Weights that sum to a hair less than 1 may leave the last tooth in the air.
    let last = weights.iter().rposition(|weight| *weight > 0.0).unwrap_or(0);
    positions.resize(n_draws, last);
    positions
}
