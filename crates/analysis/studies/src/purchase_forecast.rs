//! When each customer will buy again, and how often.

use clv_answers::{Table, Values};
use clv_models::conformal::ends;
use rayon::prelude::*;

use crate::forecaster::RowForecast;
use crate::held_out::{groups_of, level_of};
use crate::outlook::Outlook;
use crate::period::PeriodPace;
use crate::served::Served;
use crate::uncertainty::ParameterUncertainty;

/// A next order later than this many days from now is as good as none.
const LATEST_DAYS: f64 = 36_525.0;

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
    let waits = waits(served);
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

/// For each row an interval of the count that holds at least `coverage`: from 0 where no purchase is likelier than a
/// tail, else the central one.
///
/// It is taken from the customer's law with what is not known of the parameters and of the period to come, at the level that
/// earlier holdouts taught for forecasts of its size.
#[must_use]
pub fn count_intervals(
    served: &Served,
    rows: &[RowForecast],
    uncertainty: &ParameterUncertainty,
    horizon: f64,
    coverage: f64,
) -> Vec<(f64, f64)> {
    let grouped = &served.grouped;
    let levels = served.levels.purchases.as_ref();
    let period = PeriodPace::to_come(served.levels.period.as_ref());
    let customers = &grouped.row_of_customer;
    let expected: Vec<f64> =
        customers.iter().map(|row| rows[*row as usize].expected_purchases).collect();
    let mut group_of_row = vec![0; rows.len()];
    for (row, group) in customers.iter().zip(groups_of(levels, &expected)) {
        group_of_row[*row as usize] = group;
    }
    (0..rows.len())
        .into_par_iter()
        .with_min_len(256)
        .map(|row| {
            let expected = rows[row].expected_purchases;
            let own = served.forecaster.interval_outlook_of_row(grouped, row);
            let outlook = period.outlook(own, uncertainty.at(expected), expected);
            let level = level_of(levels, group_of_row[row], coverage);
            let (low, high) = ends(outlook.probability_none(horizon), coverage, level);
            let counts = outlook.count_quantiles(horizon, &[low, high]);
            (counts[0] as f64, counts[1] as f64)
        })
        .collect()
}

/// The day `days` after `end`, the next day at the earliest.
#[must_use]
pub fn date(end: i32, days: f64) -> i32 {
    end.saturating_add(days.ceil().max(1.0) as i32)
}

/// Calendar days until the next order of a row: the quantile of its wait, turned back where a season tells time.
fn wait_days(served: &Served, outlook: &Outlook, quantile: f64) -> Option<f64> {
    let days = outlook.wait_quantile(quantile)? * served.unit.days();
    Some(match &served.season {
        Some(season) if days <= LATEST_DAYS => season.calendar_days(days),
        _ => days,
    })
}

fn waits(served: &Served) -> Vec<WaitDays> {
    let grouped = &served.grouped;
    (0..grouped.histories.len())
        .into_par_iter()
        .with_min_len(256)
        .map(|row| {
            let outlook = served.forecaster.outlook_of_row(grouped, row);
            let days = |q: f64| wait_days(served, &outlook, q);
            Some([days(0.1)?, days(0.5)?, days(0.9)?])
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
