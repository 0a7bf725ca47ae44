//! One column of a histories file at a time: typed columns as they are, text cell by cell.

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use clv_importers::convert::{BAD_DAY, days, integers, texts};
use clv_importers::date_format::DateFormat;
use clv_importers::number_format::{Decimal, NumberFormat};
use clv_importers::plan::is_text_type;

use super::bad;
use crate::error::EngineError;
use crate::plans::CustomerIds;

/// Where a column stands, for messages.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) path: &'a str,
    pub(super) heading: &'a str,
    pub(super) row_of: &'a dyn Fn(usize) -> u64,
}

/// One column of one batch.
#[derive(Clone, Copy)]
pub(super) struct Column<'a> {
    pub(super) array: &'a ArrayRef,
    pub(super) place: Place<'a>,
}

const ZERO_OR_MORE: &str = "a number of zero or more";

impl Column<'_> {
    /// Refuses a cell.
    pub(super) fn refuse(&self, i: usize, expected: &'static str) -> EngineError {
        let shown = self.texts().map(|texts| cell(&texts, i).to_owned()).unwrap_or_default();
        let place = self.place;
        bad(place.path, (place.row_of)(i), place.heading, &shown, expected)
    }

    pub(super) fn add_ids(&self, ids: &mut CustomerIds) -> Result<(), EngineError> {
        match ids {
            CustomerIds::Integer(to) if self.array.data_type().is_integer() => {
                let ids = integers(self.array).map_err(|_| self.unfit())?;
                if let Some(i) = first_null(&ids) {
                    return Err(self.refuse(i, "a whole number"));
                }
                to.extend_from_slice(ids.values());
            }
            CustomerIds::Integer(to) => {
                let texts = self.texts()?;
                for i in 0..texts.len() {
                    to.push(cell(&texts, i).parse().map_err(|_| self.refuse(i, "a whole number"))?);
                }
            }
            CustomerIds::Text(to) => {
                let texts = self.texts()?;
                for i in 0..texts.len() {
                    let id = cell(&texts, i);
                    if id.is_empty() {
                        return Err(self.refuse(i, "a customer's id"));
                    }
                    to.push(id.to_owned());
                }
            }
        }
        Ok(())
    }

    /// Numbers of zero or more, every one of them there.
    pub(super) fn add_numbers(&self, to: &mut Vec<f64>) -> Result<(), EngineError> {
        let is_fine = |value: f64| value.is_finite() && value >= 0.0;
        let numbers = self.numbers()?;
        let values = numbers.values();
        let bad = first_null(&numbers).or_else(|| values.iter().position(|v| !is_fine(*v)));
        if let Some(i) = bad {
            return Err(self.refuse(i, ZERO_OR_MORE));
        }
        to.extend_from_slice(values);
        Ok(())
    }

    /// Money; NaN where nothing is written.
    pub(super) fn add_money(
        &self,
        to: &mut Vec<f64>,
        expected: &'static str,
        is_fine: impl Fn(f64) -> bool,
    ) -> Result<(), EngineError> {
        let is_text = is_text_type(self.array.data_type());
        let written = if is_text { Some(self.texts()?) } else { None };
        let is_blank = |i: usize| written.as_ref().is_none_or(|texts| cell(texts, i).is_empty());
        for (i, value) in self.numbers()?.iter().enumerate() {
            match value {
                Some(value) if value.is_finite() && is_fine(value) => to.push(value),
                None if is_blank(i) => to.push(f64::NAN),
                _ => return Err(self.refuse(i, expected)),
            }
        }
        Ok(())
    }

    /// The unit of time, which is the same in every row.
    pub(super) fn settle_unit(&self, unit: &mut Option<String>) -> Result<(), EngineError> {
        let texts = self.texts()?;
        for i in 0..texts.len() {
            let named = cell(&texts, i);
            match unit {
                Some(unit) if unit == named => {}
                Some(_) => return Err(self.refuse(i, "the same unit of time in every row")),
                None => *unit = Some(named.to_owned()),
            }
        }
        Ok(())
    }

    pub(super) fn add_counts(&self, to: &mut Vec<u32>) -> Result<(), EngineError> {
        for (i, value) in self.numbers()?.iter().enumerate() {
            let whole =
                value.filter(|n| (0.0..=f64::from(u32::MAX)).contains(n) && n.fract() <= 0.0);
            match whole {
                Some(count) => to.push(count as u32),
                None => return Err(self.refuse(i, "a whole number of orders")),
            }
        }
        Ok(())
    }

    pub(super) fn add_days(&self, to: &mut Vec<i32>) -> Result<(), EngineError> {
        let days = days(self.array, DateFormat::YearFirst).map_err(|_| self.unfit())?;
        // The mark of an empty cell lies below the mark of a bad one.
        match days.iter().position(|day| *day <= BAD_DAY) {
            Some(i) => Err(self.refuse(i, "a date such as 2021-12-31")),
            None => {
                to.extend(days);
                Ok(())
            }
        }
    }

    /// The column as numbers; null where a cell does not read.
    fn numbers(&self) -> Result<Float64Array, EngineError> {
        let data_type = self.array.data_type();
        if *data_type == DataType::Float64 {
            return Ok(self.array.as_primitive().clone());
        }
        if data_type.is_integer() {
            let numbers = cast(self.array, &DataType::Float64).map_err(|_| self.unfit())?;
            return Ok(numbers.as_primitive().clone());
        }
        // Narrower reals go through their shortest text too: 29.33 is meant to be 29.33, not 29.33000011.
        let texts = self.texts()?;
        let point = NumberFormat { decimal: Decimal::Point };
        let read = |i: usize| {
            let text = cell(&texts, i);
            text.parse::<f64>().ok().or_else(|| {
                let amount = point.parse(text).ok()?;
                Some(clv_tables::money::units_from_micros(amount.micros))
            })
        };
        Ok((0..texts.len()).map(read).collect())
    }

    fn texts(&self) -> Result<StringArray, EngineError> {
        texts(self.array).map_err(|_| self.unfit())
    }

    fn unfit(&self) -> EngineError {
        let found = self.array.data_type().to_string();
        bad(self.place.path, 0, self.place.heading, &found, "numbers or text")
    }
}

fn cell(texts: &StringArray, i: usize) -> &str {
    if texts.is_null(i) { "" } else { texts.value(i).trim() }
}

fn first_null(array: &dyn Array) -> Option<usize> {
    if array.null_count() == 0 {
        return None;
    }
    (0..array.len()).find(|i| array.is_null(*i))
}
