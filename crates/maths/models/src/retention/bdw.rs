//! BdW: at every renewal a customer may leave, and becomes more or less likely to as time goes by.
//!
//! As in the sBG model each customer has a leaving probability of their own, beta distributed over customers; but a
//! customer's own chance of leaving changes with the number of renewals, as t^c: c above 1 means that customers
//! tire, c below 1 that they settle. The cohort's renewal rate mixes both effects, and long extrapolations gain most.
//!
//! | symbol | field | meaning | support | unit |
//! | --- | --- | --- | --- | --- |
//! | γ | `gamma` | first shape of the leaving probability at the first renewal | > 0 | - |
//! | δ | `delta` | second shape of that probability | > 0 | - |
//! | c | `c` | how a customer's own chance of leaving changes; 1 is the sBG model | > 0 | - |
//!
//! Likelihood: [FaderHardieLiuDavinSteenburgh2018], equations 4 and 5. Reference fit: the "Regular" cohort of 1,000
//! over seven renewals, gamma .4556, delta .7793, c 1.2835, log-likelihood -1679.603.

use super::beta_weibull::BetaWeibull;
use super::{RetentionModel, Tenures};
use crate::Parameter;
use crate::purchase::{ParameterError, positive_parameters};

/// The model's id.
pub const ID: &str = "bdw";

/// The parameters' names, in order.
pub const PARAMETER_NAMES: [&str; 3] = ["gamma", "delta", "c"];

/// What each of them says about customers, in plain words.
pub const PARAMETER_MEANINGS: [&str; 3] = [
    "leaving: gamma / (gamma + delta) is the average chance of leaving at the first renewal",
    "staying: the counterpart of gamma",
    "how a customer\u{2019}s own chance of leaving changes: below 1 it falls with time, above 1 it grows",
];

/// The beta-discrete-Weibull model with its parameters.
///
/// ```
/// use clv_models::retention::{RetentionModel, bdw::Bdw};
/// let model = Bdw::new(0.4556, 0.7793, 1.2835)?;
/// assert!((model.survival(12) - 0.177).abs() < 5e-4);
/// # Ok::<(), clv_models::purchase::ParameterError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bdw(BetaWeibull);

impl Bdw {
    /// The model at `gamma`, `delta` and `c`.
    ///
    /// # Errors
    /// Unless all are finite and above 0.
    pub fn new(gamma: f64, delta: f64, c: f64) -> Result<Self, ParameterError> {
        Self::from_values(&[gamma, delta, c])
    }

    /// The model at the values of [`PARAMETER_NAMES`].
    ///
    /// # Errors
    /// Unless there are three values, finite and above 0.
    pub fn from_values(values: &[f64]) -> Result<Self, ParameterError> {
        let [gamma, delta, c] = positive_parameters(ID, PARAMETER_NAMES, values)?;
        Ok(Self(BetaWeibull { gamma, delta, c }))
    }
}

impl RetentionModel for Bdw {
    fn id(&self) -> &'static str {
        ID
    }

    fn parameters(&self) -> Vec<Parameter> {
        let values = [self.0.gamma, self.0.delta, self.0.c];
        PARAMETER_NAMES.iter().zip(values).map(|(name, value)| Parameter { name, value }).collect()
    }

    fn ln_survival_given(&self, periods: f64, more: f64) -> f64 {
        self.0.ln_survival_given(periods, more)
    }

    fn ln_likelihood_sum(&self, tenures: &Tenures, gradient: &mut [f64]) -> f64 {
        self.0.ln_likelihood_sum(tenures, gradient)
    }
}
