//! BG/BB: at each of a row of occasions a customer buys or does not, and may have left before any of them.
//!
//! Time comes in whole periods, each with one occasion to buy. Before each occasion a customer leaves for good
//! with a probability of their own; who has not left buys with another probability of their own. Both are
//! beta distributed over customers.
//!
//! | symbol | field | meaning | support | unit |
//! | --- | --- | --- | --- | --- |
//! | α | `alpha` | first shape of the buying probability; α/(α+β) is its mean | > 0 | - |
//! | β | `beta` | second shape of the buying probability | > 0 | - |
//! | γ | `gamma` | first shape of the leaving probability; γ/(γ+δ) is its mean | > 0 | - |
//! | δ | `delta` | second shape of the leaving probability | > 0 | - |
//!
//! A history counts in periods after the one of the first purchase: x periods with a purchase, the last in period t_x,
//! n periods observed. Ages that are not whole are taken down, last purchase ages up, and x is at most
//! t_x. P(alive) is the chance of being there at occasion n + 1, as in the paper.
//!
//! Likelihood: [FaderHardieShang2010], equation 7. Reference fit: 11,104 donors over six years, alpha 1.20352, beta
//! .74972, gamma .65672, delta 2.7834, log-likelihood -33225.5813.

use clv_numerics::beta_fall::{beta_fall_slope_by, digamma_rise_by, ln_beta_fall_by};
use clv_numerics::log_space::{ln_add_exp, logistic};
use clv_numerics::quadrature::LongSum;

use super::likelihood_pass::weighted_sum;
use super::{FutureProcess, ParameterError, PurchaseModel, positive_parameters};
use crate::{Parameter, PurchaseHistories, PurchaseHistory};

/// The model's id.
pub const ID: &str = "bg-bb";

/// The parameters' names, in order.
pub const PARAMETER_NAMES: [&str; 4] = ["alpha", "beta", "gamma", "delta"];

/// What each of them says about customers, in plain words.
pub const PARAMETER_MEANINGS: [&str; 4] = [
    "buying: alpha / (alpha + beta) is the average chance of buying in a period",
    "the counterpart of alpha",
    "leaving: gamma / (gamma + delta) is the average chance of leaving before a period",
    "staying: the counterpart of gamma",
];

/// What is left of the sum over the moments of leaving may be left out below this share of it.
const NEGLIGIBLE: f64 = 1e-17;

/// BG/BB with its parameters.
///
/// ```
/// use clv_models::purchase::{PurchaseModel, bg_bb::BgBb};
/// use clv_models::PurchaseHistory;
/// let model = BgBb::new(1.20352, 0.74972, 0.65672, 2.7834)?;
/// let alive = model.probability_alive(&PurchaseHistory::new(2, 4.0, 6.0)?);
/// assert!((alive - 0.590).abs() < 5e-4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BgBb {
    alpha: f64,
    beta: f64,
    gamma: f64,
    delta: f64,
}

/// A history in whole periods.
#[derive(Debug, Clone, Copy)]
struct Periods {
    bought: f64,
    last: f64,
    observed: f64,
}

impl Periods {
    fn of(history: &PurchaseHistory) -> Self {
        let last = history.last_purchase_age().ceil();
        let observed = history.age().floor().max(last);
        Self { bought: f64::from(history.repeat_purchases()).min(last), last, observed }
    }
}

/// A logarithm with its slopes in the logarithms of the four parameters.
#[derive(Debug, Clone, Copy)]
struct Sloped {
    ln: f64,
    slopes: [f64; 4],
}

impl Sloped {
    fn plus(self, other: Self) -> Self {
        let mut slopes = self.slopes;
        for (slope, more) in slopes.iter_mut().zip(other.slopes) {
            *slope += more;
        }
        Self { ln: self.ln + other.ln, slopes }
    }
}

impl BgBb {
    /// The model at `alpha`, `beta`, `gamma` and `delta`.
    ///
    /// # Errors
    /// Unless all are finite and above 0.
    pub fn new(alpha: f64, beta: f64, gamma: f64, delta: f64) -> Result<Self, ParameterError> {
        Self::from_values(&[alpha, beta, gamma, delta])
    }

    /// The model at the values of [`PARAMETER_NAMES`].
    ///
    /// # Errors
    /// Unless there are four values, finite and above 0.
    pub fn from_values(values: &[f64]) -> Result<Self, ParameterError> {
        let [alpha, beta, gamma, delta] = positive_parameters(ID, PARAMETER_NAMES, values)?;
        Ok(Self { alpha, beta, gamma, delta })
    }

    /// ln of the mean of p^bought (1 - p)^missed over the buying probability p.
    fn ln_pattern(&self, bought: f64, missed: f64, has_slopes: bool) -> Sloped {
        let Self { alpha, beta, .. } = *self;
        // First the purchases, which leave alpha + bought, then the misses.
        let ln =
            ln_beta_fall_by(beta, alpha, bought) + ln_beta_fall_by(alpha + bought, beta, missed);
        if !has_slopes {
            return Sloped { ln, slopes: [0.0; 4] };
        }
        let slope_alpha = beta_fall_slope_by(beta, alpha, bought)
            - digamma_rise_by(alpha + bought + beta, missed);
        let slope_beta = beta_fall_slope_by(alpha + bought, beta, missed)
            - digamma_rise_by(alpha + beta, bought);
        Sloped { ln, slopes: [alpha * slope_alpha, beta * slope_beta, 0.0, 0.0] }
    }

    /// ln P(still there at occasion `periods`).
    fn ln_stays(&self, periods: f64, has_slopes: bool) -> Sloped {
        let Self { gamma, delta, .. } = *self;
        let ln = ln_beta_fall_by(gamma, delta, periods);
        if !has_slopes {
            return Sloped { ln, slopes: [0.0; 4] };
        }
        let slope_gamma = -digamma_rise_by(gamma + delta, periods);
        let slope_delta = beta_fall_slope_by(gamma, delta, periods);
        Sloped { ln, slopes: [0.0, 0.0, gamma * slope_gamma, delta * slope_delta] }
    }

    /// ln P(leaves right before occasion `periods` + 1).
    fn ln_leaves_after(&self, periods: f64, has_slopes: bool) -> Sloped {
        let Self { gamma, delta, .. } = *self;
        let both = gamma + delta + periods;
        let stays = self.ln_stays(periods, has_slopes);
        let leaves = Sloped {
            ln: gamma.ln() - both.ln(),
            slopes: [0.0, 0.0, (delta + periods) / both, -delta / both],
        };
        stays.plus(leaves)
    }

    /// The log-likelihood of the history of someone there to the end, and that of all who left earlier; none where
    /// nobody can have.
    fn parts(&self, history: &PurchaseHistory, has_slopes: bool) -> (Sloped, Option<Sloped>) {
        let periods = Periods::of(history);
        let Periods { bought, last, observed } = periods;
        let pattern = self.ln_pattern(bought, observed - bought, has_slopes);
        let there = pattern.plus(self.ln_stays(observed, has_slopes));
        let left = (observed > last).then(|| self.left(periods, has_slopes));
        (there, left)
    }

    /// ln of the sum over the last occasion at which the customer was there, `last` to `observed` - 1.
    fn left(&self, periods: Periods, has_slopes: bool) -> Sloped {
        let Self { alpha, beta, gamma, delta } = *self;
        let Periods { bought, last, observed } = periods;
        let left_after = |at: f64| {
            self.ln_pattern(bought, at - bought, has_slopes)
                .plus(self.ln_leaves_after(at, has_slopes))
        };
        // Terms fall from the first on, and are taken relative to it.
        let first = left_after(last);
        let (mut sum, mut slopes) = (0.0, [0.0; 4]);
        let (mut relative, mut relative_slopes) = (1.0, first.slopes);
        let mut long = LongSum::new(observed - last);
        loop {
            let is_plain = long.is_plain();
            let Some(batch) = long.next_batch() else { break };
            let mut most = 0.0_f64;
            for &(place, weight) in batch {
                if !is_plain {
                    let one = left_after(last + place);
                    relative = (one.ln - first.ln).exp();
                    relative_slopes = one.slopes;
                }
                most = most.max(relative);
                sum += weight * relative;
                for (slope, of_one) in slopes.iter_mut().zip(relative_slopes) {
                    *slope += weight * relative * of_one;
                }
                if is_plain {
                    // One occasion later: one miss and one stay more, and the leaving after it.
                    let at = last + place;
                    let (misses, buys_or_not) = (beta + at - bought, alpha + beta + at);
                    let (stays, leaves_or_not) = (delta + at, gamma + delta + at + 1.0);
                    relative *= (misses / buys_or_not) * (stays / leaves_or_not);
                    if has_slopes {
                        relative_slopes[0] -= alpha / buys_or_not;
                        relative_slopes[1] += beta / misses - beta / buys_or_not;
                        relative_slopes[2] -= gamma / leaves_or_not;
                        relative_slopes[3] += delta / stays - delta / leaves_or_not;
                    }
                }
            }
            if most * (observed - last) < NEGLIGIBLE * sum {
                break;
            }
        }
        slopes.iter_mut().for_each(|slope| *slope /= sum);
        Sloped { ln: first.ln + sum.ln(), slopes }
    }
}

impl PurchaseModel for BgBb {
    fn id(&self) -> &'static str {
        ID
    }

    fn parameters(&self) -> Vec<Parameter> {
        let values = [self.alpha, self.beta, self.gamma, self.delta];
        PARAMETER_NAMES.iter().zip(values).map(|(name, value)| Parameter { name, value }).collect()
    }

    fn with_parameters(&self, values: &[f64]) -> Result<Box<dyn PurchaseModel>, ParameterError> {
        Ok(Box::new(Self::from_values(values)?))
    }

    fn ln_likelihood(&self, history: &PurchaseHistory) -> f64 {
        let (there, left) = self.parts(history, false);
        left.map_or(there.ln, |left| ln_add_exp(there.ln, left.ln))
    }

    fn ln_likelihood_sum(&self, histories: &PurchaseHistories, gradient: &mut [f64]) -> f64 {
        weighted_sum(histories, gradient, |history| {
            let (there, left) = self.parts(history, true);
            let Some(left) = left else { return (there.ln, there.slopes) };
            let share_left = logistic(left.ln - there.ln);
            let mut slopes = there.slopes;
            for (slope, of_left) in slopes.iter_mut().zip(left.slopes) {
                *slope += share_left * (of_left - *slope);
            }
            (ln_add_exp(there.ln, left.ln), slopes)
        })
    }

    fn probability_alive(&self, history: &PurchaseHistory) -> f64 {
        let (there, left) = self.parts(history, false);
        let observed = Periods::of(history).observed;
        let stays_next = (self.delta + observed) / (self.gamma + self.delta + observed);
        stays_next * left.map_or(1.0, |left| logistic(there.ln - left.ln))
    }

    fn new_customer(&self) -> FutureProcess {
        let Self { alpha, beta, gamma, delta } = *self;
        FutureProcess::OccasionsLeavingAtOnce { alpha, beta, gamma, delta }
    }

    fn if_alive(&self, history: &PurchaseHistory) -> FutureProcess {
        let Periods { bought, observed, .. } = Periods::of(history);
        FutureProcess::Occasions {
            alpha: self.alpha + bought,
            beta: self.beta + (observed - bought),
            gamma: self.gamma,
            delta: self.delta + observed + 1.0,
        }
    }
}
