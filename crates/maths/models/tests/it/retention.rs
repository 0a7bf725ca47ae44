//! Renewals: the battery, the reference fits, and what was seen without a model.

use clv_models::catalogue::{retention_model, retention_models};
use clv_models::fit::{FitWarning, fit_retention_model};
use clv_models::retention::conformance::retention_model_checks;
use clv_models::retention::sbg::Sbg;
use clv_models::retention::simulate::simulate_tenures;
use clv_models::retention::{
    KaplanMeier, RetentionModel, RetentionModelEntry, Tenure, TenureError, Tenures,
};
use toml::{Table, Value};

/// "Regular" of the paper, survivors of 1,000 at ages 0 to 12.
const REGULAR: [f64; 13] =
    [1000.0, 631.0, 468.0, 382.0, 326.0, 289.0, 262.0, 241.0, 223.0, 207.0, 194.0, 183.0, 173.0];

fn golden(entry: &RetentionModelEntry) -> Table {
    let path = format!("{}/../../../golden/{}.toml", env!("CARGO_MANIFEST_DIR"), entry.id);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    text.parse().unwrap()
}

fn number(table: &Table, key: &str) -> f64 {
    table[key].as_float().unwrap_or_else(|| panic!("{key} is not a number"))
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|value| value.as_float().unwrap()).collect()
}

fn check(what: &str, found: f64, expected: f64, tolerance: f64) {
    let error = (found - expected).abs();
    assert!(error <= tolerance * expected.abs(), "{what}: {found} is not {expected}");
}

fn cohort(survivors: &[f64]) -> Tenures {
    let mut tenures = Tenures::default();
    tenures.add_cohort(survivors).unwrap();
    tenures
}

fn entry(id: &str) -> &'static RetentionModelEntry {
    retention_model(id).unwrap()
}

#[test]
fn every_retention_model_conforms() {
    let mut broken = Vec::new();
    for check in retention_model_checks() {
        for entry in retention_models() {
            if let Err(counterexample) = (check.check)(entry) {
                broken.push(format!("{}, {}: {counterexample}", entry.id, check.sentence));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn the_reference_cohort_comes_out_as_published() {
    for entry in retention_models() {
        let golden = golden(entry);
        let fit = golden["fit"].as_table().unwrap();
        let values: Vec<f64> = fit["parameters"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["value"].as_float().unwrap())
            .collect();
        let model = (entry.build)(&values).unwrap();
        let tenures = cohort(&numbers(&golden["survivors"]));
        let mut gradient = vec![0.0; values.len()];
        let sum = model.ln_likelihood_sum(&tenures, &mut gradient);
        check(
            entry.id,
            sum,
            number(fit, "log_likelihood"),
            number(fit, "log_likelihood_tolerance"),
        );
        let tolerance = number(fit, "curve_tolerance");
        for (periods, expected) in numbers(&fit["survival"]).into_iter().enumerate() {
            check(entry.id, model.survival(periods as u32), expected, tolerance);
        }
        for (before, expected) in numbers(&fit["renewal_rates"]).into_iter().enumerate() {
            check(entry.id, model.renewal_rate(before as u32 + 1), expected, tolerance);
        }
        for one in fit["renewals_to_come"].as_array().unwrap() {
            let renewals = one["renewals"].as_integer().unwrap() as u32;
            let rate = one["discount_ratio"].as_float().unwrap();
            let found = model.expected_renewals(renewals, rate, None);
            let what = format!("{} after {renewals} at {rate}", entry.id);
            let expected = one["value"].as_float().unwrap();
            check(&what, found, expected, number(fit, "renewals_tolerance"));
        }
        let fitted = fit_retention_model(entry, &tenures).unwrap();
        assert!(fitted.converged() && fitted.warnings().is_empty(), "{fitted:?}");
        check(entry.id, fitted.log_likelihood(), number(fit, "log_likelihood"), 1e-12);
        for (parameter, expected) in fitted.model().parameters().iter().zip(&values) {
            check(parameter.name, parameter.value, *expected, number(fit, "parameter_tolerance"));
        }
    }
}

#[test]
fn what_is_printed_of_the_reference_fits_comes_out_to_the_digits_printed() {
    let tenures = cohort(&REGULAR[..8]);
    for (id, parameters, log_likelihood, at_twelve) in [
        ("sbg", vec![0.704, 1.182], -1680.265, 0.170),
        ("bdw", vec![0.4556, 0.7793, 1.2835], -1679.603, 0.177),
    ] {
        let fitted = fit_retention_model(entry(id), &tenures).unwrap();
        for (parameter, expected) in fitted.model().parameters().iter().zip(parameters) {
            assert!((parameter.value - expected).abs() < 5e-4, "{parameter:?}");
        }
        assert!((fitted.log_likelihood() - log_likelihood).abs() < 5e-4);
        assert!((fitted.model().survival(12) - at_twelve).abs() < 5e-4);
        let (low, high) = fitted.probability_interval(|model| model.survival(12), 0.95).unwrap();
        assert!(low < 0.173 && 0.173 < high && high - low < 0.15, "{id}: {low} to {high}");
    }
}

#[test]
fn a_weibull_exponent_of_one_is_the_model_without_it() {
    let (plain, weibull) = (
        (entry("sbg").build)(&[0.7, 1.2]).unwrap(),
        (entry("bdw").build)(&[0.7, 1.2, 1.0]).unwrap(),
    );
    for periods in [0, 1, 5, 100, 40_000] {
        check("survival", weibull.survival(periods), plain.survival(periods), 1e-14);
    }
    // Without discount the renewals of someone new are (beta + n) / (alpha - 1) where alpha is above 1.
    let steep = Sbg::new(1.5, 2.0).unwrap();
    check("renewals", steep.expected_renewals(3, 0.0, None), 10.0, 1e-10);
    let endless = plain.expected_renewals(3, 0.0, None);
    assert!(endless.is_infinite(), "{endless}");
    assert!(plain.expected_renewals(3, 0.0, Some(4_000_000)).is_finite());
}

#[test]
fn cohorts_of_different_ages_are_fitted_together() {
    let truth = Sbg::new(0.8, 2.0).unwrap();
    let mut all = Tenures::default();
    let mut parts = Vec::new();
    for (seed, age) in [(1, 3), (2, 6), (3, 12)] {
        let part = simulate_tenures(&truth, &vec![age; 4000], seed);
        part.iter().for_each(|(tenure, weight)| all.push(tenure, weight).unwrap());
        parts.push(part);
    }
    let together = fit_retention_model(entry("sbg"), &all).unwrap();
    let mut sum = 0.0;
    for part in &parts {
        sum += together.model().ln_likelihood_sum(part, &mut [0.0; 2]);
        assert!(part.longest() <= 12);
    }
    check("sum over cohorts", together.log_likelihood(), sum, 1e-12);
    let youngest = fit_retention_model(entry("sbg"), &parts[0]).unwrap();
    let error = |fitted: &clv_models::fit::FittedRetention| fitted.standard_errors()[0].unwrap();
    assert!(error(&together) < 0.5 * error(&youngest), "more cohorts say more");
}

#[test]
fn intervals_hold_the_truth_as_often_as_they_say() {
    // 60 of 300 misses at 90 % would happen once in 10^7 times; 11 or fewer once in 10^4.
    let truth = (entry("bdw").build)(&[0.8, 2.0, 1.3]).unwrap();
    let ages: Vec<u32> = (0..2000).map(|i| 3 + i % 6).collect();
    let mut misses = 0;
    for seed in 0..300 {
        let tenures = simulate_tenures(truth.as_ref(), &ages, seed);
        let fitted = fit_retention_model(entry("bdw"), &tenures).unwrap();
        let interval = fitted.probability_interval(|model| model.survival(7), 0.9);
        let (low, high) = interval.unwrap_or((0.0, 1.0));
        misses += u32::from(!(low..=high).contains(&truth.survival(7)));
    }
    assert!((12..60).contains(&misses), "{misses} of 300");
}

#[test]
fn what_the_data_cannot_tell_is_said() {
    // Everybody leaves with the same probability: the shapes run off together.
    let same = fit_retention_model(entry("sbg"), &cohort(&[1024.0, 512.0, 256.0, 128.0, 64.0]));
    let same = same.unwrap();
    let is_told = |warning: &FitWarning| {
        matches!(warning, FitWarning::Ridge { .. } | FitWarning::AtBound { .. })
    };
    assert!(same.warnings().iter().any(is_told), "{same:?}");
    assert!((same.model().survival(3) - 0.125).abs() < 1e-3);
    let nobody_left = fit_retention_model(entry("bdw"), &cohort(&[50.0, 50.0, 50.0])).unwrap();
    assert!(
        nobody_left.warnings().iter().any(|one| matches!(one, FitWarning::FewLosses { .. })),
        "{nobody_left:?}"
    );
    assert!(nobody_left.model().survival(2) > 0.99);
    let mut unborn = Tenures::default();
    unborn.push(Tenure::StillThereAfter(0), 10.0).unwrap();
    assert!(fit_retention_model(entry("bdw"), &unborn).is_err());
}

#[test]
fn kaplan_meier_is_the_product_of_the_shares_who_renewed() {
    let mut tenures = cohort(&[10.0, 8.0, 6.0]);
    // Two who left at the second and third occasion, one seen for one occasion only, one for none.
    for tenure in [
        Tenure::LeftAt(2),
        Tenure::LeftAt(3),
        Tenure::StillThereAfter(1),
        Tenure::StillThereAfter(0),
    ] {
        tenures.push(tenure, 1.0).unwrap();
    }
    let curve = KaplanMeier::new(&tenures, 0.95);
    let steps = curve.steps();
    assert_eq!(
        steps.iter().map(|step| (step.n_at_risk as u32, step.n_lost as u32)).collect::<Vec<_>>(),
        [(13, 2), (10, 3), (1, 1)]
    );
    check("first", steps[0].survival, 11.0 / 13.0, 1e-15);
    check("second", steps[1].survival, 11.0 / 13.0 * 0.7, 1e-15);
    // By hand: Greenwood 2/(13 11) + 3/(10 7); 1.96 sqrt over -ln S on the log-log scale.
    let greenwood = 2.0 / 143.0 + 3.0 / 70.0_f64;
    check("error", steps[1].standard_error, steps[1].survival * greenwood.sqrt(), 1e-14);
    let spread = (1.959_963_984_540_054 * greenwood.sqrt() / -steps[1].survival.ln()).exp();
    check("low", steps[1].survival_low, steps[1].survival.powf(spread), 1e-12);
    check("high", steps[1].survival_high, steps[1].survival.powf(1.0 / spread), 1e-12);
    assert!(steps[2].survival <= 0.0 && (steps[2].survival_high - 0.975).abs() < 1e-12);
    assert_eq!((curve.survival(0), curve.survival(4)), (Some(1.0), None));
    let (renewals, occasions) = curve.expected_renewals(0, 0.1, None);
    check("renewals", renewals, steps[0].survival + steps[1].survival / 1.1, 1e-15);
    assert_eq!(occasions, 3);
}

#[test]
fn a_cohort_that_grows_is_refused_with_its_age() {
    let mut tenures = Tenures::default();
    assert_eq!(
        tenures.add_cohort(&[100.0, 60.0, 61.0]),
        Err(TenureError::Survivors { age: 2, survivors: 61.0, before: 60.0 })
    );
    assert!(tenures.is_empty(), "a refused cohort leaves nothing behind");
    assert_eq!(tenures.add_cohort(&[100.0]), Err(TenureError::NoCohort));
    assert_eq!(tenures.push(Tenure::LeftAt(0), 1.0), Err(TenureError::LeftAtZero));
}
