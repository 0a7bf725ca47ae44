//! The questions put to canonical rows, and the plain columns that come back.

pub(crate) mod purchase_histories;
pub(crate) mod purchase_occasions;

pub use purchase_histories::CustomerHistories;
pub use purchase_occasions::PurchaseOccasions;

use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use clv_importers::Role;
use clv_importers::canonicalise::Shared;
use clv_tables::IdKind;
use clv_tables::orders::{AMOUNT, CUSTOMER, DAY, IS_RETURN, ORDER_KEY, order_schema};
use datafusion::catalog::streaming::StreamingTable;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::AggregateUDF;
use datafusion::physical_plan::streaming::PartitionStream;
use datafusion::prelude::col;

use crate::customer_days::{CustomerDays, Given};
use crate::error::EngineError;
use crate::orders::Orders;
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
    /// # Panics
    /// When there is no customer at this place.
    pub fn text(&self, i: usize) -> String {
        match self {
            CustomerIds::Integer(ids) => ids[i].to_string(),
            CustomerIds::Text(ids) => ids[i].clone(),
        }
    }
}

/// Where a customer's result is: which batch, which row.
pub(crate) type Place = (u32, u32);

/// The customers of result batches in the order of their ids.
#[derive(Debug)]
pub(crate) struct Sorted {
    pub(crate) ids: CustomerIds,
    pub(crate) places: Vec<Place>,
}

/// Sorts the rows that are asked for by customer.
pub(crate) fn sort_customers(
    batches: &[RecordBatch],
    id_kind: IdKind,
    is_kept: impl Fn(usize, usize) -> bool,
) -> Sorted {
    let n_rows = batches.iter().map(RecordBatch::num_rows).sum();
    let places = batches
        .iter()
        .enumerate()
        .flat_map(|(b, batch)| (0..batch.num_rows()).map(move |i| (b, i)));
    let places = places.filter(|(b, i)| is_kept(*b, *i));
    match id_kind {
        IdKind::Integer => {
            let arrays: Vec<_> =
                batches.iter().map(|batch| batch.column(0).as_primitive::<Int64Type>()).collect();
            let mut rows: Vec<(i64, Place)> = Vec::with_capacity(n_rows);
            rows.extend(places.map(|(b, i)| (arrays[b].value(i), (b as u32, i as u32))));
            rows.sort_unstable();
            let (ids, places) = rows.into_iter().unzip();
            Sorted { ids: CustomerIds::Integer(ids), places }
        }
        IdKind::Text => {
            let arrays: Vec<_> =
                batches.iter().map(|batch| batch.column(0).as_string::<i32>()).collect();
            let mut rows: Vec<(&str, Place)> = Vec::with_capacity(n_rows);
            rows.extend(places.map(|(b, i)| (arrays[b].value(i), (b as u32, i as u32))));
            rows.sort_unstable();
            let (ids, places) = rows.into_iter().map(|(id, place)| (id.to_owned(), place)).unzip();
            Sorted { ids: CustomerIds::Text(ids), places }
        }
    }
}

/// Streams the rows through the aggregate function: one row for each customer, in no order.
///
/// # Errors
/// When reading fails, the importer refuses, memory and spill space run out, or no row could be used.
pub(crate) fn aggregate(
    orders: &Orders,
    given: Given,
    filter: RowFilter,
) -> Result<(Vec<RecordBatch>, Outcome), EngineError> {
    let engine = &orders.engine;
    let total = orders.sources.iter().map(|source| source.file().size).sum();
    let run = Arc::new(Run {
        sources: Arc::clone(&orders.sources),
        plan: Arc::clone(&orders.plan),
        filter,
        shared: Arc::new(Shared::default()),
        progress: ProgressCounter::new(total, engine.options.on_progress.clone()),
        outcome: Mutex::new(Outcome::default()),
    });
    for source in orders.sources.iter() {
        source.file().check_unchanged()?;
    }
    let has_orders = orders.plan.column(Role::OrderId).is_some();
    let partitions: Vec<Arc<dyn PartitionStream>> =
        divide(&orders.sources, &orders.plan, engine.threads)
            .into_iter()
            .map(|shares| {
                Arc::new(OrderPartition::new(shares, Arc::clone(&run))) as Arc<dyn PartitionStream>
            })
            .collect();
    let session = engine.session()?;
    let function = AggregateUDF::from(CustomerDays::new(given, has_orders));
    let table = StreamingTable::try_new(order_schema(orders.plan.id_kind), partitions);
    let result = engine.run(async {
        let arguments = [DAY, AMOUNT, IS_RETURN, ORDER_KEY].into_iter().map(col).collect();
        let frame = session.read_table(Arc::new(table?))?;
        frame
            .aggregate(vec![col(CUSTOMER)], vec![function.call(arguments).alias("given")])?
            .collect()
            .await
    });
    let mut outcome =
        std::mem::take(&mut *run.outcome.lock().unwrap_or_else(PoisonError::into_inner));
    let batches = match result {
        Ok(batches) => batches,
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
    Ok((batches, outcome))
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
