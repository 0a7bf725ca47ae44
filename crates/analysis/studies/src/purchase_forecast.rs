//! When each customer will buy again, and how often.

use std::sync::Arc;

use clv_answers::{Table, Values};
use clv_models::purchase::PurchaseModel;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::forecaster::{Forecaster, RowForecast};
use crate::handoff::GroupedHistories;
use crate::held_out::{LevelPair, groups_of, level_of};
use crate::outlook::{Outlook, OutlookPart};
use crate::served::Served;
use clv_models::conformal::ends;

/// A next order later than this many days from now is as good as none.
const LATEST_DAYS: f64 = 36_525.0;

/// Days until the next order of one distinct history, given that there is one: 10 %, 50 % and 90 % quantile.
type WaitDays = Option<[f64; 3]>;

/// The forecast table: one row for each customer, beside the `ids` column given.
///
/// `drawn` are the counts' 80 % intervals over draws of the parameters, one for each distinct history; without them the
/// counts' interval holds at least 80 % at the level that earlier holdouts taught. So does the interval of the next
/// order's date, given that there is a next order. `end_day` is the last day observed; without it (histories from a
/// file) there are no dates and the wait is given in the unit of whoever is served.
#[must_use]
pub fn forecast_table(
    ids: Values,
    served: &Served,
    rows: &[RowForecast],
    drawn: Option<&[(f64, f64)]>,
    horizon: f64,
    end_day: Option<i32>,
) -> Table {
    let (forecaster, grouped, unit) = (&served.forecaster, &served.grouped, served.unit);
    let levels = served.levels.purchases.as_ref();
    let counts = match drawn {
        Some(drawn) => drawn.to_vec(),
        None => count_intervals(forecaster, grouped, rows, horizon, levels, 0.8),
    };
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

/// For each row an interval of the count that holds at least `coverage` over all of `models`, each as likely as the
/// others: draws of one model's parameters.
///
/// From 0 where no purchase is likelier than a tail, else the central one. Beyond 4,000 purchases, where a count is as
/// good as its expectation, the models' own intervals are averaged.
#[must_use]
pub fn count_intervals_over(
    models: &[Arc<dyn PurchaseModel>],
    grouped: &GroupedHistories,
    horizon: f64,
    coverage: f64,
) -> Vec<(f64, f64)> {
    let levels = [0.5 * (1.0 - coverage), coverage, 0.5 * (1.0 + coverage)];
    grouped
        .histories
        .histories()
        .par_iter()
        .with_min_len(64)
        .map(|history| {
            let weight = 1.0 / models.len() as f64;
            let part = |model: &Arc<dyn PurchaseModel>| {
                OutlookPart::of_model(model.as_ref(), weight, history)
            };
            let outlook = Outlook::new(models.iter().map(part).collect(), 1.0);
            let counts = outlook.count_quantiles(horizon, &levels);
            let high = if counts[0] == 0 { counts[1] } else { counts[2] };
            (counts[0] as f64, high as f64)
        })
        .collect()
}

/// For each row an interval of the count that holds at least `coverage`: from 0 where no purchase is likelier than a
/// tail, else the central one; at the level that earlier holdouts taught for forecasts of its size.
#[must_use]
pub fn count_intervals(
    forecaster: &Forecaster,
    grouped: &GroupedHistories,
    rows: &[RowForecast],
    horizon: f64,
    levels: Option<&LevelPair>,
    coverage: f64,
) -> Vec<(f64, f64)> {
    let histories = grouped.histories.histories();
    let customers = &grouped.row_of_customer;
    let expected: Vec<f64> =
        customers.iter().map(|row| rows[*row as usize].expected_purchases).collect();
    let mut group_of_row = vec![0; rows.len()];
    for (row, group) in customers.iter().zip(groups_of(levels, &expected)) {
        group_of_row[*row as usize] = group;
    }
    (0..histories.len())
        .into_par_iter()
        .with_min_len(256)
        .map(|row| {
            let level = level_of(levels, group_of_row[row], coverage);
            let (low, high) = ends(rows[row].probability_none, coverage, level);
            let counts =
                forecaster.count_quantiles(grouped, row, &rows[row], horizon, &[low, high]);
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
    let histories = grouped.histories.histories();
    if let Forecaster::Boosted(_) = served.forecaster {
        // Each customer has a row, and many share a history, which is all that dates go by.
        let key = |row: usize| {
            let one = &histories[row];
            (one.repeat_purchases(), one.last_purchase_age().to_bits(), one.age().to_bits())
        };
        let mut known = FxHashMap::default();
        let mut distinct: Vec<usize> = Vec::new();
        let place_of_row: Vec<usize> = (0..histories.len())
            .map(|row| {
                *known.entry(key(row)).or_insert_with(|| {
                    distinct.push(row);
                    distinct.len() - 1
                })
            })
            .collect();
        let waits = waits_of(served, &distinct);
        return place_of_row.into_iter().map(|place| waits[place]).collect();
    }
    waits_of(served, &(0..histories.len()).collect::<Vec<usize>>())
}

fn waits_of(served: &Served, rows: &[usize]) -> Vec<WaitDays> {
    let grouped = &served.grouped;
    rows.par_iter()
        .with_min_len(256)
        .map(|&row| {
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
