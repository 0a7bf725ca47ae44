//! Whether a season is served, and which: what was asked for, and what the holdouts say.

use clv_answers::season::{Season, SeasonTrial, SeasonTrialScore};
use clv_models::boosted::ZILN_ID;
use clv_models::catalogue::{PurchaseModelEntry, purchase_model};

use super::trial::seasonal_contests;
use super::{SeasonPattern, SeasonWindow, fit_season, fit_windows, season_answer, season_trial};
use crate::backtest::{BacktestOutcome, FEWEST_REPEATERS};
use crate::base::CustomerBase;
use crate::calendar::iso;
use crate::error::StudyError;
use crate::model_fit::model_entry;
use crate::origins::Origins;
use crate::served::{DEFAULT_MODEL, ModelChoice};
use crate::time::TimeUnit;

/// A season must make the error per customer smaller by this share, or bring the total nearer by this share of it.
const BETTER_BY: f64 = 0.01;

/// What is asked about the months of the year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SeasonChoice {
    /// Every month is like the others.
    #[default]
    None,
    /// Each month has a factor.
    Month,
    /// Each month has a factor where forecasts of what was held out are better for it.
    Auto,
}

/// What is asked about season and campaigns; windows are used in any case.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SeasonRequest {
    /// The months.
    pub choice: SeasonChoice,
    /// The campaigns.
    pub windows: Vec<SeasonWindow>,
}

impl SeasonRequest {
    /// Whether a season or a campaign must be used, so that a model that cannot is refused.
    #[must_use]
    pub fn is_demanded(&self) -> bool {
        self.choice == SeasonChoice::Month || !self.windows.is_empty()
    }
}

/// A season that is to be served.
#[derive(Debug, Clone, PartialEq)]
pub struct SettledSeason {
    /// The id of the model that is told it.
    pub model: String,
    /// The pattern.
    pub pattern: SeasonPattern,
    /// The same as it is saved.
    pub answer: Season,
}

/// Decides on a season for whoever is asked, from the days of `base`. The trial goes into the bake-off's answer, and
/// where a season is served the bake-off's outcome says so.
///
/// # Errors
/// [`StudyError::Season`] where a season or a campaign is demanded and cannot be had, [`StudyError`] where the model
/// cannot be fitted.
pub fn settle_season(
    base: &CustomerBase,
    bake_off: Option<&mut BacktestOutcome>,
    choice: &ModelChoice,
    request: &SeasonRequest,
    unit: TimeUnit,
    origins: Option<&Origins>,
) -> Result<(Option<SettledSeason>, Option<SeasonTrial>), StudyError> {
    if request.choice == SeasonChoice::None && request.windows.is_empty() {
        return Ok((None, None));
    }
    let Some(entry) = candidate(base, bake_off.as_deref(), choice, request)? else {
        return Ok((None, None));
    };
    check_windows(base, &request.windows)?;
    let trial = match origins.filter(|_| request.choice != SeasonChoice::None) {
        Some(origins) => {
            try_season(base, origins, entry, unit, &request.windows, bake_off.as_deref())?
        }
        None => None,
    };
    let has_months = match request.choice {
        SeasonChoice::None => false,
        SeasonChoice::Month => true,
        SeasonChoice::Auto => trial.as_ref().is_some_and(|trial| trial.has_helped),
    };
    let is_used = has_months || !request.windows.is_empty();
    if let Some(outcome) = bake_off {
        note(outcome, entry.id, trial.as_ref(), has_months, is_used);
        if is_used {
            judge_season(base, outcome, entry, &request.windows, has_months)?;
        }
    }
    if !is_used {
        return Ok((None, trial));
    }
    let fit = if has_months {
        fit_season(base, entry, unit, &request.windows).map_err(no_year)?
    } else {
        fit_windows(base, entry, unit, &request.windows)?
    };
    let settled = SettledSeason {
        model: entry.id.to_owned(),
        answer: season_answer(&fit, has_months),
        pattern: fit.pattern,
    };
    Ok((Some(settled), trial))
}

/// Tries a season on the bake-off's own holdouts, or, where its only origin was asked for by its day, on those that were over by
/// then, and notes in its answer what came of it.
///
/// # Errors
/// As [`settle_season`].
pub fn note_season(
    base: &CustomerBase,
    outcome: &mut BacktestOutcome,
    request: &SeasonRequest,
) -> Result<(), StudyError> {
    if request.choice == SeasonChoice::None && request.windows.is_empty() {
        return Ok(());
    }
    let Some(entry) = candidate(base, Some(outcome), &ModelChoice::Auto, request)? else {
        return Ok(());
    };
    check_windows(base, &request.windows)?;
    let unit = outcome.unit;
    let trial = match known_then(base, outcome) {
        Some((known, origins)) => {
            try_season(&known, &origins, entry, unit, &request.windows, None)?
        }
        None if outcome.deciding_origins().is_none() => None,
        None => {
            let origins = outcome.origins.clone();
            try_season(base, &origins, entry, unit, &request.windows, Some(outcome))?
        }
    };
    if trial.is_none() && request.is_demanded() {
        return Err(StudyError::Season {
            problem: "no origin of the bake-off has a year of data before it, so that no season can be tried".to_owned(),
            hint: Some("--season none, a longer period of orders or a shorter --horizon".to_owned()),
        });
    }
    let has_helped = trial.as_ref().is_some_and(|trial| trial.has_helped);
    note(outcome, entry.id, trial.as_ref(), has_helped, has_helped);
    if has_helped {
        judge_season(base, outcome, entry, &request.windows, true)?;
    }
    Ok(())
}

/// Judges the intervals of a model that is served with its season by its own forecasts from the bake-off's origins.
fn judge_season(
    base: &CustomerBase,
    outcome: &mut BacktestOutcome,
    entry: &'static PurchaseModelEntry,
    windows: &[SeasonWindow],
    has_months: bool,
) -> Result<(), StudyError> {
    let (who, spend) = ((entry, outcome.unit), outcome.spend);
    let contests = seasonal_contests(base, &outcome.origins, who, windows, has_months, spend)?;
    let earlier = match known_then(base, outcome) {
        Some((known, origins)) => {
            seasonal_contests(&known, &origins, who, windows, has_months, spend)?
        }
        None => Vec::new(),
    };
    outcome.serve_seasonal(contests, earlier);
    Ok(())
}

/// Where a bake-off's only origin was asked for by its day: what was known on it, and the holdouts that were over by then.
fn known_then(base: &CustomerBase, outcome: &BacktestOutcome) -> Option<(CustomerBase, Origins)> {
    let origins = outcome.deciding_origins().filter(|origins| **origins != outcome.origins)?;
    Some((base.until(*outcome.origins.days.first()?), origins.clone()))
}

/// Lets the model of `entry` forecast what was held out with its season, against whoever the bake-off serves, or
/// against itself without. It helps where the squared error is no larger, the totals are no further away, and one of them
/// is better by a hundredth. The mean absolute error does not decide: where most customers buy nothing it is smallest for
/// forecasts that are too low, whatever the season. None where no origin has a year of data before it.
///
/// # Errors
/// [`StudyError`] where the model cannot be fitted.
pub fn try_season(
    base: &CustomerBase,
    origins: &Origins,
    entry: &'static PurchaseModelEntry,
    unit: TimeUnit,
    windows: &[SeasonWindow],
    bake_off: Option<&BacktestOutcome>,
) -> Result<Option<SeasonTrial>, StudyError> {
    let scores = season_trial(base, origins, entry, unit, windows)?;
    if scores.is_empty() {
        return Ok(None);
    }
    let rows_of = |id: &str, origin: i32| {
        let rows = &bake_off?.answer.scores;
        rows.iter().find(|row| row.model == id && row.origin == iso(origin))
    };
    let served = bake_off.map_or(entry.id, |outcome| outcome.answer.served.as_str());
    let is_everywhere = scores.iter().all(|score| rows_of(served, score.origin).is_some());
    let against = if is_everywhere { served } else { entry.id };
    let scores: Vec<SeasonTrialScore> = scores
        .into_iter()
        .map(|score| {
            let rival = rows_of(against, score.origin);
            SeasonTrialScore {
                origin: iso(score.origin),
                actual_total: score.actual_total,
                plain_total: rival.map_or(score.plain_total, |row| row.predicted_total),
                seasonal_total: score.seasonal_total,
                plain_mae: rival.map_or(score.plain_mae, |row| row.mae),
                seasonal_mae: score.seasonal_mae,
                plain_rmse: rival.map_or(score.plain_rmse, |row| row.rmse),
                seasonal_rmse: score.seasonal_rmse,
            }
        })
        .collect();
    let mean = |of: &dyn Fn(&SeasonTrialScore) -> f64| {
        scores.iter().map(of).sum::<f64>() / scores.len() as f64
    };
    let [plain, seasonal] = [mean(&|one| one.plain_rmse), mean(&|one| one.seasonal_rmse)];
    // Totals of shops without purchases are as near as can be.
    let miss = |total: f64, actual: f64| (total / actual.max(1.0) - 1.0).abs();
    let plain_miss = mean(&|one| miss(one.plain_total, one.actual_total));
    let seasonal_miss = mean(&|one| miss(one.seasonal_total, one.actual_total));
    let is_no_worse = seasonal <= plain && seasonal_miss <= plain_miss;
    let is_better = seasonal < plain * (1.0 - BETTER_BY) || seasonal_miss < plain_miss - BETTER_BY;
    let has_helped = is_no_worse && is_better;
    let over = match scores.len() {
        1 => "one holdout".to_owned(),
        n => format!("{n} holdouts"),
    };
    let verdict = format!(
        "knowing the season {} over {over}: {} with its season is off by {:.1} % of the total and by {seasonal:.4} \
         purchases per customer (root mean square), {against} without by {:.1} % and {plain:.4}",
        if has_helped { "helped" } else { "did not help enough" },
        entry.id,
        100.0 * seasonal_miss,
        100.0 * plain_miss,
    );
    Ok(Some(SeasonTrial {
        model: entry.id.to_owned(),
        against: against.to_owned(),
        scores,
        has_helped,
        verdict,
    }))
}

/// The model that could be told a season; none where that is nobody and nothing was demanded.
fn candidate(
    base: &CustomerBase,
    bake_off: Option<&BacktestOutcome>,
    choice: &ModelChoice,
    request: &SeasonRequest,
) -> Result<Option<&'static PurchaseModelEntry>, StudyError> {
    let refused = |who: &str, why: &str| match request.is_demanded() {
        false => Ok(None),
        true => Err(StudyError::Season {
            problem: format!("{who} cannot be told a season or a campaign: {why}"),
            hint: Some(
                "--model auto or a single model such as --model pareto-nbd, without --covariates"
                    .to_owned(),
            ),
        }),
    };
    let entry = match choice {
        ModelChoice::Saved(_) => return Ok(None),
        ModelChoice::Covariates(_) => {
            return refused("a model with covariates", "it is fitted in the calendar's time");
        }
        ModelChoice::Blend => {
            return refused("the blend", "its weights were learnt in the calendar's time");
        }
        ModelChoice::Id(id) if id == ZILN_ID => {
            return refused("ziln", "its trees learn from stretches of the calendar");
        }
        ModelChoice::Auto if bake_off.is_some_and(|found| found.answer.served == ZILN_ID) => {
            return refused("ziln, which won,", "its trees learn from stretches of the calendar");
        }
        ModelChoice::Id(id) => model_entry(id)?,
        ModelChoice::Auto => {
            let found = bake_off.and_then(|outcome| {
                purchase_model(&outcome.answer.served)
                    .or_else(|| purchase_model(outcome.best_model.as_deref()?))
            });
            match (found, bake_off) {
                (Some(entry), _) => entry,
                (None, Some(_)) => {
                    return refused("a naive rule", "no model took part in the bake-off");
                }
                (None, None) => model_entry(DEFAULT_MODEL)?,
            }
        }
    };
    let n_repeaters =
        (0..base.n_customers()).filter(|one| base.purchases_of(*one).nth(1).is_some()).count();
    if n_repeaters < FEWEST_REPEATERS {
        let why =
            format!("only {n_repeaters} customers bought again, and it takes {FEWEST_REPEATERS}");
        return refused("so small a shop", &why);
    }
    if entry.is_discrete() {
        return refused(entry.id, "it counts whole periods of the calendar");
    }
    Ok(Some(entry))
}

/// Tells the bake-off's answer what came of the season.
fn note(
    outcome: &mut BacktestOutcome,
    id: &str,
    trial: Option<&SeasonTrial>,
    has_months: bool,
    is_used: bool,
) {
    outcome.answer.season = trial.cloned();
    if !is_used {
        return;
    }
    let winner = outcome.answer.served.clone();
    let before = outcome.answer.reason.clone();
    if winner != id {
        outcome.serve_instead(id);
    }
    let why = match trial.filter(|_| has_months) {
        Some(trial) => trial.verdict.clone(),
        None if has_months => "the season was asked for and could not be tried".to_owned(),
        None => "campaigns were named".to_owned(),
    };
    outcome.answer.reason = if winner == id {
        format!("{before}; {why}")
    } else {
        format!(
            "{why}; so {id} is served with it, where the bake-off alone would have served {winner}"
        )
    };
}

/// That there are days outside of each campaign to compare it with.
fn check_windows(base: &CustomerBase, windows: &[SeasonWindow]) -> Result<(), StudyError> {
    let (first, last) = (base.first_day().unwrap_or(base.end_day()), base.end_day());
    let mut pattern = SeasonPattern::flat(windows);
    for place in 0..pattern.window_factors.len() {
        let name = pattern.window_names()[place].to_owned();
        pattern.window_factors.fill(1.0);
        pattern.window_factors[place] = 0.0;
        if (first..=last).all(|day| pattern.factor(day) <= 0.0) {
            return Err(StudyError::Season {
                problem: format!(
                    "the campaign '{name}' covers all the data, from {} to {}: there is no day to compare it with",
                    iso(first),
                    iso(last)
                ),
                hint: Some("--campaign NAME=FROM..TO with the days on which it ran".to_owned()),
            });
        }
    }
    Ok(())
}

fn no_year(error: StudyError) -> StudyError {
    match error {
        StudyError::TooShort { problem } => StudyError::Season {
            problem,
            hint: Some("--season none, or a longer period of orders".to_owned()),
        },
        other => other,
    }
}
