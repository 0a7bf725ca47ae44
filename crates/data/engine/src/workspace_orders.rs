//! The orders of a workspace as canonical rows: one for each order and each refund, by person.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Int32Array, Int64Array, RecordBatch, StringArray,
    StringBuilder, UInt64Array,
};
use arrow::datatypes::{Date32Type, Decimal128Type, SchemaRef};
use clv_importers::catalogue::SOURCES;
use clv_importers::currency::currency_of;
use clv_importers::plan::ZeroOrders;
use clv_tables::canonical::{orders, refunds};
use clv_tables::hash::hash_bytes;
use clv_tables::orders::order_schema;
use clv_tables::{ComplaintExample, Day, IdKind, Rule};
use datafusion::error::DataFusionError;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::stream::RecordBatchReceiverStream;
use datafusion::physical_plan::streaming::PartitionStream;

use crate::error::EngineError;
use crate::lake::{AsOf, Lake, LakeError, LakePiece, LakeSnapshot};
use crate::people::{Key, People};
use crate::stream::{Outcome, RowFilter};

/// What the user settles about reading a workspace.
#[derive(Debug, Clone, Default)]
pub struct WorkspaceOptions {
    /// The import as of which it is read.
    pub as_of_import: AsOf,
    /// The one currency to read; the rows of others are put aside.
    pub currency: Option<String>,
    /// Orders after this day are put aside.
    pub as_of: Option<Day>,
    /// What happens to orders of nothing; `None` for what suits each source.
    pub zero_orders: Option<ZeroOrders>,
}

/// The orders of a workspace as one import left them.
#[derive(Debug)]
pub(crate) struct WorkspaceOrders {
    snapshot: LakeSnapshot,
    pub(crate) location: String,
    options: WorkspaceOptions,
    /// The currency that is read; none where orders name none.
    pub(crate) currency: Option<String>,
    people: People,
}

/// The columns of `orders` that are read.
const ORDER_COLUMNS: [&str; 12] = [
    "order_id",
    "ordered_on",
    "customer_id",
    "email",
    "phone",
    "currency",
    "total",
    "is_cancelled",
    "source",
    "shop",
    "file",
    "row",
];

/// The columns of `refunds` that are read.
const REFUND_COLUMNS: [&str; 11] = [
    "order_id",
    "refunded_on",
    "customer_id",
    "email",
    "phone",
    "currency",
    "amount",
    "source",
    "shop",
    "file",
    "row",
];

impl WorkspaceOrders {
    /// Takes a snapshot, settles the currency and learns who is who.
    ///
    /// # Errors
    /// When there are no orders, or orders in several currencies and none was chosen.
    pub(crate) fn open(
        lake: &Lake,
        options: &WorkspaceOptions,
    ) -> Result<WorkspaceOrders, EngineError> {
        let snapshot = lake.snapshot(options.as_of_import)?;
        let location = lake.place().location().to_owned();
        if snapshot.rows(orders::TABLE.name)? == 0 {
            return Err(EngineError::NoOrders { location });
        }
        let (mut currencies, mut shops) = (BTreeMap::<String, u64>::new(), BTreeSet::new());
        snapshot.read(
            &orders::TABLE,
            &["currency", "is_cancelled", "source", "shop"],
            |batch| {
                let (codes, sources) =
                    (batch.column(0).as_string::<i32>(), batch.column(2).as_string::<i32>());
                let (is_cancelled, of_shop) =
                    (batch.column(1).as_boolean(), batch.column(3).as_string::<i32>());
                for i in 0..batch.num_rows() {
                    if !is_cancelled.value(i) {
                        count(&mut currencies, if codes.is_null(i) { "" } else { codes.value(i) });
                    }
                    let platform = crate::people::platform(sources.value(i));
                    shops.insert((platform.to_owned(), of_shop.value(i).to_owned()));
                }
                Ok::<(), LakeError>(())
            },
        )?;
        let wanted = options
            .currency
            .as_deref()
            .map(|code| currency_of(code).unwrap_or(code).to_uppercase());
        let named: Vec<&String> = currencies.keys().filter(|code| !code.is_empty()).collect();
        let currency = match (wanted, named.as_slice()) {
            (Some(wanted), _) => Some(wanted),
            (None, []) => None,
            (None, [only]) => Some((*only).clone()),
            (None, _) => return Err(EngineError::SeveralCurrencies { location, currencies }),
        };
        let people = People::load(&snapshot, shops.len() > 1)?;
        Ok(WorkspaceOrders { snapshot, location, options: options.clone(), currency, people })
    }

    /// The number of the import that it is as of, and the version of each table.
    pub(crate) fn versions(&self) -> (u64, BTreeMap<String, u64>) {
        (self.snapshot.number(), self.snapshot.versions())
    }

    /// At most so many partitions of canonical rows of about equal size.
    ///
    /// # Errors
    /// When the lake cannot be read.
    pub(crate) fn partitions(
        self: &Arc<Self>,
        n_partitions: usize,
        filter: RowFilter,
        outcome: &Arc<Mutex<Outcome>>,
    ) -> Result<Vec<Arc<dyn PartitionStream>>, EngineError> {
        let orders = self.snapshot.pieces(&orders::TABLE, &ORDER_COLUMNS)?;
        let refunds = self.snapshot.pieces(&refunds::TABLE, &REFUND_COLUMNS)?;
        let mut pieces: Vec<(LakePiece, bool)> =
            orders.into_iter().map(|piece| (piece, false)).collect();
        pieces.extend(refunds.into_iter().map(|piece| (piece, true)));
        // The largest first, each to the partition that has least.
        pieces.sort_by_key(|(piece, _)| std::cmp::Reverse(piece.n_rows()));
        let mut shares: Vec<(u64, Vec<(LakePiece, bool)>)> =
            vec![(0, Vec::new()); n_partitions.max(1)];
        for piece in pieces {
            let least =
                shares.iter_mut().min_by_key(|(n_rows, _)| *n_rows).expect("there is a partition");
            least.0 += piece.0.n_rows();
            least.1.push(piece);
        }
        let partitions =
            shares.into_iter().filter(|(_, pieces)| !pieces.is_empty()).map(|(_, pieces)| {
                let partition = WorkspacePartition {
                    schema: order_schema(IdKind::Text),
                    pieces,
                    orders: Arc::clone(self),
                    filter,
                    outcome: Arc::clone(outcome),
                };
                Arc::new(partition) as Arc<dyn PartitionStream>
            });
        Ok(partitions.collect())
    }

    fn zero_orders(&self, source: &str) -> ZeroOrders {
        self.options.zero_orders.unwrap_or_else(|| {
            let of_files = SOURCES.iter().find(|known| known.id == source);
            of_files.map_or(ZeroOrders::Keep, |known| known.rules.zero_orders)
        })
    }
}

fn count(counts: &mut BTreeMap<String, u64>, code: &str) {
    match counts.get_mut(code) {
        Some(count) => *count += 1,
        None => {
            counts.insert(code.to_owned(), 1);
        }
    }
}

/// Some pieces of the orders and refunds.
#[derive(Debug)]
struct WorkspacePartition {
    schema: SchemaRef,
    /// Each with whether it is of refunds.
    pieces: Vec<(LakePiece, bool)>,
    orders: Arc<WorkspaceOrders>,
    filter: RowFilter,
    outcome: Arc<Mutex<Outcome>>,
}

impl PartitionStream for WorkspacePartition {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let mut builder = RecordBatchReceiverStream::builder(Arc::clone(&self.schema), 4);
        let sender = builder.tx();
        let (pieces, orders) = (self.pieces.clone(), Arc::clone(&self.orders));
        let (filter, outcome) = (self.filter, Arc::clone(&self.outcome));
        builder.spawn(async move {
            let mut noticed = Outcome::default();
            let mut read = async || -> Result<(), EngineError> {
                for (piece, is_refunds) in &pieces {
                    let mut batches = piece.stream()?;
                    while let Some(batch) = futures::TryStreamExt::try_next(&mut batches).await? {
                        let rows = orders.canonical(&batch, *is_refunds, &mut noticed)?;
                        let rows = filter.apply(rows, IdKind::Text)?;
                        if rows.num_rows() > 0 && sender.send(Ok(rows)).await.is_err() {
                            return Ok(());
                        }
                    }
                }
                Ok(())
            };
            let done = read().await;
            let mut outcome = outcome.lock().unwrap_or_else(PoisonError::into_inner);
            outcome.complaints.merge(noticed.complaints);
            outcome.totals.merge(&noticed.totals);
            done.map_err(|error| {
                let text = error.to_string();
                outcome.error.get_or_insert(error);
                DataFusionError::Execution(text)
            })
        });
        builder.build()
    }
}

/// The columns of a batch of orders or refunds, by their places in both lists.
struct Columns<'a> {
    ids: &'a StringArray,
    days: &'a [i32],
    keys: [(&'static str, &'a StringArray); 3],
    currencies: &'a StringArray,
    amounts: &'a [i128],
    is_cancelled: Option<&'a BooleanArray>,
    sources: &'a StringArray,
    shops: &'a StringArray,
    files: &'a StringArray,
    rows: &'a [i64],
}

impl<'a> Columns<'a> {
    fn of(batch: &'a RecordBatch, is_refunds: bool) -> Columns<'a> {
        let text = |at: usize| batch.column(at).as_string::<i32>();
        let last = usize::from(!is_refunds);
        Columns {
            ids: text(0),
            days: batch.column(1).as_primitive::<Date32Type>().values(),
            keys: [("customer_id", text(2)), ("email", text(3)), ("phone", text(4))],
            currencies: text(5),
            amounts: batch.column(6).as_primitive::<Decimal128Type>().values(),
            is_cancelled: (!is_refunds).then(|| batch.column(7).as_boolean()),
            sources: text(7 + last),
            shops: text(8 + last),
            files: text(9 + last),
            rows: batch.column(10 + last).as_primitive::<arrow::datatypes::Int64Type>().values(),
        }
    }

    /// The strongest key of a row: id, else e-mail address, else telephone number.
    fn key(&self, i: usize) -> Option<Key<'a>> {
        let (kind, cells) =
            self.keys.iter().find(|(_, cells)| !cells.is_null(i) && !cells.value(i).is_empty())?;
        Some(Key {
            kind,
            source: self.sources.value(i),
            shop: self.shops.value(i),
            key: cells.value(i),
        })
    }

    fn order_key(&self, i: usize) -> u64 {
        let parts = [self.sources.value(i), self.shops.value(i), self.ids.value(i)];
        hash_bytes(parts.join("\0").as_bytes())
    }
}

impl WorkspaceOrders {
    fn canonical(
        &self,
        batch: &RecordBatch,
        is_refunds: bool,
        noticed: &mut Outcome,
    ) -> Result<RecordBatch, EngineError> {
        let columns = Columns::of(batch, is_refunds);
        let n = batch.num_rows();
        let mut customers = StringBuilder::with_capacity(n, 16 * n);
        let (mut days, mut amounts, mut keys) =
            (Vec::with_capacity(n), Vec::with_capacity(n), Vec::with_capacity(n));
        for i in 0..n {
            noticed.totals.rows_read += 1;
            // Decimals of 18 digits fit.
            let money = columns.amounts[i] as i64;
            let mut complain = |rule: Rule, column: &str, value: &str| {
                let row = columns.rows[i].max(0) as u64;
                noticed.complaints.add(rule, if is_refunds { -money } else { money }, || {
                    ComplaintExample {
                        file: columns.files.value(i).to_owned(),
                        row,
                        column: column.to_owned(),
                        value: value.to_owned(),
                    }
                });
            };
            if columns.is_cancelled.is_some_and(|is_cancelled| is_cancelled.value(i)) {
                complain(Rule::CancelledOrder, "status", columns.ids.value(i));
                continue;
            }
            let currency =
                if columns.currencies.is_null(i) { "" } else { columns.currencies.value(i) };
            if self
                .currency
                .as_deref()
                .is_some_and(|wanted| !currency.is_empty() && currency != wanted)
            {
                complain(Rule::OtherCurrency, "currency", currency);
                continue;
            }
            let Some(key) = columns.key(i) else {
                complain(Rule::NoCustomer, "customer_id", "");
                continue;
            };
            let day = columns.days[i];
            if self.options.as_of.is_some_and(|as_of| day > as_of.0) {
                complain(Rule::AfterAsOf, "ordered_on", &Day(day).to_string());
                continue;
            }
            if money == 0 && !is_refunds && self.zero_orders(key.source) == ZeroOrders::Drop {
                complain(Rule::ZeroOrder, "total", "0");
                continue;
            }
            let amount = if is_refunds { -money.abs() } else { money };
            noticed.totals.accept(day, amount, is_refunds);
            customers.append_value(self.people.name(&key));
            days.push(day);
            amounts.push(amount);
            keys.push(columns.order_key(i));
        }
        let is_return = BooleanArray::from(vec![is_refunds; days.len()]);
        let arrays: Vec<ArrayRef> = vec![
            Arc::new(customers.finish()),
            Arc::new(Int32Array::from(days)),
            Arc::new(Int64Array::from(amounts)),
            Arc::new(is_return),
            Arc::new(UInt64Array::from(keys)),
        ];
        RecordBatch::try_new(order_schema(IdKind::Text), arrays)
            .map_err(|error| EngineError::Internal { detail: error.to_string() })
    }
}
