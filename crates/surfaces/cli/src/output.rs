//! Answers out: tables and structs in the format asked for, to standard output or a file, never half-written.

use std::io::{BufWriter, IsTerminal, Write};
use std::path::Path;

use anyhow::Context;
use clv_answers::{Answer, Provenance, Table, Values};
use clv_engine::{
    MadeTexts, OutColumn, TableFormat, WriteOptions, is_table_path, write_table, write_table_to,
};
use serde::Serialize;

use crate::arguments::{OutputArguments, OutputFormat};
use crate::reading::usage;

/// Rows of a table that fit a terminal.
const ROWS_SHOWN: usize = 20;

/// Writes a per-customer table.
pub(crate) fn table(
    table: Table,
    provenance: &Provenance,
    arguments: &OutputArguments,
) -> anyhow::Result<()> {
    if let Some(path) = &arguments.output {
        let options = WriteOptions::default();
        return table_file(table, provenance, path, arguments.output_format, options);
    }
    let stdout = std::io::stdout();
    let default = if stdout.is_terminal() { OutputFormat::Text } else { OutputFormat::Csv };
    let mut out = BufWriter::new(stdout);
    match arguments.output_format.unwrap_or(default) {
        OutputFormat::Text => text_table(&table, &mut out)?,
        OutputFormat::Json => json_table(table, provenance, &mut out)?,
        OutputFormat::Csv => {
            write_table_to(
                &out_columns(table),
                &mut out,
                TableFormat::Csv,
                WriteOptions::default(),
            )?;
        }
        OutputFormat::Ndjson => {
            write_table_to(
                &out_columns(table),
                &mut out,
                TableFormat::JsonLines,
                WriteOptions::default(),
            )?;
        }
        OutputFormat::Parquet => {
            write_table_to(
                &out_columns(table),
                &mut out,
                TableFormat::Parquet,
                WriteOptions::default(),
            )?;
        }
    }
    out.flush()?;
    Ok(())
}

/// Writes a per-customer table to a file whose extension, or `format`, decides the format.
pub(crate) fn table_file(
    table: Table,
    provenance: &Provenance,
    path: &Path,
    format: Option<OutputFormat>,
    options: WriteOptions,
) -> anyhow::Result<()> {
    refuse_conflict(path, format)?;
    let is_json = path.extension().is_some_and(|extension| extension == "json");
    if is_json && format.is_none_or(|format| format == OutputFormat::Json) {
        let mut text = Vec::new();
        json_table(table, provenance, &mut text)?;
        return whole_file(path, &text);
    }
    table_columns(table, path, options)
}

/// Writes a table to a file in the format that its extension names.
pub(crate) fn table_columns(
    table: Table,
    path: &Path,
    options: WriteOptions,
) -> anyhow::Result<()> {
    write_table(&out_columns(table), path, options)?;
    Ok(())
}

/// Writes an answer that is not a per-customer table; `text` is how people read it.
pub(crate) fn answer<T: Serialize>(
    answer: &Answer<T>,
    text: &str,
    arguments: &OutputArguments,
) -> anyhow::Result<()> {
    let json = || serde_json::to_string_pretty(answer).context("an answer is always JSON");
    if let Some(path) = &arguments.output {
        let is_table = clv_engine::is_table_path(path)
            && path.extension().is_none_or(|extension| extension != "json");
        if is_table && arguments.output_format.is_none() {
            return Err(no_table());
        }
        let content = match arguments.output_format {
            Some(OutputFormat::Text) => text.to_owned(),
            None | Some(OutputFormat::Json) => json()? + "\n",
            Some(_) => return Err(no_table()),
        };
        return whole_file(path, content.as_bytes());
    }
    let mut out = std::io::stdout().lock();
    let default =
        if std::io::stdout().is_terminal() { OutputFormat::Text } else { OutputFormat::Json };
    match arguments.output_format.unwrap_or(default) {
        OutputFormat::Text => writeln!(out, "{}", text.trim_end())?,
        OutputFormat::Json => writeln!(out, "{}", json()?)?,
        _ => return Err(no_table()),
    }
    Ok(())
}

/// A format that is not the one the file's extension names.
fn refuse_conflict(path: &Path, format: Option<OutputFormat>) -> anyhow::Result<()> {
    let named = match format {
        None => return Ok(()),
        Some(OutputFormat::Text) => "txt",
        Some(OutputFormat::Json) => "json",
        Some(OutputFormat::Csv) => "csv",
        Some(OutputFormat::Ndjson) => "ndjson",
        Some(OutputFormat::Parquet) => "parquet",
    };
    let name = path.to_string_lossy().to_lowercase();
    let bare = name.trim_end_matches(".gz").trim_end_matches(".zst");
    if bare.ends_with(&format!(".{named}")) {
        return Ok(());
    }
    Err(usage(
        &format!(
            "{}: the extension names another format than --output-format {named}",
            path.display()
        ),
        Some("leave one of the two out"),
    ))
}

fn no_table() -> anyhow::Error {
    usage("this answer is no table, expected --output-format text or json", Some("-o answer.json"))
}

/// Writes a file beside its place and moves it there whole.
pub(crate) fn whole_file(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let write = || -> std::io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(content)?;
        file.as_file().sync_all()?;
        allow_reading(file.as_file())?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    };
    // The system's words only: the name of the temporary file would be a riddle.
    write().map_err(|error| cannot_write(path, &error.kind().to_string()))
}

fn cannot_write(path: &Path, why: &str) -> anyhow::Error {
    usage(
        &format!("{}: cannot be written: {why}", path.display()),
        Some("check the folder, its permissions and the free space"),
    )
}

/// Finds out before any work is done whether a file can stand at `path`.
pub(crate) fn check_place(path: &Path) -> anyhow::Result<()> {
    if path.is_dir() {
        return Err(cannot_write(path, "it is a folder"));
    }
    check_folder_place(path)
}

/// Finds out whether something can be made at `path`: the folder that it lies in has to exist.
pub(crate) fn check_folder_place(path: &Path) -> anyhow::Result<()> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() && !folder.is_dir() => {
            Err(cannot_write(path, "its folder does not exist"))
        }
        _ => Ok(()),
    }
}

/// Refuses an output that is one of the inputs: orders are never overwritten.
pub(crate) fn check_not_input(path: &Path, inputs: &[String]) -> anyhow::Result<()> {
    let Ok(place) = path.canonicalize() else { return Ok(()) };
    let is_input = inputs.iter().any(|input| {
        Path::new(input)
            .canonicalize()
            .is_ok_and(|input| place == input || place.starts_with(&input))
    });
    if is_input {
        return Err(usage(
            &format!("{} is an input; writing there would overwrite it", path.display()),
            Some("name another file with -o"),
        ));
    }
    Ok(())
}

/// The same for a table, whose extension has to name a format too.
pub(crate) fn check_table_place(path: &Path) -> anyhow::Result<()> {
    check_place(path)?;
    if is_table_path(path) {
        return Ok(());
    }
    Err(usage(
        &format!(
            "{}: the extension names no table format; expected csv, tsv, json, ndjson or parquet, the text ones also \
             .gz or .zst",
            path.display()
        ),
        Some("-o customers.csv or -o customers.parquet"),
    ))
}

/// Temporary files are private; an answer is as readable as any file the user makes.
#[cfg(unix)]
fn allow_reading(file: &std::fs::File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn allow_reading(_: &std::fs::File) -> std::io::Result<()> {
    Ok(())
}

/// The engine's columns for a table.
fn out_columns(table: Table) -> Vec<OutColumn> {
    let n_rows = table.n_rows();
    table
        .into_columns()
        .into_iter()
        .map(|column| {
            let name = column.name;
            match column.values {
                Values::Text(v) => OutColumn::Text(name, v),
                Values::Integer(v) => OutColumn::Integer(name, v),
                Values::Real(v) => OutColumn::Real(name, v),
                Values::OptionalReal(v) => OutColumn::OptionalReal(name, v),
                Values::Date(v) => OutColumn::Date(name, v),
                Values::OptionalDate(v) => OutColumn::OptionalDate(name, v),
                Values::Truth(v) => OutColumn::Truth(name, v),
                Values::Joined(v) => {
                    let make = move |row: usize, text: &mut String| {
                        let (beginning, ending) = v.parts(row);
                        text.push_str(beginning);
                        text.push_str(ending);
                    };
                    OutColumn::Made(name, MadeTexts::new(n_rows, make))
                }
                Values::Same(text, _) => OutColumn::Same(name, text),
            }
        })
        .collect()
}

fn json_table(table: Table, provenance: &Provenance, out: &mut impl Write) -> anyhow::Result<()> {
    let mut rows = Vec::new();
    write_table_to(&out_columns(table), &mut rows, TableFormat::Json, WriteOptions::default())?;
    out.write_all(b"{\"answer\":")?;
    out.write_all(rows.trim_ascii())?;
    out.write_all(b",\"provenance\":")?;
    serde_json::to_writer(&mut *out, provenance).context("provenance is always JSON")?;
    out.write_all(b"}\n")?;
    Ok(())
}

fn text_table(table: &Table, out: &mut impl Write) -> anyhow::Result<()> {
    let shown = table.n_rows().min(ROWS_SHOWN);
    let columns: Vec<Vec<String>> = table
        .columns()
        .iter()
        .map(|column| {
            let cells = (0..shown).map(|row| cell(&column.values, row));
            std::iter::once(column.name.clone()).chain(cells).collect()
        })
        .collect();
    let widths: Vec<usize> = columns
        .iter()
        .map(|column| column.iter().map(|cell| cell.chars().count()).max().unwrap_or(0))
        .collect();
    for row in 0..=shown {
        let line: Vec<String> = columns
            .iter()
            .zip(&widths)
            .map(|(column, width)| format!("{:>width$}", column[row]))
            .collect();
        writeln!(out, "{}", line.join("  "))?;
    }
    if table.n_rows() > shown {
        writeln!(
            out,
            "... {} more rows; -o FILE.csv or FILE.parquet writes them all",
            table.n_rows() - shown
        )?;
    }
    Ok(())
}

fn cell(values: &Values, row: usize) -> String {
    let number = |value: f64| format!("{value:.4}");
    match values {
        Values::Text(v) => v[row].clone(),
        Values::Integer(v) => v[row].to_string(),
        Values::Real(v) => number(v[row]),
        Values::OptionalReal(v) => v[row].map_or_else(String::new, number),
        Values::Date(v) => crate::reading::day_text(v[row]),
        Values::OptionalDate(v) => v[row].map_or_else(String::new, crate::reading::day_text),
        Values::Truth(v) => v[row].to_string(),
        Values::Joined(v) => v.text(row),
        Values::Same(text, _) => text.clone(),
    }
}
