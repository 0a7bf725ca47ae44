//! BG/NBD: after each repeat purchase a customer may leave for good.
//!
//! A customer buys at random moments at a rate of their own. After each repeat purchase a coin of their own
//! decides whether it was the last; rates are gamma and coins beta distributed over customers. Nobody can leave
//! before a repeat purchase, so a one-time buyer counts as alive for ever, however long ago they bought.
//!
//! | symbol | field | meaning | support | unit |
//! | --- | --- | --- | --- | --- |
//! | r | `r` | shape of the purchase rate over customers | > 0 | - |
//! | α | `alpha` | rate of the purchase rate over customers; r/α is the mean rate | > 0 | time |
//! | a | `a` | first shape of the dropout probability; a/(a+b) is its mean | > 0 | - |
//! | b | `b` | second shape of the dropout probability | > 0 | - |
//!
//! Likelihood: [FaderHardieLee2005], arranged as odds. Reference fit: CDNOW, r .242595, alpha
//! 4.41360, a .792922, b 2.42591, log-likelihood -9582.42921.

use super::coin_dropout::CoinDropout;
use super::{FutureProcess, ParameterError, PurchaseModel, positive_parameters};
use crate::{Parameter, PurchaseHistories, PurchaseHistory};

/// The model's id.
pub const ID: &str = "bg-nbd";

/// The parameters' names, in order.
pub const PARAMETER_NAMES: [&str; 4] = ["r", "alpha", "a", "b"];

/// What each of them says about customers, in plain words.
pub const PARAMETER_MEANINGS: [&str; 4] = [
    "how alike customers are in how often they buy: the smaller, the more they differ",
    "the pace of buying: r / alpha is the average customer\u{2019}s purchases per unit of time",
    "leaving: a / (a + b) is the average chance of leaving at a purchase",
    "staying: the counterpart of a",
];

/// BgNbd with its parameters.
///
/// ```
/// use clv_models::purchase::{PurchaseModel, bg_nbd::BgNbd};
/// use clv_models::PurchaseHistory;
/// let model = BgNbd::new(0.5, 10.0, 0.7, 2.5)?;
/// let (fresh, silent) = (PurchaseHistory::new(2, 30.0, 31.0)?, PurchaseHistory::new(2, 3.0, 31.0)?);
/// assert!(model.probability_alive(&fresh) > model.probability_alive(&silent));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BgNbd(CoinDropout);

impl BgNbd {
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
        Ok(Self(CoinDropout { r, alpha, a, b, first_tosses: 0 }))
    }
}

impl PurchaseModel for BgNbd {
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
        FutureProcess::LeavingAfterPurchase { r, alpha, a, b }
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
