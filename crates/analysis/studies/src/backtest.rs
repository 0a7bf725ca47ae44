//! The bake-off: every model and every naive rule forecasts what was held out, and the best is served.

use clv_answers::backtest::{Backtest, BacktestScore, BlendWeights};
use clv_models::boosted::ZILN_ID;
use clv_models::catalogue::{PurchaseModelEntry, SpendModelEntry, purchase_models};
use clv_models::scores;

use crate::base::CustomerBase;
use crate::blend::{BlendRecipe, SEGMENTS};
use crate::boosted::BoostedOptions;
use crate::calendar::iso;
use crate::contest::{OriginContest, hold, horizon_of};
use crate::error::StudyError;
use crate::forecaster::{Forecaster, HorizonOptions, NaiveRule};
use crate::held_out::{HeldOut, IntervalLevels, LevelPair, held_out_purchases};
use crate::lessons::{HeldOutEverywhere, Lessons, judge, n_groups_of};
use crate::origins::{Origins, choose_origins};
use crate::served::DEFAULT_MODEL;
use crate::time::{Span, TimeUnit};

/// Forecasters within this much of the lowest error count as equal; among equals the smaller squared error wins.
const EQUAL_WITHIN: f64 = 0.01;

/// Forecasters whose squared errors differ by less than this say the same.
const SAME_WITHIN: f64 = 1e-4;

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
    /// The spend model that values forecasts.
    pub spend_model: &'static SpendModelEntry,
    /// How the boosted forecast takes part; none where it does not. See [`BoostedOptions::among`].
    pub boosted: Option<BoostedOptions>,
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
    /// The same of totals of money; none where the data hold no money.
    pub value_total_variance: Option<f64>,
    /// The origins.
    pub origins: Origins,
    /// The horizon in `unit`.
    pub horizon: HorizonOptions,
    /// The unit of time of the models.
    pub unit: TimeUnit,
    /// Everyone's forecasts from each origin; a blend there has learnt from the others.
    pub at: Vec<OriginContest>,
    /// The blend that all origins teach; none where there is nothing to blend.
    pub recipe: Option<BlendRecipe>,
    /// The interval levels that all origins teach about what is served.
    pub levels: IntervalLevels,
    /// Those that the last origin was judged with, learnt without it.
    pub levels_at_last: IntervalLevels,
    lessons: Lessons,
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
        self.judge_intervals();
    }

    /// The naive rule of this id; none where it is a model's.
    #[must_use]
    pub fn naive_rule(&self, id: &str) -> Option<NaiveRule> {
        match self.at.last()?.of(id)?.forecaster {
            Forecaster::Naive { rule, .. } => Some(rule),
            Forecaster::Model(_)
            | Forecaster::Traits(_)
            | Forecaster::Boosted(_)
            | Forecaster::Blend(_) => None,
        }
    }

    /// Learns the interval levels of what is served, and how they would have held at each origin.
    fn judge_intervals(&mut self) {
        let judged = judge(&self.at, &self.lessons, &self.answer.served, &self.horizon);
        self.value_total_variance = judged.value_total_variance;
        self.levels = judged.levels;
        self.levels_at_last = judged.levels_at_last;
        self.answer.coverage = judged.coverage;
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
    is_blend: bool,
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
    let horizon = horizon_of(&origins, options.unit);
    let (mut at, left_out) =
        hold(base, &entries, &origins, options.unit, options.spend_model, options.boosted.as_ref());
    let mut lessons = Lessons::of(base, &entries, &origins, options, &at);
    let recipe = lessons.add_blends(&mut at, &horizon);
    let records = records(&at, &lessons, &horizon);
    let mut outcome = conclude(records, left_out, origins, horizon, options);
    outcome.answer.blend = recipe.as_ref().map(weights_in_words);
    outcome.at = at;
    outcome.recipe = recipe;
    outcome.lessons = lessons;
    outcome.judge_intervals();
    Ok(outcome)
}

fn weights_in_words(recipe: &BlendRecipe) -> BlendWeights {
    BlendWeights {
        members: recipe.members.clone(),
        weights: SEGMENTS
            .iter()
            .zip(&recipe.weights)
            .map(|(segment, weights)| ((*segment).to_owned(), weights.clone()))
            .collect(),
        pace: recipe.pace,
    }
}

/// Everyone's scores at every origin.
fn records(at: &[OriginContest], lessons: &Lessons, horizon: &HorizonOptions) -> Vec<Record> {
    let Some(first) = at.first() else { return Vec::new() };
    let n_groups = n_groups_of(at, lessons);
    first
        .contestants
        .iter()
        .map(|contestant| {
            let purchases = HeldOutEverywhere::of(
                at,
                lessons,
                contestant.id(),
                |origin, one, horizon| Some(held_out_purchases(origin, one, horizon, n_groups)),
                horizon,
            );
            let scores = at
                .iter()
                .zip(&purchases.at)
                .enumerate()
                .filter_map(|(origin, (contest, held))| {
                    let levels = purchases.levels_for(origin);
                    Some(score(contestant.id(), contest, held.as_ref()?, levels.as_ref()))
                })
                .collect();
            let naive = match &contestant.forecaster {
                Forecaster::Naive { rule, .. } => Some(*rule),
                Forecaster::Model(_)
                | Forecaster::Traits(_)
                | Forecaster::Boosted(_)
                | Forecaster::Blend(_) => None,
            };
            Record {
                id: contestant.id().to_owned(),
                naive,
                is_blend: contestant.is_blend(),
                scores,
            }
        })
        .collect()
}

/// Who takes part where nobody is named.
fn default_entries() -> impl Iterator<Item = &'static PurchaseModelEntry> {
    // Models of whole periods see other histories, so that their errors are not comparable.
    purchase_models().iter().filter(|entry| !entry.is_discrete() && !entry.is_dear)
}

/// The ids of the models that take part where nobody is named.
#[must_use]
pub fn default_models() -> Vec<String> {
    default_entries().map(|entry| entry.id.to_owned()).collect()
}

fn entries_of(ids: &[String]) -> Result<Vec<&'static PurchaseModelEntry>, StudyError> {
    if ids.is_empty() {
        return Ok(default_entries().collect());
    }
    let mut distinct: Vec<&String> = Vec::new();
    for id in ids.iter().filter(|id| *id != ZILN_ID) {
        if !distinct.contains(&id) {
            distinct.push(id);
        }
    }
    let beside = DEFAULT_MODEL.to_owned();
    if distinct.is_empty() {
        // Asked for alone, the boosted forecast stands beside the probability model it starts from.
        distinct.push(&beside);
    }
    distinct
        .into_iter()
        .map(|id| {
            purchase_models().iter().find(|entry| entry.id == id).ok_or_else(|| {
                let mut known: Vec<&str> = purchase_models().iter().map(|entry| entry.id).collect();
                known.push(ZILN_ID);
                StudyError::UnknownModel { id: id.clone(), known: known.join(", ") }
            })
        })
        .collect()
}

/// Scores one forecaster at one origin.
fn score(
    id: &str,
    origin: &OriginContest,
    held: &HeldOut,
    levels: Option<&LevelPair>,
) -> BacktestScore {
    let (predicted, actual) = (&held.predicted, &held.actual);
    let weights = vec![1.0; predicted.len()];
    BacktestScore {
        model: id.to_owned(),
        origin: iso(origin.data.origin),
        n_customers: actual.len() as u64,
        actual_total: actual.iter().sum(),
        predicted_total: predicted.iter().sum(),
        bias: scores::bias::bias(predicted, actual, &weights),
        mae: scores::mae::mae(predicted, actual, &weights),
        rmse: scores::rmse::rmse(predicted, actual, &weights),
        correlation: scores::correlation::correlation(predicted, actual, &weights),
        spearman: scores::spearman::spearman(predicted, actual, &weights),
        msle: scores::msle::msle(predicted, actual, &weights),
        normalized_gini: scores::normalized_gini::normalized_gini(predicted, actual, &weights),
        coverage_90: Some(held.coverage(levels, 0.9)),
        coverage_80: Some(held.coverage(levels, 0.8)),
        coverage_90_unadjusted: Some(held.coverage(None, 0.9)),
        coverage_90_closed: Some(held.closed_coverage(levels, 0.9)),
        served: false,
    }
}

/// Decides who is served and says why.
fn conclude(
    records: Vec<Record>,
    left_out: Vec<(String, String)>,
    origins: Origins,
    horizon: HorizonOptions,
    options: &BacktestOptions,
) -> BacktestOutcome {
    // Among those whose error is as good as equal to the smallest the smaller squared error wins; where that is the same
    // too, as when a model has collapsed into a simpler one, the first of the catalogue.
    let best_of = |field: Vec<&'_ Record>| -> Option<usize> {
        let lowest = field.iter().map(|one| one.mean(|s| s.mae)).fold(f64::INFINITY, f64::min);
        let good =
            || field.iter().filter(|one| one.mean(|s| s.mae) <= lowest * (1.0 + EQUAL_WITHIN));
        let least = good().map(|one| one.mean(|s| s.rmse)).fold(f64::INFINITY, f64::min);
        good()
            .find(|one| one.mean(|s| s.rmse) <= least * (1.0 + SAME_WITHIN))
            .and_then(|best| records.iter().position(|record| record.id == best.id))
    };
    let (naive, models): (Vec<&Record>, Vec<&Record>) =
        records.iter().partition(|record| record.naive.is_some());
    let to_beat = naive.iter().map(|one| one.mean(|s| s.mae)).fold(f64::INFINITY, f64::min);
    // A model is served only if its error is smaller than that of every naive rule.
    let winners: Vec<&Record> =
        models.iter().copied().filter(|one| one.mean(|s| s.mae) < to_beat).collect();
    let best_model = best_of(if winners.is_empty() { models.clone() } else { winners.clone() });
    let best_single = best_of(models.into_iter().filter(|one| !one.is_blend).collect());
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
    let best_model = best_single.map(|at| records[at].id.clone());
    let mut scores: Vec<BacktestScore> =
        records.into_iter().flat_map(|record| record.scores).collect();
    for score in &mut scores {
        score.served = score.model == served_id;
    }
    let relative_total_variance = squared_ln_miss(&scores, &served_id);
    let answer = Backtest {
        horizon: horizon.length,
        time_unit: options.unit.name().to_owned(),
        origins: origins.days.iter().map(|day| iso(*day)).collect(),
        scores,
        coverage: Vec::new(),
        blend: None,
        season: None,
        served: served_id,
        is_naive: naive.is_some(),
        reason,
        left_out,
        sampled_customers: options.sampled_customers,
    };
    BacktestOutcome {
        answer,
        best_model,
        naive,
        relative_total_variance,
        value_total_variance: None,
        origins,
        horizon,
        unit: options.unit,
        at: Vec::new(),
        recipe: None,
        levels: IntervalLevels::default(),
        levels_at_last: IntervalLevels::default(),
        lessons: Lessons::default(),
    }
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
