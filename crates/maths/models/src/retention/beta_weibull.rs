//! The survival curve that the two parametric models share: a beta mixture of discrete Weibull lifetimes.
//!
//! A customer with leaving probability p renews t times with probability (1 - p)^(t^c), and p is beta distributed
//! over customers, so that S(t) = B(γ, δ + t^c) / B(γ, δ) [FaderHardieLiuDavinSteenburgh2018, eq. 4]. With c = 1 it
//! is the shifted-beta-geometric curve. Given that a customer has renewed t times the law of p is beta again, with
//! δ + t^c in the place of δ: every conditional probability is the same function of other shapes.

use clv_numerics::beta_fall::{beta_fall_slope_by, digamma_rise_by, ln_beta_fall_by};
use clv_numerics::log_space::ln_1p_of_ratio;

use super::{Tenure, Tenures};

/// Powers of time are taken while their logarithm is below this; beyond, the curve is a power law of time itself.
const LN_LARGEST_POWER: f64 = 600.0;
/// Log-probabilities are cut here, far below anything that data hold, so that sums of them stay finite.
const LEAST_LN_PROBABILITY: f64 = -1e290;

/// The shapes of the leaving probability and the exponent of time; all finite and above 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct BetaWeibull {
    pub(super) gamma: f64,
    pub(super) delta: f64,
    pub(super) c: f64,
}

/// A log-probability with its slopes in ln γ, ln δ and ln c.
#[derive(Debug, Clone, Copy)]
struct Sloped {
    value: f64,
    slopes: [f64; 3],
}

impl BetaWeibull {
    /// ln P(renews until `from + by`, given until `from`).
    pub(super) fn ln_survival_given(&self, from: f64, by: f64) -> f64 {
        self.sloped(from, by, false).value
    }

    /// The same with its slopes where they are asked for, else zeros.
    fn sloped(&self, from: f64, by: f64, has_slopes: bool) -> Sloped {
        let Self { gamma, delta, c } = *self;
        let cut = |value: f64| value.max(LEAST_LN_PROBABILITY);
        if by <= 0.0 {
            return Sloped { value: 0.0, slopes: [0.0; 3] };
        }
        let to = from + by;
        let (ln_from, ln_to) = (from.ln(), to.ln());
        // (to / from)^c - 1, infinite from 0.
        let ln_growth = if from > 0.0 { c * ln_1p_of_ratio(by / from) } else { f64::INFINITY };
        if from > 0.0 && c * ln_from > LN_LARGEST_POWER {
            // Both powers dwarf the shapes: S falls as t^(-c γ).
            let value = cut(-gamma * ln_growth);
            return Sloped { value, slopes: [value, 0.0, value] };
        }
        let power_from = if from > 0.0 { from.powf(c) } else { 0.0 };
        let shape = delta + power_from;
        let slope_power_from = if from > 0.0 { c * power_from * ln_from } else { 0.0 };
        let ln_power_to = c * ln_to;
        if ln_power_to > LN_LARGEST_POWER {
            // From a moderate power to one beyond numbers: the logarithm goes on as a line in ln t.
            let largest = LN_LARGEST_POWER.exp();
            let beyond = ln_power_to - LN_LARGEST_POWER;
            let value = cut(ln_beta_fall_by(gamma, shape, largest) - gamma * beyond);
            if !has_slopes {
                return Sloped { value, slopes: [0.0; 3] };
            }
            let slope_shape = digamma_rise_by(shape, gamma);
            let slope_gamma = -gamma * (digamma_rise_by(gamma + shape, largest) + beyond);
            let slope_c = slope_shape * slope_power_from - gamma * ln_power_to;
            let slopes = [cut(slope_gamma), delta * slope_shape, cut(slope_c)];
            return Sloped { value, slopes };
        }
        let step = if from > 0.0 { power_from * ln_growth.exp_m1() } else { to.powf(c) };
        let value = cut(ln_beta_fall_by(gamma, shape, step));
        if !has_slopes {
            return Sloped { value, slopes: [0.0; 3] };
        }
        let slope_gamma = -digamma_rise_by(gamma + shape, step);
        let slope_shape = beta_fall_slope_by(gamma, shape, step);
        let slope_step = -digamma_rise_by(shape + step, gamma);
        // d(to^c) less d(from^c), without cancellation: step c ln(to) + from^c ln_growth.
        let slope_of_step = if from > 0.0 {
            step * ln_power_to + power_from * ln_growth
        } else {
            step * ln_power_to
        };
        let slope_c = slope_shape * slope_power_from + slope_step * slope_of_step;
        Sloped { value, slopes: [gamma * slope_gamma, delta * slope_shape, slope_c] }
    }

    /// The weighted sum over all tenures; the first slopes, as many as `gradient` has room for, go there.
    pub(super) fn ln_likelihood_sum(&self, tenures: &Tenures, gradient: &mut [f64]) -> f64 {
        let (mut sum, mut slopes) = (0.0, [0.0; 3]);
        for (tenure, weight) in tenures.iter() {
            let one = self.of_tenure(tenure);
            sum += weight * one.value;
            for (slope, more) in slopes.iter_mut().zip(one.slopes) {
                *slope += weight * more;
            }
        }
        for (to, slope) in gradient.iter_mut().zip(slopes) {
            *to = slope;
        }
        sum
    }

    /// The log-likelihood of one tenure: ln S(n), or ln (S(n - 1) - S(n)) of whoever left at occasion n.
    fn of_tenure(&self, tenure: Tenure) -> Sloped {
        match tenure {
            Tenure::StillThereAfter(periods) => self.sloped(0.0, f64::from(periods), true),
            Tenure::LeftAt(renewal) => {
                let before = f64::from(renewal) - 1.0;
                let until = self.sloped(0.0, before, true);
                let stays = self.sloped(before, 1.0, true);
                let leaves = -stays.value.exp_m1();
                let value = until.value + leaves.max(f64::MIN_POSITIVE).ln();
                // d ln (1 - e^f) = -df / (e^-f - 1), and e^-f - 1 vanishes as f does.
                let per_slope = |slope: f64| {
                    let odds = (-stays.value).exp_m1();
                    if odds.is_infinite() || slope.abs() <= 0.0 {
                        0.0
                    } else {
                        -slope / odds.max(f64::MIN_POSITIVE)
                    }
                };
                let mut slopes = until.slopes;
                for (slope, of_stay) in slopes.iter_mut().zip(stays.slopes) {
                    *slope += per_slope(of_stay);
                }
                Sloped { value, slopes }
            }
        }
    }
}
