//! Heads learnt at one horizon from earlier origins whose holdouts were over.

use std::sync::Arc;

use clv_models::boosted::{
    ModelScores, Outcome, PeriodShift, Ziln, ZilnError, ZilnForecast, ZilnRows,
};
use clv_models::fit::{FitOptions, FittedPurchaseModel, fit_purchase_model};
use clv_models::purchase::PurchaseModel;

use super::{BoostedOptions, Start};
use crate::base::{CustomerAtOrigin, CustomerBase};
use crate::error::StudyError;
use crate::features::{AttributeColumns, FeatureSet, feature_table};
use crate::forecaster::{Forecaster, HorizonOptions};
use crate::handoff::GroupedHistories;
use crate::model_fit::model_entry;
use crate::origins::OriginData;
use crate::spend::SpendOutlook;

/// Parts into which customers are cut for cross-validation.
const N_FOLDS: usize = 4;
/// Rows to learn from; of more customers a sample is taken.
const MOST_ROWS: usize = 60_000;

/// What was learnt at one horizon.
#[derive(Debug, Clone, PartialEq)]
pub struct LearntHeads {
    /// The horizon, days.
    pub learnt_days: i32,
    /// The origins learnt from, days since 1970-01-01, latest first.
    pub learnt_at: Vec<i32>,
    /// What the origins' levels say of the next one.
    pub shift: PeriodShift,
    /// Heads for those who bought once, then for the others; none with too few buyers to learn from.
    pub parts: [Option<PartHeads>; 2],
}

/// The heads of one part of the customers.
#[derive(Debug, Clone, PartialEq)]
pub struct PartHeads {
    /// The heads.
    pub heads: Ziln,
    /// The attributes that have columns beside the features.
    pub attributes: Vec<AttributeColumns>,
}

/// What the heads of a part see.
pub(super) fn set_of_part(part: usize) -> FeatureSet {
    if part == 0 { FeatureSet::FirstOrder } else { FeatureSet::Everything }
}

impl LearntHeads {
    /// Learns from the origins `learnt_at`, whose holdouts are over by the end of `known`.
    pub(super) fn learn(
        known: &CustomerBase,
        learnt_at: Vec<i32>,
        learnt_days: i32,
        options: &BoostedOptions,
    ) -> Result<Self, StudyError> {
        let lesson = Lesson::at(known, &learnt_at, learnt_days, options);
        let parts = [lesson.heads(known, 0, options)?, lesson.heads(known, 1, options)?];
        Ok(Self { learnt_days, learnt_at, shift: lesson.shift, parts })
    }

    /// Forecasts over the horizon learnt at for the customers of `view`, in its order; `scores` are the probability
    /// models' for that horizon. Where a part has no heads the probability models answer.
    pub(super) fn forecast(
        &self,
        known: &CustomerBase,
        view: &View,
        scores: &[ModelScores],
    ) -> Vec<ZilnForecast> {
        let mut forecasts: Vec<ZilnForecast> = scores.iter().map(|one| of_parents(*one)).collect();
        for (part, heads) in self.parts.iter().enumerate() {
            let Some(heads) = heads else { continue };
            let is_newcomer = part == 0;
            let rows: Vec<usize> =
                (0..view.rows.len()).filter(|&row| view.is_newcomer[row] == is_newcomer).collect();
            let places: Vec<(usize, i32)> = rows.iter().map(|&row| view.rows[row]).collect();
            let shifted: Vec<ModelScores> =
                rows.iter().map(|&row| self.shift.of(scores[row])).collect();
            let table = feature_table(known, &places, set_of_part(part), &heads.attributes);
            for (row, forecast) in rows.into_iter().zip(heads.heads.forecast(&table, &shifted)) {
                forecasts[row] = forecast;
            }
        }
        forecasts
    }
}

/// The probability models' own forecast, where there is nothing to correct it with.
pub(super) fn of_parents(scores: ModelScores) -> ZilnForecast {
    ZilnForecast {
        probability_buys: scores.probability_buys,
        expected_purchases: scores.expected_purchases,
        expected_value: scores.expected_purchases * scores.expected_spend,
        value: None,
        count_shape: 1.0,
    }
}

/// The customers at one origin and what the probability models say of them.
pub(super) struct View {
    /// Customers by position in the base, with the origin.
    pub(super) rows: Vec<(usize, i32)>,
    pub(super) is_newcomer: Vec<bool>,
    outcomes: Vec<Outcome>,
    pub(super) grouped: GroupedHistories,
    /// The probability model.
    pub(super) model: Arc<dyn PurchaseModel>,
    /// The fit of the probability model, where it was fitted here.
    pub(super) fitted: Option<FittedPurchaseModel>,
    expected_spend: Vec<f64>,
}

impl View {
    /// The customers at `origin`, the models fitted to them, and what they did in the `horizon_days` after it.
    pub(super) fn at(
        base: &CustomerBase,
        origin: i32,
        horizon_days: i32,
        options: &BoostedOptions,
    ) -> Result<Self, StudyError> {
        let data = OriginData::at(base, origin, horizon_days, options.unit, false);
        let entry = model_entry(options.parent)?;
        let fitted = fit_purchase_model(entry, &data.grouped.histories, &FitOptions::default())?;
        let (repeats, means) = money_of(&data.customers);
        let first: f64 = data.customers.iter().map(|one| one.first_spend).sum();
        let first = first / data.customers.len().max(1) as f64;
        let spend = SpendOutlook::fit_as(&options.spend, &repeats, &means, first);
        let model = Arc::clone(fitted.model());
        Ok(Self { fitted: Some(fitted), ..Self::of(data, model, &spend) })
    }

    /// The customers at `origin`, under models that are known.
    pub(super) fn under(
        base: &CustomerBase,
        origin: i32,
        model: Arc<dyn PurchaseModel>,
        spend: &dyn Fn(&[u32], &[f64]) -> SpendOutlook,
        options: &BoostedOptions,
    ) -> Self {
        let data = OriginData::at(base, origin, 1, options.unit, false);
        let (repeats, means) = money_of(&data.customers);
        let spend = spend(&repeats, &means);
        Self::of(data, model, &spend)
    }

    fn of(data: OriginData, model: Arc<dyn PurchaseModel>, spend: &SpendOutlook) -> Self {
        let (repeats, means) = money_of(&data.customers);
        let outcome_of = |one: &CustomerAtOrigin| Outcome {
            purchases: f64::from(one.purchases_after),
            value: one.spend_after,
        };
        Self {
            rows: data.customers.iter().map(|one| (one.customer, data.origin)).collect(),
            is_newcomer: data.customers.iter().map(|one| one.n_days == 1).collect(),
            outcomes: data.customers.iter().map(outcome_of).collect(),
            expected_spend: (0..repeats.len())
                .map(|one| spend.expected_spend(repeats[one], means[one]))
                .collect(),
            grouped: data.grouped,
            model,
            fitted: None,
        }
    }

    /// What the probability models say over a horizon, one entry for each customer.
    pub(super) fn scores_over(
        &self,
        horizon_days: f64,
        options: &BoostedOptions,
    ) -> Vec<ModelScores> {
        let length = horizon_days / options.unit.days();
        let horizon = HorizonOptions { length, discount_rate: 0.0 };
        let model = Forecaster::Model(Arc::clone(&self.model));
        let forecasts = model.forecast_rows(&self.grouped, &horizon);
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

/// Repeat purchases and their mean spend, one entry of each for each customer.
fn money_of(customers: &[CustomerAtOrigin]) -> (Vec<u32>, Vec<f64>) {
    customers.iter().map(|one| (one.n_days - 1, one.mean_repeat_spend)).unzip()
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
    fn at(
        known: &CustomerBase,
        origins: &[i32],
        learnt_days: i32,
        options: &BoostedOptions,
    ) -> Self {
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
            let Ok(view) = View::at(known, origin, learnt_days, options) else { continue };
            let scores = view.scores_over(f64::from(learnt_days), options);
            let shift = PeriodShift::between(&scores, &view.outcomes);
            lesson.scores.extend(scores.iter().map(|scores| shift.of(*scores)));
            shifts.push(shift);
            lesson.rows.extend(view.rows);
            lesson.is_newcomer.extend(view.is_newcomer);
            lesson.outcomes.extend(view.outcomes);
        }
        lesson.shift = PeriodShift::expected(&shifts);
        lesson
    }

    /// The heads of one part of the customers, and the attributes that have columns; none with too few buyers.
    fn heads(
        &self,
        known: &CustomerBase,
        part: usize,
        options: &BoostedOptions,
    ) -> Result<Option<PartHeads>, StudyError> {
        let is_newcomer = part == 0;
        let mut rows: Vec<usize> =
            (0..self.rows.len()).filter(|&row| self.is_newcomer[row] == is_newcomer).collect();
        let every = rows.len().div_ceil(MOST_ROWS).max(1);
        rows.retain(|&row| self.rows[row].0.is_multiple_of(every));
        let places: Vec<(usize, i32)> = rows.iter().map(|&row| self.rows[row]).collect();
        let customers: Vec<usize> = places.iter().map(|place| place.0).collect();
        let attributes: Vec<AttributeColumns> =
            known.attributes().iter().map(|one| AttributeColumns::learn(one, &customers)).collect();
        let features = feature_table(known, &places, set_of_part(part), &attributes);
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
            Ok(heads) => Ok(Some(PartHeads { heads, attributes })),
            Err(ZilnError::TooFew { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}
