//! Which rows of a batch break which checks of their table.

use std::cmp::Ordering;
use std::collections::HashMap;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, RecordBatch};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float64Type, Int64Type, TimestampMicrosecondType,
};

use crate::check::{Check, CheckRule};
use crate::money::MICROS_PER_UNIT;
use crate::table::ORIGIN;
use crate::{Column, Day, Kind, Table};

/// The first and the last day that a row may carry: 1970-01-01 and 2100-12-31.
const PLAUSIBLE_DAYS: std::ops::RangeInclusive<i32> = 0..=47_846;
const MICROS_PER_DAY: i64 = 86_400_000_000;

/// A row that breaks a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Breach {
    /// The row of the batch, from 0.
    pub row: usize,
    /// The column; for [`CheckRule::SomeOf`] the first of those of which one should be given.
    pub column: &'static str,
    /// What does not hold.
    pub rule: CheckRule,
}

/// Why a batch could not be checked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckError {
    /// The batch has no such column.
    #[error("table {table}: no column {column} in the batch, expected the table's schema")]
    NoColumn {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
    /// The column is of another type.
    #[error("table {table}, column {column}: type {found}, expected {expected}")]
    ColumnType {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The type in the batch.
        found: DataType,
        /// The type in the table's schema.
        expected: DataType,
    },
}

impl Table {
    /// The checks of all rows: those that follow from the kind of a column, then the table's own.
    pub fn all_checks(&self) -> impl Iterator<Item = Check> {
        let of_kinds = self.columns.iter().chain(&ORIGIN).flat_map(|column| {
            let missing = column.is_required.then_some(CheckRule::Missing);
            let of_kind = match column.kind {
                Kind::Real => Some(CheckRule::Finite),
                Kind::Day | Kind::Instant => Some(CheckRule::PlausibleDay),
                _ => None,
            };
            let columns = std::slice::from_ref(&column.name);
            missing.into_iter().chain(of_kind).map(move |rule| Check { rule, columns })
        });
        of_kinds.chain(self.checks.iter().copied())
    }

    /// Every row that breaks a check, by row and then in the order of [`Table::all_checks`]; none where all is well.
    ///
    /// # Errors
    ///
    /// [`CheckError`] where the batch has not the columns of the table's schema. Their order, further columns and whether
    /// nulls are allowed do not matter.
    ///
    /// ```
    /// use clv_tables::canonical::orders::{Order, Orders, TABLE};
    /// use clv_tables::{Money, Origin};
    /// let mut rows = Orders::default();
    /// rows.push(Order { order_id: "1".into(), total: Money(-1), ..Default::default() }, &Origin::default());
    /// let breaches = TABLE.breaches(&rows.take())?;
    /// assert_eq!((breaches[0].row, breaches[0].column, breaches[0].rule.id()), (0, "total", "negative"));
    /// # Ok::<(), clv_tables::CheckError>(())
    /// ```
    pub fn breaches(&self, batch: &RecordBatch) -> Result<Vec<Breach>, CheckError> {
        let mut breaches = Vec::new();
        for check in self.all_checks() {
            let columns = check
                .columns
                .iter()
                .map(|name| self.cells(batch, name))
                .collect::<Result<Vec<_>, _>>()?;
            let broken = |rows: Vec<usize>, column| {
                rows.into_iter().map(move |row| Breach { row, column, rule: check.rule })
            };
            if check.rule == CheckRule::SomeOf {
                let rows = rows_where(batch, |row| columns.iter().all(|cells| cells.is_blank(row)));
                breaches.extend(broken(rows, check.columns[0]));
                continue;
            }
            for cells in columns {
                let rows = self.broken_rows(batch, check.rule, &cells)?;
                breaches.extend(broken(rows, cells.column.name));
            }
        }
        breaches.sort_by_key(|breach| breach.row);
        Ok(breaches)
    }

    /// The rows of one column that break a rule.
    fn broken_rows(
        &self,
        batch: &RecordBatch,
        rule: CheckRule,
        cells: &Cells<'_>,
    ) -> Result<Vec<usize>, CheckError> {
        let sign_is = |is_bad: fn(Ordering) -> bool| {
            rows_where(batch, |row| cells.compare_with(row, 0).is_some_and(is_bad))
        };
        let text_is = |is_good: &dyn Fn(&str) -> bool| {
            rows_where(batch, |row| cells.text(row).is_some_and(|text| !is_good(text)))
        };
        Ok(match rule {
            CheckRule::Missing => rows_where(batch, |row| cells.array.is_null(row)),
            CheckRule::Finite => rows_where(batch, |row| {
                cells.primitive::<Float64Type>(row).is_some_and(|value| !value.is_finite())
            }),
            CheckRule::PlausibleDay => rows_where(batch, |row| {
                cells.day(row).is_some_and(|day| !PLAUSIBLE_DAYS.contains(&day.0))
            }),
            CheckRule::NotBlank => text_is(&|text| !text.trim().is_empty()),
            CheckRule::NotNegative => sign_is(Ordering::is_lt),
            CheckRule::Positive => sign_is(Ordering::is_le),
            CheckRule::NotZero => sign_is(Ordering::is_eq),
            CheckRule::Between { low, high } => rows_where(batch, |row| {
                cells.compare_with(row, low).is_some_and(Ordering::is_lt)
                    || cells.compare_with(row, high).is_some_and(Ordering::is_gt)
            }),
            CheckRule::OnScale { low, high } => {
                let (low, high) = (self.cells(batch, low)?, self.cells(batch, high)?);
                rows_where(batch, |row| {
                    cells.compare(&low, row).is_some_and(Ordering::is_lt)
                        || cells.compare(&high, row).is_some_and(Ordering::is_gt)
                })
            }
            CheckRule::NotBefore { start } => {
                let start = self.cells(batch, start)?;
                rows_where(batch, |row| cells.compare(&start, row).is_some_and(Ordering::is_lt))
            }
            CheckRule::NotSame { other } => {
                let other = self.cells(batch, other)?;
                rows_where(batch, |row| {
                    cells.text(row).is_some_and(|text| other.text(row) == Some(text))
                })
            }
            CheckRule::CurrencyCode => {
                text_is(&|text| text.len() == 3 && text.bytes().all(|b| b.is_ascii_uppercase()))
            }
            CheckRule::OneOf(words) => text_is(&|text| words.contains(&text)),
            CheckRule::SomeOf => Vec::new(),
            CheckRule::Balanced { by } => {
                let [by, source, shop] = [by, "source", "shop"];
                let (by, source, shop) =
                    (self.cells(batch, by)?, self.cells(batch, source)?, self.cells(batch, shop)?);
                let group = |row| (source.text(row), shop.text(row), by.text(row));
                let mut sums: HashMap<_, i128> = HashMap::new();
                for row in 0..batch.num_rows() {
                    let number = cells.primitive::<Int64Type>(row).unwrap_or(0);
                    *sums.entry(group(row)).or_default() += i128::from(number);
                }
                rows_where(batch, |row| sums[&group(row)] != 0)
            }
        })
    }

    fn cells<'a>(&self, batch: &'a RecordBatch, name: &str) -> Result<Cells<'a>, CheckError> {
        let column = self.column(name).expect("a test holds the checks against the columns");
        let (table, expected) = (self.name, column.kind.data_type());
        let array = batch
            .column_by_name(name)
            .ok_or(CheckError::NoColumn { table, column: column.name })?;
        if *array.data_type() != expected {
            let found = array.data_type().clone();
            return Err(CheckError::ColumnType { table, column: column.name, found, expected });
        }
        Ok(Cells { column: *column, array })
    }
}

fn rows_where(batch: &RecordBatch, is_wanted: impl Fn(usize) -> bool) -> Vec<usize> {
    (0..batch.num_rows()).filter(|row| is_wanted(*row)).collect()
}

/// A column of a batch, of the type that its description names.
struct Cells<'a> {
    column: Column,
    array: &'a ArrayRef,
}

impl<'a> Cells<'a> {
    fn primitive<T: ArrowPrimitiveType>(&self, row: usize) -> Option<T::Native> {
        let array = self.array.as_primitive_opt::<T>()?;
        array.is_valid(row).then(|| array.value(row))
    }

    fn text(&self, row: usize) -> Option<&'a str> {
        let array = self.array.as_string_opt::<i32>()?;
        array.is_valid(row).then(|| array.value(row))
    }

    /// Whether the cell is null, or text of white space only.
    fn is_blank(&self, row: usize) -> bool {
        self.array.is_null(row) || self.text(row).is_some_and(|text| text.trim().is_empty())
    }

    /// The day of a day, or in UTC of a moment.
    fn day(&self, row: usize) -> Option<Day> {
        let of_moment = || {
            let days = self.primitive::<TimestampMicrosecondType>(row)?.div_euclid(MICROS_PER_DAY);
            // 2^63 microseconds are 106,751,991 days.
            Some(i32::try_from(days).expect("a day of 64 bits of microseconds fits 32 bits"))
        };
        self.primitive::<Date32Type>(row).or_else(of_moment).map(Day)
    }

    /// A number beside a whole number; none where the cell is empty or not a number.
    fn compare_with(&self, row: usize, number: i64) -> Option<Ordering> {
        match self.column.kind {
            Kind::Integer => Some(self.primitive::<Int64Type>(row)?.cmp(&number)),
            Kind::Real => self.primitive::<Float64Type>(row)?.partial_cmp(&(number as f64)),
            Kind::Money => {
                let micros = i128::from(number) * i128::from(MICROS_PER_UNIT);
                Some(self.primitive::<Decimal128Type>(row)?.cmp(&micros))
            }
            _ => None,
        }
    }

    /// A number, day or moment beside another one of its kind; none where either is empty.
    fn compare(&self, other: &Cells<'_>, row: usize) -> Option<Ordering> {
        fn both<T: ArrowPrimitiveType>(
            left: &Cells<'_>,
            right: &Cells<'_>,
            row: usize,
        ) -> Option<Ordering> {
            left.primitive::<T>(row)?.partial_cmp(&right.primitive::<T>(row)?)
        }
        match self.column.kind {
            Kind::Integer => both::<Int64Type>(self, other, row),
            Kind::Real => both::<Float64Type>(self, other, row),
            Kind::Money => both::<Decimal128Type>(self, other, row),
            Kind::Day => both::<Date32Type>(self, other, row),
            Kind::Instant => both::<TimestampMicrosecondType>(self, other, row),
            Kind::Text | Kind::Flag => None,
        }
    }
}
