//! Which forecaster answers: the one asked for, a saved one, or the winner of the bake-off.

use std::sync::Arc;

use clv_answers::model_fit::ModelFit;
use clv_engine::{Orders, PurchaseOccasions};
use clv_models::PurchaseHistories;
use clv_models::boosted::ZILN_ID;
use clv_models::fit::{FitOptions, FittedPurchaseModel, fit_purchase_model};
use clv_models::purchase::PurchaseModel;
use clv_models::spend::{GammaGamma, SpendModel};

use crate::backtest::{BacktestOptions, BacktestOutcome, FEWEST_REPEATERS, backtest};
use crate::base::{CustomerBase, DayRow};
use crate::blend::{BLEND, BlendRecipe, Member};
use crate::covariates::{
    CovariateChoice, CovariateRequest, effect_of, serve_with_covariates, without_covariates,
};
use crate::error::StudyError;
use crate::forecaster::{Forecaster, NaiveRule};
use crate::handoff::GroupedHistories;
use crate::held_out::IntervalLevels;
use crate::model_card::{history_shares, holdout_score};
use crate::model_fit::{
    GAMMA_GAMMA, model_entry, purchase_model_fit, saved_covariance, saved_ln_covariance,
    saved_spend_model, spend_model_fit,
};
use crate::posterior::saved_draws;
use crate::saved_blend::{
    blend_fit, levels_of_saved, naive_fit, repeated_period, saved_forecaster, saved_levels,
};
use crate::season::{SeasonWindow, ServedSeason, saved_season};
use crate::snapshot::{MICROS, Snapshot};
use crate::spend::SpendOutlook;
use crate::spend_choice::SpendModelPick;
use crate::time::{Span, TimeUnit};
use crate::whole_periods::check_whole;

/// A bake-off on more customers than this runs on a sample of about as many.
pub const BAKE_OFF_CUSTOMERS: usize = 20_000;

/// What `auto` serves where no bake-off can run.
pub const DEFAULT_MODEL: &str = "pareto-nbd";

/// The model asked for.
#[derive(Debug, Clone)]
pub enum ModelChoice {
    /// The winner of the bake-off.
    Auto,
    /// A model of the catalogue, by id.
    Id(String),
    /// The blend that the bake-off teaches.
    Blend,
    /// A model that was saved.
    Saved(Box<ModelFit>),
    /// A model that knows who the customers are, fitted or saved.
    Covariates(Arc<CovariateRequest>),
}

impl ModelChoice {
    /// The choice under this id: `auto`, `blend`, `ziln` or a purchase model's.
    ///
    /// ```
    /// use clv_studies::served::ModelChoice;
    /// assert!(matches!(ModelChoice::named("ziln"), Ok(ModelChoice::Id(_))));
    /// assert!(ModelChoice::named("zlin").is_err());
    /// ```
    ///
    /// # Errors
    /// [`StudyError::UnknownModel`] where there is none.
    pub fn named(id: &str) -> Result<Self, StudyError> {
        Ok(match id {
            "auto" => Self::Auto,
            BLEND => Self::Blend,
            ZILN_ID => Self::Id(ZILN_ID.to_owned()),
            id => Self::Id(model_entry(id)?.id.to_owned()),
        })
    }
}

/// Whoever answers, with what is known about them.
#[derive(Debug)]
pub struct Served {
    /// The forecaster.
    pub forecaster: Forecaster,
    /// The unit of its parameters.
    pub unit: TimeUnit,
    /// Covariance of the logarithms of its parameters, where known.
    pub ln_covariance: Option<Vec<Vec<f64>>>,
    /// Its fit as an answer; none for a naive rule.
    pub fit: Option<ModelFit>,
    /// The spend model.
    pub spend: SpendOutlook,
    /// How its intervals are widened or narrowed by what earlier holdouts taught.
    pub levels: IntervalLevels,
    /// The customers' histories in `unit`, by the season's clock where there is one.
    pub grouped: GroupedHistories,
    /// The season by whose clock time is told; none where it is the calendar's.
    pub season: Option<ServedSeason>,
    /// What to know before relying on it.
    pub cautions: Vec<String>,
}

/// What a served forecaster is for.
#[derive(Debug, Clone)]
pub struct ServeOptions {
    /// The model asked for.
    pub choice: ModelChoice,
    /// The unit of time; a saved model's own unit goes before it.
    pub unit: TimeUnit,
    /// The horizon of the forecasts.
    pub horizon: Span,
    /// The spend model to fit; a saved model's own goes before it.
    pub spend: SpendModelPick,
    /// Campaigns to come, for a saved model that knows their names.
    pub windows: Vec<SeasonWindow>,
}

/// Serves the forecaster asked for. `bake_off` is the outcome that `Auto` follows; without one (a histories file,
/// or data too short) it serves the default model, or the mean rate where too few bought again, and says so.
///
/// # Errors
/// [`StudyError`] where the model is unknown or cannot be read back.
pub fn serve(
    snapshot: &Snapshot,
    bake_off: Option<&BacktestOutcome>,
    options: &ServeOptions,
) -> Result<Served, StudyError> {
    let mut cautions = Vec::new();
    let id = match &options.choice {
        ModelChoice::Saved(saved) => return serve_saved(snapshot, saved, options),
        ModelChoice::Covariates(request) => {
            return serve_request(snapshot, bake_off, request, options);
        }
        ModelChoice::Blend => BLEND.to_owned(),
        ModelChoice::Id(id) => id.clone(),
        ModelChoice::Auto => match bake_off {
            Some(outcome) => match outcome.naive {
                Some(rule) => {
                    cautions.push(outcome.answer.reason.clone());
                    let levels = outcome.levels.clone();
                    return Ok(Served { levels, ..serve_naive(snapshot, rule, options, cautions) });
                }
                None => outcome.answer.served.clone(),
            },
            None if snapshot.n_repeaters() < FEWEST_REPEATERS => {
                cautions.push(format!(
                    "{} bought again, too few to fit a model to; everyone is taken to buy at \
                     the mean rate",
                    only(snapshot.n_repeaters())
                ));
                return Ok(serve_naive(snapshot, NaiveRule::MeanRate, options, cautions));
            }
            None => {
                cautions.push(format!(
                    "there was no holdout to choose a model by, so {DEFAULT_MODEL} is served untested"
                ));
                DEFAULT_MODEL.to_owned()
            }
        },
    };
    let grouped = snapshot.grouped(options.unit);
    let histories = snapshot.histories_to_fit(&grouped);
    let spend = fit_spend(snapshot, &options.spend);
    let (forecaster, ln_covariance, mut fit) = if id == BLEND {
        let mean_rate = grouped.mean_rate();
        let recipe = bake_off.and_then(|outcome| Some((outcome.recipe.as_ref()?, outcome)));
        let (recipe, outcome) = recipe.ok_or(StudyError::NothingToBlend)?;
        let (forecaster, fit) = fit_blend(recipe, outcome, &histories, mean_rate, options.unit)?;
        (forecaster, None, with_spend(fit, &spend, options.unit, snapshot.period()))
    } else {
        let entry = model_entry(&id)?;
        if entry.is_discrete() {
            check_whole(entry.id, &grouped.histories)?;
        }
        let fitted = fit_purchase_model(entry, &histories, &FitOptions::default())?;
        let fit = combined_fit(&fitted, &spend, options.unit, snapshot.period());
        let forecaster = Forecaster::Model(Arc::clone(fitted.model()));
        (forecaster, fitted.ln_covariance().cloned(), fit)
    };
    // What the holdouts teach about intervals goes with the forecaster they judged.
    let levels = bake_off
        .filter(|outcome| outcome.answer.served == id)
        .map(|outcome| outcome.levels.clone())
        .unwrap_or_default();
    fit.interval_levels = saved_levels(&levels);
    fit.history_shares = history_shares(&histories);
    fit.holdout = bake_off.and_then(|outcome| holdout_score(outcome, &id));
    if fit.converged == Some(false) {
        cautions.push(format!(
            "the fit of {id} did not reach its optimum; `clv fit --model {id}` says more"
        ));
    }
    if snapshot.n_repeaters() < 10 * FEWEST_REPEATERS {
        cautions.push(format!(
            "{} bought again: take every figure as a rough guess",
            only(snapshot.n_repeaters())
        ));
    }
    if let Some(of_spend) = &fit.spend {
        cautions.extend(of_spend.warnings.iter().cloned());
    }
    Ok(Served {
        forecaster,
        unit: options.unit,
        ln_covariance,
        fit: Some(fit),
        spend,
        levels,
        grouped,
        season: None,
        cautions,
    })
}

/// Serves a model with covariates; where the bake-off decides and one without has won, that one.
fn serve_request(
    snapshot: &Snapshot,
    bake_off: Option<&BacktestOutcome>,
    request: &CovariateRequest,
    options: &ServeOptions,
) -> Result<Served, StudyError> {
    let of = (options.unit, &options.horizon);
    let with = |id: Option<&str>| {
        serve_with_covariates(snapshot, request, id, of, &options.spend)
            .map(|served| with_lessons(served, bake_off))
    };
    let CovariateChoice::Auto(_) = request.choice else { return with(None) };
    let plainly = || {
        let plain = ServeOptions { choice: ModelChoice::Auto, ..options.clone() };
        serve(snapshot, bake_off, &plain)
    };
    match bake_off {
        Some(outcome) => match without_covariates(&outcome.answer.served) {
            Some(id) => with(Some(id)),
            None => {
                let mut served = plainly()?;
                served.cautions.push(does_without(&outcome.answer.served, &request.file.path));
                Ok(served)
            }
        },
        None if snapshot.n_repeaters() < FEWEST_REPEATERS => plainly(),
        None => {
            let mut served = with(Some(DEFAULT_MODEL))?;
            served.cautions.push(format!(
                "there was no holdout to choose a model by, so {DEFAULT_MODEL} is served with covariates untested"
            ));
            Ok(served)
        }
    }
}

/// That a table of covariates was given and whoever won does without it.
pub(crate) fn does_without(winner: &str, path: &str) -> String {
    format!("no model with covariates forecast better than {winner}, which does without {path}")
}

/// With what the holdouts teach about the intervals and errors of whoever is served, where they judged them.
fn with_lessons(mut served: Served, bake_off: Option<&BacktestOutcome>) -> Served {
    let id = served.forecaster.id();
    let Some(outcome) = bake_off.filter(|outcome| outcome.answer.served == id) else {
        return served;
    };
    served.levels = outcome.levels.clone();
    if let Some(fit) = &mut served.fit {
        fit.interval_levels = saved_levels(&served.levels);
        fit.holdout = holdout_score(outcome, id);
    }
    served
}

/// So few customers, in words.
fn only(n: usize) -> String {
    if n == 1 { "only 1 customer".to_owned() } else { format!("only {n} customers") }
}

pub(crate) fn fit_spend(snapshot: &Snapshot, pick: &SpendModelPick) -> SpendOutlook {
    let columns = snapshot.columns();
    SpendOutlook::fit_as(pick, columns.n_repeats, columns.mean_spend, snapshot.mean_first_spend())
}

/// A purchase fit with the spend fit beside it, as `clv fit` saves them.
#[must_use]
pub fn combined_fit(
    fitted: &FittedPurchaseModel,
    spend: &SpendOutlook,
    unit: TimeUnit,
    period: Option<(String, String)>,
) -> ModelFit {
    with_spend(purchase_model_fit(fitted, unit, period.clone()), spend, unit, period)
}

pub(crate) fn with_spend(
    mut fit: ModelFit,
    spend: &SpendOutlook,
    unit: TimeUnit,
    period: Option<(String, String)>,
) -> ModelFit {
    fit.data_period.clone_from(&period);
    fit.spend = Some(Box::new(spend_model_fit(spend, unit, period)));
    fit
}

/// That the draws saved with a purchase model are of its parameters.
fn check_draws(saved: &ModelFit, model: &dyn PurchaseModel) -> Result<(), StudyError> {
    let names: Vec<&str> = model.parameters().iter().map(|one| one.name).collect();
    for (row, draw) in saved_draws(saved, &names)?.unwrap_or_default().iter().enumerate() {
        model.with_parameters(draw).map_err(|error| StudyError::SavedModel {
            problem: format!("has a draw (row {}) that is out of range: {error}", row + 1),
        })?;
    }
    Ok(())
}

/// The draws saved with a spend model; none where none were saved.
fn saved_spend_draws(saved: &ModelFit) -> Result<Vec<Arc<dyn SpendModel>>, StudyError> {
    let Some(spend) = &saved.spend else { return Ok(Vec::new()) };
    if spend.posterior.is_none() {
        return Ok(Vec::new());
    }
    if spend.model != GAMMA_GAMMA {
        return Err(StudyError::NoSpendDraws { id: spend.model.clone() });
    }
    let draws = saved_draws(spend, &["p", "q", "gamma"])?.unwrap_or_default();
    draws
        .iter()
        .map(|draw| {
            GammaGamma::new(draw[0], draw[1], draw[2])
                .map(|one| Arc::new(one) as Arc<dyn SpendModel>)
        })
        .collect::<Result<_, _>>()
        .map_err(|error| StudyError::SavedModel {
            problem: format!("has a draw out of range: {error}"),
        })
}

/// Fits a recipe's members to everyone.
fn fit_blend(
    recipe: &BlendRecipe,
    outcome: &BacktestOutcome,
    histories: &PurchaseHistories,
    mean_rate: f64,
    unit: TimeUnit,
) -> Result<(Forecaster, ModelFit), StudyError> {
    let mut members = Vec::new();
    let mut fits = Vec::new();
    for id in &recipe.members {
        if let Some(rule) = outcome.naive_rule(id) {
            let forecaster = Forecaster::Naive { rule, mean_rate };
            fits.push(naive_fit(rule, mean_rate, unit));
            members.push(Member { forecaster, ln_covariance: None });
            continue;
        }
        let fitted = fit_purchase_model(model_entry(id)?, histories, &FitOptions::default())?;
        fits.push(purchase_model_fit(&fitted, unit, None));
        members.push(Member {
            forecaster: Forecaster::Model(Arc::clone(fitted.model())),
            ln_covariance: fitted.ln_covariance().cloned(),
        });
    }
    let fit = blend_fit(recipe, fits, histories.n_customers(), unit);
    Ok((recipe.of(members), fit))
}

/// That nothing is missing that a saved model knows customers by.
pub(crate) fn check_traits(saved: &ModelFit) -> Result<(), StudyError> {
    let of_spend = saved.spend.iter().flat_map(|spend| spend.parameters.keys());
    let effect = saved.parameters.keys().chain(of_spend).find(|name| effect_of(name).is_some());
    let is_pooled = saved.covariates.as_ref().is_some_and(|fit| fit.pooling.is_some());
    if effect.is_none() && !is_pooled {
        return Ok(());
    }
    Err(StudyError::Covariates {
        problem: format!(
            "the saved model knows who customers are ({}), and nothing of them was given",
            effect.map_or("groups", String::as_str)
        ),
        hint: Some(
            "--covariates FILE, a table of customer_id and the model's covariates".to_owned(),
        ),
    })
}

fn serve_saved(
    snapshot: &Snapshot,
    saved: &ModelFit,
    options: &ServeOptions,
) -> Result<Served, StudyError> {
    check_traits(saved)?;
    let (forecaster, unit) = saved_forecaster(saved)?;
    if let Some(rule) = repeated_period(&forecaster)
        && !snapshot.has_recent_purchases()
    {
        return Err(StudyError::NoRecentPurchases { rule: rule.id().to_owned() });
    }
    let season = saved_season(snapshot, saved, options)?;
    let grouped = snapshot.grouped_by(unit, season.as_ref().map(|season| &season.clock));
    if let Forecaster::Model(model) = &forecaster {
        check_draws(saved, model.as_ref())?;
        if model.new_customer().is_discrete() {
            check_whole(model.id(), &grouped.histories)?;
        }
    }
    let columns = snapshot.columns();
    let mut cautions = saved.warnings.clone();
    let spend = match saved_spend_model(saved)? {
        Some(model) => {
            let covariance = saved.spend.as_ref().and_then(|spend| {
                let names: Vec<String> =
                    model.parameters().iter().map(|one| one.name.to_owned()).collect();
                saved_covariance(spend, &names)
            });
            SpendOutlook::of_model(model, columns.n_repeats, columns.mean_spend)
                .unsure(covariance.as_deref())
                .with_draws(&saved_spend_draws(saved)?)
        }
        None => {
            cautions.push(
                "the saved model has no spend model; one was fitted to these data".to_owned(),
            );
            fit_spend(snapshot, &options.spend)
        }
    };
    Ok(Served {
        ln_covariance: match &forecaster {
            Forecaster::Model(model) => saved_ln_covariance(saved, model.as_ref()),
            Forecaster::Traits(_)
            | Forecaster::Naive { .. }
            | Forecaster::Blend(_)
            | Forecaster::Boosted(_) => None,
        },
        forecaster,
        unit,
        fit: Some(saved.clone()),
        spend,
        levels: levels_of_saved(saved),
        grouped,
        season,
        cautions,
    })
}

fn serve_naive(
    snapshot: &Snapshot,
    rule: NaiveRule,
    options: &ServeOptions,
    cautions: Vec<String>,
) -> Served {
    let grouped = snapshot.grouped(options.unit);
    Served {
        forecaster: Forecaster::Naive { rule, mean_rate: grouped.mean_rate() },
        unit: options.unit,
        ln_covariance: None,
        fit: None,
        spend: fit_spend(snapshot, &options.spend),
        levels: IntervalLevels::default(),
        grouped,
        season: None,
        cautions,
    }
}

/// The base of a bake-off: everyone, or a sample of about [`BAKE_OFF_CUSTOMERS`] where there are many more.
/// The sample is by a hash of the id, so that it is the same every time.
///
/// # Errors
/// [`StudyError`] where reading fails.
pub fn bake_off_base(orders: &Orders, n_customers: usize) -> Result<CustomerBase, StudyError> {
    const PARTS: usize = 1 << 16;
    let keep = (n_customers > 2 * BAKE_OFF_CUSTOMERS)
        .then(|| u32::try_from(PARTS * BAKE_OFF_CUSTOMERS / n_customers).map_or(1, |n| n.max(1)));
    let (occasions, _) = orders.purchase_occasions(keep)?;
    Ok(base_of(occasions))
}

/// The base in memory from what the engine hands over.
#[must_use]
pub fn base_of(occasions: PurchaseOccasions) -> CustomerBase {
    let n = occasions.day.len();
    let rows = (0..n)
        .map(|row| DayRow {
            day: occasions.day[row],
            orders: occasions.orders[row],
            gross: occasions.gross[row] as f64 / MICROS,
            returns: occasions.returns[row] as f64 / MICROS,
        })
        .collect();
    let offsets = occasions
        .offsets
        .iter()
        .map(|offset| usize::try_from(*offset).expect("rows in memory are counted by usize"))
        .collect();
    CustomerBase::new(occasions.ids, offsets, rows, occasions.last_observed_day)
}

/// Runs the bake-off that `auto` follows; none, with the reason, where the data are too short.
///
/// # Errors
/// [`StudyError`] for anything but data that are too short.
pub fn bake_off(
    base: &CustomerBase,
    options: &BacktestOptions,
) -> Result<Result<BacktestOutcome, String>, StudyError> {
    match backtest(base, options) {
        Ok(outcome) => Ok(Ok(outcome)),
        Err(StudyError::TooShort { problem }) => Ok(Err(problem)),
        Err(error) => Err(error),
    }
}
