//! Covariates of leaving under contract: zero effects are the model without, fits recover the truth, trouble is named.

use clv_models::catalogue::retention_models;
use clv_models::covariates::CovariateError;
use clv_models::fit::{
    CovariateRetention, CovariateWarning, TraitTenures, fit_retention_model,
    fit_retention_with_covariates,
};
use clv_models::retention::simulate::simulate_tenures;
use clv_models::retention::{RetentionModelEntry, Tenure, Tenures};

fn names() -> Vec<String> {
    vec!["is_annual".to_owned(), "age".to_owned()]
}

/// Customers of a flag and a number with a mean well away from 0.
fn simulated(model: &CovariateRetention, n: u32) -> TraitTenures {
    let mut strata = Vec::new();
    for (at, z) in traits().into_iter().enumerate() {
        let ages: Vec<u32> = (0..n).map(|i| 3 + i % 12).collect();
        let tenures = simulate_tenures(model.at(&z).as_ref(), &ages, 7 + at as u64);
        strata.push((z, tenures));
    }
    TraitTenures { names: names(), strata }
}

fn traits() -> Vec<Vec<f64>> {
    let flags = [0.0, 1.0].into_iter();
    flags.flat_map(|flag| (0..5).map(move |k| vec![flag, 30.0 + 5.0 * f64::from(k)])).collect()
}

fn truth(entry: &'static RetentionModelEntry) -> CovariateRetention {
    // The number's effect is small per unit and its mean is 40.
    let at_mean = CovariateRetention::new(entry, entry.typical.to_vec(), vec![0.0, -0.03]);
    let base = at_mean.unwrap().at(&[0.0, -40.0]);
    let base = base.parameters().iter().map(|one| one.value).collect();
    CovariateRetention::new(entry, base, vec![-0.8, -0.03]).unwrap()
}

fn own_likelihoods(model: &CovariateRetention, customers: &TraitTenures) -> f64 {
    let of = |(z, tenures): &(Vec<f64>, Tenures)| {
        let own = model.at(z);
        own.ln_likelihood_sum(tenures, &mut vec![0.0; own.parameters().len()])
    };
    customers.strata.iter().map(of).sum()
}

#[test]
fn without_effects_the_likelihood_is_that_of_everyone_together() {
    for entry in retention_models() {
        let customers = simulated(&truth(entry), 40);
        let none = CovariateRetention::new(entry, entry.typical.to_vec(), vec![0.0; 2]).unwrap();
        let plain = (entry.build)(entry.typical).unwrap();
        let all = customers.without_covariates();
        let sum = plain.ln_likelihood_sum(&all, &mut vec![0.0; entry.typical.len()]);
        let found = own_likelihoods(&none, &customers);
        assert!((found - sum).abs() < 1e-11 * sum.abs(), "{}: {found} {sum}", entry.id);
    }
}

#[test]
fn fits_recover_effects_on_leaving_and_gain_what_the_test_says() {
    for entry in retention_models() {
        let model = truth(entry);
        let customers = simulated(&model, 2500);
        let fitted = fit_retention_with_covariates(entry, &customers).unwrap();
        assert!(fitted.converged, "{}: {:?}", entry.id, fitted.warnings);
        let own = own_likelihoods(&fitted.model, &customers);
        assert!((own - fitted.log_likelihood).abs() < 1e-8 * own.abs(), "{}", entry.id);
        let gain = 2.0 * (own - own_likelihoods(&model, &customers));
        // Chi-squared with at most 5 degrees of freedom; 32 is exceeded once in 150,000 fits.
        assert!((-1e-6..32.0).contains(&gain), "{}: {gain}", entry.id);
        let mut truths = model.base().to_vec();
        truths.extend(model.effects());
        for (one, truth) in fitted.estimates.iter().zip(truths) {
            let error = one.standard_error.unwrap();
            assert!((one.value - truth).abs() < 4.0 * error, "{}: {one:?} of {truth}", entry.id);
        }
        assert!(fitted.estimates.last().unwrap().standard_error.unwrap() < 0.01);
        let plain = fit_retention_model(entry, &customers.without_covariates()).unwrap();
        let test = fitted.test.unwrap();
        let gained = 2.0 * (fitted.log_likelihood - plain.log_likelihood());
        assert!((test.statistic - gained).abs() < 1e-6 && test.p_value < 1e-9, "{test:?}");
    }
}

#[test]
fn standard_errors_are_the_curvature_of_what_is_reported() {
    // Second differences of the summed likelihood in the very numbers that are reported, brute force.
    for entry in retention_models() {
        let customers = simulated(&truth(entry), 300);
        let fitted = fit_retention_with_covariates(entry, &customers).unwrap();
        let n_base = entry.typical.len();
        let covariance = fitted.covariance.as_ref().unwrap();
        let n = covariance.len();
        let steps: Vec<f64> = (0..n).map(|k| 0.2 * covariance[k][k].sqrt()).collect();
        let at = |moves: &[(usize, f64)]| {
            let mut values: Vec<f64> = fitted.estimates.iter().map(|one| one.value).collect();
            for (at, by) in moves {
                values[*at] = if *at < n_base { values[*at] * by.exp() } else { values[*at] + by };
            }
            let effects = values.split_off(n_base);
            let model = CovariateRetention::new(entry, values, effects).unwrap();
            own_likelihoods(&model, &customers)
        };
        for (row, column) in [(0, 0), (n_base, n_base), (0, n_base)] {
            let product: f64 = (0..n)
                .map(|k| {
                    let (a, b) = (steps[row], steps[k]);
                    let second = (at(&[(row, a), (k, b)])
                        - at(&[(row, a), (k, -b)])
                        - at(&[(row, -a), (k, b)])
                        + at(&[(row, -a), (k, -b)]))
                        / (4.0 * a * b);
                    -second * covariance[k][column]
                })
                .sum();
            let expected = f64::from(u8::from(row == column));
            let scale = (covariance[column][column] / covariance[row][row]).sqrt();
            assert!(
                (product - expected).abs() < 0.05 * scale,
                "{} {row} {column}: {product}",
                entry.id
            );
        }
    }
}

#[test]
fn covariates_of_leaving_that_teach_nothing_or_too_much_are_named() {
    for entry in retention_models() {
        let mut customers = simulated(&truth(entry), 40);
        customers.strata.iter_mut().for_each(|(z, _)| z[1] = 7.0);
        let error = fit_retention_with_covariates(entry, &customers).unwrap_err();
        assert!(matches!(error, CovariateError::Constant { .. }), "{error}");
        let mut doubled = simulated(&truth(entry), 40);
        doubled.strata.iter_mut().for_each(|(z, _)| z[1] = 3.0 - z[0]);
        let error = fit_retention_with_covariates(entry, &doubled).unwrap_err();
        assert!(matches!(error, CovariateError::Collinear { .. }), "{error}");
        let nobody = TraitTenures { names: names(), strata: Vec::new() };
        let error = fit_retention_with_covariates(entry, &nobody).unwrap_err();
        assert!(matches!(error, CovariateError::NoCustomers { .. }), "{error}");
        // Nobody with the trait has ever left.
        let mut loyal = Tenures::default();
        loyal.push(Tenure::StillThereAfter(9), 200.0).unwrap();
        let others = simulated(&truth(entry), 40).without_covariates();
        let strata = vec![(vec![1.0], loyal), (vec![0.0], others)];
        let customers = TraitTenures { names: vec!["is_loyal".to_owned()], strata };
        let fitted = fit_retention_with_covariates(entry, &customers).unwrap();
        let is_named = fitted.warnings.iter().any(|warning| match warning {
            CovariateWarning::AtBound { name, .. } => name == "dropout.is_loyal",
            CovariateWarning::Ridge { names } => names.iter().any(|one| one == "dropout.is_loyal"),
            _ => false,
        });
        assert!(is_named, "{}: {:?}", entry.id, fitted.warnings);
    }
}
