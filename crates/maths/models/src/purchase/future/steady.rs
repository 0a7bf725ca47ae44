//! A customer who never leaves: purchases are negative binomial.

use super::ProcessSummary;
use super::count::{self, NegativeBinomial};

/// Shape and rate of the purchase rate.
#[derive(Clone, Copy)]
pub(super) struct Steady {
    pub(super) r: f64,
    pub(super) alpha: f64,
}

impl Steady {
    pub(super) fn expected_purchases(self, horizon: f64) -> f64 {
        self.r * (horizon / self.alpha)
    }

    pub(super) fn expected_pairs(self, horizon: f64) -> f64 {
        let odds = horizon / self.alpha;
        self.r * (self.r + 1.0) * odds * odds
    }

    pub(super) fn probability_none(self, horizon: f64) -> f64 {
        (-self.r * (horizon / self.alpha).ln_1p()).exp()
    }

    pub(super) fn probability_mass(self, horizon: f64, n_max: usize) -> Vec<f64> {
        NegativeBinomial { shape: self.r, odds: horizon / self.alpha }.masses(n_max)
    }

    pub(super) fn discounted_purchases(self, horizon: f64, discount_rate: f64) -> f64 {
        self.r / self.alpha * (-(-discount_rate * horizon).exp_m1() / discount_rate)
    }

    pub(super) fn summary(self, horizon: f64, discount_rate: f64) -> ProcessSummary {
        ProcessSummary {
            expected_purchases: self.expected_purchases(horizon),
            expected_pairs: self.expected_pairs(horizon),
            probability_none: self.probability_none(horizon),
            discounted_purchases: self.discounted_purchases(horizon, discount_rate),
        }
    }

    pub(super) fn wait_quantile(self, q: f64) -> f64 {
        // P(wait > t) = (alpha / (alpha + t))^r.
        self.alpha * (-(-q).ln_1p() / self.r).exp_m1()
    }

    pub(super) fn count_quantiles(self, horizon: f64, targets: &[f64]) -> Vec<u64> {
        let counts = NegativeBinomial { shape: self.r, odds: horizon / self.alpha };
        count::quantiles(targets, counts.masses_from_zero(), |n| counts.approximate_cdf(n))
    }
}
