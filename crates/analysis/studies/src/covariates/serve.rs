//! A model with covariates served: fitted to the customers of whom everything is known, ready for all.

use std::collections::HashMap;
use std::sync::Arc;

use clv_answers::covariates::CovariateFit;
use clv_answers::model_fit::ModelFit;
use clv_models::boosted::ZILN_ID;
use clv_models::catalogue::PurchaseModelEntry;
use clv_models::covariates::{
    CovariateHistories, CovariateModel, CovariateRole, EffectTarget, GroupShift, Shift,
};
use clv_models::fit::{
    CovariateFitOptions, CovariateSpends, Estimate, FitOptions, LikelihoodRatio, PoolingOptions,
    fit_pooled, fit_spend_with_covariates, fit_with_covariates, likelihood_ratio,
};
use clv_models::spend::{GammaGamma, SpendObservation};

use super::answer::{covariate_fit, pooled_fit, spend_fit};
use super::coding::{Coded, acts_on, code, code_as_saved, effect_of, is_named};
use super::forecaster::{TraitModels, Traits};
use super::{CovariateChoice, CovariateOptions, CovariateRequest, Target, refused, serve_changing};
use crate::error::StudyError;
use crate::forecaster::Forecaster;
use crate::handoff::GroupedHistories;
use crate::held_out::IntervalLevels;
use crate::model_fit::{
    GAMMA_GAMMA, gamma_gamma_of, model_entry, saved_covariance, saved_purchase_model,
    spend_model_fit, spend_model_of,
};
use crate::served::{Served, fit_spend};
use crate::snapshot::Snapshot;
use crate::spend::SpendOutlook;
use crate::spend_choice::SpendModelPick;
use crate::time::{Span, TimeUnit};
use crate::whole_periods::check_whole;

/// Serves a model with covariates; `id` is the model that won the bake-off, where one was run.
pub(crate) fn serve_with_covariates(
    snapshot: &Snapshot,
    request: &CovariateRequest,
    id: Option<&str>,
    (unit, horizon): (TimeUnit, &Span),
    pick: &SpendModelPick,
) -> Result<Served, StudyError> {
    let options = request.options().map(|options| options.of_model(id.unwrap_or(&options.model)));
    if options.as_ref().is_some_and(|options| options.model == ZILN_ID) {
        return Err(refused(
            format!(
                "{ZILN_ID} takes what first orders tell from the file of orders, and no table of covariates"
            ),
            Some("leave --covariates out, or --model pareto-nbd"),
        ));
    }
    match (&request.choice, options) {
        (CovariateChoice::Saved(saved), _) => {
            check_kind(request, saved)?;
            let saved_unit = saved_purchase_model(saved)?.1;
            if request.is_changing() {
                let found = serve_changing::as_saved(snapshot, request, saved, horizon)?;
                let spend = match &saved.spend {
                    None => fit_spend(snapshot, pick),
                    Some(spend) => plain_spend(snapshot, spend)?,
                };
                return Ok(served(snapshot, saved_unit, found, spend));
            }
            let (found, coded) = as_saved(snapshot, request, saved)?;
            let spend = saved_spend(snapshot, saved, &coded, pick)?;
            Ok(served(snapshot, saved_unit, found, spend))
        }
        (_, Some(options)) if request.is_changing() => {
            let mut found = serve_changing::fitted(snapshot, request, &options, unit, horizon)?;
            let spend = fit_spend(snapshot, pick);
            let of_spend = spend_model_fit(&spend, unit, snapshot.period());
            complete(&mut found, of_spend, snapshot);
            Ok(served(snapshot, unit, found, spend))
        }
        (_, Some(options)) => {
            let entry = model_entry(&options.model)?;
            let plain = snapshot.grouped(unit);
            if entry.is_discrete() {
                check_whole(entry.id, &plain.histories)?;
            }
            let is_fitted = snapshot.is_born();
            let coded = code(&request.file, &options, snapshot.ids(), &is_fitted)?;
            let path = &request.file.path;
            let mut found = fit_traits(entry, &options, &coded, (&plain, &is_fitted), unit, path)?;
            let (spend, of_spend) = spend(snapshot, &options, &coded, &is_fitted, (unit, pick))?;
            complete(&mut found, of_spend, snapshot);
            Ok(served(snapshot, unit, found, spend))
        }
        (_, None) => unreachable!("whatever is not saved has options"),
    }
}

/// A model with covariates, and what was found of it.
pub(super) struct Found {
    pub(super) models: TraitModels,
    /// Each customer's stratum.
    pub(super) of_customer: Vec<u32>,
    pub(super) covariance: Option<Vec<Vec<f64>>>,
    pub(super) fit: ModelFit,
    pub(super) cautions: Vec<String>,
}

/// A table of another kind than the one that a model was fitted to.
fn check_kind(request: &CovariateRequest, saved: &ModelFit) -> Result<(), StudyError> {
    let Some(of) = &saved.covariates else { return Ok(()) };
    let path = &request.file.path;
    match (of.is_changing, request.is_changing()) {
        (true, false) => Err(refused(
            format!(
                "the saved model knows covariates that change over time, and {path} has no column of days"
            ),
            Some("give rows from each customer's first purchase on, with a column date"),
        )),
        (false, true) => Err(refused(
            format!(
                "the saved model knows covariates that stay, and {path} has values from day to day"
            ),
            Some("give one row for each customer"),
        )),
        _ => Ok(()),
    }
}

/// What is known beside the purchase model.
fn complete(found: &mut Found, of_spend: ModelFit, snapshot: &Snapshot) {
    found.fit.data_period = snapshot.period();
    found.fit.spend = Some(Box::new(of_spend));
    if found.fit.converged == Some(false) {
        found.cautions.push(format!("the fit of {} did not reach its optimum", found.fit.model));
    }
}

/// Each customer's stratum, and the strata's traits.
pub(super) fn strata_of(coded: &Coded) -> (Vec<u32>, Vec<Traits>) {
    let mut known: HashMap<(Vec<u64>, Option<usize>), u32> = HashMap::new();
    let mut strata: Vec<Traits> = Vec::new();
    let of_customer = (0..coded.values.len())
        .map(|customer| {
            let (values, group) = (coded.values_of(customer), coded.group_of[customer]);
            let key = (values.iter().map(|value| (value + 0.0).to_bits()).collect(), group);
            *known.entry(key).or_insert_with(|| {
                strata.push((values, group));
                u32::try_from(strata.len() - 1).expect("there are fewer strata than 2^32")
            })
        })
        .collect();
    (of_customer, strata)
}

/// The roles of the covariates in the purchase model.
fn roles(
    entry: &'static PurchaseModelEntry,
    options: &CovariateOptions,
    coded: &Coded,
) -> Result<Vec<CovariateRole>, StudyError> {
    let has_dropout = entry.shifts.is_some_and(|shifts| shifts.dropout.is_some());
    coded
        .used
        .iter()
        .map(|one| {
            let on_purchase = acts_on(options, one, Target::Purchase);
            let on_dropout = acts_on(options, one, Target::Dropout);
            let is_equal = options.equal.iter().any(|name| is_named(name, one));
            if is_equal && !(on_purchase && on_dropout && has_dropout) {
                return Err(refused(
                    format!(
                        "--constrain {} holds its effects on purchases and dropout equal, and here it has not both",
                        one.name
                    ),
                    Some("let it act on both with --covariates-on purchase,dropout and a model with dropout"),
                ));
            }
            Ok(match (on_purchase, on_dropout) {
                (true, true) if is_equal => CovariateRole::BothEqually,
                (true, true) => CovariateRole::Both,
                (true, false) => CovariateRole::Purchase,
                (false, true) => CovariateRole::Dropout,
                (false, false) => CovariateRole::None,
            })
        })
        .collect()
}

/// Fits a model to those of `grouped` whom `is_fitted` marks and of whom everything is known.
pub(super) fn fit_traits(
    entry: &'static PurchaseModelEntry,
    options: &CovariateOptions,
    coded: &Coded,
    (plain, is_fitted): (&GroupedHistories, &[bool]),
    unit: TimeUnit,
    path: &str,
) -> Result<Found, StudyError> {
    let roles = roles(entry, options, coded)?;
    let names: Vec<String> = coded.used.iter().map(|one| one.name.clone()).collect();
    let mut histories = CovariateHistories::new(names, coded.groups.clone());
    let mut weights: HashMap<(u32, u32), f64> = HashMap::new();
    let (stratum_of_customer, strata) = strata_of(coded);
    let mut keys = Vec::new();
    let mut n_put_aside = 0;
    for (customer, row) in plain.row_of_customer.iter().enumerate().filter(|(at, _)| is_fitted[*at])
    {
        if !coded.is_known(customer) {
            n_put_aside += 1;
            continue;
        }
        let key = (*row, stratum_of_customer[customer]);
        *weights.entry(key).or_insert_with(|| {
            keys.push(key);
            0.0
        }) += 1.0;
    }
    for key in keys {
        let (values, group) = &strata[key.1 as usize];
        let history = plain.histories.histories()[key.0 as usize];
        histories
            .push(values, *group, history, weights[&key])
            .map_err(|error| refused(format!("{path}: {error}"), None))?;
    }
    let mut cautions = Vec::new();
    if n_put_aside > 0 {
        cautions.push(put_aside(n_put_aside, coded, path));
    }
    let of_covariates = CovariateFit {
        covariates: coded.used.clone(),
        equal_effects: options.equal.clone(),
        l2: options.l2,
        n_put_aside: n_put_aside as u64,
        ..CovariateFit::default()
    };
    let covariates = CovariateFitOptions { fit: FitOptions::default(), l2: options.l2 };
    let (model, estimates, covariance, fit) = match &options.pool {
        Some(column) => {
            let has_dropout = entry.shifts.is_some_and(|shifts| shifts.dropout.is_some());
            let on = |target| options.on.iter().any(|placement| placement.target == target);
            let mut targets = Vec::new();
            if on(Target::Purchase) {
                targets.push(EffectTarget::Purchase);
            }
            if on(Target::Dropout) && has_dropout {
                targets.push(EffectTarget::Dropout);
            }
            if targets.is_empty() {
                return Err(refused(
                    "--pool needs groups to differ in purchases or dropout".to_owned(),
                    Some("--covariates-on purchase,dropout"),
                ));
            }
            let found =
                fit_pooled(entry, &histories, &roles, &PoolingOptions { covariates, targets })?;
            let fit = pooled_fit(&found, unit, of_covariates, column);
            (found.model, found.estimates, found.covariance, fit)
        }
        None => {
            let found = fit_with_covariates(entry, &histories, &roles, &covariates)?;
            let equality = equality_test(entry, &histories, &roles, &covariates, &found)?;
            let fit = covariate_fit(&found, unit, of_covariates, equality);
            (found.model, found.estimates, found.covariance, fit)
        }
    };
    let estimates = estimates.into_iter().map(|one: Estimate| one.name).collect();
    let models = trait_models(model, coded, strata, estimates, &fit);
    Ok(Found { models, of_customer: stratum_of_customer, covariance, fit, cautions })
}

/// The test of effects held equal against effects of their own; none without such effects or under a penalty.
fn equality_test(
    entry: &'static PurchaseModelEntry,
    histories: &CovariateHistories,
    roles: &[CovariateRole],
    options: &CovariateFitOptions,
    equal: &clv_models::fit::FittedCovariateModel,
) -> Result<Option<LikelihoodRatio>, StudyError> {
    if options.l2 > 0.0 || !roles.contains(&CovariateRole::BothEqually) {
        return Ok(None);
    }
    let free: Vec<CovariateRole> = roles
        .iter()
        .map(|role| match role {
            CovariateRole::BothEqually => CovariateRole::Both,
            other => *other,
        })
        .collect();
    let free = fit_with_covariates(entry, histories, &free, options)?;
    Ok(likelihood_ratio(&equal.likelihood(), &free.likelihood()).ok())
}

pub(super) fn put_aside(n: usize, coded: &Coded, path: &str) -> String {
    let without_row = coded.n_without_row;
    let of_these = if without_row > 0 {
        format!(", {without_row} of them without a row")
    } else {
        String::new()
    };
    format!(
        "{n} customers were put aside from the fit because something of them is missing in {path}{of_these}; they are \
         forecast as the mean customer"
    )
}

/// The spend model, with covariates where they act on spend.
fn spend(
    snapshot: &Snapshot,
    options: &CovariateOptions,
    coded: &Coded,
    is_fitted: &[bool],
    (unit, pick): (TimeUnit, &SpendModelPick),
) -> Result<(SpendOutlook, ModelFit), StudyError> {
    let on_spend: Vec<usize> = (0..coded.used.len())
        .filter(|&at| acts_on(options, &coded.used[at], Target::Spend))
        .collect();
    let columns = snapshot.columns();
    if on_spend.is_empty() {
        let spend = fit_spend(snapshot, pick);
        let fit = spend_model_fit(&spend, unit, snapshot.period());
        return Ok((spend, fit));
    }
    check_spend_takes_covariates(pick.entry.id)?;
    let names = on_spend.iter().map(|&at| coded.used[at].name.clone()).collect();
    let of_customer = |customer: usize| -> Vec<f64> {
        let values = coded.values_of(customer);
        on_spend.iter().map(|&at| values[at]).collect()
    };
    let mut spends = CovariateSpends::new(names);
    for customer in (0..columns.n_repeats.len()).filter(|&at| is_fitted[at] && coded.is_known(at)) {
        let (n, mean) = (columns.n_repeats[customer], columns.mean_spend[customer]);
        if let Ok(observation) = SpendObservation::new(n, mean) {
            spends
                .push(&of_customer(customer), observation)
                .map_err(|error| refused(error.to_string(), None))?;
        }
    }
    let found = fit_spend_with_covariates(&spends, options.l2)?;
    let mut fit = spend_fit(&found, unit);
    fit.data_period = snapshot.period();
    let factors = (0..columns.n_repeats.len()).map(|at| found.factor(&of_customer(at))).collect();
    let mean: Vec<f64> = on_spend.iter().map(|&at| coded.used[at].mean).collect();
    let outlook = SpendOutlook::of_factors(
        (&found.model, Some(&found.without)),
        columns.n_repeats,
        factors,
        found.factor(&mean),
    );
    Ok((outlook, fit))
}

/// Covariates act on gamma-gamma only.
fn check_spend_takes_covariates(id: &str) -> Result<(), StudyError> {
    if id == GAMMA_GAMMA {
        return Ok(());
    }
    Err(refused(
        format!("covariates act on spend under {GAMMA_GAMMA} only, and the spend model is {id}"),
        Some("--spend-model gamma-gamma, or leave spend out of --covariates-on"),
    ))
}

fn as_saved(
    snapshot: &Snapshot,
    request: &CovariateRequest,
    saved: &ModelFit,
) -> Result<(Found, Coded), StudyError> {
    let (base, unit) = saved_purchase_model(saved)?;
    let entry = model_entry(&saved.model)?;
    if entry.is_discrete() {
        check_whole(entry.id, &snapshot.grouped(unit).histories)?;
    }
    let (coded, cautions) = code_as_saved(&request.file, saved, snapshot.ids())?;
    let names: Vec<String> = coded.used.iter().map(|one| one.name.clone()).collect();
    let effects = |target: Target| -> Vec<f64> {
        let of = |name: &String| {
            saved.parameters.get(&format!("{}.{name}", target.id())).copied().unwrap_or(0.0)
        };
        names.iter().map(of).collect()
    };
    let base = base.parameters().iter().map(|one| one.value).collect();
    let (purchase, dropout) = (effects(Target::Purchase), effects(Target::Dropout));
    let groups = saved
        .covariates
        .iter()
        .filter_map(|fit| fit.pooling.as_ref())
        .flat_map(|pooling| &pooling.groups)
        .map(|group| {
            let effect =
                |target: Target| group.effects.get(target.id()).map_or(0.0, |effect| effect.effect);
            let shift =
                Shift { purchase: effect(Target::Purchase), dropout: effect(Target::Dropout) };
            GroupShift { name: group.group.clone(), shift }
        })
        .collect();
    let model = CovariateModel::new(entry, base, names, purchase, dropout)
        .map_err(|error| StudyError::SavedModel { problem: format!("is out of range: {error}") })?
        .with_groups(groups);
    let mut estimates: Vec<String> =
        entry.parameter_names.iter().map(|name| (*name).to_owned()).collect();
    estimates.extend(saved.parameters.keys().filter(|name| effect_of(name).is_some()).cloned());
    let covariance = saved_covariance(saved, &estimates);
    let fit = saved.clone();
    let (of_customer, strata) = strata_of(&coded);
    let models = trait_models(model, &coded, strata, estimates, &fit);
    Ok((Found { models, of_customer, covariance, fit, cautions }, coded))
}

fn trait_models(
    model: CovariateModel,
    coded: &Coded,
    strata: Vec<Traits>,
    estimates: Vec<String>,
    fit: &ModelFit,
) -> TraitModels {
    let mean: Vec<f64> = coded.used.iter().map(|one| one.mean).collect();
    let deviations = group_deviations(fit, &model);
    TraitModels::new(model, strata, &mean, estimates, deviations)
}

/// A saved spend model without covariates.
fn plain_spend(snapshot: &Snapshot, spend: &ModelFit) -> Result<SpendOutlook, StudyError> {
    if spend.parameters.keys().any(|name| effect_of(name).is_some()) {
        return Err(refused(
            "the saved spend model knows covariates that stay, and the table has values from day to day"
                .to_owned(),
            None,
        ));
    }
    let columns = snapshot.columns();
    let model = spend_model_of(spend)?;
    let names: Vec<String> = model.parameters().iter().map(|one| one.name.to_owned()).collect();
    let covariance = saved_covariance(spend, &names);
    Ok(SpendOutlook::of_model(model, columns.n_repeats, columns.mean_spend)
        .unsure(covariance.as_deref()))
}

fn saved_spend(
    snapshot: &Snapshot,
    saved: &ModelFit,
    coded: &Coded,
    pick: &SpendModelPick,
) -> Result<SpendOutlook, StudyError> {
    let Some(spend) = &saved.spend else { return Ok(fit_spend(snapshot, pick)) };
    let columns = snapshot.columns();
    if spend.model != GAMMA_GAMMA {
        if spend.parameters.keys().any(|name| effect_of(name).is_some()) {
            check_spend_takes_covariates(&spend.model)?;
        }
        let model = spend_model_of(spend)?;
        let names: Vec<String> = model.parameters().iter().map(|one| one.name.to_owned()).collect();
        let covariance = saved_covariance(spend, &names);
        return Ok(SpendOutlook::of_model(model, columns.n_repeats, columns.mean_spend)
            .unsure(covariance.as_deref()));
    }
    let model: GammaGamma = gamma_gamma_of(spend)?;
    let effects: Vec<f64> = coded
        .used
        .iter()
        .map(|one| spend.parameters.get(&format!("spend.{}", one.name)).copied().unwrap_or(0.0))
        .collect();
    let factor = |values: &[f64]| -> f64 {
        let shift: f64 = effects.iter().zip(values).map(|(e, z)| e * z).sum();
        shift.clamp(-200.0, 200.0).exp()
    };
    let factors =
        (0..columns.n_repeats.len()).map(|customer| factor(&coded.values_of(customer))).collect();
    let mean: Vec<f64> = coded.used.iter().map(|one| one.mean).collect();
    Ok(SpendOutlook::of_factors((&model, None), columns.n_repeats, factors, factor(&mean)))
}

/// How unsure each group's effects are, the population given: the spread times the root of the shrinkage.
fn group_deviations(fit: &ModelFit, model: &CovariateModel) -> Vec<Shift> {
    let Some(pooling) = fit.covariates.as_ref().and_then(|of| of.pooling.as_ref()) else {
        return Vec::new();
    };
    let of_group = |name: &str| -> Shift {
        let group = pooling.groups.iter().find(|group| group.group == name);
        let deviation = |target: Target| -> f64 {
            let spread = pooling.spread.get(target.id()).copied().unwrap_or(0.0);
            let effect = group.and_then(|group| group.effects.get(target.id()));
            effect.map_or(0.0, |effect| spread * effect.shrinkage.clamp(0.0, 1.0).sqrt())
        };
        Shift { purchase: deviation(Target::Purchase), dropout: deviation(Target::Dropout) }
    };
    model.groups().iter().map(|group| of_group(&group.name)).collect()
}

fn served(snapshot: &Snapshot, unit: TimeUnit, found: Found, spend: SpendOutlook) -> Served {
    let Found { models, of_customer, covariance, fit, mut cautions } = found;
    cautions.extend(fit.warnings.iter().cloned());
    if let Some(of_spend) = &fit.spend {
        cautions.extend(of_spend.warnings.iter().cloned());
    }
    Served {
        forecaster: Forecaster::Traits(Arc::new(models)),
        unit,
        ln_covariance: covariance,
        fit: Some(fit),
        spend,
        levels: IntervalLevels::default(),
        grouped: snapshot.grouped(unit).by_strata(&of_customer),
        season: None,
        cautions,
    }
}
