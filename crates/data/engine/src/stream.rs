//! Files as partitions of canonical rows for DataFusion, and what was noticed on the way.

use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::buffer::BooleanBuffer;
use arrow::compute::filter_record_batch;
use arrow::datatypes::{Int32Type, Int64Type, SchemaRef};
use clv_importers::canonicalise::{Canonicaliser, RowNumbers, RowTotals, Shared};
use clv_importers::plan::{ImportPlan, OrderLayout};
use clv_tables::hash::{hash_bytes, hash_number};
use clv_tables::orders::order_schema;
use clv_tables::{ComplaintLog, Day, IdKind};
use datafusion::common::hash_utils::{QualityRandomState, create_hashes};
use datafusion::error::DataFusionError;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::stream::RecordBatchReceiverStream;
use datafusion::physical_plan::streaming::PartitionStream;

use crate::error::EngineError;
use crate::parquet_file::Piece;
use crate::progress::ProgressCounter;
use crate::reader::{Source, TextReader, positions};
use crate::text::decode::read_error;

/// Which canonical rows a question is about.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct RowFilter {
    /// Rows after this day are left out.
    pub(crate) until: Option<Day>,
    /// Customers whose id hash falls in the first so many of 2^16 parts.
    pub(crate) sample: Option<u32>,
}

/// What the partitions of one run share.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) sources: Arc<Vec<Source>>,
    pub(crate) plan: Arc<ImportPlan>,
    pub(crate) filter: RowFilter,
    pub(crate) shared: Arc<Shared>,
    pub(crate) progress: Arc<ProgressCounter>,
    pub(crate) outcome: Arc<Mutex<Outcome>>,
}

/// What a run noticed.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) complaints: ComplaintLog,
    pub(crate) totals: RowTotals,
    /// The first error; DataFusion only carries its text.
    pub(crate) error: Option<EngineError>,
}

/// A part of the work: a whole file, or a piece of a Parquet file.
#[derive(Debug, Clone)]
pub(crate) struct Share {
    source: usize,
    piece: Option<Piece>,
}

/// Cuts the work into at most so many partitions of about equal size, each in the order of the files.
pub(crate) fn divide(
    sources: &[Source],
    plan: &ImportPlan,
    n_partitions: usize,
) -> Vec<Vec<Share>> {
    let mut shares: Vec<(u64, Share)> = Vec::new();
    for (source, of) in sources.iter().enumerate() {
        match of {
            // Where rows continue an order or are counted by file, the file is read from its beginning to its end.
            Source::Parquet(parquet)
                if plan.source.rules.layout == OrderLayout::RowsAdd && !plan.merges_files =>
            {
                shares.extend(
                    parquet
                        .pieces()
                        .into_iter()
                        .map(|piece| (piece.n_rows, Share { source, piece: Some(piece) })),
                );
            }
            Source::Parquet(parquet) => {
                let row_groups = (0..parquet.pieces().len()).collect();
                let piece = Piece { row_groups, first_row: 1, n_rows: parquet.n_rows() };
                shares.push((piece.n_rows, Share { source, piece: Some(piece) }));
            }
            text => shares.push((text.file().size, Share { source, piece: None })),
        }
    }
    let total: u64 = shares.iter().map(|(size, _)| size).sum();
    let n_partitions = n_partitions.clamp(1, shares.len().max(1));
    let mut partitions: Vec<Vec<Share>> = vec![Vec::new(); n_partitions];
    let mut before = 0_u64;
    for (size, share) in shares {
        let middle = before + size / 2;
        let at = (u128::from(middle) * n_partitions as u128 / u128::from(total.max(1))) as usize;
        partitions[at.min(n_partitions - 1)].push(share);
        before += size;
    }
    partitions.retain(|shares| !shares.is_empty());
    partitions
}

/// One partition of canonical rows.
#[derive(Debug)]
pub(crate) struct OrderPartition {
    schema: SchemaRef,
    shares: Vec<Share>,
    run: Arc<Run>,
}

impl OrderPartition {
    pub(crate) fn new(shares: Vec<Share>, run: Arc<Run>) -> OrderPartition {
        OrderPartition { schema: order_schema(run.plan.id_kind), shares, run }
    }
}

impl PartitionStream for OrderPartition {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let mut builder = RecordBatchReceiverStream::builder(Arc::clone(&self.schema), 4);
        let (sender, run, shares) = (builder.tx(), Arc::clone(&self.run), self.shares.clone());
        builder.spawn_blocking(move || {
            let mut send = |batch| sender.blocking_send(Ok(batch)).is_ok();
            match run.read(&shares, &mut send) {
                Ok(()) => Ok(()),
                Err(error) => {
                    let text = error.to_string();
                    let mut outcome = run.outcome.lock().unwrap_or_else(PoisonError::into_inner);
                    outcome.error.get_or_insert(error);
                    Err(DataFusionError::Execution(text))
                }
            }
        });
        builder.build()
    }
}

impl Run {
    /// Reads the shares in order and sends their canonical rows; stops when nobody takes them any more.
    fn read(
        &self,
        shares: &[Share],
        send: &mut dyn FnMut(RecordBatch) -> bool,
    ) -> Result<(), EngineError> {
        for share in shares {
            let source = &self.sources[share.source];
            let file = source.file();
            let mut canonical =
                Canonicaliser::new(Arc::clone(&self.plan), &file.shown, Arc::clone(&self.shared));
            let headings: Vec<String> = self.plan.columns[..self.plan.n_read]
                .iter()
                .map(|column| column.heading.clone())
                .collect();
            let mut pass_on = |batch: RecordBatch| -> Result<bool, EngineError> {
                let batch = self.filter.apply(batch, self.plan.id_kind)?;
                Ok(batch.num_rows() == 0 || send(batch))
            };
            match (source, &share.piece) {
                (Source::Parquet(parquet), Some(piece)) => {
                    let there = positions(&parquet.headings(), &headings, file)?;
                    let n_bytes = file.size * piece.n_rows / parquet.n_rows().max(1);
                    let mut first_row = piece.first_row;
                    for batch in parquet.read(piece, &there)? {
                        let batch = batch?;
                        let hashes =
                            if self.plan.hashes_rows() { row_hashes(&batch)? } else { Vec::new() };
                        let rows = canonical.push(&batch, RowNumbers::From(first_row), &hashes)?;
                        self.progress.add(n_bytes * batch.num_rows() as u64 / piece.n_rows.max(1));
                        first_row += batch.num_rows() as u64;
                        if !pass_on(rows)? {
                            return Ok(());
                        }
                    }
                }
                _ => {
                    let hashes_rows = self.plan.hashes_rows();
                    let reader = TextReader::open(
                        source,
                        &headings,
                        hashes_rows,
                        Arc::clone(&self.progress),
                    )?;
                    let Some(mut reader) = reader else { continue };
                    while let Some(text) =
                        reader.next_batch().map_err(|error| read_error(file, error))?
                    {
                        text.ragged
                            .iter()
                            .for_each(|(row, value)| canonical.add_ragged(*row, value));
                        let rows = canonical.push(
                            &text.batch,
                            RowNumbers::Listed(&text.rows),
                            &text.hashes,
                        )?;
                        if !pass_on(rows)? {
                            return Ok(());
                        }
                    }
                }
            }
            file.check_unchanged()?;
            let mut outcome = self.outcome.lock().unwrap_or_else(PoisonError::into_inner);
            outcome.complaints.merge(std::mem::take(&mut canonical.complaints));
            outcome.totals.merge(&canonical.totals);
        }
        Ok(())
    }
}

impl RowFilter {
    pub(crate) fn apply(
        self,
        batch: RecordBatch,
        id_kind: IdKind,
    ) -> Result<RecordBatch, EngineError> {
        if self.until.is_none() && self.sample.is_none() {
            return Ok(batch);
        }
        let days = batch.column(1).as_primitive::<Int32Type>();
        let last = self.until.map_or(i32::MAX, |day| day.0);
        let keep = u64::from(self.sample.unwrap_or(1 << 16));
        let is_kept = |hash: u64| hash >> 48 < keep;
        let in_time = |i: usize| days.value(i) <= last;
        let mask = match id_kind {
            IdKind::Integer => {
                let ids = batch.column(0).as_primitive::<Int64Type>().values();
                BooleanBuffer::collect_bool(days.len(), |i| {
                    in_time(i) && is_kept(hash_number(ids[i] as u64))
                })
            }
            IdKind::Text => {
                let ids = batch.column(0).as_string::<i32>();
                BooleanBuffer::collect_bool(days.len(), |i| {
                    in_time(i) && is_kept(hash_bytes(ids.value(i).as_bytes()))
                })
            }
        };
        let mask = BooleanArray::new(mask, None);
        filter_record_batch(&batch, &mask)
            .map_err(|error| EngineError::Internal { detail: error.to_string() })
    }
}

/// A hash of each row over the columns that are read: rows alike in all of them are the same order twice.
fn row_hashes(batch: &RecordBatch) -> Result<Vec<u64>, EngineError> {
    let mut hashes = vec![0; batch.num_rows()];
    let state = QualityRandomState::with_seed(0);
    create_hashes(batch.columns(), &state, &mut hashes)
        .map_err(|error| EngineError::Internal { detail: error.to_string() })?;
    Ok(hashes)
}
