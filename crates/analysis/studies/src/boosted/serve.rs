//! The boosted forecast served: learnt from orders or read back, ready for every customer.

use std::sync::Arc;

use clv_answers::model_fit::ModelFit;
use clv_engine::CustomerIds;
use clv_models::boosted::ZILN_ID;
use clv_models::catalogue::purchase_model;
use clv_models::spend::SpendModel;
use rustc_hash::FxHashMap;

use super::contestant::by_customer;
use super::forecaster::{BoostedForecaster, Rung};
use super::lesson::{View, of_parents};
use super::saved::{ladder_of, saved_ladder};
use super::{BoostedOptions, Ladder};
use crate::backtest::BacktestOutcome;
use crate::base::CustomerBase;
use crate::error::StudyError;
use crate::forecaster::{Forecaster, HorizonOptions};
use crate::held_out::IntervalLevels;
use crate::model_card::{history_shares, holdout_score};
use crate::model_fit::{
    purchase_model_fit, saved_ln_covariance, saved_purchase_model, saved_spend_model,
};
use crate::saved_blend::{levels_of_saved, saved_levels};
use crate::served::{ServeOptions, Served, fit_spend, with_spend};
use crate::snapshot::Snapshot;
use crate::spend::SpendOutlook;

/// The fit of the probability model that a saved boosted model stands on.
///
/// # Errors
/// [`StudyError::SavedModel`] where its trees are missing or the model is unknown.
pub(crate) fn parent_of_saved(saved: &ModelFit) -> Result<ModelFit, StudyError> {
    let boosted = saved.boosted.as_ref().ok_or_else(|| StudyError::SavedModel {
        problem: format!("is {ZILN_ID} without its trees"),
    })?;
    Ok(ModelFit { model: boosted.stands_on.clone(), boosted: None, ..saved.clone() })
}

/// Serves the boosted forecast to the customers of `snapshot`, learnt from `base`: all customers, with the attributes of
/// their first orders. Whatever lies after the snapshot's day is cut off first.
///
/// # Errors
/// [`StudyError::TooShort`] where there is no time to learn in; [`StudyError`] where a fit fails.
pub(crate) fn serve_boosted(
    snapshot: &Snapshot,
    base: &CustomerBase,
    bake_off: Option<&BacktestOutcome>,
    boosted: &BoostedOptions,
    options: &ServeOptions,
) -> Result<Served, StudyError> {
    let origin = snapshot.end_day().ok_or(StudyError::BoostedNeedsOrders)?;
    let known = base.until(origin);
    let ladder = Ladder::learn(&known, origin, boosted)?;
    let view = View::at(&known, origin, 1, boosted)?;
    let fitted = view.fitted.as_ref().expect("a view at an origin fits its model");
    let spend = fit_spend(snapshot, &options.spend);
    let mut fit = purchase_model_fit(fitted, boosted.unit, snapshot.period());
    fit.model = ZILN_ID.to_owned();
    // Neither is that of the whole.
    (fit.log_likelihood, fit.aic) = (None, None);
    fit.boosted = Some(Box::new(saved_ladder(&ladder, boosted)));
    let mut fit = with_spend(fit, &spend, boosted.unit, snapshot.period());
    let levels = bake_off
        .filter(|outcome| outcome.answer.served == ZILN_ID)
        .map(|outcome| outcome.levels.clone())
        .unwrap_or_default();
    fit.interval_levels = saved_levels(&levels);
    fit.history_shares = history_shares(&view.grouped.histories);
    fit.holdout = bake_off.and_then(|outcome| holdout_score(outcome, ZILN_ID));
    let mut cautions = Vec::new();
    if !ladder.has_heads() {
        cautions.push(format!(
            "too few customers bought, or did not, within earlier stretches to learn from: {} alone answers",
            boosted.parent
        ));
    }
    if let Some(of_spend) = &fit.spend {
        cautions.extend(of_spend.warnings.iter().cloned());
    }
    let ln_covariance = fitted.ln_covariance().cloned();
    let told = Told { spend, levels, ln_covariance, fit, cautions };
    Ok(serve(snapshot, &known, &ladder, &view, (boosted, options), told))
}

/// Serves a boosted model that was saved. Customers who first bought after it was fitted are scored from their first orders.
///
/// # Errors
/// [`StudyError::SavedModel`] where something is missing or out of range.
pub(crate) fn serve_saved_boosted(
    snapshot: &Snapshot,
    base: &CustomerBase,
    saved: &ModelFit,
    options: &ServeOptions,
) -> Result<Served, StudyError> {
    let origin = snapshot.end_day().ok_or(StudyError::BoostedNeedsOrders)?;
    let parent = parent_of_saved(saved)?;
    let (model, unit) = saved_purchase_model(&parent)?;
    let boosted = saved.boosted.as_ref().expect("its parent was just read from it");
    let entry = purchase_model(&parent.model).expect("the model was just built from its entry");
    let as_saved = BoostedOptions {
        parent: entry.id,
        spend: options.spend.clone(),
        ..BoostedOptions::usual(unit, boosted.seed)
    };
    let ladder = ladder_of(boosted)?;
    let mut cautions = saved.warnings.clone();
    let known = base.until(origin);
    let columns = snapshot.columns();
    let of_spend: Option<Arc<dyn SpendModel>> = saved_spend_model(saved)?;
    let spend = match &of_spend {
        Some(model) => {
            SpendOutlook::of_model(Arc::clone(model), columns.n_repeats, columns.mean_spend)
        }
        None => {
            cautions.push(
                "the saved model has no spend model; one was fitted to these data".to_owned(),
            );
            fit_spend(snapshot, &options.spend)
        }
    };
    let of_base = |repeats: &[u32], means: &[f64]| match &of_spend {
        Some(model) => SpendOutlook::of_model(Arc::clone(model), repeats, means),
        None => SpendOutlook::fit_as(&options.spend, repeats, means, snapshot.mean_first_spend()),
    };
    let ln_covariance = saved_ln_covariance(&parent, model.as_ref());
    let view = View::under(&known, origin, model, &of_base, &as_saved);
    let missing = missing_attributes(&ladder, &known);
    if !missing.is_empty() {
        cautions.push(format!(
            "the saved trees know {} of first orders, which these data do not hold: it counts as unknown",
            missing.join(", ")
        ));
    }
    let levels = levels_of_saved(saved);
    let told = Told { spend, levels, ln_covariance, fit: saved.clone(), cautions };
    Ok(serve(snapshot, &known, &ladder, &view, (&as_saved, options), told))
}

/// What is known of whoever is served beside the forecasts.
struct Told {
    spend: SpendOutlook,
    levels: IntervalLevels,
    ln_covariance: Option<Vec<Vec<f64>>>,
    fit: ModelFit,
    cautions: Vec<String>,
}

fn serve(
    snapshot: &Snapshot,
    known: &CustomerBase,
    ladder: &Ladder,
    view: &View,
    (boosted, options): (&BoostedOptions, &ServeOptions),
    told: Told,
) -> Served {
    let plain = snapshot.grouped(boosted.unit);
    let grouped = by_customer(&plain);
    let rungs = ladder.rungs_at(known, view, boosted);
    let newborn = Newborn { view, expected_spend: told.spend.expected_spend(0, 0.0) };
    let place_of = places(snapshot.ids(), known.ids());
    let rungs = rungs.into_iter().map(|rung| newborn.arranged(&rung, &place_of)).collect();
    let forecaster = BoostedForecaster::new(Arc::clone(&view.model), rungs);
    let length = options.horizon.in_unit(boosted.unit);
    let spend = told.spend.with_expected_spend(forecaster.spend_per_purchase(&grouped, length));
    Served {
        forecaster: Forecaster::Boosted(Arc::new(forecaster)),
        unit: boosted.unit,
        ln_covariance: told.ln_covariance,
        fit: Some(told.fit),
        spend,
        levels: told.levels,
        grouped,
        season: None,
        cautions: told.cautions,
    }
}

/// Customers of a snapshot who are not in the base by its day: nothing is known of them, and the probability model
/// answers as of a new customer.
struct Newborn<'a> {
    view: &'a View,
    expected_spend: f64,
}

impl Newborn<'_> {
    /// A rung in the order of the snapshot's customers; `place_of` is each one's row in the view.
    fn arranged(&self, rung: &Rung, place_of: &[Option<usize>]) -> Rung {
        let horizon = HorizonOptions { length: rung.length, discount_rate: 0.0 };
        let unborn =
            Forecaster::Model(Arc::clone(&self.view.model)).new_customer().forecast(&horizon);
        let of_unborn = clv_models::boosted::ModelScores {
            probability_buys: 1.0 - unborn.probability_none,
            expected_purchases: unborn.expected_purchases,
            expected_spend: self.expected_spend,
        };
        Rung {
            length: rung.length,
            forecasts: place_of
                .iter()
                .map(|place| place.map_or_else(|| of_parents(of_unborn), |at| rung.forecasts[at]))
                .collect(),
            parents: place_of
                .iter()
                .map(|place| place.map_or(of_unborn, |at| rung.parents[at]))
                .collect(),
        }
    }
}

/// For each customer of a snapshot the position in the base; none for who is not in it.
fn places(of_snapshot: &CustomerIds, of_base: &CustomerIds) -> Vec<Option<usize>> {
    match (of_snapshot, of_base) {
        (CustomerIds::Integer(wanted), CustomerIds::Integer(known)) => {
            let places: FxHashMap<i64, usize> = known.iter().copied().zip(0..).collect();
            wanted.iter().map(|id| places.get(id).copied()).collect()
        }
        (wanted, known) => {
            let places: FxHashMap<String, usize> =
                (0..known.len()).map(|at| (known.text(at), at)).collect();
            (0..wanted.len()).map(|at| places.get(&wanted.text(at)).copied()).collect()
        }
    }
}

/// The attributes that saved trees know and a base does not.
fn missing_attributes(ladder: &Ladder, base: &CustomerBase) -> Vec<String> {
    let mut names: Vec<String> = ladder
        .rungs
        .iter()
        .flat_map(|rung| rung.parts.iter().flatten())
        .flat_map(|part| part.attributes.iter().map(|one| one.name.clone()))
        .filter(|name| base.attributes().iter().all(|known| known.name != *name))
        .collect();
    names.sort();
    names.dedup();
    names
}
