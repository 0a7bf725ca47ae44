//! MBG/CNBD-k: customers buy at regular intervals, and may leave for good after each purchase, the first included.
//!
//! As MBG/NBD, but the times between a customer's purchases are Erlang-k, not exponential: the larger k, the more
//! regular. A silence that is long against a customer's own rhythm therefore says more, and one-time buyers may be
//! gone.
//!
//! | symbol | field | meaning | support | unit |
//! | --- | --- | --- | --- | --- |
//! | k | `k` | ticks of the customer's clock from one purchase to the next | 1, 2, ... 24 | - |
//! | r | `r` | shape of the rate of ticks over customers | > 0 | - |
//! | α | `alpha` | rate of the rate of ticks over customers; r/(kα) is about the mean purchase rate | > 0 | time |
//! | a | `a` | first shape of the dropout probability; a/(a+b) is its mean | > 0 | - |
//! | b | `b` | second shape of the dropout probability | > 0 | - |
//!
//! Likelihood: [ReuttererPlatzerSchroeder2021] and [Platzer2016], arranged as odds, with the timing term, so that
//! likelihoods compare over k. Reference fit: CDNOW at k = 2, r .57990, alpha 2.28815, a 1.13445, b 1.58497,
//! log-likelihood -9853.253; MBG/NBD is k = 1.

use super::erlang_coin::ErlangCoin;
pub use super::erlang_coin::{PARAMETER_MEANINGS, PARAMETER_NAMES};
use super::{FutureProcess, ParameterError, PurchaseModel};
use crate::{Parameter, PurchaseHistories, PurchaseHistory};

/// The model's id.
pub const ID: &str = "mbg-cnbd-k";

/// MbgCnbdK with its parameters.
///
/// ```
/// use clv_models::purchase::{PurchaseModel, mbg_cnbd_k::MbgCnbdK};
/// use clv_models::PurchaseHistory;
/// let (random, regular) = (MbgCnbdK::new(1, 0.5, 10.0, 0.7, 2.5)?, MbgCnbdK::new(4, 0.5, 2.5, 0.7, 2.5)?);
/// // Eight purchases in 40 weeks, then 15 weeks of silence.
/// let silent = PurchaseHistory::new(8, 40.0, 55.0)?;
/// assert!(regular.probability_alive(&silent) < random.probability_alive(&silent));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MbgCnbdK(ErlangCoin);

impl MbgCnbdK {
    /// The model at `k`, `r`, `alpha`, `a` and `b`.
    ///
    /// # Errors
    /// Unless k is between 1 and 24, and all others are finite and above 0.
    pub fn new(k: u32, r: f64, alpha: f64, a: f64, b: f64) -> Result<Self, ParameterError> {
        Self::from_values(&[f64::from(k), r, alpha, a, b])
    }

    /// The model at the values of [`PARAMETER_NAMES`].
    ///
    /// # Errors
    /// Unless there are five values, finite and above 0, the first of them a whole number up to 24.
    pub fn from_values(values: &[f64]) -> Result<Self, ParameterError> {
        Ok(Self(ErlangCoin::from_values(ID, values, 1)?))
    }
}

impl PurchaseModel for MbgCnbdK {
    fn id(&self) -> &'static str {
        ID
    }

    fn parameters(&self) -> Vec<Parameter> {
        self.0.parameters()
    }

    fn with_parameters(&self, values: &[f64]) -> Result<Box<dyn PurchaseModel>, ParameterError> {
        Ok(Box::new(Self::from_values(values)?))
    }

    fn ln_likelihood(&self, history: &PurchaseHistory) -> f64 {
        self.0.ln_likelihood(history)
    }

    fn ln_likelihood_sum(&self, histories: &PurchaseHistories, gradient: &mut [f64]) -> f64 {
        self.0.ln_likelihood_sum(histories, gradient)
    }

    fn probability_alive(&self, history: &PurchaseHistory) -> f64 {
        self.0.probability_alive(history)
    }

    fn new_customer(&self) -> FutureProcess {
        self.0.new_customer()
    }

    fn if_alive(&self, history: &PurchaseHistory) -> FutureProcess {
        self.0.if_alive(history)
    }
}
