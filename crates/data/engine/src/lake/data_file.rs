//! Data files of a lake: written through its store under names that nobody else uses, and read in pieces.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, new_null_array};
use arrow::datatypes::{DataType, SchemaRef};
use bytes::Bytes;
use clv_tables::Day;
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt, TryFutureExt, TryStreamExt};
use object_store::buffered::BufWriter;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::arrow::async_reader::AsyncFileReader;
use parquet::arrow::{AsyncArrowWriter, ParquetRecordBatchStreamBuilder, ProjectionMask};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::statistics::Statistics;
use parquet::schema::types::ColumnPath;
use serde_json::{Map, Value, json};

use super::delta::DataFile;
use super::error::LakeError;
use super::hidden::{CONTENT, OWNER};
use super::place::{LakePlace, data_file_name};

/// A file is closed after so many rows ...
pub(crate) const FILE_ROWS: u64 = 1 << 20;
/// ... or so many bytes, whichever is first.
pub(crate) const FILE_BYTES: u64 = 128 << 20;
/// Rows of a row group: what a writer holds in memory, and the smallest piece of a parallel read.
const GROUP_ROWS: usize = 1 << 18;
/// Rows of a batch that is read.
const BATCH_ROWS: usize = 16_384;
/// Bytes that are sent at a time; S3 takes no smaller parts than 5 MiB.
const PART_BYTES: usize = 8 << 20;
/// Bytes at a file's end that are fetched at once, as the footer is mostly in them.
const FOOTER_BYTES: usize = 64 << 10;

/// Takes batches of one schema and cuts them into files.
pub(crate) struct FileWriter {
    place: LakePlace,
    /// The table's folder.
    table: String,
    /// What the names of the files begin with, so that their order is that of imports.
    number: u64,
    schema: SchemaRef,
    open: Option<(String, AsyncArrowWriter<BufWriter>)>,
    /// Rows of the open file.
    rows: u64,
    pub(crate) closed: Vec<DataFile>,
}

impl FileWriter {
    pub(crate) fn new(
        place: &LakePlace,
        table: &str,
        number: u64,
        schema: SchemaRef,
    ) -> FileWriter {
        FileWriter {
            place: place.clone(),
            table: table.to_owned(),
            number,
            schema,
            open: None,
            rows: 0,
            closed: Vec::new(),
        }
    }

    /// Writes a batch whole into one file.
    pub(crate) async fn write(&mut self, batch: &RecordBatch) -> Result<(), LakeError> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        if self.open.is_none() {
            let path = data_file_name(self.number);
            let object = self.place.path(&format!("{}/{path}", self.table));
            let sink = BufWriter::with_capacity(Arc::clone(&self.place.store), object, PART_BYTES);
            let properties = properties(&self.schema);
            let writer =
                AsyncArrowWriter::try_new(sink, Arc::clone(&self.schema), Some(properties))
                    .map_err(|error| self.failed(&path, &error))?;
            self.open = Some((path, writer));
            self.rows = 0;
        }
        let (path, writer) = self.open.as_mut().expect("opened above");
        let written = writer.write(batch).await;
        let (path, bytes) = (path.clone(), writer.bytes_written() + writer.in_progress_size());
        written.map_err(|error| self.failed(&path, &error))?;
        self.rows += batch.num_rows() as u64;
        if self.rows >= FILE_ROWS || bytes as u64 >= FILE_BYTES {
            self.close().await?;
        }
        Ok(())
    }

    /// Ends the open file.
    pub(crate) async fn close(&mut self) -> Result<(), LakeError> {
        let Some((path, mut writer)) = self.open.take() else { return Ok(()) };
        let metadata = writer.finish().await.map_err(|error| self.failed(&path, &error))?;
        let stats = statistics(&metadata, &self.schema).to_string();
        let size = writer.bytes_written() as u64;
        self.closed.push(DataFile { path, size, rows: self.rows, stats: Some(stats) });
        Ok(())
    }

    pub(crate) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn failed(&self, path: &str, error: &ParquetError) -> LakeError {
        LakeError::storage(self.place.shown(&format!("{}/{path}", self.table)), "written", error)
    }
}

/// Zstandard's first level, as for other tables; dictionaries are left to the writer, which gives one up that grows too large. Hashes
/// have nothing to compress.
fn properties(schema: &SchemaRef) -> WriterProperties {
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_max_row_group_row_count(Some(GROUP_ROWS));
    for field in schema.fields() {
        let path = ColumnPath::from(field.name().as_str());
        properties = match (field.name().as_str(), field.data_type()) {
            (OWNER | CONTENT, _) => properties
                .set_column_dictionary_enabled(path.clone(), false)
                .set_column_compression(path, Compression::UNCOMPRESSED),
            (_, DataType::Date32 | DataType::Int64 | DataType::Int32 | DataType::Timestamp(..)) => {
                properties
                    .set_column_dictionary_enabled(path.clone(), false)
                    .set_column_encoding(path, Encoding::DELTA_BINARY_PACKED)
            }
            _ => properties,
        };
    }
    properties.build()
}

/// Delta's statistics: rows, and the range of days and whole numbers.
fn statistics(metadata: &ParquetMetaData, schema: &SchemaRef) -> Value {
    let (mut least, mut greatest) = (Map::new(), Map::new());
    for (i, field) in schema.fields().iter().enumerate() {
        let mut range: Option<(i64, i64)> = None;
        for group in metadata.row_groups() {
            let of_group = match (field.data_type(), group.column(i).statistics()) {
                (DataType::Int64, Some(Statistics::Int64(s))) => {
                    s.min_opt().copied().zip(s.max_opt().copied())
                }
                (DataType::Int32 | DataType::Date32, Some(Statistics::Int32(s))) => {
                    s.min_opt().map(|v| i64::from(*v)).zip(s.max_opt().map(|v| i64::from(*v)))
                }
                _ => None,
            };
            range = match (range, of_group) {
                (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
                (known, new) => known.or(new),
            };
        }
        let Some((min, max)) = range else { continue };
        let shown = |value: i64| match field.data_type() {
            DataType::Date32 => json!(Day(value as i32).to_string()),
            _ => json!(value),
        };
        least.insert(field.name().clone(), shown(min));
        greatest.insert(field.name().clone(), shown(max));
    }
    let rows = metadata.file_metadata().num_rows();
    json!({ "numRecords": rows, "minValues": least, "maxValues": greatest })
}

/// A data file whose footer has been read.
#[derive(Debug, Clone)]
pub(crate) struct OpenFile {
    place: LakePlace,
    /// The path below the lake's root.
    below: String,
    size: u64,
    pub(crate) metadata: ArrowReaderMetadata,
}

impl OpenFile {
    pub(crate) async fn open(
        place: &LakePlace,
        table: &str,
        file: &DataFile,
    ) -> Result<OpenFile, LakeError> {
        let below = format!("{table}/{}", file.path);
        let mut reader = reader(place, &below, file.size);
        let metadata = ArrowReaderMetadata::load_async(&mut reader, ArrowReaderOptions::new())
            .await
            .map_err(|error| LakeError::storage(place.shown(&below), "read", &error))?;
        Ok(OpenFile { place: place.clone(), below, size: file.size, metadata })
    }

    /// Rows of each row group.
    pub(crate) fn group_rows(&self) -> Vec<u64> {
        let groups = self.metadata.metadata().row_groups();
        groups.iter().map(|group| group.num_rows().max(0) as u64).collect()
    }

    /// Batches of these row groups with the columns of this schema; a column that the file has not is empty.
    pub(crate) fn stream(
        &self,
        row_groups: Vec<usize>,
        schema: &SchemaRef,
    ) -> Result<BoxStream<'static, Result<RecordBatch, LakeError>>, LakeError> {
        let shown = self.place.shown(&self.below);
        let builder = ParquetRecordBatchStreamBuilder::new_with_metadata(
            reader(&self.place, &self.below, self.size),
            self.metadata.clone(),
        );
        let there = Arc::clone(self.metadata.schema());
        let positions: Vec<usize> =
            schema.fields().iter().filter_map(|field| there.index_of(field.name()).ok()).collect();
        let mask = ProjectionMask::roots(builder.parquet_schema(), positions);
        let batches = builder
            .with_projection(mask)
            .with_row_groups(row_groups)
            .with_batch_size(BATCH_ROWS)
            .build()
            .map_err(|error| LakeError::storage(&shown, "read", &error))?;
        let schema = Arc::clone(schema);
        Ok(batches
            .map_err({
                let shown = shown.clone();
                move |error| LakeError::storage(&shown, "read", &error)
            })
            .map(move |batch| batch.and_then(|batch| fit(&batch, &schema, &shown)))
            .boxed())
    }
}

fn reader(place: &LakePlace, below: &str, size: u64) -> StoreReader {
    StoreReader { store: Arc::clone(&place.store), path: place.path(below), size }
}

/// Bytes of a file in a store, for the Parquet reader.
struct StoreReader {
    store: Arc<dyn ObjectStore>,
    path: Path,
    size: u64,
}

impl AsyncFileReader for StoreReader {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, Result<Bytes, ParquetError>> {
        self.store.get_range(&self.path, range).map_err(store_error).boxed()
    }

    fn get_byte_ranges(
        &mut self,
        ranges: Vec<Range<u64>>,
    ) -> BoxFuture<'_, Result<Vec<Bytes>, ParquetError>> {
        async move { self.store.get_ranges(&self.path, &ranges).await.map_err(store_error) }.boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, Result<Arc<ParquetMetaData>, ParquetError>> {
        let size = self.size;
        async move {
            let reader = ParquetMetaDataReader::new()
                .with_arrow_reader_options(options)
                .with_prefetch_hint(Some(FOOTER_BYTES));
            Ok(Arc::new(reader.load_and_finish(self, size).await?))
        }
        .boxed()
    }
}

fn store_error(error: object_store::Error) -> ParquetError {
    ParquetError::External(Box::new(error))
}

/// The rows in another schema: columns by name, empty where there are none.
fn fit(batch: &RecordBatch, schema: &SchemaRef, shown: &str) -> Result<RecordBatch, LakeError> {
    let columns: Vec<ArrayRef> = schema
        .fields()
        .iter()
        .map(|field| match batch.column_by_name(field.name()) {
            Some(column) => Arc::clone(column),
            None => new_null_array(field.data_type(), batch.num_rows()),
        })
        .collect();
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)
        .map_err(|error| LakeError::Damaged { path: shown.to_owned(), detail: error.to_string() })
}
