//! From customers to what a purchase model sees: equal histories once, with the number of customers who share
//! them, and for each customer the row that stands for them.

use clv_models::{PurchaseHistories, PurchaseHistory};
use rustc_hash::FxHashMap;

use crate::distinct::DistinctKeys;
use crate::season::SeasonClock;
use crate::time::TimeUnit;

/// Customers' histories as plain columns, times in days; one entry for each customer.
#[derive(Debug, Clone, Copy)]
pub struct HistoryColumns<'a> {
    /// Distinct purchase days, at least 1.
    pub n_days: &'a [u32],
    /// Day of the first purchase.
    pub first_day: &'a [i32],
    /// Day of the last purchase.
    pub last_day: &'a [i32],
    /// Sum of the natural logarithms of the days between neighbouring purchase days, where that is known of all; NaN
    /// where it is not known of one.
    pub sum_ln_interpurchase_days: Option<&'a [f64]>,
    /// The last day observed, not before any last purchase.
    pub end_day: i32,
    /// Purchase days within some recent window, where a forecaster asks for them.
    pub recent_purchases: Option<&'a [u32]>,
}

/// Distinct histories with weights, and each customer's row among them.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupedHistories {
    /// The distinct histories, in order of first appearance; times in the unit asked for.
    pub histories: PurchaseHistories,
    /// For each customer, the row of their history.
    pub row_of_customer: Vec<u32>,
    /// For each row, the stratum of its customers' traits; empty where nobody asked for them.
    stratum_of_row: Vec<u32>,
    /// For each row, the recent purchases of its customers; empty where nobody asked for them.
    recent_purchases: Vec<u32>,
}

impl GroupedHistories {
    /// The same customers with each history once for each stratum of traits; one entry for each customer.
    #[must_use]
    pub fn by_strata(&self, stratum_of_customer: &[u32]) -> Self {
        let mut known: FxHashMap<(u32, u32), u32> = FxHashMap::default();
        let mut keys: Vec<(u32, u32)> = Vec::new();
        let mut weights: Vec<f64> = Vec::new();
        let pairs = self.row_of_customer.iter().zip(stratum_of_customer);
        let row_of_customer = pairs
            .map(|(row, stratum)| {
                let key = (*row, *stratum);
                let new = *known.entry(key).or_insert_with(|| {
                    keys.push(key);
                    weights.push(0.0);
                    u32::try_from(keys.len() - 1).expect("there are fewer histories than 2^32")
                });
                weights[new as usize] += 1.0;
                new
            })
            .collect();
        let mut histories = PurchaseHistories::with_capacity(keys.len());
        for ((row, _), weight) in keys.iter().zip(weights) {
            let history = self.histories.histories()[*row as usize];
            histories.push(history, weight).expect("a count of customers is a weight");
        }
        let recent = |key: &(u32, u32)| self.recent_purchases_of_row(key.0 as usize);
        Self {
            histories,
            row_of_customer,
            stratum_of_row: keys.iter().map(|key| key.1).collect(),
            recent_purchases: keys.iter().map(recent).collect(),
        }
    }

    /// The stratum of a row's customers; 0 where nobody asked for strata.
    #[must_use]
    pub fn stratum_of_row(&self, row: usize) -> usize {
        self.stratum_of_row.get(row).copied().unwrap_or(0) as usize
    }

    /// The recent purchases of a row's customers; 0 where nobody asked for them.
    #[must_use]
    pub fn recent_purchases_of_row(&self, row: usize) -> u32 {
        self.recent_purchases.get(row).copied().unwrap_or(0)
    }

    /// Repeat purchases over customer time, all customers together; per unit of the histories, 0 where no time has
    /// passed.
    #[must_use]
    pub fn mean_rate(&self) -> f64 {
        let (repeats, time) = self.histories.iter().fold((0.0, 0.0), |sums, (one, weight)| {
            (sums.0 + weight * f64::from(one.repeat_purchases()), sums.1 + weight * one.age())
        });
        if time > 0.0 { repeats / time } else { 0.0 }
    }

    /// Histories from a file, one customer for each row, grouped where they are equal; times are multiplied by
    /// `factor`.
    #[must_use]
    pub fn of_rows(rows: &PurchaseHistories, factor: f64) -> Self {
        let mut known: FxHashMap<(u32, u64, u64), u32> = FxHashMap::default();
        let mut distinct: Vec<(PurchaseHistory, f64)> = Vec::new();
        let mut sums_ln: Vec<f64> = Vec::new();
        let mut row_of_customer = Vec::with_capacity(rows.len());
        for (history, weight) in rows.iter() {
            let (last_age, age) = (history.last_purchase_age() * factor, history.age() * factor);
            let key = (history.repeat_purchases(), last_age.to_bits(), age.to_bits());
            let row = *known.entry(key).or_insert_with(|| {
                let scaled = PurchaseHistory::new(key.0, last_age, age)
                    .expect("a history stays one when its unit changes");
                distinct.push((scaled, 0.0));
                sums_ln.push(0.0);
                u32::try_from(distinct.len() - 1).expect("there are fewer histories than 2^32")
            });
            distinct[row as usize].1 += weight;
            let sum_ln = history.sum_ln_interpurchase_times().unwrap_or(f64::NAN);
            sums_ln[row as usize] += weight * sum_ln;
            row_of_customer.push(row);
        }
        let mut histories = PurchaseHistories::with_capacity(distinct.len());
        for ((history, weight), sum_ln) in distinct.into_iter().zip(sums_ln) {
            let gaps = f64::from(history.repeat_purchases());
            let history = with_mean_sum_ln(history, sum_ln / weight + gaps * factor.ln());
            histories.push(history, weight).expect("a sum of weights is a weight");
        }
        Self {
            histories,
            row_of_customer,
            stratum_of_row: Vec::new(),
            recent_purchases: Vec::new(),
        }
    }
}

/// Groups customers by equal history. Customers who first bought after `end_day` count as born on it, with no
/// repeat purchase: they are new, not lost.
///
/// ```
/// use clv_studies::handoff::{HistoryColumns, group_histories};
/// use clv_studies::time::TimeUnit;
/// let columns = HistoryColumns {
///     n_days: &[3, 1, 3],
///     first_day: &[0, 7, 0],
///     last_day: &[14, 7, 14],
///     sum_ln_interpurchase_days: None,
///     end_day: 21,
///     recent_purchases: None,
/// };
/// let grouped = group_histories(&columns, TimeUnit::Week);
/// assert_eq!(grouped.histories.weights(), [2.0, 1.0]);
/// assert_eq!(grouped.row_of_customer, [0, 1, 0]);
/// assert_eq!(grouped.histories.histories()[0].age(), 3.0);
/// ```
#[must_use]
pub fn group_histories(columns: &HistoryColumns<'_>, unit: TimeUnit) -> GroupedHistories {
    group_histories_by(columns, unit, None)
}

/// As [`group_histories`], with time told by a season's clock where there is one. Histories are equal then only if
/// they begin and end on the same days.
#[must_use]
pub fn group_histories_by(
    columns: &HistoryColumns<'_>,
    unit: TimeUnit,
    clock: Option<&SeasonClock>,
) -> GroupedHistories {
    match clock {
        None => group_by_key(
            columns,
            columns.sum_ln_interpurchase_days.map(|sums| (sums, unit.days().ln())),
            |customer| day_history(columns, customer),
            |key| {
                let (repeats, last_age, age, recent) = *key;
                (repeats, f64::from(last_age) / unit.days(), f64::from(age) / unit.days(), recent)
            },
        ),
        Some(clock) => group_by_key(
            columns,
            // Of gaps by another clock the logarithms in days say nothing.
            None,
            |customer| dated_history(columns, customer),
            |key| {
                let (repeats, first, last, recent) = *key;
                let age = clock.between(first, columns.end_day.max(first)) / unit.days();
                let last_age = clock.between(first, last) / unit.days();
                // A day of no season's length lets no time go by; a purchase takes some.
                let last_age = if repeats > 0 { last_age.max(1e-9) } else { 0.0 };
                (repeats, last_age, age.max(last_age), recent)
            },
        ),
    }
}

/// Groups customers by `key_of` and tells each group's history by `history_of`: repeat purchases, last purchase age and
/// age in the unit asked for, recent purchases. `sum_ln_days` is what is known of the gaps of each customer, with the
/// logarithm of the unit in days.
fn group_by_key<K: Copy + Eq + std::hash::Hash>(
    columns: &HistoryColumns<'_>,
    sum_ln_days: Option<(&[f64], f64)>,
    key_of: impl Fn(usize) -> K,
    history_of: impl Fn(&K) -> (u32, f64, f64, u32),
) -> GroupedHistories {
    let n = columns.n_days.len();
    let mut distinct = DistinctKeys::new();
    let mut n_customers: Vec<u32> = Vec::new();
    let mut sums_ln: Vec<f64> = Vec::new();
    let mut row_of_customer = Vec::with_capacity(n);
    for customer in 0..n {
        let row = distinct.row_of(key_of(customer));
        let sum_ln = sum_ln_days.map_or(f64::NAN, |(sums, _)| sums[customer]);
        match n_customers.get_mut(row as usize) {
            Some(n) => {
                *n += 1;
                sums_ln[row as usize] += sum_ln;
            }
            None => {
                n_customers.push(1);
                sums_ln.push(sum_ln);
            }
        }
        row_of_customer.push(row);
    }
    let keys = distinct.into_keys();
    let mut histories = PurchaseHistories::with_capacity(keys.len());
    let recent_purchases = columns
        .recent_purchases
        .map_or_else(Vec::new, |_| keys.iter().map(|key| history_of(key).3).collect());
    for ((key, n), sum_ln) in keys.iter().zip(n_customers).zip(sums_ln) {
        let (repeats, last_age, age, _) = history_of(key);
        let history = PurchaseHistory::new(repeats, last_age, age)
            .expect("whole days in order make a history");
        let ln_unit = sum_ln_days.map_or(0.0, |(_, ln_unit)| ln_unit);
        let mean_sum_ln = sum_ln / f64::from(n) - f64::from(repeats) * ln_unit;
        let history = with_mean_sum_ln(history, mean_sum_ln);
        histories.push(history, f64::from(n)).expect("a count of customers is a weight");
    }
    GroupedHistories { histories, row_of_customer, stratum_of_row: Vec::new(), recent_purchases }
}

/// The history with the mean of what its customers' gaps are known to be; without where that is NaN, and 0 where
/// there are no gaps. Every model's log-likelihood is linear in that sum, so that the mean loses nothing.
fn with_mean_sum_ln(history: PurchaseHistory, mean_sum_ln: f64) -> PurchaseHistory {
    let sum = if history.repeat_purchases() == 0 { 0.0 } else { mean_sum_ln };
    history.with_sum_ln_interpurchase_times(sum).unwrap_or(history)
}

/// Repeat purchases, last purchase age and age in days, recent purchases.
type DayHistory = (u32, u32, u32, u32);

/// Repeat purchases, first and last purchase day, recent purchases; the same day twice for who has no age yet.
fn dated_history(columns: &HistoryColumns<'_>, customer: usize) -> (u32, i32, i32, u32) {
    let first = columns.first_day[customer];
    let (repeats, last_age, _, recent) = day_history(columns, customer);
    (repeats, first, first.saturating_add(i32::try_from(last_age).unwrap_or(0)), recent)
}

fn day_history(columns: &HistoryColumns<'_>, customer: usize) -> DayHistory {
    let first = columns.first_day[customer];
    let age = u32::try_from(columns.end_day - first).unwrap_or(0);
    let recent = columns.recent_purchases.map_or(0, |recent| recent[customer]);
    let repeats = columns.n_days[customer].saturating_sub(1);
    if repeats == 0 || age == 0 {
        return (0, 0, age, recent);
    }
    let last_age = u32::try_from(columns.last_day[customer] - first).unwrap_or(0).min(age);
    (repeats, last_age, age, recent)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weeks(sums: Option<&[f64]>) -> PurchaseHistories {
        let columns = HistoryColumns {
            n_days: &[3, 1, 3],
            first_day: &[0, 7, 0],
            last_day: &[14, 7, 14],
            end_day: 21,
            sum_ln_interpurchase_days: sums,
            recent_purchases: None,
        };
        group_histories(&columns, TimeUnit::Week).histories
    }

    #[test]
    fn customers_who_share_a_history_share_the_mean_of_their_rhythm() {
        // Gaps of 7 and 7 days, and of 1 and 13.
        let sums = [49f64.ln(), 0.0, 13f64.ln()];
        let grouped = weeks(Some(&sums));
        let mean = 0.5 * (sums[0] + sums[2]) - 2.0 * 7f64.ln();
        let found = grouped.histories()[0].sum_ln_interpurchase_times();
        assert!((found.unwrap_or(f64::NAN) - mean).abs() < 1e-12, "{found:?}");
        assert_eq!(grouped.histories()[1].sum_ln_interpurchase_times(), Some(0.0));
    }

    #[test]
    fn a_rhythm_unknown_of_one_customer_is_unknown_of_the_group() {
        for sums in [None, Some([49f64.ln(), f64::NAN, f64::NAN])] {
            let grouped = weeks(sums.as_ref().map(|sums| &sums[..]));
            assert_eq!(grouped.histories()[0].sum_ln_interpurchase_times(), None);
            assert_eq!(grouped.histories()[1].sum_ln_interpurchase_times(), Some(0.0));
        }
    }

    #[test]
    fn histories_of_a_file_keep_their_rhythm_in_another_unit() {
        let in_weeks = weeks(Some(&[49f64.ln(), 0.0, 13f64.ln()]));
        let in_days = GroupedHistories::of_rows(&in_weeks, 7.0).histories;
        for (weeks, days) in in_weeks.histories().iter().zip(in_days.histories()) {
            let shift = f64::from(weeks.repeat_purchases()) * 7f64.ln();
            let sum = |of: &PurchaseHistory| of.sum_ln_interpurchase_times().unwrap_or(f64::NAN);
            assert!((sum(days) - sum(weeks) - shift).abs() < 1e-12, "{days:?} {weeks:?}");
        }
    }
}
