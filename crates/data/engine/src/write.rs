//! Tables out: written beside their place and then moved there, so that nothing half-written is ever seen.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray,
};
use clv_tables::Day;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

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
            OutColumn::Same(..) => None,
        }
    }

    fn real(&self, i: usize) -> Option<f64> {
        match self {
            OutColumn::Real(_, values) => Some(values[i]),
            OutColumn::OptionalReal(_, values) => values[i],
            _ => None,
        }
        .filter(|value| value.is_finite())
    }

    fn array(&self, rows: std::ops::Range<usize>) -> ArrayRef {
        match self {
            OutColumn::Text(_, values) => Arc::new(StringArray::from_iter_values(&values[rows])),
            OutColumn::Integer(_, values) => Arc::new(Int64Array::from(values[rows].to_vec())),
            OutColumn::Real(..) | OutColumn::OptionalReal(..) => {
                Arc::new(rows.map(|i| self.real(i)).collect::<Float64Array>())
            }
            OutColumn::Date(_, values) => Arc::new(Date32Array::from(values[rows].to_vec())),
            OutColumn::OptionalDate(_, values) => {
                Arc::new(Date32Array::from(values[rows].to_vec()))
            }
            OutColumn::Truth(_, values) => Arc::new(BooleanArray::from(values[rows].to_vec())),
            OutColumn::Same(_, value) => {
                Arc::new(StringArray::from_iter_values(rows.map(|_| value)))
            }
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

/// Writes a table to a file, the format by its extension. The file appears whole or not at all: it is written under another name
/// in the same folder, brought to the disk and renamed.
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

fn write_delimited(
    columns: &[OutColumn],
    n_rows: usize,
    writer: &mut impl Write,
    delimiter: u8,
    options: WriteOptions,
) -> io::Result<()> {
    let mut line: Vec<u8> = Vec::new();
    for (at, column) in columns.iter().enumerate() {
        if at > 0 {
            line.push(delimiter);
        }
        add_text(&mut line, column.name(), delimiter, false);
    }
    line.push(b'\n');
    writer.write_all(&line)?;
    for i in 0..n_rows {
        line.clear();
        for (at, column) in columns.iter().enumerate() {
            if at > 0 {
                line.push(delimiter);
            }
            match column {
                OutColumn::Text(_, values) => {
                    add_text(&mut line, &values[i], delimiter, options.escape_formulas);
                }
                OutColumn::Same(_, value) => {
                    add_text(&mut line, value, delimiter, options.escape_formulas);
                }
                OutColumn::Integer(_, values) => write!(line, "{}", values[i])?,
                OutColumn::Truth(_, values) => write!(line, "{}", values[i])?,
                OutColumn::Date(_, values) => write!(line, "{}", Day(values[i]))?,
                OutColumn::OptionalDate(_, values) => {
                    if let Some(day) = values[i] {
                        write!(line, "{}", Day(day))?;
                    }
                }
                OutColumn::Real(..) | OutColumn::OptionalReal(..) => {
                    if let Some(value) = column.real(i) {
                        add_real(&mut line, value)?;
                    }
                }
            }
        }
        line.push(b'\n');
        writer.write_all(&line)?;
    }
    Ok(())
}

/// The shortest digits that read back as the same number; very large and very small ones with an exponent.
fn add_real(line: &mut Vec<u8>, value: f64) -> io::Result<()> {
    let size = value.abs();
    if size != 0.0 && !(1e-7..1e17).contains(&size) {
        write!(line, "{value:e}")
    } else {
        write!(line, "{value}")
    }
}

fn add_text(line: &mut Vec<u8>, text: &str, delimiter: u8, escapes_formulas: bool) {
    let is_formula = escapes_formulas && text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let needs_quotes = text.bytes().any(|b| b == delimiter || matches!(b, b'"' | b'\n' | b'\r'))
        || text.starts_with(' ')
        || text.ends_with(' ');
    if needs_quotes {
        line.push(b'"');
    }
    if is_formula {
        line.push(b'\'');
    }
    if needs_quotes {
        line.extend(text.replace('"', "\"\"").as_bytes());
        line.push(b'"');
    } else {
        line.extend(text.as_bytes());
    }
}

fn write_json(
    columns: &[OutColumn],
    n_rows: usize,
    writer: &mut impl Write,
    (before, between, after): (&str, &str, &str),
) -> io::Result<()> {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let names: Vec<String> = columns.iter().map(|column| quoted(column.name())).collect();
    writer.write_all(before.as_bytes())?;
    let mut line: Vec<u8> = Vec::new();
    for i in 0..n_rows {
        line.clear();
        if i > 0 {
            line.extend(between.as_bytes());
        }
        for (at, (column, name)) in columns.iter().zip(&names).enumerate() {
            line.push(if at == 0 { b'{' } else { b',' });
            line.extend(name.as_bytes());
            line.push(b':');
            match column {
                OutColumn::Text(_, values) => line.extend(quoted(&values[i]).as_bytes()),
                OutColumn::Same(_, value) => line.extend(quoted(value).as_bytes()),
                OutColumn::Integer(_, values) => write!(line, "{}", values[i])?,
                OutColumn::Truth(_, values) => write!(line, "{}", values[i])?,
                OutColumn::Date(_, values) => write!(line, "\"{}\"", Day(values[i]))?,
                OutColumn::OptionalDate(_, values) => match values[i] {
                    Some(day) => write!(line, "\"{}\"", Day(day))?,
                    None => line.extend(b"null"),
                },
                OutColumn::Real(..) | OutColumn::OptionalReal(..) => match column.real(i) {
                    Some(value) => add_real(&mut line, value)?,
                    None => line.extend(b"null"),
                },
            }
        }
        line.push(b'}');
        writer.write_all(&line)?;
    }
    writer.write_all(after.as_bytes())
}

/// Rows that are converted at a time, so that a table is not held twice.
const ROWS_AT_A_TIME: usize = 1 << 17;

fn write_parquet(
    columns: &[OutColumn],
    n_rows: usize,
    writer: &mut (impl Write + Send),
) -> io::Result<()> {
    let level = ZstdLevel::try_new(3).map_err(io::Error::other)?;
    let properties = WriterProperties::builder().set_compression(Compression::ZSTD(level)).build();
    let batch = |rows: std::ops::Range<usize>| {
        let nullable = |column: &OutColumn| {
            matches!(
                column,
                OutColumn::Real(..) | OutColumn::OptionalReal(..) | OutColumn::OptionalDate(..)
            )
        };
        RecordBatch::try_from_iter_with_nullable(
            columns
                .iter()
                .map(|column| (column.name(), column.array(rows.clone()), nullable(column))),
        )
        .map_err(io::Error::other)
    };
    let schema = batch(0..0)?.schema();
    let mut parquet =
        ArrowWriter::try_new(writer, schema, Some(properties)).map_err(io::Error::other)?;
    for start in (0..n_rows).step_by(ROWS_AT_A_TIME) {
        let end = (start + ROWS_AT_A_TIME).min(n_rows);
        parquet.write(&batch(start..end)?).map_err(io::Error::other)?;
    }
    parquet.close().map_err(io::Error::other)?;
    Ok(())
}
