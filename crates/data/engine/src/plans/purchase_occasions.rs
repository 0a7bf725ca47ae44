//! Every customer's days, with money, in compressed rows: what backtests, cohorts and curves are made from.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{Int32Type, Int64Type, UInt32Type};

use super::{CustomerIds, aggregate, check_sums, sort_customers, sum, unmatched};
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
    /// ```
    /// use clv_engine::{Engine, EngineOptions, ReadOptions};
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("orders.csv");
    /// std::fs::write(&path, "customer,date,amount\na,2021-01-01,5\na,2021-03-01,7\nb,2021-02-01,9\n")?;
    /// let engine = Engine::new(EngineOptions::default())?;
    /// let read = ReadOptions { paths: vec![path.display().to_string()], ..ReadOptions::default() };
    /// let orders = engine.open(&read)?;
    /// let (occasions, _) = orders.purchase_occasions(None)?;
    /// assert_eq!(occasions.days_of(0), 0..2);
    /// assert_eq!(occasions.gross, [5_000_000, 7_000_000, 9_000_000]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When reading fails, a row proves a decision wrong, or no row can be used.
    pub fn purchase_occasions(
        &self,
        sample: Option<u32>,
    ) -> Result<(PurchaseOccasions, Intake), EngineError> {
        let (result, outcome) = aggregate(self, Given::Days, RowFilter { until: None, sample })?;
        let ids: Vec<ArrayRef> = result.iter().map(|piece| Arc::clone(piece.column(0))).collect();
        let pieces: Vec<DayLists> = result.iter().map(DayLists::of).collect();
        // The piece of each row, and the row's place within it.
        let places: Vec<(u32, u32)> = (0..)
            .zip(&ids)
            .flat_map(|(piece, ids)| (0..ids.len() as u32).map(move |row| (piece, row)))
            .collect();
        let of = |row: usize| {
            let (piece, row) = places[row];
            let piece = &pieces[piece as usize];
            (piece, piece.offsets[row as usize] as usize..piece.offsets[row as usize + 1] as usize)
        };
        let is_buyer = |row: usize| {
            let (piece, days) = of(row);
            piece.orders[days].iter().any(|n| *n > 0)
        };
        let sorted = sort_customers(&ids, self.id_kind(), is_buyer);
        let n_days = sorted.rows.iter().map(|row| of(*row as usize).1.len()).sum();
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
            let (piece, own) = of(*row as usize);
            // One by one: most customers have a day or two, for which a copy of memory costs more.
            for at in own {
                answer.day.push(piece.day[at]);
                answer.gross.push(piece.gross[at]);
                answer.returns.push(piece.returns[at]);
                answer.orders.push(piece.orders[at]);
            }
            answer.offsets.push(answer.day.len() as u64);
        }
        let customer = |at: usize| {
            answer.ids.text(answer.offsets.partition_point(|offset| *offset <= at as u64) - 1)
        };
        check_sums(&answer.gross, &answer.returns, &outcome.totals, customer)?;
        let all_returns = pieces.iter().map(|piece| sum(piece.own_returns())).sum();
        let unmatched = unmatched(all_returns, sum(&answer.returns))?;
        let n_orders = answer.orders.iter().map(|n| u64::from(*n)).sum();
        let n_customers = answer.n_customers() as u64;
        let intake = self.intake(outcome, n_orders, n_customers, unmatched);
        Ok((answer, intake))
    }
}

/// The days of the customers of one piece of the result; all lists are cut at the same places.
struct DayLists<'a> {
    offsets: &'a [i32],
    day: &'a [i32],
    gross: &'a [i64],
    returns: &'a [i64],
    orders: &'a [u32],
}

impl DayLists<'_> {
    fn of(piece: &RecordBatch) -> DayLists<'_> {
        let fields = piece.column(1).as_struct();
        let list = |column: usize| fields.column(column).as_list::<i32>();
        DayLists {
            offsets: list(0).value_offsets(),
            day: list(0).values().as_primitive::<Int32Type>().values(),
            gross: list(1).values().as_primitive::<Int64Type>().values(),
            returns: list(2).values().as_primitive::<Int64Type>().values(),
            orders: list(3).values().as_primitive::<UInt32Type>().values(),
        }
    }

    /// The returns within this piece: the values behind the lists are those of all pieces of a partition.
    fn own_returns(&self) -> &[i64] {
        match self.offsets {
            [first, .., last] => &self.returns[*first as usize..*last as usize],
            _ => &[],
        }
    }
}
