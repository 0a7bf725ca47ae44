//! One file for each verb: parse, ask a study, write its answer.

pub(crate) mod backtest;
pub(crate) mod completions;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod fit;
pub(crate) mod forecast;
pub(crate) mod histories;
pub(crate) mod import;
pub(crate) mod man;
pub(crate) mod metric;
pub(crate) mod report;
pub(crate) mod retention;
pub(crate) mod simulate;
pub(crate) mod value;

use clv_answers::Provenance;
use clv_engine::{ComplaintGroup, Engine, Intake, Orders};
use clv_studies::inquiry::{Inquiry, InquiryOptions};

use crate::Outcome;
use crate::arguments::{ReadArguments, TimeArguments};
use crate::progress::Talk;
use crate::{reading, workspace};

/// An inquiry into whatever the paths hold, and where its answers come from.
pub(crate) struct Asked {
    /// The orders; none for a histories file.
    pub(crate) orders: Option<Orders>,
    /// The inquiry.
    pub(crate) inquiry: Inquiry,
    /// The provenance of its answers.
    pub(crate) provenance: Provenance,
}

/// Opens the paths as histories or orders and asks.
pub(crate) fn ask(
    engine: &Engine,
    read: &ReadArguments,
    time: &TimeArguments,
    options: &InquiryOptions,
    talk: &Talk,
) -> anyhow::Result<Asked> {
    talk.step("looking at the files");
    let histories = if read.paths.is_empty() {
        None
    } else {
        engine.open_histories(&reading::read_options(read)?)?
    };
    let mut of_histories = Vec::new();
    let (orders, inquiry) = match histories {
        Some(mut file) => {
            of_histories = std::mem::take(&mut file.fingerprints);
            if time.until.is_some() {
                return Err(reading::usage(
                    "--until needs orders, and this is a histories file, which has no dates",
                    Some("clv histories ORDERS --until DATE -o histories.parquet"),
                ));
            }
            talk.step("reading histories");
            (None, Inquiry::of_file(file, options)?)
        }
        None => {
            let orders = workspace::open_orders(engine, read, talk)?;
            talk.step("reading orders");
            let mut inquiry = Inquiry::of_orders(&orders, options)?;
            let has_day = read.reading.as_of.is_some() || time.until.is_some();
            if !has_day && let Some(remark) = reading::future_remark(inquiry.intake.as_ref()) {
                inquiry.served.cautions.insert(0, remark);
            }
            (Some(orders), inquiry)
        }
    };
    talk.finish();
    let mut provenance = reading::provenance(
        orders.as_ref(),
        &read.reading,
        &[
            ("horizon", options.horizon.to_string().into()),
            ("time-unit", inquiry.served.unit.name().into()),
            ("until", options.until.map(reading::day_text).into()),
        ],
    )?;
    provenance.table_versions.extend(of_histories);
    provenance.model = Some(inquiry.served.forecaster.id().to_owned());
    provenance.as_of = inquiry.snapshot.end_day().map(reading::day_text);
    for caution in &inquiry.served.cautions {
        talk.say(&format!("note: {caution}"));
    }
    Ok(Asked { orders, inquiry, provenance })
}

/// Says what was put aside, and what that makes of the exit status.
pub(crate) fn put_aside(intake: Option<&Intake>, talk: &Talk) -> Outcome {
    let Some(intake) = intake else { return Outcome::Done };
    if intake.returns_without_purchase > 0 {
        talk.say(&format!(
            "{:.2} came back from customers without any purchase in the data; it is in no customer's value",
            intake.returns_without_purchase as f64 / 1e6
        ));
    }
    put_aside_groups(&intake.complaints, talk)
}

/// The same for the complaints alone.
pub(crate) fn put_aside_groups(complaints: &[ComplaintGroup], talk: &Talk) -> Outcome {
    let mut outcome = Outcome::Done;
    for group in complaints {
        let first = group.examples.first().map_or_else(String::new, |example| {
            format!(
                "; first: {}, row {}, column '{}', value '{}'",
                example.file, example.row, example.column, example.value
            )
        });
        let what = if group.rule.keeps_row() { "remarked" } else { "put aside" };
        talk.say(&format!("{} rows {what}: {}{first}", group.count, group.rule.sentence()));
        if !group.rule.keeps_row() {
            outcome = Outcome::PutAside;
        }
    }
    outcome
}
