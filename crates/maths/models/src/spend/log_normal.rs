//! Log-normal spend: each customer has their own mean spend, log-normal over customers, and purchases scatter
//! log-normally around it.
//!
//! A customer's own mean M is log-normal, and a purchase is M times a log-normal factor with mean 1. Two things may be
//! added. Who buys more often may spend more or less each time: the logarithm of M then shifts with ln(1 + n). And the
//! customers may be of two kinds, such as households and wholesale buyers, which gives the base a heavy tail
//! while every mean still exists.
//!
//! | parameter | role | support | unit |
//! | --- | --- | --- | --- |
//! | m | mean of ln M over customers (of the first kind) | real | ln money |
//! | tau | standard deviation of ln M (of the first kind) | > 0 | - |
//! | sigma | standard deviation of the logarithm of a purchase around M | > 0 | - |
//! | delta | growth of ln M with ln(1 + n), n repeat purchases | real | - |
//! | share_2 | share of customers of the second kind | (0, 1) | - |
//! | m_2, tau_2 | as m and tau, of the second kind | real, > 0 | ln money, - |
//!
//! What is seen is the mean z of n purchases. It is taken as log-normal with the mean M and the variance that the
//! mean of n purchases has, e^(s²) - 1 = (e^(σ²) - 1) / n [Fenton1960]: exact for n = 1 and matched in two moments
//! beyond. Then ln z is normal with mean m + δ ln(1 + n) - s²/2 and variance τ² + s², and the posterior of ln M is
//! normal. Reference fit: docs/models/log-normal-spend.md.

use clv_numerics::log_space::{ln_add_exp, logistic};

use super::{SpendModel, SpendMoments, SpendObservation, SpendParameterError};
use crate::Parameter;

/// Log-normal spend with its parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct LogNormalSpend {
    id: &'static str,
    /// Customers of one kind, or of two.
    kinds: Vec<SpendKind>,
    sigma: f64,
    delta: f64,
}

/// Customers of one kind: their share, and the law of the logarithm of their mean spend.
#[derive(Debug, Clone, Copy, PartialEq)]
struct SpendKind {
    share: f64,
    mean_ln: f64,
    sd_ln: f64,
}

/// The id of the model with customers of one kind whose spend does not depend on how often they buy.
pub const ID: &str = "log-normal";
/// The id of the model whose spend grows or falls with the number of purchases.
pub const DEPENDENT_ID: &str = "log-normal-dependent";
/// The id of the model with customers of two kinds.
pub const MIXTURE_ID: &str = "log-normal-mixture";

/// Parameters of [`ID`].
pub const PARAMETER_NAMES: [&str; 3] = ["m", "tau", "sigma"];
/// What each of them says about customers, in plain words.
pub const PARAMETER_MEANINGS: [&str; 3] = [
    "the logarithm of a middling customer\u{2019}s mean spend",
    "how much customers differ in what they spend, in logarithms",
    "how much a customer\u{2019}s own orders differ, in logarithms",
];
/// Parameters of [`DEPENDENT_ID`].
pub const DEPENDENT_PARAMETER_NAMES: [&str; 4] = ["m", "tau", "sigma", "delta"];
/// What each of them says about customers, in plain words.
pub const DEPENDENT_PARAMETER_MEANINGS: [&str; 4] = [
    PARAMETER_MEANINGS[0],
    PARAMETER_MEANINGS[1],
    PARAMETER_MEANINGS[2],
    "how spend grows with the number of orders: 0 where it does not",
];
/// Parameters of [`MIXTURE_ID`].
pub const MIXTURE_PARAMETER_NAMES: [&str; 6] = ["m", "tau", "sigma", "share_2", "m_2", "tau_2"];
/// What each of them says about customers, in plain words.
pub const MIXTURE_PARAMETER_MEANINGS: [&str; 6] = [
    PARAMETER_MEANINGS[0],
    PARAMETER_MEANINGS[1],
    PARAMETER_MEANINGS[2],
    "the share of customers of the second kind",
    "as m, of the second kind of customers",
    "as tau, of the second kind of customers",
];

/// Logarithms of money beyond this have no meaning, and their squares' exponentials would overflow.
const LARGEST_LN: f64 = 350.0;
/// Spreads of logarithms beyond this have none either.
pub(crate) const LARGEST_SD: f64 = 8.0;

impl LogNormalSpend {
    /// The model of an id at the values of its parameters.
    ///
    /// # Errors
    /// [`SpendParameterError`] where the number of values is wrong or one is outside of its range.
    ///
    /// ```
    /// use clv_models::spend::{LogNormalSpend, SpendModel, SpendObservation, log_normal};
    /// let model = LogNormalSpend::from_values(log_normal::ID, &[3.4, 0.6, 0.5])?;
    /// let often = SpendObservation::new(50, 90.0).expect("a positive mean");
    /// let once = SpendObservation::new(1, 90.0).expect("a positive mean");
    /// // The more purchases, the more a customer's own mean counts.
    /// assert!(model.expected_spend(Some(&often)) > model.expected_spend(Some(&once)));
    /// # Ok::<(), clv_models::spend::SpendParameterError>(())
    /// ```
    pub fn from_values(id: &'static str, values: &[f64]) -> Result<Self, SpendParameterError> {
        let names = names_of(id);
        if names.len() != values.len() {
            return Err(SpendParameterError::Count {
                model: id,
                expected: names.len(),
                given: values.len(),
            });
        }
        for (name, value) in names.iter().copied().zip(values.iter().copied()) {
            let is_legal = match name {
                "m" | "m_2" => value.abs() <= 2.0 * LARGEST_LN,
                "delta" => value.abs() <= LARGEST_SD,
                "share_2" => value > 0.0 && value < 1.0,
                _ => value > 0.0 && value <= LARGEST_SD,
            };
            if !is_legal {
                return Err(SpendParameterError::OutOfRange { model: id, name, value });
            }
        }
        let kind = |share, mean_ln, sd_ln| SpendKind { share, mean_ln, sd_ln };
        let (kinds, delta) = match id {
            MIXTURE_ID => {
                let share = values[3];
                let second = kind(share, values[4], values[5]);
                (vec![kind(1.0 - share, values[0], values[1]), second], 0.0)
            }
            DEPENDENT_ID => (vec![kind(1.0, values[0], values[1])], values[3]),
            _ => (vec![kind(1.0, values[0], values[1])], 0.0),
        };
        Ok(Self { id, kinds, sigma: values[2], delta })
    }

    /// Mean of ln z over customers of a kind with n purchases, and of the posterior's observation of ln M.
    fn located(&self, kind: &SpendKind, n_purchases: u32) -> f64 {
        kind.mean_ln + self.delta * f64::from(n_purchases).ln_1p()
    }

    /// The logarithm of the share times the density of the mean spend, for each kind.
    fn ln_densities(&self, observation: &SpendObservation) -> impl Iterator<Item = f64> + '_ {
        let variance = variance_of_ln_mean(self.sigma, observation.n_purchases());
        let ln_mean = observation.mean_spend().ln();
        let n_purchases = observation.n_purchases();
        self.kinds.iter().map(move |kind| {
            let total = kind.sd_ln * kind.sd_ln + variance;
            let residual = ln_mean - self.located(kind, n_purchases) + 0.5 * variance;
            let ln_normal =
                -0.5 * (std::f64::consts::TAU * total).ln() - 0.5 * residual * residual / total;
            kind.share.ln() + ln_normal - ln_mean
        })
    }
}

/// s²: the variance of the logarithm of the mean of n purchases around the customer's own mean.
pub(crate) fn variance_of_ln_mean(sigma: f64, n_purchases: u32) -> f64 {
    ((sigma * sigma).exp_m1() / f64::from(n_purchases)).ln_1p()
}

fn names_of(id: &str) -> &'static [&'static str] {
    match id {
        MIXTURE_ID => &MIXTURE_PARAMETER_NAMES,
        DEPENDENT_ID => &DEPENDENT_PARAMETER_NAMES,
        _ => &PARAMETER_NAMES,
    }
}

impl SpendModel for LogNormalSpend {
    fn id(&self) -> &'static str {
        self.id
    }

    fn parameters(&self) -> Vec<Parameter> {
        let of = |name: &'static str| {
            let first = &self.kinds[0];
            let second = self.kinds.last().unwrap_or(first);
            let value = match name {
                "m" => first.mean_ln,
                "tau" => first.sd_ln,
                "sigma" => self.sigma,
                "delta" => self.delta,
                "share_2" => second.share,
                "m_2" => second.mean_ln,
                _ => second.sd_ln,
            };
            Parameter { name, value }
        };
        names_of(self.id).iter().copied().map(of).collect()
    }

    fn ln_likelihood(&self, observation: &SpendObservation) -> f64 {
        self.ln_densities(observation).fold(f64::NEG_INFINITY, ln_add_exp)
    }

    fn spend_moments(&self, observation: Option<&SpendObservation>) -> SpendMoments {
        let mut weights: Vec<f64> = match observation {
            None => self.kinds.iter().map(|kind| kind.share.ln()).collect(),
            Some(seen) => self.ln_densities(seen).collect(),
        };
        let total = weights.iter().copied().fold(f64::NEG_INFINITY, ln_add_exp);
        weights.iter_mut().for_each(|weight| *weight = (*weight - total).exp());
        // Each kind's share, mean of M and relative variance of M.
        let parts: Vec<(f64, f64, f64)> = self
            .kinds
            .iter()
            .zip(weights)
            .map(|(kind, weight)| {
                let prior_variance = kind.sd_ln * kind.sd_ln;
                let (centre, variance) = match observation {
                    None => (self.located(kind, 0), prior_variance),
                    Some(seen) => {
                        let own_variance = variance_of_ln_mean(self.sigma, seen.n_purchases());
                        let own = seen.mean_spend().ln() + 0.5 * own_variance;
                        let share = prior_variance / (prior_variance + own_variance);
                        let prior = self.located(kind, seen.n_purchases());
                        (prior + share * (own - prior), share * own_variance)
                    }
                };
                let ln_mean = (centre + 0.5 * variance).min(LARGEST_LN);
                (weight, ln_mean.exp(), variance.exp_m1())
            })
            .collect();
        let mean: f64 = parts.iter().map(|(weight, mean, _)| weight * mean).sum();
        let variance: f64 = parts
            .iter()
            .map(|(weight, of_kind, relative)| {
                weight * (of_kind * of_kind * relative + (of_kind - mean).powi(2))
            })
            .sum();
        let square = variance + mean * mean;
        let positive = |value: f64| value.clamp(f64::MIN_POSITIVE, f64::MAX);
        SpendMoments {
            mean: positive(mean),
            variance_of_mean: positive(variance),
            variance_of_purchase: positive(square * (self.sigma * self.sigma).exp_m1()),
        }
    }
}

/// A share from its log-odds, kept away from 0 and 1.
pub(crate) fn share_at(log_odds: f64) -> f64 {
    logistic(log_odds).clamp(1e-9, 1.0 - 1e-9)
}
