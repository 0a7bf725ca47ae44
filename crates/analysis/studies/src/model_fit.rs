//! Fits as people and scripts read them, and models read back from what was saved.

use std::collections::BTreeMap;
use std::sync::Arc;

use clv_answers::covariates::Test;
use clv_answers::model_fit::ModelFit;
use clv_answers::spend::SpendModelScore;
use clv_models::catalogue::{PurchaseModelEntry, purchase_models, spend_model, spend_models};
use clv_models::fit::FittedPurchaseModel;
use clv_models::purchase::PurchaseModel;
use clv_models::spend::{GammaGamma, SpendModel};

use crate::covariates::effect_of;
use crate::error::StudyError;
use crate::spend::SpendOutlook;
use crate::time::TimeUnit;

/// A saved model that promises more purchases per unit of time than this is a slip of the pen.
const MOST_PURCHASES_PER_UNIT: f64 = 1e5;

/// The id of the spend model that is served where none is named.
pub const GAMMA_GAMMA: &str = "gamma-gamma";

/// The catalogue's entry for a model id.
///
/// # Errors
/// [`StudyError::UnknownModel`] where there is none.
pub fn model_entry(id: &str) -> Result<&'static PurchaseModelEntry, StudyError> {
    purchase_models().iter().find(|entry| entry.id == id).ok_or_else(|| {
        let mut known: Vec<&str> = purchase_models().iter().map(|entry| entry.id).collect();
        known.extend([clv_models::boosted::ZILN_ID, "blend", "auto"]);
        StudyError::UnknownModel { id: id.to_owned(), known: known.join(", ") }
    })
}

/// The answer for a fitted purchase model in `unit`; `period` is the first and last day of the data, ISO 8601.
#[must_use]
pub fn purchase_model_fit(
    fitted: &FittedPurchaseModel,
    unit: TimeUnit,
    period: Option<(String, String)>,
) -> ModelFit {
    let parameters = fitted.model().parameters();
    let names: Vec<String> = parameters.iter().map(|one| one.name.to_owned()).collect();
    ModelFit {
        parameters: parameters.iter().map(|one| (one.name.to_owned(), one.value)).collect(),
        standard_errors: standard_errors(&names, fitted.standard_errors()),
        ln_covariance: fitted.ln_covariance().cloned().unwrap_or_default(),
        covariance_order: if fitted.ln_covariance().is_some() { names } else { Vec::new() },
        log_likelihood: Some(fitted.log_likelihood()),
        log_likelihood_by_whole: fitted.ln_likelihood_by_whole().iter().copied().collect(),
        aic: Some(fitted.aic()),
        n_customers: Some(fitted.n_customers().round() as u64),
        n_histories: Some(fitted.n_histories() as u64),
        converged: Some(fitted.converged()),
        warnings: distinct(fitted.warnings().iter().map(ToString::to_string)),
        data_period: period,
        ..ModelFit::blank(fitted.model().id(), unit.name())
    }
}

/// The answer for a spend model; none of its parameters bears time.
#[must_use]
pub fn spend_model_fit(
    spend: &SpendOutlook,
    unit: TimeUnit,
    period: Option<(String, String)>,
) -> ModelFit {
    let model = spend.model();
    let values = model.parameters();
    let names: Vec<String> = values.iter().map(|one| one.name.to_owned()).collect();
    let mut answer = ModelFit {
        parameters: values.iter().map(|one| (one.name.to_owned(), one.value)).collect(),
        data_period: period,
        ..ModelFit::blank(model.id(), unit.name())
    };
    if let Some(fitted) = spend.fitted() {
        answer.standard_errors = standard_errors(&names, &fitted.standard_errors);
        answer.log_likelihood = Some(fitted.log_likelihood);
        answer.aic = Some(2.0 * names.len() as f64 - 2.0 * fitted.log_likelihood);
        answer.n_customers = Some(fitted.n_customers.round() as u64);
        answer.converged = Some(fitted.converged);
        answer.warnings = fitted.warnings.iter().map(ToString::to_string).collect();
        if let Some(covariance) = &fitted.free_covariance {
            answer.ln_covariance.clone_from(covariance);
            answer.covariance_order = names;
        }
    }
    if let Some(fit) = spend.fit_as_chosen() {
        answer.warnings.extend(fit.note.clone());
        answer.spend_scores = fit
            .scores
            .iter()
            .map(|score| SpendModelScore {
                model: score.model.to_owned(),
                held_out_log_score: score.held_out_log_score,
                standard_error: score.standard_error,
            })
            .collect();
        answer.independence_test = fit.independence.map(|ratio| Test {
            against: "spend that does not depend on the number of purchases".to_owned(),
            statistic: ratio.statistic,
            degrees_of_freedom: ratio.degrees_of_freedom as u64,
            p_value: ratio.p_value,
        });
    }
    answer
}

/// Each warning once, in order.
fn distinct(warnings: impl Iterator<Item = String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for warning in warnings {
        if !kept.contains(&warning) {
            kept.push(warning);
        }
    }
    kept
}

pub(crate) fn standard_errors(names: &[String], errors: &[Option<f64>]) -> BTreeMap<String, f64> {
    names
        .iter()
        .zip(errors)
        .filter_map(|(name, error)| error.map(|error| (name.clone(), error)))
        .collect()
}

/// The purchase model that was saved, with its unit of time.
///
/// # Errors
/// [`StudyError::SavedModel`] where the id, the unit or a parameter is unknown, missing or out of range.
pub fn saved_purchase_model(
    saved: &ModelFit,
) -> Result<(Arc<dyn PurchaseModel>, TimeUnit), StudyError> {
    let entry = model_entry(&saved.model)?;
    let unit: TimeUnit = saved.time_unit.parse().map_err(|error| StudyError::SavedModel {
        problem: format!("has a wrong unit: {error}"),
    })?;
    let values = named_values(saved, entry.parameter_names)?;
    let model = (entry.build)(&values)
        .map_err(|error| StudyError::SavedModel { problem: format!("is out of range: {error}") })?;
    let per_unit = model.expected_purchases(1.0);
    if per_unit.is_nan() || per_unit > MOST_PURCHASES_PER_UNIT {
        return Err(StudyError::SavedModel {
            problem: format!(
                "says that a new customer buys {per_unit:e} times per {}, which is beyond {MOST_PURCHASES_PER_UNIT:e}",
                unit.name()
            ),
        });
    }
    Ok((Arc::from(model), unit))
}

/// The spend model that was saved beside a purchase model; none where there is none.
///
/// # Errors
/// [`StudyError::SavedModel`] where a parameter is missing or out of range.
pub fn saved_spend_model(saved: &ModelFit) -> Result<Option<Arc<dyn SpendModel>>, StudyError> {
    saved.spend.as_ref().map(|spend| spend_model_of(spend)).transpose()
}

/// The spend model of its own fit.
///
/// # Errors
/// [`StudyError::SavedModel`] where the id is unknown, or a parameter is missing or out of range.
pub fn spend_model_of(fit: &ModelFit) -> Result<Arc<dyn SpendModel>, StudyError> {
    let entry = spend_model(&fit.model).ok_or_else(|| {
        let known: Vec<&str> = spend_models().iter().map(|entry| entry.id).collect();
        StudyError::SavedModel {
            problem: format!(
                "names a spend model '{}'; expected one of {}",
                fit.model,
                known.join(", ")
            ),
        }
    })?;
    let values = named_values(fit, entry.parameter_names)?;
    (entry.build)(&values)
        .map_err(|error| StudyError::SavedModel { problem: format!("is out of range: {error}") })
}

/// The gamma-gamma of its own fit.
///
/// # Errors
/// [`StudyError::SavedModel`] where it is another spend model, or a parameter is missing or out of range.
pub fn gamma_gamma_of(fit: &ModelFit) -> Result<GammaGamma, StudyError> {
    if fit.model != GAMMA_GAMMA {
        return Err(StudyError::SavedModel {
            problem: format!(
                "has the spend model {}, and this is done with {GAMMA_GAMMA} only",
                fit.model
            ),
        });
    }
    let values = named_values(fit, &["p", "q", "gamma"])?;
    GammaGamma::new(values[0], values[1], values[2])
        .map_err(|error| StudyError::SavedModel { problem: format!("is out of range: {error}") })
}

pub(crate) fn named_values(saved: &ModelFit, names: &[&str]) -> Result<Vec<f64>, StudyError> {
    // Effects of covariates stand beside the parameters.
    let given: Vec<&str> = saved
        .parameters
        .keys()
        .map(String::as_str)
        .filter(|name| effect_of(name).is_none())
        .collect();
    if let Some(unknown) = given.iter().find(|name| !names.contains(name)) {
        return Err(StudyError::SavedModel {
            problem: format!(
                "has a parameter '{unknown}' that {} does not know; expected {}",
                saved.model,
                names.join(", ")
            ),
        });
    }
    names
        .iter()
        .map(|name| {
            saved.parameters.get(*name).copied().ok_or_else(|| StudyError::SavedModel {
                problem: format!(
                    "lacks parameter '{name}' of {}; expected {}",
                    saved.model,
                    names.join(", ")
                ),
            })
        })
        .collect()
}

/// The covariance of a saved model's logarithms in the order of its parameters; none where it was not saved.
#[must_use]
pub fn saved_ln_covariance(saved: &ModelFit, model: &dyn PurchaseModel) -> Option<Vec<Vec<f64>>> {
    let names: Vec<String> = model.parameters().iter().map(|one| one.name.to_owned()).collect();
    saved_covariance(saved, &names)
}

/// The covariance of a saved model in the order of `names`, parameters and effects; none where it was not saved.
pub(crate) fn saved_covariance(saved: &ModelFit, names: &[String]) -> Option<Vec<Vec<f64>>> {
    let order: Option<Vec<usize>> = names
        .iter()
        .map(|one| saved.covariance_order.iter().position(|name| name == one))
        .collect();
    let order = order?;
    let n = saved.covariance_order.len();
    let is_square =
        saved.ln_covariance.len() == n && saved.ln_covariance.iter().all(|row| row.len() == n);
    (is_square && order.len() == n).then(|| {
        order
            .iter()
            .map(|row| order.iter().map(|column| saved.ln_covariance[*row][*column]).collect())
            .collect()
    })
}
