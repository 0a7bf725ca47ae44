//! Gamma-gamma: each customer has their own mean spend, and purchases scatter around it.
//!
//! A customer's purchases are gamma distributed with shape p and a rate nu of their own. Over customers nu is
//! gamma distributed with shape q and rate gamma. Spend does not depend on how often a customer buys.
//!
//! | parameter | role | unit |
//! | --- | --- | --- |
//! | p | shape of one purchase around the customer's mean: its squared coefficient of variation is 1/p | - |
//! | q | shape of the customers' rates: the population mean exists for q > 1, its variance for q > 2 | - |
//! | gamma | rate of the customers' rates | money |
//!
//! The likelihood is equation 1a of [FaderHardie2013]. Reference fit: CDNOW, `golden/gamma_gamma.toml`.

use clv_numerics::gamma::{digamma, ln_beta};
use clv_numerics::log_space::softplus;

use super::{
    SpendModel, SpendMoments, SpendObservation, SpendObservations, SpendParameterError,
    SpendsByCount,
};
use crate::Parameter;

/// Least excess of a posterior shape over the 1 (mean) or 2 (variance) from which its moment exists. Below it
/// the moment is that of the least excess: finite, positive, and continuous in the history.
const LEAST_EXCESS: f64 = 0.05;

/// A gamma-gamma model with its parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GammaGamma {
    p: f64,
    q: f64,
    gamma: f64,
}

/// The model's id.
const ID: &str = "gamma-gamma";

impl GammaGamma {
    /// The model at the given parameters.
    ///
    /// # Errors
    /// [`SpendParameterError`] unless each is finite and above 0.
    ///
    /// ```
    /// use clv_models::spend::{GammaGamma, SpendObservation};
    /// let model = GammaGamma::new(6.25, 3.74, 15.44).expect("all above 0");
    /// let customer = SpendObservation::new(2, 22.345).expect("a positive mean");
    /// assert!((model.expected_spend(Some(&customer)) - 24.66).abs() < 0.01);
    /// ```
    pub fn new(p: f64, q: f64, gamma: f64) -> Result<Self, SpendParameterError> {
        for (name, value) in [("p", p), ("q", q), ("gamma", gamma)] {
            if !(value.is_finite() && value > 0.0) {
                return Err(SpendParameterError::OutOfRange { model: ID, name, value });
            }
        }
        Ok(Self { p, q, gamma })
    }

    /// The parameters p, q and gamma.
    #[must_use]
    pub fn parameters(&self) -> [Parameter; 3] {
        [
            Parameter { name: "p", value: self.p },
            Parameter { name: "q", value: self.q },
            Parameter { name: "gamma", value: self.gamma },
        ]
    }

    /// Log-likelihood of one customer's mean spend given the number of purchases.
    #[must_use]
    pub fn ln_likelihood(&self, observation: &SpendObservation) -> f64 {
        let Self { p, q, gamma } = *self;
        let x = f64::from(observation.n_purchases());
        let z = observation.mean_spend();
        // ln of gamma^q (x z)^(p x) / (gamma + x z)^(p x + q), by shares that stay near 0 when one dominates.
        let ln_ratio = x.ln() + z.ln() - gamma.ln();
        let ln_prior_share = -softplus(ln_ratio);
        let ln_own_share = -softplus(-ln_ratio);
        q * ln_prior_share + p * x * ln_own_share - z.ln() - ln_beta(p * x, q)
    }

    /// Weighted sum of the log-likelihoods; its gradient with respect to the *logarithms* of p, q and gamma is
    /// written to `gradient`.
    pub fn ln_likelihood_sum(
        &self,
        observations: &SpendObservations,
        gradient: &mut [f64; 3],
    ) -> f64 {
        self.ln_likelihood_by_count(&SpendsByCount::new(observations, 1.0), gradient)
    }

    /// As [`ln_likelihood_sum`](Self::ln_likelihood_sum), of observations put in order beforehand.
    pub(crate) fn ln_likelihood_by_count(
        &self,
        spends: &SpendsByCount,
        gradient: &mut [f64; 3],
    ) -> f64 {
        let Self { p, q, gamma } = *self;
        let (ln_gamma, digamma_q) = (gamma.ln(), digamma(q));
        let mut sum = 0.0;
        *gradient = [0.0; 3];
        for (group, sums) in spends.sums(gamma) {
            let (n, weight) = (group.n_purchases, group.weight);
            let shape = p * n;
            let digamma_both = digamma(shape + q);
            let ln_own_share = -sums.ln_growth;
            let ln_prior_share = ln_own_share + weight * ln_gamma - group.ln_total;
            let ln_mean_spend = group.ln_total - weight * n.ln();
            sum += q * ln_prior_share + shape * ln_own_share
                - ln_mean_spend
                - weight * ln_beta(shape, q);
            gradient[0] += shape * (ln_own_share + weight * (digamma_both - digamma(shape)));
            gradient[1] += q * (ln_prior_share + weight * (digamma_both - digamma_q));
            gradient[2] += q * sums.own_share - shape * sums.prior_share;
        }
        sum
    }

    /// Shape and scale of the posterior of nu: its shape, and gamma plus what was spent.
    fn posterior(&self, observation: Option<&SpendObservation>) -> (f64, f64) {
        observation.map_or((self.q, self.gamma), |seen| {
            let x = f64::from(seen.n_purchases());
            (self.p * x + self.q, self.gamma + x * seen.mean_spend())
        })
    }

    /// Expected spend per purchase, money: of a customer with this history, or with nobody's history the mean of
    /// all customers.
    ///
    /// Always finite and above 0: where the posterior shape is at most 1, so that the mean does not exist, it is
    /// taken as if it were 1.05.
    #[must_use]
    pub fn expected_spend(&self, observation: Option<&SpendObservation>) -> f64 {
        let (shape, scale) = self.posterior(observation);
        (self.p * (scale / (shape - 1.0).max(LEAST_EXCESS))).clamp(f64::MIN_POSITIVE, f64::MAX)
    }

    /// Mean and variances of a customer's spend, all finite and above 0 (see
    /// [`expected_spend`](Self::expected_spend); variances likewise as if the posterior shape were at least 2.05).
    #[must_use]
    pub fn spend_moments(&self, observation: Option<&SpendObservation>) -> SpendMoments {
        let (shape, _) = self.posterior(observation);
        let mean = self.expected_spend(observation);
        // The latent mean p / nu is inverse gamma: variance mean^2 / (shape - 2), and one purchase has variance
        // (p / nu)^2 / p around it.
        let relative = 1.0 / (shape - 2.0).max(LEAST_EXCESS);
        let square = mean * mean;
        let positive = |value: f64| value.clamp(f64::MIN_POSITIVE, f64::MAX);
        SpendMoments {
            mean,
            variance_of_mean: positive(square * relative),
            variance_of_purchase: positive(square * (1.0 + relative) / self.p),
        }
    }
}

impl SpendModel for GammaGamma {
    fn id(&self) -> &'static str {
        ID
    }

    fn parameters(&self) -> Vec<Parameter> {
        GammaGamma::parameters(self).to_vec()
    }

    fn ln_likelihood(&self, observation: &SpendObservation) -> f64 {
        GammaGamma::ln_likelihood(self, observation)
    }

    fn spend_moments(&self, observation: Option<&SpendObservation>) -> SpendMoments {
        GammaGamma::spend_moments(self, observation)
    }
}
