//! The questions put to canonical rows, and the plain columns that come back.

pub(crate) mod purchase_histories;
pub(crate) mod purchase_occasions;

pub use purchase_histories::CustomerHistories;
pub use purchase_occasions::PurchaseOccasions;

use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{ArrowPrimitiveType, Int64Type, SchemaRef};
use clv_importers::canonicalise::{RowTotals, Shared};
use clv_tables::IdKind;
use clv_tables::orders::{AMOUNT, CUSTOMER, DAY, IS_RETURN, ORDER_KEY, order_schema};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::AggregateUDF;
use datafusion::physical_expr::aggregate::AggregateExprBuilder;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{Partitioning, PhysicalExpr};
use datafusion::physical_plan::aggregates::{AggregateExec, AggregateMode, PhysicalGroupBy};
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};
use datafusion::physical_plan::{ExecutionPlan, collect};

use crate::customer_days::{CustomerDays, Given};
use crate::error::EngineError;
use crate::orders::{Orders, OrdersContent};
use crate::progress::ProgressCounter;
use crate::stream::{OrderPartition, Outcome, RowFilter, Run, divide};

/// Customers' ids, as numbers where the file has a number column, as text otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CustomerIds {
    /// Whole numbers, ascending.
    Integer(Vec<i64>),
    /// Text, ascending by bytes.
    Text(Vec<String>),
}

impl CustomerIds {
    /// How many customers there are.
    pub fn len(&self) -> usize {
        match self {
            CustomerIds::Integer(ids) => ids.len(),
            CustomerIds::Text(ids) => ids.len(),
        }
    }

    /// Whether there is no customer.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One id as text.
    ///
    /// ```
    /// use clv_engine::CustomerIds;
    /// assert_eq!(CustomerIds::Integer(vec![17]).text(0), "17");
    /// ```
    ///
    /// # Panics
    /// When there is no customer at this place.
    pub fn text(&self, i: usize) -> String {
        match self {
            CustomerIds::Integer(ids) => ids[i].to_string(),
            CustomerIds::Text(ids) => ids[i].clone(),
        }
    }
}

/// The customers of a result in the order of their ids.
#[derive(Debug)]
pub(crate) struct Sorted {
    pub(crate) ids: CustomerIds,
    /// The row of each customer in the result.
    pub(crate) rows: Vec<u32>,
}

/// Sorts the rows that are asked for by customer; `arrays` are the ids, piece after piece.
pub(crate) fn sort_customers(
    arrays: &[ArrayRef],
    id_kind: IdKind,
    is_kept: impl Fn(usize) -> bool,
) -> Sorted {
    let n_rows = arrays.iter().map(|array| array.len()).sum();
    match id_kind {
        IdKind::Integer => {
            let ids = arrays.iter().flat_map(|array| array.as_primitive::<Int64Type>().values());
            let kept = ids.zip(0..).filter(|(_, row)| is_kept(*row as usize));
            let mut pairs: Vec<(i64, u32)> = Vec::with_capacity(n_rows);
            pairs.extend(kept.map(|(id, row)| (*id, row)));
            sort_by_id(&mut pairs);
            let (ids, rows) = pairs.into_iter().unzip();
            Sorted { ids: CustomerIds::Integer(ids), rows }
        }
        IdKind::Text => {
            let ids = arrays.iter().flat_map(|array| array.as_string::<i32>().iter().flatten());
            let mut pairs: Vec<(&str, u32)> = Vec::with_capacity(n_rows);
            pairs.extend(ids.zip(0..).filter(|(_, row)| is_kept(*row as usize)));
            pairs.sort_unstable();
            let (ids, rows) = pairs.into_iter().map(|(id, row)| (id.to_owned(), row)).unzip();
            Sorted { ids: CustomerIds::Text(ids), rows }
        }
    }
}

/// One column of a result that came in pieces, in the order of the rows asked for. The pieces are let go.
pub(crate) fn gather<T: ArrowPrimitiveType>(pieces: Vec<ArrayRef>, rows: &[u32]) -> Vec<T::Native> {
    let mut whole = Vec::with_capacity(pieces.iter().map(|piece| piece.len()).sum());
    for piece in pieces {
        whole.extend_from_slice(piece.as_primitive::<T>().values());
    }
    rows.iter().map(|row| whole[*row as usize]).collect()
}

/// All of the money, exactly.
pub(crate) fn sum(money: &[i64]) -> i128 {
    money.iter().map(|one| i128::from(*one)).sum()
}

/// The part of all returns that is of customers without a purchase.
///
/// # Errors
/// When it is too large for a sum.
pub(crate) fn unmatched(all: i128, own: i128) -> Result<i64, EngineError> {
    let whose = || "customers without a purchase".into();
    i64::try_from(all - own)
        .map_err(|_| EngineError::SumTooLarge { whose: whose(), what: "returns" })
}

/// # Errors
/// When a sum stands at the end of its range, where sums stop instead of going wrong: a customer's, so that the message can name
/// it, or that of all.
pub(crate) fn check_sums(
    gross: &[i64],
    returns: &[i64],
    totals: &RowTotals,
    customer: impl Fn(usize) -> String,
) -> Result<(), EngineError> {
    let too_large = |what: &'static str, whose: String| EngineError::SumTooLarge { whose, what };
    for (money, what) in [(gross, "purchases"), (returns, "returns")] {
        if let Some(i) = money.iter().position(|sum| *sum == i64::MAX) {
            return Err(too_large(what, format!("customer {:?}", customer(i))));
        }
    }
    for (total, what) in [(totals.gross, "purchases"), (totals.returns, "returns")] {
        if total == i64::MAX {
            return Err(too_large(what, "all customers".into()));
        }
    }
    Ok(())
}

/// Sorts by id, eleven bits at a time from the lowest: for a million ids a small part of the time of a comparison sort.
fn sort_by_id(pairs: &mut Vec<(i64, u32)>) {
    // With the sign bit turned, negative numbers come before positive ones.
    let key = |id: i64| (id as u64) ^ (1 << 63);
    let varying = pairs.windows(2).fold(0, |bits, two| bits | (key(two[0].0) ^ key(two[1].0)));
    let mut other = Vec::new();
    for shift in (0..64).step_by(11) {
        if (varying >> shift) & 0x7ff == 0 {
            continue;
        }
        other.resize(pairs.len(), (0_i64, 0_u32));
        let digit = |id: i64| (key(id) >> shift) as usize & 0x7ff;
        let mut next = [0_usize; 2049];
        pairs.iter().for_each(|(id, _)| next[digit(*id) + 1] += 1);
        for i in 0..2048 {
            next[i + 1] += next[i];
        }
        for pair in pairs.iter() {
            let at = &mut next[digit(pair.0)];
            other[*at] = *pair;
            *at += 1;
        }
        std::mem::swap(pairs, &mut other);
    }
}

/// Streams the rows through the aggregate function: one row for each customer, in no order, in pieces.
///
/// # Errors
/// When reading fails, the importer refuses, memory and spill space run out, or no row could be used.
pub(crate) fn aggregate(
    orders: &Orders,
    given: Given,
    filter: RowFilter,
) -> Result<(Vec<RecordBatch>, Outcome), EngineError> {
    let engine = &orders.engine;
    let outcome = Arc::new(Mutex::new(Outcome::default()));
    let partitions: Vec<Arc<dyn PartitionStream>> = match &orders.content {
        OrdersContent::Workspace(orders) => orders.partitions(engine.threads, filter, &outcome)?,
        OrdersContent::Files { sources, plan } => {
            let total = sources.iter().map(|source| source.file().size).sum();
            let run = Arc::new(Run {
                sources: Arc::clone(sources),
                plan: Arc::clone(plan),
                filter,
                shared: Arc::new(Shared::default()),
                progress: ProgressCounter::new(total, engine.options.on_progress.clone()),
                outcome: Arc::clone(&outcome),
            });
            for source in sources.iter() {
                source.file().check_unchanged()?;
            }
            let shares = divide(sources, plan, engine.threads).into_iter();
            let partition = |shares| Arc::new(OrderPartition::new(shares, Arc::clone(&run)));
            shares.map(|shares| partition(shares) as Arc<dyn PartitionStream>).collect()
        }
    };
    let session = engine.session()?;
    let function = AggregateUDF::from(CustomerDays::new(given, orders.has_order_ids()));
    let schema = order_schema(orders.id_kind());
    let result = by_customer(partitions, &schema, function, engine.threads)
        .map(|plan| engine.run(collect(plan, session.task_ctx())));
    let result = result.and_then(|result| result);
    let mut outcome = std::mem::take(&mut *outcome.lock().unwrap_or_else(PoisonError::into_inner));
    let result = match result {
        Ok(result) => result,
        Err(error) => return Err(outcome.error.take().unwrap_or_else(|| from_datafusion(&error))),
    };
    if outcome.totals.rows_read == 0 {
        let (path, headings) = orders.names();
        return Err(EngineError::HeaderOnly { path, headings });
    }
    if outcome.totals.rows_accepted == 0 {
        let groups = outcome.complaints.into_groups();
        let reasons: Vec<String> =
            groups.iter().map(|g| format!("{} {}", g.count, g.rule.id())).collect();
        return Err(EngineError::AllPutAside {
            path: orders.names().0,
            rows: outcome.totals.rows_read,
            reasons: reasons.join(", "),
        });
    }
    Ok((result, outcome))
}

/// The plan that gathers all rows of a customer: rows go to their customer's partition and are aggregated there once.
///
/// The planner would aggregate in part, exchange lists and merge them, which costs more than it saves where most customers have few
/// rows (0.8 against 0.7 CPU seconds for 2.9 million rows of a million customers); so the plan is put together here.
fn by_customer(
    partitions: Vec<Arc<dyn PartitionStream>>,
    schema: &SchemaRef,
    function: AggregateUDF,
    threads: usize,
) -> Result<Arc<dyn ExecutionPlan>, DataFusionError> {
    let rows = StreamingTableExec::try_new(Arc::clone(schema), partitions, None, [], false, None)?;
    let column = |name: &str| -> Result<Arc<dyn PhysicalExpr>, DataFusionError> {
        Ok(Arc::new(Column::new_with_schema(name, schema)?))
    };
    let mut mode = AggregateMode::Single;
    let mut input: Arc<dyn ExecutionPlan> = Arc::new(rows);
    if threads > 1 {
        let by_customer = Partitioning::Hash(vec![column(CUSTOMER)?], threads);
        input = Arc::new(RepartitionExec::try_new(input, by_customer)?);
        mode = AggregateMode::SinglePartitioned;
    }
    let arguments =
        [DAY, AMOUNT, IS_RETURN, ORDER_KEY].into_iter().map(column).collect::<Result<_, _>>()?;
    let given = AggregateExprBuilder::new(Arc::new(function), arguments)
        .schema(Arc::clone(schema))
        .alias("given")
        .build()?;
    let customers = PhysicalGroupBy::new_single(vec![(column(CUSTOMER)?, CUSTOMER.to_owned())]);
    let plan = AggregateExec::try_new(
        mode,
        customers,
        vec![Arc::new(given)],
        vec![None],
        input,
        Arc::clone(schema),
    )?;
    Ok(Arc::new(plan))
}

fn from_datafusion(error: &DataFusionError) -> EngineError {
    let detail = error.to_string();
    let detail = detail.lines().next().unwrap_or_default().to_owned();
    match error.find_root() {
        DataFusionError::ResourcesExhausted(_) | DataFusionError::IoError(_) => {
            EngineError::OutOfMemory { detail }
        }
        _ => EngineError::Internal { detail },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_digits_as_they_sort_by_comparison() {
        let numbers = (0..5_000_u64).map(clv_tables::hash::hash_number);
        let ids = numbers.map(|n| n as i64 >> (n % 60)).chain([i64::MIN, i64::MAX, 0, -1]);
        let mut pairs: Vec<(i64, u32)> = ids.zip(0..).collect();
        let mut expected = pairs.clone();
        expected.sort();
        sort_by_id(&mut pairs);
        assert_eq!(pairs, expected);
    }
}
