//! `clv value`: each customer's value so far, expected value and lifetime value.

use crate::Outcome;
use crate::arguments::ValueArguments;
use crate::progress::Talk;
use crate::{covariates, output, reading, season};

pub(crate) fn run(arguments: &ValueArguments, talk: &Talk) -> anyhow::Result<Outcome> {
    if let Some(path) = &arguments.output.output {
        output::check_table_place(path)?;
        output::check_not_input(path, &arguments.read.paths)?;
    }
    if super::retention::is_asked(&arguments.model)? {
        season::refuse(&arguments.season, &arguments.model.model)?;
        return super::retention::value(arguments, talk);
    }
    super::retention::refuse(&arguments.subscriptions, &arguments.model.model)?;
    let mut options = reading::inquiry_options(&arguments.time, &arguments.model)?;
    options.spend = reading::spend_choice(&arguments.spend)?;
    let definition = reading::definition(&arguments.definition, &options.horizon)?;
    let engine = reading::engine(&arguments.read.reading, talk)?;
    let columns = arguments.read.reading.columns.as_deref();
    options.choice = covariates::with_covariates(
        &engine,
        options.choice,
        &arguments.covariates,
        columns,
        false,
    )?;
    options.season = season::request(&arguments.season, &options)?;
    let asked = super::ask(&engine, &arguments.read, &arguments.time, &options, talk)?;
    let inquiry = &asked.inquiry;
    let horizon = inquiry.horizon_options(definition.discount_rate());
    let rows = inquiry.forecast_rows(&horizon);
    let uncertainty = inquiry.uncertainty(&rows, &horizon);
    let values = inquiry.values(&rows, &uncertainty, &definition)?;
    let table = inquiry.value_table(values, &definition);
    for caution in definition.cautions() {
        talk.say(&format!("note: {caution}"));
    }
    let mut provenance = asked.provenance;
    covariates::note(&arguments.covariates, &mut provenance);
    reading::note_spend(&arguments.spend, &mut provenance);
    provenance.definition_id = Some(definition.id());
    provenance.seed = Some(arguments.model.seed);
    output::table(table, &provenance, &arguments.output)?;
    Ok(super::put_aside(inquiry.intake.as_ref(), talk))
}
