//! One row for each customer: when they bought first and last, on how many days, for how much.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray};
use arrow::datatypes::{Float64Type, Int32Type, Int64Type, UInt32Type};
use clv_tables::Day;

use super::{CustomerIds, aggregate, check_sums, gather, sort_customers, sum, unmatched};
use crate::customer_days::Given;
use crate::error::EngineError;
use crate::orders::{Intake, Orders};
use crate::stream::RowFilter;

/// Purchase histories, one entry for each customer with a purchase, ascending by id.
#[derive(Debug, Clone, PartialEq)]
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
    /// Sum of the natural logarithms of the days between neighbouring purchase days; 0 without a repeat purchase.
    pub sum_ln_interpurchase_days: Vec<f64>,
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
    /// ```
    /// use clv_engine::{Engine, EngineOptions, ReadOptions};
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("orders.csv");
    /// std::fs::write(&path, "customer,date,amount\na,2021-01-01,5\na,2021-03-01,7\nb,2021-02-01,9\n")?;
    /// let engine = Engine::new(EngineOptions::default())?;
    /// let read = ReadOptions { paths: vec![path.display().to_string()], ..ReadOptions::default() };
    /// let orders = engine.open(&read)?;
    /// let (histories, intake) = orders.purchase_histories(None)?;
    /// assert_eq!(histories.n_days, [2, 1]);
    /// assert_eq!(histories.gross, [12_000_000, 9_000_000]);
    /// assert_eq!(intake.rows_accepted, 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When reading fails, a row proves a decision wrong, or no row can be used.
    pub fn purchase_histories(
        &self,
        until: Option<Day>,
    ) -> Result<(CustomerHistories, Intake), EngineError> {
        let (result, outcome) = aggregate(self, Given::History, RowFilter { until, sample: None })?;
        // The pieces are taken apart, so that each column goes once it is in order.
        let mut ids = Vec::with_capacity(result.len());
        let mut columns: [Vec<ArrayRef>; 9] = Default::default();
        for piece in result {
            ids.push(Arc::clone(piece.column(0)));
            for (column, array) in columns.iter_mut().zip(piece.column(1).as_struct().columns()) {
                column.push(Arc::clone(array));
            }
        }
        let [
            first_day,
            last_day,
            n_days,
            orders,
            gross,
            returns,
            first_day_gross,
            sum_ln_days,
            has_purchase,
        ] = columns;
        let has_purchase: Vec<bool> =
            has_purchase.iter().flat_map(|array| array.as_boolean().values()).collect();
        let all_returns =
            returns.iter().map(|array| sum(array.as_primitive::<Int64Type>().values()));
        let all_returns: i128 = all_returns.sum();
        let sorted = sort_customers(&ids, self.id_kind(), |row| has_purchase[row]);
        drop((ids, has_purchase));
        let rows = &sorted.rows;
        let answer = CustomerHistories {
            first_day: gather::<Int32Type>(first_day, rows),
            last_day: gather::<Int32Type>(last_day, rows),
            n_days: gather::<UInt32Type>(n_days, rows),
            orders: gather::<UInt32Type>(orders, rows),
            gross: gather::<Int64Type>(gross, rows),
            returns: gather::<Int64Type>(returns, rows),
            first_day_gross: gather::<Int64Type>(first_day_gross, rows),
            sum_ln_interpurchase_days: gather::<Float64Type>(sum_ln_days, rows),
            last_observed_day: outcome.totals.last_day.unwrap_or_default(),
            ids: sorted.ids,
        };
        let customer = |i: usize| answer.ids.text(i);
        check_sums(&answer.gross, &answer.returns, &outcome.totals, customer)?;
        let n_orders = answer.orders.iter().map(|n| u64::from(*n)).sum();
        let n_customers = answer.len() as u64;
        let unmatched = unmatched(all_returns, sum(&answer.returns))?;
        let intake = self.intake(outcome, n_orders, n_customers, unmatched);
        Ok((answer, intake))
    }
}
