//! CPU seconds of a fit, its posterior and its bootstrap for a million simulated customers:
//!
//!     cargo run --release -p clv-models --example posterior -- bg-nbd 1000000
//!
//! Seconds are of all threads together: on two quiet cores about half of them pass.
#![allow(clippy::print_stdout, reason = "the figures are what it is for")]

use std::collections::BTreeMap;
use std::error::Error;

use clv_models::catalogue::purchase_model;
use clv_models::fit::{
    FitOptions, PosteriorMethod, PosteriorOptions, Prior, fit_purchase_model, purchase_bootstrap,
    purchase_posterior,
};
use clv_models::simulate::simulate_customers;
use clv_models::{PurchaseHistories, PurchaseHistory};

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
    println!("{stage:<28} {:>7.2}", cpu_seconds()? - before);
    Ok(result)
}

/// Customers gained over a year and watched for up to two, their histories in whole days, grouped.
fn grouped(id: &str, n_customers: u32) -> Result<PurchaseHistories, Box<dyn Error>> {
    let entry = purchase_model(id).ok_or("expected a model id")?;
    let model = (entry.build)(entry.typical)?;
    let ages: Vec<f64> = (0..n_customers).map(|i| 52.0 + f64::from(i % 365) / 7.0).collect();
    let mut counts: BTreeMap<(u32, u32, u32), u32> = BTreeMap::new();
    for customer in simulate_customers(&model.new_customer(), &ages, 0.0, 1) {
        let history = customer.history();
        let day = |weeks: f64| (weeks * 7.0).round() as u32;
        let age = day(history.age());
        let last = day(history.last_purchase_age()).min(age);
        // Orders of the first day are part of the first purchase.
        let n = if last == 0 { 0 } else { history.repeat_purchases().min(last) };
        *counts.entry((n, last, age)).or_default() += 1;
    }
    let mut histories = PurchaseHistories::with_capacity(counts.len());
    for ((n, last, age), customers) in counts {
        let history = PurchaseHistory::new(n, f64::from(last) / 7.0, f64::from(age) / 7.0)?;
        histories.push(history, f64::from(customers))?;
    }
    Ok(histories)
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let id = arguments.next().ok_or("expected a model id and a number of customers")?;
    let n_customers = arguments.next().ok_or("expected a number of customers")?.parse()?;
    let n_refits = arguments.next().map_or(Ok(0), |n| n.parse())?;
    let entry = purchase_model(&id).ok_or("expected a model id")?;
    let histories = grouped(&id, n_customers)?;
    println!("{id}: {} customers, {} distinct histories", n_customers, histories.len());
    let fit = || fit_purchase_model(entry, &histories, &FitOptions::default());
    let fitted = timed("fit", fit)??;
    let start: Vec<f64> = fitted.model().parameters().iter().map(|one| one.value).collect();
    let prior = Prior::weakly_informative(entry.kinds);
    let options = PosteriorOptions { method: PosteriorMethod::Fast, n_draws: 400, seed: 1 };
    let draw = || purchase_posterior(entry, &start, &histories, &prior, &options);
    let posterior = timed("posterior, 400 draws", draw)??;
    println!("{:?} {:?}", posterior.method, posterior.diagnostics);
    for (k, name) in posterior.names.iter().enumerate() {
        println!("{name}: {:?}, true {}", posterior.summary(k), entry.typical[k]);
    }
    if n_refits > 0 {
        let refit = || purchase_bootstrap(entry, &start, &histories, n_refits, 1);
        timed(&format!("bootstrap, {n_refits} refits"), refit)??;
    }
    Ok(())
}
