//! What every purchase model must get right, as one battery for the whole catalogue.
//!
//! A new model's line in the catalogue is all it takes to be held to it. Checks are deterministic: what they
//! draw at random comes from fixed seeds.

mod brute_force;
mod draws;

use rand::SeedableRng;
use rand::rngs::StdRng;

use self::brute_force::brute_force;
use self::draws::{draw, draw_history, draw_history_for, draw_parameters};
use crate::catalogue::PurchaseModelEntry;
use crate::fit::{FitOptions, fit_purchase_model};
use crate::purchase::{FutureProcess, PurchaseModel};
use crate::simulate::{histories as simulated_histories, simulate_customers};
use crate::{ParameterKind, PurchaseHistories, PurchaseHistory};

/// One requirement.
#[derive(Debug, Clone, Copy)]
pub struct ConformanceCheck {
    /// What must be true, as a sentence.
    pub sentence: &'static str,
    /// Looks for a counterexample; describes it.
    pub check: fn(&'static PurchaseModelEntry) -> Result<(), String>,
}

/// All requirements.
#[must_use]
pub fn purchase_model_checks() -> &'static [ConformanceCheck] {
    &[
        ConformanceCheck {
            sentence: "likelihood_and_p_alive_are_integrals_over_the_latent_rates",
            check: agrees_with_brute_force,
        },
        ConformanceCheck {
            sentence: "the_gradient_is_the_slope_of_the_log_likelihood",
            check: gradient_is_slope,
        },
        ConformanceCheck {
            sentence: "another_time_unit_shifts_the_log_likelihood_by_its_jacobian_alone",
            check: unit_shifts_by_jacobian,
        },
        ConformanceCheck {
            sentence: "p_alive_is_a_probability_and_falls_with_silence",
            check: silence_lowers_p_alive,
        },
        ConformanceCheck {
            sentence: "a_weight_equals_repeated_rows_in_any_order",
            check: weights_equal_repetition,
        },
        ConformanceCheck {
            sentence: "no_legal_history_and_parameters_give_anything_but_numbers",
            check: everything_is_finite,
        },
        ConformanceCheck {
            sentence: "the_history_of_a_newborn_forecasts_like_a_new_customer",
            check: newborn_is_new_customer,
        },
        ConformanceCheck {
            sentence: "a_fit_to_simulated_customers_recovers_the_truth",
            check: fit_recovers_truth,
        },
    ]
}

fn build(entry: &PurchaseModelEntry, values: &[f64]) -> Result<Box<dyn PurchaseModel>, String> {
    (entry.build)(values).map_err(|error| error.to_string())
}

fn one_row(history: PurchaseHistory, weight: f64) -> Result<PurchaseHistories, String> {
    let mut rows = PurchaseHistories::default();
    rows.push(history, weight).map_err(|error| error.to_string())?;
    Ok(rows)
}

fn close(what: &str, found: f64, expected: f64, tolerance: f64) -> Result<(), String> {
    if (found - expected).abs() <= tolerance {
        Ok(())
    } else {
        Err(format!("{what}: {found} is not {expected}"))
    }
}

fn agrees_with_brute_force(entry: &'static PurchaseModelEntry) -> Result<(), String> {
    let mut random = StdRng::seed_from_u64(1);
    for _ in 0..6 {
        let model = build(entry, &draw_parameters(entry, &mut random, 1.0))?;
        for _ in 0..3 {
            let history = draw_history_for(entry, &mut random, 60.0, 20.0);
            let (staying, left) = brute_force(model.as_ref(), &history);
            let what = format!("{model:?} of {history:?}");
            let ln_likelihood = model.ln_likelihood(&history);
            close(
                &what,
                ln_likelihood,
                (staying + left).ln(),
                1e-9 * ln_likelihood.abs().max(1.0),
            )?;
            close(&what, model.probability_alive(&history), staying / (staying + left), 1e-9)?;
        }
    }
    Ok(())
}

fn gradient_is_slope(entry: &'static PurchaseModelEntry) -> Result<(), String> {
    let mut random = StdRng::seed_from_u64(2);
    for _ in 0..200 {
        let values = draw_parameters(entry, &mut random, 10.0);
        let rows = one_row(draw_history_for(entry, &mut random, 1e3, 300.0), 1.0)?;
        let mut gradient = vec![0.0; values.len()];
        let ln_likelihood = build(entry, &values)?.ln_likelihood_sum(&rows, &mut gradient);
        for i in 0..values.len() {
            if entry.kinds[i] == ParameterKind::Whole {
                close("slope in a whole number", gradient[i], 0.0, 0.0)?;
                continue;
            }
            let step = 1e-4;
            let at = |by: f64| -> Result<f64, String> {
                let mut shifted = values.clone();
                shifted[i] = entry.kinds[i].value(entry.kinds[i].free(values[i]) + by);
                Ok(build(entry, &shifted)?.ln_likelihood(&rows.histories()[0]))
            };
            // Five points: the error falls with the fourth power of the step.
            let near = (at(step)? - at(-step)?) / (2.0 * step);
            let far = (at(2.0 * step)? - at(-2.0 * step)?) / (4.0 * step);
            let slope = (4.0 * near - far) / 3.0;
            let tolerance = 1e-10 * ln_likelihood.abs().max(1.0) + 1e-8 * slope.abs();
            let what = format!("slope {i} at {values:?} of {:?}", rows.histories()[0]);
            close(&what, gradient[i], slope, tolerance)?;
        }
    }
    Ok(())
}

fn unit_shifts_by_jacobian(entry: &'static PurchaseModelEntry) -> Result<(), String> {
    // What is counted in whole periods has no other unit.
    if entry.is_discrete() {
        return Ok(());
    }
    let mut random = StdRng::seed_from_u64(3);
    for _ in 0..200 {
        let values = draw_parameters(entry, &mut random, 10.0);
        let history = draw_history(&mut random, 1e3, 300.0);
        let unit = draw(&mut random, 1e-3, 1e3);
        let rescaled: Vec<f64> = values
            .iter()
            .zip(entry.kinds)
            .map(|(value, kind)| kind.in_unit(*value, 1.0 / unit))
            .collect();
        let x = f64::from(history.repeat_purchases());
        let same = history.in_unit(1.0 / unit);
        let (model, other) = (build(entry, &values)?, build(entry, &rescaled)?);
        let expected = model.ln_likelihood(&history) - x * unit.ln();
        let what = format!("{model:?} of {history:?} in unit {unit}");
        close(&what, other.ln_likelihood(&same), expected, 1e-11 * expected.abs().max(1.0))?;
        let alive = model.probability_alive(&history);
        close(&what, other.probability_alive(&same), alive, 1e-10)?;
        let forecast = model.expected_future_purchases(&history, 5.0);
        let forecast_there = other.expected_future_purchases(&same, 5.0 * unit);
        close(&what, forecast_there, forecast, 1e-9 * forecast.max(1e-12))?;
    }
    Ok(())
}

fn silence_lowers_p_alive(entry: &'static PurchaseModelEntry) -> Result<(), String> {
    let mut random = StdRng::seed_from_u64(4);
    for _ in 0..300 {
        let model = build(entry, &draw_parameters(entry, &mut random, 10.0))?;
        let history = draw_history_for(entry, &mut random, 100.0, 100.0);
        let (count, last) = (history.repeat_purchases(), history.last_purchase_age());
        let mut before = 1.0;
        for silence in [0.0, 1e-6, 0.1, 1.0, 3.0, 10.0, 40.0, 200.0, 1e4, 1e8] {
            let history = PurchaseHistory::new(count, last, last + silence)
                .map_err(|error| error.to_string())?;
            let alive = model.probability_alive(&history);
            if !(0.0..=before + 1e-12).contains(&alive) {
                return Err(format!("{alive} after {before}: {model:?} of {history:?}"));
            }
            before = alive;
        }
    }
    Ok(())
}

fn weights_equal_repetition(entry: &'static PurchaseModelEntry) -> Result<(), String> {
    let mut random = StdRng::seed_from_u64(5);
    let model = build(entry, &draw_parameters(entry, &mut random, 1.0))?;
    let (mut weighted, mut repeated) = (PurchaseHistories::default(), Vec::new());
    for i in 0..5000 {
        let history = draw_history_for(entry, &mut random, 100.0, 50.0);
        let times = 1 + i % 3;
        weighted.push(history, f64::from(times)).map_err(|error| error.to_string())?;
        repeated.extend((0..times).map(|_| history));
    }
    let mut reversed = PurchaseHistories::default();
    for history in repeated.into_iter().rev() {
        reversed.push(history, 1.0).map_err(|error| error.to_string())?;
    }
    let n = entry.parameter_names.len();
    let (mut gradient, mut other_gradient) = (vec![0.0; n], vec![0.0; n]);
    let sum = model.ln_likelihood_sum(&weighted, &mut gradient);
    let other = model.ln_likelihood_sum(&reversed, &mut other_gradient);
    close("sum", other, sum, 1e-11 * sum.abs())?;
    for (found, expected) in other_gradient.iter().zip(&gradient) {
        close("gradient", *found, *expected, 1e-11 * sum.abs())?;
    }
    Ok(())
}

fn everything_is_finite(entry: &'static PurchaseModelEntry) -> Result<(), String> {
    let mut random = StdRng::seed_from_u64(6);
    let legal = |count, last, age| {
        PurchaseHistory::new(count, last, age).map_err(|error| error.to_string())
    };
    // Whole periods are summed over, which takes its time: the extremes alone go to a billion of them.
    let oldest = if entry.is_discrete() { 300.0 } else { 1e9 };
    let extremes = [
        PurchaseHistory::newborn(),
        legal(0, 0.0, 1e9)?,
        legal(1_000_000, 1e9, 1e9)?,
        legal(1_000_000, 1e-9, 1e9)?,
        legal(1_000_000, 1e-9, 1e-9)?,
        legal(u32::MAX, 1.0, 2.0)?,
        legal(1, f64::MIN_POSITIVE, 1e9)?,
    ];
    let mut gradient = vec![0.0; entry.parameter_names.len()];
    for round in 0..in_proportion(entry, 1200)? {
        // Half a billion to one in each parameter.
        let model = build(entry, &draw_parameters(entry, &mut random, 3e3))?;
        let drawn: Vec<PurchaseHistory> = if round % 12 == 0 {
            extremes.to_vec()
        } else {
            (0..100).map(|_| draw_history_for(entry, &mut random, oldest, 1e4)).collect()
        };
        let mut rows = PurchaseHistories::default();
        for history in drawn {
            let ln_likelihood = model.ln_likelihood(&history);
            let alive = model.probability_alive(&history);
            if !ln_likelihood.is_finite() || !(0.0..=1.0).contains(&alive) {
                return Err(format!("{ln_likelihood}, {alive}: {model:?} of {history:?}"));
            }
            rows.push(history, 1.0).map_err(|error| error.to_string())?;
        }
        let sum = model.ln_likelihood_sum(&rows, &mut gradient);
        if !sum.is_finite() || gradient.iter().any(|slope| !slope.is_finite()) {
            return Err(format!("sum {sum}, gradient {gradient:?}: {model:?}"));
        }
        let one_by_one: f64 = rows.histories().iter().map(|row| model.ln_likelihood(row)).sum();
        close("sum of rows", sum, one_by_one, 1e-10 * one_by_one.abs().max(1.0))?;
    }
    Ok(())
}

fn newborn_is_new_customer(entry: &'static PurchaseModelEntry) -> Result<(), String> {
    let mut random = StdRng::seed_from_u64(7);
    for _ in 0..100 {
        let model = build(entry, &draw_parameters(entry, &mut random, 3.0))?;
        let horizon = draw(&mut random, 0.1, 500.0);
        let expected = model.expected_purchases(horizon);
        let newborn = model.expected_future_purchases(&PurchaseHistory::newborn(), horizon);
        close(&format!("{model:?} within {horizon}"), newborn, expected, 1e-8 * expected)?;
    }
    Ok(())
}

/// `n` draws, or an eighth of them where the likelihood is a sum over a plane and costs a hundred times as much.
fn in_proportion(entry: &PurchaseModelEntry, n: i32) -> Result<i32, String> {
    let process = build(entry, entry.typical)?.new_customer();
    Ok(if matches!(process, FutureProcess::LapsingAtPoints { .. }) { n / 8 } else { n })
}

/// Twice the log-likelihood gained over the truth is chi-squared with as many degrees of freedom as parameters;
/// 30 is exceeded once in 200,000 fits of four parameters.
const LARGEST_GAIN: f64 = 30.0;

fn fit_recovers_truth(entry: &'static PurchaseModelEntry) -> Result<(), String> {
    let truth = entry.typical;
    let model = build(entry, truth)?;
    let ages: Vec<f64> =
        (0..in_proportion(entry, 6000)?).map(|i| 20.0 + f64::from(i % 60)).collect();
    let rows = simulated_histories(&simulate_customers(&model.new_customer(), &ages, 0.0, 11));
    let mut gradient = vec![0.0; truth.len()];
    let at_truth = model.ln_likelihood_sum(&rows, &mut gradient);
    let fitted = fit_purchase_model(entry, &rows, &FitOptions::default())
        .map_err(|error| error.to_string())?;
    let gain = 2.0 * (fitted.log_likelihood() - at_truth);
    if !fitted.converged() || !(-1e-6..LARGEST_GAIN).contains(&gain) {
        return Err(format!("gain {gain}: {fitted:?}"));
    }
    Ok(())
}
