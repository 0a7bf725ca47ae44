//! Pareto/NBD: a customer may leave silently at any moment.
//!
//! A customer buys at random moments at a rate of their own, for an exponential lifetime of their own that ends
//! unseen. Purchase rates and dropout rates are gamma distributed over customers, independently. So a long
//! silence speaks for having left, the more so the busier the customer was before.
//!
//! | symbol | field | meaning | support | unit |
//! | --- | --- | --- | --- | --- |
//! | r | `r` | shape of the purchase rate over customers | > 0 | - |
//! | α | `alpha` | rate of the purchase rate over customers; r/α is the mean rate | > 0 | time |
//! | s | `s` | shape of the dropout rate over customers | > 0 | - |
//! | β | `beta` | rate of the dropout rate over customers; s/β is the mean rate | > 0 | time |
//!
//! Likelihood: [SchmittleinMorrisonColombo1987], kept as the integral over the moment of leaving from
//! which [FaderHardie2005] derive it, which needs no hypergeometric function: see `dropout_integral`. Reference fit: CDNOW,
//! r .55328, alpha 10.57768, s .60624, beta 11.66874, log-likelihood -9594.97618.

use clv_numerics::gamma::{RisingTable, ln_rising};
use pulp::Arch;
use rayon::prelude::*;

use super::dropout_integral::DropoutIntegral;
use super::likelihood_pass::{ROWS_PER_TASK, most_repeat_purchases, weighted_sum_of_many};
use super::pareto_nbd_pass::{AliveOfRows, ParetoNbdPass};
use super::{FutureProcess, ParameterError, PurchaseModel, positive_parameters};
use crate::{Parameter, PurchaseHistories, PurchaseHistory};

/// The model's id.
pub const ID: &str = "pareto-nbd";

/// The parameters' names, in order.
pub const PARAMETER_NAMES: [&str; 4] = ["r", "alpha", "s", "beta"];

/// What each of them says about customers, in plain words.
pub const PARAMETER_MEANINGS: [&str; 4] = [
    "how alike customers are in how often they buy: the smaller, the more they differ",
    "the pace of buying: r / alpha is the average customer\u{2019}s purchases per unit of time",
    "how alike customers are in how soon they leave: the smaller, the more they differ",
    "the pace of leaving: s / beta is the average customer\u{2019}s rate of leaving per unit of time",
];

/// Pareto/NBD with its parameters.
///
/// ```
/// use clv_models::purchase::{PurchaseModel, pareto_nbd::ParetoNbd};
/// use clv_models::PurchaseHistory;
/// let model = ParetoNbd::new(0.55, 10.6, 0.61, 11.7)?;
/// let (fresh, silent) = (PurchaseHistory::new(2, 30.0, 31.0)?, PurchaseHistory::new(2, 3.0, 31.0)?);
/// assert!(model.probability_alive(&fresh) > model.probability_alive(&silent));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ParetoNbd {
    r: f64,
    alpha: f64,
    s: f64,
    beta: f64,
}

impl ParetoNbd {
    /// The model at `r`, `alpha`, `s` and `beta`.
    ///
    /// # Errors
    /// Unless all are finite and above 0.
    pub fn new(r: f64, alpha: f64, s: f64, beta: f64) -> Result<Self, ParameterError> {
        Self::from_values(&[r, alpha, s, beta])
    }

    /// The model at the values of [`PARAMETER_NAMES`].
    ///
    /// # Errors
    /// Unless there are four values, finite and above 0.
    pub fn from_values(values: &[f64]) -> Result<Self, ParameterError> {
        let [r, alpha, s, beta] = positive_parameters(ID, PARAMETER_NAMES, values)?;
        Ok(Self { r, alpha, s, beta })
    }

    /// Log-likelihood and P(alive) of one history, from one quadrature.
    #[must_use]
    pub fn ln_likelihood_and_probability_alive(&self, history: &PurchaseHistory) -> (f64, f64) {
        let count = history.repeat_purchases();
        let integral = self.dropout_integral(history);
        let (still_there, left) = (integral.still_there(), integral.left());
        let either_way = still_there + self.s * left;
        let ln_likelihood = ln_rising(self.r, count)
            + self.ln_at_last_purchase(f64::from(count), history.last_purchase_age())
            + either_way.ln();
        (ln_likelihood, still_there / either_way)
    }

    /// The parameters as a pass over customers with at most so many repeat purchases wants them.
    pub(super) fn pass(&self, most_repeat_purchases: u32) -> ParetoNbdPass {
        let Self { r, alpha, s, beta } = *self;
        let rising = RisingTable::new(r, most_repeat_purchases);
        ParetoNbdPass { r, alpha, s, beta, rising }
    }

    fn dropout_integral(&self, history: &PurchaseHistory) -> DropoutIntegral {
        let (x, last) = (f64::from(history.repeat_purchases()), history.last_purchase_age());
        DropoutIntegral::new(
            (self.r + x, self.alpha + last),
            (self.s, self.beta + last),
            history.time_since_last_purchase(),
        )
    }

    /// ln of α^r β^s (α+t_x)^-(r+x) (β+t_x)^-s: no dropout until the last purchase.
    fn ln_at_last_purchase(&self, x: f64, last_purchase_age: f64) -> f64 {
        -(self.r + x) * (last_purchase_age / self.alpha).ln_1p()
            - x * self.alpha.ln()
            - self.s * (last_purchase_age / self.beta).ln_1p()
    }
}

impl PurchaseModel for ParetoNbd {
    fn id(&self) -> &'static str {
        ID
    }

    fn parameters(&self) -> Vec<Parameter> {
        let values = [self.r, self.alpha, self.s, self.beta];
        PARAMETER_NAMES.iter().zip(values).map(|(name, value)| Parameter { name, value }).collect()
    }

    fn with_parameters(&self, values: &[f64]) -> Result<Box<dyn PurchaseModel>, ParameterError> {
        Ok(Box::new(Self::from_values(values)?))
    }

    fn ln_likelihood(&self, history: &PurchaseHistory) -> f64 {
        self.ln_likelihood_and_probability_alive(history).0
    }

    fn ln_likelihood_sum(&self, histories: &PurchaseHistories, gradient: &mut [f64]) -> f64 {
        let pass = self.pass(most_repeat_purchases(histories));
        weighted_sum_of_many(histories, gradient, &pass)
    }

    fn probability_alive(&self, history: &PurchaseHistory) -> f64 {
        self.ln_likelihood_and_probability_alive(history).1
    }

    fn probabilities_alive(&self, histories: &[PurchaseHistory]) -> Vec<f64> {
        let pass = self.pass(0);
        let registers = Arch::new();
        let parts: Vec<Vec<f64>> = histories
            .par_chunks(ROWS_PER_TASK)
            .map(|rows| registers.dispatch(AliveOfRows { pass: &pass, rows }))
            .collect();
        parts.concat()
    }

    fn new_customer(&self) -> FutureProcess {
        let Self { r, alpha, s, beta } = *self;
        FutureProcess::Lapsing { r, alpha, s, beta }
    }

    fn if_alive(&self, history: &PurchaseHistory) -> FutureProcess {
        FutureProcess::Lapsing {
            r: self.r + f64::from(history.repeat_purchases()),
            alpha: self.alpha + history.age(),
            s: self.s,
            beta: self.beta + history.age(),
        }
    }
}
