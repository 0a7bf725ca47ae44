//! What every retention model must get right, as one battery for the whole catalogue.
//!
//! A new model's line in the catalogue is all it takes to be held to it. Checks are deterministic.

use clv_numerics::gamma::ln_beta;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::simulate::simulate_tenures;
use super::{RetentionModel, RetentionModelEntry, Tenure, Tenures};
use crate::fit::fit_retention_model;

/// One requirement.
#[derive(Debug, Clone, Copy)]
pub struct RetentionCheck {
    /// What must be true, as a sentence.
    pub sentence: &'static str,
    /// Looks for a counterexample; describes it.
    pub check: fn(&'static RetentionModelEntry) -> Result<(), String>,
}

/// All requirements.
#[must_use]
pub fn retention_model_checks() -> &'static [RetentionCheck] {
    &[
        RetentionCheck {
            sentence: "survival_is_an_integral_over_the_leaving_probability",
            check: agrees_with_brute_force,
        },
        RetentionCheck {
            sentence: "the_gradient_is_the_slope_of_the_log_likelihood",
            check: gradient_is_slope,
        },
        RetentionCheck {
            sentence: "leaving_at_some_occasion_or_staying_beyond_is_certain",
            check: masses_sum_to_one,
        },
        RetentionCheck {
            sentence: "expected_renewals_are_the_sum_of_their_discounted_chances",
            check: renewals_are_sums,
        },
        RetentionCheck {
            sentence: "a_weight_equals_repeated_rows_in_any_order",
            check: weights_equal_repetition,
        },
        RetentionCheck {
            sentence: "no_legal_tenure_and_parameters_give_anything_but_numbers",
            check: everything_is_finite,
        },
        RetentionCheck {
            sentence: "a_fit_to_simulated_customers_recovers_the_truth",
            check: fit_recovers_truth,
        },
    ]
}

/// A number between `lowest` and `highest`, uniform in its logarithm.
fn draw(random: &mut StdRng, lowest: f64, highest: f64) -> f64 {
    (lowest.ln() + random.random::<f64>() * (highest / lowest).ln()).exp()
}

/// Parameters within a factor of `range` of the typical ones.
fn draw_parameters(entry: &RetentionModelEntry, random: &mut StdRng, range: f64) -> Vec<f64> {
    entry.typical.iter().map(|typical| typical * draw(random, 1.0 / range, range)).collect()
}

fn build(entry: &RetentionModelEntry, values: &[f64]) -> Result<Box<dyn RetentionModel>, String> {
    (entry.build)(values).map_err(|error| error.to_string())
}

fn close(what: &str, found: f64, expected: f64, tolerance: f64) -> Result<(), String> {
    if (found - expected).abs() <= tolerance {
        Ok(())
    } else {
        Err(format!("{what}: {found} is not {expected}"))
    }
}

fn one_row(tenure: Tenure) -> Result<Tenures, String> {
    let mut rows = Tenures::default();
    rows.push(tenure, 1.0).map_err(|error| error.to_string())?;
    Ok(rows)
}

fn draw_tenure(random: &mut StdRng, longest: f64) -> Tenure {
    let periods = draw(random, 0.5, longest) as u32;
    if periods > 0 && random.random::<bool>() {
        Tenure::LeftAt(periods)
    } else {
        Tenure::StillThereAfter(periods)
    }
}

/// The mean of (1 - p)^exponent over a beta distributed p, by the trapezoidal rule in the log-odds of p, which
/// converges faster than any power of the step.
fn brute_force(a: f64, b: f64, exponent: f64) -> f64 {
    let step = 0.02;
    (-8000..=8000)
        .map(|k| {
            let odds = (f64::from(k) * step).exp();
            let (ln_leaves, ln_stays) = (-(1.0 / odds).ln_1p(), -odds.ln_1p());
            let ln_density = a * ln_leaves + b * ln_stays - ln_beta(a, b);
            step * (ln_density + exponent * ln_stays).exp()
        })
        .sum()
}

fn agrees_with_brute_force(entry: &'static RetentionModelEntry) -> Result<(), String> {
    let mut random = StdRng::seed_from_u64(1);
    for _ in 0..40 {
        let values = draw_parameters(entry, &mut random, 3.0);
        let model = build(entry, &values)?;
        let periods = draw(&mut random, 1.0, 200.0) as u32;
        let exponent = f64::from(periods).powf(values.get(2).copied().unwrap_or(1.0));
        let expected = brute_force(values[0], values[1], exponent);
        let what = format!("{model:?} after {periods}");
        close(&what, model.survival(periods), expected, 1e-9 * expected)?;
        let before = f64::from(periods - 1).powf(values.get(2).copied().unwrap_or(1.0));
        let mass = brute_force(values[0], values[1], before) - expected;
        close(&what, model.probability_of_leaving_at(periods), mass, 1e-9 * expected)?;
    }
    Ok(())
}

fn gradient_is_slope(entry: &'static RetentionModelEntry) -> Result<(), String> {
    let mut random = StdRng::seed_from_u64(2);
    for _ in 0..300 {
        let values = draw_parameters(entry, &mut random, 30.0);
        let rows = one_row(draw_tenure(&mut random, 1e4))?;
        let mut gradient = vec![0.0; values.len()];
        let ln_likelihood = build(entry, &values)?.ln_likelihood_sum(&rows, &mut gradient);
        for i in 0..values.len() {
            let step = 1e-4;
            let at = |by: f64| -> Result<f64, String> {
                let mut shifted = values.clone();
                shifted[i] *= by.exp();
                Ok(build(entry, &shifted)?.ln_likelihood_sum(&rows, &mut vec![0.0; values.len()]))
            };
            // Five points: the error falls with the fourth power of the step.
            let near = (at(step)? - at(-step)?) / (2.0 * step);
            let far = (at(2.0 * step)? - at(-2.0 * step)?) / (4.0 * step);
            let slope = (4.0 * near - far) / 3.0;
            let tolerance = 1e-10 * ln_likelihood.abs().max(1.0) + 1e-8 * slope.abs();
            close(&format!("slope {i} at {values:?} of {rows:?}"), gradient[i], slope, tolerance)?;
        }
    }
    Ok(())
}

fn masses_sum_to_one(entry: &'static RetentionModelEntry) -> Result<(), String> {
    let mut random = StdRng::seed_from_u64(3);
    for _ in 0..50 {
        let model = build(entry, &draw_parameters(entry, &mut random, 10.0))?;
        let leaving: f64 = (1..=300).map(|at| model.probability_of_leaving_at(at)).sum();
        let what = format!("{model:?}");
        close(&what, leaving + model.survival(300), 1.0, 1e-12)?;
        for periods in [0, 3, 50] {
            let product: f64 = (1..=20).map(|k| model.renewal_rate(periods + k)).product();
            close(&what, model.conditional_survival(periods, 20), product, 1e-12)?;
            let there = model.survival(periods);
            close(&what, model.survival(periods + 20), there * product, 1e-12)?;
            let median = model.median_renewals_to_come(periods);
            if median < super::LONGEST_PERIODS
                && (model.conditional_survival(periods, median + 1) > 0.5
                    || model.conditional_survival(periods, median) < 0.5 - 1e-12)
            {
                return Err(format!("{median} is no median: {what}"));
            }
        }
    }
    Ok(())
}

fn renewals_are_sums(entry: &'static RetentionModelEntry) -> Result<(), String> {
    let mut random = StdRng::seed_from_u64(4);
    for _ in 0..40 {
        let model = build(entry, &draw_parameters(entry, &mut random, 5.0))?;
        let periods = draw(&mut random, 0.5, 100.0) as u32;
        let discount_ratio = draw(&mut random, 2e-3, 1.0);
        let term = |k: u32| {
            model.conditional_survival(periods, k) * (1.0 + discount_ratio).powi(1 - k as i32)
        };
        let what = format!("{model:?} after {periods} at {discount_ratio}");
        for horizon in [0, 1, 12, 700, 3000] {
            let by_hand: f64 = (1..=horizon).rev().map(term).sum();
            let found = model.expected_renewals(periods, discount_ratio, Some(horizon));
            close(&format!("{what} within {horizon}"), found, by_hand, 1e-11 * by_hand)?;
        }
        // Beyond 20,000 periods the discount leaves less than 1e-17.
        let all: f64 = (1..=20_000).rev().map(term).sum();
        close(&what, model.expected_renewals(periods, discount_ratio, None), all, 1e-11 * all)?;
    }
    Ok(())
}

fn weights_equal_repetition(entry: &'static RetentionModelEntry) -> Result<(), String> {
    let mut random = StdRng::seed_from_u64(5);
    let model = build(entry, &draw_parameters(entry, &mut random, 3.0))?;
    let (mut weighted, mut repeated) = (Tenures::default(), Vec::new());
    for i in 0..500_u32 {
        let tenure = draw_tenure(&mut random, 100.0);
        let times = 1 + i % 3;
        weighted.push(tenure, f64::from(times)).map_err(|error| error.to_string())?;
        repeated.extend((0..times).map(|_| tenure));
    }
    let mut reversed = Tenures::default();
    for tenure in repeated.into_iter().rev() {
        reversed.push(tenure, 1.0).map_err(|error| error.to_string())?;
    }
    let n = entry.parameter_names.len();
    let (mut gradient, mut other_gradient) = (vec![0.0; n], vec![0.0; n]);
    let sum = model.ln_likelihood_sum(&weighted, &mut gradient);
    let other = model.ln_likelihood_sum(&reversed, &mut other_gradient);
    close("sum", other, sum, 1e-12 * sum.abs())?;
    for (found, expected) in other_gradient.iter().zip(&gradient) {
        close("gradient", *found, *expected, 1e-12 * sum.abs())?;
    }
    Ok(())
}

fn everything_is_finite(entry: &'static RetentionModelEntry) -> Result<(), String> {
    let mut random = StdRng::seed_from_u64(6);
    let mut gradient = vec![0.0; entry.parameter_names.len()];
    for _ in 0..400 {
        // A quintillion to one in each parameter.
        let model = build(entry, &draw_parameters(entry, &mut random, 1e9))?;
        let mut rows = Tenures::default();
        let extremes = [
            Tenure::LeftAt(1),
            Tenure::LeftAt(u32::MAX),
            Tenure::StillThereAfter(0),
            Tenure::StillThereAfter(u32::MAX),
        ];
        let drawn: Vec<Tenure> = (0..20).map(|_| draw_tenure(&mut random, 4e9)).collect();
        for tenure in extremes.into_iter().chain(drawn) {
            let one = model.ln_likelihood_sum(&one_row(tenure)?, &mut gradient);
            if !one.is_finite() || one > 1e-9 || gradient.iter().any(|slope| !slope.is_finite()) {
                return Err(format!("{one}, {gradient:?}: {model:?} of {tenure:?}"));
            }
            rows.push(tenure, 1.0).map_err(|error| error.to_string())?;
        }
        let sum = model.ln_likelihood_sum(&rows, &mut gradient);
        if !sum.is_finite() || gradient.iter().any(|slope| !slope.is_finite()) {
            return Err(format!("sum {sum}, gradient {gradient:?}: {model:?}"));
        }
        for periods in [0, 7, 1_000_000] {
            let rate = model.renewal_rate(periods);
            let worth = model.expected_renewals(periods, 0.1, None);
            let within = model.expected_renewals(periods, 0.0, Some(1000));
            let is_fine = (0.0..=1.0).contains(&rate)
                && (0.0..=11.0 + 1e-9).contains(&worth)
                && (0.0..=1000.0 + 1e-9).contains(&within)
                && !model.expected_renewals(periods, 0.0, None).is_nan();
            if !is_fine {
                return Err(format!("{rate}, {worth}, {within}: {model:?} after {periods}"));
            }
        }
    }
    Ok(())
}

/// Twice the log-likelihood gained over the truth is chi-squared with as many degrees of freedom as parameters;
/// 25 is exceeded once in 60,000 fits of three parameters.
const LARGEST_GAIN: f64 = 25.0;

fn fit_recovers_truth(entry: &'static RetentionModelEntry) -> Result<(), String> {
    let truth = build(entry, entry.typical)?;
    let ages: Vec<u32> = (0..20_000).map(|i| 4 + i % 12).collect();
    let tenures = simulate_tenures(truth.as_ref(), &ages, 11);
    let at_truth = truth.ln_likelihood_sum(&tenures, &mut vec![0.0; entry.typical.len()]);
    let fitted = fit_retention_model(entry, &tenures).map_err(|error| error.to_string())?;
    let gain = 2.0 * (fitted.log_likelihood() - at_truth);
    if !fitted.converged() || !(-1e-6..LARGEST_GAIN).contains(&gain) {
        return Err(format!("gain {gain}: {fitted:?}"));
    }
    for ((parameter, truth), error) in
        fitted.model().parameters().iter().zip(entry.typical).zip(fitted.standard_errors())
    {
        let Some(error) = error else { return Err(format!("no standard error: {fitted:?}")) };
        close(parameter.name, parameter.value, *truth, 5.0 * error)?;
    }
    Ok(())
}
