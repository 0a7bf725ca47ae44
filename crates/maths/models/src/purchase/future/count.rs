//! Counts of purchases: negative binomial masses, their mixtures, and quantiles.

use clv_numerics::distribution;

/// Counts up to this are summed exactly.
const EXACT_COUNTS: usize = 400;
/// Counts are not searched beyond this.
const LARGEST_COUNT: f64 = 1e18;

/// A Poisson count whose mean is gamma distributed with this shape and mean shape times odds.
#[derive(Clone, Copy)]
pub(super) struct NegativeBinomial {
    pub(super) shape: f64,
    pub(super) odds: f64,
}

impl NegativeBinomial {
    /// P(n) for n = 0 ..= `n_max`.
    pub(super) fn masses(self, n_max: usize) -> Vec<f64> {
        distribution::negative_binomial_masses(self.shape, self.odds, n_max)
    }

    /// P(0), P(1), ... for ever. All zero where P(0) is below 1e-308, in which case the mean exceeds 700.
    pub(super) fn masses_from_zero(self) -> impl Iterator<Item = f64> {
        let q = self.odds / (1.0 + self.odds);
        let mut mass = (-self.shape * self.odds.ln_1p()).exp();
        let mut n = 0.0;
        std::iter::from_fn(move || {
            let now = mass;
            mass *= q * (self.shape + n) / (n + 1.0);
            n += 1.0;
            Some(now)
        })
    }

    /// P(more than n).
    pub(super) fn survival(self, n: f64) -> f64 {
        distribution::negative_binomial_survival(self.shape, self.odds, n)
    }

    /// P(at most n) by the gamma distribution of equal mean and variance, half a count on.
    pub(super) fn approximate_cdf(self, n: f64) -> f64 {
        // The variance is mean (1 + odds).
        let rate = 1.0 / (1.0 + self.odds);
        distribution::gamma_cdf(self.shape * self.odds * rate, rate, n + 0.5)
    }
}

/// P(0), P(1), ... of a mixture.
pub(super) fn mixture_masses(parts: &[(NegativeBinomial, f64)]) -> impl Iterator<Item = f64> {
    let shape = parts.first().map_or(0.0, |(counts, _)| counts.shape);
    let mut terms: Vec<(f64, f64)> = parts
        .iter()
        .map(|(counts, weight)| {
            let none = (-counts.shape * counts.odds.ln_1p()).exp();
            (weight * none, counts.odds / (1.0 + counts.odds))
        })
        .collect();
    let mut n = 0.0;
    std::iter::from_fn(move || {
        let growth = (shape + n) / (n + 1.0);
        n += 1.0;
        let mut sum = 0.0;
        for (term, q) in &mut terms {
            sum += *term;
            *term *= *q * growth;
        }
        Some(sum)
    })
}

/// The smallest n with P(N <= n) >= target, for each target: from the masses as far as they are summed, then by
/// bisection on the distribution function `cdf`.
pub(super) fn quantiles(
    targets: &[f64],
    masses: impl Iterator<Item = f64>,
    cdf: impl Fn(f64) -> f64,
) -> Vec<u64> {
    let highest = targets.iter().copied().fold(0.0, f64::max);
    let mut cumulated = Vec::with_capacity(16);
    let mut sum = 0.0;
    for mass in masses.take(EXACT_COUNTS + 1) {
        sum += mass;
        cumulated.push(sum);
        if sum >= highest {
            break;
        }
    }
    targets
        .iter()
        .map(|&target| {
            if target <= sum {
                return cumulated.partition_point(|&reached| reached < target) as u64;
            }
            search_beyond(target, &cdf)
        })
        .collect()
}

/// The smallest n above [`EXACT_COUNTS`] with cdf(n) >= target.
fn search_beyond(target: f64, cdf: impl Fn(f64) -> f64) -> u64 {
    let mut low = EXACT_COUNTS as f64;
    let mut high = 2.0 * low;
    while cdf(high) < target && high < LARGEST_COUNT {
        low = high;
        high *= 2.0;
    }
    while high - low > 1.0 && high - low > 1e-9 * high {
        let middle = (0.5 * (low + high)).floor();
        if cdf(middle) < target {
            low = middle;
        } else {
            high = middle;
        }
    }
    high as u64
}
