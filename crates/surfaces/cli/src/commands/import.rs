//! `clv import`: outside files into the workspace, with totals to compare with the shop first.

use std::fmt::Write;

use anyhow::Context;
use clv_answers::Answer;
use clv_answers::import::Import;
use clv_engine::lake::Lake;
use clv_engine::{EngineError, ImportOptions, Instant};
use clv_studies::import::{Commit, import};
use jiff::tz::TimeZone;

use crate::Outcome;
use crate::arguments::ImportArguments;
use crate::progress::Talk;
use crate::{output, reading, workspace};

pub(crate) fn run(arguments: &ImportArguments, talk: &Talk) -> anyhow::Result<Outcome> {
    let read = &arguments.read;
    if read.paths.is_empty() {
        return Err(reading::usage(
            "clv import needs the files to import",
            Some("clv import orders_export.csv, or a folder of exports"),
        ));
    }
    if let Some(path) = &arguments.output.output {
        output::check_place(path)?;
        output::check_not_input(path, &read.paths)?;
    }
    let shop_zone = arguments.time_zone.as_deref().map(time_zone).transpose()?;
    let engine = reading::engine(&read.reading, talk)?;
    let settled = reading::read_options(read)?;
    let options = ImportOptions {
        paths: settled.paths,
        from: settled.from,
        columns: settled.columns,
        date_format: settled.date_format,
        shop: arguments.shop.clone(),
        shop_zone,
    };
    let place = workspace::place(read.reading.workspace.as_deref())?;
    let lake = Lake::create_or_open(&engine, place).map_err(EngineError::from)?;
    talk.step("reading the files");
    let commit = if arguments.is_dry_run {
        Commit::DryRun
    } else {
        Commit::At(Instant(jiff::Timestamp::now().as_microsecond()))
    };
    let answer = import(&engine, &lake, &options, commit)?;
    talk.finish();
    let mut provenance = reading::provenance(None, &read.reading, &[])?;
    provenance.table_versions = lake
        .snapshot(Default::default())
        .map_err(EngineError::from)?
        .versions()
        .into_iter()
        .map(|(table, version)| (table, format!("version:{version}")))
        .collect();
    let text = told(&answer, lake.place().location());
    let outcome = if answer.rows_put_aside > 0 { Outcome::PutAside } else { Outcome::Done };
    output::answer(&Answer { answer, provenance }, &text, &arguments.output)?;
    Ok(outcome)
}

fn time_zone(name: &str) -> anyhow::Result<TimeZone> {
    TimeZone::get(name).with_context(|| {
        format!("--time-zone is '{name}', expected a name of the time zone database, such as Europe/Berlin")
    })
}

/// The import as people read it.
fn told(import: &Import, location: &str) -> String {
    let mut text = String::new();
    for group in &import.groups {
        let _ = writeln!(
            text,
            "{} ({}, {:.0} % sure): {}",
            group.title,
            group.source,
            100.0 * group.confidence,
            group.files.join(", ")
        );
        let columns: Vec<String> = group
            .columns
            .iter()
            .map(|column| format!("{} = {} ({})", column.role, column.column, column.reading))
            .collect();
        let _ = writeln!(text, "  {}", columns.join(", "));
        if !group.caution.is_empty() {
            let _ = writeln!(text, "  note: {}", group.caution);
        }
    }
    for left in &import.left_alone {
        let _ = writeln!(text, "left alone: {}: {}", left.file, left.reason);
    }
    let _ = writeln!(text);
    let mut line = |what: &str, value: String| {
        let _ = writeln!(text, "{what:<26}{value:>18}");
    };
    line("rows", import.rows.to_string());
    line("rows put aside", import.rows_put_aside.to_string());
    line("customers", import.customers.to_string());
    if import.orders_without_customer > 0 {
        line("orders without a customer", import.orders_without_customer.to_string());
    }
    if import.cancelled_orders > 0 {
        line("cancelled orders", import.cancelled_orders.to_string());
    }
    if !import.first_date.is_empty() {
        line("first day", import.first_date.clone());
        line("last day", import.last_date.clone());
    }
    for sums in &import.currencies {
        let money = |what: &str| format!("{what} {}", sums.currency).trim_end().to_owned();
        line(&money("orders"), sums.orders.to_string());
        line(&money("gross"), format!("{:.2}", sums.gross));
        line(&money("refunds"), format!("{:.2}", sums.refunds));
        line(&money("net"), format!("{:.2}", sums.net));
    }
    let _ = writeln!(text);
    for change in &import.tables {
        let _ = write!(
            text,
            "{:<26}{:>12} new {:>12} changed {:>12} already there",
            change.table, change.rows_new, change.rows_changed, change.rows_unchanged
        );
        if change.repeated_alike + change.repeated_differing > 0 {
            let _ = write!(
                text,
                "; in several files: {} alike, {} not alike, of which the last counts",
                change.repeated_alike, change.repeated_differing
            );
        }
        let _ = writeln!(text);
    }
    for group in &import.complaints {
        let what = if group.put_aside { "put aside" } else { "remarked" };
        let first = group.examples.first().map_or_else(String::new, |example| {
            format!(
                "; first: {}, row {}, column '{}', value '{}'",
                example.file, example.row, example.column, example.value
            )
        });
        let _ = writeln!(text, "{} rows {what}: {}{first}", group.rows, group.meaning);
    }
    let _ = match import.import {
        Some(number) => writeln!(text, "committed as import {number} of {location}"),
        None if import.is_dry_run => writeln!(text, "nothing was committed: this was a dry run"),
        None => writeln!(text, "nothing to commit: all of it is in {location} already"),
    };
    text
}
