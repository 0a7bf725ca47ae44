//! From subscriptions to what a retention model sees: whole periods, and whether the customer has left.

use std::collections::BTreeMap;

use clv_engine::{SubscriptionData, SubscriptionRows, SubscriptionSpans, SurvivorTable};
use clv_models::retention::{Tenure, Tenures};

use crate::calendar::{date_of, day_of_date};
use crate::error::StudyError;
use crate::time::TimeUnit;

/// A cohort given in percent or shares is taken to be of this size where nobody says otherwise.
pub const ASSUMED_COHORT_SIZE: f64 = 1_000.0;
/// More periods than this in one tenure are a wrong date or unit.
const MOST_PERIODS: u32 = 1_000_000;

/// More cohorts than this are not fitted one by one.
pub const MOST_COHORTS: usize = 60;

/// What the user settles.
#[derive(Debug, Clone, Default)]
pub struct SubscriberOptions {
    /// The length of a period; none takes what the headings say, else a month.
    pub unit: Option<TimeUnit>,
    /// The one cohort to look at; none takes all together.
    pub cohort: Option<String>,
    /// The size of a cohort given in percent or shares; none assumes [`ASSUMED_COHORT_SIZE`].
    pub cohort_size: Option<f64>,
    /// The day of the question; none takes the last day of the data, but no day after `today`.
    pub as_of: Option<i32>,
    /// The day it is.
    pub today: Option<i32>,
}

/// One subscription as of the day of the question.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Subscriber {
    /// Renewals so far, and whether it has ended.
    pub tenure: Tenure,
    /// Price of a period, money; NaN where unknown.
    pub amount: f64,
    /// Periods until the next renewal is due, from 0 to 1.
    pub until_renewal: f64,
}

/// All subscriptions.
#[derive(Debug, Clone)]
pub struct Subscribers {
    /// The length of a period.
    pub unit: TimeUnit,
    /// What the models see.
    pub tenures: Tenures,
    /// The same of each cohort, where 2 to [`MOST_COHORTS`] went in.
    pub by_cohort: Vec<(String, Tenures)>,
    /// The subscriptions one by one; empty for tables of survivors.
    pub subscribers: Vec<Subscriber>,
    /// Whose they are.
    pub ids: Vec<String>,
    /// First day and last day of each, where the data have dates.
    pub days: Option<Vec<(i32, Option<i32>)>>,
    /// The cohorts that went in.
    pub cohorts: Vec<String>,
    /// Of tables of survivors what the models see of each cohort; empty for subscriptions one by one.
    pub cohort_tenures: Vec<Tenures>,
    /// The day of the question, where the data have dates.
    pub as_of: Option<i32>,
    /// What to know about the reading.
    pub cautions: Vec<String>,
}

impl Subscribers {
    /// Subscriptions as of one day.
    ///
    /// # Errors
    /// [`StudyError::Subscriptions`] where the cohort asked for is not there, or a table lacks its beginning.
    pub fn of(data: &SubscriptionData, options: &SubscriberOptions) -> Result<Self, StudyError> {
        match data {
            SubscriptionData::Rows(rows) => of_rows(rows, options),
            SubscriptionData::Survivors(table) => of_survivors(table, options),
        }
    }
}

fn refuse(problem: String) -> StudyError {
    StudyError::Subscriptions { problem }
}

/// The unit that a heading names.
fn unit_of_heading(heading: &str) -> Option<TimeUnit> {
    match heading.trim().to_lowercase().trim_end_matches('s') {
        "year" => Some(TimeUnit::Year),
        "month" => Some(TimeUnit::Month),
        "week" => Some(TimeUnit::Week),
        "day" => Some(TimeUnit::Day),
        _ => None,
    }
}

fn of_survivors(
    table: &SurvivorTable,
    options: &SubscriberOptions,
) -> Result<Subscribers, StudyError> {
    let mut cautions = Vec::new();
    let named = unit_of_heading(&table.age_heading);
    let unit = options.unit.or(named).unwrap_or_else(|| {
        cautions.push("nothing names the length of a period; a month is assumed".to_owned());
        TimeUnit::Month
    });
    let chosen: Vec<&(String, Vec<f64>)> = table
        .cohorts
        .iter()
        .filter(|(name, _)| options.cohort.as_ref().is_none_or(|wanted| wanted == name))
        .collect();
    if chosen.is_empty() {
        let known: Vec<&str> = table.cohorts.iter().map(|(name, _)| name.as_str()).collect();
        return Err(refuse(format!(
            "there is no cohort '{}'; expected one of {}",
            options.cohort.as_deref().unwrap_or_default(),
            known.join(", ")
        )));
    }
    let (mut tenures, mut cohort_tenures) = (Tenures::default(), Vec::new());
    let mut by_cohort = Vec::new();
    for (name, written) in &chosen {
        let first = written.first().copied().unwrap_or(0.0);
        let is_fractional = written.iter().any(|value| value.fract() > 0.0);
        // A share begins at 1, a percentage at 100; where the beginning is left out both stay below it.
        let whole = if first <= 1.0 && is_fractional {
            Some(1.0)
        } else if first <= 100.0 && (is_fractional || options.cohort_size.is_some()) {
            Some(100.0)
        } else {
            None
        };
        let mut survivors = written.clone();
        match whole {
            Some(whole) => {
                let size = options.cohort_size.unwrap_or(ASSUMED_COHORT_SIZE);
                if options.cohort_size.is_none() {
                    let what = if whole > 1.0 { "percent" } else { "shares" };
                    cautions.push(format!(
                        "{name} is given in {what}: a cohort of {size} customers is assumed, on which the likelihood and \
                         every standard error depend; --cohort-size says it"
                    ));
                }
                if table.first_age == 1 {
                    survivors.insert(0, whole);
                }
                survivors.iter_mut().for_each(|value| *value *= size / whole);
            }
            None if table.first_age == 1 => {
                return Err(refuse(format!(
                    "{name} begins at age 1: how many there were at age 0 is missing"
                )));
            }
            None => {}
        }
        let mut of_cohort = Tenures::default();
        for to in [&mut tenures, &mut of_cohort] {
            to.add_cohort(&survivors).map_err(|error| refuse(format!("{name}: {error}")))?;
        }
        by_cohort.push((name.clone(), of_cohort.clone()));
        cohort_tenures.push(of_cohort);
    }
    pooled_caution(chosen.len(), &mut cautions);
    Ok(Subscribers {
        unit,
        tenures,
        by_cohort: of_several(by_cohort),
        subscribers: Vec::new(),
        ids: Vec::new(),
        days: None,
        cohorts: chosen.iter().map(|(name, _)| name.clone()).collect(),
        cohort_tenures,
        as_of: None,
        cautions,
    })
}

/// One cohort is what all are; of very many each tells too little to be fitted alone.
fn of_several(by_cohort: Vec<(String, Tenures)>) -> Vec<(String, Tenures)> {
    if (2..=MOST_COHORTS).contains(&by_cohort.len()) { by_cohort } else { Vec::new() }
}

fn pooled_caution(n_cohorts: usize, cautions: &mut Vec<String>) {
    if n_cohorts > 1 {
        cautions.push(format!(
            "{n_cohorts} cohorts go into one curve; `clv fit` tests whether they differ, and --cohort NAME takes one of them \
             alone"
        ));
    }
}

fn of_rows(
    rows: &SubscriptionRows,
    options: &SubscriberOptions,
) -> Result<Subscribers, StudyError> {
    let unit = options.unit.unwrap_or(TimeUnit::Month);
    let mut cautions = Vec::new();
    if options.unit.is_none() {
        cautions.push("periods are taken to be months; --time-unit says otherwise".to_owned());
    }
    let is_chosen = |i: usize| match (&options.cohort, &rows.cohort) {
        (Some(wanted), Some(cohorts)) => cohorts[i] == *wanted,
        (Some(_), None) => false,
        (None, _) => true,
    };
    let chosen: Vec<usize> = (0..rows.ids.len()).filter(|i| is_chosen(*i)).collect();
    let mut cohorts: Vec<String> = rows
        .cohort
        .as_ref()
        .map_or_else(Vec::new, |all| chosen.iter().map(|i| all[*i].clone()).collect());
    cohorts.sort_unstable();
    cohorts.dedup();
    if chosen.is_empty() {
        let wanted = options.cohort.as_deref().unwrap_or_default();
        return Err(refuse(format!("no row is of the cohort '{wanted}'")));
    }
    pooled_caution(cohorts.len(), &mut cautions);
    let mut subscribers = Vec::with_capacity(chosen.len());
    let (mut days, mut as_of) = (None, None);
    let amount = |i: usize| rows.amount.as_ref().map_or(f64::NAN, |amounts| amounts[i]);
    match &rows.spans {
        SubscriptionSpans::Dates { start, end } => {
            let last = start.iter().copied().chain(end.iter().flatten().copied()).max();
            let last = last.map(|last| options.today.map_or(last, |today| last.min(today)));
            let day = options.as_of.or(last).unwrap_or(0);
            let mut spans = Vec::with_capacity(chosen.len());
            for i in &chosen {
                // What ends later is there still.
                let ended = end[*i].filter(|end| *end <= day);
                let (tenure, until_renewal) = of_days(start[*i], ended, day, unit);
                subscribers.push(Subscriber { tenure, amount: amount(*i), until_renewal });
                spans.push((start[*i], ended));
            }
            (days, as_of) = (Some(spans), Some(day));
        }
        SubscriptionSpans::Tenures { periods, has_left, observed } => {
            for i in &chosen {
                let stayed = periods[*i].min(f64::from(MOST_PERIODS));
                let reaches_end = observed.as_ref().is_some_and(|all| stayed >= all[*i]);
                let tenure = if has_left[*i] {
                    Tenure::LeftAt((stayed.ceil() as u32).max(1))
                } else if reaches_end {
                    // The last period observed is under way: its renewal is not decided.
                    Tenure::StillThereAfter((stayed.floor() as u32).saturating_sub(1))
                } else {
                    Tenure::StillThereAfter(stayed.floor() as u32)
                };
                subscribers.push(Subscriber { tenure, amount: amount(*i), until_renewal: 0.0 });
            }
        }
    }
    let mut tenures = Tenures::default();
    let mut by_cohort: BTreeMap<&str, Tenures> = BTreeMap::new();
    for (i, one) in chosen.iter().zip(&subscribers) {
        let own = rows.cohort.as_ref().map(|all| by_cohort.entry(&all[*i]).or_default());
        for tenures in own.into_iter().chain([&mut tenures]) {
            tenures
                .push(one.tenure, 1.0)
                .expect("occasions start at 1 and a weight of one is positive");
        }
    }
    let by_cohort = by_cohort.into_iter().map(|(name, own)| (name.to_owned(), own)).collect();
    let by_cohort = of_several(by_cohort);
    let ids: Vec<String> = chosen.iter().map(|i| rows.ids[*i].clone()).collect();
    let mut distinct: Vec<&String> = ids.iter().collect();
    distinct.sort_unstable();
    distinct.dedup();
    if distinct.len() < ids.len() {
        cautions.push(format!(
            "{} rows are of {} customers: each row counts as a subscription of its own",
            ids.len(),
            distinct.len()
        ));
    }
    let cohort_tenures = Vec::new();
    Ok(Subscribers {
        unit,
        tenures,
        by_cohort,
        subscribers,
        ids,
        days,
        cohorts,
        cohort_tenures,
        as_of,
        cautions,
    })
}

/// The tenure of a subscription by its days, and the periods until its next renewal.
fn of_days(start: i32, ended: Option<i32>, as_of: i32, unit: TimeUnit) -> (Tenure, f64) {
    let until = ended.unwrap_or(as_of).max(start);
    let whole = whole_periods(start, until, unit);
    let due = anniversary(start, whole, unit);
    if ended.is_some() {
        // Who leaves in the midst of a period does not renew at its end.
        let left_at = if due >= until { whole.max(1) } else { whole + 1 };
        return (Tenure::LeftAt(left_at), 0.0);
    }
    let next = anniversary(start, whole + 1, unit);
    let length = f64::from((next - due).max(1));
    (Tenure::StillThereAfter(whole), (f64::from(next - as_of) / length).clamp(0.0, 1.0))
}

/// Whole periods from one day to another, months and years by the calendar.
pub(crate) fn whole_periods(start: i32, end: i32, unit: TimeUnit) -> u32 {
    let months = || {
        let span = date_of(start).until((jiff::Unit::Month, date_of(end)));
        span.map_or(0, |span| span.get_months()).max(0)
    };
    let whole = match unit {
        TimeUnit::Month => months(),
        TimeUnit::Year => months() / 12,
        _ => (f64::from(end - start) / unit.days()).floor().max(0.0) as i32,
    };
    u32::try_from(whole).unwrap_or(0).min(MOST_PERIODS)
}

/// The day so many periods after another, months and years by the calendar: a month after 31 January is the last day
/// of February.
pub(crate) fn anniversary(start: i32, periods: u32, unit: TimeUnit) -> i32 {
    let months = match unit {
        TimeUnit::Month => periods,
        TimeUnit::Year => periods.saturating_mul(12),
        _ => {
            let days = (f64::from(periods) * unit.days()).ceil();
            return (f64::from(start) + days).min(f64::from(i32::MAX)) as i32;
        }
    };
    let months = i32::try_from(months).unwrap_or(i32::MAX).min(12 * 9_000);
    let span = jiff::Span::new().months(months);
    date_of(start).checked_add(span).map_or(i32::MAX, day_of_date)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::day_of;

    #[test]
    fn months_are_counted_by_the_calendar_and_leaving_in_the_midst_of_one_is_not_renewing_it() {
        let day = |text: &str| day_of(text).expect(text);
        let as_of = day("2021-06-30");
        for (start, end, expected) in [
            ("2021-01-01", Some("2021-01-31"), Tenure::LeftAt(1)),
            ("2021-01-01", Some("2021-02-01"), Tenure::LeftAt(1)),
            ("2021-01-01", Some("2021-02-02"), Tenure::LeftAt(2)),
            ("2021-01-31", Some("2021-01-31"), Tenure::LeftAt(1)),
            ("2021-01-31", None, Tenure::StillThereAfter(4)),
            ("2021-06-30", None, Tenure::StillThereAfter(0)),
            ("2021-05-30", None, Tenure::StillThereAfter(1)),
        ] {
            let (tenure, until) = of_days(day(start), end.map(day), as_of, TimeUnit::Month);
            assert_eq!(tenure, expected, "{start} to {end:?}");
            assert!((0.0..=1.0).contains(&until));
        }
        assert_eq!(of_days(0, None, 20, TimeUnit::Week), (Tenure::StillThereAfter(2), 1.0 / 7.0));
        assert_eq!(whole_periods(day("2019-03-01"), day("2021-02-28"), TimeUnit::Year), 1);
    }
}
