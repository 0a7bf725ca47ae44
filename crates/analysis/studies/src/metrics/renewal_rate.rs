//! Renewal rate and retention rate of contracts, period by period, with counts and intervals.

use std::collections::BTreeMap;

use clv_answers::retention::{PeriodRate, RetentionMetric};
use clv_models::retention::{KaplanMeier, Tenure};

use super::wilson;
use crate::calendar::{date_of, iso, month_label, month_of};
use crate::subscribers::{Subscribers, anniversary};
use crate::time::TimeUnit;

/// One metric of subscriptions.
#[derive(Debug, Clone, Copy)]
pub struct SubscriptionMetricEntry {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is, in one plain sentence.
    pub meaning: &'static str,
    /// Computes it.
    pub compute: fn(&Subscribers) -> RetentionMetric,
}

/// Renewals made among those due.
pub const RENEWAL_RATE: SubscriptionMetricEntry = SubscriptionMetricEntry {
    name: "renewal-rate",
    meaning: "renewals made / renewals due, of contracts",
    compute: |subscribers| answer(&RENEWAL_RATE, renewals(subscribers)),
};

/// Customers kept among those at the start.
pub const RETENTION_RATE: SubscriptionMetricEntry = SubscriptionMetricEntry {
    name: "retention-rate",
    meaning: "(customers at the end - new ones) / customers at the start, of contracts",
    compute: |subscribers| answer(&RETENTION_RATE, customers(subscribers)),
};

/// Counts of one period: the base, the new, the end, and whether the period is over.
type Counts = (String, f64, f64, f64, bool);

fn answer(entry: &SubscriptionMetricEntry, periods: Vec<Counts>) -> RetentionMetric {
    let last = periods.iter().rev().find(|(_, n, .., is_over)| *is_over && *n > 0.0);
    let (value, period) = match last {
        Some((period, n, new, end, _)) => (Some((end - new) / n), Some(period.clone())),
        None => (None, None),
    };
    let by_period = periods
        .into_iter()
        .map(|(period, n, new, end, _)| {
            let interval = wilson(end - new, n);
            PeriodRate {
                period,
                n,
                new,
                end,
                rate: (n > 0.0).then(|| (end - new) / n),
                rate_low: interval.map(|ends| ends.0),
                rate_high: interval.map(|ends| ends.1),
            }
        })
        .collect();
    RetentionMetric {
        metric: entry.name.to_owned(),
        definition_id: format!("{}@1", entry.name),
        meaning: entry.meaning.to_owned(),
        setting: "contractual".to_owned(),
        value,
        period,
        unit: "ratio".to_owned(),
        by_period,
    }
}

/// By renewal occasion, where the data bear no dates.
fn by_occasion(subscribers: &Subscribers) -> Vec<Counts> {
    let seen = KaplanMeier::new(&subscribers.tenures, 0.95);
    let counts = |step: &clv_models::retention::kaplan_meier::SurvivalStep| {
        let renewed = step.n_at_risk - step.n_lost;
        (format!("renewal {}", step.renewal), step.n_at_risk, 0.0, renewed, true)
    };
    seen.steps().iter().map(counts).collect()
}

/// Renewals due and made, each in the period in which it was due; who left before is due on the day of leaving.
fn renewals(subscribers: &Subscribers) -> Vec<Counts> {
    let (Some(days), Some(as_of)) = (&subscribers.days, subscribers.as_of) else {
        return by_occasion(subscribers);
    };
    let unit = subscribers.unit;
    let mut periods: BTreeMap<i32, (f64, f64)> = BTreeMap::new();
    for (one, (start, end)) in subscribers.subscribers.iter().zip(days) {
        let (renewed, left) = match one.tenure {
            Tenure::LeftAt(renewal) => (renewal - 1, *end),
            Tenure::StillThereAfter(renewals) => (renewals, None),
        };
        for renewal in 1..=renewed {
            let counts =
                periods.entry(period_of(anniversary(*start, renewal, unit), unit)).or_default();
            *counts = (counts.0 + 1.0, counts.1 + 1.0);
        }
        if let Some(day) = left {
            periods.entry(period_of(day, unit)).or_default().0 += 1.0;
        }
    }
    let is_over = |period: i32| period_of(as_of.saturating_add(1), unit) > period;
    periods
        .into_iter()
        .map(|(period, (due, made))| (label(period, unit), due, 0.0, made, is_over(period)))
        .collect()
}

/// Customers at the evening before a period, and at its own last evening, those who began in it apart.
fn customers(subscribers: &Subscribers) -> Vec<Counts> {
    let (Some(days), Some(as_of)) = (&subscribers.days, subscribers.as_of) else {
        return by_occasion(subscribers);
    };
    let unit = subscribers.unit;
    // Beginnings, ends, and ends of those who began in the same period.
    let mut changes: BTreeMap<i32, (f64, f64, f64)> = BTreeMap::new();
    for (start, end) in days {
        let began = period_of(*start, unit);
        changes.entry(began).or_default().0 += 1.0;
        if let Some(end) = end {
            let ended = period_of(*end, unit);
            let counts = changes.entry(ended).or_default();
            counts.1 += 1.0;
            counts.2 += f64::from(u8::from(ended == began));
        }
    }
    let (Some(first), last) = (changes.keys().next().copied(), period_of(as_of, unit)) else {
        return Vec::new();
    };
    let mut there = 0.0;
    (first..=last)
        .map(|period| {
            let (began, ended, both) = changes.get(&period).copied().unwrap_or_default();
            let at_start = there;
            there += began - ended;
            let is_over = period_of(as_of.saturating_add(1), unit) > period;
            (label(period, unit), at_start, began - both, there, is_over)
        })
        .collect()
}

/// The calendar period a day lies in, counted; weeks begin on Mondays.
fn period_of(day: i32, unit: TimeUnit) -> i32 {
    match unit {
        TimeUnit::Hour | TimeUnit::Day => day,
        // 1970-01-01 was a Thursday.
        TimeUnit::Week => (day + 3).div_euclid(7),
        TimeUnit::Month => month_of(day),
        TimeUnit::Year => i32::from(date_of(day).year()),
    }
}

fn label(period: i32, unit: TimeUnit) -> String {
    match unit {
        TimeUnit::Hour | TimeUnit::Day => iso(period),
        TimeUnit::Week => iso(period.saturating_mul(7) - 3),
        TimeUnit::Month => month_label(period),
        TimeUnit::Year => format!("{period:04}"),
    }
}
