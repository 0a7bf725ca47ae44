//! Outside files into the workspace: what they bring, what changes, and the commit.

use clv_answers::data_quality::DetectedColumn;
use clv_answers::import::{CurrencyTotals, FileLeftAlone, Import, ImportedGroup, TableChange};
use clv_engine::lake::{Lake, TableChanges};
use clv_engine::{Engine, EngineError, ImportFiles, ImportOptions, ImportedFiles, Instant};
use serde_json::{Value, json};

use crate::calendar::iso;
use crate::data_quality::{complaint_groups, file_name};
use crate::error::StudyError;
use crate::snapshot::MICROS;

/// Whether an import is committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Commit {
    /// Only what it would do is told.
    DryRun,
    /// It is committed at this time.
    At(Instant),
}

/// Recognises files, reads them, and commits what they bring to the workspace: everything or nothing.
///
/// # Errors
/// When a file cannot be read or recognised, or the workspace cannot be written. The workspace is then as it was.
pub fn import(
    engine: &Engine,
    lake: &Lake,
    options: &ImportOptions,
    commit: Commit,
) -> Result<Import, StudyError> {
    let files = engine.recognise(options)?;
    let mut staged = lake.begin().map_err(EngineError::from)?;
    let read = files.read(&mut |table, file, rows| {
        Ok(staged.write(table, u32::try_from(file).unwrap_or(u32::MAX), &rows)?)
    })?;
    let changes = staged.changes().map_err(EngineError::from)?;
    let mut answer = answer(&files, &read);
    answer.tables = changes.iter().map(|(table, changes)| change(table, changes)).collect();
    match commit {
        Commit::DryRun => answer.is_dry_run = true,
        Commit::At(now) => {
            let note = note(&files, &answer)?;
            let done = staged.commit(&note, now).map_err(EngineError::from)?;
            answer.import = done.as_ref().map(|done| done.number);
            // Others may have committed meanwhile: what was done is what counts.
            if let Some(done) = done {
                answer.tables =
                    done.changes.iter().map(|(table, changes)| change(table, changes)).collect();
            }
        }
    }
    Ok(answer)
}

fn answer(files: &ImportFiles, read: &ImportedFiles) -> Import {
    let totals = &read.totals;
    let money = |micros: i128| micros as f64 / MICROS;
    let groups = files.groups.iter().map(|group| ImportedGroup {
        source: group.importer.id.to_owned(),
        title: group.importer.title.to_owned(),
        confidence: group.confidence,
        files: group.files().into_iter().map(file_name).collect(),
        columns: group
            .columns()
            .into_iter()
            .map(|(role, heading, reading)| DetectedColumn {
                role: role.to_owned(),
                column: heading.to_owned(),
                reading: reading.to_owned(),
            })
            .collect(),
        caution: group.importer.caution.to_owned(),
    });
    Import {
        import: None,
        is_dry_run: false,
        groups: groups.collect(),
        left_alone: files
            .left_alone
            .iter()
            .map(|(file, reason)| FileLeftAlone { file: file_name(file), reason: reason.clone() })
            .collect(),
        rows: totals.rows,
        rows_put_aside: totals.rows_put_aside,
        customers: totals.customers(),
        orders_without_customer: totals.orders_without_customer,
        cancelled_orders: totals.cancelled_orders,
        currencies: totals
            .currencies
            .iter()
            .map(|(currency, sums)| CurrencyTotals {
                currency: currency.clone(),
                orders: sums.orders,
                gross: money(sums.gross),
                refunds: money(sums.refunds),
                net: money(sums.net()),
            })
            .collect(),
        first_date: totals.first_day.map_or_else(String::new, |day| iso(day.0)),
        last_date: totals.last_day.map_or_else(String::new, |day| iso(day.0)),
        tables: Vec::new(),
        complaints: complaint_groups(&read.complaints.clone().into_groups()),
    }
}

fn change(table: &str, changes: &TableChanges) -> TableChange {
    TableChange {
        table: table.to_owned(),
        rows_new: changes.rows_new,
        rows_changed: changes.rows_changed,
        rows_unchanged: changes.rows_unchanged,
        rows_replaced: changes.rows_replaced,
        repeated_differing: changes.owners_repeated_differing,
        repeated_alike: changes.owners_repeated_alike,
    }
}

/// What the lake keeps of an import: enough to tell it from another.
fn note(files: &ImportFiles, answer: &Import) -> Result<Value, StudyError> {
    let fingerprints = files.fingerprints()?;
    let files: Vec<Value> = fingerprints
        .iter()
        .map(|(file, hash)| json!({ "file": file_name(file), "fingerprint": hash }))
        .collect();
    let sources: Vec<&str> = answer.groups.iter().map(|group| group.source.as_str()).collect();
    Ok(json!({
        "sources": sources,
        "files": files,
        "rows": answer.rows,
        "rows_put_aside": answer.rows_put_aside,
        "customers": answer.customers,
        "currencies": answer.currencies,
        "first_date": answer.first_date,
        "last_date": answer.last_date,
    }))
}
