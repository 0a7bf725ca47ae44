//! The boosted forecast beside the probability models on held-out orders: the figures of docs/models/ziln.md.
//!
//!     cargo run --release -p clv-studies --example boosted -- orders.csv 90 1997-09-30
//!
//! takes an order file, the days held out, and the origin; without an origin it takes the last one that leaves the holdout.
#![allow(clippy::print_stdout, reason = "the figures are what it is for")]

use std::error::Error;
use std::sync::Arc;

use clv_engine::{Engine, EngineOptions, ReadOptions};
use clv_models::boosted::ZilnForecast;
use clv_models::catalogue::purchase_models;
use clv_models::fit::{FitOptions, fit_purchase_model};
use clv_models::scores::{
    mae::mae, normalized_gini::normalized_gini, rmse::rmse, spearman::spearman,
};
use clv_studies::boosted::{BoostedOptions, Start, forecast_at, with_first_orders};
use clv_studies::calendar::{day_of, iso};
use clv_studies::forecaster::{Forecaster, HorizonOptions};
use clv_studies::origins::OriginData;
use clv_studies::served::base_of;
use clv_studies::spend::SpendOutlook;
use clv_studies::time::TimeUnit;

fn line(name: &str, predicted: &[f64], actual: &[f64]) {
    let weights = vec![1.0; actual.len()];
    println!(
        "{name:<24} {:>12.1} {:>12.1} {:>10.4} {:>10.4} {:>9.4} {:>9.4}",
        actual.iter().sum::<f64>(),
        predicted.iter().sum::<f64>(),
        mae(predicted, actual, &weights),
        rmse(predicted, actual, &weights),
        spearman(predicted, actual, &weights),
        normalized_gini(predicted, actual, &weights),
    );
}

fn main() -> Result<(), Box<dyn Error>> {
    let usage = "expected an order file, the days held out and perhaps an origin";
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [path, days, rest @ ..] = &arguments[..] else { return Err(usage.into()) };
    let horizon_days: i32 = days.parse()?;
    let read = ReadOptions { paths: vec![path.clone()], ..ReadOptions::default() };
    let orders = Engine::new(EngineOptions::default())?.open(&read)?;
    let base = with_first_orders(base_of(orders.purchase_occasions(None)?.0), &orders)?;
    let origin = match rest.first() {
        Some(text) => day_of(text).ok_or(usage)?,
        None => base.end_day() - horizon_days,
    };
    let unit = TimeUnit::Week;
    let data = OriginData::at(&base, origin, horizon_days, unit, false);
    let spent: Vec<f64> = data.customers.iter().map(|one| one.spend_after).collect();
    let repeats: Vec<u32> = data.customers.iter().map(|one| one.n_days - 1).collect();
    let means: Vec<f64> = data.customers.iter().map(|one| one.mean_repeat_spend).collect();
    let first: f64 = data.customers.iter().map(|one| one.first_spend).sum();
    let spend = SpendOutlook::fit(&repeats, &means, first / data.customers.len() as f64);
    let horizon =
        HorizonOptions { length: f64::from(horizon_days) / unit.days(), discount_rate: 0.0 };
    println!("{} customers on {}, {horizon_days} days held out", data.customers.len(), iso(origin));
    println!(
        "{:<24} {:>12} {:>12} {:>10} {:>10} {:>9} {:>9}",
        "", "came", "foretold", "mae", "rmse", "spearman", "gini"
    );
    for entry in purchase_models() {
        let fitted = fit_purchase_model(entry, &data.grouped.histories, &FitOptions::default())?;
        let forecaster = Forecaster::Model(Arc::clone(fitted.model()));
        let rows = forecaster.forecast_rows(&data.grouped, &horizon);
        let counts: Vec<f64> = data
            .grouped
            .row_of_customer
            .iter()
            .map(|row| rows[*row as usize].expected_purchases)
            .collect();
        let values: Vec<f64> = (0..counts.len())
            .map(|one| counts[one] * spend.expected_spend(repeats[one], means[one]))
            .collect();
        line(&format!("{} purchases", entry.id), &counts, &data.actual);
        line(&format!("{} value", entry.id), &values, &spent);
    }
    let boosted = forecast_at(&base, origin, horizon_days, &BoostedOptions::usual(unit, 1))?;
    let counts: Vec<f64> = boosted.forecasts.iter().map(|one| one.expected_purchases).collect();
    let values: Vec<f64> = boosted.forecasts.iter().map(|one| one.expected_value).collect();
    line("ziln purchases", &counts, &data.actual);
    line("ziln value", &values, &spent);
    let alone = BoostedOptions { start: Start::Mean, ..BoostedOptions::usual(unit, 1) };
    let alone = forecast_at(&base, origin, horizon_days, &alone)?.forecasts;
    let counts: Vec<f64> = alone.iter().map(|one| one.expected_purchases).collect();
    line("trees alone purchases", &counts, &data.actual);
    let values: Vec<f64> = alone.iter().map(|one| one.expected_value).collect();
    line("trees alone value", &values, &spent);
    // Who has bought once: the probability models know only when.
    let newcomers: Vec<usize> = (0..repeats.len()).filter(|&one| repeats[one] == 0).collect();
    println!("{} of them had bought once", newcomers.len());
    let of = |all: &[f64]| -> Vec<f64> { newcomers.iter().map(|&one| all[one]).collect() };
    let column = |all: &[ZilnForecast], read: fn(&ZilnForecast) -> f64| -> Vec<f64> {
        all.iter().map(read).collect()
    };
    let parents: Vec<f64> = boosted.parents.iter().map(|one| one.expected_purchases).collect();
    let parents_value: Vec<f64> =
        boosted.parents.iter().map(|one| one.expected_purchases * one.expected_spend).collect();
    for (name, purchases, value) in [
        ("pareto-nbd", parents, parents_value),
        (
            "ziln",
            column(&boosted.forecasts, |one| one.expected_purchases),
            column(&boosted.forecasts, |one| one.expected_value),
        ),
        (
            "trees alone",
            column(&alone, |one| one.expected_purchases),
            column(&alone, |one| one.expected_value),
        ),
    ] {
        line(&format!("{name} purchases"), &of(&purchases), &of(&data.actual));
        line(&format!("{name} value"), &of(&value), &of(&spent));
    }
    let held = boosted.forecasts.iter().zip(&data.actual).filter(|(one, came)| {
        let (low, high) = (one.count_quantile(0.05) as f64, one.count_quantile(0.95) as f64);
        let low_of_all = one.count_quantile(0.9) as f64;
        if low > 0.0 { low <= **came && **came <= high } else { **came <= low_of_all }
    });
    println!("coverage of 90 %: {:.3}", held.count() as f64 / counts.len() as f64);
    let at: Vec<String> = boosted.learnt_at.iter().map(|day| iso(*day)).collect();
    println!("learnt over {} days at {}", boosted.learnt_days, at.join(", "));
    for (part, reports) in ["bought once", "bought again"].iter().zip(&boosted.reports) {
        for (head, report) in reports {
            println!(
                "{part:<13} {head:<10} {:>4} trees, held-out loss {:.5} from {:.5}",
                report.n_trees, report.loss, report.loss_of_offsets
            );
        }
    }
    Ok(())
}
