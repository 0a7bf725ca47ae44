//! Every customer's days, with money, in compressed rows: what backtests, cohorts and curves are made from.

use arrow::array::AsArray;
use arrow::datatypes::{Int32Type, Int64Type, UInt32Type};

use super::{CustomerIds, aggregate, sort_customers};
use crate::customer_days::Given;
use crate::error::EngineError;
use crate::orders::{Intake, Orders};
use crate::stream::RowFilter;

/// The days of all customers with a purchase, ascending by id, each customer's days ascending.
///
/// Customer `i` has the days `offsets[i]..offsets[i + 1]`. A day with `orders == 0` only has returns: it is no purchase occasion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PurchaseOccasions {
    /// Who.
    pub ids: CustomerIds,
    /// One more than customers: where each one's days begin and end.
    pub offsets: Vec<u64>,
    /// Days since 1970-01-01.
    pub day: Vec<i32>,
    /// Money of the day's purchases, millionths of the currency unit.
    pub gross: Vec<i64>,
    /// Money of the day's returns, positive, millionths.
    pub returns: Vec<i64>,
    /// Orders of the day; zero on a day with returns only.
    pub orders: Vec<u32>,
    /// The last day with any accepted row in the files.
    pub last_observed_day: i32,
}

impl PurchaseOccasions {
    /// How many customers there are.
    pub fn n_customers(&self) -> usize {
        self.offsets.len() - 1
    }

    /// The places of a customer's days.
    ///
    /// # Panics
    /// When there is no such customer.
    pub fn days_of(&self, customer: usize) -> std::ops::Range<usize> {
        self.offsets[customer] as usize..self.offsets[customer + 1] as usize
    }
}

impl Orders {
    /// The days of all customers, or of those whose id hash falls in the first `sample` of 2^16 parts, and what was taken in.
    ///
    /// # Errors
    /// When reading fails, a row proves a decision wrong, or no row can be used.
    pub fn purchase_occasions(
        &self,
        sample: Option<u32>,
    ) -> Result<(PurchaseOccasions, Intake), EngineError> {
        let (result, outcome) = aggregate(self, Given::Days, RowFilter { until: None, sample })?;
        let fields = result.column(1).as_struct();
        let list = |column: usize| fields.column(column).as_list::<i32>();
        let day = list(0).values().as_primitive::<Int32Type>().values();
        let gross = list(1).values().as_primitive::<Int64Type>().values();
        let returns = list(2).values().as_primitive::<Int64Type>().values();
        let orders = list(3).values().as_primitive::<UInt32Type>().values();
        // All lists are cut at the same places.
        let offsets = list(0).value_offsets();
        let range = |row: usize| offsets[row] as usize..offsets[row + 1] as usize;
        let is_buyer = |row: usize| orders[range(row)].iter().any(|n| *n > 0);
        let sorted = sort_customers(&result, self.plan.id_kind, is_buyer);
        let n_days = sorted.rows.iter().map(|row| range(*row as usize).len()).sum();
        let mut answer = PurchaseOccasions {
            ids: sorted.ids,
            offsets: Vec::with_capacity(sorted.rows.len() + 1),
            day: Vec::with_capacity(n_days),
            gross: Vec::with_capacity(n_days),
            returns: Vec::with_capacity(n_days),
            orders: Vec::with_capacity(n_days),
            last_observed_day: outcome.totals.last_day.unwrap_or_default(),
        };
        answer.offsets.push(0);
        for row in &sorted.rows {
            let own = range(*row as usize);
            answer.day.extend_from_slice(&day[own.clone()]);
            answer.gross.extend_from_slice(&gross[own.clone()]);
            answer.returns.extend_from_slice(&returns[own.clone()]);
            answer.orders.extend_from_slice(&orders[own]);
            answer.offsets.push(answer.day.len() as u64);
        }
        let sum = |money: &[i64]| money.iter().fold(0_i64, |sum, m| sum.saturating_add(*m));
        let unmatched = sum(returns).saturating_sub(sum(&answer.returns));
        let n_orders = answer.orders.iter().map(|n| u64::from(*n)).sum();
        let n_customers = answer.n_customers() as u64;
        let intake = self.intake(outcome, n_orders, n_customers, unmatched);
        Ok((answer, intake))
    }
}
