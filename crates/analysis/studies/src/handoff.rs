//! From customers to what a purchase model sees: equal histories once, with the number of customers who share
//! them, and for each customer the row that stands for them.

use clv_models::{PurchaseHistories, PurchaseHistory};
use rustc_hash::FxHashMap;

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

    /// Histories from a file, one customer for each row, grouped where they are equal; times are multiplied by
    /// `factor`.
    #[must_use]
    pub fn of_rows(rows: &PurchaseHistories, factor: f64) -> Self {
        let mut known: FxHashMap<(u32, u64, u64), u32> = FxHashMap::default();
        let mut distinct: Vec<(PurchaseHistory, f64)> = Vec::new();
        let mut row_of_customer = Vec::with_capacity(rows.len());
        for (history, weight) in rows.iter() {
            let (last_age, age) = (history.last_purchase_age() * factor, history.age() * factor);
            let key = (history.repeat_purchases(), last_age.to_bits(), age.to_bits());
            let row = *known.entry(key).or_insert_with(|| {
                let scaled = PurchaseHistory::new(key.0, last_age, age)
                    .expect("a history stays one when its unit changes");
                distinct.push((scaled, 0.0));
                u32::try_from(distinct.len() - 1).expect("there are fewer histories than 2^32")
            });
            distinct[row as usize].1 += weight;
            row_of_customer.push(row);
        }
        let mut histories = PurchaseHistories::with_capacity(distinct.len());
        for (history, weight) in distinct {
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
            |customer| day_history(columns, customer),
            |key| {
                let (repeats, last_age, age, recent) = *key;
                (repeats, f64::from(last_age) / unit.days(), f64::from(age) / unit.days(), recent)
            },
        ),
        Some(clock) => group_by_key(
            columns,
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
/// age in the unit asked for, recent purchases.
fn group_by_key<K: Copy + Eq + std::hash::Hash>(
    columns: &HistoryColumns<'_>,
    key_of: impl Fn(usize) -> K,
    history_of: impl Fn(&K) -> (u32, f64, f64, u32),
) -> GroupedHistories {
    let n = columns.n_days.len();
    let mut rows: FxHashMap<K, u32> = FxHashMap::default();
    let mut keys: Vec<K> = Vec::new();
    let mut weights: Vec<f64> = Vec::new();
    let mut row_of_customer = Vec::with_capacity(n);
    for customer in 0..n {
        let key = key_of(customer);
        let row = *rows.entry(key).or_insert_with(|| {
            keys.push(key);
            weights.push(0.0);
            u32::try_from(keys.len() - 1).expect("there are fewer distinct histories than 2^32")
        });
        weights[row as usize] += 1.0;
        row_of_customer.push(row);
    }
    let mut histories = PurchaseHistories::with_capacity(keys.len());
    let recent_purchases = columns
        .recent_purchases
        .map_or_else(Vec::new, |_| keys.iter().map(|key| history_of(key).3).collect());
    for (key, weight) in keys.iter().zip(weights) {
        let (repeats, last_age, age, _) = history_of(key);
        let history = PurchaseHistory::new(repeats, last_age, age)
            .expect("whole days in order make a history");
        histories.push(history, weight).expect("a count of customers is a weight");
    }
    GroupedHistories { histories, row_of_customer, stratum_of_row: Vec::new(), recent_purchases }
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
