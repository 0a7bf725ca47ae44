//! Pareto-smoothed importance sampling: tamed weights, and whether to trust them.

use super::GeneralisedPareto;

/// Importance weights after smoothing.
#[derive(Debug, Clone, PartialEq)]
pub struct SmoothedWeights {
    /// One weight for each draw, summing to 1.
    pub weights: Vec<f64>,
    /// Shape of the generalised Pareto law of the largest raw ratios: how the proposals fit the target. Infinite
    /// where no law can be fitted or a ratio is no number.
    pub k_hat: f64,
}

impl SmoothedWeights {
    /// Kish's effective sample size: how many equally weighted draws these are worth.
    #[must_use]
    pub fn effective_sample_size(&self) -> f64 {
        1.0 / self.weights.iter().map(|weight| weight * weight).sum::<f64>()
    }
}

/// The largest k-hat at which means of this many smoothed draws are to be trusted: 1 - 1 / log10(n), and 0.7 at
/// the most [VehtariEtAl2024].
#[must_use]
pub fn largest_good_k_hat(n_draws: usize) -> f64 {
    (1.0 - 1.0 / (n_draws as f64).log10()).clamp(0.0, 0.7)
}

/// Normalised weights from the logarithms of importance ratios (target over proposal, up to one constant).
///
/// The largest ratios, min(n / 5, 3 sqrt(n)) of them, are replaced by the quantiles of the generalised Pareto law
/// fitted to them, and none stays above the largest raw one [VehtariEtAl2024, algorithm 1]. A ratio of minus
/// infinity is a weight of 0. Where no ratio is a number all weights are equal and k-hat is infinite.
///
/// ```
/// use clv_numerics::posterior::smoothed_weights;
/// // One draw carries everything: not to be trusted.
/// let mut ln_ratios = vec![0.0; 200];
/// (0..50).for_each(|i| ln_ratios[i] = 0.5 * i as f64);
/// assert!(smoothed_weights(&ln_ratios).k_hat > 0.7);
/// ```
#[must_use]
pub fn smoothed_weights(ln_ratios: &[f64]) -> SmoothedWeights {
    let n = ln_ratios.len();
    let largest = ln_ratios.iter().copied().filter(|r| r.is_finite()).fold(f64::MIN, f64::max);
    let is_broken = ln_ratios.iter().any(|ratio| ratio.is_nan() || *ratio == f64::INFINITY);
    if is_broken || largest <= f64::MIN {
        return SmoothedWeights { weights: vec![1.0 / n as f64; n], k_hat: f64::INFINITY };
    }
    let mut ratios: Vec<f64> = ln_ratios.iter().map(|ratio| (ratio - largest).exp()).collect();
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&i, &j| ln_ratios[i].total_cmp(&ln_ratios[j]).then(i.cmp(&j)));
    let n_tail = (0.2 * n as f64).min(3.0 * (n as f64).sqrt()).ceil() as usize;
    let mut k_hat = f64::INFINITY;
    if n_tail < n {
        let cut = ratios[order[n - n_tail - 1]].max(f64::MIN_POSITIVE);
        let tail: Vec<usize> =
            order[n - n_tail..].iter().copied().filter(|&i| ratios[i] > cut).collect();
        let excesses: Vec<f64> = tail.iter().map(|&i| ratios[i] - cut).collect();
        if let Some(law) = GeneralisedPareto::fit(&excesses) {
            k_hat = law.shape;
            for (rank, &i) in tail.iter().enumerate() {
                let probability = (rank as f64 + 0.5) / tail.len() as f64;
                ratios[i] = (cut + law.quantile(probability)).min(1.0);
            }
        } else if ratios.iter().all(|ratio| (ratio - 1.0).abs() < 1e-9) {
            // The proposal is the target, to rounding: nothing to smooth and nothing to fear.
            k_hat = 0.0;
        }
    }
    let total: f64 = ratios.iter().sum();
    SmoothedWeights { weights: ratios.iter().map(|ratio| ratio / total).collect(), k_hat }
}
