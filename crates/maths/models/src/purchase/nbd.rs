//! NBD: everyone buys at their own steady rate and nobody ever leaves.
//!
//! A customer buys at random moments, at a rate of their own that never changes. Rates differ between
//! customers by a gamma distribution. Nobody leaves: silence only says that the rate is low, which makes this
//! the baseline a model with dropout has to beat.
//!
//! | symbol | field | meaning | support | unit |
//! | --- | --- | --- | --- | --- |
//! | r | `r` | shape of the purchase rate over customers | > 0 | - |
//! | α | `alpha` | rate of the purchase rate over customers; r/α is the mean rate | > 0 | time |
//!
//! Likelihood: [Ehrenberg1959], for purchase times instead of counts: that of Pareto/NBD,
//! [SchmittleinMorrisonColombo1987], without dropout. Reference fit: CDNOW, r .384766, alpha 12.07202, log-likelihood -9763.6576.

use clv_numerics::gamma::{RisingTable, ln_rising};
use clv_numerics::log_space::ln_1p_of_ratio;

use super::likelihood_pass::{most_repeat_purchases, weighted_sum};
use super::{FutureProcess, ParameterError, PurchaseModel, positive_parameters};
use crate::{Parameter, PurchaseHistories, PurchaseHistory};

/// The model's id.
pub const ID: &str = "nbd";

/// The parameters' names, in order.
pub const PARAMETER_NAMES: [&str; 2] = ["r", "alpha"];

/// What each of them says about customers, in plain words.
pub const PARAMETER_MEANINGS: [&str; 2] = [
    "how alike customers are in how often they buy: the smaller, the more they differ",
    "the pace of buying: r / alpha is the average customer\u{2019}s purchases per unit of time",
];

/// NBD with its parameters.
///
/// ```
/// use clv_models::purchase::{PurchaseModel, nbd::Nbd};
/// use clv_models::PurchaseHistory;
/// let model = Nbd::new(0.38, 12.0)?;
/// let history = PurchaseHistory::new(2, 30.4, 38.9)?;
/// assert!(model.ln_likelihood(&history) < 0.0 && model.probability_alive(&history) == 1.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Nbd {
    r: f64,
    alpha: f64,
}

impl Nbd {
    /// The model at `r` and `alpha`.
    ///
    /// # Errors
    /// Unless both are finite and above 0.
    pub fn new(r: f64, alpha: f64) -> Result<Self, ParameterError> {
        Self::from_values(&[r, alpha])
    }

    /// The model at the values of [`PARAMETER_NAMES`].
    ///
    /// # Errors
    /// Unless there are two values, finite and above 0.
    pub fn from_values(values: &[f64]) -> Result<Self, ParameterError> {
        let [r, alpha] = positive_parameters(ID, PARAMETER_NAMES, values)?;
        Ok(Self { r, alpha })
    }

    /// ln of (α/(α+T))^r (α+T)^-x, which is all but the rising factorial.
    fn ln_waiting(&self, x: f64, age: f64) -> f64 {
        -(self.r + x) * (age / self.alpha).ln_1p() - x * self.alpha.ln()
    }
}

impl PurchaseModel for Nbd {
    fn id(&self) -> &'static str {
        ID
    }

    fn parameters(&self) -> Vec<Parameter> {
        let values = [self.r, self.alpha];
        PARAMETER_NAMES.iter().zip(values).map(|(name, value)| Parameter { name, value }).collect()
    }

    fn with_parameters(&self, values: &[f64]) -> Result<Box<dyn PurchaseModel>, ParameterError> {
        Ok(Box::new(Self::from_values(values)?))
    }

    fn ln_likelihood(&self, history: &PurchaseHistory) -> f64 {
        let x = history.repeat_purchases();
        ln_rising(self.r, x) + self.ln_waiting(f64::from(x), history.age())
    }

    fn ln_likelihood_sum(&self, histories: &PurchaseHistories, gradient: &mut [f64]) -> f64 {
        let Self { r, alpha } = *self;
        let rising = RisingTable::new(r, most_repeat_purchases(histories));
        let ln_alpha = alpha.ln();
        weighted_sum(histories, gradient, |history| {
            let (count, age) = (history.repeat_purchases(), history.age());
            let x = f64::from(count);
            let (ln_rising, digamma_rise) = rising.at(count);
            let ln_growth = ln_1p_of_ratio(age / alpha);
            let ln_likelihood = ln_rising - (r + x) * ln_growth - x * ln_alpha;
            let slope_r = r * (digamma_rise - ln_growth);
            let slope_alpha = (r * age - x * alpha) / (alpha + age);
            (ln_likelihood, [slope_r, slope_alpha])
        })
    }

    fn probability_alive(&self, _history: &PurchaseHistory) -> f64 {
        1.0
    }

    fn new_customer(&self) -> FutureProcess {
        FutureProcess::Steady { r: self.r, alpha: self.alpha }
    }

    fn if_alive(&self, history: &PurchaseHistory) -> FutureProcess {
        FutureProcess::Steady {
            r: self.r + f64::from(history.repeat_purchases()),
            alpha: self.alpha + history.age(),
        }
    }
}
