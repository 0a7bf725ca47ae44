//! A customer whose rates are one of many points: purchases at a steady rate until an exponential lifetime ends.
//!
//! Purchases and the departure together come at the rate λ + μ, each a purchase with probability λ/(λ+μ). So at
//! least n purchases are made if the first n of them are purchases and the n-th comes in time.

use clv_numerics::distribution;
use clv_numerics::gamma::ln_gamma;
use clv_numerics::log_space::exp_m1_ratio;

use super::{LatentPoint, ProcessSummary, count};

/// The points, their weights summing to 1.
#[derive(Clone, Copy)]
pub(super) struct AtPoints<'a> {
    pub(super) points: &'a [LatentPoint],
}

/// Below this, (1 - (1 + y) e^-y)/y² is a series.
const SMALL: f64 = 0.02;

/// (1 - e^(-rate length))/rate, for any rate from 0 on; the length may be infinite where the rate is not 0.
fn time_before(rate: f64, length: f64) -> f64 {
    if length.is_infinite() { 1.0 / rate } else { length * exp_m1_ratio(-rate * length) }
}

/// Half the mean square of the time before an event at `rate`, cut at `length`.
fn half_square_before(rate: f64, length: f64) -> f64 {
    if length.is_infinite() {
        return 1.0 / (rate * rate);
    }
    let y = rate * length;
    let share = if y < SMALL {
        0.5 - y * (1.0 / 3.0 - y * (0.125 - y * (1.0 / 30.0 - y * (1.0 / 144.0 - y / 840.0))))
    } else {
        (-(-y).exp_m1() - y * (-y).exp()) / (y * y)
    };
    length * length * share
}

impl AtPoints<'_> {
    fn mean(self, of: impl Fn(&LatentPoint) -> f64) -> f64 {
        self.points.iter().map(|point| point.weight * of(point)).sum()
    }

    pub(super) fn expected_purchases(self, horizon: f64) -> f64 {
        self.mean(|at| at.purchase_rate * time_before(at.dropout_rate, horizon))
    }

    pub(super) fn expected_pairs(self, horizon: f64) -> f64 {
        let rate = |at: &LatentPoint| at.purchase_rate * at.purchase_rate;
        self.mean(|at| 2.0 * rate(at) * half_square_before(at.dropout_rate, horizon))
    }

    /// P(at least one purchase within the horizon).
    fn probability_some(self, horizon: f64) -> f64 {
        self.mean(|at| {
            let both = at.purchase_rate + at.dropout_rate;
            at.purchase_rate / both * -(-both * horizon).exp_m1()
        })
    }

    pub(super) fn probability_none(self, horizon: f64) -> f64 {
        1.0 - self.probability_some(horizon)
    }

    pub(super) fn discounted_purchases(self, horizon: f64, discount_rate: f64) -> f64 {
        self.mean(|at| at.purchase_rate * time_before(at.dropout_rate + discount_rate, horizon))
    }

    pub(super) fn summary(self, horizon: f64, discount_rate: f64) -> ProcessSummary {
        ProcessSummary {
            expected_purchases: self.expected_purchases(horizon),
            expected_pairs: self.expected_pairs(horizon),
            probability_none: self.probability_none(horizon),
            discounted_purchases: self.discounted_purchases(horizon, discount_rate),
        }
    }

    /// The time until which a share `q` of those who buy again have done so: Newton steps in its logarithm, kept
    /// inside a shrinking bracket.
    pub(super) fn wait_quantile(self, q: f64) -> f64 {
        let target = q * self.probability_some(f64::INFINITY);
        let fastest = self.points.iter().map(|at| at.purchase_rate + at.dropout_rate);
        let (mut low, mut high) = (-fastest.fold(f64::MIN_POSITIVE, f64::max).ln() - 40.0, 690.0);
        let mut ln_wait = -self.mean(|at| at.purchase_rate.ln());
        for _ in 0..200 {
            ln_wait = if ln_wait > low && ln_wait < high { ln_wait } else { 0.5 * (low + high) };
            let wait = ln_wait.exp();
            let excess = self.probability_some(wait) - target;
            if excess > 0.0 {
                high = ln_wait;
            } else {
                low = ln_wait;
            }
            let slope = wait
                * self.mean(|at| {
                    at.purchase_rate * (-(at.purchase_rate + at.dropout_rate) * wait).exp()
                });
            let next = ln_wait - excess / slope;
            if (next - ln_wait).abs() < 1e-13 {
                return next.clamp(low, high).exp();
            }
            if high - low < 1e-14 * high.abs() {
                return (0.5 * (low + high)).exp();
            }
            ln_wait = next;
        }
        ln_wait.exp()
    }

    /// P(0), P(1), ... for ever.
    fn masses(self, horizon: f64) -> impl Iterator<Item = f64> {
        struct State {
            weight: f64,
            /// λ/(λ+μ).
            is_purchase: f64,
            /// (λ+μ) times the horizon.
            events: f64,
            /// P(exactly so many events within the horizon), 0 until it can be told from 0.
            mass: f64,
            /// P(at least that many).
            tail: f64,
            /// P(all of them purchases).
            all_purchases: f64,
        }
        let mut states: Vec<State> = self
            .points
            .iter()
            .map(|at| {
                let both = at.purchase_rate + at.dropout_rate;
                State {
                    weight: at.weight,
                    is_purchase: at.purchase_rate / both,
                    events: both * horizon,
                    mass: (-both * horizon).exp(),
                    tail: 1.0,
                    all_purchases: 1.0,
                }
            })
            .collect();
        let mut n = 0.0;
        std::iter::from_fn(move || {
            n += 1.0;
            let mut sum = 0.0;
            for state in &mut states {
                let before = state.all_purchases * state.tail;
                if state.mass > 0.0 {
                    state.tail = (state.tail - state.mass).max(0.0);
                    state.mass *= state.events / n;
                } else if n < state.events {
                    // So many events that the first masses vanish: where they appear again.
                    state.mass = (n * state.events.ln() - state.events - ln_gamma(n + 1.0)).exp();
                }
                state.all_purchases *= state.is_purchase;
                sum += state.weight * (before - state.all_purchases * state.tail);
            }
            Some(sum)
        })
    }

    /// P(at most n), for large n.
    fn approximate_cdf(self, horizon: f64, n: f64) -> f64 {
        1.0 - self.mean(|at| {
            let both = at.purchase_rate + at.dropout_rate;
            let all_purchases = ((n + 1.0) * -(at.dropout_rate / at.purchase_rate).ln_1p()).exp();
            all_purchases * distribution::gamma_cdf(n + 1.0, 1.0, both * horizon)
        })
    }

    pub(super) fn probability_mass(self, horizon: f64, n_max: usize) -> Vec<f64> {
        self.masses(horizon).take(n_max + 1).collect()
    }

    pub(super) fn count_quantiles(self, horizon: f64, targets: &[f64]) -> Vec<u64> {
        count::quantiles(targets, self.masses(horizon), |n| self.approximate_cdf(horizon, n))
    }
}
