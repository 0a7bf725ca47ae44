//! The first look: which files, how they are cut, what their columns mean, in which formats.

use std::sync::Arc;

use arrow::array::AsArray;
use arrow::array::{Array, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use clv_importers::catalogue::{Choice, choose};
use clv_importers::plan::{Evidence, Wishes};
use clv_importers::role::Role;
use clv_importers::sample::Sample;

use crate::engine::{Engine, ReadOptions};
use crate::error::EngineError;
use crate::files::{InputFile, find, read_up_to};
use crate::orders::Orders;
use crate::parquet_file::ParquetFile;
use crate::progress::ProgressCounter;
use crate::reader::{Source, TextReader};
use crate::text::decode::{Utf8Reader, read_error, unpack};
use crate::text::json_elements::Elements;
use crate::text::json_shape::JsonShape;
use crate::text::{json, layout};

/// Bytes of a file that are looked at before anything is decided.
const HEAD_BYTES: usize = 256 * 1024;
/// Rows of a file that are looked at before anything is decided.
const HEAD_ROWS: usize = 2_000;

/// Finds, opens and understands files of orders.
///
/// # Errors
/// See [`Engine::open`].
pub(crate) fn inspect(engine: &Engine, options: &ReadOptions) -> Result<Orders, EngineError> {
    let (sources, sample) = look(&options.paths)?;
    let choice = choose(&sample, options.from.as_deref(), &options.columns)?;
    let wishes = Wishes {
        date_order: options.date_format,
        as_of: options.as_of,
        currency: options.currency.clone(),
        zero_orders: options.zero_orders,
    };
    let is_json = matches!(sources[0], Source::Json { .. });
    let mut evidence = Evidence::new(&choice, &sample, is_json);
    if evidence.is_open(&choice, &wishes) {
        scan(&sources, &sample, &choice, &wishes, &mut evidence)?;
    }
    let mut plan = evidence.decide(&choice, &sample, &wishes)?;
    plan.merges_files = plan.column(Role::OrderId).is_some()
        && !plan.drops_duplicates
        && sources.len() > 1
        && !are_parts(&sources);
    Orders::new(engine.clone(), sources, Arc::new(plan), &sample.types)
}

/// Whether a program has cut one table into these files, as Spark and others do (`part-00000-...`): no part repeats what
/// another holds, and equal lines of one order may stand in two of them.
fn are_parts(sources: &[Source]) -> bool {
    sources.iter().all(|source| {
        let name = source.file().path.file_name().map(|name| name.to_string_lossy().into_owned());
        name.is_some_and(|name| name.starts_with("part-"))
    })
}

/// Opens the files and reads the beginning of the first.
///
/// # Errors
/// When a file is missing, empty, damaged or not of the kind of the first.
pub(crate) fn look(paths: &[String]) -> Result<(Vec<Source>, Sample), EngineError> {
    let mut sources: Vec<Source> = Vec::new();
    let mut sample: Option<Sample> = None;
    for file in find(paths)? {
        let (source, own) = look_at(file)?;
        if let (Some(first), Some(sample)) = (sources.first(), &sample) {
            check_alike(first, sample, &source, &own)?;
        } else {
            sample = Some(own);
        }
        sources.push(source);
    }
    let sample = sample.ok_or(EngineError::NoPath)?;
    Ok((sources, sample))
}

fn check_alike(
    first: &Source,
    sample: &Sample,
    other: &Source,
    own: &Sample,
) -> Result<(), EngineError> {
    let mixed = |why: String| EngineError::MixedFiles {
        first: first.file().shown.clone(),
        second: other.file().shown.clone(),
        why,
    };
    if std::mem::discriminant(first) != std::mem::discriminant(other) {
        return Err(mixed("it is of another format".into()));
    }
    if matches!(first, Source::Json { .. }) {
        return Ok(());
    }
    if let Some(missing) = sample.headings.iter().find(|heading| !own.headings.contains(heading)) {
        return Err(mixed(format!("it has no column {missing:?}")));
    }
    for (heading, data_type) in sample.headings.iter().zip(&sample.types) {
        let theirs = own.headings.iter().position(|h| h == heading).map(|at| &own.types[at]);
        if theirs != Some(data_type) {
            return Err(mixed(format!("its column {heading:?} is of another type")));
        }
    }
    Ok(())
}

pub(crate) fn look_at(file: InputFile) -> Result<(Source, Sample), EngineError> {
    let mut head = vec![0_u8; 4096];
    let n = unpack(&file, ProgressCounter::silent()).and_then(|mut bytes| {
        read_up_to(&mut bytes, &mut head).map_err(|error| read_error(&file, error))
    })?;
    if n == 0 {
        return Err(EngineError::EmptyFile { path: file.shown });
    }
    match file.is_parquet(&head[..n])? {
        true => look_at_parquet(ParquetFile::open(file)?),
        false => look_at_text(file),
    }
}

fn look_at_text(file: InputFile) -> Result<(Source, Sample), EngineError> {
    let mut text = Vec::new();
    let mut reader = Utf8Reader::new(unpack(&file, ProgressCounter::silent())?);
    let mut is_whole = false;
    while text.len() < HEAD_BYTES {
        if !reader.append_to(&mut text).map_err(|error| read_error(&file, error))? {
            is_whole = true;
            break;
        }
    }
    // Tab, line feed, form feed and carriage return are the control characters that texts have.
    let is_control =
        |b: &u8| *b < 0x20 && !matches!(b, b'\t' | b'\n' | 0x0b | 0x0c | b'\r' | 0x1a | 0x1b);
    if text.iter().any(is_control) {
        return Err(EngineError::BinaryFile { path: file.shown, n_bytes: text.len() });
    }
    if JsonShape::is_json(&text) {
        return look_at_json(file, &text, is_whole);
    }
    if !is_whole && let Some(end) = text.iter().rposition(|b| *b == b'\n') {
        text.truncate(end + 1);
    }
    if text.trim_ascii().is_empty() {
        return Err(EngineError::EmptyFile { path: file.shown });
    }
    let layout =
        layout::detect(&text).ok_or_else(|| EngineError::EmptyFile { path: file.shown.clone() })?;
    let n_before = layout.n_preamble + usize::from(layout.has_heading);
    let headings = unique(layout.headings.clone());
    let rows = layout::cut(&text, layout.delimiter, HEAD_ROWS)
        .into_iter()
        .skip(n_before)
        .map(|mut row| {
            row.resize(headings.len(), String::new());
            row
        })
        .collect();
    let sample = Sample {
        file: file.shown.clone(),
        has_heading: layout.has_heading,
        types: vec![DataType::Utf8; headings.len()],
        rows,
        first_row: n_before as u64 + 1,
        headings: headings.clone(),
    };
    check_rows(&sample)?;
    let layout = layout::Layout { headings, ..layout };
    Ok((Source::Delimited { file, layout }, sample))
}

fn look_at_json(
    file: InputFile,
    head: &[u8],
    is_whole: bool,
) -> Result<(Source, Sample), EngineError> {
    let shown = file.shown.clone();
    let shape = JsonShape::detect(head, is_whole).map_err(|several| several.of(&shown))?;
    let text = Utf8Reader::new(unpack(&file, ProgressCounter::silent())?);
    let keys = json::keys_of(&mut Elements::new(text, &shape), HEAD_ROWS, HEAD_BYTES)
        .map_err(|error| read_error(&file, error))?
        .ok_or_else(|| EngineError::EmptyFile { path: shown.clone() })?;
    if keys.is_empty() {
        return Err(EngineError::Unsupported {
            path: shown,
            what: "JSON in which the first elements are no objects with keys",
            hint: "write one object for each order, as an array or one per line",
        });
    }
    let source = Source::Json { file, shape };
    let rows = first_rows(&source, &keys)?;
    let types = vec![DataType::Utf8; keys.len()];
    let sample =
        Sample { file: shown, headings: keys, has_heading: true, types, rows, first_row: 1 };
    check_rows(&sample)?;
    Ok((source, sample))
}

/// # Errors
/// [`EngineError::HeaderOnly`] when no cell of the first rows holds anything.
fn check_rows(sample: &Sample) -> Result<(), EngineError> {
    if sample.rows.iter().all(|row| row.iter().all(|cell| cell.trim().is_empty())) {
        return Err(EngineError::HeaderOnly {
            path: sample.file.clone(),
            headings: sample.heading_list(),
        });
    }
    Ok(())
}

/// Headings made different where two are alike: the second `Total` is `Total_2`.
fn unique(headings: Vec<String>) -> Vec<String> {
    let mut seen: Vec<String> = Vec::with_capacity(headings.len());
    for heading in headings {
        let n_before =
            seen.iter().filter(|h| **h == heading || h.starts_with(&format!("{heading}_"))).count();
        let is_new = !seen.contains(&heading);
        seen.push(if is_new { heading } else { format!("{heading}_{}", n_before + 1) });
    }
    seen
}

fn first_rows(source: &Source, headings: &[String]) -> Result<Vec<Vec<String>>, EngineError> {
    let Some(mut reader) = TextReader::open(source, headings, false, ProgressCounter::silent())?
    else {
        return Ok(Vec::new());
    };
    let batch = reader.next_batch().map_err(|error| read_error(source.file(), error))?;
    Ok(batch.map_or_else(Vec::new, |text| cells_of(&text.batch, HEAD_ROWS)))
}

fn look_at_parquet(parquet: ParquetFile) -> Result<(Source, Sample), EngineError> {
    let headings = parquet.headings();
    let types = parquet.schema().fields().iter().map(|field| field.data_type().clone()).collect();
    let all: Vec<usize> = (0..headings.len()).collect();
    let shown = parquet.file.shown.clone();
    if parquet.n_rows() == 0 {
        return Err(EngineError::HeaderOnly { path: shown, headings: headings.join(", ") });
    }
    let mut rows = Vec::new();
    if let Some(piece) = parquet.pieces().iter().find(|piece| piece.n_rows > 0)
        && let Some(batch) = parquet.read(piece, &all)?.next()
    {
        rows = cells_of(&batch?, HEAD_ROWS);
    }
    let sample = Sample { file: shown, headings, has_heading: true, types, rows, first_row: 1 };
    Ok((Source::Parquet(parquet), sample))
}

/// The cells of a batch as text; empty where a value is null or has no text form.
fn cells_of(batch: &RecordBatch, max_rows: usize) -> Vec<Vec<String>> {
    let batch = batch.slice(0, batch.num_rows().min(max_rows));
    let mut rows = vec![Vec::with_capacity(batch.num_columns()); batch.num_rows()];
    for column in batch.columns() {
        let strings = cast(column, &DataType::Utf8).ok();
        let strings = strings.as_ref().and_then(|array| array.as_string_opt::<i32>());
        for (i, row) in rows.iter_mut().enumerate() {
            row.push(match strings {
                Some(strings) if !strings.is_null(i) => strings.value(i).to_owned(),
                _ => String::new(),
            });
        }
    }
    rows
}

/// Reads whole columns, until the evidence suffices or the files end.
fn scan(
    sources: &[Source],
    sample: &Sample,
    choice: &Choice,
    wishes: &Wishes,
    evidence: &mut Evidence,
) -> Result<(), EngineError> {
    let columns = evidence.columns();
    let headings: Vec<String> =
        columns.iter().map(|column| sample.headings[*column].clone()).collect();
    let mut observe = |batch: &RecordBatch, row_of: &dyn Fn(usize) -> u64| {
        let arrays: Vec<_> =
            batch.columns().iter().map(|c| cast(c, &DataType::Utf8).ok()).collect();
        for i in 0..batch.num_rows() {
            evidence.observe(row_of(i), |column| {
                let at = columns.iter().position(|c| *c == column);
                let array =
                    at.and_then(|at| arrays[at].as_ref()).and_then(|a| a.as_string_opt::<i32>());
                array.filter(|array| !array.is_null(i)).map_or("", |array| array.value(i))
            });
        }
        evidence.is_open(choice, wishes)
    };
    for source in sources {
        match (source, TextReader::open(source, &headings, false, ProgressCounter::silent())?) {
            (_, Some(mut reader)) => {
                while let Some(text) =
                    reader.next_batch().map_err(|error| read_error(source.file(), error))?
                {
                    if !observe(&text.batch, &|i| text.rows[i]) {
                        return Ok(());
                    }
                }
            }
            (Source::Parquet(parquet), None) => {
                let positions =
                    crate::reader::positions(&parquet.headings(), &headings, &parquet.file)?;
                for piece in parquet.pieces() {
                    let mut first = piece.first_row;
                    for batch in parquet.read(&piece, &positions)? {
                        let batch = batch?;
                        if !observe(&batch, &|i| first + i as u64) {
                            return Ok(());
                        }
                        first += batch.num_rows() as u64;
                    }
                }
            }
            (_, None) => {}
        }
    }
    Ok(())
}
