//! The bake-off: every model and every naive rule forecasts what was held out, and the best is served.

use std::sync::Arc;

use clv_answers::backtest::{Backtest, BacktestScore};
use clv_models::catalogue::{PurchaseModelEntry, purchase_models};
use clv_models::fit::{FitOptions, fit_purchase_model};
use clv_models::scores;
use rayon::prelude::*;

use crate::base::CustomerBase;
use crate::calendar::iso;
use crate::error::StudyError;
use crate::forecaster::{Forecaster, HorizonOptions, NaiveRule};
use crate::handoff::GroupedHistories;
use crate::origins::{OriginData, Origins, choose_origins};
use crate::time::{Span, TimeUnit};

/// Forecasters within this much of the lowest error count as equal; among equals the smaller squared error wins.
const EQUAL_WITHIN: f64 = 0.01;

/// With fewer customers who have bought again a fit says more about chance than about customers, so that models
/// stay out of the bake-off.
pub const FEWEST_REPEATERS: usize = 10;

/// How the bake-off runs.
#[derive(Debug, Clone)]
pub struct BacktestOptions {
    /// The unit of time of the models.
    pub unit: TimeUnit,
    /// The horizon; none takes the longest that the data bear, up to `wished_horizon`.
    pub horizon: Option<Span>,
    /// The horizon that forecasts will be for.
    pub wished_horizon: Span,
    /// The last day the models may see; none takes rolling origins up to the end of the data.
    pub until: Option<i32>,
    /// How many origins to roll over.
    pub n_origins: usize,
    /// The models' ids; empty takes all.
    pub models: Vec<String>,
    /// How many customers the bake-off rests on, where it is a sample of them.
    pub sampled_customers: Option<u64>,
}

/// The bake-off's outcome and what later studies need of it.
#[derive(Debug, Clone)]
pub struct BacktestOutcome {
    /// The answer.
    pub answer: Backtest,
    /// The id of the best model of the catalogue, whether or not it is served.
    pub best_model: Option<String>,
    /// The kind of naive rule served, where one is.
    pub naive: Option<NaiveRule>,
    /// The mean squared logarithm of actual over predicted totals of what is served, over the origins.
    pub relative_total_variance: f64,
    /// The origins.
    pub origins: Origins,
}

impl BacktestOutcome {
    /// Notes that another forecaster answers than the one that won, because it was asked for.
    pub(crate) fn serve_instead(&mut self, id: &str) {
        if self.answer.served == id {
            return;
        }
        self.answer.reason =
            format!("{id} was asked for; the bake-off would have served {}", self.answer.served);
        self.answer.served = id.to_owned();
        self.answer.is_naive = id.starts_with("naive-");
        self.naive = None;
        for score in &mut self.answer.scores {
            score.served = score.model == id;
        }
        self.relative_total_variance = squared_ln_miss(&self.answer.scores, id);
    }
}

/// The mean squared logarithm of what came over what a forecaster foretold; 0 where it took no part.
fn squared_ln_miss(scores: &[BacktestScore], id: &str) -> f64 {
    let (sum, n) = scores.iter().filter(|score| score.model == id).fold((0.0, 0.0), |sums, s| {
        let ratio = s.actual_total.max(0.5) / s.predicted_total.max(0.5);
        (sums.0 + ratio.ln() * ratio.ln(), sums.1 + 1.0)
    });
    if n > 0.0 { sum / n } else { 0.0 }
}

/// A forecaster's running record over the origins.
struct Record {
    id: String,
    naive: Option<NaiveRule>,
    scores: Vec<BacktestScore>,
}

impl Record {
    fn mean(&self, of: impl Fn(&BacktestScore) -> f64) -> f64 {
        self.scores.iter().map(of).sum::<f64>() / self.scores.len() as f64
    }
}

/// Runs the bake-off.
///
/// # Errors
/// [`StudyError`] where a model is unknown or the data are too short.
pub fn backtest(
    base: &CustomerBase,
    options: &BacktestOptions,
) -> Result<BacktestOutcome, StudyError> {
    let entries = entries_of(&options.models)?;
    let origins = choose_origins(base, options)?;
    let horizon = HorizonOptions {
        length: f64::from(origins.horizon_days) / options.unit.days(),
        discount_rate: 0.0,
    };
    let mut records: Vec<Record> = Vec::new();
    let mut left_out: Vec<(String, String)> = Vec::new();
    for origin in &origins.days {
        let data = OriginData::at(
            base,
            *origin,
            origins.horizon_days,
            options.unit,
            origins.has_last_year,
        );
        let n_repeaters = data.customers.iter().filter(|known| known.n_days > 1).count();
        for entry in &entries {
            if n_repeaters < FEWEST_REPEATERS {
                let why = format!(
                    "only {n_repeaters} customers had bought again by {}, and it takes {FEWEST_REPEATERS}",
                    iso(*origin)
                );
                left_out.push((entry.id.to_owned(), why));
                continue;
            }
            if entry.is_discrete() {
                let why = "it counts whole periods, and orders are held out by the day".to_owned();
                left_out.push((entry.id.to_owned(), why));
                continue;
            }
            match fit_purchase_model(entry, &data.grouped.histories, &FitOptions::default()) {
                Ok(fitted) => {
                    let forecaster = Forecaster::Model(Arc::clone(fitted.model()));
                    note(&mut records, &forecaster, score(&forecaster, &data, &horizon));
                }
                Err(error) => left_out.push((entry.id.to_owned(), error.to_string())),
            }
        }
        for forecaster in data.naive_forecasters(horizon.length) {
            note(&mut records, &forecaster, score(&forecaster, &data, &horizon));
        }
    }
    records.retain(|record| record.scores.len() == origins.days.len());
    Ok(conclude(records, left_out, origins, horizon.length, options))
}

fn entries_of(ids: &[String]) -> Result<Vec<&'static PurchaseModelEntry>, StudyError> {
    if ids.is_empty() {
        // Models of whole periods see other histories, so that their errors are not comparable.
        return Ok(purchase_models().iter().filter(|entry| !entry.is_discrete()).collect());
    }
    let mut distinct: Vec<&String> = Vec::new();
    for id in ids {
        if !distinct.contains(&id) {
            distinct.push(id);
        }
    }
    distinct
        .into_iter()
        .map(|id| {
            purchase_models().iter().find(|entry| entry.id == id).ok_or_else(|| {
                let known: Vec<&str> = purchase_models().iter().map(|entry| entry.id).collect();
                StudyError::UnknownModel { id: id.clone(), known: known.join(", ") }
            })
        })
        .collect()
}

fn note(records: &mut Vec<Record>, forecaster: &Forecaster, score: BacktestScore) {
    if let Some(record) = records.iter_mut().find(|record| record.id == score.model) {
        record.scores.push(score);
        return;
    }
    let naive = match forecaster {
        Forecaster::Naive { rule, .. } => Some(*rule),
        Forecaster::Model(_) => None,
    };
    records.push(Record { id: score.model.clone(), naive, scores: vec![score] });
}

/// Scores one forecaster at one origin.
fn score(forecaster: &Forecaster, data: &OriginData, horizon: &HorizonOptions) -> BacktestScore {
    let rows = forecaster.forecast_rows(&data.grouped, horizon);
    let rows_of = &data.grouped.row_of_customer;
    let predicted: Vec<f64> =
        rows_of.iter().map(|row| rows[*row as usize].expected_purchases).collect();
    let weights = vec![1.0; predicted.len()];
    let actual = &data.actual;
    let coverage = |of: f64| {
        let intervals = count_intervals(forecaster, &data.grouped, horizon.length, of);
        let (low, high): (Vec<f64>, Vec<f64>) =
            rows_of.iter().map(|row| intervals[*row as usize]).unzip();
        scores::coverage(&low, &high, actual, &weights)
    };
    let has_intervals = !forecaster.is_naive();
    BacktestScore {
        model: forecaster.id().to_owned(),
        origin: iso(data.origin),
        n_customers: actual.len() as u64,
        actual_total: actual.iter().sum(),
        predicted_total: predicted.iter().sum(),
        bias: scores::bias::bias(&predicted, actual, &weights),
        mae: scores::mae::mae(&predicted, actual, &weights),
        rmse: scores::rmse::rmse(&predicted, actual, &weights),
        correlation: scores::correlation::correlation(&predicted, actual, &weights),
        spearman: scores::spearman::spearman(&predicted, actual, &weights),
        msle: scores::msle::msle(&predicted, actual, &weights),
        normalized_gini: scores::normalized_gini::normalized_gini(&predicted, actual, &weights),
        coverage_90: has_intervals.then(|| coverage(0.9)),
        coverage_80: has_intervals.then(|| coverage(0.8)),
        served: false,
    }
}

/// For each row an interval of the count that holds at least `coverage`: from 0 where no purchase is likelier than a
/// tail, else the central one.
#[must_use]
pub fn count_intervals(
    forecaster: &Forecaster,
    grouped: &GroupedHistories,
    horizon: f64,
    coverage: f64,
) -> Vec<(f64, f64)> {
    let levels = [0.5 * (1.0 - coverage), coverage, 0.5 * (1.0 + coverage)];
    let histories = grouped.histories.histories();
    (0..histories.len())
        .into_par_iter()
        .with_min_len(256)
        .map(|row| {
            let (probability_alive, process) =
                forecaster.outlook(&histories[row], grouped.recent_purchases_of_row(row));
            process.map_or((0.0, 0.0), |process| {
                let counts = process.count_quantiles(horizon, probability_alive, &levels);
                let high = if counts[0] == 0 { counts[1] } else { counts[2] };
                (counts[0] as f64, high as f64)
            })
        })
        .collect()
}

/// Decides who is served and says why.
fn conclude(
    records: Vec<Record>,
    left_out: Vec<(String, String)>,
    origins: Origins,
    horizon: f64,
    options: &BacktestOptions,
) -> BacktestOutcome {
    // Among those whose error is as good as equal to the smallest the smaller squared error wins.
    let best_of = |field: Vec<&'_ Record>| -> Option<usize> {
        let lowest = field.iter().map(|one| one.mean(|s| s.mae)).fold(f64::INFINITY, f64::min);
        field
            .iter()
            .filter(|one| one.mean(|s| s.mae) <= lowest * (1.0 + EQUAL_WITHIN))
            .min_by(|a, b| a.mean(|s| s.rmse).total_cmp(&b.mean(|s| s.rmse)))
            .and_then(|best| records.iter().position(|record| record.id == best.id))
    };
    let (naive, models): (Vec<&Record>, Vec<&Record>) =
        records.iter().partition(|record| record.naive.is_some());
    let to_beat = naive.iter().map(|one| one.mean(|s| s.mae)).fold(f64::INFINITY, f64::min);
    // A model is served only if its error is smaller than that of every naive rule.
    let winners: Vec<&Record> =
        models.iter().copied().filter(|one| one.mean(|s| s.mae) < to_beat).collect();
    let best_model = best_of(if winners.is_empty() { models } else { winners.clone() });
    let best_naive = best_of(naive);
    let best_model = best_model.map(|at| &records[at]);
    let best_naive = best_naive.map(|at| &records[at]);
    let served = if winners.is_empty() { best_naive.or(best_model) } else { best_model };
    let least_naive = records
        .iter()
        .filter(|record| record.naive.is_some())
        .map(|record| (record.id.as_str(), record.mean(|s| s.mae)))
        .min_by(|a, b| a.1.total_cmp(&b.1))
        .unwrap_or(("none", f64::INFINITY));
    let reason = reason(best_model, best_naive, served, least_naive, &left_out, origins.days.len());
    let served_id = served.map_or_else(String::new, |record| record.id.clone());
    let naive = served.and_then(|record| record.naive);
    let best_model = best_model.map(|record| record.id.clone());
    let mut scores: Vec<BacktestScore> =
        records.into_iter().flat_map(|record| record.scores).collect();
    for score in &mut scores {
        score.served = score.model == served_id;
    }
    let relative_total_variance = squared_ln_miss(&scores, &served_id);
    let answer = Backtest {
        horizon,
        time_unit: options.unit.name().to_owned(),
        origins: origins.days.iter().map(|day| iso(*day)).collect(),
        scores,
        served: served_id,
        is_naive: naive.is_some(),
        reason,
        left_out,
        sampled_customers: options.sampled_customers,
    };
    BacktestOutcome { answer, best_model, naive, relative_total_variance, origins }
}

fn reason(
    best_model: Option<&Record>,
    best_naive: Option<&Record>,
    served: Option<&Record>,
    least_naive: (&str, f64),
    left_out: &[(String, String)],
    n_origins: usize,
) -> String {
    let over = if n_origins == 1 {
        "one holdout".to_owned()
    } else {
        format!("{n_origins} rolling holdouts")
    };
    match (best_model, best_naive, served) {
        (Some(model), Some(_), Some(served)) if served.naive.is_none() => format!(
            "{} forecast best over {over}: its error is {:.4} purchases per customer, {:.1} % less than that of \
             the best naive rule, {}",
            model.id,
            model.mean(|s| s.mae),
            100.0 * (1.0 - model.mean(|s| s.mae) / least_naive.1),
            least_naive.0
        ),
        (Some(model), Some(_), Some(served)) => format!(
            "no model beat the naive rules over {over}: the error of {} is {:.4} purchases per customer, that of \
             the best model, {}, {:.4}; so {} is served",
            least_naive.0,
            least_naive.1,
            model.id,
            model.mean(|s| s.mae),
            if served.id == least_naive.0 {
                "that naive rule".to_owned()
            } else {
                format!(
                    "the naive rule {} ({:.4}, as good as equal, with the smaller squared error)",
                    served.id,
                    served.mean(|s| s.mae)
                )
            }
        ),
        (None, Some(naive), _) => {
            let why = left_out.first().map_or("none was asked for", |(_, why)| why.as_str());
            format!("no model could take part ({why}); so the naive rule {} is served", naive.id)
        }
        (_, _, Some(served)) => format!("{} was the only one that could take part", served.id),
        _ => "nothing could take part".to_owned(),
    }
}
