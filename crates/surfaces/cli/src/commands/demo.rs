//! `clv demo`: the report of the sample that ships with the program.

use std::io::Write;

use anyhow::Context;

use crate::Outcome;
use crate::arguments::{
    CovariateArguments, DefinitionArguments, DemoArguments, ModelArguments, ReadArguments,
    ReadingOptions, SeasonArguments, SpendArguments, TimeArguments,
};
use crate::commands::report::{ReportQuestion, write_report};
use crate::progress::Talk;

/// The CDNOW sample; its source and licence stand beside it.
const SAMPLE: &str = include_str!("../../../../../sample/cdnow_orders.csv");

pub(crate) fn run(arguments: &DemoArguments, talk: &Talk) -> anyhow::Result<Outcome> {
    let folder = tempfile::tempdir().context("no folder for temporary files")?;
    let path = folder.path().join("cdnow_orders.csv");
    let mut file = std::fs::File::create(&path).context("the sample cannot be unpacked")?;
    file.write_all(SAMPLE.as_bytes()).context("the sample cannot be unpacked")?;
    drop(file);
    let read = ReadArguments {
        paths: vec![path.to_string_lossy().into_owned()],
        reading: ReadingOptions::default(),
    };
    let time = TimeArguments { time_unit: None, until: None };
    let model = ModelArguments {
        model: "auto".to_owned(),
        model_file: None,
        horizon: "52w".to_owned(),
        models: Vec::new(),
        seed: 0,
    };
    let definition = DefinitionArguments {
        definition: "net-sales".to_owned(),
        discount_rate: 0.1,
        margin_ratio: None,
        cost_per_order: None,
        acquisition_cost: None,
        with_referrals: false,
        referral_value: None,
    };
    let question = ReportQuestion {
        title: "CDNOW sample",
        input: Some("the sample that ships: cdnow_orders.csv"),
        read: &read,
        time: &time,
        model: &model,
        spend: &SpendArguments { spend_model: None },
        definition: &definition,
        season: &SeasonArguments::default(),
        covariates: &CovariateArguments::default(),
    };
    let outcome = write_report(&question, std::slice::from_ref(&arguments.output), talk)?;
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "  open it in a browser; then try your own orders: clv report orders.csv -o report.html"
    )?;
    Ok(outcome)
}
