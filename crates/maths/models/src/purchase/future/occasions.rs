//! A customer who buys or not at each of a row of occasions, one a period, and may leave before any but the first.
//!
//! With S_k the chance to be there at occasion k + 1 and Q_k that of k occasions without a purchase, every answer is a
//! sum over k. Sums are taken term by term and, beyond some hundred periods, by
//! [`LongSum`]. Horizons count whole periods: a part of a period holds no occasion.

use clv_numerics::beta_fall::ln_beta_fall_by;
use clv_numerics::distribution::beta_cdf;
use clv_numerics::quadrature::LongSum;

use super::ProcessSummary;
use super::count;

/// Distributions of counts are exact up to this many occasions; beyond, the count given the buying probability is
/// taken for its mean.
const EXACT_OCCASIONS: f64 = 4096.0;
/// What is left of an endless sum may be left out below this share of it.
const NEGLIGIBLE: f64 = 1e-14;
/// Beyond this place a chance that has not vanished is a power of time to all digits.
const POWER_LAW_FROM: f64 = 1e60;

/// Shapes of the buying probability, shapes of the leaving probability.
#[derive(Clone, Copy)]
pub(super) struct Occasions {
    pub(super) alpha: f64,
    pub(super) beta: f64,
    pub(super) gamma: f64,
    pub(super) delta: f64,
}

impl Occasions {
    /// ln P(there at occasion k + 1), given there at the first.
    fn ln_there(self, k: f64) -> f64 {
        ln_beta_fall_by(self.gamma, self.delta, k)
    }

    /// ln P(does not buy at any of k occasions).
    fn ln_none_of(self, k: f64) -> f64 {
        ln_beta_fall_by(self.alpha, self.beta, k)
    }

    fn buys(self) -> f64 {
        self.alpha / (self.alpha + self.beta)
    }

    /// E[p^2].
    fn buys_twice(self) -> f64 {
        self.buys() * ((self.alpha + 1.0) / (self.alpha + self.beta + 1.0))
    }

    /// ln P(the first purchase is at occasion k + 1).
    fn ln_first_at(self, k: f64) -> f64 {
        self.ln_there(k) + self.ln_none_of(k) + (self.alpha / (self.alpha + self.beta + k)).ln()
    }

    /// Occasions whose number is not above the horizon.
    fn n_occasions(horizon: f64) -> f64 {
        // A horizon that a change of unit made a hair too short still holds its last occasion.
        (horizon + 1e-9 * horizon.min(1e6)).floor()
    }

    pub(super) fn expected_purchases(self, horizon: f64) -> f64 {
        self.buys() * sum(Self::n_occasions(horizon), |k| self.ln_there(k))
    }

    pub(super) fn expected_pairs(self, horizon: f64) -> f64 {
        // E[L (L - 1)] of the number L of occasions that the customer is there for: twice the sum of k S_k.
        let ln_pairs = |k: f64| if k > 0.0 { k.ln() + self.ln_there(k) } else { f64::NEG_INFINITY };
        2.0 * self.buys_twice() * sum(Self::n_occasions(horizon), ln_pairs)
    }

    pub(super) fn probability_none(self, horizon: f64) -> f64 {
        1.0 - sum(Self::n_occasions(horizon), |k| self.ln_first_at(k))
    }

    pub(super) fn discounted_purchases(self, horizon: f64, discount_rate: f64) -> f64 {
        let ln_term = |k: f64| self.ln_there(k) - discount_rate * (k + 1.0);
        self.buys() * sum(Self::n_occasions(horizon), ln_term)
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
        let ever = sum(f64::INFINITY, |k| self.ln_first_at(k));
        let target = q * ever;
        // Doubling finds a span that holds the quantile, halving the occasion in it.
        let reached = |n: f64| sum(n, |k| self.ln_first_at(k)) >= target;
        let (mut low, mut high) = (0.0, 1.0);
        while !reached(high) {
            if high > 1e15 {
                return f64::MAX;
            }
            low = high;
            high *= 2.0;
        }
        while high - low > 1.0 {
            let middle = (0.5 * (low + high)).floor();
            if reached(middle) {
                high = middle;
            } else {
                low = middle;
            }
        }
        high
    }

    pub(super) fn probability_mass(self, horizon: f64, n_max: usize) -> Vec<f64> {
        let n_occasions = Self::n_occasions(horizon);
        if n_occasions > EXACT_OCCASIONS {
            let mut before = 0.0;
            return (0..=n_max)
                .map(|n| {
                    let upto = self.approximate_cdf(n_occasions, n as f64);
                    let mass = upto - before;
                    before = upto;
                    mass.max(0.0)
                })
                .collect();
        }
        // Purchases among l occasions, from one l to the next as in an urn; l ends with P(leaves before l + 1).
        let mut of_all = vec![0.0; n_max + 1];
        let mut masses = vec![0.0; n_max + 1];
        masses[0] = 1.0;
        let (alpha, beta) = (self.alpha, self.beta);
        let (mut there, mut l) = (1.0, 0.0);
        while l < n_occasions {
            let all = alpha + beta + l;
            for n in (0..=n_max).rev() {
                let nf = n as f64;
                let misses = if nf <= l { (beta + l - nf) / all } else { 0.0 };
                let from_below =
                    if n > 0 { masses[n - 1] * ((alpha + nf - 1.0) / all) } else { 0.0 };
                masses[n] = masses[n] * misses + from_below;
            }
            l += 1.0;
            let stays = (self.delta + l - 1.0) / (self.gamma + self.delta + l - 1.0);
            let ends_here = if l < n_occasions { there * (1.0 - stays) } else { there };
            for (total, mass) in of_all.iter_mut().zip(&masses) {
                *total += ends_here * mass;
            }
            there *= stays;
        }
        if n_occasions < 1.0 {
            of_all[0] = 1.0;
        }
        of_all
    }

    /// P(at most n purchases within so many occasions), the count given the buying probability p and l occasions
    /// taken for p l.
    fn approximate_cdf(self, n_occasions: f64, n: f64) -> f64 {
        let given = |l: f64| {
            let share = (n + 0.5) / l;
            if share >= 1.0 { 1.0 } else { beta_cdf(self.alpha, self.beta, share / (1.0 - share)) }
        };
        // Sum over l of P(L = l) F(l), by parts: 1, and what each further occasion takes away from where F leaves 1.
        let first = (n + 0.5).floor().max(1.0);
        let mut cdf = given(first);
        let mut long = LongSum::new((n_occasions - first).max(0.0));
        while let Some(batch) = long.next_batch() {
            for &(place, weight) in batch {
                let l = first + place;
                cdf -= weight * self.ln_there(l).exp() * (given(l) - given(l + 1.0));
            }
        }
        cdf.clamp(0.0, 1.0)
    }

    pub(super) fn count_quantiles(self, horizon: f64, targets: &[f64]) -> Vec<u64> {
        let n_occasions = Self::n_occasions(horizon);
        if n_occasions <= EXACT_OCCASIONS {
            // Nobody buys more often than there are occasions.
            let n_max = n_occasions.clamp(0.0, 400.0) as usize;
            let masses = self.probability_mass(horizon, n_max);
            return count::quantiles(targets, masses.into_iter(), |n| {
                if n >= n_occasions { 1.0 } else { self.approximate_cdf(n_occasions, n) }
            });
        }
        targets.iter().map(|&target| self.approximate_quantile(n_occasions, target)).collect()
    }

    /// The smallest n whose [`approximate_cdf`](Self::approximate_cdf) reaches the target.
    fn approximate_quantile(self, n_occasions: f64, target: f64) -> u64 {
        let (mut low, mut high) = (-1.0, 1.0);
        while high < n_occasions && self.approximate_cdf(n_occasions, high) < target {
            low = high;
            high *= 2.0;
        }
        high = high.min(n_occasions);
        while high - low > 1.0 {
            let middle = (0.5 * (low + high)).floor();
            if self.approximate_cdf(n_occasions, middle) < target {
                low = middle;
            } else {
                high = middle;
            }
        }
        high as u64
    }
}

/// The sum of e^`ln_term` over 0, 1, ..., `n_terms` - 1, or over all, which may be infinite.
fn sum(n_terms: f64, ln_term: impl Fn(f64) -> f64) -> f64 {
    let mut long = LongSum::new(n_terms);
    let mut total = 0.0;
    while let Some(batch) = long.next_batch() {
        total += batch.iter().map(|(place, weight)| weight * ln_term(*place).exp()).sum::<f64>();
        let place = long.reached();
        if place >= n_terms {
            continue;
        }
        // Terms fall at least as steeply beyond as they do over the next doubling.
        let ln_now = ln_term(place);
        let exponent = (ln_now - ln_term(2.0 * place)) / std::f64::consts::LN_2;
        let tail = place * ln_now.exp() / (exponent - 1.0);
        if exponent > 1.0 && tail < NEGLIGIBLE * total {
            return total;
        }
        if n_terms.is_infinite() && place > POWER_LAW_FROM {
            return if exponent > 1.0 + 1e-9 { total + tail } else { f64::INFINITY };
        }
    }
    total
}
