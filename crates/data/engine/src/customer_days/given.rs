//! The two forms in which a customer's days are given, as Arrow columns.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Float64Array, Int32Array, Int64Array, ListArray, StructArray,
    UInt32Array,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::common::{Result, exec_err};

use super::rows::{ByCustomer, Mark};

/// The fields of a history, in the order of [`crate::plans::purchase_histories`].
pub(super) fn history_fields() -> Fields {
    Fields::from(vec![
        Field::new("first_day", DataType::Int32, false),
        Field::new("last_day", DataType::Int32, false),
        Field::new("n_days", DataType::UInt32, false),
        Field::new("orders", DataType::UInt32, false),
        Field::new("gross", DataType::Int64, false),
        Field::new("returns", DataType::Int64, false),
        Field::new("first_day_gross", DataType::Int64, false),
        Field::new("sum_ln_interpurchase_days", DataType::Float64, false),
        Field::new("has_purchase", DataType::Boolean, false),
    ])
}

pub(super) fn list_type(item: DataType) -> DataType {
    DataType::List(item_field(item))
}

pub(super) fn item_field(item: DataType) -> FieldRef {
    Arc::new(Field::new("item", item, false))
}

pub(super) fn day_fields() -> Fields {
    Fields::from(vec![
        Field::new("day", list_type(DataType::Int32), false),
        Field::new("gross", list_type(DataType::Int64), false),
        Field::new("returns", list_type(DataType::Int64), false),
        Field::new("orders", list_type(DataType::UInt32), false),
    ])
}

pub(super) fn list_offsets(offsets: &[usize]) -> Result<OffsetBuffer<i32>> {
    let Ok(_) = i32::try_from(*offsets.last().unwrap_or(&0)) else {
        return exec_err!("more than two billion customer-days in one batch");
    };
    Ok(OffsetBuffer::new(offsets.iter().map(|offset| *offset as i32).collect::<Vec<_>>().into()))
}

pub(super) fn list(offsets: &OffsetBuffer<i32>, values: ArrayRef) -> Result<ArrayRef> {
    let field = item_field(values.data_type().clone());
    Ok(Arc::new(ListArray::try_new(field, offsets.clone(), values, None)?))
}

/// The sum of the natural logarithms of gaps of whole days: one logarithm for many gaps.
struct SumLn {
    sum: f64,
    /// The gaps since the last logarithm.
    product: f64,
}

/// Gaps are multiplied up to this: with one more they stay in the range of f64.
const LARGEST_PRODUCT: f64 = 1e290;

impl SumLn {
    fn add(&mut self, days: i32) {
        self.product *= f64::from(days);
        if self.product > LARGEST_PRODUCT {
            self.sum += self.product.ln();
            self.product = 1.0;
        }
    }

    fn value(&self) -> f64 {
        self.sum + self.product.ln()
    }
}

pub(super) fn histories<M: Mark>(all: &ByCustomer<M>) -> Result<ArrayRef> {
    let n = all.offsets.len() - 1;
    let (mut first_day, mut last_day) = (Vec::with_capacity(n), Vec::with_capacity(n));
    let (mut n_days, mut orders) = (Vec::<u32>::with_capacity(n), Vec::<u32>::with_capacity(n));
    let (mut gross, mut returns) = (Vec::<i64>::with_capacity(n), Vec::<i64>::with_capacity(n));
    let (mut first_day_gross, mut has_purchase) =
        (Vec::<i64>::with_capacity(n), Vec::<bool>::with_capacity(n));
    let mut sum_ln_days = Vec::<f64>::with_capacity(n);
    let mut keys: Vec<M> = Vec::new();
    for bounds in all.offsets.windows(2) {
        let mut sum_ln = SumLn { sum: 0.0, product: 1.0 };
        let mut history = (0_i32, 0_i32, 0_u32, 0_u32, 0_i64, 0_i64, 0_i64);
        keys.clear();
        for entry in &all.entries[bounds[0]..bounds[1]] {
            let day = entry.tagged_day >> 1;
            if entry.tagged_day & 1 == 1 {
                history.5 = history.5.saturating_sub(entry.amount);
                continue;
            }
            if history.2 == 0 {
                history.0 = day;
            }
            if history.2 == 0 || history.1 != day {
                if history.2 > 0 {
                    sum_ln.add(day.saturating_sub(history.1));
                }
                history.2 += 1;
                history.1 = day;
            }
            if history.0 == day {
                history.6 = history.6.saturating_add(entry.amount);
            }
            history.4 = history.4.saturating_add(entry.amount);
            if M::IS_KEY {
                keys.push(entry.mark);
            } else {
                history.3 = history.3.saturating_add(entry.mark.n_orders());
            }
        }
        if M::IS_KEY {
            keys.sort_unstable();
            keys.dedup();
            history.3 = u32::try_from(keys.len()).unwrap_or(u32::MAX);
        }
        first_day.push(history.0);
        last_day.push(history.1);
        n_days.push(history.2);
        orders.push(history.3);
        gross.push(history.4);
        returns.push(history.5);
        first_day_gross.push(history.6);
        sum_ln_days.push(sum_ln.value());
        has_purchase.push(history.2 > 0);
    }
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int32Array::from(first_day)),
        Arc::new(Int32Array::from(last_day)),
        Arc::new(UInt32Array::from(n_days)),
        Arc::new(UInt32Array::from(orders)),
        Arc::new(Int64Array::from(gross)),
        Arc::new(Int64Array::from(returns)),
        Arc::new(Int64Array::from(first_day_gross)),
        Arc::new(Float64Array::from(sum_ln_days)),
        Arc::new(BooleanArray::from(has_purchase)),
    ];
    Ok(Arc::new(StructArray::try_new(history_fields(), columns, None::<NullBuffer>)?))
}

pub(super) fn customer_days<M: Mark>(all: &ByCustomer<M>) -> Result<ArrayRef> {
    let mut offsets = vec![0_usize];
    let (mut day, mut gross, mut returns) =
        (Vec::<i32>::new(), Vec::<i64>::new(), Vec::<i64>::new());
    let mut orders = Vec::<u32>::new();
    for bounds in all.offsets.windows(2) {
        let first = day.len();
        for entry in &all.entries[bounds[0]..bounds[1]] {
            if day.len() == first || day.last() != Some(&(entry.tagged_day >> 1)) {
                day.push(entry.tagged_day >> 1);
                gross.push(0);
                returns.push(0);
                orders.push(0);
            }
            let at = day.len() - 1;
            if entry.tagged_day & 1 == 1 {
                returns[at] = returns[at].saturating_sub(entry.amount);
            } else {
                gross[at] = gross[at].saturating_add(entry.amount);
                // Entries of one day and one order have fallen together, so each is an order of its own.
                orders[at] = orders[at].saturating_add(entry.mark.n_orders());
            }
        }
        offsets.push(day.len());
    }
    let offsets = list_offsets(&offsets)?;
    let columns: Vec<ArrayRef> = vec![
        list(&offsets, Arc::new(Int32Array::from(day)))?,
        list(&offsets, Arc::new(Int64Array::from(gross)))?,
        list(&offsets, Arc::new(Int64Array::from(returns)))?,
        list(&offsets, Arc::new(UInt32Array::from(orders)))?,
    ];
    Ok(Arc::new(StructArray::try_new(day_fields(), columns, None::<NullBuffer>)?))
}
