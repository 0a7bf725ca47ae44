//! The negative binomial distribution by shape and odds: a Poisson count whose mean is gamma distributed with
//! mean shape times odds.

use crate::gamma::ln_gamma;

use super::beta_cdf;

/// P(n) for n = 0 ..= `n_max`; `shape` above 0, `odds` at least 0.
///
/// ```
/// use clv_numerics::distribution::negative_binomial_masses;
/// // Shape 1 is geometric.
/// assert!((negative_binomial_masses(1.0, 1.0, 2)[2] - 0.125).abs() < 1e-15);
/// ```
#[must_use]
pub fn negative_binomial_masses(shape: f64, odds: f64, n_max: usize) -> Vec<f64> {
    let q = odds / (1.0 + odds);
    let mut masses = vec![0.0; n_max + 1];
    // Where P(0) underflows, the recurrence starts at the mode instead.
    let ln_none = -shape * odds.ln_1p();
    let mode = ((shape - 1.0).max(0.0) * odds).min(n_max as f64).floor();
    let start = if ln_none > -600.0 { 0.0 } else { mode };
    let first = start as usize;
    masses[first] = if first == 0 {
        ln_none.exp()
    } else {
        let ln_q = -(1.0 / odds).ln_1p();
        let ln_ways = ln_gamma(shape + start) - ln_gamma(shape) - ln_gamma(start + 1.0);
        (ln_ways + ln_none + start * ln_q).exp()
    };
    for n in first..n_max {
        masses[n + 1] = masses[n] * q * (shape + n as f64) / (n as f64 + 1.0);
    }
    for n in (0..first).rev() {
        masses[n] = masses[n + 1] * (n as f64 + 1.0) / (q * (shape + n as f64));
    }
    masses
}

/// P(N > n); `n` at least 0, in whole numbers.
#[must_use]
pub fn negative_binomial_survival(shape: f64, odds: f64, n: f64) -> f64 {
    beta_cdf(n + 1.0, shape, odds)
}

/// P(N <= n); `n` at least 0, in whole numbers.
#[must_use]
pub fn negative_binomial_cdf(shape: f64, odds: f64, n: f64) -> f64 {
    beta_cdf(shape, n + 1.0, 1.0 / odds)
}
