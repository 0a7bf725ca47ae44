//! The one aggregate function: a customer's rows gathered by day, given as a history or as the days themselves.
//!
//! It assumes nothing about the order of rows. Rows are appended to flat blocks and only sorted, group by group, when a result or
//! a partial state is asked for, or when they have become many: a counting sort by group costs a few nanoseconds a row,
//! where one small vector for each customer would cost an allocation.
//!
//! The partial state is three lists of equal length for each customer: the tagged day (day × 2, plus one for a return), the amount
//! and the mark. With order ids the mark is the order's key, and lines of one order fall together; without, it is the number of rows.

mod given;
mod rows;

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
use rows::{Mark, Rows};

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
        Ok(if self.has_orders {
            Box::new(DayAccumulator::<u64>::new(self.given))
        } else {
            Box::new(DayAccumulator::<u32>::new(self.given))
        })
    }
}

/// The rows so far.
#[derive(Debug)]
struct DayAccumulator<M> {
    given: Given,
    n_groups: usize,
    rows: Rows<M>,
    /// Rows at which falling together is tried again.
    compact_at: usize,
}

/// Rows before the first attempt to let rows fall together: below, the memory is not worth the time.
const FIRST_COMPACTION: usize = 2_000_000;

impl<M: Mark> DayAccumulator<M> {
    fn new(given: Given) -> DayAccumulator<M> {
        DayAccumulator { given, n_groups: 0, rows: Rows::new(), compact_at: FIRST_COMPACTION }
    }

    /// Lets rows fall together when they have become many; when that gives little, waits for twice as many.
    fn compact(&mut self) {
        if self.rows.len() >= self.compact_at {
            self.rows.compact(self.n_groups);
            self.compact_at = (2 * self.rows.len()).max(FIRST_COMPACTION);
        }
    }

    fn n_emitted(&mut self, emit_to: EmitTo) -> usize {
        let n_groups = match emit_to {
            EmitTo::All => self.n_groups,
            EmitTo::First(n) => n,
        };
        self.n_groups -= n_groups.min(self.n_groups);
        n_groups
    }
}

impl<M: Mark> GroupsAccumulator for DayAccumulator<M> {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        _: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> Result<()> {
        self.n_groups = total_num_groups;
        let days = values[0].as_primitive::<Int32Type>();
        let is_return = values[2].as_boolean();
        let tags = is_return.values().iter().map(i32::from);
        let keys = values[3].as_primitive::<UInt64Type>();
        self.rows.extend(
            group_indices.iter().map(|group| *group as u32),
            days.values().iter().zip(tags).map(|(day, tag)| day * 2 + tag),
            values[1].as_primitive::<Int64Type>().values(),
            M::IS_KEY.then(|| keys.values().iter().map(|key| M::of_state(*key))),
        );
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
        let groups: Vec<u32> = group_indices
            .iter()
            .zip(offsets.windows(2))
            .flat_map(|(group, at)| std::iter::repeat_n(*group as u32, (at[1] - at[0]) as usize))
            .collect();
        // Only what the lists of this slice cover, which is one run of the values.
        let start = |i: usize| values[i].as_list::<i32>().value_offsets()[0] as usize;
        let of = |i: usize| start(i)..start(i) + groups.len();
        self.rows.extend(
            groups.iter().copied(),
            days[of(0)].iter().copied(),
            &amounts[of(1)],
            Some(marks[of(2)].iter().map(|mark| M::of_state(*mark))),
        );
        self.compact();
        Ok(())
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let n_groups = self.n_emitted(emit_to);
        let all = self.rows.take(n_groups);
        let offsets = list_offsets(&all.offsets)?;
        let days = Int32Array::from_iter_values(all.entries.iter().map(|e| e.tagged_day));
        let amounts = Int64Array::from_iter_values(all.entries.iter().map(|e| e.amount));
        let marks = UInt64Array::from_iter_values(all.entries.iter().map(|e| e.mark.state()));
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
        let marks: ArrayRef = if M::IS_KEY {
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
        let all = self.rows.take(n_groups);
        match self.given {
            Given::History => histories(&all),
            Given::Days => customer_days(&all),
        }
    }

    fn size(&self) -> usize {
        self.rows.size()
    }
}
