//! A model's card: data, parameters in words, scores, calibration, drift and limits.

use std::collections::BTreeMap;

use clv_answers::backtest::BacktestScore;
use clv_answers::model_card::{CardCalibration, CardParameter, Drift, HistoryDrift, HoldoutScore};
use clv_answers::model_card::{ModelCard, ParameterShift};
use clv_answers::model_fit::ModelFit;
use clv_models::PurchaseHistories;
use clv_models::catalogue::parameter_meaning;

use crate::backtest::BacktestOutcome;
use crate::inquiry::Inquiry;
use crate::time::TimeUnit;

/// A stability index from which on the base is another one [Siddiqi2006].
const MUCH_MOVED: f64 = 0.25;

/// A parameter that moved by more standard errors than this has drifted.
const MANY_STANDARD_ERRORS: f64 = 3.0;

/// An error over that of the naive rule that has grown by more than this is worse.
const WORSE_BY: f64 = 0.05;

/// Lower bounds of the groups by repeat purchases.
const REPEAT_BOUNDS: [f64; 5] = [0.0, 1.0, 2.0, 4.0, 8.0];

/// Lower bounds of the groups by silence, as a share of the age.
const SILENCE_BOUNDS: [f64; 5] = [0.0, 0.2, 0.4, 0.6, 0.8];

/// The card of whoever is served; `previous` is an earlier fit to compare with.
#[must_use]
pub fn model_card(inquiry: &Inquiry, previous: Option<&ModelFit>) -> ModelCard {
    let served = &inquiry.served;
    let fit = served.fit.as_ref();
    let score = inquiry
        .bake_off
        .as_ref()
        .and_then(|outcome| holdout_score(outcome, served.forecaster.id()));
    let drift = previous.map(|previous| {
        let now = history_shares(&served.grouped.histories);
        drift(previous, fit, &now, score.as_ref(), served.unit)
    });
    ModelCard {
        model: served.forecaster.id().to_owned(),
        time_unit: served.unit.name().to_owned(),
        data_period: inquiry.snapshot.period(),
        n_customers: inquiry.snapshot.n_customers() as u64,
        n_repeaters: inquiry.snapshot.n_repeaters() as u64,
        parameters: fit.map(parameters).unwrap_or_default(),
        spend_model: fit.and_then(|fit| Some(fit.spend.as_ref()?.model.clone())),
        spend_scores: fit
            .and_then(|fit| Some(fit.spend.as_ref()?.spend_scores.clone()))
            .unwrap_or_default(),
        calibration: inquiry.bake_off.as_ref().map(calibrations).unwrap_or_default(),
        season: season(inquiry),
        limits: limits(inquiry),
        score,
        drift,
    }
}

/// The served forecaster's scores over the origins; none where it took no part.
#[must_use]
pub fn holdout_score(outcome: &BacktestOutcome, id: &str) -> Option<HoldoutScore> {
    let scores = &outcome.answer.scores;
    let mean = |id: &str, of: fn(&BacktestScore) -> f64| {
        let of_id: Vec<f64> = scores.iter().filter(|one| one.model == id).map(of).collect();
        (!of_id.is_empty()).then(|| of_id.iter().sum::<f64>() / of_id.len() as f64)
    };
    let naive = scores.iter().filter(|one| one.model.starts_with("naive-"));
    let naive_mae =
        naive.filter_map(|one| mean(&one.model, |score| score.mae)).fold(f64::INFINITY, f64::min);
    let totals = scores
        .iter()
        .filter(|one| one.model == id)
        .fold((0.0, 0.0), |sums, one| (sums.0 + one.predicted_total, sums.1 + one.actual_total));
    Some(HoldoutScore {
        horizon_days: u32::try_from(outcome.origins.horizon_days).unwrap_or(0),
        n_origins: u32::try_from(outcome.origins.days.len()).unwrap_or(0),
        mae: mean(id, |score| score.mae)?,
        rmse: mean(id, |score| score.rmse)?,
        bias: if totals.1 > 0.0 { totals.0 / totals.1 - 1.0 } else { 0.0 },
        naive_mae: if naive_mae.is_finite() { naive_mae } else { 0.0 },
    })
}

/// Shares of the customers by repeat purchases and by silence over age: what later fits compare themselves with.
#[must_use]
pub fn history_shares(histories: &PurchaseHistories) -> BTreeMap<String, Vec<f64>> {
    let shares = |bounds: &[f64], of: &dyn Fn(&clv_models::PurchaseHistory) -> f64| -> Vec<f64> {
        let mut counts = vec![0.0; bounds.len()];
        for (history, weight) in histories.iter() {
            let group = bounds.partition_point(|bound| *bound <= of(history));
            counts[group.saturating_sub(1)] += weight;
        }
        let n: f64 = histories.n_customers().max(f64::MIN_POSITIVE);
        counts.into_iter().map(|count| count / n).collect()
    };
    BTreeMap::from([
        (
            "repeat_purchases".to_owned(),
            shares(&REPEAT_BOUNDS, &|history| f64::from(history.repeat_purchases())),
        ),
        (
            "time_since_last_purchase_over_age".to_owned(),
            shares(&SILENCE_BOUNDS, &|history| {
                history.time_since_last_purchase() / history.age().max(f64::MIN_POSITIVE)
            }),
        ),
    ])
}

/// The population stability index: the sum over groups of the difference of shares times the logarithm of their ratio.
///
/// ```
/// use clv_studies::model_card::stability_index;
/// assert_eq!(stability_index(&[0.5, 0.5], &[0.5, 0.5]), 0.0);
/// assert!(stability_index(&[0.9, 0.1], &[0.5, 0.5]) > 0.25);
/// ```
#[must_use]
pub fn stability_index(before: &[f64], now: &[f64]) -> f64 {
    // An empty group counts as one customer in ten thousand: its logarithm must be finite.
    let floor = |share: f64| share.max(1e-4);
    before
        .iter()
        .zip(now)
        .map(|(before, now)| (floor(*now) - floor(*before)) * (floor(*now) / floor(*before)).ln())
        .sum()
}

/// A fit with the fits of a blend's members.
fn parts(fit: &ModelFit) -> Vec<&ModelFit> {
    let mut parts = vec![fit];
    if let Some(blend) = &fit.blend {
        parts.extend(&blend.members);
    }
    parts.extend(fit.spend.as_deref());
    parts
}

fn parameters(fit: &ModelFit) -> Vec<CardParameter> {
    parts(fit)
        .into_iter()
        .flat_map(|part| {
            part.parameters.iter().map(|(name, value)| CardParameter {
                // The parameters of boosted trees are those of the model that they stand on.
                model: model_of(part).to_owned(),
                name: name.clone(),
                value: *value,
                standard_error: part.standard_errors.get(name).copied(),
                meaning: meaning(model_of(part), name).to_owned(),
            })
        })
        .collect()
}

/// Whose parameters a fit holds.
fn model_of(fit: &ModelFit) -> &str {
    fit.boosted.as_ref().map_or(&fit.model, |boosted| &boosted.stands_on)
}

/// What a parameter says about customers; empty for one that nobody knows, as a file written by hand may hold.
fn meaning(model: &str, name: &str) -> &'static str {
    // Naive rules are members of a blend and have no entry in the catalogue.
    match (parameter_meaning(model, name), name) {
        (Some(meaning), _) => meaning,
        (None, "mean_rate") => "purchases per unit of time of a customer without a past",
        (None, "length") => "the window of days whose purchases are repeated",
        (None, name) => match name.split_once('.') {
            Some(("purchase", _)) => {
                "how much more (above 0) or less often customers buy for one unit more of this column"
            }
            Some(("dropout", _)) => {
                "how much sooner (above 0) or later customers leave for one unit more of this column"
            }
            Some(("spend", _)) => {
                "how much more (above 0) or less customers spend for one unit more of this column"
            }
            _ => "",
        },
    }
}

fn calibrations(outcome: &BacktestOutcome) -> Vec<CardCalibration> {
    let rows = |of: &'static str| {
        outcome.answer.coverage.iter().filter(move |row| row.of == of && row.origin == "all")
    };
    ["purchases", "value"]
        .into_iter()
        .filter_map(|of| {
            let all = rows(of).find(|row| row.decile.is_none())?;
            let deciles = || rows(of).filter(|row| row.decile.is_some()).map(|row| row.coverage_90);
            Some(CardCalibration {
                of: of.to_owned(),
                coverage_90: all.coverage_90,
                coverage_90_unadjusted: all.coverage_90_unadjusted,
                lowest_decile: deciles().fold(f64::INFINITY, f64::min),
                highest_decile: deciles().fold(f64::NEG_INFINITY, f64::max),
            })
        })
        .collect()
}

fn drift(
    previous: &ModelFit,
    now: Option<&ModelFit>,
    shares: &BTreeMap<String, Vec<f64>>,
    score: Option<&HoldoutScore>,
    unit: TimeUnit,
) -> Drift {
    let same_unit = previous.time_unit == unit.name();
    let parameters: Vec<ParameterShift> = match now.filter(|_| same_unit) {
        Some(now) => shifts(previous, now),
        None => Vec::new(),
    };
    let histories: Vec<HistoryDrift> = shares
        .iter()
        .filter_map(|(of, now)| {
            let before =
                previous.history_shares.get(of).filter(|known| known.len() == now.len())?;
            Some(HistoryDrift { of: of.clone(), stability_index: stability_index(before, now) })
        })
        .collect();
    let relative =
        |score: &HoldoutScore| (score.naive_mae > 0.0).then(|| score.mae / score.naive_mae);
    let before = previous.holdout.as_ref().and_then(relative);
    let now = score.and_then(relative);
    let verdict = verdict(&parameters, &histories, before.zip(now));
    Drift {
        since: previous.data_period.as_ref().map(|(_, last)| last.clone()),
        parameters,
        histories,
        relative_error_before: before,
        relative_error_now: now,
        verdict,
    }
}

fn shifts(previous: &ModelFit, now: &ModelFit) -> Vec<ParameterShift> {
    let before = parts(previous);
    parts(now)
        .into_iter()
        .filter_map(|part| Some((part, before.iter().find(|one| one.model == part.model)?)))
        .flat_map(|(now, before)| {
            now.parameters.iter().filter_map(|(name, value)| {
                let was = before.parameters.get(name)?;
                let errors = now.standard_errors.get(name).zip(before.standard_errors.get(name));
                let deviation = errors.map(|(a, b)| a.hypot(*b)).filter(|error| *error > 0.0);
                Some(ParameterShift {
                    model: now.model.clone(),
                    name: name.clone(),
                    before: *was,
                    now: *value,
                    in_standard_errors: deviation.map(|error| (value - was) / error),
                })
            })
        })
        .collect()
}

fn verdict(
    parameters: &[ParameterShift],
    histories: &[HistoryDrift],
    errors: Option<(f64, f64)>,
) -> String {
    let mut moved = Vec::new();
    if errors.is_some_and(|(before, now)| now > before + WORSE_BY) {
        moved.push("it forecasts worse against the naive rule than it did".to_owned());
    }
    for one in histories.iter().filter(|one| one.stability_index > MUCH_MOVED) {
        moved.push(format!("the base is another one by {}", one.of.replace('_', " ")));
    }
    for one in parameters {
        if one.in_standard_errors.is_some_and(|shift| shift.abs() > MANY_STANDARD_ERRORS) {
            moved.push(format!("{} of {} moved by more than chance", one.name, one.model));
        }
    }
    if moved.is_empty() {
        "nothing has moved by more than chance or habit: the earlier fit still stands".to_owned()
    } else {
        format!("use the new fit: {}", moved.join("; "))
    }
}

/// What the season does, and whether knowing it helped.
fn season(inquiry: &Inquiry) -> Vec<String> {
    let Some(fit) = &inquiry.served.fit else { return Vec::new() };
    let told = fit.season.iter().flat_map(|season| season.in_words.iter().cloned());
    told.chain(fit.season_trial.iter().map(|trial| trial.verdict.clone())).collect()
}

fn limits(inquiry: &Inquiry) -> Vec<String> {
    let mut limits = inquiry.served.cautions.clone();
    if let Some(fit) = &inquiry.served.fit {
        for warning in parts(fit).into_iter().flat_map(|part| &part.warnings) {
            if !limits.contains(warning) {
                limits.push(warning.clone());
            }
        }
    }
    limits.push(
        "intervals promise what they say only where the time to come is like the holdouts that taught them".to_owned(),
    );
    limits.push(
        "prices, costs, campaigns and competitors are not in the data: a forecast is of what was usual".to_owned(),
    );
    limits
}
