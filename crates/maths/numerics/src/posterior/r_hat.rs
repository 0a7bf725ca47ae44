//! R-hat: whether chains that started apart have come to agree.

use super::ranks::{are_usable, halves, mean_and_variance, normal_scores, pooled_quantile};

/// Rank-normalised split R-hat of one parameter; 1 where the chains agree, above 1.01 to be distrusted.
///
/// `chains` holds the draws of each chain, as many of each. Every chain is cut in halves, so that a drift within
/// it shows too. The larger one of two is given: that of the normal scores, which sees different locations, and
/// that of the scores of distances from the median, which sees different spreads [VehtariEtAl2021].
/// NaN with fewer than four draws a chain or a draw that is no number; 1 where all draws are equal.
///
/// ```
/// use clv_numerics::posterior::split_r_hat;
/// let near = vec![0.1, 0.7, 0.4, 0.9, 0.3, 0.8, 0.2, 0.6];
/// let far: Vec<f64> = near.iter().map(|draw| draw + 10.0).collect();
/// assert!(split_r_hat(&[near, far]) > 1.5);
/// ```
#[must_use]
pub fn split_r_hat(chains: &[Vec<f64>]) -> f64 {
    if !are_usable(chains) {
        return f64::NAN;
    }
    let halves = halves(chains);
    let median = pooled_quantile(&halves, 0.5);
    let folded: Vec<Vec<f64>> = halves
        .iter()
        .map(|chain| chain.iter().map(|value| (value - median).abs()).collect())
        .collect();
    r_hat(&normal_scores(&halves)).max(r_hat(&normal_scores(&folded)))
}

/// The square root of the pooled variance over that within chains.
fn r_hat(chains: &[Vec<f64>]) -> f64 {
    let n = chains[0].len() as f64;
    let (means, variances): (Vec<f64>, Vec<f64>) =
        chains.iter().map(|chain| mean_and_variance(chain)).unzip();
    let within = mean_and_variance(&variances).0;
    let between = mean_and_variance(&means).1;
    if within <= 0.0 && between <= 0.0 {
        return 1.0;
    }
    (between / within + (n - 1.0) / n).sqrt()
}
