//! Actual against expected repeat purchases over calendar time, the holdout marked.

use clv_answers::tracking::Tracking;

use crate::base::CustomerBase;
use crate::calendar::iso;
use crate::contest::Contestant;
use crate::forecaster::HorizonOptions;
use crate::origins::OriginData;
use crate::time::TimeUnit;

/// Beyond this many weeks the plot goes by four weeks.
const MOST_WEEKS: i32 = 160;

/// Repeat purchases of the customers known at the origin, period by period from the first purchase to the end of
/// the holdout, against what the model expects of customers born when they were.
///
/// The expectation is that of new customers, as in the papers' tracking plots: it uses nobody's own history,
/// and where traits matter the mean customer's. The holdout totals beside it do. None for a naive rule, which says
/// nothing of new customers' timing.
#[must_use]
pub fn tracking(
    base: &CustomerBase,
    contestant: &Contestant,
    data: &OriginData,
    horizon: &HorizonOptions,
    horizon_days: i32,
    unit: TimeUnit,
) -> Option<Tracking> {
    let forecaster = &contestant.forecaster;
    if forecaster.is_naive() {
        return None;
    }
    let first = data.customers.iter().map(|known| known.first_day).min()?;
    let last = data.origin + horizon_days;
    let period_days = if (last - first) / 7 <= MOST_WEEKS { 7 } else { 28 };
    // Periods are counted back from the end, so that the last one is whole.
    let n_periods = usize::try_from((last - first) / period_days).ok()?.max(1);
    let period_end: Vec<i32> = (0..n_periods)
        .map(|period| last - period_days * i32::try_from(n_periods - 1 - period).unwrap_or(0))
        .collect();
    let start = period_end[0] - period_days;
    let n_days = usize::try_from(last - first).ok()? + 1;

    let mut births = vec![0.0; n_days];
    let mut actual = vec![0.0; n_periods];
    for known in &data.customers {
        births[usize::try_from(known.first_day - first).ok()?] += 1.0;
        for purchase in base.purchases_of(known.customer).skip(1) {
            if purchase.day > start && purchase.day <= last {
                let period = (purchase.day - start - 1) / period_days;
                actual[usize::try_from(period).ok()?] += 1.0;
            }
        }
    }
    let new_customer = forecaster.new_customer();
    let expected_at_age: Vec<f64> =
        (0..n_days).map(|age| new_customer.expected_purchases(age as f64 / unit.days())).collect();
    let cumulative = |day: i32| -> f64 {
        let Ok(day) = usize::try_from(day - first) else { return 0.0 };
        (0..=day).map(|birth| births[birth] * expected_at_age[day - birth]).sum()
    };
    let mut before = cumulative(start);
    let expected = period_end
        .iter()
        .map(|day| {
            let upto = cumulative(*day);
            let within = upto - before;
            before = upto;
            within
        })
        .collect();
    let grouped = contestant.grouped(data);
    let rows = forecaster.forecast_rows(grouped, horizon);
    let holdout_expected = grouped
        .histories
        .weights()
        .iter()
        .zip(&rows)
        .map(|(weight, row)| weight * row.expected_purchases)
        .sum();
    Some(Tracking {
        model: forecaster.id().to_owned(),
        period: if period_days == 7 { "week" } else { "four weeks" }.to_owned(),
        period_end: period_end.into_iter().map(iso).collect(),
        actual,
        expected,
        origin: iso(data.origin),
        holdout_actual: data.actual.iter().sum(),
        holdout_expected,
    })
}
