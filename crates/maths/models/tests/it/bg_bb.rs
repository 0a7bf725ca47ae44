//! BG/BB against its reference package, itself in other words, and what whole periods mean.

use clv_models::catalogue::purchase_model;
use clv_models::fit::{FitOptions, fit_purchase_model};
use clv_models::purchase::{FutureProcess, PurchaseModel, bg_bb::BgBb};
use clv_models::simulate::simulate_customers;
use clv_models::{PurchaseHistories, PurchaseHistory};
use clv_numerics::gamma::ln_beta;
use toml::Table;

fn golden() -> Table {
    let path = format!("{}/../../../golden/bg_bb.toml", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let golden: Table = text.parse().unwrap();
    golden["fit"].as_table().unwrap().clone()
}

fn real(table: &Table, key: &str) -> f64 {
    let value = &table[key];
    value.as_float().or_else(|| value.as_integer().map(|n| n as f64)).unwrap()
}

fn reals(table: &Table, key: &str) -> Vec<f64> {
    table[key].as_array().unwrap().iter().map(|value| value.as_float().unwrap()).collect()
}

fn rows(golden: &Table) -> Vec<(PurchaseHistory, Table)> {
    let row = |row: &toml::Value| {
        let row = row.as_table().unwrap().clone();
        let history = PurchaseHistory::new(
            real(&row, "repeat_purchases") as u32,
            real(&row, "last_purchase_age"),
            real(&row, "age"),
        );
        (history.unwrap(), row)
    };
    golden["customers"].as_array().unwrap().iter().map(row).collect()
}

fn reference() -> (BgBb, Table) {
    let golden = golden();
    let values: Vec<f64> = golden["parameters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["value"].as_float().unwrap())
        .collect();
    (BgBb::from_values(&values).unwrap(), golden)
}

fn check(what: &str, found: f64, expected: f64, tolerance: f64) {
    let error = (found - expected).abs();
    assert!(error <= tolerance * expected.abs(), "{what}: {found} is not {expected}");
}

fn donations(golden: &Table) -> PurchaseHistories {
    let mut histories = PurchaseHistories::default();
    for (history, row) in rows(golden) {
        histories.push(history, real(&row, "customers")).unwrap();
    }
    histories
}

#[test]
fn donors_agree_with_the_reference_package() {
    let (model, golden) = reference();
    let tolerance = real(&golden, "tolerance");
    let mut gradient = [0.0; 4];
    let sum = model.ln_likelihood_sum(&donations(&golden), &mut gradient);
    check("sum", sum, real(&golden, "log_likelihood"), real(&golden, "log_likelihood_tolerance"));
    let mut in_five = 0.0;
    for (history, row) in rows(&golden) {
        let what = format!("{history:?}");
        check(&what, model.probability_alive(&history), real(&row, "probability_alive"), tolerance);
        let forecast = model.expected_future_purchases(&history, 5.0);
        check(&what, forecast, real(&row, "in_five"), tolerance);
        in_five += forecast * real(&row, "customers");
        check(
            &what,
            model.expected_future_purchases(&history, 1.0),
            real(&row, "in_one"),
            tolerance,
        );
        let residual = model.discounted_residual_purchases(&history, f64::INFINITY, 1.1_f64.ln());
        check(&what, residual, real(&row, "residual"), tolerance);
    }
    assert!((in_five - 12_884.2).abs() < 0.05, "{in_five}");
    for (periods, expected) in (1..).zip(reals(&golden, "expected_purchases")) {
        check("expected", model.expected_purchases(f64::from(periods)), expected, tolerance);
    }
    let masses = model.new_customer().probability_mass(6.0, 6);
    for (mass, expected) in masses.iter().zip(reals(&golden, "probability_mass")) {
        check("mass", *mass, expected, tolerance);
    }
}

#[test]
fn the_fit_to_donors_is_the_published_one() {
    let (_, golden) = reference();
    let entry = purchase_model("bg-bb").unwrap();
    let fitted = fit_purchase_model(entry, &donations(&golden), &FitOptions::default()).unwrap();
    assert!(fitted.converged() && fitted.warnings().is_empty(), "{fitted:?}");
    check("log-likelihood", fitted.log_likelihood(), real(&golden, "log_likelihood"), 1e-11);
    for (found, one) in
        fitted.model().parameters().iter().zip(golden["parameters"].as_array().unwrap())
    {
        let tolerance = real(&golden, "parameter_tolerance");
        check(found.name, found.value, one["value"].as_float().unwrap(), tolerance);
    }
    assert!(fitted.standard_errors().iter().all(|error| error.is_some_and(|error| error > 0.0)));
}

/// Processes from the ordinary to the lopsided.
fn processes() -> Vec<FutureProcess> {
    let mut all = Vec::new();
    for (alpha, beta) in [(1.2, 0.75), (0.05, 4.0), (30.0, 300.0)] {
        for (gamma, delta) in [(0.65, 2.8), (3.0, 0.2), (0.02, 50.0)] {
            all.push(FutureProcess::Occasions { alpha, beta, gamma, delta });
            all.push(FutureProcess::OccasionsLeavingAtOnce { alpha, beta, gamma, delta });
        }
    }
    all
}

#[test]
fn moments_and_quantiles_are_those_of_the_masses() {
    for process in processes() {
        for horizon in [0.0, 0.9, 1.0, 7.0, 60.0] {
            let masses = process.probability_mass(horizon, 60);
            let sum = |of: &dyn Fn(f64) -> f64| -> f64 {
                masses.iter().enumerate().map(|(n, mass)| mass * of(n as f64)).sum()
            };
            let what = format!("{process:?} within {horizon}");
            check(&what, sum(&|_| 1.0), 1.0, 1e-12);
            let mean = sum(&|n| n);
            check(&what, process.expected_purchases(horizon), mean, 1e-11);
            check(&what, process.expected_pairs(horizon), sum(&|n| n * (n - 1.0)), 1e-10);
            check(&what, process.probability_none(horizon), masses[0], 1e-12);
            let found = process.count_quantiles(horizon, 1.0, &[0.05, 0.5, 0.95]);
            for (level, n) in [0.05, 0.5, 0.95].iter().zip(found) {
                let upto: f64 = masses[..=n as usize].iter().sum();
                let below: f64 = masses[..n as usize].iter().sum();
                assert!(upto >= level - 1e-12 && below < level + 1e-12, "{what}: {level}, {n}");
            }
        }
    }
}

#[test]
fn a_part_of_a_period_holds_no_occasion() {
    for process in processes() {
        let whole = process.summary(12.0, 0.01);
        assert_eq!(process.summary(12.7, 0.01), whole);
        assert_eq!(process.expected_purchases(0.99).to_bits(), 0.0_f64.to_bits());
        // Twelve occasions one by one, each discounted from its own time.
        let by_hand: f64 = (1..=12)
            .map(|k| {
                let k = f64::from(k);
                let at = process.expected_purchases(k) - process.expected_purchases(k - 1.0);
                at * (-0.01 * k).exp()
            })
            .sum();
        check(&format!("{process:?}"), whole.discounted_purchases, by_hand, 1e-10);
    }
}

#[test]
fn long_horizons_are_the_limit_of_longer_ones() {
    for process in processes() {
        let endless = process.discounted_purchases(f64::INFINITY, 0.01);
        check(&format!("{process:?}"), process.discounted_purchases(6000.0, 0.01), endless, 1e-10);
        let wait = process.wait_quantile(0.5);
        let ever = 1.0 - process.probability_none(f64::INFINITY);
        let until = |n: f64| (1.0 - process.probability_none(n)) / ever;
        assert!(until(wait) >= 0.5 - 1e-9 && until(wait - 1.0) < 0.5 + 1e-9, "{process:?} {wait}");
        let short = process.count_quantiles(4096.0, 1.0, &[0.5])[0] as f64;
        let long = process.count_quantiles(4097.0, 1.0, &[0.5])[0] as f64;
        assert!((short - long).abs() <= 1.0 + 0.01 * short, "{process:?}: {short} and {long}");
    }
}

#[test]
fn simulated_donors_buy_and_stay_as_often_as_the_model_says() {
    let (model, _) = reference();
    let ages = vec![6.0; 40_000];
    let customers = simulate_customers(&model.new_customer(), &ages, 5.0, 3);
    let n = customers.len() as f64;
    let alive = customers.iter().filter(|one| one.is_alive()).count() as f64 / n;
    let expected: f64 =
        customers.iter().map(|one| model.probability_alive(&one.history())).sum::<f64>() / n;
    assert!((alive - expected).abs() < 4.5 * 0.5 / n.sqrt(), "{alive} {expected}");
    let bought = customers.iter().map(|one| one.holdout_purchases() as f64).sum::<f64>() / n;
    let forecast = customers
        .iter()
        .map(|one| model.expected_future_purchases(&one.history(), 5.0))
        .sum::<f64>()
        / n;
    assert!((bought - forecast).abs() < 4.5 * 2.0 / n.sqrt(), "{bought} {forecast}");
}

#[test]
fn a_long_silence_is_summed_as_exactly_as_a_short_one() {
    // The sum over the moments of leaving, term by term, against the one that skips.
    let model = BgBb::new(0.8, 3.0, 0.4, 20.0).unwrap();
    let history = PurchaseHistory::new(3, 10.0, 900.0).unwrap();
    let by_hand = {
        let mut sum = (ln_beta(3.8, 900.0) - ln_beta(0.8, 3.0) + ln_beta(0.4, 920.0)
            - ln_beta(0.4, 20.0))
        .exp();
        for at in 10..900 {
            let at = f64::from(at);
            sum += (ln_beta(3.8, at) - ln_beta(0.8, 3.0) + ln_beta(1.4, 20.0 + at)
                - ln_beta(0.4, 20.0))
            .exp();
        }
        sum.ln()
    };
    check("silence", model.ln_likelihood(&history), by_hand, 1e-12);
}
