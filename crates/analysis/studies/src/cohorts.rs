//! Cohorts by month of first purchase: retention and cumulative net value, blank where not yet observed.

use std::collections::BTreeMap;

use clv_answers::cohorts::{Cohort, Cohorts};

use crate::base::CustomerBase;
use crate::calendar::{last_day_of_month, month_label, month_of};

/// One cohort while it is being counted; one entry for each month since the first purchase.
#[derive(Default)]
struct Tally {
    n_customers: u64,
    n_repeaters: u64,
    active: Vec<u64>,
    value: Vec<f64>,
}

/// Retention and cumulative net value of each monthly cohort.
///
/// Month k of a cohort is the k-th calendar month after the one of the first purchase. A month that the data do
/// not cover to its last day is unobserved, not zero: the month of the last day counts only where that day is
/// the month's last.
#[must_use]
pub fn cohorts(base: &CustomerBase) -> Cohorts {
    let last_month = month_of(base.end_day());
    let is_last_whole = last_day_of_month(last_month) == base.end_day();
    let last_observed = if is_last_whole { last_month } else { last_month - 1 };
    let mut tallies: BTreeMap<i32, Tally> = BTreeMap::new();
    for customer in 0..base.n_customers() {
        let cohort = month_of(base.first_day_of(customer));
        let tally = tallies.entry(cohort).or_default();
        tally.n_customers += 1;
        let n_months = usize::try_from(last_month - cohort + 1).unwrap_or(0);
        tally.active.resize(n_months.max(1), 0);
        tally.value.resize(n_months.max(1), 0.0);
        let mut n_purchase_days = 0;
        let mut last_active = None;
        for row in base.days_of(customer) {
            // A return booked before the first purchase belongs to the first month.
            let age = usize::try_from(month_of(row.day) - cohort).unwrap_or(0);
            tally.value[age] += row.gross - row.returns;
            if row.orders > 0 {
                n_purchase_days += 1;
                if last_active != Some(age) {
                    tally.active[age] += 1;
                    last_active = Some(age);
                }
            }
        }
        tally.n_repeaters += u64::from(n_purchase_days > 1);
    }
    let n_periods = tallies.values().map(|tally| tally.active.len()).max().unwrap_or(0);
    let cohorts: Vec<Cohort> = tallies
        .iter()
        .map(|(month, tally)| finish(*month, tally, last_observed, n_periods))
        .collect();
    let mean_retention = weighted_mean(&cohorts, n_periods, |cohort| &cohort.retention);
    let mean_cumulative_value =
        weighted_mean(&cohorts, n_periods, |cohort| &cohort.cumulative_value);
    Cohorts {
        period: "month".to_owned(),
        cohorts,
        n_periods,
        mean_retention,
        mean_cumulative_value,
    }
}

fn finish(month: i32, tally: &Tally, last_observed: i32, n_periods: usize) -> Cohort {
    let n = tally.n_customers as f64;
    let n_observed = usize::try_from(last_observed - month + 1).unwrap_or(0);
    let mut retention = vec![None; n_periods];
    let mut cumulative_value = vec![None; n_periods];
    let mut value = 0.0;
    for age in 0..n_observed.min(tally.active.len()) {
        value += tally.value[age];
        retention[age] = Some(tally.active[age] as f64 / n);
        cumulative_value[age] = Some(value / n);
    }
    Cohort {
        cohort: month_label(month),
        n_customers: tally.n_customers,
        repeat_rate: tally.n_repeaters as f64 / n,
        retention,
        cumulative_value,
    }
}

/// A mean over cohorts that hold fewer than this share of all customers would tell of those cohorts only.
const LEAST_SHARE: f64 = 0.25;

/// The mean over the cohorts that have lived through each month, weighted by customers; none where they hold less
/// than a quarter of all customers.
fn weighted_mean(
    cohorts: &[Cohort],
    n_periods: usize,
    of: impl Fn(&Cohort) -> &Vec<Option<f64>>,
) -> Vec<Option<f64>> {
    let all: f64 = cohorts.iter().map(|cohort| cohort.n_customers as f64).sum();
    (0..n_periods)
        .map(|age| {
            let (sum, weight) = cohorts
                .iter()
                .filter_map(|cohort| {
                    of(cohort)[age].map(|value| (value, cohort.n_customers as f64))
                })
                .fold((0.0, 0.0), |(sum, weight), (value, n)| (sum + value * n, weight + n));
            (weight > 0.0 && weight >= LEAST_SHARE * all).then(|| sum / weight)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use clv_engine::CustomerIds;

    use super::*;
    use crate::base::DayRow;
    use crate::calendar::day_of;

    fn row(date: &str, gross: f64, returns: f64) -> DayRow {
        let orders = u32::from(gross > 0.0);
        DayRow { day: day_of(date).expect("a date"), orders, gross, returns }
    }

    #[test]
    fn months_not_yet_over_are_blank_and_silent_months_are_zero() {
        let rows = vec![
            row("2021-01-05", 10.0, 0.0),
            row("2021-03-02", 30.0, 0.0),
            row("2021-01-20", 20.0, 0.0),
            row("2021-02-01", 0.0, 5.0),
            row("2021-02-10", 40.0, 0.0),
        ];
        let end = day_of("2021-03-15").expect("a date");
        let base =
            CustomerBase::new(CustomerIds::Integer(vec![1, 2, 3]), vec![0, 2, 4, 5], rows, end);
        let cohorts = cohorts(&base);
        let january = &cohorts.cohorts[0];
        assert_eq!((january.cohort.as_str(), january.n_customers), ("2021-01", 2));
        assert_eq!(january.retention, [Some(1.0), Some(0.0), None]);
        assert_eq!(january.cumulative_value, [Some(15.0), Some(12.5), None]);
        assert_eq!(cohorts.cohorts[1].retention, [Some(1.0), None, None]);
        assert_eq!(cohorts.mean_retention, [Some(1.0), Some(0.0), None]);
        assert!((january.repeat_rate - 0.5).abs() < 1e-12);
    }
}
