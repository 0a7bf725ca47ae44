//! One row of a file as its importer sees it: text, money, moments by column, in the formats of their columns.

use std::borrow::Cow;

use arrow::array::{Array, StringArray};
use clv_tables::money::{LARGEST_AMOUNT_MICROS, MICROS_PER_UNIT};
use clv_tables::table::LARGEST_MONEY_MICROS;
use clv_tables::{Money, Origin, Rule};

use crate::column_formats::ColumnFormats;
use crate::currency::{code, has_no_decimals};
use crate::importer::{Problem, Reading};
use crate::moment::Moment;
use crate::number_format::NumberProblem;

/// The days that a canonical table takes: 1970-01-01 to 2100-12-31.
const PLAUSIBLE_DAYS: std::ops::RangeInclusive<i32> = 0..=47_846;

/// A row, with the formats of its columns. Columns are named by their place among the importer's.
#[derive(Debug, Clone, Copy)]
pub struct Cells<'a> {
    /// For each column of the importer, its cells in the batch; `None` where the file has no such column.
    pub columns: &'a [Option<StringArray>],
    /// Decided once for the file.
    pub formats: &'a ColumnFormats,
    /// The row in the batch.
    pub at: usize,
    /// Where the row comes from.
    pub origin: Origin<'a>,
    /// A hash of the whole row, with the cells that the importer does not read; `None` where the reader of the file gives none.
    pub row_hash: Option<u64>,
}

impl<'a> Cells<'a> {
    /// Whether the file has the column at all.
    #[must_use]
    pub fn has(&self, column: usize) -> bool {
        self.columns[column].is_some()
    }

    /// The cell as it stands, blank where it is missing.
    #[must_use]
    pub fn raw(&self, column: usize) -> &'a str {
        match &self.columns[column] {
            Some(cells) if !cells.is_null(self.at) => cells.value(self.at),
            _ => "",
        }
    }

    /// The cell without spaces around it and without a spreadsheet's apostrophe; `None` where nothing is left or it only says
    /// that there is nothing: `--`, `null`, `(not set)`.
    #[must_use]
    pub fn text(&self, column: usize) -> Option<&'a str> {
        let cell = self.raw(column).trim();
        let cell = cell.strip_prefix('\'').unwrap_or(cell).trim();
        let says_nothing = matches!(
            cell,
            "" | "-" | "--" | "null" | "NULL" | "None" | "N/A" | "n/a" | "(not set)" | "\\N"
        );
        (!says_nothing).then_some(cell)
    }

    /// The cell as text.
    ///
    /// # Errors
    /// The rule that a blank cell breaks.
    pub fn needed_text(&self, column: usize, rule: Rule) -> Result<&'a str, Problem> {
        self.text(column).ok_or(Problem { rule, column })
    }

    /// The cell as money, exact to a millionth; `None` where it is blank.
    ///
    /// # Errors
    /// When it is no finite number or larger than a table holds.
    pub fn money(&self, column: usize) -> Result<Option<Money>, Problem> {
        let problem = |rule| Err(Problem { rule, column });
        match self.micros(column) {
            Ok(None) => Ok(None),
            Ok(Some(micros)) if micros.abs() > LARGEST_MONEY_MICROS => {
                problem(Rule::AmountTooLarge)
            }
            Ok(Some(micros)) => Ok(Some(Money(micros))),
            Err(NumberProblem::TooLarge) => problem(Rule::AmountTooLarge),
            Err(_) => problem(Rule::UnreadableAmount),
        }
    }

    /// The cell as money.
    ///
    /// # Errors
    /// When it is blank, no finite number, or larger than a table holds.
    pub fn needed_money(&self, column: usize) -> Result<Money, Problem> {
        self.money(column)?.ok_or(Problem { rule: Rule::UnreadableAmount, column })
    }

    /// The cell, an amount in the smallest unit of a currency, as money: 1250 is 12.50 EUR and 1,250 JPY.
    ///
    /// # Errors
    /// When it is no finite number or larger than a table holds.
    pub fn minor_money(
        &self,
        column: usize,
        currency: Option<&str>,
    ) -> Result<Option<Money>, Problem> {
        let Some(Money(micros)) = self.money(column)? else { return Ok(None) };
        let divisor = if currency.is_some_and(|code| has_no_decimals(&code.to_uppercase())) {
            1
        } else {
            100
        };
        Ok(Some(Money(micros / divisor)))
    }

    /// The product of a number and an amount of money, exact to a millionth; `None` where one of them is blank.
    ///
    /// # Errors
    /// When one of them is no finite number, or the product is larger than a table holds.
    pub fn product(&self, number: usize, amount: usize) -> Result<Option<Money>, Problem> {
        let (Some(times), Some(amount)) = (self.money(number)?, self.money(amount)?) else {
            return Ok(None);
        };
        let product = i128::from(times.0) * i128::from(amount.0);
        let unit = i128::from(MICROS_PER_UNIT);
        // Half away from zero, as amounts are rounded that a cell writes with too many decimals.
        let micros = (product + product.signum() * unit / 2) / unit;
        match i64::try_from(micros) {
            Ok(micros) if micros.abs() <= LARGEST_MONEY_MICROS => Ok(Some(Money(micros))),
            _ => Err(Problem { rule: Rule::AmountTooLarge, column: number }),
        }
    }

    /// The currency that an amount is written with, as ISO 4217 code; `None` where it names none or one of the many dollars.
    #[must_use]
    pub fn money_currency(&self, column: usize) -> Option<&'static str> {
        let amount = self.formats.number(column).parse(self.text(column)?).ok()?;
        amount.currency.filter(|code| code.len() == 3)
    }

    /// The cell as a currency: an ISO 4217 code in capital letters; `None` where it is blank or no code.
    #[must_use]
    pub fn currency(&self, column: usize) -> Option<Cow<'a, str>> {
        code(self.text(column)?)
    }

    /// The cell as a number; `None` where it is blank or does not read.
    #[must_use]
    pub fn number(&self, column: usize) -> Option<f64> {
        let micros = self.micros(column).ok().flatten()?;
        Some(micros as f64 / MICROS_PER_UNIT as f64)
    }

    /// The cell as a whole number; `None` where it is blank, has a fraction or does not read.
    #[must_use]
    pub fn whole(&self, column: usize) -> Option<i64> {
        let micros = self.micros(column).ok().flatten()?;
        (micros % MICROS_PER_UNIT == 0).then_some(micros / MICROS_PER_UNIT)
    }

    fn micros(&self, column: usize) -> Result<Option<i64>, NumberProblem> {
        let Some(cell) = self.text(column) else { return Ok(None) };
        match self.formats.number(column).parse(cell) {
            Ok(amount) if amount.micros.abs() > LARGEST_AMOUNT_MICROS => {
                Err(NumberProblem::TooLarge)
            }
            Ok(amount) => Ok(Some(amount.micros)),
            Err(NumberProblem::Missing) => Ok(None),
            Err(problem) => Err(problem),
        }
    }

    /// The cell as a day, and a moment where it tells one; `None` where it is blank.
    ///
    /// # Errors
    /// When it does not read in the format of its column, or is not in the years 1970 to 2100.
    pub fn moment(&self, column: usize) -> Result<Option<Moment>, Problem> {
        debug_assert!(matches!(self.formats.reading(column), Reading::Moment | Reading::MomentUtc));
        let Some(cell) = self.text(column) else { return Ok(None) };
        match self.formats.moment(column, cell) {
            Some(moment) if PLAUSIBLE_DAYS.contains(&moment.day.0) => Ok(Some(moment)),
            _ => Err(Problem { rule: Rule::UnreadableDate, column }),
        }
    }

    /// The cell as a day, and a moment where it tells one.
    ///
    /// # Errors
    /// When it is blank or does not read in the format of its column.
    pub fn needed_moment(&self, column: usize) -> Result<Moment, Problem> {
        self.moment(column)?.ok_or(Problem { rule: Rule::UnreadableDate, column })
    }

    /// Whether the cell says yes: `true`, `yes`, `1`, `y`; `None` where it is blank or says something else than yes or no.
    #[must_use]
    pub fn flag(&self, column: usize) -> Option<bool> {
        match self.text(column)?.to_ascii_lowercase().as_str() {
            "true" | "yes" | "y" | "1" | "t" => Some(true),
            "false" | "no" | "n" | "0" | "f" => Some(false),
            _ => None,
        }
    }
}
