//! Rows that prove the plan wrong: another currency, another order of day and month, another version of an order.

use std::sync::PoisonError;

use super::Canonicaliser;
use super::columns::{Columns, cell};
use crate::currency::{currency_of, is_currency};
use crate::date_format::{DateFormat, DateOrder};
use crate::error::ImportError;
use crate::role::Role;
use clv_tables::Rule;

impl Canonicaliser {
    /// Whether the row's currency is the one that is read.
    pub(super) fn is_wanted_currency(
        &mut self,
        columns: &Columns,
        i: usize,
        row: u64,
        money: i64,
    ) -> Result<bool, ImportError> {
        let written = cell(&columns.currency_texts, i);
        let found = columns.currencies.get(i).copied().flatten().or_else(|| currency_of(written));
        let Some(found) = found else { return Ok(true) };
        if let Some(wanted) = &self.plan.currency {
            if !is_currency(found, wanted) {
                self.complain(Rule::OtherCurrency, row, money, Role::Currency, found);
                return Ok(false);
            }
            self.totals.currency = Some(found);
            return Ok(true);
        }
        if self.currency == Some(found) {
            return Ok(true);
        }
        let mut first = self.shared.currency.lock().unwrap_or_else(PoisonError::into_inner);
        let (first, first_row) = *first.get_or_insert((found, row));
        // A bare dollar sign beside a dollar code is the same money.
        if !is_currency(found, first) {
            return Err(ImportError::MixedCurrencies {
                file: self.file.to_string(),
                first: first.to_owned(),
                first_row,
                second: found.to_owned(),
                second_row: row,
            });
        }
        self.currency = Some(found);
        self.totals.currency = Some(found);
        Ok(true)
    }

    /// An order whose money stands on one row has one version; where the row is the same in two files, it was put aside before.
    pub(super) fn refuse_other_version(
        &self,
        order: u64,
        row: u64,
        order_id: &str,
    ) -> Result<(), ImportError> {
        let mut versions = self.shared.versions.lock().unwrap_or_else(PoisonError::into_inner);
        let (file, first_row) =
            versions.entry(order).or_insert_with(|| (self.file.clone(), row)).clone();
        if file == self.file {
            return Ok(());
        }
        let mut both = [(file.to_string(), first_row), (self.file.to_string(), row)];
        both.sort_unstable();
        let [(file, row), (second_file, second_row)] = both;
        let order = order_id.to_owned();
        Err(ImportError::TwoVersions { file, row, second_file, second_row, order })
    }

    pub(super) fn refuse_other_order(&self, row: u64, value: &str) -> Result<(), ImportError> {
        let (DateFormat::Slashed(order), Some((proof_row, proof))) =
            (self.plan.date, &self.plan.date_proof)
        else {
            return Ok(());
        };
        let other = match order {
            DateOrder::DayFirst => DateOrder::MonthFirst,
            DateOrder::MonthFirst => DateOrder::DayFirst,
        };
        if DateFormat::Slashed(other).parse(value).is_none() {
            return Ok(());
        }
        let here = (row, value.to_owned());
        let proof = (*proof_row, proof.clone());
        let (day, month) = if order == DateOrder::DayFirst { (proof, here) } else { (here, proof) };
        Err(ImportError::TwoDateOrders {
            file: self.file.to_string(),
            column: self.plan.heading(Role::OrderedAt).to_owned(),
            day_first_row: day.0,
            day_first: day.1,
            month_first_row: month.0,
            month_first: month.1,
        })
    }
}
