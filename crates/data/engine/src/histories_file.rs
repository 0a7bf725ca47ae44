//! Histories that were made before: one row for each customer in place of orders.

mod columns;

use arrow::array::RecordBatch;
use arrow::datatypes::DataType;
use clv_importers::plan::is_text_type;

use crate::engine::ReadOptions;
use crate::error::EngineError;
use crate::inspect::look;
use crate::plans::CustomerIds;
use crate::progress::ProgressCounter;
use crate::reader::{Source, TextReader, positions};
use crate::text::decode::read_error;

use columns::{Column, Place};

/// The columns of a histories file, one entry for each customer in the order of the file. Times are in the unit of the file.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoriesFile {
    /// Who.
    pub ids: CustomerIds,
    /// Purchases after the first, whole and not negative.
    pub repeat_purchases: Vec<f64>,
    /// Time from the first to the last purchase, not negative, not above `age`.
    pub last_purchase_age: Vec<f64>,
    /// Time from the first purchase to the end of observation.
    pub age: Vec<f64>,
    /// Mean spend of a repeat purchase, where the file has it; NaN where a cell is empty.
    pub mean_spend: Option<Vec<f64>>,
    /// Orders, where the file has them; several on one day are one purchase.
    pub orders: Option<Vec<u32>>,
    /// Day of the first purchase, where the file has it: days since 1970-01-01.
    pub first_order: Option<Vec<i32>>,
    /// Day of the last purchase, where the file has it.
    pub last_order: Option<Vec<i32>>,
    /// Money so far after returns, which may be negative, where the file has it; NaN where a cell is empty.
    pub historic_value: Option<Vec<f64>>,
    /// Money of returns so far, a positive number, where the file has it; NaN where a cell is empty.
    pub returns: Option<Vec<f64>>,
    /// Sum of the natural logarithms of the times between neighbouring purchases, where the file has it; NaN where a
    /// cell is empty.
    pub sum_ln_interpurchase_times: Option<Vec<f64>>,
    /// The unit of the times, where the file names it; the same in every row.
    pub time_unit: Option<String>,
}

/// The columns that make a file one of histories.
const NEEDED: [&str; 4] = ["customer_id", "repeat_purchases", "last_purchase_age", "age"];

/// The columns that it may have besides.
const WELCOME: [&str; N_WELCOME] = [
    "mean_spend",
    "orders",
    "first_order",
    "last_order",
    "historic_value",
    "returns",
    "time_unit",
    "sum_ln_interpurchase_times",
];

/// How many there are.
const N_WELCOME: usize = 8;

/// Reads a histories file; `None` when the first file does not have the columns of one.
///
/// # Errors
/// When a file cannot be read or holds a history that cannot be.
pub(crate) fn read_histories(options: &ReadOptions) -> Result<Option<HistoriesFile>, EngineError> {
    let (sources, sample) = look(&options.paths)?;
    let place = |name: &str| {
        options.columns.get(name).and_then(|h| sample.find(h)).or_else(|| sample.find(name))
    };
    let mut found = Vec::new();
    for name in NEEDED {
        match place(name) {
            Some(position) => found.push(sample.headings[position].clone()),
            None => return Ok(None),
        }
    }
    // Where each welcome column stands among those that are read.
    let welcome = WELCOME.map(|name| {
        let position = place(name)?;
        found.push(sample.headings[position].clone());
        Some(found.len() - 1)
    });
    let id_type = place(NEEDED[0]).map_or(&DataType::Utf8, |position| &sample.types[position]);
    let mut file = HistoriesFile::new(is_text_type(id_type), &welcome);
    for source in &sources {
        let shown = &source.file().shown;
        if let Some(mut reader) =
            TextReader::open(source, &found, false, ProgressCounter::silent())?
        {
            while let Some(text) =
                reader.next_batch().map_err(|error| read_error(source.file(), error))?
            {
                if let Some((row, value)) = text.ragged.first() {
                    let expected = "as many cells as the heading has";
                    return Err(bad(shown, *row, "", value, expected));
                }
                file.add(&text.batch, &found, &welcome, shown, &|i| text.rows[i])?;
            }
        } else if let Source::Parquet(parquet) = source {
            file.reserve(parquet.n_rows() as usize);
            let there = positions(&parquet.headings(), &found, &parquet.file)?;
            for piece in parquet.pieces() {
                let mut first = piece.first_row;
                for batch in parquet.read(&piece, &there)? {
                    let batch = batch?;
                    file.add(&batch, &found, &welcome, shown, &|i| first + i as u64)?;
                    first += batch.num_rows() as u64;
                }
            }
        }
    }
    Ok(Some(file))
}

fn bad(path: &str, row: u64, column: &str, value: &str, expected: &'static str) -> EngineError {
    EngineError::BadHistory {
        path: path.into(),
        row,
        column: column.into(),
        value: value.into(),
        expected,
    }
}

impl HistoriesFile {
    fn new(has_text_ids: bool, welcome: &[Option<usize>; N_WELCOME]) -> HistoriesFile {
        let [mean_spend, orders, first_order, last_order, historic_value, returns, _, sum_ln] =
            welcome;
        HistoriesFile {
            ids: if has_text_ids {
                CustomerIds::Text(Vec::new())
            } else {
                CustomerIds::Integer(Vec::new())
            },
            repeat_purchases: Vec::new(),
            last_purchase_age: Vec::new(),
            age: Vec::new(),
            mean_spend: mean_spend.map(|_| Vec::new()),
            orders: orders.map(|_| Vec::new()),
            first_order: first_order.map(|_| Vec::new()),
            last_order: last_order.map(|_| Vec::new()),
            historic_value: historic_value.map(|_| Vec::new()),
            returns: returns.map(|_| Vec::new()),
            sum_ln_interpurchase_times: sum_ln.map(|_| Vec::new()),
            time_unit: None,
        }
    }

    /// Makes room for so many customers, so that growing vectors need not be copied.
    fn reserve(&mut self, n: usize) {
        match &mut self.ids {
            CustomerIds::Integer(ids) => ids.reserve(n),
            CustomerIds::Text(ids) => ids.reserve(n),
        }
        let needed = [&mut self.repeat_purchases, &mut self.last_purchase_age, &mut self.age];
        let reals = needed
            .into_iter()
            .chain(&mut self.mean_spend)
            .chain(&mut self.historic_value)
            .chain(&mut self.returns)
            .chain(&mut self.sum_ln_interpurchase_times);
        reals.for_each(|reals| reals.reserve(n));
        self.orders.iter_mut().for_each(|orders| orders.reserve(n));
        self.first_order.iter_mut().chain(&mut self.last_order).for_each(|days| days.reserve(n));
    }

    fn add(
        &mut self,
        batch: &RecordBatch,
        headings: &[String],
        welcome: &[Option<usize>; N_WELCOME],
        path: &str,
        row_of: &dyn Fn(usize) -> u64,
    ) -> Result<(), EngineError> {
        let column = |at: usize| Column {
            array: batch.column(at),
            place: Place { path, heading: &headings[at], row_of },
        };
        column(0).add_ids(&mut self.ids)?;
        let start = self.age.len();
        column(1).add_numbers(&mut self.repeat_purchases)?;
        column(2).add_numbers(&mut self.last_purchase_age)?;
        column(3).add_numbers(&mut self.age)?;
        let purchases = &self.repeat_purchases[start..];
        if let Some(i) = purchases.iter().position(|x| x.fract() > 0.0) {
            return Err(column(1).refuse(i, "a whole number of purchases"));
        }
        let ages = self.last_purchase_age[start..].iter().zip(&self.age[start..]);
        if let Some(i) = ages.into_iter().position(|(last, age)| last > age) {
            return Err(column(2).refuse(i, "at most the customer's age"));
        }
        let [
            mean_spend,
            orders,
            first_order,
            last_order,
            historic_value,
            returns,
            time_unit,
            sum_ln,
        ] = welcome.map(|at| at.map(column));
        if let (Some(column), Some(to)) = (mean_spend, &mut self.mean_spend) {
            column.add_money(to, "a number of zero or more", |value| value >= 0.0)?;
        }
        if let (Some(column), Some(to)) = (orders, &mut self.orders) {
            column.add_counts(to)?;
        }
        if let (Some(column), Some(to)) = (first_order, &mut self.first_order) {
            column.add_days(to)?;
        }
        if let (Some(column), Some(to)) = (last_order, &mut self.last_order) {
            column.add_days(to)?;
        }
        if let (Some(column), Some(to)) = (historic_value, &mut self.historic_value) {
            column.add_money(to, "a number", |_| true)?;
        }
        if let (Some(column), Some(to)) = (returns, &mut self.returns) {
            column.add_money(to, "a number of zero or more", |value| value >= 0.0)?;
        }
        if let (Some(column), Some(to)) = (sum_ln, &mut self.sum_ln_interpurchase_times) {
            column.add_money(to, "a number", |_| true)?;
        }
        if let Some(column) = time_unit {
            column.settle_unit(&mut self.time_unit)?;
        }
        Ok(())
    }
}
