//! Canonical rows under construction: flat columns, lines of one order falling together as they come.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Int32Array, Int64Array, RecordBatch, StringBuilder, UInt64Array,
};
use arrow::datatypes::SchemaRef;
use clv_tables::IdKind;

/// A customer's id, borrowed from the row at hand.
#[derive(Debug, Clone, Copy)]
pub(super) enum CustomerRef<'a> {
    Integer(i64),
    Text(&'a str),
    Missing,
}

/// The rows so far.
#[derive(Debug)]
pub(super) struct CanonicalRows {
    integers: Vec<i64>,
    texts: StringBuilder,
    last_text: String,
    days: Vec<i32>,
    amounts: Vec<i64>,
    is_return: Vec<bool>,
    keys: Option<Vec<u64>>,
    first_row: Vec<u64>,
    n_lines: Vec<u32>,
    kind: IdKind,
}

impl CanonicalRows {
    pub(super) fn new(kind: IdKind, n_rows: usize, has_orders: bool) -> CanonicalRows {
        let (n_integers, n_texts) = match kind {
            IdKind::Integer => (n_rows, 0),
            IdKind::Text => (0, n_rows),
        };
        CanonicalRows {
            integers: Vec::with_capacity(n_integers),
            texts: StringBuilder::with_capacity(n_texts, 8 * n_texts),
            last_text: String::new(),
            days: Vec::with_capacity(n_rows),
            amounts: Vec::with_capacity(n_rows),
            is_return: Vec::with_capacity(n_rows),
            keys: has_orders.then(|| Vec::with_capacity(n_rows)),
            first_row: Vec::with_capacity(n_rows),
            n_lines: Vec::with_capacity(n_rows),
            kind,
        }
    }

    pub(super) fn last_key(&self) -> Option<u64> {
        self.keys.as_ref().and_then(|keys| keys.last().copied())
    }

    pub(super) fn is_last_customer(&self, customer: &CustomerRef<'_>) -> bool {
        match customer {
            CustomerRef::Integer(id) => self.integers.last() == Some(id),
            CustomerRef::Text(id) => !self.days.is_empty() && self.last_text == *id,
            CustomerRef::Missing => false,
        }
    }

    /// Adds a row; a line of the order at the end falls into it, its amount saturating at the ends of i64.
    pub(super) fn push(
        &mut self,
        customer: &CustomerRef<'_>,
        day: i32,
        amount: i64,
        is_return: bool,
        key: Option<u64>,
        row: u64,
    ) {
        let is_same = key.is_some()
            && self.last_key() == key
            && self.days.last() == Some(&day)
            && self.is_return.last() == Some(&is_return)
            && self.is_last_customer(customer);
        if is_same
            && let (Some(last), Some(lines)) = (self.amounts.last_mut(), self.n_lines.last_mut())
        {
            *last = last.saturating_add(amount);
            *lines += 1;
            return;
        }
        match customer {
            CustomerRef::Integer(id) => self.integers.push(*id),
            CustomerRef::Text(id) => {
                self.texts.append_value(id);
                if self.last_text != *id {
                    self.last_text.clear();
                    self.last_text.push_str(id);
                }
            }
            CustomerRef::Missing => return,
        }
        self.days.push(day);
        self.amounts.push(amount);
        self.is_return.push(is_return);
        if let Some(keys) = &mut self.keys {
            keys.push(key.unwrap_or(0));
        }
        self.first_row.push(row);
        self.n_lines.push(1);
    }

    /// Drops purchases that come to nothing; `dropped` hears the first row and the number of lines of each.
    pub(super) fn drop_zero_orders(&mut self, mut dropped: impl FnMut(u64, u32)) {
        if !self
            .amounts
            .iter()
            .zip(&self.is_return)
            .any(|(amount, is_return)| *amount == 0 && !is_return)
        {
            return;
        }
        let texts = self.texts.finish();
        let mut kept = CanonicalRows::new(self.kind, self.days.len(), self.keys.is_some());
        for i in 0..self.days.len() {
            if self.amounts[i] == 0 && !self.is_return[i] {
                dropped(self.first_row[i], self.n_lines[i]);
                continue;
            }
            let customer = match self.kind {
                IdKind::Integer => CustomerRef::Integer(self.integers[i]),
                IdKind::Text => CustomerRef::Text(texts.value(i)),
            };
            let key = self.keys.as_ref().map(|keys| keys[i]);
            kept.push(
                &customer,
                self.days[i],
                self.amounts[i],
                self.is_return[i],
                key,
                self.first_row[i],
            );
        }
        *self = kept;
    }

    pub(super) fn finish(mut self, schema: &SchemaRef) -> RecordBatch {
        let n_rows = self.days.len();
        let customers: ArrayRef = match self.kind {
            IdKind::Integer => Arc::new(Int64Array::from(self.integers)),
            IdKind::Text => Arc::new(self.texts.finish()),
        };
        let keys = match self.keys {
            Some(keys) => UInt64Array::from(keys),
            None => UInt64Array::new_null(n_rows),
        };
        let arrays: Vec<ArrayRef> = vec![
            customers,
            Arc::new(Int32Array::from(self.days)),
            Arc::new(Int64Array::from(self.amounts)),
            Arc::new(BooleanArray::from(self.is_return)),
            Arc::new(keys),
        ];
        RecordBatch::try_new(Arc::clone(schema), arrays)
            .expect("the arrays are of the schema's types and length")
    }
}
