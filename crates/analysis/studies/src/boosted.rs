//! The boosted forecast at an origin, learnt from what had happened by then: earlier origins whose holdouts were over.

use std::sync::Arc;

use clv_models::boosted::{
    HeadReport, ModelScores, Outcome, PeriodShift, ZeroInflatedLogNormal, Ziln, ZilnError,
    ZilnForecast, ZilnOptions, ZilnRows, order_horizons,
};
use clv_models::fit::{FitOptions, fit_purchase_model};

use crate::base::{CustomerAtOrigin, CustomerBase};
use crate::error::StudyError;
use crate::features::{Attribute, FeatureSet, LevelColumns, feature_table};
use crate::forecaster::{Forecaster, HorizonOptions};
use crate::handoff::GroupedHistories;
use crate::model_fit::model_entry;
use crate::origins::OriginData;
use crate::served::DEFAULT_MODEL;
use crate::spend::SpendOutlook;
use crate::time::TimeUnit;

/// At most this many earlier origins are learnt from.
const MOST_ORIGINS: i32 = 4;
/// At least this share of the time before the origin lies before the first earlier one.
const LEAST_SHARE_BEFORE: i32 = 4;
/// Parts into which customers are cut for cross-validation.
const N_FOLDS: usize = 4;
/// Rows to learn from; of more customers a sample is taken.
const MOST_ROWS: usize = 60_000;

/// How the boosted forecast is made.
#[derive(Debug, Clone)]
pub struct BoostedOptions {
    /// The unit of time of the probability model.
    pub unit: TimeUnit,
    /// The probability model whose forecasts are the offsets.
    pub parent: &'static str,
    /// What the trees start from.
    pub start: Start,
    /// What is known of customers besides their days; levels by position in the base.
    pub attributes: Vec<Attribute>,
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
            attributes: Vec::new(),
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
    let known = Known::at(base, origin, options);
    let first = known.base.first_day().unwrap_or(origin);
    let (learnt_days, learnt_at) = earlier_origins(first, origin, horizon_days)?;
    let lesson = Lesson::at(&known, &learnt_at, learnt_days, options);
    let now = View::at(&known.base, origin, learnt_days, options)?;
    let shifted: Vec<ModelScores> = now.scores.iter().map(|s| lesson.shift.of(*s)).collect();
    let mut forecasts: Vec<ZilnForecast> = now.scores.iter().map(|s| of_parents(*s)).collect();
    let mut reports = [Vec::new(), Vec::new()];
    for (part, is_newcomer) in [true, false].into_iter().enumerate() {
        let set = if is_newcomer { FeatureSet::FirstOrder } else { FeatureSet::Everything };
        let Some((heads, levels)) = lesson.heads(&known, is_newcomer, set, options)? else {
            continue;
        };
        let rows: Vec<usize> =
            (0..now.rows.len()).filter(|&row| now.is_newcomer[row] == is_newcomer).collect();
        let places: Vec<(usize, i32)> = rows.iter().map(|&row| now.rows[row]).collect();
        let scores: Vec<ModelScores> = rows.iter().map(|&row| shifted[row]).collect();
        let columns: Vec<_> = known.attributes.iter().zip(levels).collect();
        let table = feature_table(&known.base, &places, set, &columns);
        for (row, forecast) in rows.into_iter().zip(heads.forecast(&table, &scores)) {
            forecasts[row] = forecast;
        }
        reports[part] = heads.reports().to_vec();
    }
    let parents = now.scores_over(horizon_days, options);
    if learnt_days < horizon_days {
        for ((forecast, near), far) in forecasts.iter_mut().zip(&now.scores).zip(&parents) {
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

/// The base as it was known at the origin, and the attributes of who is in it.
struct Known {
    base: CustomerBase,
    attributes: Vec<Attribute>,
}

impl Known {
    fn at(base: &CustomerBase, origin: i32, options: &BoostedOptions) -> Self {
        let kept: Vec<usize> =
            (0..base.n_customers()).filter(|&one| base.first_day_of(one) <= origin).collect();
        let attributes = options
            .attributes
            .iter()
            .map(|attribute| Attribute {
                name: attribute.name.clone(),
                level_of_customer: kept
                    .iter()
                    .map(|&one| attribute.level_of_customer[one])
                    .collect(),
            })
            .collect();
        Self { base: base.until(origin), attributes }
    }
}

/// The customers at one origin and what the probability models, fitted there, say of them.
struct View {
    rows: Vec<(usize, i32)>,
    is_newcomer: Vec<bool>,
    scores: Vec<ModelScores>,
    outcomes: Vec<Outcome>,
    grouped: GroupedHistories,
    forecaster: Forecaster,
    expected_spend: Vec<f64>,
}

impl View {
    fn at(
        base: &CustomerBase,
        origin: i32,
        horizon_days: i32,
        options: &BoostedOptions,
    ) -> Result<Self, StudyError> {
        let data = OriginData::at(base, origin, horizon_days, options.unit, false);
        let entry = model_entry(options.parent)?;
        let fitted = fit_purchase_model(entry, &data.grouped.histories, &FitOptions::default())?;
        let repeats: Vec<u32> = data.customers.iter().map(|one| one.n_days - 1).collect();
        let means: Vec<f64> = data.customers.iter().map(|one| one.mean_repeat_spend).collect();
        let first: f64 = data.customers.iter().map(|one| one.first_spend).sum();
        let spend = SpendOutlook::fit(&repeats, &means, first / data.customers.len().max(1) as f64);
        let outcome_of = |one: &CustomerAtOrigin| Outcome {
            purchases: f64::from(one.purchases_after),
            value: one.spend_after,
        };
        let mut view = Self {
            rows: data.customers.iter().map(|one| (one.customer, origin)).collect(),
            is_newcomer: data.customers.iter().map(|one| one.n_days == 1).collect(),
            outcomes: data.customers.iter().map(outcome_of).collect(),
            expected_spend: (0..repeats.len())
                .map(|one| spend.expected_spend(repeats[one], means[one]))
                .collect(),
            grouped: data.grouped,
            forecaster: Forecaster::Model(Arc::clone(fitted.model())),
            scores: Vec::new(),
        };
        view.scores = view.scores_over(horizon_days, options);
        Ok(view)
    }

    /// What the probability models say over a horizon, one entry for each customer.
    fn scores_over(&self, horizon_days: i32, options: &BoostedOptions) -> Vec<ModelScores> {
        let length = f64::from(horizon_days) / options.unit.days();
        let horizon = HorizonOptions { length, discount_rate: 0.0 };
        let forecasts = self.forecaster.forecast_rows(&self.grouped, &horizon);
        let rows = self.grouped.row_of_customer.iter().zip(&self.expected_spend);
        let mut scores: Vec<ModelScores> = rows
            .map(|(row, expected_spend)| {
                let forecast = &forecasts[*row as usize];
                ModelScores {
                    probability_buys: 1.0 - forecast.probability_none,
                    expected_purchases: forecast.expected_purchases,
                    expected_spend: *expected_spend,
                }
            })
            .collect();
        if options.start == Start::Mean {
            let n = scores.len().max(1) as f64;
            let mean = |of: fn(&ModelScores) -> f64| scores.iter().map(of).sum::<f64>() / n;
            let same = ModelScores {
                probability_buys: mean(|one| one.probability_buys),
                expected_purchases: mean(|one| one.expected_purchases),
                expected_spend: mean(|one| one.expected_spend),
            };
            scores.fill(same);
        }
        scores
    }
}

/// What the earlier origins teach: their customers, features and outcomes in one heap.
struct Lesson {
    rows: Vec<(usize, i32)>,
    is_newcomer: Vec<bool>,
    /// At the level of what came at each origin, so that trees learn who buys more than others and not when all do.
    scores: Vec<ModelScores>,
    outcomes: Vec<Outcome>,
    /// What the origins' levels say of the next one.
    shift: PeriodShift,
}

impl Lesson {
    fn at(known: &Known, origins: &[i32], learnt_days: i32, options: &BoostedOptions) -> Self {
        let mut lesson = Self {
            rows: vec![],
            is_newcomer: vec![],
            scores: vec![],
            outcomes: vec![],
            shift: PeriodShift::NONE,
        };
        let mut shifts = Vec::new();
        for &origin in origins {
            // An origin with nobody to learn from teaches nothing; the others may.
            let Ok(view) = View::at(&known.base, origin, learnt_days, options) else { continue };
            let shift = PeriodShift::between(&view.scores, &view.outcomes);
            lesson.scores.extend(view.scores.iter().map(|scores| shift.of(*scores)));
            shifts.push(shift);
            lesson.rows.extend(view.rows);
            lesson.is_newcomer.extend(view.is_newcomer);
            lesson.outcomes.extend(view.outcomes);
        }
        lesson.shift = PeriodShift::expected(&shifts);
        lesson
    }

    /// The heads of one part of the customers, and the attribute levels that have columns; none with too few buyers.
    fn heads(
        &self,
        known: &Known,
        is_newcomer: bool,
        set: FeatureSet,
        options: &BoostedOptions,
    ) -> Result<Option<(Ziln, Vec<LevelColumns>)>, StudyError> {
        let mut rows: Vec<usize> =
            (0..self.rows.len()).filter(|&row| self.is_newcomer[row] == is_newcomer).collect();
        let every = rows.len().div_ceil(MOST_ROWS).max(1);
        rows.retain(|&row| self.rows[row].0.is_multiple_of(every));
        let places: Vec<(usize, i32)> = rows.iter().map(|&row| self.rows[row]).collect();
        let customers: Vec<usize> = places.iter().map(|place| place.0).collect();
        let levels: Vec<LevelColumns> = known
            .attributes
            .iter()
            .map(|attribute| LevelColumns::learn(attribute, &customers))
            .collect();
        let columns: Vec<_> = known.attributes.iter().zip(levels.clone()).collect();
        let features = feature_table(&known.base, &places, set, &columns);
        let scores: Vec<ModelScores> = rows.iter().map(|&row| self.scores[row]).collect();
        let outcomes: Vec<Outcome> = rows.iter().map(|&row| self.outcomes[row]).collect();
        let folds: Vec<u32> = customers.iter().map(|&one| (one / every % N_FOLDS) as u32).collect();
        // What is learnt has to hold at the latest origin before it is believed.
        let latest = self.rows.iter().map(|row| row.1).max();
        let is_latest: Vec<bool> = places.iter().map(|place| Some(place.1) == latest).collect();
        let has_earlier = is_latest.iter().any(|is_latest| !is_latest);
        let rows = ZilnRows {
            features: &features,
            scores: &scores,
            outcomes: &outcomes,
            folds: &folds,
            is_latest: has_earlier.then_some(&is_latest[..]),
        };
        match Ziln::fit(&rows, &options.ziln) {
            Ok(heads) => Ok(Some((heads, levels))),
            Err(ZilnError::TooFew { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
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

/// The probability models' own forecast, where there is nothing to correct it with.
fn of_parents(scores: ModelScores) -> ZilnForecast {
    ZilnForecast {
        probability_buys: scores.probability_buys,
        expected_purchases: scores.expected_purchases,
        expected_value: scores.expected_purchases * scores.expected_spend,
        value: None,
        count_shape: 1.0,
    }
}
