//! Which forecaster answers: the one asked for, a saved one, or the winner of the bake-off.

use std::sync::Arc;

use clv_answers::model_fit::ModelFit;
use clv_engine::{Orders, PurchaseOccasions};
use clv_models::fit::{FitOptions, FittedPurchaseModel, fit_purchase_model};

use crate::backtest::{BacktestOptions, BacktestOutcome, FEWEST_REPEATERS, backtest};
use crate::base::{CustomerBase, DayRow};
use crate::covariates::{CovariateRequest, effect_of, serve_with_covariates};
use crate::error::StudyError;
use crate::forecaster::{Forecaster, NaiveRule};
use crate::handoff::GroupedHistories;
use crate::model_fit::{
    model_entry, purchase_model_fit, saved_ln_covariance, saved_purchase_model, saved_spend_model,
    spend_model_fit,
};
use crate::snapshot::{MICROS, Snapshot};
use crate::spend::SpendOutlook;
use crate::time::{Span, TimeUnit};

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
    /// A model that was saved.
    Saved(Box<ModelFit>),
    /// A model that knows who the customers are, fitted or saved.
    Covariates(Arc<CovariateRequest>),
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
    /// The customers' histories in `unit`.
    pub grouped: GroupedHistories,
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
        ModelChoice::Saved(saved) => return serve_saved(snapshot, saved),
        ModelChoice::Covariates(request) => {
            return serve_with_covariates(snapshot, request, options.unit);
        }
        ModelChoice::Id(id) => id.clone(),
        ModelChoice::Auto => match bake_off {
            Some(outcome) => match outcome.naive {
                Some(rule) => {
                    cautions.push(outcome.answer.reason.clone());
                    return Ok(serve_naive(snapshot, rule, options, cautions));
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
    let entry = model_entry(&id)?;
    let grouped = snapshot.grouped(options.unit);
    let histories = snapshot.histories_to_fit(&grouped);
    let fitted = fit_purchase_model(entry, &histories, &FitOptions::default())?;
    let spend = fit_spend(snapshot);
    let fit = combined_fit(&fitted, &spend, options.unit, snapshot.period());
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
        forecaster: Forecaster::Model(Arc::clone(fitted.model())),
        unit: options.unit,
        ln_covariance: fitted.ln_covariance().cloned(),
        fit: Some(fit),
        spend,
        grouped,
        cautions,
    })
}

/// So few customers, in words.
fn only(n: usize) -> String {
    if n == 1 { "only 1 customer".to_owned() } else { format!("only {n} customers") }
}

pub(crate) fn fit_spend(snapshot: &Snapshot) -> SpendOutlook {
    let columns = snapshot.columns();
    SpendOutlook::fit(columns.n_repeats, columns.mean_spend, snapshot.mean_first_spend())
}

/// A purchase fit with the spend fit beside it, as `clv fit` saves them.
#[must_use]
pub fn combined_fit(
    fitted: &FittedPurchaseModel,
    spend: &SpendOutlook,
    unit: TimeUnit,
    period: Option<(String, String)>,
) -> ModelFit {
    let mut fit = purchase_model_fit(fitted, unit, period.clone());
    fit.spend = Some(Box::new(spend_model_fit(spend, unit, period)));
    fit
}

fn serve_saved(snapshot: &Snapshot, saved: &ModelFit) -> Result<Served, StudyError> {
    let (model, unit) = saved_purchase_model(saved)?;
    let of_spend = saved.spend.iter().flat_map(|spend| spend.parameters.keys());
    let effect = saved.parameters.keys().chain(of_spend).find(|name| effect_of(name).is_some());
    let is_pooled = saved.covariates.as_ref().is_some_and(|fit| fit.pooling.is_some());
    if effect.is_some() || is_pooled {
        return Err(StudyError::Covariates {
            problem: format!(
                "the saved model knows who customers are ({}), and nothing of them was given",
                effect.map_or("groups", String::as_str)
            ),
            hint: Some(
                "--covariates FILE, a table of customer_id and the model's covariates".to_owned(),
            ),
        });
    }
    let columns = snapshot.columns();
    let mut cautions = saved.warnings.clone();
    let spend = match saved_spend_model(saved)? {
        Some(model) => SpendOutlook::of_model(model, columns.n_repeats),
        None => {
            cautions.push(
                "the saved model has no spend model; one was fitted to these data".to_owned(),
            );
            SpendOutlook::fit(columns.n_repeats, columns.mean_spend, snapshot.mean_first_spend())
        }
    };
    Ok(Served {
        ln_covariance: saved_ln_covariance(saved, model.as_ref()),
        forecaster: Forecaster::Model(model),
        unit,
        fit: Some(saved.clone()),
        spend,
        grouped: snapshot.grouped(unit),
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
        forecaster: Forecaster::Naive { rule, mean_rate: snapshot.mean_rate(options.unit) },
        unit: options.unit,
        ln_covariance: None,
        fit: None,
        spend: fit_spend(snapshot),
        grouped,
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
