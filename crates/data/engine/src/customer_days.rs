//! The one aggregate function: a customer's rows gathered by day, given as a history or as the days themselves.
//!
//! It assumes nothing about the order of rows. Rows are appended to flat columns and only sorted, group by group, when a result or
//! a partial state is asked for, or when they have become many: a counting sort by group costs a few nanoseconds a row,
//! where one small vector for each customer would cost an allocation.
//!
//! The partial state is three lists of equal length for each customer: the tagged day (day × 2, plus one for a return), the amount
//! and the mark. With order ids the mark is the order's key, and lines of one order fall together; without, it is the number of rows.

mod given;

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BooleanArray, Int32Array, Int64Array, UInt64Array};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, FieldRef, Int32Type, Int64Type, UInt64Type};
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature, Volatility,
};

use given::{customer_days, day_fields, histories, history_fields, list, list_offsets, list_type};

/// What is given for each customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Given {
    /// One history: days and sums; null where there is no purchase.
    History,
    /// The days, in order, with money, returns and orders.
    Days,
}

/// The aggregate function over `day, amount, is_return, order_key`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct CustomerDays {
    given: Given,
    has_orders: bool,
    signature: Signature,
}

impl CustomerDays {
    pub(crate) fn new(given: Given, has_orders: bool) -> CustomerDays {
        let types = vec![DataType::Int32, DataType::Int64, DataType::Boolean, DataType::UInt64];
        CustomerDays {
            given,
            has_orders,
            signature: Signature::exact(types, Volatility::Immutable),
        }
    }
}

impl AggregateUDFImpl for CustomerDays {
    fn name(&self) -> &str {
        "customer_days"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Struct(match self.given {
            Given::History => history_fields(),
            Given::Days => day_fields(),
        }))
    }

    fn accumulator(&self, _: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        exec_err!("customer_days is only asked by customer")
    }

    fn state_fields(&self, _: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        let field = |name: &str, item: DataType| Arc::new(Field::new(name, list_type(item), false));
        Ok(vec![
            field("tagged_days", DataType::Int32),
            field("amounts", DataType::Int64),
            field("marks", DataType::UInt64),
        ])
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs<'_>) -> bool {
        true
    }

    fn create_groups_accumulator(
        &self,
        _: AccumulatorArgs<'_>,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(DayAccumulator {
            given: self.given,
            has_orders: self.has_orders,
            ..DayAccumulator::default()
        }))
    }
}

/// The rows so far: four columns of equal length.
#[derive(Debug)]
struct DayAccumulator {
    given: Given,
    has_orders: bool,
    n_groups: usize,
    groups: Vec<u32>,
    tagged_days: Vec<i32>,
    amounts: Vec<i64>,
    marks: Vec<u64>,
    /// Rows at which falling together is tried again.
    compact_at: usize,
}

impl Default for DayAccumulator {
    fn default() -> DayAccumulator {
        DayAccumulator {
            given: Given::History,
            has_orders: false,
            n_groups: 0,
            groups: Vec::new(),
            tagged_days: Vec::new(),
            amounts: Vec::new(),
            marks: Vec::new(),
            compact_at: FIRST_COMPACTION,
        }
    }
}

/// Rows before the first attempt to let rows fall together: below, the memory is not worth the time.
const FIRST_COMPACTION: usize = 2_000_000;

/// One row of a customer: tagged day, mark, amount.
type Entry = (i32, u64, i64);

/// The rows of some customers, sorted and fallen together.
struct ByCustomer {
    /// One more than customers: where each one's rows begin and end.
    offsets: Vec<usize>,
    entries: Vec<Entry>,
}

impl DayAccumulator {
    fn push(&mut self, group: usize, tagged_day: i32, amount: i64, mark: u64) {
        self.groups.push(group as u32);
        self.tagged_days.push(tagged_day);
        self.amounts.push(amount);
        self.marks.push(mark);
    }

    /// Takes the rows of the first so many groups out, sorted by group, day and mark, equal ones as one.
    fn take(&mut self, n_groups: usize) -> ByCustomer {
        let mut offsets = vec![0_usize; n_groups + 1];
        for group in &self.groups {
            if (*group as usize) < n_groups {
                offsets[*group as usize + 1] += 1;
            }
        }
        for i in 0..n_groups {
            offsets[i + 1] += offsets[i];
        }
        let mut next = offsets.clone();
        let mut entries: Vec<Entry> = vec![(0, 0, 0); offsets[n_groups]];
        let mut kept = 0;
        for i in 0..self.groups.len() {
            let group = self.groups[i] as usize;
            if group < n_groups {
                entries[next[group]] = (self.tagged_days[i], self.marks[i], self.amounts[i]);
                next[group] += 1;
            } else {
                self.groups[kept] = (group - n_groups) as u32;
                self.tagged_days[kept] = self.tagged_days[i];
                self.amounts[kept] = self.amounts[i];
                self.marks[kept] = self.marks[i];
                kept += 1;
            }
        }
        self.truncate(kept);
        self.n_groups -= n_groups.min(self.n_groups);
        self.fall_together(offsets, entries)
    }

    fn truncate(&mut self, n: usize) {
        if n == 0 {
            (self.groups, self.tagged_days, self.amounts, self.marks) = Default::default();
        } else {
            self.groups.truncate(n);
            self.tagged_days.truncate(n);
            self.amounts.truncate(n);
            self.marks.truncate(n);
        }
    }

    fn fall_together(&self, mut offsets: Vec<usize>, mut entries: Vec<Entry>) -> ByCustomer {
        let mut written = 0;
        for i in 0..offsets.len() - 1 {
            let (start, end) = (offsets[i], offsets[i + 1]);
            offsets[i] = written;
            if end - start > 1 {
                entries[start..end].sort_unstable_by_key(|(day, mark, _)| (*day, *mark));
            }
            let first = written;
            for at in start..end {
                let (day, mark, amount) = entries[at];
                let is_same = written > first
                    && entries[written - 1].0 == day
                    && (!self.has_orders || entries[written - 1].1 == mark);
                if is_same {
                    let last = &mut entries[written - 1];
                    last.2 = last.2.saturating_add(amount);
                    if !self.has_orders {
                        last.1 += mark;
                    }
                } else {
                    entries[written] = (day, mark, amount);
                    written += 1;
                }
            }
        }
        if let Some(last) = offsets.last_mut() {
            *last = written;
        }
        entries.truncate(written);
        ByCustomer { offsets, entries }
    }

    /// Lets rows fall together when they have become many; when that gives little, waits for twice as many.
    fn compact(&mut self) {
        if self.groups.len() < self.compact_at {
            return;
        }
        let n_groups = self.n_groups;
        let all = self.take(n_groups);
        self.n_groups = n_groups;
        for group in 0..n_groups {
            for (day, mark, amount) in &all.entries[all.offsets[group]..all.offsets[group + 1]] {
                self.push(group, *day, *amount, *mark);
            }
        }
        self.compact_at = (2 * self.groups.len()).max(FIRST_COMPACTION);
    }

    fn n_emitted(&self, emit_to: EmitTo) -> usize {
        match emit_to {
            EmitTo::All => self.n_groups,
            EmitTo::First(n) => n,
        }
    }
}

impl GroupsAccumulator for DayAccumulator {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        _: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> Result<()> {
        self.n_groups = total_num_groups;
        let days = values[0].as_primitive::<Int32Type>();
        let amounts = values[1].as_primitive::<Int64Type>();
        let is_return = values[2].as_boolean();
        self.groups.extend(group_indices.iter().map(|group| *group as u32));
        let tags = is_return.values().iter().map(i32::from);
        self.tagged_days.extend(days.values().iter().zip(tags).map(|(day, tag)| day * 2 + tag));
        self.amounts.extend_from_slice(amounts.values());
        if self.has_orders {
            self.marks.extend_from_slice(values[3].as_primitive::<UInt64Type>().values());
        } else {
            self.marks.resize(self.groups.len(), 1);
        }
        self.compact();
        Ok(())
    }

    fn merge_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        total_num_groups: usize,
    ) -> Result<()> {
        self.n_groups = total_num_groups;
        let lists = values[0].as_list::<i32>();
        let days = lists.values().as_primitive::<Int32Type>().values();
        let amounts = values[1].as_list::<i32>().values().as_primitive::<Int64Type>().values();
        let marks = values[2].as_list::<i32>().values().as_primitive::<UInt64Type>().values();
        let offsets = lists.value_offsets();
        for (i, group) in group_indices.iter().enumerate() {
            self.groups
                .extend(std::iter::repeat_n(*group as u32, (offsets[i + 1] - offsets[i]) as usize));
        }
        // Only what the lists of this slice cover, which is one run of the values.
        let (start, end) = (offsets[0] as usize, offsets[group_indices.len()] as usize);
        let shift = |i: usize| values[i].as_list::<i32>().value_offsets()[0] as usize;
        let n = end - start;
        self.tagged_days.extend_from_slice(&days[start..end]);
        self.amounts.extend_from_slice(&amounts[shift(1)..shift(1) + n]);
        self.marks.extend_from_slice(&marks[shift(2)..shift(2) + n]);
        self.compact();
        Ok(())
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let n_groups = self.n_emitted(emit_to);
        let all = self.take(n_groups);
        let offsets = list_offsets(&all.offsets)?;
        let days: Int32Array = all.entries.iter().map(|entry| entry.0).collect::<Vec<_>>().into();
        let amounts: Int64Array =
            all.entries.iter().map(|entry| entry.2).collect::<Vec<_>>().into();
        let marks: UInt64Array = all.entries.iter().map(|entry| entry.1).collect::<Vec<_>>().into();
        Ok(vec![
            list(&offsets, Arc::new(days))?,
            list(&offsets, Arc::new(amounts))?,
            list(&offsets, Arc::new(marks))?,
        ])
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        _: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let days = values[0].as_primitive::<Int32Type>();
        let is_return = values[2].as_boolean();
        let n_rows = days.len();
        let offsets = OffsetBuffer::from_lengths(std::iter::repeat_n(1, n_rows));
        let tags = is_return.values().iter().map(i32::from);
        let tagged: Vec<i32> =
            days.values().iter().zip(tags).map(|(day, tag)| day * 2 + tag).collect();
        let marks: ArrayRef = if self.has_orders {
            Arc::clone(&values[3])
        } else {
            Arc::new(UInt64Array::from(vec![1_u64; n_rows]))
        };
        let marks =
            Arc::new(UInt64Array::new(marks.as_primitive::<UInt64Type>().values().clone(), None));
        Ok(vec![
            list(&offsets, Arc::new(Int32Array::from(tagged)))?,
            list(&offsets, Arc::clone(&values[1]))?,
            list(&offsets, marks)?,
        ])
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let n_groups = self.n_emitted(emit_to);
        let all = self.take(n_groups);
        match self.given {
            Given::History => histories(&all, self.has_orders),
            Given::Days => customer_days(&all, self.has_orders),
        }
    }

    fn size(&self) -> usize {
        4 * self.groups.capacity()
            + 4 * self.tagged_days.capacity()
            + 8 * self.amounts.capacity()
            + 8 * self.marks.capacity()
    }
}
