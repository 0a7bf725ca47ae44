//! The boosted forecast beside a bake-off: scored at the same origins, served by none.

use clv_answers::backtest::BacktestScore;
pub use clv_models::boosted::ZILN_ID;
use clv_models::boosted::ZilnForecast;
use clv_models::scores;

use crate::backtest::{BacktestOptions, BacktestOutcome, backtest};
use crate::base::CustomerBase;
use crate::boosted::{BoostedOptions, forecast_at};
use crate::calendar::iso;
use crate::error::StudyError;
use crate::served::DEFAULT_MODEL;

/// Runs the bake-off; where `ziln` is among the models asked for, the boosted forecast is scored beside the others. It takes no part
/// in who is served, since nothing serves it yet. Asked for alone it stands beside its probability model. `seed` draws the
/// rows that its trees see.
///
/// # Errors
/// As [`backtest`].
pub fn backtest_with_boosted(
    base: &CustomerBase,
    options: &BacktestOptions,
    seed: u64,
) -> Result<BacktestOutcome, StudyError> {
    if !options.models.iter().any(|id| id == ZILN_ID) {
        return backtest(base, options);
    }
    let mut others = options.clone();
    others.models.retain(|id| id != ZILN_ID);
    if others.models.is_empty() {
        others.models.push(DEFAULT_MODEL.to_owned());
    }
    let mut outcome = backtest(base, &others)?;
    let boosted = BoostedOptions::usual(options.unit, seed);
    match boosted_scores(base, &outcome, &boosted) {
        Ok(scores) => outcome.answer.scores.extend(scores),
        Err(error) => outcome.answer.left_out.push((ZILN_ID.to_owned(), error.to_string())),
    }
    Ok(outcome)
}

/// One row for each origin.
fn boosted_scores(
    base: &CustomerBase,
    outcome: &BacktestOutcome,
    options: &BoostedOptions,
) -> Result<Vec<BacktestScore>, StudyError> {
    let horizon_days = outcome.origins.horizon_days;
    let mut rows = Vec::with_capacity(outcome.origins.days.len());
    for &origin in &outcome.origins.days {
        let forecasts = forecast_at(base, origin, horizon_days, options)?.forecasts;
        let actual = purchases_after(base, origin, horizon_days);
        // A naive rule's row, which has no intervals, lends its origin, its customers and what came.
        let of_naive = outcome
            .answer
            .scores
            .iter()
            .find(|score| score.origin == iso(origin) && score.model.starts_with("naive-"));
        let of_naive = of_naive.expect("naive rules take part at every origin").clone();
        rows.push(score(&forecasts, &actual, of_naive));
    }
    Ok(rows)
}

fn purchases_after(base: &CustomerBase, origin: i32, horizon_days: i32) -> Vec<f64> {
    (0..base.n_customers())
        .filter(|&one| base.first_day_of(one) <= origin)
        .map(|one| {
            let is_held_out = |day: i32| day > origin && day <= origin + horizon_days;
            base.purchases_of(one).filter(|row| is_held_out(row.day)).count() as f64
        })
        .collect()
}

fn score(forecasts: &[ZilnForecast], actual: &[f64], beside: BacktestScore) -> BacktestScore {
    let predicted: Vec<f64> = forecasts.iter().map(|one| one.expected_purchases).collect();
    let weights = vec![1.0; actual.len()];
    let coverage = |of: f64| {
        let ends = forecasts.iter().map(|one| interval(one, of));
        let (low, high): (Vec<f64>, Vec<f64>) = ends.unzip();
        Some(scores::coverage(&low, &high, actual, &weights))
    };
    BacktestScore {
        model: ZILN_ID.to_owned(),
        predicted_total: predicted.iter().sum(),
        bias: scores::bias::bias(&predicted, actual, &weights),
        mae: scores::mae::mae(&predicted, actual, &weights),
        rmse: scores::rmse::rmse(&predicted, actual, &weights),
        correlation: scores::correlation::correlation(&predicted, actual, &weights),
        spearman: scores::spearman::spearman(&predicted, actual, &weights),
        msle: scores::msle::msle(&predicted, actual, &weights),
        normalized_gini: scores::normalized_gini::normalized_gini(&predicted, actual, &weights),
        coverage_90: coverage(0.9),
        coverage_80: coverage(0.8),
        served: false,
        ..beside
    }
}

/// From 0 where no purchase is likelier than a tail, else the central interval; both ends are whole purchases.
fn interval(forecast: &ZilnForecast, coverage: f64) -> (f64, f64) {
    let low = forecast.count_quantile(0.5 * (1.0 - coverage));
    let upper_level = if low == 0 { coverage } else { 0.5 * (1.0 + coverage) };
    (low as f64, forecast.count_quantile(upper_level) as f64)
}
