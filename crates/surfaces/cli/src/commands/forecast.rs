//! `clv forecast`: each customer's expected purchases and the date of the next one.

use clv_valuation::discounting::AnnualDiscountRate;

use crate::Outcome;
use crate::arguments::ForecastArguments;
use crate::progress::Talk;
use crate::{covariates, output, reading, season};

pub(crate) fn run(arguments: &ForecastArguments, talk: &Talk) -> anyhow::Result<Outcome> {
    if let Some(path) = &arguments.output.output {
        output::check_table_place(path)?;
        output::check_not_input(path, &arguments.read.paths)?;
    }
    if super::retention::is_asked(&arguments.model)? {
        season::refuse(&arguments.season, &arguments.model.model)?;
        return super::retention::forecast(arguments, talk);
    }
    super::retention::refuse(&arguments.subscriptions, &arguments.model.model)?;
    let mut options = reading::inquiry_options(&arguments.time, &arguments.model)?;
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
    // Counts are not discounted.
    let horizon = asked.inquiry.horizon_options(AnnualDiscountRate::new(0.0)?);
    let rows = asked.inquiry.forecast_rows(&horizon);
    let table = asked.inquiry.forecast_table(&rows, &horizon);
    let mut provenance = asked.provenance;
    covariates::note(&arguments.covariates, &mut provenance);
    provenance.seed = Some(arguments.model.seed);
    output::table(table, &provenance, &arguments.output)?;
    Ok(super::put_aside(asked.inquiry.intake.as_ref(), talk))
}
