//! Draws of parameters: against an independent sampler, against the truth, and where the quick way fails.

use clv_models::catalogue::{PurchaseModelEntry, purchase_model, purchase_models};
use clv_models::fit::{
    DrawMethod, FitOptions, Posterior, PosteriorMethod, PosteriorOptions, Prior, fit_gamma_gamma,
    fit_purchase_model, maximum_a_posteriori, purchase_bootstrap, purchase_posterior,
    spend_bootstrap, spend_posterior,
};
use clv_models::simulate::{histories as simulated_histories, simulate_customers, simulate_spends};
use clv_models::spend::{GammaGamma, SpendObservations};
use clv_models::{ParameterKind, PurchaseHistories, PurchaseHistory};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, StandardNormal};
use serde::Deserialize;

use crate::{cdnow, spend};

const METROPOLIS: &str = include_str!("../../../../../golden/bg_nbd_posterior.toml");

#[derive(Deserialize)]
struct LnDraws {
    ln_mean: f64,
    ln_sd: f64,
    ln_mean_error: f64,
}

fn options(method: PosteriorMethod, n_draws: usize, seed: u64) -> PosteriorOptions {
    PosteriorOptions { method, n_draws, seed }
}

const FAST: PosteriorOptions =
    PosteriorOptions { method: PosteriorMethod::Fast, n_draws: 1000, seed: 1 };

fn fitted_values(entry: &'static PurchaseModelEntry, histories: &PurchaseHistories) -> Vec<f64> {
    let fitted = fit_purchase_model(entry, histories, &FitOptions::default()).unwrap();
    fitted.model().parameters().iter().map(|parameter| parameter.value).collect()
}

fn posterior(id: &str, histories: &PurchaseHistories, options: &PosteriorOptions) -> Posterior {
    let entry = purchase_model(id).unwrap();
    let start = fitted_values(entry, histories);
    let prior = Prior::weakly_informative(entry.kinds);
    purchase_posterior(entry, &start, histories, &prior, options).unwrap()
}

/// Mean and standard deviation of a parameter's free coordinate over the draws.
fn free_moments(entry: &PurchaseModelEntry, posterior: &Posterior, k: usize) -> (f64, f64) {
    moments(posterior.draws.iter().map(|draw| entry.kinds[k].free(draw[k])))
}

fn moments(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let values: Vec<f64> = values.collect();
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (mean, (squares / (n - 1.0)).sqrt())
}

/// Models whose chains end soon.
fn models() -> impl Iterator<Item = &'static PurchaseModelEntry> {
    purchase_models().iter().filter(|entry| !entry.is_dear)
}

#[test]
fn bg_nbd_draws_are_those_of_an_independent_sampler() {
    let reference: toml::Table = toml::from_str(METROPOLIS).unwrap();
    let entry = purchase_model("bg-nbd").unwrap();
    let histories = cdnow::histories(7.0);
    for (method, n_draws) in [(PosteriorMethod::Fast, 2000), (PosteriorMethod::Nuts, 2000)] {
        let found = posterior("bg-nbd", &histories, &options(method, n_draws, 3));
        for (k, name) in entry.parameter_names.iter().enumerate() {
            let expected: LnDraws = reference[*name].clone().try_into().unwrap();
            let (mean, deviation) = free_moments(entry, &found, k);
            let n_effective = found.diagnostics.bulk_effective_sample_size[k];
            let error = expected.ln_mean_error.hypot(deviation / n_effective.sqrt());
            // Four standard errors over eight means: a false alarm in 2,000.
            assert!(
                (mean - expected.ln_mean).abs() < 4.0 * error,
                "{method:?} {name}: {mean} for {} +- {error}",
                expected.ln_mean
            );
            assert!(
                (deviation / expected.ln_sd - 1.0).abs() < 0.12,
                "{method:?} {name}: {deviation}"
            );
        }
    }
}

#[test]
fn the_quick_way_and_nuts_agree_for_every_model_on_cdnow() {
    let histories = cdnow::histories(7.0);
    for entry in models() {
        let quick = posterior(entry.id, &histories, &FAST);
        let slow = posterior(entry.id, &histories, &options(PosteriorMethod::Nuts, 1000, 2));
        assert_eq!(slow.method, DrawMethod::Nuts);
        // Whole numbers are held.
        for k in (0..entry.kinds.len()).filter(|k| entry.kinds[*k] != ParameterKind::Whole) {
            let r_hat = slow.diagnostics.r_hat[k].unwrap();
            assert!(r_hat < 1.05, "{}: r-hat {r_hat}", entry.id);
            let (quick_mean, quick_deviation) = free_moments(entry, &quick, k);
            let (slow_mean, slow_deviation) = free_moments(entry, &slow, k);
            let error_of = |posterior: &Posterior, deviation: f64| {
                deviation / posterior.diagnostics.bulk_effective_sample_size[k].sqrt()
            };
            let error = error_of(&quick, quick_deviation).hypot(error_of(&slow, slow_deviation));
            // Four standard errors: a false alarm in 16,000 for each mean.
            assert!(
                (quick_mean - slow_mean).abs() < 4.0 * error,
                "{} {}: {quick_mean} and {slow_mean} +- {error}",
                entry.id,
                entry.parameter_names[k]
            );
        }
    }
}

#[test]
fn means_of_posterior_draws_lie_near_the_fit_where_there_are_many_customers() {
    let histories = cdnow::histories(7.0);
    let entry = purchase_model("pareto-nbd").unwrap();
    let fitted = fit_purchase_model(entry, &histories, &FitOptions::default()).unwrap();
    let found = posterior("pareto-nbd", &histories, &FAST);
    assert_eq!(found.method, DrawMethod::Importance, "{:?}", found.diagnostics);
    for (k, error) in fitted.standard_errors().iter().enumerate() {
        let (value, error) = (fitted.model().parameters()[k].value, error.unwrap());
        let summary = found.summary(k);
        assert!((summary.quantiles[1] - value).abs() < 0.5 * error, "{k}: {summary:?}");
        assert!((summary.standard_deviation / error).ln().abs() < 0.6, "{k}: {summary:?} {error}");
    }
}

#[test]
fn the_same_seed_gives_the_same_draws_on_any_number_of_threads() {
    // More rows than one task takes, so that a pass is shared out.
    let truth = (purchase_model("bg-nbd").unwrap().build)(&[0.5, 10.0, 0.8, 2.5]).unwrap();
    let ages: Vec<f64> = (0..6000).map(|i| 20.0 + f64::from(i % 300) * 0.1).collect();
    let histories = simulated_histories(&simulate_customers(&truth.new_customer(), &ages, 0.0, 3));
    let entry = purchase_model("bg-nbd").unwrap();
    let draws_with = |n_threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        pool.install(|| {
            let quick = posterior("bg-nbd", &histories, &options(PosteriorMethod::Fast, 100, 5));
            let nuts = posterior("bg-nbd", &histories, &options(PosteriorMethod::Nuts, 40, 5));
            let refits = purchase_bootstrap(entry, &quick.mode, &histories, 5, 5).unwrap();
            [quick.draws, nuts.draws, refits.draws]
        })
    };
    let alone = draws_with(1);
    assert_eq!(alone, draws_with(3));
    let other = posterior("bg-nbd", &histories, &options(PosteriorMethod::Fast, 100, 6));
    assert_ne!(alone[0], other.draws);
}

#[test]
fn doubling_the_time_unit_doubles_or_halves_times_in_every_draw_and_nothing_else() {
    let (weeks, fortnights) = (cdnow::histories(7.0), cdnow::histories(14.0));
    for entry in models() {
        let start = fitted_values(entry, &weeks);
        let in_fortnights: Vec<f64> =
            entry.kinds.iter().zip(&start).map(|(kind, value)| kind.in_unit(*value, 2.0)).collect();
        let prior = Prior::weakly_informative(entry.kinds);
        let fast = options(PosteriorMethod::Fast, 50, 1);
        let first = purchase_posterior(entry, &start, &weeks, &prior, &fast).unwrap();
        let second = purchase_posterior(entry, &in_fortnights, &fortnights, &prior, &fast).unwrap();
        for (a, b) in first.draws.iter().zip(&second.draws) {
            for (k, kind) in entry.kinds.iter().enumerate() {
                let expected = kind.in_unit(a[k], 2.0);
                assert!((b[k] / expected - 1.0).abs() < 1e-5, "{}: {a:?} {b:?}", entry.id);
            }
        }
    }
}

#[test]
fn where_the_quick_way_does_not_fit_nuts_takes_over() {
    // All alike and nobody leaves: Pareto/NBD has two ridges here, r with alpha and s with beta.
    let truth = (purchase_model("nbd").unwrap().build)(&[1e3, 1e4]).unwrap();
    let ages: Vec<f64> = (0..300).map(|i| 30.0 + f64::from(i % 20)).collect();
    let simulated = simulated_histories(&simulate_customers(&truth.new_customer(), &ages, 0.0, 8));
    let mut alike = PurchaseHistories::default();
    for (history, _) in simulated.iter() {
        alike.push(*history, 10.0).unwrap();
    }
    let found = posterior("pareto-nbd", &alike, &options(PosteriorMethod::Fast, 400, 1));
    assert!(found.diagnostics.k_hat.unwrap() > 0.6, "{:?}", found.diagnostics);
    assert_eq!(found.method, DrawMethod::Nuts);
    assert!(!found.warnings.is_empty());
    assert_eq!(found.draws.len(), 400);
    assert!(found.draws.iter().flatten().all(|value| value.is_finite() && *value > 0.0));
    for (k, r_hat) in found.diagnostics.r_hat.iter().enumerate() {
        assert!(r_hat.unwrap() < 1.1, "{k}: {:?}", found.diagnostics);
    }
}

#[test]
fn a_handful_of_customers_or_none_who_came_back_still_have_a_posterior() {
    for rows in [[(3, 20.0, 30.0, 1.0)], [(0, 0.0, 30.0, 700.0)], [(0, 0.0, 0.0, 100.0)]] {
        let mut histories = PurchaseHistories::default();
        for (x, t_x, age, n) in rows {
            histories.push(PurchaseHistory::new(x, t_x, age).unwrap(), n).unwrap();
        }
        for entry in models() {
            let found = posterior(entry.id, &histories, &options(PosteriorMethod::Fast, 200, 1));
            assert_eq!(found.draws.len(), 200, "{} {rows:?}", entry.id);
            assert!(found.draws.iter().flatten().all(|value| value.is_finite()), "{}", entry.id);
        }
    }
}

#[test]
fn along_a_ridge_parameters_are_wide_and_forecasts_are_not() {
    // Nobody ever leaves: s and beta are not identified one by one.
    let truth = (purchase_model("nbd").unwrap().build)(&[1.0, 10.0]).unwrap();
    let ages: Vec<f64> = (0..600).map(|i| 30.0 + f64::from(i % 20)).collect();
    let histories = simulated_histories(&simulate_customers(&truth.new_customer(), &ages, 0.0, 8));
    let entry = purchase_model("pareto-nbd").unwrap();
    let found = posterior("pareto-nbd", &histories, &FAST);
    let (_, beta_deviation) = free_moments(entry, &found, 3);
    assert!(beta_deviation > 1.0, "{beta_deviation}");
    let forecasts =
        found.draws.iter().map(|draw| (entry.build)(draw).unwrap().expected_purchases(40.0));
    let (mean, deviation) = moments(forecasts);
    assert!((mean / 4.0 - 1.0).abs() < 0.1 && deviation / mean < 0.1, "{mean} {deviation}");
}

#[test]
fn the_mode_is_between_the_prior_and_the_fit() {
    let histories = cdnow::histories(7.0);
    let entry = purchase_model("mbg-nbd").unwrap();
    let start = fitted_values(entry, &histories);
    let mode = |deviation: f64| {
        let prior = Prior { centres: vec![0.0; 4], standard_deviations: vec![deviation; 4] };
        let found = maximum_a_posteriori(entry, &start, &histories, &prior).unwrap();
        assert!(found.converged);
        found.model.parameters().iter().map(|parameter| parameter.value).collect::<Vec<f64>>()
    };
    for (wide, fitted) in mode(1e4).iter().zip(&start) {
        assert!((wide / fitted - 1.0).abs() < 1e-4, "{wide} {fitted}");
    }
    // With hardly any freedom shapes are 1 and times the mean age.
    let narrow = mode(1e-4);
    assert!((narrow[0] - 1.0).abs() < 0.01 && (narrow[3] - 1.0).abs() < 0.01, "{narrow:?}");
    let wrong = Prior { centres: vec![0.0; 3], standard_deviations: vec![1.0; 3] };
    assert!(maximum_a_posteriori(entry, &start, &histories, &wrong).is_err());
}

/// Ranks of the truth among draws given data made from it, binned, for parameters drawn from the prior.
fn calibration_ranks(id: &str, n_data_sets: u64, n_bins: usize) -> Vec<Vec<f64>> {
    let entry = purchase_model(id).unwrap();
    let n = entry.kinds.len();
    // All are observed for as long, so that the mean age, the prior's unit, is 1.
    let centres: Vec<f64> = entry
        .typical
        .iter()
        .zip(entry.kinds)
        .map(|(value, kind)| kind.free(kind.in_unit(*value, 50.0)))
        .collect();
    let prior = Prior { centres: centres.clone(), standard_deviations: vec![0.5; n] };
    let n_draws = 20 * n_bins - 1;
    let mut bins = vec![vec![0.0; n_bins]; n];
    for data_set in 0..n_data_sets {
        let mut random = StdRng::seed_from_u64(900 + data_set);
        let truth: Vec<f64> = centres
            .iter()
            .zip(entry.kinds)
            .map(|(centre, kind)| {
                let standard: f64 = StandardNormal.sample(&mut random);
                kind.value(centre + 0.5 * standard)
            })
            .collect();
        let model = (entry.build)(&truth).unwrap();
        let customers =
            simulate_customers(&model.new_customer(), &[1.0; 300], 0.0, random.random());
        let histories = simulated_histories(&customers);
        let fast = options(PosteriorMethod::Fast, n_draws, data_set);
        let found = purchase_posterior(entry, &truth, &histories, &prior, &fast).unwrap();
        for k in 0..n {
            let below = found.draws.iter().filter(|draw| draw[k] < truth[k]).count();
            bins[k][below * n_bins / (n_draws + 1)] += 1.0;
        }
    }
    bins
}

#[test]
fn ranks_of_the_truth_among_draws_are_uniform() {
    let (n_data_sets, n_bins) = (200, 10);
    for id in ["nbd", "bg-nbd", "mbg-nbd"] {
        for (k, bins) in calibration_ranks(id, n_data_sets, n_bins).iter().enumerate() {
            let expected = n_data_sets as f64 / n_bins as f64;
            let chi_squared: f64 = bins.iter().map(|n| (n - expected).powi(2) / expected).sum();
            // The quantile of chi-squared with 9 degrees of freedom at 0.9999: over ten parameters, a false alarm in
            // 1,000.
            assert!(chi_squared < 33.72, "{id} {k}: {chi_squared} {bins:?}");
        }
    }
}

#[test]
fn a_bootstrap_scatters_as_the_standard_errors_say() {
    let histories = cdnow::histories(7.0);
    let entry = purchase_model("bg-nbd").unwrap();
    let fitted = fit_purchase_model(entry, &histories, &FitOptions::default()).unwrap();
    let values = fitted_values(entry, &histories);
    let refits = purchase_bootstrap(entry, &values, &histories, 200, 4).unwrap();
    let covariance = fitted.ln_covariance().unwrap();
    for k in 0..4 {
        let (mean, deviation) = free_moments(entry, &refits, k);
        let expected = covariance[k][k].sqrt();
        // The standard deviation of 200 refits is known to 5 %; the model's law of customers is not quite that of CDNOW.
        assert!((deviation / expected).ln().abs() < 0.4, "{k}: {deviation} {expected}");
        assert!((mean - values[k].ln()).abs() < 0.5 * expected, "{k}: {mean}");
        let [low, _, high] = refits.summary(k).quantiles;
        assert!(low < values[k] && values[k] < high);
    }
    assert_eq!(refits.method, DrawMethod::Bootstrap);
    assert!(purchase_bootstrap(entry, &values, &histories, 0, 4).is_err());
    assert!(purchase_bootstrap(entry, &values, &PurchaseHistories::default(), 5, 4).is_err());
}

#[test]
fn spend_draws_surround_the_fit() {
    let observations = spend::cdnow();
    let fitted = fit_gamma_gamma(&observations);
    for method in [PosteriorMethod::Fast, PosteriorMethod::Nuts] {
        let wanted = options(method, 1000, 9);
        let found = spend_posterior(&fitted.model, &observations, &wanted).unwrap().unwrap();
        for (k, parameter) in fitted.model.parameters().iter().enumerate() {
            let error = fitted.standard_errors[k].unwrap();
            let summary = found.summary(k);
            assert!((summary.quantiles[1] - parameter.value).abs() < 0.5 * error, "{summary:?}");
            assert!((summary.standard_deviation / error).ln().abs() < 0.4, "{summary:?} {error}");
        }
    }
    let refits = spend_bootstrap(&fitted.model, &observations, 50, 9).unwrap().unwrap();
    for (k, parameter) in fitted.model.parameters().iter().enumerate() {
        let [low, _, high] = refits.summary(k).quantiles;
        assert!(low < parameter.value && parameter.value < high, "{:?}", refits.summary(k));
    }
}

#[test]
fn a_population_without_a_mean_still_has_draws_with_one() {
    let truth = GammaGamma::new(4.0, 0.8, 10.0).unwrap();
    let spends = simulate_spends(&truth, &[2; 400], 5);
    let observations =
        spend::observations(spends.iter().map(|amounts| (2, amounts.iter().sum::<f64>() / 2.0)));
    let fitted = fit_gamma_gamma(&observations);
    let found = spend_posterior(&fitted.model, &observations, &FAST).unwrap().unwrap();
    for draw in &found.draws {
        let mean = draw[0] * draw[2] / (draw[1] - 1.0);
        assert!(draw[1] > 1.0 && mean.is_finite() && mean > 0.0, "{draw:?}");
    }
}

#[test]
fn where_spend_has_no_spread_there_are_no_draws_of_it() {
    let same = spend::observations([(1, 40.0), (3, 40.0), (2, 40.0)]);
    let fitted = fit_gamma_gamma(&same);
    assert_eq!(spend_posterior(&fitted.model, &same, &FAST).unwrap(), None);
    assert_eq!(spend_bootstrap(&fitted.model, &same, 10, 1).unwrap(), None);
    let nothing = SpendObservations::default();
    assert_eq!(spend_posterior(&fitted.model, &nothing, &FAST).unwrap(), None);
}
