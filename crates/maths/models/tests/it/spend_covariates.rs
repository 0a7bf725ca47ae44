//! Covariates on spend: effects come back, the likelihood is the customers' own, too little data says so.

use clv_models::fit::{CovariateSpends, CovariateWarning, fit_spend_with_covariates};
use clv_models::simulate::simulate_spends;
use clv_models::spend::{GammaGamma, SpendObservation};

#[test]
fn effects_on_spend_are_recovered_whatever_the_currency() {
    let model = GammaGamma::new(6.0, 4.0, 15.0).unwrap();
    let spends = |currency: f64| {
        let mut rows = CovariateSpends::new(vec!["is_member".to_owned(), "age".to_owned()]);
        let counts: Vec<usize> = (0..3000).map(|i| 1 + i % 5).collect();
        for (i, amounts) in simulate_spends(&model, &counts, 5).iter().enumerate() {
            let z = [(i % 2) as f64, 30.0 + (i % 7) as f64];
            let factor = (0.4 * z[0] - 0.05 * z[1]).exp() * currency;
            let mean = amounts.iter().sum::<f64>() / amounts.len() as f64;
            let seen = SpendObservation::new(amounts.len() as u32, mean * factor).unwrap();
            rows.push(&z, seen).unwrap();
        }
        rows
    };
    let fitted = fit_spend_with_covariates(&spends(1.0), 0.0).unwrap();
    assert!(fitted.converged && fitted.warnings.is_empty(), "{:?}", fitted.warnings);
    for (name, truth) in
        [("p", 6.0), ("q", 4.0), ("gamma", 15.0), ("spend.is_member", 0.4), ("spend.age", -0.05)]
    {
        let found = fitted.estimates.iter().find(|one| one.name == name).unwrap();
        let error = found.standard_error.unwrap();
        assert!(
            (found.value - truth).abs() < 4.0 * error && error < 0.4 * truth.abs(),
            "{found:?}"
        );
    }
    assert!(fitted.test.unwrap().p_value < 1e-9);
    let elsewhere = fit_spend_with_covariates(&spends(1e6), 0.0).unwrap();
    assert!((elsewhere.effects[1] - fitted.effects[1]).abs() < 1e-8);
    let gap = fitted.log_likelihood - elsewhere.log_likelihood - 3000.0 * 1e6_f64.ln();
    assert!(gap.abs() < 1e-4, "{gap}");
    // Brute force: each customer's own likelihood at their own gamma.
    let [p, q, gamma] = fitted.model.parameters().map(|one| one.value);
    let counts: Vec<usize> = (0..3000).map(|i| 1 + i % 5).collect();
    let sum: f64 = simulate_spends(&model, &counts, 5)
        .iter()
        .enumerate()
        .map(|(i, amounts)| {
            let z = [(i % 2) as f64, 30.0 + (i % 7) as f64];
            let mean = amounts.iter().sum::<f64>() / amounts.len() as f64;
            let factor = (0.4 * z[0] - 0.05 * z[1]).exp();
            let seen = SpendObservation::new(amounts.len() as u32, mean * factor).unwrap();
            GammaGamma::new(p, q, gamma * fitted.factor(&z)).unwrap().ln_likelihood(&seen)
        })
        .sum();
    assert!((sum - fitted.log_likelihood).abs() < 1e-6, "{sum} {}", fitted.log_likelihood);
    let drawn = fit_spend_with_covariates(&spends(1.0), 1e9).unwrap();
    assert!(drawn.effects.iter().all(|effect| effect.abs() < 1e-4) && drawn.test.is_none());
}

#[test]
fn too_few_spenders_leave_covariates_out_and_say_so() {
    let mut rows = CovariateSpends::new(vec!["is_member".to_owned()]);
    rows.push(&[0.0], SpendObservation::new(1, 20.0).unwrap()).unwrap();
    rows.push(&[1.0], SpendObservation::new(2, 30.0).unwrap()).unwrap();
    let fitted = fit_spend_with_covariates(&rows, 0.0).unwrap();
    assert_eq!(fitted.warnings, [CovariateWarning::NoSpendEffects]);
    assert!(fitted.effects == [0.0] && (fitted.factor(&[1.0]) - 1.0).abs() < 1e-15);
}
