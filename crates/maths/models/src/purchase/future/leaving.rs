//! A customer who may leave after each purchase, with a beta distributed dropout probability.

use clv_numerics::gamma::ln_gamma;

use super::beta_mean;
use super::count::{self, NegativeBinomial};
use super::panels::Panel;

/// Shape and rate of the purchase rate, shapes of the dropout probability.
#[derive(Clone, Copy)]
pub(super) struct Leaving {
    pub(super) r: f64,
    pub(super) alpha: f64,
    pub(super) a: f64,
    pub(super) b: f64,
}

impl Leaving {
    pub(super) fn expected_purchases(self, horizon: f64) -> f64 {
        if horizon.is_infinite() {
            // E[1 / p].
            let mean = (self.a + self.b - 1.0) / (self.a - 1.0);
            return if self.a > 1.0 { mean } else { f64::INFINITY };
        }
        let odds = horizon / self.alpha;
        beta_mean::mean(self.a, self.b, self.r, odds, |p| {
            beta_mean::expected_given(p, self.r, odds)
        })
    }

    pub(super) fn expected_pairs(self, horizon: f64) -> f64 {
        if horizon.is_infinite() {
            // E[2 (1 - p) / p^2].
            let (a, b) = (self.a, self.b);
            let mean = 2.0 * b * (a + b - 1.0) / ((a - 1.0) * (a - 2.0));
            return if a > 2.0 { mean } else { f64::INFINITY };
        }
        // E[2 (1 - p) g(p)] is 2 b / (a + b) E[g] with a second shape of b + 1.
        let odds = horizon / self.alpha;
        let stays = self.b / (self.a + self.b);
        2.0 * stays
            * beta_mean::mean(self.a, self.b + 1.0, self.r + 2.0, odds, |p| {
                beta_mean::half_pairs_given(p, self.r, odds)
            })
    }

    pub(super) fn probability_none(self, horizon: f64) -> f64 {
        (-self.r * (horizon / self.alpha).ln_1p()).exp()
    }

    /// Purchases if nobody left.
    fn unending(self, horizon: f64) -> NegativeBinomial {
        NegativeBinomial { shape: self.r, odds: (horizon / self.alpha).min(1e15) }
    }

    pub(super) fn probability_mass(self, horizon: f64, n_max: usize) -> Vec<f64> {
        let unending = self.unending(horizon);
        let mut masses = unending.masses(n_max);
        // at_least[n] = P(at least n + 1 purchases if nobody left), summed from the far end so that it keeps
        // its relative precision.
        let mut at_least = unending.survival(n_max as f64);
        let mut tails = vec![0.0; n_max + 1];
        for n in (0..=n_max).rev() {
            tails[n] = at_least + masses[n];
            at_least = tails[n];
        }
        // survived = E[(1 - p)^n]: still a customer after n purchases.
        let mut survived = 1.0;
        for n in 1..=n_max {
            let nf = n as f64;
            let left = survived * self.a / (self.a + self.b + nf - 1.0);
            survived *= (self.b + nf - 1.0) / (self.a + self.b + nf - 1.0);
            masses[n] = survived * masses[n] + left * tails[n];
        }
        masses
    }

    pub(super) fn discounted_purchases(self, horizon: f64, discount_rate: f64) -> f64 {
        // By parts: e^(-delta H) E(H) + delta int e^(-delta u) E(u) du, in v = ln(1 + u / alpha).
        let per_scale = discount_rate * self.alpha;
        let end = (horizon / self.alpha).ln_1p();
        let mean_rate = self.r * ((self.a + 1.0) / (self.a + self.b)).min(1.0);
        let steepness = |v: f64| per_scale * v.exp() + 1.0 + mean_rate;
        let (mut sum, mut from) = (0.0, 0.0);
        while let Some(panel) = Panel::next(from, end, 1.0, steepness) {
            sum += per_scale
                * panel.integral(|v| {
                    let odds = v.exp_m1();
                    (v - per_scale * odds).exp() * self.expected_purchases(self.alpha * odds)
                });
            from = panel.end();
            let discount = (-per_scale * from.exp_m1()).exp();
            // What is left is at most the purchases so far and a steady rate from there.
            let bound = self.expected_purchases(self.alpha * from.exp_m1()) + self.r / per_scale;
            if discount * bound < 1e-16 * sum {
                return sum;
            }
        }
        sum + (-discount_rate * horizon).exp() * self.expected_purchases(horizon)
    }

    pub(super) fn wait_quantile(self, q: f64) -> f64 {
        self.alpha * (-(-q).ln_1p() / self.r).exp_m1()
    }

    pub(super) fn count_quantiles(self, horizon: f64, targets: &[f64]) -> Vec<u64> {
        let unending = self.unending(horizon);
        let mut survived = 1.0;
        let mut tail = 1.0;
        let mut n = 0.0;
        let masses = unending.masses_from_zero().map(move |mass| {
            // P(N > n) = P(more than n if nobody left) E[(1 - p)^n].
            let before = if n > 0.0 { tail * survived } else { 1.0 };
            tail = f64::max(tail - mass, 0.0);
            if n > 0.0 {
                survived *= (self.b + n - 1.0) / (self.a + self.b + n - 1.0);
            }
            n += 1.0;
            before - tail * survived
        });
        let ln_survived = |n: f64| {
            ln_gamma(self.b + n) - ln_gamma(self.b) + ln_gamma(self.a + self.b)
                - ln_gamma(self.a + self.b + n)
        };
        count::quantiles(targets, masses, |n| {
            1.0 - (1.0 - unending.approximate_cdf(n)) * ln_survived(n).exp()
        })
    }
}
