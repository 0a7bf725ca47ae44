//! One way to read the text columns of a file, whatever its format.

use std::io;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;

use crate::error::EngineError;
use crate::files::InputFile;
use crate::parquet_file::ParquetFile;
use crate::progress::ProgressCounter;
use crate::text::TextBatch;
use crate::text::decode::{Utf8Reader, read_error, unpack};
use crate::text::delimited::DelimitedReader;
use crate::text::json::JsonReader;
use crate::text::json_elements::Elements;
use crate::text::json_shape::JsonShape;
use crate::text::layout::Layout;

/// A file and how it is cut.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    Delimited { file: InputFile, layout: Layout },
    Json { file: InputFile, shape: JsonShape },
    Parquet(ParquetFile),
}

impl Source {
    pub(crate) fn file(&self) -> &InputFile {
        match self {
            Source::Delimited { file, .. } | Source::Json { file, .. } => file,
            Source::Parquet(parquet) => &parquet.file,
        }
    }

    /// The columns' names as they stand in this very file.
    pub(crate) fn headings(&self) -> Vec<String> {
        match self {
            Source::Delimited { layout, .. } => layout.headings.clone(),
            Source::Json { .. } => Vec::new(),
            Source::Parquet(parquet) => parquet.headings(),
        }
    }
}

/// A text file being read.
#[derive(Debug)]
pub(crate) enum TextReader {
    Delimited(Box<DelimitedReader>),
    Json(Box<JsonReader>),
}

impl TextReader {
    /// Opens a text file for the columns with these headings; `None` for a Parquet file.
    ///
    /// # Errors
    /// When the file cannot be opened, or a heading is not in it.
    pub(crate) fn open(
        source: &Source,
        headings: &[String],
        hashes_rows: bool,
        progress: Arc<ProgressCounter>,
    ) -> Result<Option<TextReader>, EngineError> {
        let schema = text_schema(headings);
        let file = source.file();
        match source {
            Source::Delimited { file, layout } => {
                let positions = positions(&layout.headings, headings, file)?;
                let text = Utf8Reader::new(unpack(file, progress)?);
                let reader = DelimitedReader::new(text, layout, &positions, schema, hashes_rows)
                    .map_err(|error| read_error(file, error))?;
                Ok(Some(TextReader::Delimited(Box::new(reader))))
            }
            Source::Json { shape, .. } => {
                let elements = Elements::new(Utf8Reader::new(unpack(file, progress)?), shape);
                let reader = JsonReader::new(elements, schema, hashes_rows);
                Ok(Some(TextReader::Json(Box::new(reader))))
            }
            Source::Parquet(_) => Ok(None),
        }
    }

    /// The next rows; `None` at the end.
    ///
    /// # Errors
    /// When reading fails.
    pub(crate) fn next_batch(&mut self) -> io::Result<Option<TextBatch>> {
        match self {
            TextReader::Delimited(reader) => reader.next_batch(),
            TextReader::Json(reader) => reader.next_batch(),
        }
    }
}

/// Rows of a file of any format, as text.
#[derive(Debug)]
pub(crate) struct TextRows {
    /// The columns asked for.
    pub(crate) columns: Vec<StringArray>,
    /// Row number of each row.
    pub(crate) rows: Vec<u64>,
    /// A hash of each whole row, where asked for; none of Parquet, which is read by columns.
    pub(crate) hashes: Vec<u64>,
    /// Rows that could not be cut into the columns, by number and beginning.
    pub(crate) ragged: Vec<(u64, String)>,
}

/// Reads the columns with these headings from the beginning to the end of a file, or until `take` has had enough.
///
/// # Errors
/// When reading fails, or whatever `take` fails with.
pub(crate) fn each_rows(
    source: &Source,
    headings: &[String],
    hashes_rows: bool,
    progress: &Arc<ProgressCounter>,
    take: &mut dyn FnMut(TextRows) -> Result<bool, EngineError>,
) -> Result<(), EngineError> {
    let as_text = |batch: &RecordBatch| -> Result<Vec<StringArray>, EngineError> {
        let unfit = |error: ArrowError| EngineError::Damaged {
            path: source.file().shown.clone(),
            detail: error.to_string(),
        };
        let text = |column: &ArrayRef| match cast(column, &DataType::Utf8) {
            Ok(cells) => Ok(cells.as_string::<i32>().clone()),
            Err(error) => Err(unfit(error)),
        };
        batch.columns().iter().map(text).collect()
    };
    if let Source::Parquet(parquet) = source {
        let there = positions(&parquet.headings(), headings, &parquet.file)?;
        for piece in parquet.pieces() {
            let mut first = piece.first_row;
            for batch in parquet.read(&piece, &there)? {
                let batch = batch?;
                let n_rows = batch.num_rows() as u64;
                progress.add(parquet.file.size * n_rows / parquet.n_rows().max(1));
                let rows = (first..first + n_rows).collect();
                first += n_rows;
                let (hashes, ragged) = (Vec::new(), Vec::new());
                if !take(TextRows { columns: as_text(&batch)?, rows, hashes, ragged })? {
                    return Ok(());
                }
            }
        }
        return Ok(());
    }
    let Some(mut reader) = TextReader::open(source, headings, hashes_rows, Arc::clone(progress))?
    else {
        return Ok(());
    };
    while let Some(text) = reader.next_batch().map_err(|error| read_error(source.file(), error))? {
        let columns = as_text(&text.batch)?;
        let TextBatch { rows, hashes, ragged, .. } = text;
        if !take(TextRows { columns, rows, hashes, ragged })? {
            return Ok(());
        }
    }
    Ok(())
}

/// Where the headings stand in a file.
pub(crate) fn positions(
    there: &[String],
    asked: &[String],
    file: &InputFile,
) -> Result<Vec<usize>, EngineError> {
    asked
        .iter()
        .map(|heading| {
            there.iter().position(|h| h == heading).ok_or_else(|| EngineError::MixedFiles {
                first: "the first file".into(),
                second: file.shown.clone(),
                why: format!("it has no column {heading:?}"),
            })
        })
        .collect()
}

fn text_schema(headings: &[String]) -> SchemaRef {
    let fields: Vec<Field> =
        headings.iter().map(|heading| Field::new(heading, DataType::Utf8, true)).collect();
    Arc::new(Schema::new(fields))
}
