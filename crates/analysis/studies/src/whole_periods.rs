//! Histories in whole periods, for models that know of no time in between.
//!
//! Period k of a customer is the k-th span of one unit of time after the day of their first purchase. A customer buys
//! in a period or does not, however often. A period that the data do not cover to its end is left out, with the
//! purchases in it: half a period's silence would count as a whole one's.

use clv_engine::{CustomerIds, PurchaseOccasions};
use clv_models::{PurchaseHistories, PurchaseHistory};

use crate::error::StudyError;
use crate::newborns::same_id;
use crate::time::TimeUnit;

/// What a history's times may be off a whole number, periods: rounding of a file's digits.
const ROUNDING: f64 = 1e-6;

/// Every customer's history in whole periods; one entry for each, ordered as the customers are.
#[derive(Debug)]
pub(crate) struct WholePeriods {
    /// The length of a period.
    pub(crate) unit: TimeUnit,
    /// Periods with a purchase, the last of them, periods observed.
    pub(crate) histories: PurchaseHistories,
    /// Mean spend in a period with a purchase; 0 without any.
    pub(crate) mean_spend: Vec<f64>,
    /// Customers with a purchase in their unfinished last period.
    pub(crate) n_unfinished: u64,
}

impl WholePeriods {
    /// Counts the occasions of the customers `ids`, whose first purchases were on `first_day`, up to `end_day`.
    pub(crate) fn count(
        ids: &CustomerIds,
        first_day: &[i32],
        end_day: i32,
        occasions: &PurchaseOccasions,
        unit: TimeUnit,
    ) -> Self {
        let mut histories = PurchaseHistories::with_capacity(first_day.len());
        let mut mean_spend = Vec::with_capacity(first_day.len());
        let mut n_unfinished = 0;
        // Both are ordered by id, and every customer is among the occasions.
        let mut at = 0;
        for (customer, first) in first_day.iter().enumerate() {
            while at < occasions.n_customers() && !same_id(ids, customer, &occasions.ids, at) {
                at += 1;
            }
            let observed = periods_before(end_day - first, unit);
            let (mut bought, mut last, mut spend) = (0_u32, 0_u32, 0.0);
            let mut is_unfinished = false;
            if at < occasions.n_customers() {
                for row in occasions.days_of(at) {
                    let day = occasions.day[row];
                    if occasions.orders[row] == 0 || day <= *first || day > end_day {
                        continue;
                    }
                    let period = period_of(day - first, unit);
                    if period > observed {
                        is_unfinished = true;
                        continue;
                    }
                    bought += u32::from(period > last);
                    last = period;
                    spend += occasions.gross[row] as f64 / crate::snapshot::MICROS;
                }
            }
            n_unfinished += u64::from(is_unfinished);
            let history = PurchaseHistory::new(bought, f64::from(last), f64::from(observed))
                .expect("the last period with a purchase is among those observed");
            histories.push(history, 1.0).expect("a weight of one is positive");
            mean_spend.push(if bought > 0 { spend / f64::from(bought) } else { 0.0 });
        }
        Self { unit, histories, mean_spend, n_unfinished }
    }
}

/// The period that a day so many days after the first purchase lies in, from 1.
fn period_of(days: i32, unit: TimeUnit) -> u32 {
    (f64::from(days) / unit.days() - ROUNDING).ceil().max(1.0) as u32
}

/// Whole periods in so many days.
fn periods_before(days: i32, unit: TimeUnit) -> u32 {
    (f64::from(days.max(0)) / unit.days() + ROUNDING).floor() as u32
}

/// Refuses histories that are not in whole periods, or have more than one purchase in a period.
///
/// # Errors
/// [`StudyError::NotWhole`] for the first of them.
pub(crate) fn check_whole(
    model: &'static str,
    histories: &PurchaseHistories,
) -> Result<(), StudyError> {
    let is_whole = |value: f64| (value - value.round()).abs() <= ROUNDING;
    let fits = |history: &PurchaseHistory| {
        is_whole(history.last_purchase_age())
            && is_whole(history.age())
            && f64::from(history.repeat_purchases()) <= history.last_purchase_age() + ROUNDING
    };
    match histories.histories().iter().find(|history| !fits(history)) {
        None => Ok(()),
        Some(history) => Err(StudyError::NotWhole {
            model,
            repeat_purchases: history.repeat_purchases(),
            last_purchase_age: history.last_purchase_age(),
            age: history.age(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purchases_count_once_a_period_and_unfinished_periods_are_left_out() {
        // First on day 0; weeks end on days 7, 14, 21; the data end in the middle of the fourth.
        let occasions = PurchaseOccasions {
            ids: CustomerIds::Integer(vec![1, 2]),
            offsets: vec![0, 6, 7],
            day: vec![0, 3, 7, 8, 15, 22, 10],
            gross: vec![9_000_000, 1_000_000, 2_000_000, 3_000_000, 0, 5_000_000, 4_000_000],
            returns: vec![0, 0, 0, 0, 1_000_000, 0, 0],
            orders: vec![1, 1, 1, 1, 0, 1, 1],
            last_observed_day: 24,
        };
        let ids = CustomerIds::Integer(vec![1, 2]);
        let counted = WholePeriods::count(&ids, &[0, 10], 24, &occasions, TimeUnit::Week);
        let rows = counted.histories.histories();
        assert_eq!(rows[0], PurchaseHistory::new(2, 2.0, 3.0).expect("legal"));
        assert_eq!(rows[1], PurchaseHistory::new(0, 0.0, 2.0).expect("legal"));
        assert_eq!((counted.mean_spend, counted.n_unfinished), (vec![3.0, 0.0], 1));
    }
}
