//! Likelihood, parameters, standard errors and forecasts against reference packages, model by model.

use clv_models::catalogue::{PurchaseModelEntry, purchase_model, purchase_models};
use clv_models::fit::{FitOptions, FittedPurchaseModel, fit_from};
use clv_models::purchase::PurchaseModel;
use clv_models::{ParameterKind, PurchaseHistories, PurchaseHistory};
use toml::{Table, Value};

use crate::cdnow;

/// The models that the sample is a reference for; those of whole periods have files of their own.
fn of_continuous_time() -> impl Iterator<Item = &'static PurchaseModelEntry> {
    purchase_models().iter().filter(|entry| !entry.is_discrete())
}

/// The golden file of a model; a missing one is a failure, so that no model goes without.
fn golden(entry: &PurchaseModelEntry) -> Table {
    let stem = entry.id.replace('-', "_");
    let path = format!("{}/../../../golden/{stem}.toml", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    text.parse().unwrap()
}

fn number(table: &Table, key: &str) -> f64 {
    table[key].as_float().unwrap_or_else(|| panic!("{key} is not a number"))
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|value| value.as_float().unwrap()).collect()
}

/// The values under `parameters`, checked to come in the catalogue's order.
fn parameters(entry: &PurchaseModelEntry, table: &Table) -> Vec<f64> {
    let listed = table["parameters"].as_array().unwrap();
    assert_eq!(listed.len(), entry.parameter_names.len());
    listed
        .iter()
        .zip(entry.parameter_names)
        .map(|(parameter, name)| {
            assert_eq!(parameter["name"].as_str(), Some(*name));
            parameter["value"].as_float().unwrap()
        })
        .collect()
}

fn check(what: &str, found: f64, expected: f64, tolerance: f64) {
    let error = (found - expected).abs();
    assert!(error <= tolerance * expected.abs(), "{what}: {found} is not {expected}");
}

/// P(alive), expected purchases and, where given, residual purchases at 10 % a year of every customer listed.
fn check_customers(model: &dyn PurchaseModel, table: &Table, horizon_weeks: f64) {
    let alive_tolerance = number(table, "probability_alive_tolerance");
    let forecast_tolerance = number(table, "forecast_tolerance");
    for customer in table["customers"].as_array().unwrap() {
        let customer = customer.as_table().unwrap();
        let history = PurchaseHistory::new(
            customer["repeat_purchases"].as_integer().unwrap() as u32,
            number(customer, "last_purchase_age"),
            number(customer, "age"),
        )
        .unwrap();
        let what = format!("{} of {history:?}", model.id());
        let alive = model.probability_alive(&history);
        check(
            &format!("P(alive), {what}"),
            alive,
            number(customer, "probability_alive"),
            alive_tolerance,
        );
        let forecast = model.expected_future_purchases(&history, horizon_weeks);
        let expected = number(customer, "expected_future_purchases");
        check(&format!("forecast, {what}"), forecast, expected, forecast_tolerance);
        if let Some(residual) = customer.get("discounted_residual_purchases") {
            let found =
                model.discounted_residual_purchases(&history, f64::INFINITY, 1.1_f64.ln() / 52.0);
            let expected = residual.as_float().unwrap();
            check(&format!("residual purchases, {what}"), found, expected, forecast_tolerance);
        }
    }
}

#[test]
fn every_model_agrees_with_its_reference_package_at_fixed_points() {
    let histories = cdnow::histories(7.0);
    for entry in of_continuous_time() {
        let golden = golden(entry);
        let horizon_weeks = number(&golden, "horizon_weeks");
        for key in ["fit", "fixed_point"] {
            let Some(table) = golden.get(key).and_then(Value::as_table) else { continue };
            // A model that collapses into another has no parameters of its own at its maximum.
            if !table.contains_key("parameters") {
                continue;
            }
            let model = (entry.build)(&parameters(entry, table)).unwrap();
            let mut gradient = vec![0.0; entry.parameter_names.len()];
            let sum = model.ln_likelihood_sum(&histories, &mut gradient);
            check(
                &format!("log-likelihood, {}", entry.id),
                sum,
                number(table, "log_likelihood"),
                1e-10,
            );
            check_customers(model.as_ref(), table, horizon_weeks);
        }
    }
}

/// The fit from the model's own start; a whole number is held at the reference's.
fn fit_at_reference(
    entry: &'static PurchaseModelEntry,
    table: &Table,
    histories: &PurchaseHistories,
) -> FittedPurchaseModel {
    let mut start = (entry.start)(histories);
    // What collapses has no parameters to list.
    if table.contains_key("parameters") {
        for (i, expected) in parameters(entry, table).into_iter().enumerate() {
            if entry.kinds[i] == ParameterKind::Whole {
                start[i] = expected;
            }
        }
    }
    fit_from(entry, &start, histories, &FitOptions::default()).unwrap()
}

#[test]
fn every_fit_finds_the_reference_maximum() {
    let histories = cdnow::histories(7.0);
    for entry in of_continuous_time() {
        let golden = golden(entry);
        let table = golden["fit"].as_table().unwrap();
        let fitted = fit_at_reference(entry, table, &histories);
        let is_identified = table.contains_key("parameters");
        assert!(fitted.converged(), "{fitted:?}");
        assert_eq!(fitted.warnings().is_empty(), is_identified, "{fitted:?}");
        let tolerance = number(table, "log_likelihood_tolerance");
        check(entry.id, fitted.log_likelihood(), number(table, "log_likelihood"), tolerance);
        if !is_identified {
            continue;
        }
        let tolerance = number(table, "parameter_tolerance");
        let found = fitted.model().parameters();
        for (parameter, expected) in found.iter().zip(parameters(entry, table)) {
            check(
                &format!("{} of {}", parameter.name, entry.id),
                parameter.value,
                expected,
                tolerance,
            );
        }
    }
}

#[test]
fn standard_errors_are_the_published_ones() {
    let histories = cdnow::histories(7.0);
    for entry in of_continuous_time() {
        let golden = golden(entry);
        let table = golden["fit"].as_table().unwrap();
        if !table.contains_key("standard_errors") && !table.contains_key("ln_standard_errors") {
            continue;
        }
        let fitted = fit_at_reference(entry, table, &histories);
        let errors: Vec<f64> = fitted
            .standard_errors()
            .iter()
            .zip(entry.kinds)
            .filter(|(_, kind)| **kind != ParameterKind::Whole)
            .map(|(error, _)| error.unwrap())
            .collect();
        if let Some(expected) = table.get("standard_errors") {
            let tolerance = number(table, "standard_error_tolerance");
            for (found, expected) in errors.iter().zip(numbers(expected)) {
                check(&format!("standard error, {}", entry.id), *found, expected, tolerance);
            }
        }
        if let Some(expected) = table.get("ln_standard_errors") {
            let tolerance = number(table, "ln_standard_error_tolerance");
            let covariance = fitted.ln_covariance().unwrap();
            for (i, expected) in numbers(expected).into_iter().enumerate() {
                check(
                    &format!("of ln, {}", entry.id),
                    covariance[i][i].sqrt(),
                    expected,
                    tolerance,
                );
            }
        }
    }
}

#[test]
fn forecasts_sum_to_the_published_totals_over_the_sample() {
    let histories = cdnow::histories(7.0);
    for entry in of_continuous_time() {
        let golden = golden(entry);
        let table = golden["fit"].as_table().unwrap();
        if !table.contains_key("sum_expected_future_purchases") {
            continue;
        }
        let model = (entry.build)(&parameters(entry, table)).unwrap();
        let (mut forecast, mut alive) = (0.0, 0.0);
        for (history, weight) in histories.iter() {
            forecast += weight * model.expected_future_purchases(history, 39.0);
            alive += weight * model.probability_alive(history);
        }
        check(entry.id, forecast, number(table, "sum_expected_future_purchases"), 1e-9);
        check(entry.id, alive, number(table, "sum_probability_alive"), 1e-9);
    }
}

#[test]
fn the_printed_customers_come_out_to_the_digits_printed() {
    // Model, x, t_x, T, horizon in weeks, expected purchases, P(alive); none is printed as 0.
    let printed = [
        ("bg-nbd", 2, 30.43, 38.86, 39.0, 1.2259, 0.0),
        ("mbg-nbd", 2, 30.43, 38.86, 39.0, 1.2627, 0.0),
        ("pareto-nbd", 2, 30.43, 38.86, 39.0, 1.4552, 0.86913),
        ("pareto-nbd", 26, 30.857, 31.0, 52.0, 25.4565, 0.99787),
        ("bg-nbd", 26, 30.857, 31.0, 52.0, 25.7566, 0.96885),
        ("pareto-nbd", 0, 0.0, 39.0, 0.0, 0.0, 0.2942),
    ];
    for (id, x, t_x, age, horizon, forecast, alive) in printed {
        let entry = purchase_model(id).unwrap();
        let golden = golden(entry);
        let model = (entry.build)(&parameters(entry, golden["fit"].as_table().unwrap())).unwrap();
        let history = PurchaseHistory::new(x, t_x, age).unwrap();
        if forecast > 0.0 {
            // Ages are printed to two or three digits, and the forecast follows them.
            check(id, model.expected_future_purchases(&history, horizon), forecast, 2e-4);
        }
        if alive > 0.0 {
            check(id, model.probability_alive(&history), alive, 3e-4);
        }
    }
    for (id, expected) in [("pareto-nbd", 1.473_434), ("bg-nbd", 1.444_004)] {
        let entry = purchase_model(id).unwrap();
        let golden = golden(entry);
        let model = (entry.build)(&parameters(entry, golden["fit"].as_table().unwrap())).unwrap();
        check(id, model.expected_purchases(52.0), expected, 1e-5);
    }
}
