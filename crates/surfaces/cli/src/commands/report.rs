//! `clv report`: the whole story of your orders in one self-contained page.

use std::io::Write;
use std::path::{Path, PathBuf};

use clv_answers::Answer;
use clv_answers::headline::Headline;
use clv_answers::report::Report;
use clv_engine::WriteOptions;
use clv_studies::data_quality::file_name;
use clv_studies::report::{Beside, report};
use clv_studies::snapshot::Newborns;

use crate::Outcome;
use crate::arguments::{
    CovariateArguments, DefinitionArguments, ModelArguments, ReadArguments, ReportArguments,
    SeasonArguments, SpendArguments, TimeArguments,
};
use crate::progress::Talk;
use crate::{covariates, output, reading, season, workspace};

pub(crate) fn run(arguments: &ReportArguments, talk: &Talk) -> anyhow::Result<Outcome> {
    let outputs = match arguments.output.as_slice() {
        [] => vec![PathBuf::from("report.html")],
        given => given.to_vec(),
    };
    let title = title_of(&arguments.read);
    let asked = ReportQuestion {
        title: &title,
        input: None,
        read: &arguments.read,
        time: &arguments.time,
        model: &arguments.model,
        spend: &arguments.spend,
        definition: &arguments.definition,
        season: &arguments.season,
        covariates: &arguments.covariates,
    };
    write_report(&asked, &outputs, talk)
}

/// What a report is asked for; `clv demo` asks the same of the sample.
pub(crate) struct ReportQuestion<'a> {
    pub(crate) title: &'a str,
    /// What the answer names as its input, where that is not the path that is read.
    pub(crate) input: Option<&'a str>,
    pub(crate) read: &'a ReadArguments,
    pub(crate) time: &'a TimeArguments,
    pub(crate) model: &'a ModelArguments,
    pub(crate) spend: &'a SpendArguments,
    pub(crate) definition: &'a DefinitionArguments,
    pub(crate) season: &'a SeasonArguments,
    pub(crate) covariates: &'a CovariateArguments,
}

/// Writes the report to each output by its extension and prints the headline.
pub(crate) fn write_report(
    question: &ReportQuestion<'_>,
    outputs: &[PathBuf],
    talk: &Talk,
) -> anyhow::Result<Outcome> {
    for path in outputs.iter().filter(|path| !is_page(path)) {
        if !path.is_dir() && !clv_engine::is_table_path(path) {
            return Err(reading::usage(
                &format!(
                    "{}: the extension names neither a page nor a table; expected html, or csv, tsv, json, ndjson or \
                     parquet for the table of all customers",
                    path.display()
                ),
                Some("-o report.html -o customers.parquet"),
            ));
        }
        output::check_table_place(path)?;
    }
    for path in outputs.iter().filter(|path| is_page(path)) {
        output::check_place(path)?;
    }
    for path in outputs {
        output::check_not_input(path, &question.read.paths)?;
    }
    let mut options = reading::inquiry_options(question.time, question.model)?;
    options.newborns = Newborns::LeftOut;
    options.always_bake_off = true;
    options.spend = reading::spend_choice(question.spend)?;
    let definition = reading::definition(question.definition, &options.horizon)?;
    let engine = reading::engine(&question.read.reading, talk)?;
    let columns = question.read.reading.columns.as_deref();
    let choice = options.choice;
    options.choice =
        covariates::with_covariates(&engine, choice, question.covariates, columns, false)?;
    options.season = season::request(question.season, &options)?;
    let asked = super::ask(&engine, question.read, question.time, &options, talk)?;
    let Some(orders) = &asked.orders else {
        return Err(reading::usage(
            "a report needs orders, and this is a histories file, which has no dates",
            Some("clv value HISTORIES --model-file model.json"),
        ));
    };
    talk.step("telling the story");
    let has_table = outputs.iter().any(|path| !is_page(path));
    let beside = if has_table { Beside::CustomerTable } else { Beside::Nothing };
    let outcome = report(question.title, orders, &asked.inquiry, &definition, beside)?;
    let mut provenance = asked.provenance;
    covariates::note(question.covariates, &mut provenance);
    reading::note_spend(question.spend, &mut provenance);
    provenance.definition_id = Some(definition.id());
    provenance.seed = Some(question.model.seed);
    let mut told = Answer { answer: outcome.report, provenance };
    let versions = std::mem::take(&mut told.provenance.table_versions);
    told.provenance.table_versions = versions
        .into_iter()
        .map(|(path, version)| {
            (question.input.map_or_else(|| file_name(&path), str::to_owned), version)
        })
        .collect();
    if let Some(input) = question.input {
        told.answer.data_quality.files = vec![input.to_owned()];
    }
    for path in outputs {
        if is_page(path) {
            output::whole_file(path, clv_pages::report_page(&told).as_bytes())?;
        } else if let Some(customers) = &outcome.customers {
            // This table is made for spreadsheets, which would run an id such as =1+2.
            let options = WriteOptions { escape_formulas: true };
            output::table_file(customers.clone(), &told.provenance, path, None, options)?;
        }
    }
    talk.finish();
    print_headline(&told.answer, outputs)?;
    Ok(super::put_aside(asked.inquiry.intake.as_ref(), talk))
}

fn is_page(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "html" || extension == "htm")
}

fn title_of(read: &ReadArguments) -> String {
    match read.paths.as_slice() {
        [one] => file_name(one),
        [first, rest @ ..] => format!("{} and {} more", file_name(first), rest.len()),
        [] => file_name(&workspace::location(read.reading.workspace.as_deref())),
    }
}

fn print_headline(report: &Report, outputs: &[PathBuf]) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    let headline: &Headline = &report.headline;
    let money = |amount: f64| clv_figures::numbers::money(amount, headline.currency.as_deref());
    let equity = &headline.customer_equity;
    writeln!(out, "{}", report.title)?;
    writeln!(
        out,
        "  {}, {}, {} to {}",
        counted(headline.n_customers, "customer"),
        counted(headline.n_orders, "order"),
        report.data_quality.first_date,
        report.data_quality.last_date
    )?;
    writeln!(out, "  value so far           {}", money(headline.historic_value))?;
    writeln!(
        out,
        "  customer equity        {} over {} (80 %: {} to {})",
        money(equity.value),
        headline.horizon,
        money(equity.low_80),
        money(equity.high_80)
    )?;
    writeln!(out, "  repeat rate            {:.1} %", 100.0 * headline.repeat_rate)?;
    writeln!(
        out,
        "  value at risk          {} with {}",
        money(headline.value_at_risk),
        counted(headline.customers_at_risk, "customer")
    )?;
    writeln!(out, "  definition             {}", report.definition.definition_id)?;
    match &report.backtest {
        Some(backtest) => {
            writeln!(out, "  served                 {}: {}", backtest.served, backtest.reason)?;
        }
        None => writeln!(
            out,
            "  served                 untested: the data are too short for a holdout"
        )?,
    }
    for path in outputs {
        writeln!(out, "  written                {}", path.display())?;
    }
    Ok(())
}

/// A number of things in words, such as `1 customer`.
fn counted(n: u64, thing: &str) -> String {
    format!("{} {thing}{}", clv_figures::numbers::count(n), if n == 1 { "" } else { "s" })
}
