//! What a histories file may hold: histories that are legal and yet beyond any use are refused.

use clv_engine::HistoriesFile;
use clv_models::PurchaseHistory;
use clv_models::history::HistoryError;

use crate::time::TimeUnit;

/// The name of the column that tells how regular customers are.
pub(crate) const SUM_LN: &str = "sum_ln_interpurchase_times";
/// The longest age of a customer, days: a million years.
const LONGEST_AGE_DAYS: f64 = 365.25e6;
/// The shortest time from first to last purchase of whoever bought twice, days: less than a second.
const SHORTEST_AGE_DAYS: f64 = 1e-6;
/// The largest mean spend, units of money, as in the tables.
const LARGEST_MEAN_SPEND: f64 = 9e12;

/// What is wrong with a row that is a history but beyond any use; such numbers would not survive a change of unit.
pub(crate) fn out_of_range(file: &HistoriesFile, row: usize, unit: TimeUnit) -> Option<String> {
    let (last_age, age) = (file.last_purchase_age[row] * unit.days(), file.age[row] * unit.days());
    let mean_spend = file.mean_spend.as_ref().map_or(0.0, |means| means[row]);
    if age > LONGEST_AGE_DAYS {
        Some(format!("an age of {age:e} days is more than a million years"))
    } else if file.last_purchase_age[row] > 0.0 && last_age < SHORTEST_AGE_DAYS {
        Some(format!("{last_age:e} days between first and last purchase are less than a second"))
    } else if mean_spend > LARGEST_MEAN_SPEND {
        Some(format!("a mean spend of {mean_spend:e} is beyond 9e12"))
    } else {
        None
    }
}

/// A row's history with what the file knows of the times between purchases, if anything.
pub(crate) fn with_rhythm(
    history: PurchaseHistory,
    file: &HistoriesFile,
    row: usize,
) -> Result<PurchaseHistory, HistoryError> {
    let sums = file.sum_ln_interpurchase_times.as_ref();
    match sums.map(|sums| sums[row]).filter(|sum| sum.is_finite()) {
        Some(sum) => history.with_sum_ln_interpurchase_times(sum),
        None => Ok(history),
    }
}
