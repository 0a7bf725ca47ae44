//! MBG/NBD: after each purchase, the first one included, a customer may leave for good.
//!
//! A customer buys at random moments at a rate of their own. After each purchase, the very first one too, a
//! coin of their own decides whether it was the last; rates are gamma and coins beta distributed over customers.
//! So a one-time buyer may well have left, which is what BG/NBD cannot say.
//!
//! | symbol | field | meaning | support | unit |
//! | --- | --- | --- | --- | --- |
//! | r | `r` | shape of the purchase rate over customers | > 0 | - |
//! | α | `alpha` | rate of the purchase rate over customers; r/α is the mean rate | > 0 | time |
//! | a | `a` | first shape of the dropout probability; a/(a+b) is its mean | > 0 | - |
//! | b | `b` | second shape of the dropout probability | > 0 | - |
//!
//! Likelihood: [BatislamDenizelFiliztekin2007], arranged as odds. Reference fit: CDNOW, r .524843,
//! alpha 6.183086, a .891359, b 1.614002, log-likelihood -9582.13572.

use super::coin_dropout::CoinDropout;
use super::{FutureProcess, ParameterError, PurchaseModel, positive_parameters};
use crate::{Parameter, PurchaseHistories, PurchaseHistory};

/// The model's id.
pub const ID: &str = "mbg-nbd";

/// The parameters' names, in order.
pub const PARAMETER_NAMES: [&str; 4] = ["r", "alpha", "a", "b"];

/// What each of them says about customers, in plain words.
pub const PARAMETER_MEANINGS: [&str; 4] = [
    "how alike customers are in how often they buy: the smaller, the more they differ",
    "the pace of buying: r / alpha is the average customer\u{2019}s purchases per unit of time",
    "leaving: a / (a + b) is the average chance of leaving at a purchase",
    "staying: the counterpart of a",
];

/// MbgNbd with its parameters.
///
/// ```
/// use clv_models::purchase::{PurchaseModel, mbg_nbd::MbgNbd};
/// use clv_models::PurchaseHistory;
/// let model = MbgNbd::new(0.5, 10.0, 0.7, 2.5)?;
/// let (fresh, silent) = (PurchaseHistory::new(2, 30.0, 31.0)?, PurchaseHistory::new(2, 3.0, 31.0)?);
/// assert!(model.probability_alive(&fresh) > model.probability_alive(&silent));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MbgNbd(CoinDropout);

impl MbgNbd {
    /// The model at `r`, `alpha`, `a` and `b`.
    ///
    /// # Errors
    /// Unless all are finite and above 0.
    pub fn new(r: f64, alpha: f64, a: f64, b: f64) -> Result<Self, ParameterError> {
        Self::from_values(&[r, alpha, a, b])
    }

    /// The model at the values of [`PARAMETER_NAMES`].
    ///
    /// # Errors
    /// Unless there are four values, finite and above 0.
    pub fn from_values(values: &[f64]) -> Result<Self, ParameterError> {
        let [r, alpha, a, b] = positive_parameters(ID, PARAMETER_NAMES, values)?;
        Ok(Self(CoinDropout { r, alpha, a, b, first_tosses: 1 }))
    }
}

impl PurchaseModel for MbgNbd {
    fn id(&self) -> &'static str {
        ID
    }

    fn parameters(&self) -> Vec<Parameter> {
        let values = [self.0.r, self.0.alpha, self.0.a, self.0.b];
        PARAMETER_NAMES.iter().zip(values).map(|(name, value)| Parameter { name, value }).collect()
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
        let CoinDropout { r, alpha, a, b, .. } = self.0;
        FutureProcess::LeavingAtOnceOrAfterPurchase { r, alpha, a, b }
    }

    fn if_alive(&self, history: &PurchaseHistory) -> FutureProcess {
        let count = history.repeat_purchases();
        FutureProcess::LeavingAfterPurchase {
            r: self.0.r + f64::from(count),
            alpha: self.0.alpha + history.age(),
            a: self.0.a,
            b: self.0.b + f64::from(self.0.tosses(count)),
        }
    }
}
