//! Parquet files in pieces of row groups, so that threads share one file and every row keeps its number.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};

use crate::error::EngineError;
use crate::files::InputFile;

/// Rows in one batch: large enough that a batch of three columns repays its overhead, small enough for the cache.
const BATCH_ROWS: usize = 16_384;

/// A Parquet file whose footer has been read.
#[derive(Debug, Clone)]
pub(crate) struct ParquetFile {
    pub(crate) file: InputFile,
    metadata: ArrowReaderMetadata,
}

/// Neighbouring row groups of one file.
#[derive(Debug, Clone)]
pub(crate) struct Piece {
    pub(crate) row_groups: Vec<usize>,
    /// Number of the first row, the first row of the file being 1.
    pub(crate) first_row: u64,
    pub(crate) n_rows: u64,
}

impl ParquetFile {
    /// Reads the footer.
    ///
    /// # Errors
    /// When the file is cut off or damaged.
    pub(crate) fn open(file: InputFile) -> Result<ParquetFile, EngineError> {
        let handle = File::open(&file.path)
            .map_err(|source| EngineError::Unreadable { path: file.shown.clone(), source })?;
        let metadata = unharmed(&file, || {
            ArrowReaderMetadata::load(&handle, ArrowReaderOptions::new()).map_err(|e| e.to_string())
        })?;
        Ok(ParquetFile { file, metadata })
    }

    pub(crate) fn schema(&self) -> &SchemaRef {
        self.metadata.schema()
    }

    pub(crate) fn headings(&self) -> Vec<String> {
        self.schema().fields().iter().map(|field| field.name().clone()).collect()
    }

    pub(crate) fn n_rows(&self) -> u64 {
        self.metadata
            .metadata()
            .row_groups()
            .iter()
            .map(|group| group.num_rows().max(0) as u64)
            .sum()
    }

    /// One piece for each row group.
    pub(crate) fn pieces(&self) -> Vec<Piece> {
        let mut first_row = 1;
        let groups = self.metadata.metadata().row_groups().iter().enumerate();
        groups
            .map(|(i, group)| {
                let n_rows = group.num_rows().max(0) as u64;
                let piece = Piece { row_groups: vec![i], first_row, n_rows };
                first_row += n_rows;
                piece
            })
            .collect()
    }

    /// The batches of some row groups, with the columns at these positions in the order asked for.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub(crate) fn read(
        &self,
        piece: &Piece,
        positions: &[usize],
    ) -> Result<PieceReader<'_>, EngineError> {
        let handle = File::open(&self.file.path)
            .map_err(|source| EngineError::Unreadable { path: self.file.shown.clone(), source })?;
        let reader = unharmed(&self.file, || {
            let builder =
                ParquetRecordBatchReaderBuilder::new_with_metadata(handle, self.metadata.clone());
            let mask = ProjectionMask::roots(builder.parquet_schema(), positions.iter().copied());
            builder
                .with_projection(mask)
                .with_row_groups(piece.row_groups.clone())
                .with_batch_size(BATCH_ROWS)
                .build()
                .map_err(|error| error.to_string())
        })?;
        // Columns come in the order of the file: say where each one asked for ends up.
        let mut sorted: Vec<usize> = positions.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        let order =
            positions.iter().filter_map(|position| sorted.binary_search(position).ok()).collect();
        Ok(PieceReader { file: &self.file, reader, order })
    }
}

/// Batches of a piece.
pub(crate) struct PieceReader<'a> {
    file: &'a InputFile,
    reader: parquet::arrow::arrow_reader::ParquetRecordBatchReader,
    order: Vec<usize>,
}

impl Iterator for PieceReader<'_> {
    type Item = Result<RecordBatch, EngineError>;

    fn next(&mut self) -> Option<Self::Item> {
        let (reader, order) = (&mut self.reader, &self.order);
        let batch = unharmed(self.file, || match reader.next() {
            None => Ok(None),
            Some(batch) => {
                batch.and_then(|batch| batch.project(order)).map(Some).map_err(|e| e.to_string())
            }
        });
        batch.transpose()
    }
}

/// What the Parquet reader gives. It takes the layout of a file on trust and panics at some kinds of damage, such as a unit of time
/// that there is not: that too is the file's fault, and no reader is used again after it.
///
/// # Errors
/// [`EngineError::Damaged`] for whatever stops it.
fn unharmed<T>(
    file: &InputFile,
    read: impl FnOnce() -> Result<T, String>,
) -> Result<T, EngineError> {
    let detail = match catch_unwind(AssertUnwindSafe(read)) {
        Ok(Ok(value)) => return Ok(value),
        Ok(Err(detail)) => detail,
        Err(panic) => match (panic.downcast_ref::<String>(), panic.downcast_ref::<&str>()) {
            (Some(text), _) => text.clone(),
            (None, Some(text)) => (*text).to_owned(),
            (None, None) => "the reader gave up".to_owned(),
        },
    };
    Err(EngineError::Damaged { path: file.shown.clone(), detail })
}
