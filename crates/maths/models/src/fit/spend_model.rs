//! A fitted spend model of any kind, and the choice between kinds by what they say of customers they have not seen.

use std::sync::Arc;

use super::{SpendWarning, fit_gamma_gamma};
use crate::catalogue::{SpendModelEntry, spend_models};
use crate::spend::{SpendModel, SpendObservations};

/// A spend model at its maximum likelihood, with diagnostics.
#[derive(Debug, Clone)]
pub struct FittedSpendModel {
    /// The model at the fitted parameters.
    pub model: Arc<dyn SpendModel>,
    /// Sum of the log-likelihoods of all customers, in the unit of money of the observations.
    pub log_likelihood: f64,
    /// Customers: the sum of weights.
    pub n_customers: f64,
    /// Whether the gradient came below the tolerance inside the parameters' range.
    pub converged: bool,
    /// Standard error of each parameter; `None` where the data do not identify it, or it was not estimated.
    pub standard_errors: Vec<Option<f64>>,
    /// Covariance of the free coordinates of the parameters: logarithms of positive ones, log-odds of shares, real
    /// ones as they are; `None` where nothing was estimated freely.
    pub free_covariance: Option<Vec<Vec<f64>>>,
    /// What to know before trusting the parameters.
    pub warnings: Vec<SpendWarning>,
}

/// How well a spend model foretold the mean spend of customers left out of its fit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpendScore {
    /// The model's id.
    pub model: &'static str,
    /// Mean log-density of the left-out customers' mean spends, per customer; higher is better.
    pub held_out_log_score: f64,
    /// Standard error of its difference to the best model's score, over customers; 0 for the best itself.
    pub standard_error: f64,
}

/// Parts into which customers are cut; each is forecast by a fit to the others.
const N_FOLDS: usize = 5;

/// Customers whom the choice rests on, at most: the score of more would not change.
const MOST_CUSTOMERS: usize = 50_000;

/// Models are dearer with each parameter: one must be better than a simpler one by this many standard errors.
const LEAST_GAIN: f64 = 1.0;

/// Every spend model's score on customers left out of its fit, in the order of the catalogue, and the entry to serve:
/// the best, or the first of the catalogue that is not clearly worse. `None` with fewer customers than folds.
#[must_use]
pub fn choose_spend_model(
    observations: &SpendObservations,
) -> Option<(&'static SpendModelEntry, Vec<SpendScore>)> {
    let every = observations.len().div_ceil(MOST_CUSTOMERS);
    let kept: Vec<_> = observations.iter().step_by(every.max(1)).collect();
    if kept.len() < 10 * N_FOLDS {
        return None;
    }
    let scores_of = |entry: &SpendModelEntry| -> Vec<f64> {
        let mut scores = vec![0.0; kept.len()];
        for fold in 0..N_FOLDS {
            let mut seen = SpendObservations::with_capacity(kept.len());
            for (place, (observation, weight)) in kept.iter().enumerate() {
                if place % N_FOLDS != fold {
                    seen.push(**observation, *weight).expect("a weight stays one");
                }
            }
            let fitted = (entry.fit)(&seen);
            for place in (fold..kept.len()).step_by(N_FOLDS) {
                scores[place] = fitted.model.ln_likelihood(kept[place].0);
            }
        }
        scores
    };
    let weight: f64 = kept.iter().map(|(_, weight)| weight).sum();
    let mean = |values: &[f64]| -> f64 {
        values.iter().zip(&kept).map(|(value, (_, w))| value * w).sum::<f64>() / weight
    };
    let of_models: Vec<Vec<f64>> = spend_models().iter().map(scores_of).collect();
    let best = (0..of_models.len())
        .max_by(|a, b| mean(&of_models[*a]).total_cmp(&mean(&of_models[*b])))?;
    let scores: Vec<SpendScore> = spend_models()
        .iter()
        .zip(&of_models)
        .map(|(entry, of_model)| {
            let differences: Vec<f64> =
                of_model.iter().zip(&of_models[best]).map(|(a, b)| a - b).collect();
            let centre = mean(&differences);
            let squares: Vec<f64> = differences.iter().map(|d| (d - centre).powi(2)).collect();
            SpendScore {
                model: entry.id,
                held_out_log_score: mean(of_model),
                standard_error: (mean(&squares) / weight).sqrt(),
            }
        })
        .collect();
    let served = scores.iter().position(|score| {
        score.held_out_log_score + LEAST_GAIN * score.standard_error
            >= scores[best].held_out_log_score
    })?;
    Some((&spend_models()[served], scores))
}

/// Where there is nothing to learn a spread from: the observed mean with a wide prior.
pub(super) fn pooled_spend(observations: &SpendObservations) -> FittedSpendModel {
    fit_gamma_gamma(observations).into()
}
