//! Draws of a fit's parameters: made for `clv fit --posterior`, saved with the model, read back to forecast with.

use std::collections::BTreeMap;

use clv_answers::model_fit::ModelFit;
use clv_answers::posterior::{ParameterSummary, PosteriorDraws};
use clv_models::PurchaseHistories;
use clv_models::fit::{
    Posterior, PosteriorMethod, PosteriorOptions, Prior, purchase_bootstrap, purchase_posterior,
    spend_bootstrap, spend_posterior,
};
use clv_models::spend::SpendObservations;

use crate::error::StudyError;
use crate::model_fit::{GAMMA_GAMMA, gamma_gamma_of, model_entry, saved_purchase_model};

/// How draws are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DrawWay {
    /// From the posterior: importance sampling, and NUTS where its k-hat is too large.
    Fast,
    /// From the posterior, by NUTS.
    Nuts,
    /// Refits to customers drawn with replacement.
    Bootstrap,
}

/// What draws are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DrawOptions {
    /// How they are made.
    pub way: DrawWay,
    /// How many, at least 1.
    pub n_draws: usize,
    /// The seed.
    pub seed: u64,
}

/// Draws of a purchase model's parameters, around `fit`, from the histories it was fitted to.
///
/// # Errors
/// [`StudyError`] where the fit names no model of the catalogue or no draws are asked for.
pub fn purchase_draws(
    fit: &ModelFit,
    histories: &PurchaseHistories,
    options: &DrawOptions,
) -> Result<PosteriorDraws, StudyError> {
    let entry = model_entry(&fit.model)?;
    let (model, _) = saved_purchase_model(fit)?;
    let start: Vec<f64> = model.parameters().iter().map(|one| one.value).collect();
    let found = match posterior_options(options) {
        Some(of) => {
            let prior = Prior::weakly_informative(entry.kinds);
            purchase_posterior(entry, &start, histories, &prior, &of)?
        }
        None => purchase_bootstrap(entry, &start, histories, options.n_draws, options.seed)?,
    };
    Ok(answer(&found, options.seed))
}

/// Draws of the spend model's parameters, around `fit`; none where spend has too little spread to learn from.
///
/// # Errors
/// [`StudyError`] where the fit is not one of gamma-gamma or no draws are asked for.
pub fn spend_draws(
    fit: &ModelFit,
    observations: &SpendObservations,
    options: &DrawOptions,
) -> Result<Option<PosteriorDraws>, StudyError> {
    if fit.model != GAMMA_GAMMA {
        return Err(StudyError::NoSpendDraws { id: fit.model.clone() });
    }
    let model = gamma_gamma_of(fit)?;
    let found = match posterior_options(options) {
        Some(of) => spend_posterior(&model, observations, &of)?,
        None => spend_bootstrap(&model, observations, options.n_draws, options.seed)?,
    };
    Ok(found.map(|found| answer(&found, options.seed)))
}

/// The options of a posterior; none for a bootstrap.
fn posterior_options(options: &DrawOptions) -> Option<PosteriorOptions> {
    let method = match options.way {
        DrawWay::Fast => PosteriorMethod::Fast,
        DrawWay::Nuts => PosteriorMethod::Nuts,
        DrawWay::Bootstrap => return None,
    };
    Some(PosteriorOptions { method, n_draws: options.n_draws, seed: options.seed })
}

fn answer(found: &Posterior, seed: u64) -> PosteriorDraws {
    let known = |value: f64| value.is_finite().then_some(value);
    let diagnostics = &found.diagnostics;
    let parameters: BTreeMap<String, ParameterSummary> = found
        .names
        .iter()
        .enumerate()
        .map(|(position, name)| {
            let summary = found.summary(position);
            let [quantile_5, quantile_50, quantile_95] = summary.quantiles;
            let of_parameter = ParameterSummary {
                mean: summary.mean,
                sd: summary.standard_deviation,
                quantile_5,
                quantile_50,
                quantile_95,
                r_hat: diagnostics.r_hat[position].and_then(known),
                ess_bulk: known(diagnostics.bulk_effective_sample_size[position]),
                ess_tail: known(diagnostics.tail_effective_sample_size[position]),
            };
            ((*name).to_owned(), of_parameter)
        })
        .collect();
    PosteriorDraws {
        method: found.method.id().to_owned(),
        n_draws: found.draws.len() as u64,
        seed,
        k_hat: diagnostics.k_hat.and_then(known),
        n_divergences: diagnostics.n_divergences as u64,
        parameters,
        draw_order: found.names.iter().map(|name| (*name).to_owned()).collect(),
        draws: found.draws.clone(),
        warnings: found.warnings.iter().map(ToString::to_string).collect(),
    }
}

/// The draws that were saved with a fit, each in the order of `names`; none where none were saved.
///
/// # Errors
/// [`StudyError::SavedModel`] where the draws are not of these parameters or a value is no number.
pub fn saved_draws(saved: &ModelFit, names: &[&str]) -> Result<Option<Vec<Vec<f64>>>, StudyError> {
    let Some(posterior) = &saved.posterior else { return Ok(None) };
    let problem = |problem: String| StudyError::SavedModel { problem };
    let order: Option<Vec<usize>> = names
        .iter()
        .map(|name| posterior.draw_order.iter().position(|given| given == name))
        .collect();
    let (Some(order), true) = (order, posterior.draw_order.len() == names.len()) else {
        return Err(problem(format!(
            "has draws of {}; expected {}",
            posterior.draw_order.join(", "),
            names.join(", ")
        )));
    };
    let draws = posterior.draws.iter().enumerate().map(|(row, draw)| {
        if draw.len() == names.len() && draw.iter().all(|value| value.is_finite()) {
            Ok(order.iter().map(|position| draw[*position]).collect())
        } else {
            Err(problem(format!(
                "has a draw (row {}) that is not {} numbers",
                row + 1,
                names.len()
            )))
        }
    });
    draws.collect::<Result<_, _>>().map(Some)
}
