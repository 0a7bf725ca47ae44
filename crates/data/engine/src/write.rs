//! Tables out: written beside their place and then moved there, so that nothing half-written is ever seen.

mod made_texts;
mod parquet;
mod text;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

pub use self::made_texts::MadeTexts;
use self::parquet::write_parquet;
use self::text::{write_delimited, write_json};
use crate::error::EngineError;

/// One column of a table to write.
#[derive(Debug, Clone, PartialEq)]
pub enum OutColumn {
    /// Text.
    Text(String, Vec<String>),
    /// Whole numbers.
    Integer(String, Vec<i64>),
    /// Numbers; what is not finite is written as nothing.
    Real(String, Vec<f64>),
    /// Numbers, some missing.
    OptionalReal(String, Vec<Option<f64>>),
    /// Days since 1970-01-01.
    Date(String, Vec<i32>),
    /// Days, some missing.
    OptionalDate(String, Vec<Option<i32>>),
    /// True or false.
    Truth(String, Vec<bool>),
    /// Text that is made when it is written.
    Made(String, MadeTexts),
    /// The same text in every row.
    Same(String, String),
}

impl OutColumn {
    /// The heading.
    pub fn name(&self) -> &str {
        match self {
            OutColumn::Text(name, _)
            | OutColumn::Integer(name, _)
            | OutColumn::Real(name, _)
            | OutColumn::OptionalReal(name, _)
            | OutColumn::Date(name, _)
            | OutColumn::OptionalDate(name, _)
            | OutColumn::Truth(name, _)
            | OutColumn::Made(name, _)
            | OutColumn::Same(name, _) => name,
        }
    }

    /// How many rows it has; `None` for a column that has as many as the others.
    pub fn n_rows(&self) -> Option<usize> {
        match self {
            OutColumn::Text(_, values) => Some(values.len()),
            OutColumn::Integer(_, values) => Some(values.len()),
            OutColumn::Real(_, values) => Some(values.len()),
            OutColumn::OptionalReal(_, values) => Some(values.len()),
            OutColumn::Date(_, values) => Some(values.len()),
            OutColumn::OptionalDate(_, values) => Some(values.len()),
            OutColumn::Truth(_, values) => Some(values.len()),
            OutColumn::Made(_, made) => Some(made.n_rows),
            OutColumn::Same(..) => None,
        }
    }
}

/// The format of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableFormat {
    /// Comma-separated, with a heading.
    Csv,
    /// Tab-separated, with a heading.
    Tsv,
    /// One array of objects.
    Json,
    /// One object per line.
    JsonLines,
    /// Parquet.
    Parquet,
}

/// How a table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WriteOptions {
    /// Puts an apostrophe before text cells that a spreadsheet would run as a formula.
    pub escape_formulas: bool,
}

#[derive(Debug, Clone, Copy)]
enum Packing {
    None,
    Gzip,
    Zstd,
}

fn format_of(path: &Path) -> Option<(TableFormat, Packing)> {
    let name = path.file_name()?.to_string_lossy().to_lowercase();
    let (bare, packing) = if let Some(bare) = name.strip_suffix(".gz") {
        (bare, Packing::Gzip)
    } else if let Some(bare) = name.strip_suffix(".zst").or_else(|| name.strip_suffix(".zstd")) {
        (bare, Packing::Zstd)
    } else {
        (name.as_str(), Packing::None)
    };
    let format = match bare.rsplit_once('.')?.1 {
        "csv" => TableFormat::Csv,
        "tsv" | "tab" => TableFormat::Tsv,
        "json" => TableFormat::Json,
        "ndjson" | "jsonl" => TableFormat::JsonLines,
        "parquet" | "pq" if matches!(packing, Packing::None) => TableFormat::Parquet,
        _ => return None,
    };
    Some((format, packing))
}

/// Whether the extension of `path` names a format that [`write_table`] writes.
///
/// ```
/// use clv_engine::is_table_path;
/// assert!(is_table_path("customers.csv.gz".as_ref()) && !is_table_path("customers.xlsx".as_ref()));
/// ```
#[must_use]
pub fn is_table_path(path: &Path) -> bool {
    format_of(path).is_some()
}

/// Writes a table to a file, the format by its extension. The file appears whole or not at all: it is written under another name
/// in the same folder, brought to the disk and renamed.
///
/// ```
/// use clv_engine::{OutColumn, WriteOptions, write_table};
/// let folder = tempfile::tempdir()?;
/// let columns = [
///     OutColumn::Integer("customer_id".into(), vec![17, 23]),
///     OutColumn::Real("value".into(), vec![12.5, f64::NAN]),
/// ];
/// write_table(&columns, &folder.path().join("values.parquet"), WriteOptions::default())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When the extension names no format, or writing fails: then nothing is left behind.
pub fn write_table(
    columns: &[OutColumn],
    path: &Path,
    options: WriteOptions,
) -> Result<(), EngineError> {
    let shown = path.display().to_string();
    let unwritable = |source| EngineError::Unwritable { path: shown.clone(), source };
    let (format, packing) =
        format_of(path).ok_or_else(|| EngineError::UnknownFormat { path: shown.clone() })?;
    let folder =
        path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut temporary =
        tempfile::Builder::new().prefix(".clv-").tempfile_in(folder).map_err(unwritable)?;
    write_packed(columns, temporary.as_file_mut(), format, packing, options).map_err(unwritable)?;
    temporary.as_file().sync_all().map_err(unwritable)?;
    open_to_others(temporary.as_file()).map_err(unwritable)?;
    temporary.persist(path).map_err(|error| unwritable(error.error))?;
    Ok(())
}

/// A temporary file is for its owner alone; the result is readable as any file that a program writes.
#[cfg(unix)]
fn open_to_others(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn open_to_others(_: &File) -> io::Result<()> {
    Ok(())
}

fn write_packed(
    columns: &[OutColumn],
    file: &mut File,
    format: TableFormat,
    packing: Packing,
    options: WriteOptions,
) -> io::Result<()> {
    let mut buffered = BufWriter::with_capacity(1 << 18, file);
    match packing {
        Packing::None => write_table_to(columns, &mut buffered, format, options)?,
        Packing::Gzip => {
            let mut packed =
                flate2::write::GzEncoder::new(&mut buffered, flate2::Compression::default());
            write_table_to(columns, &mut packed, format, options)?;
            packed.finish()?;
        }
        Packing::Zstd => {
            let mut packed = zstd::stream::write::Encoder::new(&mut buffered, 3)?;
            write_table_to(columns, &mut packed, format, options)?;
            packed.finish()?;
        }
    }
    buffered.flush()
}

/// Writes a table to any writer. Dates are ISO, numbers in their shortest form that reads back as the same number.
///
/// ```
/// use clv_engine::{OutColumn, TableFormat, WriteOptions, write_table_to};
/// let columns = [
///     OutColumn::Integer("customer_id".into(), vec![17, 23]),
///     OutColumn::Real("value".into(), vec![12.5, f64::NAN]),
/// ];
/// let mut text = Vec::new();
/// write_table_to(&columns, &mut text, TableFormat::Csv, WriteOptions::default())?;
/// assert_eq!(text, b"customer_id,value\n17,12.5\n23,\n");
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// When writing fails, or when the columns are of different lengths.
pub fn write_table_to(
    columns: &[OutColumn],
    writer: &mut (impl Write + Send),
    format: TableFormat,
    options: WriteOptions,
) -> io::Result<()> {
    let n_rows = columns.iter().find_map(OutColumn::n_rows).unwrap_or(0);
    if let Some(odd) = columns.iter().find(|column| column.n_rows().is_some_and(|n| n != n_rows)) {
        let message = format!("column {} has not {n_rows} rows as the others have", odd.name());
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    match format {
        TableFormat::Csv => write_delimited(columns, n_rows, writer, b',', options),
        TableFormat::Tsv => write_delimited(columns, n_rows, writer, b'\t', options),
        TableFormat::Json => write_json(columns, n_rows, writer, ("[", ",\n", "]\n")),
        TableFormat::JsonLines => {
            write_json(columns, n_rows, writer, ("", "\n", if n_rows > 0 { "\n" } else { "" }))
        }
        TableFormat::Parquet => write_parquet(columns, n_rows, writer),
    }
}
