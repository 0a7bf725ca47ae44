//! sBG: at every renewal a customer leaves with a probability of their own, the same each time.
//!
//! A customer decides at the end of each period whether to renew, and leaves with a probability of their own that
//! never changes. Over customers that probability is beta distributed. The renewal rate of a cohort rises all the
//! same, because those who leave easily leave first.
//!
//! | symbol | field | meaning | support | unit |
//! | --- | --- | --- | --- | --- |
//! | α | `alpha` | first shape of the leaving probability; α/(α+β) is its mean | > 0 | - |
//! | β | `beta` | second shape of the leaving probability | > 0 | - |
//!
//! Likelihood: [FaderHardie2007], equations 5 and 6. Reference fit: the "Regular" cohort of 1,000 over seven
//! renewals, alpha .704, beta 1.182, log-likelihood -1680.265.

use super::beta_weibull::BetaWeibull;
use super::{RetentionModel, Tenures};
use crate::Parameter;
use crate::purchase::{ParameterError, positive_parameters};

/// The model's id.
pub const ID: &str = "sbg";

/// The parameters' names, in order.
pub const PARAMETER_NAMES: [&str; 2] = ["alpha", "beta"];

/// What each of them says about customers, in plain words.
pub const PARAMETER_MEANINGS: [&str; 2] = [
    "leaving: alpha / (alpha + beta) is the average chance of leaving at the first renewal",
    "staying: the counterpart of alpha",
];

/// The shifted-beta-geometric model with its parameters.
///
/// ```
/// use clv_models::retention::{RetentionModel, sbg::Sbg};
/// let model = Sbg::new(0.704, 1.182)?;
/// assert!((model.survival(12) - 0.170).abs() < 5e-4);
/// assert!(model.renewal_rate(5) > model.renewal_rate(1));
/// # Ok::<(), clv_models::purchase::ParameterError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sbg(BetaWeibull);

impl Sbg {
    /// The model at `alpha` and `beta`.
    ///
    /// # Errors
    /// Unless both are finite and above 0.
    pub fn new(alpha: f64, beta: f64) -> Result<Self, ParameterError> {
        Self::from_values(&[alpha, beta])
    }

    /// The model at the values of [`PARAMETER_NAMES`].
    ///
    /// # Errors
    /// Unless there are two values, finite and above 0.
    pub fn from_values(values: &[f64]) -> Result<Self, ParameterError> {
        let [alpha, beta] = positive_parameters(ID, PARAMETER_NAMES, values)?;
        Ok(Self(BetaWeibull { gamma: alpha, delta: beta, c: 1.0 }))
    }
}

impl RetentionModel for Sbg {
    fn id(&self) -> &'static str {
        ID
    }

    fn parameters(&self) -> Vec<Parameter> {
        let values = [self.0.gamma, self.0.delta];
        PARAMETER_NAMES.iter().zip(values).map(|(name, value)| Parameter { name, value }).collect()
    }

    fn ln_survival_given(&self, periods: f64, more: f64) -> f64 {
        self.0.ln_survival_given(periods, more)
    }

    fn ln_likelihood_sum(&self, tenures: &Tenures, gradient: &mut [f64]) -> f64 {
        self.0.ln_likelihood_sum(tenures, gradient)
    }
}
