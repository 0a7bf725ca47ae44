//! Seasons and campaigns: the clock by which a shop's customers live.
//!
//! In December a week brings as many purchases as two weeks of June. A [`SeasonClock`] counts time so that every unit
//! of it brings the same: it runs fast in season and slow out of it, and its year is as long as the calendar's.
//! Histories are told in its time, models are fitted in it without knowing, and horizons and dates are turned
//! back. Leaving runs by the same clock, which is an approximation: over whole years it makes no difference.
//!
//! A year is cut into months; campaigns and other known windows have factors of their own on top. Factors come from
//! the purchases of each period over those that the model expects without a season, a few times to and fro.

mod clock;
mod pattern;
mod saved;
mod serve;
mod settle;
mod trial;

use clv_models::catalogue::PurchaseModelEntry;
use clv_models::fit::{FitOptions, FittedPurchaseModel, fit_purchase_model};
use clv_models::purchase::PurchaseModel;
use clv_models::season::{PeriodFactors, period_factors};

use crate::base::CustomerBase;
use crate::error::StudyError;
use crate::handoff::{HistoryColumns, group_histories_by};
use crate::time::TimeUnit;

pub use self::clock::SeasonClock;
use self::pattern::month_place;
pub use self::pattern::{SeasonPattern, SeasonWindow};
pub use self::saved::{month_name, saved_pattern, season_answer, season_in_words};
pub use self::serve::{ServedSeason, saved_season, serve_season};
pub use self::settle::{
    SeasonChoice, SeasonRequest, SettledSeason, note_season, settle_season, try_season,
};
pub use self::trial::{SeasonScore, season_trial};

/// Days without which a year's season and its absence cannot be told apart.
pub const FEWEST_DAYS: i32 = 365;

/// Times that factors and model are fitted to each other; the third changes factors by less than a thousandth.
const N_ROUNDS: usize = 4;

/// Times that months and windows are fitted to each other within each of them.
const N_INNER_ROUNDS: usize = 30;

/// A season found in a customer base, and the model fitted by its clock.
#[derive(Debug, Clone)]
pub struct SeasonFit {
    /// The pattern.
    pub pattern: SeasonPattern,
    /// The factors of the twelve months as they were estimated, with how sure they are.
    pub months: PeriodFactors,
    /// Those of the windows, in the order of their names.
    pub windows: PeriodFactors,
    /// The model fitted in the clock's time.
    pub fitted: FittedPurchaseModel,
}

/// Fits a season and the model of `entry` to each other. The customers' days up to the end of `base` are used;
/// `windows` may lie in the future, where they change the clock only.
///
/// # Errors
/// [`StudyError::TooShort`] where the data do not span a year, [`StudyError`] where the model cannot be fitted.
pub fn fit_season(
    base: &CustomerBase,
    entry: &'static PurchaseModelEntry,
    unit: TimeUnit,
    windows: &[SeasonWindow],
) -> Result<SeasonFit, StudyError> {
    fit_pattern(base, entry, unit, windows, true)
}

/// As [`fit_season`] with the windows alone: every month is like the others, and the data may be short.
///
/// # Errors
/// [`StudyError`] where the model cannot be fitted.
pub fn fit_windows(
    base: &CustomerBase,
    entry: &'static PurchaseModelEntry,
    unit: TimeUnit,
    windows: &[SeasonWindow],
) -> Result<SeasonFit, StudyError> {
    fit_pattern(base, entry, unit, windows, false)
}

fn fit_pattern(
    base: &CustomerBase,
    entry: &'static PurchaseModelEntry,
    unit: TimeUnit,
    windows: &[SeasonWindow],
    has_months: bool,
) -> Result<SeasonFit, StudyError> {
    let first = base.first_day().unwrap_or(base.end_day());
    let n_days = base.end_day() - first + 1;
    if has_months && n_days < FEWEST_DAYS {
        return Err(StudyError::TooShort {
            problem: format!(
                "the data span {n_days} days, and a season takes {FEWEST_DAYS} to see"
            ),
        });
    }
    let days = Days::of(base, first);
    let mut pattern = SeasonPattern::flat(windows);
    let mut found: Option<(PeriodFactors, PeriodFactors)> = None;
    for _ in 0..N_ROUNDS {
        let clock = SeasonClock::new(&pattern, first, base.end_day());
        let fitted = fit_by(&days, entry, unit, Some(&clock), base.end_day())?;
        let expected = days.expected(fitted.model().as_ref(), &clock, unit);
        let overdispersion = days.overdispersion(&expected);
        found = Some(days.factors(&mut pattern, &expected, overdispersion, has_months));
    }
    let clock = SeasonClock::new(&pattern, first, base.end_day());
    let fitted = fit_by(&days, entry, unit, Some(&clock), base.end_day())?;
    let (months, windows) = found.expect("there is at least one round");
    Ok(SeasonFit { pattern, months, windows, fitted })
}

fn fit_by(
    days: &Days,
    entry: &'static PurchaseModelEntry,
    unit: TimeUnit,
    clock: Option<&SeasonClock>,
    end_day: i32,
) -> Result<FittedPurchaseModel, StudyError> {
    let columns = HistoryColumns {
        n_days: &days.n_days,
        first_day: &days.first_day,
        last_day: &days.last_day,
        end_day,
        // By the season's clock gaps have another length, and both fits are to know the same.
        sum_ln_interpurchase_days: None,
        recent_purchases: None,
    };
    let grouped = group_histories_by(&columns, unit, clock);
    Ok(fit_purchase_model(entry, &grouped.histories, &FitOptions::default())?)
}

/// What the season is estimated from: births and repeat purchases of each day, and each customer's history.
struct Days {
    first: i32,
    /// New customers of each day.
    births: Vec<f64>,
    /// Repeat purchases of each day.
    repeats: Vec<f64>,
    n_days: Vec<u32>,
    first_day: Vec<i32>,
    last_day: Vec<i32>,
}

impl Days {
    fn of(base: &CustomerBase, first: i32) -> Self {
        let length = usize::try_from(base.end_day() - first + 1).unwrap_or(1);
        let mut days = Self {
            first,
            births: vec![0.0; length],
            repeats: vec![0.0; length],
            n_days: Vec::new(),
            first_day: Vec::new(),
            last_day: Vec::new(),
        };
        let place = |day: i32| usize::try_from(day - first).unwrap_or(0).min(length - 1);
        for customer in 0..base.n_customers() {
            let mut bought = base.purchases_of(customer).map(|row| row.day);
            let Some(born) = bought.next() else { continue };
            days.births[place(born)] += 1.0;
            let (mut n, mut last) = (1, born);
            for day in bought {
                days.repeats[place(day)] += 1.0;
                (n, last) = (n + 1, day);
            }
            days.n_days.push(n);
            days.first_day.push(born);
            days.last_day.push(last);
        }
        days
    }

    /// Repeat purchases of each day that the model expects by this clock.
    fn expected(&self, model: &dyn PurchaseModel, clock: &SeasonClock, unit: TimeUnit) -> Vec<f64> {
        let length = self.births.len();
        let at: Vec<f64> = (0..length)
            .map(|place| clock.at(self.first + i32::try_from(place).unwrap_or(0)))
            .collect();
        // The expectation is smooth, so that a straight line between clock days is as good as the function.
        let longest = at[length - 1] - at[0];
        let grid: Vec<f64> = (0..=longest.ceil() as usize + 1)
            .map(|days| model.expected_purchases(days as f64 / unit.days()))
            .collect();
        let expected_upto = |age: f64| {
            let whole = age.floor().max(0.0) as usize;
            let share = age - whole as f64;
            grid[whole] * (1.0 - share) + grid[whole + 1] * share
        };
        (0..length)
            .map(|day| {
                (0..day)
                    .filter(|birth| self.births[*birth] > 0.0)
                    .map(|birth| {
                        let upto = expected_upto(at[day] - at[birth]);
                        self.births[birth] * (upto - expected_upto(at[day - 1] - at[birth]))
                    })
                    .sum()
            })
            .collect()
    }

    /// How much more weeks vary than Poisson counts around their smoothed course: what is left after a season of a
    /// few weeks is burst, not season. At least 1.
    fn overdispersion(&self, expected: &[f64]) -> f64 {
        let weeks: Vec<(f64, f64)> = self
            .repeats
            .chunks_exact(7)
            .zip(expected.chunks_exact(7))
            .map(|(counts, means)| (counts.iter().sum(), means.iter().sum()))
            .filter(|(_, mean)| *mean >= 1.0)
            .collect();
        // A week against the mean of its two neighbours: the variance is 1.5 times a week's own.
        let terms: Vec<f64> = weeks
            .windows(3)
            .map(|three| {
                let ratio = |week: (f64, f64)| week.0 / week.1;
                let neighbours = 0.5 * (ratio(three[0]) + ratio(three[2]));
                let level =
                    (three[0].0 + three[1].0 + three[2].0) / (three[0].1 + three[1].1 + three[2].1);
                let squared = (ratio(three[1]) - neighbours).powi(2);
                squared * three[1].1 / (1.5 * level.max(1e-9))
            })
            .collect();
        if terms.is_empty() {
            return 1.0;
        }
        (terms.iter().sum::<f64>() / terms.len() as f64).max(1.0)
    }

    /// New factors of months and windows, each given the other until they agree.
    fn factors(
        &self,
        pattern: &mut SeasonPattern,
        expected: &[f64],
        overdispersion: f64,
        has_months: bool,
    ) -> (PeriodFactors, PeriodFactors) {
        let n_names = pattern.window_factors.len();
        // Each day's month, the windows that it lies in, its purchases, and those expected without any season.
        let days: Vec<(usize, Vec<usize>, f64, f64)> = expected
            .iter()
            .enumerate()
            .map(|(place, mean)| {
                let day = self.first + i32::try_from(place).unwrap_or(0);
                let flat = mean / pattern.factor(day).max(f64::MIN_POSITIVE);
                (month_place(day), pattern.windows_of(day), self.repeats[place], flat)
            })
            .collect();
        let mut months = period_factors(&[0.0; 12], &[0.0; 12], overdispersion);
        let mut windows = period_factors(&[], &[], overdispersion);
        for _ in 0..N_INNER_ROUNDS {
            if has_months {
                let mut by_month = ([0.0; 12], [0.0; 12]);
                for (month, within, count, flat) in &days {
                    let of_windows: f64 =
                        within.iter().map(|name| pattern.window_factors[*name]).product();
                    by_month.0[*month] += count;
                    by_month.1[*month] += flat * of_windows;
                }
                months = period_factors(&by_month.0, &by_month.1, overdispersion);
                pattern.month_factors.copy_from_slice(&months.factors);
                pattern.normalise();
            }
            // A window is named because something is known to happen in it: each stands for itself.
            let each: Vec<PeriodFactors> = (0..n_names)
                .map(|name| {
                    let (mut count_within, mut mean_within) = (0.0, 0.0);
                    for (month, within, count, flat) in &days {
                        if within.contains(&name) {
                            let others: f64 = within
                                .iter()
                                .filter(|other| **other != name)
                                .map(|other| pattern.window_factors[*other])
                                .product();
                            count_within += count;
                            mean_within += flat * pattern.month_factors[*month] * others;
                        }
                    }
                    period_factors(&[count_within], &[mean_within], overdispersion)
                })
                .collect();
            windows = PeriodFactors {
                factors: each.iter().map(|one| one.factors[0]).collect(),
                standard_deviations: each.iter().map(|one| one.standard_deviations[0]).collect(),
                strength: each.iter().map(|one| one.strength).fold(f64::INFINITY, f64::min),
                likelihood_ratio: each.iter().map(|one| one.likelihood_ratio).sum(),
            };
            pattern.window_factors.clone_from(&windows.factors);
        }
        (months, windows)
    }
}
