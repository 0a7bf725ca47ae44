//! CPU seconds of each stage inside one process, for a histories file that `clv histories` wrote:
//!
//!     cargo run --release -p clv-studies --example stages -- histories.parquet
//!
//! The benchmark measures whole commands; this says how much of them is reading and how much is work.
#![allow(clippy::print_stdout, reason = "the figures are what it is for")]

use std::error::Error;

use clv_engine::{Engine, EngineOptions, ReadOptions};
use clv_models::fit::{FitOptions, fit_purchase_model};
use clv_studies::forecaster::HorizonOptions;
use clv_studies::inquiry::{Inquiry, InquiryOptions};
use clv_studies::model_fit::model_entry;
use clv_studies::served::ModelChoice;
use clv_studies::snapshot::{Newborns, Snapshot};
use clv_studies::spend::SpendOutlook;
use clv_studies::spend_choice::SpendModelChoice;
use clv_studies::time::TimeUnit;
use clv_valuation::definition::{Definition, Economics, Referrals};
use clv_valuation::discounting::AnnualDiscountRate;

/// Passes of the likelihood and its gradient that are timed together.
const N_PASSES: usize = 10;

/// User and system CPU seconds of this process, all threads; Linux counts hundredths.
fn cpu_seconds() -> Result<f64, Box<dyn Error>> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let after_name = stat.rsplit(')').next().ok_or("a process has a name")?;
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let ticks: f64 = fields[11].parse::<f64>()? + fields[12].parse::<f64>()?;
    Ok(ticks / 100.0)
}

fn timed<T>(stage: &str, work: impl FnOnce() -> T) -> Result<T, Box<dyn Error>> {
    let before = cpu_seconds()?;
    let result = work();
    println!("{stage:<44} {:>6.2}", cpu_seconds()? - before);
    Ok(result)
}

/// What CLVTools' `predict` gives for each customer of a fitted model.
struct Scores {
    expected_purchases: Vec<f64>,
    probability_alive: Vec<f64>,
    /// Discounted expected purchases over the whole future.
    residual_purchases: Vec<f64>,
    expected_spend: Vec<f64>,
    value: Vec<f64>,
}

fn scores(inquiry: &Inquiry, horizon: &HorizonOptions) -> Scores {
    let (grouped, spend) = (&inquiry.served.grouped, &inquiry.served.spend);
    let (rows, residual) = inquiry.served.forecaster.scores(grouped, horizon);
    let columns = inquiry.snapshot.columns();
    let room = || Vec::with_capacity(columns.n_repeats.len());
    let mut scores = Scores {
        expected_purchases: room(),
        probability_alive: room(),
        residual_purchases: room(),
        expected_spend: room(),
        value: room(),
    };
    for (at, row) in grouped.row_of_customer.iter().map(|row| *row as usize).enumerate() {
        let each = spend.expected_spend(columns.n_repeats[at], columns.mean_spend[at]);
        scores.expected_purchases.push(rows[row].expected_purchases);
        scores.probability_alive.push(rows[row].probability_alive);
        scores.residual_purchases.push(residual[row]);
        scores.expected_spend.push(each);
        scores.value.push(residual[row] * each);
    }
    scores
}

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("expected a histories file")?;
    let engine = Engine::new(EngineOptions::default())?;
    let read = ReadOptions { paths: vec![path], ..ReadOptions::default() };
    println!("{:<44} CPU s", "stage");
    let file = timed("read histories", || engine.open_histories(&read))??
        .ok_or("this is no histories file")?;
    let snapshot = timed("check histories", || Snapshot::of_file(file.clone(), TimeUnit::Week))??;
    let grouped = timed("group equal histories", || snapshot.grouped(TimeUnit::Week))?;
    for id in ["nbd", "pareto-nbd", "bg-nbd", "mbg-nbd"] {
        let entry = model_entry(id)?;
        let before = cpu_seconds()?;
        let fitted = timed(&format!("fit {id}"), || {
            fit_purchase_model(entry, &grouped.histories, &FitOptions::default())
        })??;
        let of_fit = cpu_seconds()? - before;
        let before = cpu_seconds()?;
        timed(&format!("{N_PASSES} passes, {id}"), || {
            let mut slopes = vec![0.0; entry.kinds.len()];
            (0..N_PASSES)
                .map(|_| fitted.model().ln_likelihood_sum(&grouped.histories, &mut slopes))
                .sum::<f64>()
        })?;
        let in_passes = of_fit / ((cpu_seconds()? - before) / N_PASSES as f64);
        println!("{:<44} {in_passes:>6.1}", format!("fit {id}, in passes"));
    }
    let columns = snapshot.columns();
    timed("fit gamma-gamma", || {
        SpendOutlook::fit(columns.n_repeats, columns.mean_spend, snapshot.mean_first_spend())
    })?;
    let options = InquiryOptions {
        choice: ModelChoice::Id("pareto-nbd".to_owned()),
        unit: TimeUnit::Week,
        file_unit: None,
        horizon: "52w".parse()?,
        until: None,
        newborns: Newborns::LeftOut,
        spend: SpendModelChoice::gamma_gamma(),
        always_bake_off: false,
        season: clv_studies::season::SeasonRequest::default(),
        models: Vec::new(),
        seed: 0,
    };
    let inquiry = Inquiry::of_file(file, &options)?;
    let rate = AnnualDiscountRate::new(0.1)?;
    let economics = Economics {
        margin_ratio: None,
        cost_per_order: None,
        acquisition_cost: None,
        referrals: Referrals::LeftOut,
    };
    let definition = Definition::new("net-sales", "52w", rate, &economics)?;
    let horizon = inquiry.horizon_options(rate);
    let scores = timed("score, in memory, the columns of CLVTools", || scores(&inquiry, &horizon))?;
    for (name, column) in [
        ("mean expected purchases", &scores.expected_purchases),
        ("mean P(alive)", &scores.probability_alive),
        ("mean DERT", &scores.residual_purchases),
        ("mean expected spend", &scores.expected_spend),
        ("mean value", &scores.value),
    ] {
        println!("{name:<44} {:>9.4}", column.iter().sum::<f64>() / column.len() as f64);
    }
    let rows = timed("score: forecasts", || inquiry.forecast_rows(&horizon))?;
    let uncertainty = timed("score: parameters", || inquiry.uncertainty(&rows, &horizon))?;
    timed("score: values, intervals", || inquiry.values(&rows, &uncertainty, &definition))??;
    Ok(())
}
