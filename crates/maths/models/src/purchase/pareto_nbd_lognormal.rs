//! Pareto/NBD with log-normal rates: who buys often may also stay longer, or shorter.
//!
//! A customer buys at random moments at a rate of their own, for an exponential lifetime of their own that ends
//! unseen, as in Pareto/NBD. The logarithms of the two rates are jointly normal over customers, so that busy
//! customers may be the loyal ones or the fickle ones: their correlation says which.
//!
//! | symbol | field | meaning | support | unit |
//! | --- | --- | --- | --- | --- |
//! | θ_λ | `mean_ln_rate` | mean of the logarithm of the purchase rate | any | ln(1/time) |
//! | θ_μ | `mean_ln_dropout` | mean of the logarithm of the dropout rate | any | ln(1/time) |
//! | σ_λ | `sd_ln_rate` | its standard deviation for the purchase rate; above 8 acts as 8 | > 0 | - |
//! | σ_μ | `sd_ln_dropout` | and for the dropout rate; above 8 acts as 8 | > 0 | - |
//! | ρ | `correlation` | correlation of the two logarithms over customers | -1 to 1 | - |
//!
//! Likelihood: [Abe2009], eq. 3 for one customer's rates, here summed over the normal law by a rule that is exact to rounding
//! instead of by sampling: see `latent_rates`. Reference fit: see `docs/models/pareto-nbd-lognormal.md`.

use std::sync::Arc;

use super::latent_rates::{LARGEST_SD, LatentRates};
use super::likelihood_pass::weighted_sum;
use super::{FutureProcess, ParameterError, PurchaseModel};
use crate::{Parameter, PurchaseHistories, PurchaseHistory};

/// The model's id.
pub const ID: &str = "pareto-nbd-lognormal";

/// The parameters' names, in order.
pub const PARAMETER_NAMES: [&str; 5] =
    ["mean_ln_rate", "mean_ln_dropout", "sd_ln_rate", "sd_ln_dropout", "correlation"];

/// What each of them says about customers, in plain words.
pub const PARAMETER_MEANINGS: [&str; 5] = [
    "the logarithm of a middling customer\u{2019}s purchases per unit of time",
    "the logarithm of a middling customer\u{2019}s rate of leaving per unit of time",
    "how much customers differ in how often they buy, in logarithms",
    "how much customers differ in how soon they leave, in logarithms",
    "whether who buys often is the less (below 0) or the more (above 0) likely to leave",
];

/// Correlations closer to 1 than this are not told apart from it.
const LARGEST_CORRELATION: f64 = 1.0 - 1e-9;

/// Pareto/NBD with log-normal rates and its parameters.
///
/// ```
/// use clv_models::purchase::{PurchaseModel, pareto_nbd_lognormal::ParetoNbdLognormal};
/// use clv_models::PurchaseHistory;
/// let model = ParetoNbdLognormal::from_values(&[-3.5, -3.8, 1.2, 1.6, -0.2])?;
/// let (fresh, silent) = (PurchaseHistory::new(2, 30.0, 31.0)?, PurchaseHistory::new(2, 3.0, 31.0)?);
/// assert!(model.probability_alive(&fresh) > model.probability_alive(&silent));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ParetoNbdLognormal {
    values: [f64; 5],
    rates: LatentRates,
}

impl ParetoNbdLognormal {
    /// The model at the values of [`PARAMETER_NAMES`].
    ///
    /// # Errors
    /// Unless there are five finite values, the deviations above 0 and the correlation from -1 to 1.
    pub fn from_values(values: &[f64]) -> Result<Self, ParameterError> {
        let values: [f64; 5] = values.try_into().map_err(|_| ParameterError::Count {
            model: ID,
            expected: PARAMETER_NAMES.len(),
            given: values.len(),
        })?;
        let [mean_ln_rate, mean_ln_dropout, sd_ln_rate, sd_ln_dropout, correlation] = values;
        let is_legal = [
            mean_ln_rate.is_finite(),
            mean_ln_dropout.is_finite(),
            sd_ln_rate.is_finite() && sd_ln_rate > 0.0,
            sd_ln_dropout.is_finite() && sd_ln_dropout > 0.0,
            (-1.0..=1.0).contains(&correlation),
        ];
        if let Some(wrong) = is_legal.iter().position(|is_legal| !is_legal) {
            let (name, value) = (PARAMETER_NAMES[wrong], values[wrong]);
            let expected =
                ["a finite number", "a finite number above 0", "a number between -1 and 1"]
                    [[0, 0, 1, 1, 2][wrong]];
            return Err(ParameterError::OutsideSupport { model: ID, name, value, expected });
        }
        let correlation = correlation.clamp(-LARGEST_CORRELATION, LARGEST_CORRELATION);
        let rates = LatentRates::new([
            mean_ln_rate,
            mean_ln_dropout,
            sd_ln_rate,
            sd_ln_dropout,
            correlation,
        ]);
        Ok(Self { values, rates })
    }
}

impl PurchaseModel for ParetoNbdLognormal {
    fn id(&self) -> &'static str {
        ID
    }

    fn parameters(&self) -> Vec<Parameter> {
        let named = PARAMETER_NAMES.iter().zip(self.values);
        named.map(|(name, value)| Parameter { name, value }).collect()
    }

    fn with_parameters(&self, values: &[f64]) -> Result<Box<dyn PurchaseModel>, ParameterError> {
        Ok(Box::new(Self::from_values(values)?))
    }

    fn ln_likelihood(&self, history: &PurchaseHistory) -> f64 {
        self.rates.means(history).ln_likelihood
    }

    fn ln_likelihood_sum(&self, histories: &PurchaseHistories, gradient: &mut [f64]) -> f64 {
        let LatentRates { sd_ln_rate, sd_ln_dropout, correlation, rest, .. } = self.rates;
        let [_, _, s1, s2, _] = self.values;
        // Beyond the largest deviation nothing changes any more.
        let moves = [s1, s2].map(|sd| f64::from(u8::from(sd <= LARGEST_SD)));
        let tilt = correlation / rest;
        weighted_sum(histories, gradient, |history| {
            let means = self.rates.means(history);
            // The slopes of the normal law's logarithm, averaged over what the history leaves possible.
            let slopes = [
                (means.z1 - tilt * means.z2) / sd_ln_rate,
                means.z2 / (sd_ln_dropout * rest),
                moves[0] * (means.z1_z1 - tilt * means.z1_z2 - 1.0),
                moves[1] * (means.z2_z2 + tilt * means.z1_z2 - 1.0),
                rest * means.z1_z2 - correlation * (means.z2_z2 - 1.0),
            ];
            (means.ln_likelihood, slopes)
        })
    }

    fn probability_alive(&self, history: &PurchaseHistory) -> f64 {
        self.rates.means(history).alive
    }

    fn new_customer(&self) -> FutureProcess {
        self.if_alive(&PurchaseHistory::newborn())
    }

    fn if_alive(&self, history: &PurchaseHistory) -> FutureProcess {
        FutureProcess::LapsingAtPoints { points: Arc::from(self.rates.points_if_alive(history)) }
    }
}
