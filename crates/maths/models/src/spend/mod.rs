//! How much a customer spends at a purchase.

use std::fmt::Debug;

use crate::Parameter;

mod by_count;
mod gamma_gamma;
pub mod log_normal;
mod observation;

pub(crate) use by_count::SpendsByCount;
pub use gamma_gamma::GammaGamma;
pub use log_normal::LogNormalSpend;
pub use observation::{SpendError, SpendObservation, SpendObservations};

/// A spend model with its parameters. Every answer is finite and above 0.
pub trait SpendModel: Debug + Send + Sync {
    /// The model's id, such as `gamma-gamma`.
    fn id(&self) -> &'static str;

    /// The parameters under the names of the model's table.
    fn parameters(&self) -> Vec<Parameter>;

    /// Log-likelihood of one customer's mean spend given the number of purchases: a density per unit of money.
    fn ln_likelihood(&self, observation: &SpendObservation) -> f64;

    /// Mean and variances of a customer's spend: of one with this history, or of one without repeat purchases.
    fn spend_moments(&self, observation: Option<&SpendObservation>) -> SpendMoments;

    /// Expected spend per purchase, money.
    fn expected_spend(&self, observation: Option<&SpendObservation>) -> f64 {
        self.spend_moments(observation).mean
    }
}

/// Why values are not a spend model's parameters.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SpendParameterError {
    /// A value outside the parameter's range.
    #[error("parameter {name} of {model} is {value}, which is out of range")]
    OutOfRange {
        /// The model's id.
        model: &'static str,
        /// The parameter.
        name: &'static str,
        /// Its value.
        value: f64,
    },
    /// Too few or too many values.
    #[error("{model} has {expected} parameters, {given} were given")]
    Count {
        /// The model's id.
        model: &'static str,
        /// How many it has.
        expected: usize,
        /// How many were given.
        given: usize,
    },
}

/// What is known of one customer's spend after their history.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpendMoments {
    /// Expected spend per purchase, money.
    pub mean: f64,
    /// Posterior variance of the customer's own mean spend, money squared.
    pub variance_of_mean: f64,
    /// Variance of one purchase around the customer's own mean, averaged over the posterior, money squared.
    pub variance_of_purchase: f64,
}
