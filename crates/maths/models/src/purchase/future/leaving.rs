//! A customer who may leave after each purchase, with a beta distributed dropout probability.

use clv_numerics::gamma::ln_gamma;
use clv_numerics::quadrature::gauss_legendre;
use clv_numerics::vectorised;

use super::ProcessSummary;
use super::beta_mean::{self, Counts, Rules};
use super::count::{self, NegativeBinomial};
use super::leaving_curves::on_curves;
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
        beta_mean::rules(self.a, self.b).expected(self.r, odds)
    }

    pub(super) fn expected_pairs(self, horizon: f64) -> f64 {
        if horizon.is_infinite() {
            // E[2 (1 - p) / p^2].
            let (a, b) = (self.a, self.b);
            let mean = 2.0 * b * (a + b - 1.0) / ((a - 1.0) * (a - 2.0));
            return if a > 2.0 { mean } else { f64::INFINITY };
        }
        self.counts(horizon / self.alpha).pairs
    }

    /// What discounting takes from purchases, as an integral over time of means over p; `None` where the rules for
    /// those are too coarse.
    ///
    /// Given p, purchases come at the rate r (1 + p t)^-(r + 1), t being time in units of alpha. While the whole
    /// discount is small, so is the error of what it takes: 1e-9 of that is enough.
    fn discount(self, rules: &Rules, horizon: f64, discount_rate: f64) -> Option<f64> {
        let odds = horizon / self.alpha;
        let exponent = discount_rate * horizon;
        if !(exponent <= 1.0 && rules.has_powers(self.r, odds)) {
            return None;
        }
        let length = odds.ln_1p();
        // Most of those who leave do so with a p below this.
        let high = (self.a + 3.0) / (self.a + self.b + 3.0);
        let roughness = 2.0 * length
            + exponent * (1.0 + length)
            + (self.r + 2.0) * vectorised::ln_1p(high * odds);
        let per_scale = discount_rate * self.alpha;
        // Measured on twenty thousand random cases: the least roughness at which the rule was off by more than
        // 1e-9, less some twentieth.
        match roughness {
            ..0.7 => Some(self.discount_by_rule::<4>(rules, length, per_scale)),
            ..2.8 => Some(self.discount_by_rule::<6>(rules, length, per_scale)),
            ..6.6 => Some(self.discount_by_rule::<8>(rules, length, per_scale)),
            ..11.2 => Some(self.discount_by_rule::<10>(rules, length, per_scale)),
            ..16.8 => Some(self.discount_by_rule::<12>(rules, length, per_scale)),
            ..32.0 => Some(self.discount_by_rule::<16>(rules, length, per_scale)),
            _ => None,
        }
    }

    /// [`discount`](Self::discount) by `N` points of v = ln(1 + t) from 0 to `length`.
    fn discount_by_rule<const N: usize>(self, rules: &Rules, length: f64, per_scale: f64) -> f64 {
        let half = 0.5 * length;
        let rule = gauss_legendre(N);
        let why = "a rule of N nodes has N";
        let nodes: &[f64; N] = rule.nodes().try_into().expect(why);
        let weights: &[f64; N] = rule.weights().try_into().expect(why);
        let (mut odds, mut steps) = ([0.0; N], [0.0; N]);
        for k in 0..N {
            odds[k] = vectorised::exp_m1(half + half * nodes[k]);
            let lost = -vectorised::exp_m1(-per_scale * odds[k]);
            steps[k] = weights[k] * (1.0 + odds[k]) * lost;
        }
        let lost = odds.iter().zip(&steps).map(|(&t, step)| step * rules.powers(self.r, t));
        self.r * (half * lost.sum::<f64>())
    }

    /// Expected purchases and pairs within a finite time, given in units of alpha.
    pub(super) fn counts(self, odds: f64) -> Counts {
        beta_mean::rules(self.a, self.b).counts(self.r, odds)
    }

    /// Expected purchases, pairs, probability of none and discounted purchases, by curves that customers share.
    pub(super) fn summary(self, horizon: f64, discount_rate: f64) -> ProcessSummary {
        let probability_none = self.probability_none(horizon);
        if let Some(on_curves) = on_curves(self, horizon, discount_rate) {
            return ProcessSummary {
                expected_purchases: on_curves.expected,
                expected_pairs: on_curves.pairs,
                probability_none,
                discounted_purchases: on_curves.discounted,
            };
        }
        let expected_purchases = self.expected_purchases(horizon);
        ProcessSummary {
            expected_purchases,
            expected_pairs: self.expected_pairs(horizon),
            probability_none,
            discounted_purchases: if discount_rate > 0.0 {
                self.discounted(horizon, discount_rate, expected_purchases)
            } else {
                expected_purchases
            },
        }
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
        self.discounted(horizon, discount_rate, self.expected_purchases(horizon))
    }

    /// Discounted purchases within the horizon, of which `expected` are expected.
    pub(super) fn discounted(self, horizon: f64, discount_rate: f64, expected: f64) -> f64 {
        let rules = beta_mean::rules(self.a, self.b);
        if let Some(discount) = self.discount(&rules, horizon, discount_rate) {
            return expected - discount;
        }
        // By parts: e^(-delta H) E(H) + delta int e^(-delta u) E(u) du, in v = ln(1 + u / alpha).
        let per_scale = discount_rate * self.alpha;
        let end = (horizon / self.alpha).ln_1p();
        let mean_rate = self.r * ((self.a + 1.0) / (self.a + self.b)).min(1.0);
        let (mut sum, mut from) = (0.0, 0.0_f64);
        loop {
            // E(u) rises at its first rate at most, and at u on no shorter scale than u itself: panels that begin at u
            // may be twice as wide as u, however often customers buy.
            let rise = mean_rate.min(-4.0 / (-from).exp_m1());
            let steepness = |v: f64| per_scale * v.exp() + 1.0 + rise;
            let Some(panel) = Panel::next(from, end, 1.0, steepness) else { break };
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
