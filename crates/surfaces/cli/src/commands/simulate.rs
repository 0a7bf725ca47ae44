//! `clv simulate`: a made-up shop, or customers of one model, with the truth beside them.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use clv_answers::{Answer, Table};
use clv_engine::WriteOptions;
use clv_models::catalogue::{purchase_model, purchase_models};
use clv_models::purchase::PurchaseModel;
use clv_models::spend::GammaGamma;
use clv_studies::model_fit::{gamma_gamma_of, saved_purchase_model};
use clv_studies::simulated_model::{SimulationOptions, simulate_model};
use clv_studies::simulated_shop::{ShopSettings, SimulatedShop, simulate_shop};
use clv_studies::time::TimeUnit;
use serde_json::json;

use crate::Outcome;
use crate::arguments::{OutputFormat, ReadingOptions, SimulateArguments};
use crate::progress::Talk;
use crate::{output, reading};

/// More days than a century of data and truth are a slip of the hand.
const MOST_DAYS: f64 = 36_525.0;

/// What repeat purchases of the CDNOW sample cost, the gamma-gamma fit that docs/models/gamma-gamma.md tells of.
const ORDINARY_SPEND: [f64; 3] = [6.2496, 3.7442, 15.4435];

pub(crate) fn run(arguments: &SimulateArguments, talk: &Talk) -> anyhow::Result<Outcome> {
    let extension = extension(arguments.output_format)?;
    check_folder(&arguments.output)?;
    if arguments.customers == 0 {
        return Err(reading::usage(
            "--customers is 0, expected at least 1",
            Some("--customers 5000"),
        ));
    }
    let first_day = reading::day("--start", &arguments.start)?;
    let n_days = days("--period", &arguments.period)?;
    let future_days = days("--horizon", &arguments.horizon)?;
    talk.step("making up customers");
    let (shop, truth) = if arguments.is_shop {
        let mut settings =
            ShopSettings::ordinary(first_day, n_days, arguments.customers, arguments.seed);
        settings.future_days = future_days;
        (simulate_shop(&settings), serde_json::to_value(&settings)?)
    } else {
        let (model, spend, unit) = model(arguments)?;
        let acquisition_days = match &arguments.acquisition_period {
            Some(span) => days("--acquisition-period", span)?,
            None => (n_days / 2).max(1),
        };
        let options = SimulationOptions {
            first_day,
            n_days,
            acquisition_days,
            future_days,
            n_customers: arguments.customers,
            seed: arguments.seed,
            unit,
        };
        let parameters = |of: &[clv_models::Parameter]| -> serde_json::Map<_, _> {
            of.iter().map(|one| (one.name.to_owned(), json!(one.value))).collect()
        };
        let truth = json!({
            "model": model.id(),
            "time_unit": unit.name(),
            "parameters": parameters(&model.parameters()),
            "spend": { "model": "gamma-gamma", "parameters": parameters(&spend.parameters()) },
            "first_day": reading::day_text(first_day),
            "n_days": n_days,
            "acquisition_days": acquisition_days,
            "future_days": future_days,
            "n_customers": arguments.customers,
            "seed": arguments.seed,
        });
        (simulate_model(model.as_ref(), &spend, &options), truth)
    };
    talk.step("writing tables");
    let mut provenance = reading::provenance(None, &ReadingOptions::default(), &[])?;
    provenance.seed = Some(arguments.seed);
    let truth = serde_json::to_string_pretty(&Answer { answer: truth, provenance })?;
    write_folder(&arguments.output, &shop, &truth, extension)?;
    talk.finish();
    for (name, table) in &shop.tables {
        talk.say(&format!("{:>10} rows in {name}.{extension}", table.n_rows()));
    }
    talk.say(&format!(
        "the truth, orders still to come among it, is in {}",
        arguments.output.join("truth").display()
    ));
    Ok(Outcome::Done)
}

/// The model asked for, how its customers spend, and the unit of its parameters.
fn model(
    arguments: &SimulateArguments,
) -> anyhow::Result<(Arc<dyn PurchaseModel>, GammaGamma, TimeUnit)> {
    let [p, q, gamma] = ORDINARY_SPEND;
    let ordinary = GammaGamma::new(p, q, gamma)?;
    if let Some(path) = &arguments.model_file {
        let saved = reading::saved_model(path)?;
        let (model, unit) = saved_purchase_model(&saved)?;
        return Ok((
            model,
            saved.spend.as_deref().map(gamma_gamma_of).transpose()?.unwrap_or(ordinary),
            unit,
        ));
    }
    let id = arguments.model.as_deref().unwrap_or_default();
    let entry = purchase_model(id).ok_or_else(|| {
        let known: Vec<&str> = purchase_models().iter().map(|entry| entry.id).collect();
        reading::usage(
            &format!(
                "there is no purchase model '{id}' to simulate; expected one of {}",
                known.join(", ")
            ),
            Some("clv explain models"),
        )
    })?;
    let unit = reading::unit_of(&arguments.time_unit)?;
    let mut values = entry.typical.to_vec();
    for part in arguments.parameters.iter().flat_map(|text| text.split(',')) {
        let wrong = || {
            let all = entry.parameter_names.join(", ");
            let expected = format!("--parameters has '{part}', expected NAME=NUMBER of {all}");
            reading::usage(&expected, Some("--parameters r=0.55,alpha=10.6"))
        };
        let (name, value) = part.split_once('=').ok_or_else(wrong)?;
        let place = entry.parameter_names.iter().position(|known| *known == name.trim());
        values[place.ok_or_else(wrong)?] = value.trim().parse().map_err(|_| wrong())?;
    }
    let model = (entry.build)(&values).map_err(|error| {
        reading::usage(&format!("--parameters: {error}"), Some("--parameters r=0.55,alpha=10.6"))
    })?;
    Ok((Arc::from(model), ordinary, unit))
}

fn days(option: &str, text: &str) -> anyhow::Result<i32> {
    let days = reading::span(option, text)?.days().round();
    if (1.0..=MOST_DAYS).contains(&days) {
        return Ok(days as i32);
    }
    Err(reading::usage(
        &format!("{option} is {text}, expected a day at least and a century at most"),
        Some(&format!("{option} 2y")),
    ))
}

fn extension(format: OutputFormat) -> anyhow::Result<&'static str> {
    match format {
        OutputFormat::Csv => Ok("csv"),
        OutputFormat::Ndjson => Ok("ndjson"),
        OutputFormat::Parquet => Ok("parquet"),
        OutputFormat::Text | OutputFormat::Json => Err(reading::usage(
            "--output-format of a simulation is csv, ndjson or parquet",
            Some("--output-format parquet"),
        )),
    }
}

/// Refuses a folder that already holds something: made-up orders must not mix with others.
fn check_folder(folder: &Path) -> anyhow::Result<()> {
    output::check_folder_place(folder)?;
    let is_empty = match std::fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_none(),
        Err(_) => !folder.exists(),
    };
    if is_empty {
        return Ok(());
    }
    Err(reading::usage(
        &format!("{}: is not an empty folder", folder.display()),
        Some("name a new folder with -o"),
    ))
}

/// Writes everything to a folder beside the place and moves it there when it is whole.
fn write_folder(
    folder: &Path,
    shop: &SimulatedShop,
    truth: &str,
    extension: &str,
) -> anyhow::Result<()> {
    let beside = match folder.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let cannot = || format!("{}: cannot be written", folder.display());
    let whole = tempfile::tempdir_in(beside).with_context(cannot)?;
    let write = |place: &Path, tables: &[(String, Table)]| -> anyhow::Result<()> {
        std::fs::create_dir_all(place).with_context(cannot)?;
        for (name, table) in tables {
            let file = place.join(format!("{name}.{extension}"));
            output::table_columns(table.clone(), &file, WriteOptions::default())?;
        }
        Ok(())
    };
    write(&whole.path().join("shop"), &shop.tables)?;
    write(&whole.path().join("shop").join("truth"), &shop.truth)?;
    let truth_file = whole.path().join("shop").join("truth").join("truth.json");
    std::fs::write(truth_file, truth).with_context(cannot)?;
    if folder.is_dir() {
        std::fs::remove_dir(folder).with_context(cannot)?;
    }
    std::fs::rename(whole.path().join("shop"), folder).with_context(cannot)
}
