//! The spend models beside each other on held-out orders: the figures of docs/models/log-normal-spend.md.
//!
//!     cargo run -p clv-studies --example spend_models -- orders.csv 1997-09-30 273
//!
//! takes an order file, the last day that the models see, and the days held out after it.
#![allow(clippy::print_stdout, reason = "the figures are what it is for")]
#![allow(clippy::disallowed_methods, reason = "it measures how long a million customers take")]

use std::error::Error;
use std::time::Instant;

use clv_engine::{Engine, EngineOptions, ReadOptions};
use clv_models::catalogue::spend_models;
use clv_models::fit::choose_spend_model;
use clv_studies::calendar::day_of;
use clv_studies::origins::OriginData;
use clv_studies::served::base_of;
use clv_studies::spend::{SpendOutlook, spend_observations};
use clv_studies::spend_choice::SpendModelPick;
use clv_studies::time::TimeUnit;

fn main() -> Result<(), Box<dyn Error>> {
    let usage = "expected an order file, the last day seen and the days held out";
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [path, origin, days] = &arguments[..] else { return Err(usage.into()) };
    let read = ReadOptions { paths: vec![path.clone()], ..ReadOptions::default() };
    let orders = Engine::new(EngineOptions::default())?.open(&read)?;
    let base = base_of(orders.purchase_occasions(None)?.0);
    let origin = day_of(origin).ok_or(usage)?;
    let data = OriginData::at(&base, origin, days.parse()?, TimeUnit::Week, false);
    let repeats: Vec<u32> = data.customers.iter().map(|one| one.n_days - 1).collect();
    let means: Vec<f64> = data.customers.iter().map(|one| one.mean_repeat_spend).collect();
    let first: f64 = data.customers.iter().map(|one| one.first_spend).sum();
    let first = first / data.customers.len() as f64;
    let observations = spend_observations(&repeats, &means, first);
    let (served, scores) =
        choose_spend_model(&observations).ok_or("too few customers bought again")?;
    // Later mean spend of a purchase day, of everyone who came back after the origin.
    let later: Vec<(usize, f64)> = data
        .customers
        .iter()
        .enumerate()
        .filter(|(_, one)| one.purchases_after > 0 && one.spend_after > 0.0)
        .map(|(at, one)| (at, one.spend_after / f64::from(one.purchases_after)))
        .collect();
    let seen: Vec<(usize, f64)> =
        later.iter().copied().filter(|(at, _)| repeats[*at] > 0 && means[*at] > 0.0).collect();
    println!(
        "{} repeat buyers, {} customers came back, {} of them repeat buyers; auto takes {}",
        observations.len(),
        later.len(),
        seen.len(),
        served.id
    );
    for (entry, score) in spend_models().iter().zip(&scores) {
        let start = Instant::now();
        let spend = SpendOutlook::fit_as(&SpendModelPick::of(entry), &repeats, &means, first);
        let fit_seconds = start.elapsed().as_secs_f64();
        let expected = |at: usize| spend.expected_spend(repeats[at], means[at]);
        let mae = |of: &[(usize, f64)]| {
            of.iter().map(|(at, came)| (expected(*at) - came).abs()).sum::<f64>() / of.len() as f64
        };
        let bias = |of: &[(usize, f64)]| {
            let came: f64 = of.iter().map(|(_, came)| came).sum();
            100.0 * (of.iter().map(|(at, _)| expected(*at)).sum::<f64>() / came - 1.0)
        };
        println!(
            "{:<22} log score {:.4} ({:.4})  mae of all {:.3}, of repeat buyers {:.3}  bias {:+.1} %  fit {:.3} s",
            entry.id,
            score.held_out_log_score,
            score.standard_error,
            mae(&later),
            mae(&seen),
            bias(&seen),
            fit_seconds
        );
        if let Some(test) = spend.fit_as_chosen().and_then(|fit| fit.independence) {
            println!("  independence {:.2}, p {:.2e}", test.statistic, test.p_value);
        }
    }
    // A million customers: what each costs once the model is fitted.
    let (many_repeats, many_means): (Vec<u32>, Vec<f64>) =
        (0..1_000_000).map(|at| at % repeats.len()).map(|at| (repeats[at], means[at])).unzip();
    for entry in spend_models() {
        let model = SpendOutlook::fit_as(&SpendModelPick::of(entry), &repeats, &means, first);
        let model = (entry.build)(
            &model.model().parameters().iter().map(|one| one.value).collect::<Vec<f64>>(),
        )?;
        let start = Instant::now();
        let outlook = SpendOutlook::of_model(model, &many_repeats, &many_means);
        let total: f64 = many_repeats
            .iter()
            .zip(&many_means)
            .map(|(n, mean)| outlook.expected_spend(*n, *mean))
            .sum();
        println!(
            "{:<22} a million: {total:.0} in {:.3} s",
            entry.id,
            start.elapsed().as_secs_f64()
        );
    }
    Ok(())
}
