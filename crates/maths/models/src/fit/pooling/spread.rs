//! The spread between groups at which what the groups say is most likely.
//!
//! Around the present effects each group's log-likelihood is b·u - u·Du/2 but for a constant. With u normal of
//! standard deviations σ the integral over u is -ln|I + σDσ|/2 + w·(I + σDσ)⁻¹w/2, w = σb, which is exact for that
//! quadratic, has no pole at σ = 0 and costs nothing beside a pass over the data.

use clv_numerics::linear_algebra::SymmetricMatrix;

/// A spread this small is none: groups differ by less than 0.1 %.
pub(super) const LEAST_SPREAD: f64 = 1e-3;

/// Groups that differ by more than a factor of 20 either way are no groups of one population.
const LARGEST_SPREAD: f64 = 3.0;

/// Trial spreads, evenly in the logarithm, before the best is refined.
const N_TRIALS: usize = 33;

/// What one group says about its effects: a quadratic.
#[derive(Debug, Clone)]
pub(super) struct Outlook {
    curvature: SymmetricMatrix,
    pull: Vec<f64>,
}

impl Outlook {
    /// From curvature and slopes at the present effects.
    pub(super) fn new(curvature: &SymmetricMatrix, slopes: &[f64], effects: &[f64]) -> Self {
        let pull = (0..effects.len())
            .map(|i| {
                let bent: f64 =
                    effects.iter().enumerate().map(|(j, u)| curvature.at(i, j) * u).sum();
                slopes[i] + bent
            })
            .collect();
        Self { curvature: curvature.clone(), pull }
    }

    fn ln_marginal(&self, spreads: &[f64]) -> f64 {
        let scaled = SymmetricMatrix::from_fn(spreads.len(), |i, j| {
            let unit = if i == j { 1.0 } else { 0.0 };
            unit + spreads[i] * self.curvature.at(i, j) * spreads[j]
        });
        let eigen = scaled.eigen();
        eigen
            .values
            .iter()
            .zip(&eigen.vectors)
            .map(|(value, vector)| {
                let along: f64 = vector
                    .iter()
                    .zip(spreads.iter().zip(&self.pull))
                    .map(|(v, (spread, pull))| v * spread * pull)
                    .sum();
                0.5 * (along * along / value - value.ln())
            })
            .sum()
    }
}

/// The most likely spreads, found one after the other in turns, starting from `before`.
pub(super) fn most_likely_spreads(outlooks: &[Outlook], before: &[f64]) -> Vec<f64> {
    let mut spreads = before.to_vec();
    // Two spreads hardly depend on each other; a few turns settle them.
    for _ in 0..if spreads.len() > 1 { 6 } else { 1 } {
        for at in 0..spreads.len() {
            let value = |ln_spread: f64| -> f64 {
                let mut trial = spreads.clone();
                trial[at] = ln_spread.exp();
                outlooks.iter().map(|outlook| outlook.ln_marginal(&trial)).sum()
            };
            spreads[at] = highest(value).exp();
        }
    }
    spreads
}

/// Where a function of the logarithm of a spread is highest: the best of a grid, refined by golden sections.
fn highest(value: impl Fn(f64) -> f64) -> f64 {
    let (low, high) = (LEAST_SPREAD.ln(), LARGEST_SPREAD.ln());
    let step = (high - low) / (N_TRIALS - 1) as f64;
    let grid: Vec<f64> = (0..N_TRIALS).map(|i| value(low + step * i as f64)).collect();
    let best = (0..N_TRIALS).fold(0, |best, i| if grid[i] > grid[best] { i } else { best });
    if best == 0 {
        return low;
    }
    let (mut left, mut right) =
        (low + step * (best - 1) as f64, (low + step * (best + 1) as f64).min(high));
    let ratio = 0.5 * (5.0_f64.sqrt() - 1.0);
    for _ in 0..40 {
        let (near, far) = (right - ratio * (right - left), left + ratio * (right - left));
        if value(near) >= value(far) {
            right = far;
        } else {
            left = near;
        }
    }
    0.5 * (left + right)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(estimate: f64, error: f64) -> Outlook {
        let precision = 1.0 / (error * error);
        let curvature = SymmetricMatrix::from_fn(1, |_, _| precision);
        Outlook { curvature, pull: vec![estimate * precision] }
    }

    #[test]
    fn with_equal_errors_the_spread_is_what_the_estimates_scatter_beyond_them() {
        let estimates = [0.5, -0.4, 0.9, -0.8, 0.1, -0.3];
        let error = 0.2;
        let outlooks: Vec<Outlook> = estimates.iter().map(|u| said(*u, error)).collect();
        let mean_square = estimates.iter().map(|u| u * u).sum::<f64>() / 6.0;
        let expected = (mean_square - error * error).sqrt();
        let found = most_likely_spreads(&outlooks, &[0.3])[0];
        assert!((found - expected).abs() < 1e-6, "{found} {expected}");
    }

    #[test]
    fn estimates_that_scatter_no_more_than_their_errors_have_no_spread() {
        let outlooks: Vec<Outlook> = [0.1, -0.1, 0.15].iter().map(|u| said(*u, 0.2)).collect();
        assert!(most_likely_spreads(&outlooks, &[0.3])[0] <= LEAST_SPREAD * 1.000_001);
    }
}
