//! GGom/NBD: a customer may leave silently at any moment, and the more readily the older they are.
//!
//! A customer buys at random moments at a rate of their own, for a lifetime of their own that ends unseen. The
//! rate of leaving grows exponentially with age, at one pace b for all, from a level that differs between
//! customers. Purchase rates and levels are gamma distributed over customers, independently.
//!
//! | symbol | field | meaning | support | unit |
//! | --- | --- | --- | --- | --- |
//! | r | `r` | shape of the purchase rate over customers | > 0 | - |
//! | α | `alpha` | rate of the purchase rate over customers; r/α is the mean rate | > 0 | time |
//! | b | `b` | pace of aging: the rate of leaving grows as e^(b age) | > 0 | 1/time |
//! | s | `s` | shape of the level of the dropout rate over customers | > 0 | - |
//! | β | `beta` | rate of that level; a new customer leaves at the rate s b/β | > 0 | - |
//!
//! Likelihood: [BemmaorGlady2012], as an integral over the moment of leaving: see `aging_dropout`. Their conditional
//! expectation is not the one used here: whoever is still a customer at age T has the same law of
//! lifetime with β_T = 1 + (β - 1) e^(-bT), and the forecast integrates its survival function. Reference fit: on CDNOW the
//! model collapses into Pareto/NBD, b and β run to 0 together, log-likelihood -9594.976.

use clv_numerics::gamma::{RisingTable, ln_rising};
use clv_numerics::log_space::ln_1p_of_ratio;

use super::aging_dropout::{AgingLifetime, AgingSilence};
use super::likelihood_pass::{most_repeat_purchases, weighted_sum};
use super::{FutureProcess, ParameterError, PurchaseModel, positive_parameters};
use crate::{Parameter, PurchaseHistories, PurchaseHistory};

/// The model's id.
pub const ID: &str = "ggom-nbd";

/// The parameters' names, in order.
pub const PARAMETER_NAMES: [&str; 5] = ["r", "alpha", "b", "s", "beta"];

/// What each of them says about customers, in plain words.
pub const PARAMETER_MEANINGS: [&str; 5] = [
    "how alike customers are in how often they buy: the smaller, the more they differ",
    "the pace of buying: r / alpha is the average customer\u{2019}s purchases per unit of time",
    "how much more readily customers leave as they grow older",
    "how alike customers are in how soon they leave: the smaller, the more they differ",
    "how late customers begin to leave: the larger, the later",
];

/// GGom/NBD with its parameters.
///
/// ```
/// use clv_models::purchase::{PurchaseModel, ggom_nbd::GgomNbd};
/// use clv_models::PurchaseHistory;
/// let model = GgomNbd::new(0.55, 10.6, 0.1, 0.6, 3.0)?;
/// let (fresh, silent) = (PurchaseHistory::new(2, 30.0, 31.0)?, PurchaseHistory::new(2, 3.0, 31.0)?);
/// assert!(model.probability_alive(&fresh) > model.probability_alive(&silent));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GgomNbd {
    r: f64,
    alpha: f64,
    b: f64,
    s: f64,
    beta: f64,
}

impl GgomNbd {
    /// The model at `r`, `alpha`, `b`, `s` and `beta`.
    ///
    /// # Errors
    /// Unless all are finite and above 0.
    pub fn new(r: f64, alpha: f64, b: f64, s: f64, beta: f64) -> Result<Self, ParameterError> {
        Self::from_values(&[r, alpha, b, s, beta])
    }

    /// The model at the values of [`PARAMETER_NAMES`].
    ///
    /// # Errors
    /// Unless there are five values, finite and above 0.
    pub fn from_values(values: &[f64]) -> Result<Self, ParameterError> {
        let [r, alpha, b, s, beta] = positive_parameters(ID, PARAMETER_NAMES, values)?;
        Ok(Self { r, alpha, b, s, beta })
    }

    /// Log-likelihood and P(alive) of one history, from one quadrature.
    #[must_use]
    pub fn ln_likelihood_and_probability_alive(&self, history: &PurchaseHistory) -> (f64, f64) {
        let count = history.repeat_purchases();
        let (x, last) = (f64::from(count), history.last_purchase_age());
        let silence = self.silence(history);
        let still_there = silence.still_there();
        let either_way = still_there + silence.left();
        let ln_likelihood = ln_rising(self.r, count)
            - (self.r + x) * (last / self.alpha).ln_1p()
            - x * self.alpha.ln()
            - self.s * self.lifetime().ln_growth(last)
            + either_way.ln();
        (ln_likelihood, still_there / either_way)
    }

    fn lifetime(&self) -> AgingLifetime {
        AgingLifetime { b: self.b, s: self.s, beta: self.beta }
    }

    fn silence(&self, history: &PurchaseHistory) -> AgingSilence {
        let last = history.last_purchase_age();
        AgingSilence {
            lifetime: self.lifetime().at(last),
            purchase_shape: self.r + f64::from(history.repeat_purchases()),
            purchase_scale: self.alpha + last,
            silence: history.time_since_last_purchase(),
        }
    }
}

impl PurchaseModel for GgomNbd {
    fn id(&self) -> &'static str {
        ID
    }

    fn parameters(&self) -> Vec<Parameter> {
        let values = [self.r, self.alpha, self.b, self.s, self.beta];
        PARAMETER_NAMES.iter().zip(values).map(|(name, value)| Parameter { name, value }).collect()
    }

    fn with_parameters(&self, values: &[f64]) -> Result<Box<dyn PurchaseModel>, ParameterError> {
        Ok(Box::new(Self::from_values(values)?))
    }

    fn ln_likelihood(&self, history: &PurchaseHistory) -> f64 {
        self.ln_likelihood_and_probability_alive(history).0
    }

    fn ln_likelihood_sum(&self, histories: &PurchaseHistories, gradient: &mut [f64]) -> f64 {
        let Self { r, alpha, b, s, .. } = *self;
        let rising = RisingTable::new(r, most_repeat_purchases(histories));
        let ln_alpha = alpha.ln();
        weighted_sum(histories, gradient, |history| {
            let count = history.repeat_purchases();
            let (x, last) = (f64::from(count), history.last_purchase_age());
            let (ln_rising, digamma_rise) = rising.at(count);
            let alpha_before = ln_1p_of_ratio(last / alpha);
            let growth_before = self.lifetime().ln_growth(last);
            let silence = self.silence(history);
            let lifetime = silence.lifetime;
            // At u after the last purchase: α/(α + t), the share β/(β + e^(bt) - 1), b t/β_t and b t (β_t - 1)/β_t.
            let alpha_share = |u: f64| alpha / (silence.purchase_scale + u);
            let beta_share = |growth: f64| (-growth_before - growth).exp();
            let aged = |u: f64| {
                let (exponent, beta_then) = (b * (last + u), lifetime.beta_at(u));
                (exponent / beta_then, exponent * ((beta_then - 1.0) / beta_then))
            };
            let left = silence.left_with_means(|u, purchase_growth, growth| {
                let (turned, unturned) = aged(u);
                let of_beta = beta_share(growth);
                [1.0, purchase_growth, growth, alpha_share(u), of_beta, turned, unturned]
            });
            let still_there = silence.still_there();
            let either_way = still_there + left[0];
            let alive = still_there / either_way;
            let dead = left.map(|value| value / either_way);
            let whole = silence.silence;

            let ln_likelihood =
                ln_rising - (r + x) * alpha_before - x * ln_alpha - s * growth_before
                    + either_way.ln();
            let growth_at_end = lifetime.ln_growth(whole);
            let mean_alpha_growth = alpha_before + alive * silence.purchase_growth(whole) + dead[1];
            let mean_growth = growth_before + alive * growth_at_end + dead[2];
            let mean_alpha_share = alive * alpha_share(whole) + dead[3];
            let mean_beta_share = alive * beta_share(growth_at_end) + dead[4];
            let mean_turned = alive * aged(whole).0 + dead[5];
            let slopes = [
                r * (digamma_rise - mean_alpha_growth),
                r - (r + x) * mean_alpha_share,
                dead[0] + dead[6] - s * mean_turned,
                dead[0] - s * mean_growth,
                s * (1.0 - mean_beta_share) - dead[4],
            ];
            (ln_likelihood, slopes)
        })
    }

    fn probability_alive(&self, history: &PurchaseHistory) -> f64 {
        self.ln_likelihood_and_probability_alive(history).1
    }

    fn new_customer(&self) -> FutureProcess {
        let Self { r, alpha, b, s, beta } = *self;
        FutureProcess::Aging { r, alpha, b, s, beta }
    }

    fn if_alive(&self, history: &PurchaseHistory) -> FutureProcess {
        FutureProcess::Aging {
            r: self.r + f64::from(history.repeat_purchases()),
            alpha: self.alpha + history.age(),
            b: self.b,
            s: self.s,
            beta: self.lifetime().beta_at(history.age()),
        }
    }
}
