//! How many independent draws a set of chains is worth.

use super::ranks::{are_usable, halves, mean_and_variance, normal_scores, pooled_quantile};

/// Effective sample size for the centre of one parameter's distribution: that of the normal scores.
///
/// `chains` holds the draws of each chain, as many of each [VehtariEtAl2021]. NaN with fewer than four
/// draws a chain or a draw that is no number; the number of draws where all are equal. Chains that swing from side
/// to side are worth more than as many independent draws.
///
/// ```
/// use clv_numerics::posterior::bulk_effective_sample_size;
/// let stuck: Vec<f64> = (0..100).map(|i| f64::from(i / 10)).collect();
/// assert!(bulk_effective_sample_size(&[stuck]) < 10.0);
/// ```
#[must_use]
pub fn bulk_effective_sample_size(chains: &[Vec<f64>]) -> f64 {
    if !are_usable(chains) {
        return f64::NAN;
    }
    effective_sample_size(&normal_scores(&halves(chains)))
}

/// Effective sample size for the 5 % and 95 % quantiles of one parameter: the smaller of the two.
///
/// As [`bulk_effective_sample_size`], of the indicators of lying below a quantile [VehtariEtAl2021].
#[must_use]
pub fn tail_effective_sample_size(chains: &[Vec<f64>]) -> f64 {
    if !are_usable(chains) {
        return f64::NAN;
    }
    let of_tail = |level: f64| {
        let quantile = pooled_quantile(chains, level);
        let indicators: Vec<Vec<f64>> = chains
            .iter()
            .map(|chain| chain.iter().map(|&x| f64::from(u8::from(x <= quantile))).collect())
            .collect();
        effective_sample_size(&halves(&indicators))
    };
    of_tail(0.05).min(of_tail(0.95))
}

/// From the chains' autocorrelations, summed in pairs for as long as they stay positive and made to fall
/// [Geyer1992].
fn effective_sample_size(chains: &[Vec<f64>]) -> f64 {
    let n_draws = chains[0].len();
    let n = n_draws as f64;
    let n_all = n * chains.len() as f64;
    let (means, variances): (Vec<f64>, Vec<f64>) =
        chains.iter().map(|chain| mean_and_variance(chain)).unzip();
    let within = mean_and_variance(&variances).0;
    let between = if chains.len() > 1 { mean_and_variance(&means).1 } else { 0.0 };
    let pooled = within * (n - 1.0) / n + between;
    if pooled <= 0.0 {
        return n_all;
    }
    let autocovariance = |lag: usize| -> f64 {
        let sum: f64 = chains
            .iter()
            .zip(&means)
            .map(|(chain, mean)| {
                let pairs = chain.iter().zip(&chain[lag..]);
                pairs.map(|(early, late)| (early - mean) * (late - mean)).sum::<f64>()
            })
            .sum();
        sum / n_all
    };
    let correlation =
        |lag: usize| if lag == 0 { 1.0 } else { 1.0 - (within - autocovariance(lag)) / pooled };
    let mut sum = 0.0;
    let mut smallest = f64::INFINITY;
    for lag in (0..n_draws.saturating_sub(1)).step_by(2) {
        let even = correlation(lag);
        let pair = even + correlation(lag + 1);
        if pair <= 0.0 {
            // What the first rejected pair has of positive correlation still counts, once.
            sum += 0.5 * even.max(0.0);
            break;
        }
        smallest = smallest.min(pair);
        sum += smallest;
    }
    // Antithetic chains may be worth more than their draws, but not without limit.
    let time = (2.0 * sum - 1.0).max(1.0 / n_all.log10());
    n_all / time
}
