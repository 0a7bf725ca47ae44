//! `clv histories`: each customer's purchase history.

use clv_answers::Table;
use clv_studies::snapshot::{Newborns, Snapshot};

use crate::Outcome;
use crate::arguments::HistoriesArguments;
use crate::progress::Talk;
use crate::{output, reading, workspace};

pub(crate) fn run(arguments: &HistoriesArguments, talk: &Talk) -> anyhow::Result<Outcome> {
    if let Some(path) = &arguments.output.output {
        output::check_table_place(path)?;
        output::check_not_input(path, &arguments.read.paths)?;
    }
    let unit = reading::unit(&arguments.time)?;
    let until = reading::until(&arguments.time)?;
    let engine = reading::engine(&arguments.read.reading, talk)?;
    talk.step("looking at the files");
    let orders = workspace::open_orders(&engine, &arguments.read, talk)?;
    talk.step("reading orders");
    let (snapshot, intake) = Snapshot::of_orders(&orders, until, Newborns::LeftOut)?;
    talk.finish();
    let mut provenance = reading::provenance(
        Some(&orders),
        &arguments.read.reading,
        &[("time-unit", unit.name().into()), ("until", until.map(reading::day_text).into())],
    )?;
    provenance.as_of = snapshot.end_day().map(reading::day_text);
    let table: Table = snapshot.into_history_table(unit);
    output::table(table, &provenance, &arguments.output)?;
    Ok(super::put_aside(Some(&intake), talk))
}
