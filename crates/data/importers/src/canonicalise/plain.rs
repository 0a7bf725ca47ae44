//! The usual case of typed files, where the columns are the answer.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanArray, Int32Array, Int64Array, RecordBatch, UInt64Array,
};
use arrow::buffer::BooleanBuffer;
use clv_tables::day::LAST_DAY;

use super::columns::{Columns, Ids};
use super::{Canonicaliser, RowTotals};
use crate::convert::{BAD_DAY, is_mark};
use crate::plan::ZeroOrders;

impl Canonicaliser {
    /// The rows of a batch of whole numbers, all there, each row an order; `None` for any other.
    pub(super) fn push_plain(&mut self, columns: &mut Columns) -> Option<RecordBatch> {
        let Ids::Integer(ids) = &columns.customers else { return None };
        let is_plain = self.first_orders.is_none()
            && columns.order_ids.is_none()
            && columns.currency_texts.is_none()
            && columns.currencies.is_empty()
            && columns.statuses.is_none()
            && columns.pieces.is_none()
            && columns.cancelled.is_none()
            && columns.refunds.is_none()
            && self.plan.zero_orders == ZeroOrders::Keep;
        let last_allowed = self.plan.as_of.map_or(LAST_DAY, |day| day.0);
        if !is_plain || ids.null_count() > 0 || columns.days.is_empty() {
            return None;
        }
        let (mut first, mut last) = (i32::MAX, i32::MIN);
        for day in &columns.days {
            first = first.min(*day);
            last = last.max(*day);
        }
        let least = columns.amounts.iter().copied().min().unwrap_or(0);
        if first <= BAD_DAY || last > last_allowed || is_mark(least) {
            return None;
        }
        let n_rows = columns.days.len();
        let (mut gross, mut returns) = (0_i64, 0_i64);
        for amount in &columns.amounts {
            gross = gross.saturating_add((*amount).max(0));
            returns = returns.saturating_sub((*amount).min(0));
        }
        self.totals.merge(&RowTotals {
            rows_read: 0,
            rows_accepted: n_rows as u64,
            gross,
            returns,
            first_day: Some(first),
            last_day: Some(last),
            currency: None,
        });
        let is_return = if least < 0 {
            columns.amounts.iter().map(|amount| Some(*amount < 0)).collect()
        } else {
            BooleanArray::new(BooleanBuffer::new_unset(n_rows), None)
        };
        let arrays: Vec<ArrayRef> = vec![
            Arc::new(ids.clone()),
            Arc::new(Int32Array::from(std::mem::take(&mut columns.days))),
            Arc::new(Int64Array::from(std::mem::take(&mut columns.amounts))),
            Arc::new(is_return),
            Arc::new(UInt64Array::new_null(n_rows)),
        ];
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), arrays);
        Some(batch.expect("the arrays are of the schema's types"))
    }
}
