//! Whether knowing the season makes forecasts better: tried on what was held out, like everything else.

use std::sync::Arc;

use clv_models::catalogue::PurchaseModelEntry;
use clv_models::fit::{FitOptions, fit_purchase_model};
use clv_models::purchase::PurchaseModel;
use clv_models::scores::mae::mae;
use clv_models::scores::rmse::rmse;

use super::{FEWEST_DAYS, SeasonClock, SeasonWindow, fit_season, fit_windows};
use crate::base::{CustomerAtOrigin, CustomerBase, RecentWindow};
use crate::contest::{Contestant, OriginContest, spend_at};
use crate::error::StudyError;
use crate::forecaster::{Forecaster, HorizonOptions};
use crate::handoff::{GroupedHistories, HistoryColumns, group_histories_by};
use crate::origins::{OriginData, Origins};
use crate::spend_choice::SpendModelChoice;
use crate::time::TimeUnit;

/// One origin with and without the season.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SeasonScore {
    /// The last day seen.
    pub origin: i32,
    /// Purchases that came.
    pub actual_total: f64,
    /// Purchases foretold without a season.
    pub plain_total: f64,
    /// Purchases foretold with it.
    pub seasonal_total: f64,
    /// Mean absolute error per customer without it.
    pub plain_mae: f64,
    /// Mean absolute error per customer with it.
    pub seasonal_mae: f64,
    /// Root mean squared error per customer without it.
    pub plain_rmse: f64,
    /// Root mean squared error per customer with it.
    pub seasonal_rmse: f64,
}

/// Forecasts of the model of `entry` with and without a season at each origin that has a year of data before it, all
/// learnt from what was known there. Empty where no origin has.
///
/// # Errors
/// [`StudyError`] where the model cannot be fitted.
pub fn season_trial(
    base: &CustomerBase,
    origins: &Origins,
    entry: &'static PurchaseModelEntry,
    unit: TimeUnit,
    windows: &[SeasonWindow],
) -> Result<Vec<SeasonScore>, StudyError> {
    let first = base.first_day().unwrap_or(base.end_day());
    let horizon_days = origins.horizon_days;
    let mut scores = Vec::new();
    for &origin in origins.days.iter().filter(|origin| **origin - first + 1 >= FEWEST_DAYS) {
        let known = base.until(origin);
        let season = fit_season(&known, entry, unit, windows)?;
        let clock = SeasonClock::new(&season.pattern, first, origin + horizon_days);
        let window = RecentWindow::before(origin, horizon_days, false);
        let customers = base.at_origin(origin, horizon_days, window);
        let plain = grouped(&customers, origin, unit, None);
        let fitted = fit_purchase_model(entry, &plain.histories, &FitOptions::default())?;
        let length = f64::from(horizon_days) / unit.days();
        let without = forecasts(fitted.model().as_ref(), &plain, length);
        let seasonal = grouped(&customers, origin, unit, Some(&clock));
        let clock_length = clock.between(origin, origin + horizon_days) / unit.days();
        let with = forecasts(season.fitted.model().as_ref(), &seasonal, clock_length);
        let actual: Vec<f64> = customers.iter().map(|one| f64::from(one.purchases_after)).collect();
        let weights = vec![1.0; actual.len()];
        scores.push(SeasonScore {
            origin,
            actual_total: actual.iter().sum(),
            plain_total: without.iter().sum(),
            seasonal_total: with.iter().sum(),
            plain_mae: mae(&without, &actual, &weights),
            seasonal_mae: mae(&with, &actual, &weights),
            plain_rmse: rmse(&without, &actual, &weights),
            seasonal_rmse: rmse(&with, &actual, &weights),
        });
    }
    Ok(scores)
}

/// The forecasts of the model of `entry` with its season from each origin, or, without months, with windows alone; learnt
/// from what was known there. With months the origins are those with a year of data before them.
///
/// # Errors
/// [`StudyError`] where the model cannot be fitted.
pub(super) fn seasonal_contests(
    base: &CustomerBase,
    origins: &Origins,
    (entry, unit): (&'static PurchaseModelEntry, TimeUnit),
    windows: &[SeasonWindow],
    has_months: bool,
    spend: SpendModelChoice,
) -> Result<Vec<OriginContest>, StudyError> {
    let first = base.first_day().unwrap_or(base.end_day());
    let days = origins.horizon_days;
    let is_told = |origin: &&i32| !has_months || **origin - first + 1 >= FEWEST_DAYS;
    origins
        .days
        .iter()
        .filter(is_told)
        .map(|&origin| {
            let known = base.until(origin);
            let season = if has_months {
                fit_season(&known, entry, unit, windows)?
            } else {
                fit_windows(&known, entry, unit, windows)?
            };
            let clock = SeasonClock::new(&season.pattern, first, origin + days);
            let is_last_year = origins.has_last_year;
            let data = OriginData::by_clock(base, (origin, days), unit, is_last_year, Some(&clock));
            let length = clock.between(origin, origin + days) / unit.days();
            let horizon = HorizonOptions { length, discount_rate: 0.0 };
            let forecaster = Forecaster::Model(Arc::clone(season.fitted.model()));
            let rows = forecaster.forecast_rows(&data.grouped, &horizon);
            let ln_covariance = season.fitted.ln_covariance().cloned();
            let contestants = vec![Contestant { forecaster, ln_covariance, rows, own: None }];
            let spend = spend_at(&data, spend);
            Ok(OriginContest { data, contestants, horizon, spend })
        })
        .collect()
}

fn grouped(
    customers: &[CustomerAtOrigin],
    origin: i32,
    unit: TimeUnit,
    clock: Option<&SeasonClock>,
) -> GroupedHistories {
    let n_days: Vec<u32> = customers.iter().map(|one| one.n_days).collect();
    let first_day: Vec<i32> = customers.iter().map(|one| one.first_day).collect();
    let last_day: Vec<i32> = customers.iter().map(|one| one.last_day).collect();
    let columns = HistoryColumns {
        n_days: &n_days,
        first_day: &first_day,
        last_day: &last_day,
        end_day: origin,
        // By the season's clock gaps have another length, and both fits are to know the same.
        sum_ln_interpurchase_days: None,
        recent_purchases: None,
    };
    group_histories_by(&columns, unit, clock)
}

/// Expected purchases of each customer.
fn forecasts(model: &dyn PurchaseModel, grouped: &GroupedHistories, length: f64) -> Vec<f64> {
    let of_rows: Vec<f64> = grouped
        .histories
        .histories()
        .iter()
        .map(|history| model.expected_future_purchases(history, length))
        .collect();
    grouped.row_of_customer.iter().map(|row| of_rows[*row as usize]).collect()
}
