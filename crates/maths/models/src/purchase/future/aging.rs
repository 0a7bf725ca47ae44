//! A customer who may leave at any moment, at a rate that grows with age: see `purchase::aging_dropout`.

use super::ProcessSummary;
use super::count::{self, NegativeBinomial};
use super::panels::solve_in;
use crate::purchase::aging_dropout::{AgingLifetime, AgingSilence};

/// What is left of an integral is left off below this share of it.
const NEGLIGIBLE: f64 = 1e-17;

/// Up to this discount over the horizon, discounted and plain purchases share a sweep.
const SMALL_DISCOUNT: f64 = 8.0;

/// Shape and rate of the purchase rate, and the lifetime from now.
#[derive(Clone, Copy)]
pub(super) struct Aging {
    pub(super) r: f64,
    pub(super) alpha: f64,
    pub(super) lifetime: AgingLifetime,
}

impl Aging {
    /// The means of min(lifetime, horizon), of half its square, and of the discounted time within it.
    fn time_within(self, horizon: f64, discount_rate: f64) -> [f64; 3] {
        let lifetime = self.lifetime;
        lifetime.integral(
            (lifetime.scale(), horizon),
            |_| discount_rate,
            |u| {
                let alive = lifetime.survival(u);
                [alive, u * alive, (-discount_rate * u).exp() * alive]
            },
            |end, sums| {
                let longest = 1.0 / lifetime.lowest_hazard(end);
                let left = longest * lifetime.survival(end);
                left <= NEGLIGIBLE * sums[0] && left * (end + longest) <= NEGLIGIBLE * sums[1]
            },
        )
    }

    /// The mean of the discounted time within the lifetime and the horizon.
    fn discounted_time(self, horizon: f64, discount_rate: f64) -> f64 {
        let lifetime = self.lifetime;
        let alive = |u: f64| (-discount_rate * u).exp() * lifetime.survival(u);
        let [sum] = lifetime.integral(
            (lifetime.scale(), horizon),
            |_| discount_rate,
            |u| [alive(u)],
            |end, [sum]| {
                alive(end) <= NEGLIGIBLE * sum * (discount_rate + lifetime.lowest_hazard(end))
            },
        );
        sum
    }

    fn rate(self) -> f64 {
        self.r / self.alpha
    }

    pub(super) fn expected_purchases(self, horizon: f64) -> f64 {
        self.rate() * self.time_within(horizon, 0.0)[0]
    }

    pub(super) fn expected_pairs(self, horizon: f64) -> f64 {
        let [_, half_square, _] = self.time_within(horizon, 0.0);
        self.rate() * ((self.r + 1.0) / self.alpha) * (2.0 * half_square)
    }

    pub(super) fn discounted_purchases(self, horizon: f64, discount_rate: f64) -> f64 {
        self.rate() * self.discounted_time(horizon, discount_rate)
    }

    pub(super) fn summary(self, horizon: f64, discount_rate: f64) -> ProcessSummary {
        let is_small = discount_rate * horizon <= SMALL_DISCOUNT;
        let [time, half_square, discounted] =
            self.time_within(horizon, if is_small { discount_rate } else { 0.0 });
        let discounted =
            if is_small { discounted } else { self.discounted_time(horizon, discount_rate) };
        ProcessSummary {
            expected_purchases: self.rate() * time,
            expected_pairs: self.rate() * ((self.r + 1.0) / self.alpha) * (2.0 * half_square),
            probability_none: self.probability_none(horizon),
            discounted_purchases: self.rate() * discounted,
        }
    }

    fn silence(self, horizon: f64) -> AgingSilence {
        AgingSilence {
            lifetime: self.lifetime,
            purchase_shape: self.r,
            purchase_scale: self.alpha,
            silence: horizon,
        }
    }

    pub(super) fn probability_none(self, horizon: f64) -> f64 {
        let silence = self.silence(horizon);
        silence.still_there() + silence.left()
    }

    pub(super) fn wait_quantile(self, q: f64) -> f64 {
        let silence = self.silence(f64::INFINITY);
        let target = q * (1.0 - silence.left());
        let scale = silence.scale();
        let density = |y: f64| {
            let u = scale * y.exp_m1();
            (scale + u) * (self.r / (self.alpha + u)) * silence.undisturbed(u)
        };
        let decay = |u: f64| self.r / (self.alpha + u);
        let (mut reached, mut wait) = (0.0, 0.0);
        self.lifetime.panels((scale, f64::INFINITY), 0.99, decay, |panel, end| {
            let here = panel.integral(density);
            if reached + here >= target {
                wait = scale * solve_in(panel, target - reached, here, density).exp_m1();
                return false;
            }
            reached += here;
            wait = end;
            silence.undisturbed(end) > NEGLIGIBLE * reached
        });
        wait
    }

    /// The negative binomial counts of each lifetime, with its probability.
    fn counts(self, horizon: f64, fineness: f64) -> Vec<(NegativeBinomial, f64)> {
        let lifetime = self.lifetime;
        let silence = self.silence(horizon);
        let scale = silence.scale();
        let counts = |u: f64| NegativeBinomial { shape: self.r, odds: u / self.alpha };
        let mut parts = Vec::with_capacity(32);
        let mut last = 0.0;
        let decay = |u: f64| self.r / (self.alpha + u);
        lifetime.panels((scale, horizon), fineness, decay, |panel, end| {
            parts.extend(panel.points().map(|(y, dy)| {
                let u = scale * y.exp_m1();
                let density = lifetime.hazard(u) * lifetime.survival(u);
                (counts(u), dy * (scale + u) * density)
            }));
            last = end;
            lifetime.survival(end) > NEGLIGIBLE
        });
        parts.push((counts(last), lifetime.survival(last)));
        parts
    }

    pub(super) fn probability_mass(self, horizon: f64, n_max: usize) -> Vec<f64> {
        let mut masses = vec![0.0; n_max + 1];
        for (counts, weight) in self.counts(horizon, 0.25) {
            for (mass, part) in masses.iter_mut().zip(counts.masses(n_max)) {
                *mass += weight * part;
            }
        }
        masses
    }

    pub(super) fn count_quantiles(self, horizon: f64, targets: &[f64]) -> Vec<u64> {
        let counts = self.counts(horizon, 0.99);
        let masses = count::mixture_masses(&counts);
        count::quantiles(targets, masses, |n| {
            counts.iter().map(|(counts, weight)| weight * counts.approximate_cdf(n)).sum()
        })
    }
}
