//! `clv backtest`: how well each model and each naive rule would have forecast what came.

use std::fmt::Write;

use clv_answers::backtest::{Backtest, BacktestScore};
use clv_answers::season::SeasonTrial;
use clv_answers::{Answer, Table, Values};
use clv_studies::backtest::{BacktestOptions, backtest};
use clv_studies::boosted::{BoostedOptions, with_first_orders};
use clv_studies::season::note_season;
use clv_studies::served::base_of;

use crate::Outcome;
use crate::arguments::{BacktestArguments, OutputFormat};
use crate::progress::Talk;
use crate::{covariates, output, reading, season, workspace};

/// The horizon that a third of the data may not exceed.
const WISHED_HORIZON: &str = "52w";

pub(crate) fn run(arguments: &BacktestArguments, talk: &Talk) -> anyhow::Result<Outcome> {
    if let Some(path) = &arguments.output.output {
        output::check_place(path)?;
        output::check_not_input(path, &arguments.read.paths)?;
    }
    let horizon =
        arguments.horizon.as_deref().map(|text| reading::span("--horizon", text)).transpose()?;
    let options = BacktestOptions {
        unit: reading::unit(&arguments.time)?,
        wished_horizon: reading::span("--horizon", WISHED_HORIZON)?,
        horizon,
        until: reading::until(&arguments.time)?,
        n_origins: arguments.origins,
        models: arguments.models.clone(),
        sampled_customers: None,
        spend: reading::spend_choice(&arguments.spend)?,
        boosted: BoostedOptions::among(
            &arguments.models,
            reading::unit(&arguments.time)?,
            arguments.seed,
        ),
    };
    if arguments.origins == 0 {
        return Err(reading::usage("--origins is 0, expected at least 1", Some("--origins 3")));
    }
    let asked = season::bake_off_request(&arguments.season)?;
    let engine = reading::engine(&arguments.read.reading, talk)?;
    talk.step("looking at the files");
    let columns = arguments.read.reading.columns.as_deref();
    let request = covariates::for_bake_off(&engine, &arguments.covariates, columns)?;
    let orders = workspace::open_orders(&engine, &arguments.read, talk)?;
    talk.step("reading orders");
    let (occasions, intake) = orders.purchase_occasions(None)?;
    talk.step("fitting models at each origin");
    let mut base = base_of(occasions);
    if options.boosted.is_some() {
        base = with_first_orders(base, &orders)?;
    }
    if let Some(request) = request {
        base = base.with_covariates(request)?;
    }
    let mut outcome = backtest(&base, &options)?;
    talk.step("trying the season");
    note_season(&base, &mut outcome, &asked)?;
    talk.finish();
    let mut provenance = reading::provenance(
        Some(&orders),
        &arguments.read.reading,
        &[
            ("horizon", outcome.answer.horizon.into()),
            ("time-unit", options.unit.name().into()),
            ("until", options.until.map(reading::day_text).into()),
            ("origins", outcome.answer.origins.clone().into()),
        ],
    )?;
    covariates::note(&arguments.covariates, &mut provenance);
    provenance.model = Some(outcome.answer.served.clone());
    reading::note_spend(&arguments.spend, &mut provenance);
    provenance.seed = options.boosted.is_some().then_some(arguments.seed);
    provenance.as_of = intake.last_day.map(|day| reading::day_text(day.0));
    let is_json = match (&arguments.output.output, arguments.output.output_format) {
        (_, Some(format)) => matches!(format, OutputFormat::Json | OutputFormat::Text),
        (Some(path), None) => path.extension().is_some_and(|extension| extension == "json"),
        (None, None) => true,
    };
    if is_json {
        let text = text(&outcome.answer);
        output::answer(&Answer { answer: outcome.answer, provenance }, &text, &arguments.output)?;
    } else {
        output::table(table(&outcome.answer), &provenance, &arguments.output)?;
    }
    Ok(super::put_aside(Some(&intake), talk))
}

fn text(backtest: &Backtest) -> String {
    let width = backtest.scores.iter().map(|score| score.model.len()).max().unwrap_or(0).max(18);
    let mut text = format!(
        "{:<width$} {:<10} {:>9} {:>10} {:>10} {:>7} {:>7} {:>7} {:>7} {:>8} {:>7} {:>6} {:>6} {:>6}\n",
        "model",
        "origin",
        "customers",
        "actual",
        "predicted",
        "bias",
        "mae",
        "rmse",
        "corr",
        "spearman",
        "msle",
        "gini",
        "cov90",
        "before"
    );
    for score in &backtest.scores {
        let share = |of: Option<f64>| of.map_or_else(String::new, |share| format!("{share:.3}"));
        let _ = writeln!(
            text,
            "{:<width$} {:<10} {:>9} {:>10.1} {:>10.1} {:>7.3} {:>7.4} {:>7.4} {:>7.4} {:>8.4} {:>7.4} {:>6.3} {:>6} {:>6}{}",
            score.model,
            score.origin,
            score.n_customers,
            score.actual_total,
            score.predicted_total,
            score.bias,
            score.mae,
            score.rmse,
            score.correlation,
            score.spearman,
            score.msle,
            score.normalized_gini,
            share(score.coverage_90),
            share(score.coverage_90_unadjusted),
            mark(backtest, score)
        );
    }
    let _ = writeln!(text, "\n{}", backtest.reason);
    if let Some(blend) = &backtest.blend {
        let _ = writeln!(text, "\nblend, pace {:.3}: {}", blend.pace, blend.members.join(", "));
        for (segment, weights) in &blend.weights {
            let shares: Vec<String> = weights.iter().map(|weight| format!("{weight:.2}")).collect();
            let _ = writeln!(text, "  {segment:<9} {}", shares.join("  "));
        }
    }
    if let Some(trial) = &backtest.season {
        text.push_str(&season_text(trial));
    }
    text.push_str(&coverage_text(backtest));
    text.push_str(&totals_text(backtest));
    for (model, why) in &backtest.left_out {
        let _ = writeln!(text, "left out: {model}: {why}");
    }
    text
}

/// Who is served, and who erred least on what is shown.
fn mark(backtest: &Backtest, score: &BacktestScore) -> &'static str {
    match (score.served, backtest.best.as_ref() == Some(&score.model)) {
        (true, true) => "  served, best",
        (true, false) => "  served",
        (false, true) => "  best",
        (false, false) => "",
    }
}

/// The season's trial: one line for each origin, then what came of it.
fn season_text(trial: &SeasonTrial) -> String {
    let mut text = format!(
        "\n{:<18} {:<10} {:>10} {:>10} {:>7} {:>7}\n",
        "season", "origin", "actual", "predicted", "mae", "rmse"
    );
    for score in &trial.scores {
        let with = format!("{}+season", trial.model);
        for (who, total, mae, rmse) in [
            (trial.against.as_str(), score.plain_total, score.plain_mae, score.plain_rmse),
            (with.as_str(), score.seasonal_total, score.seasonal_mae, score.seasonal_rmse),
        ] {
            let _ = writeln!(
                text,
                "{who:<18} {:<10} {:>10.1} {total:>10.1} {mae:>7.4} {rmse:>7.4}",
                score.origin, score.actual_total
            );
        }
    }
    let _ = writeln!(text, "{}", trial.verdict);
    text
}

/// How often the intervals of what is served held, in the tenths of customers by forecast, over all origins.
fn coverage_text(backtest: &Backtest) -> String {
    let mut text = String::new();
    for of in ["purchases", "value"] {
        if of == "value" {
            text.push_str(&spend_text(backtest));
        }
        let rows = || backtest.coverage.iter().filter(|row| row.of == of && row.origin == "all");
        if rows().next().is_none() {
            continue;
        }
        let _ = writeln!(
            text,
            "\n90 % intervals of {of} by tenth of forecast, highest first: after adjustment, before, closed"
        );
        for row in rows() {
            let name = row.decile.map_or_else(|| "all".to_owned(), |decile| decile.to_string());
            let _ = writeln!(
                text,
                "  {name:>3} {:>10.2} foretold {:>10.2} came {:>7.3} {:>7.3} {:>7.3}",
                row.predicted,
                row.actual,
                row.coverage_90,
                row.coverage_90_unadjusted,
                row.coverage_90_closed,
            );
        }
    }
    text
}

/// The totals of what is served, with their intervals.
fn totals_text(backtest: &Backtest) -> String {
    let mut text = String::new();
    if !backtest.totals.is_empty() {
        text.push_str("\ntotals of what is served: foretold, 90 % interval, came\n");
    }
    for total in &backtest.totals {
        let _ = writeln!(
            text,
            "  {:<9} {} {:>12.1} {:>12.1} to {:>12.1} {:>12.1}{}",
            total.of,
            total.origin,
            total.predicted,
            total.low_90,
            total.high_90,
            total.actual,
            if (total.low_90..=total.high_90).contains(&total.actual) { "" } else { "  outside" }
        );
    }
    text
}

/// With which spend model forecasts were valued, origin by origin.
fn spend_text(backtest: &Backtest) -> String {
    let valued = backtest.origins.iter().zip(&backtest.spend_models);
    let told: Vec<String> = valued.map(|(origin, id)| format!("{id} at {origin}")).collect();
    if told.is_empty() { String::new() } else { format!("\nvalued with {}", told.join(", ")) }
}

fn table(backtest: &Backtest) -> Table {
    let scores = &backtest.scores;
    let text =
        |of: &dyn Fn(&BacktestScore) -> String| Values::Text(scores.iter().map(of).collect());
    let real = |of: &dyn Fn(&BacktestScore) -> f64| Values::Real(scores.iter().map(of).collect());
    Table::new()
        .with("model", "", text(&|s| s.model.clone()))
        .with("origin", "", text(&|s| s.origin.clone()))
        .with(
            "n_customers",
            "count",
            Values::Integer(
                scores.iter().map(|s| i64::try_from(s.n_customers).unwrap_or(i64::MAX)).collect(),
            ),
        )
        .with("actual_total", "count", real(&|s| s.actual_total))
        .with("predicted_total", "count", real(&|s| s.predicted_total))
        .with("bias", "ratio", real(&|s| s.bias))
        .with("mae", "count", real(&|s| s.mae))
        .with("rmse", "count", real(&|s| s.rmse))
        .with("correlation", "", real(&|s| s.correlation))
        .with("spearman", "", real(&|s| s.spearman))
        .with("msle", "", real(&|s| s.msle))
        .with("normalized_gini", "", real(&|s| s.normalized_gini))
        .with(
            "coverage_90",
            "share",
            Values::OptionalReal(scores.iter().map(|s| s.coverage_90).collect()),
        )
        .with(
            "coverage_80",
            "share",
            Values::OptionalReal(scores.iter().map(|s| s.coverage_80).collect()),
        )
        .with(
            "coverage_90_unadjusted",
            "share",
            Values::OptionalReal(scores.iter().map(|s| s.coverage_90_unadjusted).collect()),
        )
        .with(
            "coverage_90_closed",
            "share",
            Values::OptionalReal(scores.iter().map(|s| s.coverage_90_closed).collect()),
        )
        .with("served", "", Values::Truth(scores.iter().map(|s| s.served).collect()))
}
