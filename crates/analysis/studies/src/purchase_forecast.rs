//! When each customer will buy again, and how often.

use std::sync::Arc;

use clv_answers::{Table, Values};
use clv_models::purchase::FutureProcess;
use rayon::prelude::*;

use crate::count_intervals::count_intervals;
use crate::forecaster::{Forecaster, RowForecast};
use crate::outlook::Outlook;
use crate::processes::DistinctProcesses;
use crate::served::Served;
use crate::uncertainty::ParameterUncertainty;

/// A next order later than this many days from now is as good as none.
const LATEST_DAYS: f64 = 36_525.0;

/// The quantiles of the wait for the next order that are told.
const WAIT_LEVELS: [f64; 3] = [0.1, 0.5, 0.9];

/// Days until the next order of one distinct history, given that there is one: 10 %, 50 % and 90 % quantile.
type WaitDays = Option<[f64; 3]>;

/// The forecast table: one row for each customer, beside the `ids` column given.
///
/// The counts' interval holds at least 80 %; so does the interval of the next
/// order's date, given that there is a next order. `end_day` is the last day observed; without it (histories from a
/// file) there are no dates and the wait is given in the unit of whoever is served.
#[must_use]
pub fn forecast_table(
    ids: Values,
    served: &Served,
    rows: &[RowForecast],
    uncertainty: &ParameterUncertainty,
    horizon: f64,
    end_day: Option<i32>,
) -> Table {
    let (grouped, unit) = (&served.grouped, served.unit);
    let counts = count_intervals(served, rows, uncertainty, horizon, 0.8);
    let waits = waits(served, rows);
    let of = |value: &dyn Fn(usize) -> f64| -> Values {
        Values::Real(grouped.row_of_customer.iter().map(|row| value(*row as usize)).collect())
    };
    let table = Table::new()
        .with("customer_id", "", ids)
        .with("expected_purchases", "count", of(&|row| rows[row].expected_purchases))
        .with("expected_purchases_low", "count", of(&|row| counts[row].0))
        .with("expected_purchases_high", "count", of(&|row| counts[row].1))
        .with("probability_alive", "probability", of(&|row| rows[row].probability_alive))
        .with("probability_next_order", "probability", of(&|row| 1.0 - rows[row].probability_none));
    let wait = |row: u32, quantile: usize| {
        waits[row as usize].map(|wait| wait[quantile]).filter(|days| *days <= LATEST_DAYS)
    };
    let names = ["next_order_date_low", "next_order_date", "next_order_date_high"];
    [1, 0, 2].into_iter().fold(table, |table, quantile| {
        let customers = grouped.row_of_customer.iter();
        match end_day {
            Some(end) => {
                let dates = customers.map(|row| wait(*row, quantile).map(|days| date(end, days)));
                table.with(names[quantile], "date", Values::OptionalDate(dates.collect()))
            }
            None => {
                let waits =
                    customers.map(|row| wait(*row, quantile).map(|days| days / unit.days()));
                let name = names[quantile].replace("date", "wait");
                table.with(&name, unit.name(), Values::OptionalReal(waits.collect()))
            }
        }
    })
}

/// The day `days` after `end`, the next day at the earliest.
#[must_use]
pub fn date(end: i32, days: f64) -> i32 {
    end.saturating_add(days.ceil().max(1.0) as i32)
}

/// Calendar days until the next order of a row: the quantile of its wait, turned back where a season tells time.
fn wait_days(served: &Served, outlook: &Outlook, quantile: f64) -> Option<f64> {
    Some(calendar_days(served, outlook.wait_quantile(quantile)? * served.unit.days()))
}

/// Days turned back into the calendar's where a season tells time.
fn calendar_days(served: &Served, days: f64) -> f64 {
    match &served.season {
        Some(season) if days <= LATEST_DAYS => season.calendar_days(days),
        _ => days,
    }
}

fn waits(served: &Served, rows: &[RowForecast]) -> Vec<WaitDays> {
    let grouped = &served.grouped;
    let forecaster = match &served.forecaster {
        // Dates go by the probability model that the trees stand on.
        Forecaster::Boosted(boosted) => &Forecaster::Model(Arc::clone(boosted.parent())),
        forecaster => forecaster,
    };
    if let Some(distinct) = DistinctProcesses::of(forecaster, grouped) {
        let of_process = |process: &FutureProcess, of: &[u32]| {
            let days = process
                .wait_quantiles(WAIT_LEVELS)
                .map(|wait| calendar_days(served, wait * served.unit.days()));
            // Who is surely gone waits for nothing.
            let is_there = |row: &u32| rows[*row as usize].probability_alive > 0.0;
            of.iter().map(|row| is_there(row).then_some(days)).collect()
        };
        return distinct.for_rows(of_process, None);
    }
    (0..grouped.histories.len())
        .into_par_iter()
        .with_min_len(256)
        .map(|row| {
            let outlook = forecaster.outlook_of_row(grouped, row);
            let days = |q: f64| wait_days(served, &outlook, q);
            let [low, median, high] = WAIT_LEVELS;
            Some([days(low)?, days(median)?, days(high)?])
        })
        .collect()
}

/// The median date of one customer's next order, given that there is one; none where it is beyond a century.
#[must_use]
pub fn median_next_order(served: &Served, customer: usize, end_day: i32) -> Option<i32> {
    let row = served.grouped.row_of_customer[customer] as usize;
    let outlook = served.forecaster.outlook_of_row(&served.grouped, row);
    let days = wait_days(served, &outlook, 0.5)?;
    (days <= LATEST_DAYS).then(|| date(end_day, days))
}
