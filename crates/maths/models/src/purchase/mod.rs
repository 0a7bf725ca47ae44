//! Who buys again and who leaves, in continuous time without a contract.
//!
//! A [`PurchaseModel`] is a model with its parameters. All of them split a customer's future in two: the chance
//! that they are still a customer, and a [`FutureProcess`] that describes what a customer does who is. That
//! split is exact for each of them, and it means that forecasts, intervals, dates and discounting are written
//! once for the process and serve every model.

use std::fmt::Debug;

use rayon::prelude::*;

use crate::{Parameter, PurchaseHistories, PurchaseHistory};

mod aging_dropout;
mod coin_dropout;
mod dropout_integral;
mod erlang_clock;
mod erlang_coin;
mod latent_rates;
mod latent_rows;
mod likelihood_pass;
mod pareto_nbd_pass;
mod row_block;

pub mod bg_bb;
pub mod bg_cnbd_k;
pub mod bg_nbd;
pub mod changing;
pub mod future;
pub mod ggom_nbd;
pub mod mbg_cnbd_k;
pub mod mbg_nbd;
pub mod nbd;
pub mod pareto_nbd;
pub mod pareto_nbd_lognormal;

pub use erlang_clock::MOST_PHASES;
pub use future::{ClockPiece, FutureProcess, LatentPoint, ProcessSummary};

/// A purchase model with its parameters.
pub trait PurchaseModel: Debug + Send + Sync {
    /// The model's id, such as `pareto-nbd`.
    fn id(&self) -> &'static str;

    /// The parameters under the paper's names, in the order of the gradient.
    fn parameters(&self) -> Vec<Parameter>;

    /// The same model at other parameters, in the order of [`parameters`](Self::parameters).
    ///
    /// # Errors
    /// Where a value lies outside the parameter's range or the number of values is wrong.
    fn with_parameters(&self, values: &[f64]) -> Result<Box<dyn PurchaseModel>, ParameterError>;

    /// Log-likelihood of one history; finite for every valid history. In the unit of the parameters.
    fn ln_likelihood(&self, history: &PurchaseHistory) -> f64;

    /// Weighted sum of the log-likelihoods of all histories; its gradient with respect to the *free coordinates* of
    /// the parameters ([`ParameterKind`](crate::ParameterKind): logarithms where they are positive) is written to
    /// `gradient` (one f64 for each parameter).
    fn ln_likelihood_sum(&self, histories: &PurchaseHistories, gradient: &mut [f64]) -> f64;

    /// P(still a customer at the end of observation), in [0, 1].
    fn probability_alive(&self, history: &PurchaseHistory) -> f64;

    /// [`probability_alive`](Self::probability_alive) of each history, on all cores.
    fn probabilities_alive(&self, histories: &[PurchaseHistory]) -> Vec<f64> {
        histories
            .par_iter()
            .with_min_len(1024)
            .map(|history| self.probability_alive(history))
            .collect()
    }

    /// What a customer just gained will do after the first purchase.
    fn new_customer(&self) -> FutureProcess;

    /// What a customer with this history will do from the end of observation on, given that they still are a
    /// customer then.
    fn if_alive(&self, history: &PurchaseHistory) -> FutureProcess;

    /// Expected purchases of a new customer within `horizon` (same unit as the parameters) of the first one.
    fn expected_purchases(&self, horizon: f64) -> f64 {
        self.new_customer().expected_purchases(horizon)
    }

    /// Expected purchases within `horizon` from the end of observation on, given the history.
    fn expected_future_purchases(&self, history: &PurchaseHistory, horizon: f64) -> f64 {
        let alive = self.probability_alive(history);
        // Who is surely gone buys nothing, even where others would buy without end.
        if alive > 0.0 { alive * self.if_alive(history).expected_purchases(horizon) } else { 0.0 }
    }

    /// P(at least one purchase within `horizon` from the end of observation on), given the history.
    fn probability_next_purchase(&self, history: &PurchaseHistory, horizon: f64) -> f64 {
        self.probability_alive(history) * (1.0 - self.if_alive(history).probability_none(horizon))
    }

    /// Discounted expected purchases within `horizon` at the continuous `discount_rate` per unit of time; the
    /// horizon may be infinite where the rate is positive (DERT).
    fn discounted_residual_purchases(
        &self,
        history: &PurchaseHistory,
        horizon: f64,
        discount_rate: f64,
    ) -> f64 {
        self.probability_alive(history)
            * self.if_alive(history).discounted_purchases(horizon, discount_rate)
    }
}

/// Why values are not a model's parameters.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ParameterError {
    /// A value outside the parameter's range.
    #[error("parameter {name} of {model} is {value}, expected a finite number above 0")]
    OutOfRange {
        /// The model's id.
        model: &'static str,
        /// The parameter.
        name: &'static str,
        /// Its value.
        value: f64,
    },
    /// A value that is not a whole number within the parameter's range.
    #[error("parameter {name} of {model} is {value}, expected a whole number from 1 to {largest}")]
    NotWhole {
        /// The model's id.
        model: &'static str,
        /// The parameter.
        name: &'static str,
        /// Its value.
        value: f64,
        /// The largest there may be.
        largest: u32,
    },
    /// A value outside the support of a parameter that need not be positive.
    #[error("parameter {name} of {model} is {value}, expected {expected}")]
    OutsideSupport {
        /// The model's id.
        model: &'static str,
        /// The parameter.
        name: &'static str,
        /// Its value.
        value: f64,
        /// What it may be.
        expected: &'static str,
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

/// The `values` as an array, each checked to be a finite number above 0.
pub(crate) fn positive_parameters<const N: usize>(
    model: &'static str,
    names: [&'static str; N],
    values: &[f64],
) -> Result<[f64; N], ParameterError> {
    let values: [f64; N] = values.try_into().map_err(|_| ParameterError::Count {
        model,
        expected: N,
        given: values.len(),
    })?;
    match names.iter().zip(values).find(|(_, value)| !(value.is_finite() && *value > 0.0)) {
        Some((name, value)) => Err(ParameterError::OutOfRange { model, name, value }),
        None => Ok(values),
    }
}
