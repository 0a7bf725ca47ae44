//! Log-normal spend: a density, a posterior, a fit that finds the truth, and answers for everybody.

use clv_models::catalogue::{spend_model, spend_models};
use clv_models::fit::choose_spend_model;
use clv_models::fit::log_normal_spend::fit_log_normal_spend;
use clv_models::simulate::simulate_spends;
use clv_models::spend::log_normal::{DEPENDENT_ID, ID, MIXTURE_ID};
use clv_models::spend::{
    GammaGamma, LogNormalSpend, SpendModel, SpendObservation, SpendObservations,
};
use rand::RngExt;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand_distr::{Distribution, StandardNormal};

fn model(id: &'static str, values: &[f64]) -> LogNormalSpend {
    LogNormalSpend::from_values(id, values).unwrap()
}

fn examples() -> [LogNormalSpend; 3] {
    [
        model(ID, &[3.4, 0.6, 0.5]),
        model(DEPENDENT_ID, &[3.0, 0.4, 0.9, 0.2]),
        model(MIXTURE_ID, &[3.0, 0.5, 0.4, 0.1, 6.0, 0.9]),
    ]
}

/// Customers drawn from the model itself: means of purchases that are each drawn.
fn drawn(
    kinds: &[(f64, f64, f64)],
    sigma: f64,
    delta: f64,
    n_customers: usize,
    seed: u64,
) -> SpendObservations {
    let mut random = StdRng::seed_from_u64(seed);
    let mut observations = SpendObservations::default();
    for customer in 0..n_customers {
        let n = 1 + u32::try_from(customer % 6).unwrap();
        let chance: f64 = random.random();
        let (_, m, tau) = if chance < kinds[0].0 { kinds[0] } else { kinds[kinds.len() - 1] };
        let own: f64 = StandardNormal.sample(&mut random);
        let ln_mean = m + delta * f64::from(n).ln_1p() + tau * own;
        let total: f64 = (0..n)
            .map(|_| {
                let noise: f64 = StandardNormal.sample(&mut random);
                (ln_mean + sigma * noise - 0.5 * sigma * sigma).exp()
            })
            .sum();
        observations.push(SpendObservation::new(n, total / f64::from(n)).unwrap(), 1.0).unwrap();
    }
    observations
}

#[test]
fn the_density_of_a_mean_spend_integrates_to_one() {
    for model in examples() {
        for n in [1, 2, 40] {
            let step = 0.01;
            let sum: f64 = (-1500..1500)
                .map(|k| {
                    let mean = (4.0 + step * f64::from(k)).exp();
                    let seen = SpendObservation::new(n, mean).unwrap();
                    step * mean * model.ln_likelihood(&seen).exp()
                })
                .sum();
            assert!((sum - 1.0).abs() < 1e-9, "{model:?} {n}: {sum}");
        }
    }
}

#[test]
fn moments_after_one_purchase_are_integrals_over_the_customers_own_mean() {
    // With one purchase nothing is matched or approximated: prior times density, integrated.
    let (m, tau, sigma) = (3.0, 0.5, 0.8);
    let model = model(ID, &[m, tau, sigma]);
    let seen = SpendObservation::new(1, 55.0).unwrap();
    let (mut norm, mut first, mut second) = (0.0, 0.0, 0.0);
    for k in -6000..6000 {
        let ln_mean = m + 0.001 * f64::from(k);
        let prior = -0.5 * ((ln_mean - m) / tau).powi(2);
        let residual = (55.0_f64.ln() - ln_mean + 0.5 * sigma * sigma) / sigma;
        let weight = (prior - 0.5 * residual * residual).exp();
        norm += weight;
        first += weight * ln_mean.exp();
        second += weight * (2.0 * ln_mean).exp();
    }
    let moments = model.spend_moments(Some(&seen));
    let (mean, square) = (first / norm, second / norm);
    assert!((moments.mean / mean - 1.0).abs() < 1e-9);
    assert!((moments.variance_of_mean / (square - mean * mean) - 1.0).abs() < 1e-8);
    let of_purchase = square * (sigma * sigma).exp_m1();
    assert!((moments.variance_of_purchase / of_purchase - 1.0).abs() < 1e-9);
}

#[test]
fn the_fit_is_a_maximum_and_its_likelihood_that_of_the_rows() {
    let observations = drawn(&[(0.9, 3.0, 0.5), (0.1, 6.0, 0.5)], 0.5, 0.0, 3000, 1);
    for id in [ID, DEPENDENT_ID, MIXTURE_ID] {
        let fitted = fit_log_normal_spend(id, &observations);
        assert!(fitted.converged, "{fitted:?}");
        let sum = |model: &dyn SpendModel| -> f64 {
            observations.iter().map(|(seen, weight)| weight * model.ln_likelihood(seen)).sum()
        };
        let best = sum(fitted.model.as_ref());
        assert!((best / fitted.log_likelihood - 1.0).abs() < 1e-9, "{best} {fitted:?}");
        let entry = spend_model(id).unwrap();
        let values: Vec<f64> = fitted.model.parameters().iter().map(|one| one.value).collect();
        for place in 0..values.len() {
            for factor in [0.99, 1.01] {
                let mut shifted = values.clone();
                shifted[place] = shifted[place] * factor + (factor - 1.0) * 0.1;
                let other = (entry.build)(&shifted).unwrap();
                assert!(sum(other.as_ref()) < best, "{id} {place} {factor}");
            }
        }
    }
}

#[test]
fn the_fit_recovers_the_parameters_that_made_the_data() {
    // Four standard errors each, and 1 % for the matching of moments beyond one purchase.
    let check = |id, observations: &SpendObservations, truth: &[f64]| {
        let fitted = fit_log_normal_spend(id, observations);
        for ((found, truth), error) in
            fitted.model.parameters().iter().zip(truth).zip(&fitted.standard_errors)
        {
            let tolerance = 4.0 * error.unwrap() + 0.01 * truth.abs();
            assert!((found.value - truth).abs() < tolerance, "{id} {found:?} {truth} {error:?}");
        }
    };
    check(ID, &drawn(&[(1.0, 3.4, 0.6)], 0.4, 0.0, 8000, 2), &[3.4, 0.6, 0.4]);
    check(DEPENDENT_ID, &drawn(&[(1.0, 3.0, 0.5)], 0.4, 0.3, 8000, 3), &[3.0, 0.5, 0.4, 0.3]);
    check(
        MIXTURE_ID,
        &drawn(&[(0.85, 3.0, 0.4), (0.15, 6.0, 0.6)], 0.4, 0.0, 8000, 4),
        &[3.0, 0.4, 0.4, 0.15, 6.0, 0.6],
    );
}

#[test]
fn every_law_answers_for_everybody_whatever_the_data() {
    let of = |rows: &[(u32, f64)]| {
        let mut observations = SpendObservations::default();
        for (n, mean) in rows {
            observations.push(SpendObservation::new(*n, *mean).unwrap(), 1.0).unwrap();
        }
        observations
    };
    let many: Vec<(u32, f64)> = (0..200).map(|k| (1, 5.0 + f64::from(k))).collect();
    let cases: [&[(u32, f64)]; 8] = [
        &[],
        &[(1, 30.0)],
        &[(1, 30.0), (4, 90.0)],
        &[(2, 10.0); 50],
        &many,
        &[(1, 1e-300), (1, 1e300), (5, 3.0), (2, 1e12)],
        &[(1, 2e6), (1, 3e6), (7, 2.5e6), (2, 9e6)],
        &[(1, 1.0), (2, 1.0 + 1e-9), (3, 1.0)],
    ];
    for rows in cases {
        let observations = of(rows);
        for entry in spend_models() {
            let fitted = (entry.fit)(&observations);
            let everybody = observations.iter().map(|(seen, _)| Some(*seen)).chain([None]);
            for seen in everybody {
                let moments = fitted.model.spend_moments(seen.as_ref());
                for value in [moments.mean, moments.variance_of_mean, moments.variance_of_purchase]
                {
                    assert!(value.is_finite() && value > 0.0, "{} {rows:?} {moments:?}", entry.id);
                }
            }
        }
    }
}

#[test]
fn another_currency_changes_nothing_but_the_unit() {
    let euros = drawn(&[(0.8, 3.0, 0.4), (0.2, 5.0, 0.4)], 0.4, 0.0, 2000, 5);
    for entry in spend_models() {
        let here = (entry.fit)(&euros);
        for factor in [1e-6, 1e7] {
            let there = (entry.fit)(&euros.scaled(factor));
            let ratio = there.model.expected_spend(None) / here.model.expected_spend(None);
            assert!((ratio / factor - 1.0).abs() < 1e-5, "{} {ratio}", entry.id);
        }
    }
}

#[test]
fn the_choice_finds_the_law_that_made_the_data() {
    let choose = |observations: &SpendObservations| {
        let (entry, scores) = choose_spend_model(observations).unwrap();
        assert_eq!(scores.len(), spend_models().len());
        entry.id
    };
    let counts: Vec<usize> = (0..4000).map(|k| 1 + k % 6).collect();
    let mut gamma = SpendObservations::default();
    for spends in simulate_spends(&GammaGamma::new(1.2, 2.5, 30.0).unwrap(), &counts, 6) {
        let mean = spends.iter().sum::<f64>() / spends.len() as f64;
        let n = u32::try_from(spends.len()).unwrap();
        gamma.push(SpendObservation::new(n, mean).unwrap(), 1.0).unwrap();
    }
    assert_eq!(choose(&gamma), "gamma-gamma");
    let one = drawn(&[(1.0, 3.4, 0.6)], 0.6, 0.0, 4000, 7);
    assert_eq!(choose(&one), ID);
    let dependent = drawn(&[(1.0, 3.0, 0.5)], 0.4, 0.4, 4000, 8);
    assert_eq!(choose(&dependent), DEPENDENT_ID);
    let two = drawn(&[(0.85, 3.0, 0.4), (0.15, 6.0, 0.6)], 0.4, 0.0, 4000, 9);
    assert_eq!(choose(&two), MIXTURE_ID);
    assert!(choose_spend_model(&SpendObservations::default()).is_none());
}

/// One section of golden/log_normal_spend.toml.
#[derive(serde::Deserialize)]
struct Golden {
    parameters: Vec<f64>,
    parameter_tolerance: f64,
    log_likelihood: f64,
    log_likelihood_tolerance: f64,
}

#[test]
fn fits_to_cdnow_are_those_of_another_language_and_optimiser() {
    let text = include_str!("../../../../../golden/log_normal_spend.toml");
    let golden: std::collections::BTreeMap<String, Golden> = toml::from_str(text).unwrap();
    let observations = crate::spend::cdnow();
    assert_eq!(golden.len(), 3);
    for (id, golden) in golden {
        let entry = spend_model(&id).unwrap();
        let fitted = (entry.fit)(&observations);
        assert!(fitted.converged, "{fitted:?}");
        let gap = (fitted.log_likelihood / golden.log_likelihood - 1.0).abs();
        assert!(gap < golden.log_likelihood_tolerance, "{id}: {}", fitted.log_likelihood);
        for (found, expected) in fitted.model.parameters().iter().zip(&golden.parameters) {
            let gap = (found.value / expected - 1.0).abs();
            assert!(gap < golden.parameter_tolerance, "{id}: {found:?} is not {expected}");
        }
    }
}
