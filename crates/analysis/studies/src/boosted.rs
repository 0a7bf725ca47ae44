//! The boosted forecast at an origin, learnt from what had happened by then: earlier origins whose holdouts were over.

mod attributes;
mod contestant;
mod forecaster;
mod ladder;
mod lesson;
mod saved;
mod serve;

pub use attributes::with_first_orders;
pub(crate) use contestant::boosted_contestant;
pub use forecaster::{BoostedForecaster, Rung};
pub use ladder::{Ladder, RUNGS_DAYS};
pub use lesson::{LearntHeads, PartHeads};
pub(crate) use serve::{parent_of_saved, serve_boosted, serve_saved_boosted};

use clv_models::boosted::{
    HeadReport, ModelScores, ZeroInflatedLogNormal, ZilnForecast, ZilnOptions, order_horizons,
};

use self::lesson::View;
use crate::base::CustomerBase;
use crate::error::StudyError;
use crate::served::DEFAULT_MODEL;
use crate::spend_choice::{SpendModelPick, gamma_gamma};
use crate::time::TimeUnit;

/// At most this many earlier origins are learnt from.
const MOST_ORIGINS: i32 = 4;
/// At least this share of the time before the origin lies before the first earlier one.
const LEAST_SHARE_BEFORE: i32 = 4;

/// How the boosted forecast is made.
#[derive(Debug, Clone)]
pub struct BoostedOptions {
    /// The unit of time of the probability model.
    pub unit: TimeUnit,
    /// The probability model whose forecasts are the offsets.
    pub parent: &'static str,
    /// What the trees start from.
    pub start: Start,
    /// The spend model whose forecasts the value starts from.
    pub spend: SpendModelPick,
    /// How the heads are fitted.
    pub ziln: ZilnOptions,
}

impl BoostedOptions {
    /// The usual way: careful trees on the default probability model. `seed` draws the rows that each tree sees.
    #[must_use]
    pub fn usual(unit: TimeUnit, seed: u64) -> Self {
        Self {
            unit,
            parent: DEFAULT_MODEL,
            start: Start::Forecasts,
            spend: SpendModelPick::of(gamma_gamma()),
            ziln: ZilnOptions::careful(seed),
        }
    }
}

/// What the trees start from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// The probability models' forecast of each customer.
    Forecasts,
    /// Their mean, the same for everybody: trees alone, to compare with.
    Mean,
}

/// The boosted forecasts over one horizon; one entry for each customer who had bought by the origin, in the order of
/// [`CustomerBase::at_origin`].
#[derive(Debug, Clone, PartialEq)]
pub struct BoostedForecasts {
    /// The horizon, days.
    pub horizon_days: i32,
    /// The forecasts.
    pub forecasts: Vec<ZilnForecast>,
    /// What the probability and spend models alone say.
    pub parents: Vec<ModelScores>,
    /// The origins learnt from, days since 1970-01-01, latest first.
    pub learnt_at: Vec<i32>,
    /// The horizon learnt at, days; shorter than `horizon_days` where the data held no earlier holdout as long.
    pub learnt_days: i32,
    /// How the heads do on customers left out: of those who bought once, then of the others. A part with too
    /// few buyers to learn from has none.
    pub reports: [Vec<(&'static str, HeadReport)>; 2],
}

/// Forecasts of purchases and value over `horizon_days` from the evening of `origin` on.
///
/// Nothing after `origin` is looked at: the base is cut there first. Heads for customers who have bought once see first-order
/// attributes only; the others see everything. Where neither part has enough buyers the probability models answer.
///
/// # Errors
/// [`StudyError::TooShort`] where there is no time for an earlier origin; [`StudyError::Fit`] where the probability
/// model has nothing to fit to.
pub fn forecast_at(
    base: &CustomerBase,
    origin: i32,
    horizon_days: i32,
    options: &BoostedOptions,
) -> Result<BoostedForecasts, StudyError> {
    let known = base.until(origin);
    let first = known.first_day().unwrap_or(origin);
    let (learnt_days, learnt_at) = earlier_origins(first, origin, horizon_days)?;
    let learnt = LearntHeads::learn(&known, learnt_at, learnt_days, options)?;
    let now = View::at(&known, origin, learnt_days, options)?;
    let near = now.scores_over(f64::from(learnt_days), options);
    let mut forecasts = learnt.forecast(&known, &now, &near);
    let reports = learnt
        .parts
        .each_ref()
        .map(|part| part.as_ref().map_or_else(Vec::new, |part| part.heads.reports().to_vec()));
    let learnt_at = learnt.learnt_at;
    let parents = now.scores_over(f64::from(horizon_days), options);
    if learnt_days < horizon_days {
        for ((forecast, near), far) in forecasts.iter_mut().zip(&near).zip(&parents) {
            *forecast = carried(forecast, *near, *far);
        }
    }
    Ok(BoostedForecasts { horizon_days, forecasts, parents, learnt_at, learnt_days, reports })
}

/// Forecasts over several horizons, shortest first, in which more time never holds less.
///
/// # Errors
/// As [`forecast_at`].
pub fn forecast_horizons_at(
    base: &CustomerBase,
    origin: i32,
    horizons_days: &[i32],
    options: &BoostedOptions,
) -> Result<Vec<BoostedForecasts>, StudyError> {
    let mut lengths = horizons_days.to_vec();
    lengths.sort_unstable();
    let mut of_horizons = lengths
        .into_iter()
        .map(|horizon_days| forecast_at(base, origin, horizon_days, options))
        .collect::<Result<Vec<_>, _>>()?;
    let mut forecasts: Vec<Vec<ZilnForecast>> =
        of_horizons.iter_mut().map(|one| std::mem::take(&mut one.forecasts)).collect();
    order_horizons(&mut forecasts);
    for (one, ordered) in of_horizons.iter_mut().zip(forecasts) {
        one.forecasts = ordered;
    }
    Ok(of_horizons)
}

/// The horizon to learn at and the origins whose holdouts of that length end by `origin`, latest first.
fn earlier_origins(
    first: i32,
    origin: i32,
    horizon_days: i32,
) -> Result<(i32, Vec<i32>), StudyError> {
    let before = origin - first;
    // A third of the time is left to look ahead in, so that there is something to look back on.
    let learnt_days = horizon_days.min(before / 3);
    if learnt_days < 1 {
        return Err(StudyError::TooShort {
            problem: format!(
                "the {before} days before the origin hold no earlier origin to learn from"
            ),
        });
    }
    let step = (learnt_days / 2).max(1);
    let origins = (0..MOST_ORIGINS)
        .map(|at| origin - learnt_days - at * step)
        .take_while(|earlier| earlier - first >= before / LEAST_SHARE_BEFORE)
        .collect();
    Ok((learnt_days, origins))
}

/// A forecast over a longer horizon than the one learnt at: the trees speak for as long as they have seen, the
/// probability models for the rest; what a purchase is worth holds throughout.
fn carried(forecast: &ZilnForecast, near: ModelScores, far: ModelScores) -> ZilnForecast {
    let further = (far.expected_purchases - near.expected_purchases).max(0.0);
    let expected_purchases = forecast.expected_purchases + further;
    let none_nearby = (1.0 - near.probability_buys).max(f64::MIN_POSITIVE);
    let none_further = ((1.0 - far.probability_buys) / none_nearby).clamp(0.0, 1.0);
    let probability_buys =
        (1.0 - (1.0 - forecast.probability_buys) * none_further).min(expected_purchases);
    let value_of_purchase = if forecast.expected_purchases > 0.0 {
        forecast.expected_value / forecast.expected_purchases
    } else {
        near.expected_spend
    };
    let expected_value = expected_purchases * value_of_purchase;
    let value = forecast.value.map(|law| ZeroInflatedLogNormal {
        probability: probability_buys,
        // As much more than before as a buyer's purchases are more.
        mean_ln: law.mean_ln
            + (expected_purchases * forecast.probability_buys
                / (forecast.expected_purchases * probability_buys).max(f64::MIN_POSITIVE))
            .max(f64::MIN_POSITIVE)
            .ln(),
        ..law
    });
    ZilnForecast { probability_buys, expected_purchases, expected_value, value, ..*forecast }
}
