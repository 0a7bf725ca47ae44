//! The bake-off: every model and every naive rule forecasts what was held out, and the best is served.

use clv_answers::backtest::{Backtest, BlendWeights};
use clv_models::boosted::ZILN_ID;
use clv_models::catalogue::{PurchaseModelEntry, purchase_models};

use crate::base::CustomerBase;
use crate::blend::{BlendRecipe, SEGMENTS};
use crate::boosted::BoostedOptions;
use crate::calendar::iso;
use crate::contest::{OriginContest, hold, horizon_of};
use crate::error::StudyError;
use crate::forecaster::{Forecaster, HorizonOptions, NaiveRule};
use crate::held_out::IntervalLevels;
use crate::lessons::{Lessons, judge};
use crate::origins::{Origins, choose_origins};
use crate::served::DEFAULT_MODEL;
use crate::spend_choice::SpendModelChoice;
use crate::time::{Span, TimeUnit};
use crate::verdict::{Record, Verdict, decide, records};

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
    /// The spend model that values forecasts; where it is chosen, each origin chooses by what was known there.
    pub spend: SpendModelChoice,
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
    /// The spend model asked for.
    pub spend: SpendModelChoice,
    /// The forecasts of a model served with its season, from the origins and from those before; none where it has none.
    seasonal: Option<[Vec<OriginContest>; 2]>,
    /// Whether the only origin was asked for by its day, so that earlier holdouts decide.
    is_chosen_then: bool,
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
        self.judge_intervals();
    }

    /// Notes the forecasts that what is served made with its season: from now on its intervals are judged by them.
    pub(crate) fn serve_seasonal(
        &mut self,
        contests: Vec<OriginContest>,
        earlier: Vec<OriginContest>,
    ) {
        self.seasonal = Some([contests, earlier]);
        self.judge_intervals();
    }

    /// The holdouts by which whether a season is served is decided: the origins shown, or, where the only one was asked for by its
    /// day, those that were over by then; none where there were none.
    pub(crate) fn deciding_origins(&self) -> Option<&Origins> {
        if self.is_chosen_then { self.lessons.origins.as_ref() } else { Some(&self.origins) }
    }

    /// The origins at which the intervals of what is served were judged: with its season, where it is served with one.
    #[must_use]
    pub fn judged(&self) -> &[OriginContest] {
        self.seasonal.as_ref().map_or(&self.at, |[at, _]| at)
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
        let earlier = self.seasonal.as_ref().map_or(&self.lessons.earlier, |[_, earlier]| earlier);
        let judged = judge(self.judged(), earlier, &self.answer.served);
        self.levels = judged.levels;
        self.levels_at_last = judged.levels_at_last;
        self.answer.coverage = judged.coverage;
        self.answer.totals = judged.totals;
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
    let (mut at, left_out) = hold(base, &entries, &origins, options);
    let lessons = Lessons::of(base, &entries, &origins, options);
    let recipe = lessons.add_blends(&mut at);
    let records = records(&at, &lessons.earlier);
    let verdict = match options.until {
        Some(until) => served_then(&records, &left_out, &lessons, until),
        None => decide(&records, &left_out),
    };
    let best = records.iter().min_by(|a, b| a.error().total_cmp(&b.error()));
    let mut answer = Backtest {
        horizon: horizon.length,
        time_unit: options.unit.name().to_owned(),
        origins: origins.days.iter().map(|day| iso(*day)).collect(),
        best: best.map(|record| record.id.clone()),
        spend_models: spend_models_of(&at),
        scores: Vec::new(),
        coverage: Vec::new(),
        totals: Vec::new(),
        blend: recipe.as_ref().map(weights_in_words),
        season: None,
        served: verdict.served,
        is_naive: verdict.naive.is_some(),
        reason: verdict.reason,
        left_out,
        sampled_customers: options.sampled_customers,
    };
    answer.scores = records.into_iter().flat_map(|record| record.scores).collect();
    for score in &mut answer.scores {
        score.served = score.model == answer.served;
    }
    let mut outcome = BacktestOutcome {
        answer,
        best_model: verdict.best_model,
        naive: verdict.naive,
        origins,
        horizon,
        unit: options.unit,
        at,
        recipe,
        levels: IntervalLevels::default(),
        levels_at_last: IntervalLevels::default(),
        spend: options.spend,
        seasonal: None,
        is_chosen_then: options.until.is_some(),
        lessons,
    };
    outcome.judge_intervals();
    Ok(outcome)
}

/// The spend model of each origin; empty where the data hold no money.
fn spend_models_of(at: &[OriginContest]) -> Vec<String> {
    at.iter().filter_map(|one| Some(one.spend.as_ref()?.model().id().to_owned())).collect()
}

/// Whoever would have been served on the day `until`: chosen over the holdouts that were over by then, as `auto` chooses.
fn served_then(
    now: &[Record],
    left_out: &[(String, String)],
    lessons: &Lessons,
    until: i32,
) -> Verdict {
    let here = decide(now, left_out);
    let then = if lessons.earlier.is_empty() {
        Verdict {
            served: DEFAULT_MODEL.to_owned(),
            reason: format!(
                "there was no holdout to choose a model by, so {DEFAULT_MODEL} is served untested"
            ),
            ..here.clone()
        }
    } else {
        decide(&records(&lessons.earlier, &[]), &lessons.left_out)
    };
    // The rule that repeats a period has another id where the data did not hold a year yet.
    let is_same_rule = |record: &&Record| {
        let repeats = |rule: Option<NaiveRule>| matches!(rule, Some(NaiveRule::SamePeriod { .. }));
        repeats(then.naive) && repeats(record.naive)
    };
    let found = now
        .iter()
        .find(|record| record.id == then.served)
        .or_else(|| now.iter().find(is_same_rule));
    let Some(served) = found else { return here };
    let least = now.iter().min_by(|a, b| a.error().total_cmp(&b.error())).unwrap_or(served);
    let beside = if least.id == served.id {
        "and no error is smaller".to_owned()
    } else {
        format!("the smallest is {:.4}, of {}", least.error(), least.id)
    };
    Verdict {
        served: served.id.clone(),
        naive: served.naive,
        best_model: then.best_model,
        reason: format!(
            "chosen by what was known on {}: {}; on the holdout after it the error of {} is {:.4}, {beside}",
            iso(until),
            then.reason,
            served.id,
            served.error(),
        ),
    }
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
