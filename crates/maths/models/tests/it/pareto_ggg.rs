//! Pareto/GGG by itself: what it becomes where everybody is alike, and that its forecasts hang together.

use clv_models::catalogue::{purchase_model, purchase_models};
use clv_models::fit::{FitOptions, FitWarning, fit_purchase_model};
use clv_models::purchase::PurchaseModel;
use clv_models::purchase::pareto_ggg::ParetoGgg;
use clv_models::purchase::pareto_nbd::ParetoNbd;
use clv_models::simulate::simulate_customers;
use clv_models::{PurchaseHistories, PurchaseHistory};
use clv_numerics::quadrature::gauss_legendre;

/// Rates and lifetimes of an ordinary shop.
const OTHERS: [f64; 4] = [0.8, 10.0, 0.7, 15.0];

/// Everybody has nearly this regularity.
fn all_alike(k: f64) -> ParetoGgg {
    let [r, alpha, s, beta] = OTHERS;
    ParetoGgg::from_values(&[1e8, 1e8 / k, r, alpha, s, beta]).unwrap()
}

fn ordinary() -> ParetoGgg {
    let [r, alpha, s, beta] = OTHERS;
    ParetoGgg::from_values(&[3.0, 1.5, r, alpha, s, beta]).unwrap()
}

fn history(x: u32, t_x: f64, age: f64) -> PurchaseHistory {
    PurchaseHistory::new(x, t_x, age).unwrap()
}

fn close(what: &str, found: f64, expected: f64, tolerance: f64) {
    let error = (found - expected).abs();
    assert!(error <= tolerance * expected.abs(), "{what}: {found} is not {expected}");
}

#[test]
fn purely_random_buyers_are_those_of_pareto_nbd() {
    let [r, alpha, s, beta] = OTHERS;
    let random = ParetoNbd::new(r, alpha, s, beta).unwrap();
    let model = all_alike(1.0);
    for (x, t_x, age) in [(0, 0.0, 30.0), (3, 20.0, 35.0), (12, 30.0, 33.0), (40, 50.0, 50.0)] {
        let history = history(x, t_x, age);
        let what = format!("{history:?}");
        let likelihood = random.ln_likelihood(&history);
        close(&what, model.ln_likelihood(&history), likelihood, 1e-7);
        close(&what, model.probability_alive(&history), random.probability_alive(&history), 1e-7);
        for horizon in [1.0, 39.0, 200.0] {
            let expected = random.expected_future_purchases(&history, horizon);
            close(&what, model.expected_future_purchases(&history, horizon), expected, 1e-6);
            let expected = random.probability_next_purchase(&history, horizon);
            close(&what, model.probability_next_purchase(&history, horizon), expected, 1e-6);
        }
        let expected = random.discounted_residual_purchases(&history, f64::INFINITY, 0.0018);
        let found = model.discounted_residual_purchases(&history, f64::INFINITY, 0.0018);
        close(&what, found, expected, 1e-4);
        let (found, expected) = (model.if_alive(&history), random.if_alive(&history));
        close(&what, found.wait_quantile(0.5), expected.wait_quantile(0.5), 1e-6);
        let masses = found.probability_mass(39.0, 10);
        for (found, expected) in masses.iter().zip(expected.probability_mass(39.0, 10)) {
            assert!((found - expected).abs() < 1e-6, "{what}: {found} {expected}");
        }
    }
}

#[test]
fn where_all_have_two_ticks_a_purchase_the_silence_is_that_of_a_gamma_2_renewal_process() {
    let [r, alpha, s, beta] = OTHERS;
    let model = all_alike(2.0);
    for (x, t_x, age) in [(0, 0.0, 30.0), (3, 20.0, 35.0), (12, 30.0, 33.0)] {
        let (g, a) = (r + 2.0 * f64::from(x), alpha / 2.0 + t_x);
        // Fewer than two ticks within the silence, the rate of ticks being gamma.
        let outlasts =
            |silence: f64| (a / (a + silence)).powf(g) * (1.0 + g * silence / (a + silence));
        let stays = |time: f64| (beta / (beta + time)).powf(s);
        let left = gauss_legendre(64)
            .integrate(t_x, age, |time| outlasts(time - t_x) * stays(time) * s / (beta + time));
        let there = outlasts(age - t_x) * stays(age);
        let history = history(x, t_x, age);
        let alive = model.probability_alive(&history);
        close(&format!("{history:?}"), alive, there / (there + left), 1e-6);
    }
}

#[test]
fn masses_have_the_mean_and_the_pairs_of_the_process() {
    for (x, t_x, age) in [(0, 0.0, 30.0), (3, 20.0, 35.0), (12, 30.0, 33.0)] {
        let process = ordinary().if_alive(&history(x, t_x, age));
        let masses = process.probability_mass(20.0, 80);
        let mean = |of: &dyn Fn(f64) -> f64| -> f64 {
            masses.iter().enumerate().map(|(n, mass)| mass * of(n as f64)).sum()
        };
        let summary = process.summary(20.0, 0.0);
        close("mean", mean(&|n| n), summary.expected_purchases, 1e-5);
        close("pairs", mean(&|n| n * (n - 1.0)), summary.expected_pairs, 1e-4);
        assert!((masses[0] - summary.probability_none).abs() < 1e-8);
    }
}

#[test]
fn forecasts_are_the_means_of_simulated_futures() {
    let process = ordinary().if_alive(&history(3, 20.0, 35.0));
    let n = 20_000;
    let customers = simulate_customers(&process, &vec![20.0; n], 0.0, 5);
    let counts: Vec<f64> = customers.iter().map(|one| one.purchase_times.len() as f64).collect();
    let summary = process.summary(20.0, 0.0);
    let expected = summary.expected_purchases;
    let variance = summary.expected_pairs + expected - expected * expected;
    let mean = counts.iter().sum::<f64>() / n as f64;
    let error = (variance / n as f64).sqrt();
    // Four standard errors: wrong once in 16,000 seeds.
    assert!((mean - expected).abs() < 4.0 * error, "{mean} {expected} {error}");
    let none = counts.iter().filter(|count| **count < 0.5).count() as f64 / n as f64;
    let error = (none * (1.0 - none) / n as f64).sqrt();
    assert!((none - summary.probability_none).abs() < 4.0 * error, "{none} {summary:?}");
}

#[test]
fn an_unknown_rhythm_is_warned_of() {
    let mut rows = PurchaseHistories::default();
    for (x, t_x, age, n) in [(0, 0.0, 39.0, 60.0), (1, 12.0, 38.0, 25.0), (4, 30.0, 37.0, 15.0)] {
        rows.push(history(x, t_x, age), n).unwrap();
    }
    let entry = purchase_model("pareto-ggg").unwrap();
    let options = FitOptions { has_standard_errors: false, max_passes: 5, ..FitOptions::default() };
    let fitted = fit_purchase_model(entry, &rows, &options).unwrap();
    let is_unknown = |warning: &FitWarning| matches!(warning, FitWarning::UnknownRhythm { .. });
    assert!(fitted.warnings().iter().any(is_unknown), "{:?}", fitted.warnings());
}

#[test]
fn it_takes_part_in_comparisons_by_name_only() {
    assert!(purchase_models().iter().any(|entry| entry.id == "pareto-ggg" && entry.is_dear));
}
