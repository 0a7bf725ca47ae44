//! A model served by a season's clock: fitted in its time, its horizons counted by it, its dates turned back.

use std::sync::Arc;

use clv_answers::model_fit::ModelFit;
use clv_answers::season::Season;
use clv_models::fit::{FitOptions, fit_purchase_model};

use super::{SeasonClock, SeasonPattern, SeasonWindow, SettledSeason, saved_pattern};
use crate::backtest::BacktestOutcome;
use crate::error::StudyError;
use crate::forecaster::Forecaster;
use crate::model_card::history_shares;
use crate::model_fit::model_entry;
use crate::saved_blend::saved_levels;
use crate::served::{ServeOptions, Served, combined_fit, fit_spend};
use crate::snapshot::Snapshot;
use crate::time::Span;

/// How long beyond the horizon the clock knows the season, so that dates of orders that come late are told by it too.
const BEYOND_DAYS: i32 = 3653;

/// A season that is served.
#[derive(Debug, Clone, PartialEq)]
pub struct ServedSeason {
    /// Its clock, from the first day of the data to ten years after the horizon.
    pub clock: SeasonClock,
    /// The last day observed.
    pub end_day: i32,
    /// What it is made of.
    pub answer: Season,
}

impl ServedSeason {
    fn new(
        pattern: &SeasonPattern,
        answer: Season,
        snapshot: &Snapshot,
        horizon: &Span,
    ) -> Option<Self> {
        let (first_day, ..) = snapshot.days()?;
        let end_day = snapshot.end_day()?;
        let first = first_day.iter().copied().min()?;
        let last = end_day.saturating_add(whole_days(horizon)).saturating_add(BEYOND_DAYS);
        Some(Self { clock: SeasonClock::new(pattern, first, last), end_day, answer })
    }

    /// Clock days that a horizon from the end of the data takes; the calendar's part of its last day by the share.
    #[must_use]
    pub fn clock_days(&self, horizon: &Span) -> f64 {
        let days = horizon.days();
        let whole = days.floor().min(f64::from(i32::MAX / 4)) as i32;
        let upto = self.clock.between(self.end_day, self.end_day.saturating_add(whole));
        let next = self.clock.between(self.end_day, self.end_day.saturating_add(whole + 1));
        upto + (days - f64::from(whole)) * (next - upto)
    }

    /// Calendar days from the end of the data after which so many clock days have gone by.
    #[must_use]
    pub fn calendar_days(&self, clock_days: f64) -> f64 {
        self.clock.calendar_days(self.end_day, clock_days)
    }

    /// The square of the relative standard deviation that the month factors give the length of a horizon in clock time:
    /// months are estimated apart from each other, so that their variances add.
    #[must_use]
    pub fn relative_variance(&self, horizon: &Span) -> f64 {
        let mut clock_days = [0.0; 12];
        for day in 1..=whole_days(horizon).min(BEYOND_DAYS) {
            let day = self.end_day.saturating_add(day);
            clock_days[super::month_place(day)] += self.clock.between(day - 1, day);
        }
        let total: f64 = clock_days.iter().sum();
        let variance: f64 = clock_days
            .iter()
            .zip(&self.answer.month_factors)
            .zip(&self.answer.month_standard_deviations)
            .map(|((days, factor), sd)| (days * sd / factor).powi(2))
            .sum();
        if total > 0.0 { variance / (total * total) } else { 0.0 }
    }
}

fn whole_days(horizon: &Span) -> i32 {
    horizon.days().ceil().min(f64::from(i32::MAX / 4)) as i32
}

/// Serves the model of a settled season: fitted to everyone in the clock's time.
///
/// The intervals' levels are those that its own forecasts with the season taught at the bake-off's origins.
///
/// # Errors
/// [`StudyError`] where the data have no dates or the model cannot be fitted.
pub fn serve_season(
    snapshot: &Snapshot,
    bake_off: Option<&BacktestOutcome>,
    settled: &SettledSeason,
    options: &ServeOptions,
) -> Result<Served, StudyError> {
    let answer = &settled.answer;
    let season = ServedSeason::new(&settled.pattern, answer.clone(), snapshot, &options.horizon)
        .ok_or(StudyError::NoDates)?;
    let entry = model_entry(&settled.model)?;
    let grouped = snapshot.grouped_by(options.unit, Some(&season.clock));
    let histories = snapshot.histories_to_fit(&grouped);
    let spend = fit_spend(snapshot, &options.spend);
    let fitted = fit_purchase_model(entry, &histories, &FitOptions::default())?;
    let mut fit = combined_fit(&fitted, &spend, options.unit, snapshot.period());
    let levels = bake_off
        .filter(|outcome| outcome.answer.served == settled.model)
        .map(|outcome| outcome.levels.clone())
        .unwrap_or_default();
    fit.interval_levels = saved_levels(&levels);
    fit.history_shares = history_shares(&histories);
    fit.season = Some(answer.clone());
    let mut cautions: Vec<String> = answer.in_words.clone();
    if fit.converged == Some(false) {
        cautions.push(format!(
            "the fit of {} did not reach its optimum; `clv fit --model {}` says more",
            entry.id, entry.id
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
        levels,
        grouped,
        season: Some(season),
        cautions,
    })
}

/// The season of a saved model for these customers, with the campaigns to come; none where it was saved without.
///
/// # Errors
/// [`StudyError::Season`] where the data have no dates to tell a season's time by, or a campaign is unknown to it.
pub fn saved_season(
    snapshot: &Snapshot,
    saved: &ModelFit,
    options: &ServeOptions,
) -> Result<Option<ServedSeason>, StudyError> {
    let Some(season) = &saved.season else {
        return match options.windows.first() {
            None => Ok(None),
            Some(window) => Err(unknown_window(window, "no campaign")),
        };
    };
    let mut season = season.clone();
    for window in &options.windows {
        if !season.window_factors.iter().any(|one| one.name == window.name) {
            let known: Vec<&str> =
                season.window_factors.iter().map(|one| one.name.as_str()).collect();
            let known = if known.is_empty() { "no campaign".to_owned() } else { known.join(", ") };
            return Err(unknown_window(window, &known));
        }
        season.windows.push(clv_answers::season::Window {
            name: window.name.clone(),
            from: crate::calendar::iso(window.first_day),
            to: crate::calendar::iso(window.last_day),
        });
    }
    let pattern = saved_pattern(&season)?;
    let served = ServedSeason::new(&pattern, season, snapshot, &options.horizon);
    served.map(Some).ok_or_else(|| StudyError::Season {
        problem: "the saved model tells time by a season, and these histories have no dates".to_owned(),
        hint: Some(
            "name the file of orders instead, or histories with first_order and last_order as `clv histories` writes them"
                .to_owned(),
        ),
    })
}

fn unknown_window(window: &SeasonWindow, known: &str) -> StudyError {
    StudyError::Season {
        problem: format!(
            "the saved model knows nothing of a campaign '{}'; it knows {known}",
            window.name
        ),
        hint: Some("fit a model with --campaign NAME=FROM..TO for a time when it ran".to_owned()),
    }
}
