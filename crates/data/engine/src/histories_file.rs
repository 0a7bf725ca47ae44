//! Histories that were made before: one row for each customer in place of orders.

mod columns;
mod repeats;

use arrow::array::RecordBatch;
use clv_importers::plan::is_text_type;

use crate::engine::ReadOptions;
use crate::error::EngineError;
use crate::inspect::look;
use crate::orders::fingerprint;
use crate::plans::CustomerIds;
use crate::progress::ProgressCounter;
use crate::reader::{Source, TextReader, positions};
use crate::text::decode::read_error;

use columns::{Column, Place};
use repeats::{Stretches, repeated};

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
    /// How many customers share each row's history, above 0, where the file has it.
    pub weights: Option<Vec<f64>>,
    /// For each file as the user gave it a hash of its contents, as of orders.
    pub fingerprints: Vec<(String, String)>,
    /// Whether the file names its customers; else they are numbered by row.
    has_ids: bool,
}

/// The columns that make a file one of histories.
const NEEDED: [&str; 4] = ["customer_id", "repeat_purchases", "last_purchase_age", "age"];

/// What other programs call the three columns that make the history, in the order of [`NEEDED`]; understood where a file
/// has all three.
const OTHERWISE: [&[&str]; 3] = [
    &["repeat_purchases", "frequency", "x"],
    &["last_purchase_age", concat!("rec", "ency"), "t_x"],
    &["age", "T", "periods", "n", "n_cal", "T_cal"],
];

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
    "weights",
];

/// How many there are.
const N_WELCOME: usize = 9;

/// Reads a histories file; `None` when the first file does not have the columns of one.
///
/// # Errors
/// When a file cannot be read or holds a history that cannot be.
pub(crate) fn read_histories(options: &ReadOptions) -> Result<Option<HistoriesFile>, EngineError> {
    let (sources, sample) = look(&options.paths)?;
    let place = |name: &str| {
        options.columns.get(name).and_then(|h| sample.find(h)).or_else(|| sample.find(name))
    };
    let weights = place("weights").or_else(|| place("weight"));
    let mut needed = vec![place(NEEDED[0])];
    for (name, otherwise) in NEEDED[1..].iter().zip(OTHERWISE) {
        needed.push(place(name).or_else(|| otherwise.iter().find_map(|name| sample.find(name))));
    }
    // A summary with weights may do without ids: its rows are nobody in particular.
    let has_ids = needed[0].is_some();
    if !has_ids && weights.is_some() {
        needed[0] = needed[1];
    }
    let Some(needed) = needed.into_iter().collect::<Option<Vec<usize>>>() else { return Ok(None) };
    let mut found: Vec<String> =
        needed.iter().map(|position| sample.headings[*position].clone()).collect();
    // Where each welcome column stands among those that are read.
    let welcome = WELCOME.map(|name| {
        let position = if name == "weights" { weights } else { place(name) }?;
        found.push(sample.headings[position].clone());
        Some(found.len() - 1)
    });
    let has_text_ids = has_ids && is_text_type(&sample.types[needed[0]]);
    let mut file = HistoriesFile::new(has_text_ids, has_ids, &welcome);
    file.fingerprints = sources.iter().map(fingerprint).collect::<Result<_, _>>()?;
    let mut stretches = Stretches::default();
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
                stretches.note(file.age.len(), shown, text.rows.iter().copied());
                file.add(&text.batch, &found, &welcome, shown, &|i| text.rows[i])?;
            }
        } else if let Source::Parquet(parquet) = source {
            file.reserve(parquet.n_rows() as usize);
            let there = positions(&parquet.headings(), &found, &parquet.file)?;
            for piece in parquet.pieces() {
                let mut first = piece.first_row;
                for batch in parquet.read(&piece, &there)? {
                    let batch = batch?;
                    stretches.note(file.age.len(), shown, [first]);
                    file.add(&batch, &found, &welcome, shown, &|i| first + i as u64)?;
                    first += batch.num_rows() as u64;
                }
            }
        }
    }
    if !has_ids {
        let n = i64::try_from(file.age.len()).unwrap_or(i64::MAX);
        file.ids = CustomerIds::Integer((1..=n).collect());
    } else if let Some((first, second)) = repeated(&file.ids) {
        return Err(stretches.refuse(&file.ids, &found[0], first, second));
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
    fn new(
        has_text_ids: bool,
        has_ids: bool,
        welcome: &[Option<usize>; N_WELCOME],
    ) -> HistoriesFile {
        let [
            mean_spend,
            orders,
            first_order,
            last_order,
            historic_value,
            returns,
            _,
            sum_ln,
            weights,
        ] = welcome;
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
            weights: weights.map(|_| Vec::new()),
            fingerprints: Vec::new(),
            has_ids,
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
        if self.has_ids {
            column(0).add_ids(&mut self.ids)?;
        }
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
            weights,
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
        if let (Some(column), Some(to)) = (weights, &mut self.weights) {
            column.add_numbers(to)?;
            if let Some(i) = to[start..].iter().position(|weight| *weight <= 0.0) {
                return Err(column.refuse(i, "a number of customers above zero"));
            }
        }
        Ok(())
    }
}
