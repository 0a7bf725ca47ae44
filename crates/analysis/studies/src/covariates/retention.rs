//! Who renews, knowing who the customers are: a curve for each set of traits.

use std::collections::HashMap;
use std::sync::Arc;

use clv_answers::covariates::CovariateFit;
use clv_answers::model_fit::ModelFit;
use clv_engine::CustomerIds;
use clv_models::catalogue::{retention_model, retention_models};
use clv_models::fit::{CovariateRetention, TraitTenures, fit_retention_with_covariates};
use clv_models::retention::{RetentionModel, RetentionModelEntry, Tenures};

use super::answer::retention_fit;
use super::coding::{Coded, code, code_as_saved};
use super::serve::{put_aside, strata_of};
use super::{CovariateChoice, CovariateOptions, CovariateRequest, Placement, Target, refused};
use crate::error::StudyError;
use crate::model_fit::named_values;
use crate::retention::RetentionCurve;
use crate::subscribers::Subscribers;

/// A retention model with covariates, applied to subscribers.
#[derive(Debug, Clone)]
pub struct RetentionTraits {
    /// The fit as an answer.
    pub(crate) fit: ModelFit,
    typical: Arc<dyn RetentionModel>,
    curves: Vec<RetentionCurve>,
    of_subscriber: Vec<u32>,
}

impl RetentionTraits {
    /// The model of the mean customer.
    pub(crate) fn typical(&self) -> &Arc<dyn RetentionModel> {
        &self.typical
    }

    /// A subscriber's stratum and its curve.
    pub(crate) fn of_subscriber(&self, at: usize) -> (u32, &RetentionCurve) {
        let stratum = self.of_subscriber[at];
        (stratum, &self.curves[stratum as usize])
    }

    fn new(fit: ModelFit, model: &CovariateRetention, coded: &Coded) -> Self {
        let (of_subscriber, strata) = strata_of(coded);
        let mean: Vec<f64> = coded.used.iter().map(|one| one.mean).collect();
        let curves = strata.iter().map(|(z, _)| RetentionCurve::Model(model.at(z), None)).collect();
        Self { fit, typical: model.at(&mean), curves, of_subscriber }
    }
}

/// Whom the table may name: subscriptions by their customers, survivors by their cohorts.
fn names_of(subscribers: &Subscribers) -> CustomerIds {
    if subscribers.cohort_tenures.is_empty() {
        CustomerIds::Text(subscribers.ids.clone())
    } else {
        CustomerIds::Text(subscribers.cohorts.clone())
    }
}

/// What is asked of a retention model: effects on leaving, and nothing else.
fn options_for(options: &CovariateOptions) -> Result<CovariateOptions, StudyError> {
    let has_other = options.on.iter().any(|one| one.target != Target::Dropout);
    if has_other || options.pool.is_some() || !options.equal.is_empty() || options.l2 > 0.0 {
        return Err(refused(
            format!(
                "covariates act on leaving only where renewals are looked at, and {} is asked for more",
                options.model
            ),
            Some("--covariates-on dropout or dropout.NAME, without --pool, --constrain and --l2"),
        ));
    }
    let mut options = options.clone();
    if options.on.is_empty() {
        options.on.push(Placement { target: Target::Dropout, name: None });
    }
    Ok(options)
}

fn check_still(request: &CovariateRequest) -> Result<(), StudyError> {
    if !request.is_changing() {
        return Ok(());
    }
    Err(refused(
        format!(
            "{} has values from day to day, and renewals take values that stay",
            request.file.path
        ),
        Some("give one row for each customer"),
    ))
}

fn entry_of(id: &str) -> Result<&'static RetentionModelEntry, StudyError> {
    retention_model(id).ok_or_else(|| {
        let known: Vec<&str> = retention_models().iter().map(|entry| entry.id).collect();
        refused(
            format!("{id} takes no covariates: it has no parameters that they could act on"),
            Some(&format!("--model {}", known.join(" or --model "))),
        )
    })
}

/// The curve of a model with covariates: fitted to the subscribers as they had been seen after `through` renewal occasions,
/// where that is given, or read back.
///
/// # Errors
/// [`StudyError`] where the table cannot be used as asked or nobody has met a renewal.
pub fn retention_with_covariates(
    subscribers: &Subscribers,
    request: &CovariateRequest,
    through: Option<u32>,
) -> Result<RetentionCurve, StudyError> {
    check_still(request)?;
    let traits = match &request.choice {
        CovariateChoice::Saved(saved) => as_saved(subscribers, request, saved)?,
        CovariateChoice::Fit(options) | CovariateChoice::Auto(options) => {
            fitted(subscribers, request, options, through)?
        }
    };
    Ok(RetentionCurve::Traits(Arc::new(traits)))
}

fn fitted(
    subscribers: &Subscribers,
    request: &CovariateRequest,
    options: &CovariateOptions,
    through: Option<u32>,
) -> Result<RetentionTraits, StudyError> {
    let entry = entry_of(&options.model)?;
    let path = &request.file.path;
    let options = options_for(options)?;
    let names = names_of(subscribers);
    let n = match &names {
        CustomerIds::Integer(ids) => ids.len(),
        CustomerIds::Text(ids) => ids.len(),
    };
    let coded = code(&request.file, &options, &names, &vec![true; n])?;
    let (tenures, n_put_aside) = trait_tenures(subscribers, &coded, through);
    let found = fit_retention_with_covariates(entry, &tenures)?;
    let of_covariates = CovariateFit {
        covariates: coded.used.clone(),
        n_put_aside: n_put_aside as u64,
        ..CovariateFit::default()
    };
    let mut fit = retention_fit(&found, entry.id, subscribers.unit, of_covariates);
    if n_put_aside > 0 {
        fit.warnings.push(put_aside(n_put_aside, &coded, path));
    }
    Ok(RetentionTraits::new(fit, &found.model, &coded))
}

/// Tenures by traits, and how many were left out because something of them is missing.
fn trait_tenures(
    subscribers: &Subscribers,
    coded: &Coded,
    through: Option<u32>,
) -> (TraitTenures, usize) {
    let mut strata: Vec<(Vec<f64>, Tenures)> = Vec::new();
    let mut known: HashMap<Vec<u64>, usize> = HashMap::new();
    let mut n_put_aside = 0;
    for at in 0..coded.values.len() {
        let Some(values) = &coded.values[at] else {
            n_put_aside += 1;
            continue;
        };
        let key = values.iter().map(|value| (value + 0.0).to_bits()).collect();
        let stratum = *known.entry(key).or_insert_with(|| {
            strata.push((values.clone(), Tenures::default()));
            strata.len() - 1
        });
        let to = &mut strata[stratum].1;
        match subscribers.cohort_tenures.get(at) {
            Some(cohort) => {
                for (tenure, weight) in cohort.iter() {
                    to.push(tenure, weight).expect("a cohort's tenures are tenures");
                }
            }
            None => to
                .push(subscribers.subscribers[at].tenure, 1.0)
                .expect("occasions start at 1 and a weight of one is positive"),
        }
    }
    if let Some(renewals) = through {
        strata.iter_mut().for_each(|(_, tenures)| *tenures = tenures.seen_through(renewals));
    }
    let names = coded.used.iter().map(|one| one.name.clone()).collect();
    (TraitTenures { names, strata }, n_put_aside)
}

fn as_saved(
    subscribers: &Subscribers,
    request: &CovariateRequest,
    saved: &ModelFit,
) -> Result<RetentionTraits, StudyError> {
    let entry = entry_of(&saved.model)?;
    let (coded, mut cautions) = code_as_saved(&request.file, saved, &names_of(subscribers))?;
    let base = named_values(saved, entry.parameter_names)?;
    let effect = |name: &str| {
        let name = format!("{}.{name}", Target::Dropout.id());
        saved.parameters.get(&name).copied().unwrap_or(0.0)
    };
    let effects = coded.used.iter().map(|one| effect(&one.name)).collect();
    let model = CovariateRetention::new(entry, base, effects)
        .map_err(|error| StudyError::SavedModel { problem: format!("is out of range: {error}") })?;
    let mut fit = saved.clone();
    fit.warnings.append(&mut cautions);
    Ok(RetentionTraits::new(fit, &model, &coded))
}
