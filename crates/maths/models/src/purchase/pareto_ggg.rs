//! Pareto/GGG: every customer buys in a rhythm of their own, regular or not, and may leave silently at any moment.
//!
//! The times between a customer's purchases are gamma distributed: with a regularity of their own, so that one
//! customer buys like clockwork and another in bursts, and at a rate of their own. They leave for good at a moment
//! that nobody sees, after an exponential lifetime whose rate differs between customers. The three differ independently.
//!
//! | symbol | field | meaning | support | unit |
//! | --- | --- | --- | --- | --- |
//! | t | `t` | shape of the regularity k over customers | > 0 | - |
//! | γ | `gamma` | rate of the regularity; t/γ is its mean, 1 being purely random | > 0 | - |
//! | r | `r` | shape of the purchase rate over customers | > 0 | - |
//! | α | `alpha` | rate of the purchase rate; r/α is its mean | > 0 | time |
//! | s | `s` | shape of the dropout rate over customers | > 0 | - |
//! | β | `beta` | rate of the dropout rate; s/β is its mean | > 0 | time |
//!
//! Likelihood: [PlatzerReutterer2016], eqs. 1 to 6, where it is sampled; here the rate and the lifetime are integrated
//! in closed form and the rest by rules that are exact to rounding: see `latent_rhythm`. It is not linear in the sum of
//! the logarithms of the interpurchase times, so that for customers who share their counts and ages only the mean of
//! that sum being known is an approximation. Reference fit: see `docs/models/pareto-ggg.md`.

use std::sync::Arc;

use rayon::prelude::*;

use super::latent_rhythm::{LatentRhythm, RhythmMeans};
use super::likelihood_pass::add_weighted;
use super::{FutureProcess, ParameterError, PurchaseModel, positive_parameters};
use crate::{Parameter, PurchaseHistories, PurchaseHistory};

/// The model's id.
pub const ID: &str = "pareto-ggg";

/// The parameters' names, in order.
pub const PARAMETER_NAMES: [&str; 6] = ["t", "gamma", "r", "alpha", "s", "beta"];

/// What each of [`PARAMETER_NAMES`] says, in plain words.
pub const PARAMETER_MEANINGS: [&str; 6] = [
    "how alike customers are in how regular they are",
    "sets how regular they are: t / gamma in the mean, 1 being purely random",
    "how alike they are in how often they buy",
    "the pace of buying; the mean rate is r / alpha",
    "how alike they are in how soon they leave",
    "the pace of leaving; the mean dropout rate is s / beta",
];

/// Points that stand for the law of a customer's regularity in forecasts.
const FEW_POINTS: usize = 7;

/// Pareto/GGG with its parameters.
///
/// ```
/// use clv_models::purchase::{PurchaseModel, pareto_ggg::ParetoGgg};
/// use clv_models::PurchaseHistory;
/// let model = ParetoGgg::from_values(&[4.0, 2.0, 0.6, 10.0, 0.7, 12.0])?;
/// // Eight purchases in 40 weeks, evenly spaced or not, then 15 weeks of silence.
/// let silent = PurchaseHistory::new(8, 40.0, 55.0)?;
/// let even = silent.with_sum_ln_interpurchase_times(8.0 * 5f64.ln())?;
/// let uneven = silent.with_sum_ln_interpurchase_times(8.0 * 2f64.ln())?;
/// assert!(model.probability_alive(&even) < model.probability_alive(&uneven));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ParetoGgg(LatentRhythm);

impl ParetoGgg {
    /// The model at the values of [`PARAMETER_NAMES`].
    ///
    /// # Errors
    /// Unless there are six values, finite and above 0.
    pub fn from_values(values: &[f64]) -> Result<Self, ParameterError> {
        let [t, gamma, r, alpha, s, beta] = positive_parameters(ID, PARAMETER_NAMES, values)?;
        Ok(Self(LatentRhythm { t, gamma, r, alpha, s, beta }))
    }
}

impl PurchaseModel for ParetoGgg {
    fn id(&self) -> &'static str {
        ID
    }

    fn parameters(&self) -> Vec<Parameter> {
        let LatentRhythm { t, gamma, r, alpha, s, beta } = self.0;
        let named = PARAMETER_NAMES.iter().zip([t, gamma, r, alpha, s, beta]);
        named.map(|(name, value)| Parameter { name, value }).collect()
    }

    fn with_parameters(&self, values: &[f64]) -> Result<Box<dyn PurchaseModel>, ParameterError> {
        Ok(Box::new(Self::from_values(values)?))
    }

    fn ln_likelihood(&self, history: &PurchaseHistory) -> f64 {
        self.0.means(history).ln_likelihood
    }

    fn ln_likelihood_sum(&self, histories: &PurchaseHistories, gradient: &mut [f64]) -> f64 {
        // A history costs so much that each may be a task of its own; they are added in order.
        let rows = histories.histories().par_iter().with_min_len(8);
        let means: Vec<RhythmMeans> = rows.map(|history| self.0.means(history)).collect();
        let mut sum = (0.0, [0.0; PARAMETER_NAMES.len()]);
        for (means, weight) in means.iter().zip(histories.weights()) {
            add_weighted(&mut sum, *weight, (means.ln_likelihood, means.slopes));
        }
        gradient.fill(0.0);
        for (slope, sum) in gradient.iter_mut().zip(sum.1) {
            *slope = sum;
        }
        sum.0
    }

    fn probability_alive(&self, history: &PurchaseHistory) -> f64 {
        self.0.means(history).alive
    }

    fn new_customer(&self) -> FutureProcess {
        self.if_alive(&PurchaseHistory::newborn())
    }

    fn if_alive(&self, history: &PurchaseHistory) -> FutureProcess {
        // A newcomer's law is kept whole, for simulations.
        let n_points = (history.age() > 0.0).then_some(FEW_POINTS);
        FutureProcess::RhythmsLapsing {
            points: Arc::from(self.0.points_if_alive(history, n_points)),
            silence: history.time_since_last_purchase(),
            s: self.0.s,
            beta: self.0.beta + history.age(),
        }
    }
}
