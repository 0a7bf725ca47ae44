//! Pareto/NBD with covariates that change over time: fitted to every purchase, served for every customer.

use clv_answers::covariates::CovariateFit;
use clv_answers::model_fit::ModelFit;
use clv_engine::CustomerIds;
use clv_models::catalogue::PurchaseModelEntry;
use clv_models::covariates::CovariateRole;
use clv_models::covariates::clocked::ClockedParetoNbd;
use clv_models::fit::{FitOptions, FittedChangingModel, fit_changing};
use clv_models::purchase::changing::{ChangingHistory, ChangingParetoNbd};
use clv_models::purchase::pareto_nbd;

use super::answer::changing_fit;
use super::coding::{acts_on, effect_of, saved_covariates};
use super::days::{DayCoded, Take, code_days};
use super::forecaster::TraitModels;
use super::serve::Found;
use super::{CovariateOptions, CovariateRequest, Target, refused};
use crate::calendar::iso;
use crate::error::StudyError;
use crate::model_fit::{model_entry, saved_covariance, saved_purchase_model};
use crate::snapshot::Snapshot;
use crate::time::{Span, TimeUnit};

/// The customers whose lives covariates follow; one entry of each for each customer.
#[derive(Clone, Copy)]
pub(super) struct Lives<'a> {
    pub(super) ids: &'a CustomerIds,
    pub(super) first_day: &'a [i32],
    /// All purchase days, ascending; empty where a model is only applied.
    pub(super) purchase_days: &'a [Vec<i32>],
    /// The last day observed.
    pub(super) end_day: i32,
}

impl Lives<'_> {
    /// The day from which a customer's age counts: whoever is born later counts as born on the last day.
    fn born(&self, customer: usize) -> i32 {
        self.first_day[customer].min(self.end_day)
    }
}

/// Models that take no changing covariates are refused.
pub(super) fn check_model(id: &str, path: &str) -> Result<(), StudyError> {
    if id == pareto_nbd::ID {
        return Ok(());
    }
    Err(refused(
        format!(
            "{path} has values from day to day, and covariates that change over time go into {} only, not into {id}",
            pareto_nbd::ID
        ),
        Some("--model pareto-nbd, or a table with one row for each customer"),
    ))
}

fn roles(options: &CovariateOptions, coded: &DayCoded) -> Result<Vec<CovariateRole>, StudyError> {
    let role = |one| match (
        acts_on(options, one, Target::Purchase),
        acts_on(options, one, Target::Dropout),
    ) {
        (true, true) => CovariateRole::Both,
        (true, false) => CovariateRole::Purchase,
        (false, true) => CovariateRole::Dropout,
        (false, false) => CovariateRole::None,
    };
    if let Some(one) = coded.used.iter().find(|one| acts_on(options, one, Target::Spend)) {
        return Err(refused(
            format!("{} changes over time, and spend takes covariates that stay only", one.name),
            Some("leave spend out of --covariates-on"),
        ));
    }
    Ok(coded.used.iter().map(role).collect())
}

/// A fit, and how many customers had to be left out of it.
pub(super) struct ChangingFit {
    pub(super) fitted: FittedChangingModel,
    n_put_aside: usize,
}

/// Fits to those whom `is_fitted` marks and of whose first day the table knows.
pub(super) fn fit_to(
    entry: &'static PurchaseModelEntry,
    options: &CovariateOptions,
    coded: &DayCoded,
    lives: &Lives<'_>,
    is_fitted: &[bool],
    unit: TimeUnit,
) -> Result<ChangingFit, StudyError> {
    let roles = roles(options, coded)?;
    let mut customers = Vec::new();
    let mut n_put_aside = 0;
    for customer in (0..lives.first_day.len()).filter(|&at| is_fitted[at]) {
        let born = lives.born(customer);
        let Some(periods) = coded.periods(customer, born, unit) else {
            n_put_aside += 1;
            continue;
        };
        let age = |day: &i32| f64::from(day - born) / unit.days();
        let seen = lives.purchase_days[customer].iter();
        let ages: Vec<f64> =
            seen.filter(|day| **day > born && **day <= lives.end_day).map(age).collect();
        let history = ChangingHistory::new(&ages, age(&lives.end_day), &periods)
            .map_err(|error| refused(error.to_string(), None))?;
        customers.push(history);
    }
    if customers.is_empty() {
        return Err(refused(
            "the table of covariates begins after every customer's first purchase, so that nobody is left to fit to"
                .to_owned(),
            Some("give rows from each customer's first purchase on"),
        ));
    }
    let names: Vec<String> = coded.used.iter().map(|one| one.name.clone()).collect();
    let fitted = fit_changing(entry, &names, &roles, &customers, &FitOptions::default())?;
    Ok(ChangingFit { fitted, n_put_aside })
}

/// The models of all lives, and each customer's stratum: customers of one course and birth share theirs.
pub(super) fn models_of(
    model: &ChangingParetoNbd,
    coded: &DayCoded,
    lives: &Lives<'_>,
    estimates: Vec<String>,
    unit: TimeUnit,
) -> Result<(TraitModels, Vec<u32>), StudyError> {
    let wrong = |error: clv_models::purchase::changing::ChangingHistoryError| {
        refused(error.to_string(), None)
    };
    let mean = ClockedParetoNbd::new(model.clone(), &coded.mean_periods()).map_err(wrong)?;
    let born: Vec<i32> = (0..lives.first_day.len()).map(|at| lives.born(at)).collect();
    let of_customer = coded.strata(&born);
    let mut of_strata: Vec<ClockedParetoNbd> = Vec::new();
    for (customer, stratum) in of_customer.iter().enumerate() {
        if *stratum as usize == of_strata.len() {
            of_strata.push(match coded.periods(customer, born[customer], unit) {
                Some(periods) => ClockedParetoNbd::new(model.clone(), &periods).map_err(wrong)?,
                None => mean.clone(),
            });
        }
    }
    let names = coded.used.iter().map(|one| one.name.clone()).collect();
    let models = TraitModels::changing(model.clone(), names, of_strata, mean, estimates);
    Ok((models, of_customer))
}

/// What is said where the table does not reach the end of the horizon.
fn reach(coded: &DayCoded, path: &str, end_day: i32, horizon: &Span) -> Option<String> {
    let needed = f64::from(end_day) + horizon.days();
    let missing = needed - f64::from(coded.last_day);
    (missing >= 1.0).then(|| {
        format!(
            "{path} tells nothing of somebody after {}, {missing:.0} days before the horizon of {} ends: the last known \
             values hold on",
            iso(coded.last_day),
            horizon.in_words()
        )
    })
}

/// The purchase days of orders are needed to learn effects of what changes.
fn lives_of(snapshot: &Snapshot) -> Result<Lives<'_>, StudyError> {
    let dated = snapshot.days().zip(snapshot.end_day());
    let Some(((first_day, ..), end_day)) = dated else {
        return Err(refused(
            "covariates that change over time need the days of orders, and this histories file has no dates"
                .to_owned(),
            Some("name the file of orders instead"),
        ));
    };
    let purchase_days = snapshot.purchase_days().unwrap_or_default();
    Ok(Lives { ids: snapshot.ids(), first_day, purchase_days, end_day })
}

/// Fits and prepares all forecasts.
pub(super) fn fitted(
    snapshot: &Snapshot,
    request: &CovariateRequest,
    options: &CovariateOptions,
    unit: TimeUnit,
    horizon: &Span,
) -> Result<Found, StudyError> {
    let path = &request.file.path;
    check_model(&options.model, path)?;
    let lives = lives_of(snapshot)?;
    if lives.purchase_days.is_empty() {
        return Err(refused(
            "effects of covariates that change over time are learnt from orders, and this is a histories file"
                .to_owned(),
            Some("name the file of orders instead, or --model-file with a model that was fitted to them"),
        ));
    }
    let coded = code_days(&request.file, Take::Options(options), lives.ids, None)?;
    let entry = model_entry(&options.model)?;
    let found = fit_to(entry, options, &coded, &lives, &snapshot.is_born(), unit)?;
    let mut cautions = coded.cautions.clone();
    let n_put_aside = found.n_put_aside;
    if n_put_aside > 0 {
        cautions.push(format!(
            "{n_put_aside} customers were put aside from the fit because {path} says nothing of their first purchase; they \
             are forecast as the mean customer"
        ));
    }
    cautions.extend(reach(&coded, path, lives.end_day, horizon));
    let of_covariates = CovariateFit {
        covariates: coded.used.clone(),
        is_changing: true,
        n_put_aside: n_put_aside as u64,
        ..CovariateFit::default()
    };
    let n_customers = lives.first_day.len() - n_put_aside;
    let fit = changing_fit(&found.fitted, unit, of_covariates, n_customers);
    let estimates = found.fitted.estimates.iter().map(|one| one.name.clone()).collect();
    let (models, of_customer) = models_of(&found.fitted.model, &coded, &lives, estimates, unit)?;
    Ok(Found { models, of_customer, covariance: found.fitted.covariance, fit, cautions })
}

/// Prepares all forecasts of a saved model.
pub(super) fn as_saved(
    snapshot: &Snapshot,
    request: &CovariateRequest,
    saved: &ModelFit,
    horizon: &Span,
) -> Result<Found, StudyError> {
    let path = &request.file.path;
    check_model(&saved.model, path)?;
    let (base, unit) = saved_purchase_model(saved)?;
    let lives = lives_of(snapshot)?;
    let used = saved_covariates(saved);
    let means: Vec<f64> = used.iter().map(|one| one.mean).collect();
    let mut coded = code_days(&request.file, Take::Used(used), lives.ids, None)?;
    if saved.covariates.is_some() {
        coded.used.iter_mut().zip(means).for_each(|(one, mean)| one.mean = mean);
    }
    let effects = |target: Target| -> Vec<f64> {
        let of = |name: &String| {
            saved.parameters.get(&format!("{}.{name}", target.id())).copied().unwrap_or(0.0)
        };
        coded.used.iter().map(|one| of(&one.name)).collect()
    };
    let base: Vec<f64> = base.parameters().iter().map(|one| one.value).collect();
    let base: [f64; 4] = base.try_into().expect("pareto/nbd has four parameters");
    let model = ChangingParetoNbd::new(base, effects(Target::Purchase), effects(Target::Dropout))
        .map_err(|error| StudyError::SavedModel {
        problem: format!("is out of range: {error}"),
    })?;
    let mut estimates: Vec<String> =
        pareto_nbd::PARAMETER_NAMES.iter().map(|name| (*name).to_owned()).collect();
    estimates.extend(saved.parameters.keys().filter(|name| effect_of(name).is_some()).cloned());
    let covariance = saved_covariance(saved, &estimates);
    let mut cautions = coded.cautions.clone();
    cautions.extend(reach(&coded, path, lives.end_day, horizon));
    let (models, of_customer) = models_of(&model, &coded, &lives, estimates, unit)?;
    Ok(Found { models, of_customer, covariance, fit: saved.clone(), cautions })
}
