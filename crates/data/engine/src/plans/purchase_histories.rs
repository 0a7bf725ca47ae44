//! One row for each customer: when they bought first and last, on how many days, for how much.

use arrow::array::AsArray;
use arrow::datatypes::{Int32Type, Int64Type, UInt32Type};
use clv_tables::Day;

use super::{CustomerIds, aggregate, sort_customers};
use crate::customer_days::Given;
use crate::error::EngineError;
use crate::orders::{Intake, Orders};
use crate::stream::RowFilter;

/// Purchase histories, one entry for each customer with a purchase, ascending by id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerHistories {
    /// Who.
    pub ids: CustomerIds,
    /// Day of the first purchase, days since 1970-01-01.
    pub first_day: Vec<i32>,
    /// Day of the last purchase.
    pub last_day: Vec<i32>,
    /// Distinct days with a purchase, at least 1.
    pub n_days: Vec<u32>,
    /// Orders, at least 1.
    pub orders: Vec<u32>,
    /// Money of all purchases, millionths of the currency unit.
    pub gross: Vec<i64>,
    /// Money of all returns, positive, millionths.
    pub returns: Vec<i64>,
    /// Money of the purchases on the first day, millionths.
    pub first_day_gross: Vec<i64>,
    /// The last day with any accepted row in the files, also where the histories end earlier.
    pub last_observed_day: i32,
}

impl CustomerHistories {
    /// How many customers there are.
    pub fn len(&self) -> usize {
        self.first_day.len()
    }

    /// Whether there is no customer.
    pub fn is_empty(&self) -> bool {
        self.first_day.is_empty()
    }
}

impl Orders {
    /// The histories of all customers with a purchase on or before `until` (`None`: in all of the data), and what was taken in.
    ///
    /// # Errors
    /// When reading fails, a row proves a decision wrong, or no row can be used.
    pub fn purchase_histories(
        &self,
        until: Option<Day>,
    ) -> Result<(CustomerHistories, Intake), EngineError> {
        let (result, outcome) = aggregate(self, Given::History, RowFilter { until, sample: None })?;
        let history = result.column(1).as_struct();
        let has_purchase = history.column(7).as_boolean();
        let sorted = sort_customers(&result, self.plan.id_kind, |row| has_purchase.value(row));
        let int32 = |column: usize| {
            gather(history.column(column).as_primitive::<Int32Type>().values(), &sorted.rows)
        };
        let uint32 = |column: usize| {
            gather(history.column(column).as_primitive::<UInt32Type>().values(), &sorted.rows)
        };
        let int64 = |column: usize| {
            gather(history.column(column).as_primitive::<Int64Type>().values(), &sorted.rows)
        };
        let answer = CustomerHistories {
            first_day: int32(0),
            last_day: int32(1),
            n_days: uint32(2),
            orders: uint32(3),
            gross: int64(4),
            returns: int64(5),
            first_day_gross: int64(6),
            last_observed_day: outcome.totals.last_day.unwrap_or_default(),
            ids: sorted.ids,
        };
        let n_orders = answer.orders.iter().map(|n| u64::from(*n)).sum();
        let sum = |money: &[i64]| money.iter().fold(0_i64, |sum, m| sum.saturating_add(*m));
        let all_returns = sum(history.column(5).as_primitive::<Int64Type>().values());
        let own_returns = sum(&answer.returns);
        let n_customers = answer.len() as u64;
        let unmatched = all_returns.saturating_sub(own_returns);
        let intake = self.intake(outcome, n_orders, n_customers, unmatched);
        Ok((answer, intake))
    }
}

fn gather<T: Copy>(values: &[T], rows: &[u32]) -> Vec<T> {
    rows.iter().map(|row| values[*row as usize]).collect()
}
