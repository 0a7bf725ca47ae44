//! Covariates around every model: the likelihood is the customers' own, fits recover the truth and find the reference.

use clv_models::ParameterKind;
use clv_models::PurchaseHistory;
use clv_models::catalogue::{PurchaseModelEntry, purchase_model, purchase_models};
use clv_models::covariates::{
    CovariateError, CovariateHistories, CovariateModel, CovariateRole, EffectTarget,
};
use clv_models::fit::{
    CovariateFitOptions, CovariateWarning, FitOptions, FittedCovariateModel, fit_with_covariates,
    likelihood_ratio,
};
use clv_models::simulate::simulate_customers;

use crate::apparel::Apparel;

fn entry(id: &str) -> &'static PurchaseModelEntry {
    purchase_model(id).unwrap()
}

/// Models that take covariates, with the roles that each of two covariates may play.
fn models() -> impl Iterator<Item = (&'static PurchaseModelEntry, CovariateRole)> {
    purchase_models().iter().filter(|entry| !entry.is_dear).filter_map(|entry| {
        let shifts = entry.shifts?;
        let has_dropout = shifts.dropout.is_some();
        Some((entry, if has_dropout { CovariateRole::Both } else { CovariateRole::Purchase }))
    })
}

/// The truth behind simulated customers: a flag and a number with a mean well away from 0.
fn truth(entry: &'static PurchaseModelEntry) -> CovariateModel {
    let names = vec!["is_member".to_owned(), "age".to_owned()];
    // The number's effect is small per unit and its mean is 40, so that the base is that of an age of 40.
    let centre = CovariateModel::new(
        entry,
        entry.typical.to_vec(),
        names.clone(),
        vec![0.0, 0.02],
        vec![0.0, -0.03],
    )
    .unwrap()
    .at(&[0.0, -40.0], None);
    let base = centre.parameters().iter().map(|one| one.value).collect();
    CovariateModel::new(entry, base, names, vec![0.5, 0.02], vec![-0.4, -0.03]).unwrap()
}

fn simulated(model: &CovariateModel, n: u32, seed: u64) -> CovariateHistories {
    let mut rows = CovariateHistories::new(model.names().to_vec(), Vec::new());
    for member in [0.0, 1.0] {
        for step in 0..9_u32 {
            let age = 20.0 + 5.0 * f64::from(step);
            let ages: Vec<f64> = (0..n).map(|i| 25.0 + f64::from(i % 50)).collect();
            let z = [member, age];
            let process = model.at(&z, None).new_customer();
            let seed = seed + 100 * u64::from(step) + member as u64;
            for customer in simulate_customers(&process, &ages, 0.0, seed) {
                rows.push(&z, None, customer.history(), 1.0).unwrap();
            }
        }
    }
    rows
}

fn fit(
    entry: &'static PurchaseModelEntry,
    rows: &CovariateHistories,
    roles: &[CovariateRole],
    l2: f64,
) -> FittedCovariateModel {
    let options = CovariateFitOptions { l2, ..CovariateFitOptions::default() };
    fit_with_covariates(entry, rows, roles, &options).unwrap()
}

fn sum_of_own_likelihoods(model: &CovariateModel, rows: &CovariateHistories) -> f64 {
    rows.strata()
        .iter()
        .map(|stratum| {
            let own = model.at(stratum.covariates(), stratum.group());
            let of_row =
                |(history, weight): (&PurchaseHistory, f64)| weight * own.ln_likelihood(history);
            stratum.histories().iter().map(of_row).sum::<f64>()
        })
        .sum()
}

#[test]
fn the_likelihood_reported_is_the_sum_of_every_customers_own() {
    for (entry, role) in models() {
        let rows = simulated(&truth(entry), 30, 3);
        for l2 in [0.0, 5.0] {
            let fitted = fit(entry, &rows, &[role; 2], l2);
            let sum = sum_of_own_likelihoods(&fitted.model, &rows);
            let gap = fitted.log_likelihood - sum;
            assert!(gap.abs() < 1e-7 * sum.abs(), "{} {l2}: {gap}", entry.id);
        }
    }
}

#[test]
fn fits_recover_effects_within_their_standard_errors() {
    for (entry, role) in models() {
        let model = truth(entry);
        let rows = simulated(&model, 300, 41);
        let fitted = fit(entry, &rows, &[role; 2], 0.0);
        assert!(fitted.converged, "{}: {:?}", entry.id, fitted.warnings);
        let gain = 2.0 * (fitted.log_likelihood - sum_of_own_likelihoods(&model, &rows));
        // Chi-squared with at most 8 degrees of freedom; 38 is exceeded once in 100,000 fits.
        assert!((-1e-6..38.0).contains(&gain), "{}: gain {gain}", entry.id);
        let mut checked = 0;
        for target in [EffectTarget::Purchase, EffectTarget::Dropout] {
            for (name, effect) in model.names().iter().zip(model.effects(target)) {
                let Some(found) = fitted.estimate(&target.effect(name)) else { continue };
                let error = found.standard_error.unwrap();
                assert!(error < 0.2, "{} {}: {error}", entry.id, found.name);
                let away = (found.value - effect).abs() / error;
                assert!(away < 4.0, "{} {}: {} of {effect}", entry.id, found.name, found.value);
                checked += 1;
            }
        }
        assert_eq!(checked, if role == CovariateRole::Both { 4 } else { 2 });
        assert!(fitted.test.unwrap().p_value < 1e-6, "{}", entry.id);
    }
}

#[test]
fn standard_errors_are_the_curvature_of_the_reported_parameters() {
    // Brute force: second differences of the summed likelihood in the very numbers that are reported.
    for (entry, role) in models() {
        let rows = simulated(&truth(entry), 20, 7);
        let fitted = fit(entry, &rows, &[role; 2], 0.0);
        let n_base = entry.kinds.len();
        let at = |moves: &[(usize, f64)]| {
            let mut values: Vec<f64> = fitted.estimates.iter().map(|one| one.value).collect();
            for (position, by) in moves {
                values[*position] = match entry.kinds.get(*position) {
                    Some(kind) => kind.value(kind.free(values[*position]) + by),
                    None => values[*position] + by,
                };
            }
            let (base, effects) = values.split_at(n_base);
            let (purchase, dropout) = effects.split_at(2);
            let names = rows.names().to_vec();
            let (base, purchase) = (base.to_vec(), purchase.to_vec());
            let model =
                CovariateModel::new(entry, base, names, purchase, dropout.to_vec()).unwrap();
            sum_of_own_likelihoods(&model, &rows)
        };
        let covariance = fitted.covariance.as_ref().unwrap();
        let steps: Vec<f64> = (0..covariance.len())
            .map(|position| 0.2 * covariance[position][position].sqrt())
            .collect();
        // A whole number is held: it has no row of its own.
        let held = usize::from(entry.kinds[0] == ParameterKind::Whole);
        let (i, j) = (1 + held, n_base + 1);
        // The product of the Hessian's row with the covariance's column is that of the identity.
        for (row, column, expected) in [(i, i, 1.0), (j, j, 1.0), (i, j, 0.0)] {
            let product: f64 = (held..covariance.len())
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
            let scale = (covariance[column][column] / covariance[row][row]).sqrt();
            assert!(
                (product - expected).abs() < 0.03 * scale,
                "{} {row} {column}: {product}",
                entry.id
            );
        }
    }
}

#[test]
fn another_unit_or_origin_of_a_covariate_changes_its_effect_alone() {
    for (entry, role) in models() {
        let rows = simulated(&truth(entry), 40, 5);
        let mut other = CovariateHistories::new(rows.names().to_vec(), Vec::new());
        for stratum in rows.strata() {
            let [member, age] = stratum.covariates() else { unreachable!("two covariates") };
            for (history, weight) in stratum.histories().iter() {
                other.push(&[*member, 1900.0 + 12.0 * age], None, *history, weight).unwrap();
            }
        }
        let (here, there) =
            (fit(entry, &rows, &[role; 2], 0.0), fit(entry, &other, &[role; 2], 0.0));
        assert!((here.log_likelihood - there.log_likelihood).abs() < 1e-6, "{}", entry.id);
        let effect = |fitted: &FittedCovariateModel| fitted.estimate("purchase.age").unwrap().value;
        assert!((effect(&here) - 12.0 * effect(&there)).abs() < 1e-6, "{}", entry.id);
        let forecast = |fitted: &FittedCovariateModel, age: f64| {
            fitted.model.at(&[1.0, age], None).expected_purchases(30.0)
        };
        let (one, other) = (forecast(&here, 31.0), forecast(&there, 1900.0 + 12.0 * 31.0));
        assert!((one - other).abs() < 1e-6 * one, "{}: {one} {other}", entry.id);
    }
}

#[test]
fn equal_effects_are_equal_and_tested_against_free_ones() {
    for (entry, role) in models().filter(|(_, role)| *role == CovariateRole::Both) {
        let rows = simulated(&truth(entry), 60, 9);
        let free = fit(entry, &rows, &[role; 2], 0.0);
        let equal = fit(entry, &rows, &[CovariateRole::BothEqually, role], 0.0);
        let value = |name: &str| equal.estimate(name).unwrap().value;
        assert!((value("purchase.is_member") - value("dropout.is_member")).abs() < 1e-12);
        assert!(equal.log_likelihood < free.log_likelihood);
        let test = likelihood_ratio(&equal.likelihood(), &free.likelihood()).unwrap();
        // The truth is 0.5 on purchases and -0.4 on dropout.
        assert!(test.degrees_of_freedom == 1 && test.p_value < 0.01, "{}: {test:?}", entry.id);
        assert!(likelihood_ratio(&free.likelihood(), &equal.likelihood()).is_err());
    }
}

#[test]
fn a_penalty_draws_effects_in_and_reports_on_the_summed_scale() {
    for (entry, role) in models() {
        let rows = simulated(&truth(entry), 60, 9);
        let free = fit(entry, &rows, &[role; 2], 0.0);
        let (mut before, mut likelihood) = (f64::INFINITY, free.log_likelihood + 1e-9);
        for l2 in [1e-6, 10.0, 1000.0, 1e7] {
            let drawn = fit(entry, &rows, &[role; 2], l2);
            let size: f64 = drawn.estimates[entry.kinds.len()..]
                .iter()
                .zip(drawn.scale.deviation.iter().cycle())
                .map(|(effect, deviation)| (effect.value * deviation).powi(2))
                .sum();
            assert!(size < before && drawn.log_likelihood < likelihood, "{} {l2}", entry.id);
            (before, likelihood) = (size, drawn.log_likelihood);
            assert!(drawn.test.is_none() && drawn.converged, "{}: {:?}", entry.id, drawn.warnings);
            assert!(
                (drawn.aic() - 2.0 * (drawn.n_parameters as f64 - drawn.log_likelihood)).abs()
                    < 1e-9
            );
            if l2 < 1.0 {
                // Next to no penalty: the standard errors are those of maximum likelihood, on the sum over customers.
                // A whole number is held, and has none.
                let held = usize::from(entry.kinds[0] == ParameterKind::Whole);
                for (with, without) in drawn.estimates.iter().zip(&free.estimates).skip(held) {
                    let (with, without) =
                        (with.standard_error.unwrap(), without.standard_error.unwrap());
                    assert!((with / without - 1.0).abs() < 1e-3, "{}", entry.id);
                }
            }
        }
        let none = free.without.log_likelihood();
        assert!(
            before < 1e-6 && (likelihood - none).abs() < 1.0,
            "{}: {likelihood} {none}",
            entry.id
        );
    }
}

#[test]
fn covariates_that_teach_nothing_are_refused_by_name() {
    let both = CovariateRole::Both;
    let rows_of = |of: &dyn Fn(f64) -> Vec<f64>, names: &[&str]| {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        let mut rows = CovariateHistories::new(names, Vec::new());
        for i in 0..40_u32 {
            let history =
                PurchaseHistory::new(i % 4, f64::from(i % 4) * 2.0, 20.0 + f64::from(i)).unwrap();
            rows.push(&of(f64::from(i)), None, history, 1.0).unwrap();
        }
        rows
    };
    let refusal = |id: &str, rows: &CovariateHistories, roles: &[CovariateRole], l2: f64| {
        let options = CovariateFitOptions { l2, ..CovariateFitOptions::default() };
        fit_with_covariates(entry(id), rows, roles, &options).unwrap_err()
    };
    let constant = rows_of(&|_| vec![7.0], &["size"]);
    let error = refusal("pareto-nbd", &constant, &[both], 0.0);
    assert!(error.to_string().contains("size is 7 for every customer"), "{error}");
    let sum = rows_of(
        &|i| vec![i, (i * i) % 7.0, 2.0 * i - (i * i) % 7.0 + 3.0, i % 3.0],
        &["a", "b", "c", "d"],
    );
    let error = refusal("pareto-nbd", &sum, &[both; 4], 0.0);
    assert!(error.to_string().contains("c follows from a, b without error"), "{error}");
    // Each on a target of its own, nothing is doubled.
    let twice = rows_of(&|i| vec![i % 5.0, 2.0 * (i % 5.0)], &["a", "b"]);
    let roles = [CovariateRole::Purchase, CovariateRole::Dropout];
    let options = CovariateFitOptions::default();
    assert!(fit_with_covariates(entry("mbg-nbd"), &twice, &roles, &options).is_ok());
    let error = refusal("nbd", &twice, &[CovariateRole::Purchase, both], 0.0);
    assert!(matches!(error, CovariateError::NoDropout { .. }), "{error}");
    let error = refusal("nbd", &twice, &[CovariateRole::Purchase; 2], f64::NAN);
    assert!(matches!(error, CovariateError::Penalty { .. }), "{error}");
    let nobody = CovariateHistories::new(vec!["a".to_owned()], Vec::new());
    let error = refusal("nbd", &nobody, &[CovariateRole::Purchase], 0.0);
    assert!(matches!(error, CovariateError::NoCustomers { .. }), "{error}");
    let mut rows = CovariateHistories::new(vec!["a".to_owned()], Vec::new());
    assert!(rows.push(&[f64::NAN], None, PurchaseHistory::newborn(), 1.0).is_err());
    assert!(rows.push(&[1.0, 2.0], None, PurchaseHistory::newborn(), 1.0).is_err());
    assert!(rows.push(&[1.0], Some(0), PurchaseHistory::newborn(), 1.0).is_err());
}

#[test]
fn an_effect_that_nothing_bounds_is_named_and_the_rest_is_answered() {
    // Not of regular buyers: against a rhythm a silence says that they have left, whatever their rate.
    for (entry, _) in models().filter(|(entry, _)| entry.kinds[0] != ParameterKind::Whole) {
        let mut rows = CovariateHistories::new(vec!["is_lost".to_owned()], Vec::new());
        for i in 0..200_u32 {
            let age = 30.0 + f64::from(i % 20);
            let x = i % 4;
            let history = PurchaseHistory::new(x, 0.2 * f64::from(x) * age, age).unwrap();
            rows.push(&[0.0], None, history, 1.0).unwrap();
            // Nobody with the trait ever bought again.
            if i < 60 {
                let history = PurchaseHistory::new(0, 0.0, age).unwrap();
                rows.push(&[1.0], None, history, 1.0).unwrap();
            }
        }
        let fitted = fit(entry, &rows, &[CovariateRole::Purchase], 0.0);
        let is_named = fitted.warnings.iter().any(|warning| match warning {
            CovariateWarning::AtBound { name, .. } => name.contains("is_lost"),
            CovariateWarning::Ridge { names } => names.iter().any(|name| name.contains("is_lost")),
            _ => false,
        });
        assert!(is_named, "{}: {:?}", entry.id, fitted.warnings);
        let effect = fitted.estimate("purchase.is_lost").unwrap();
        assert!(effect.value < -2.0 && effect.standard_error.is_none(), "{}: {effect:?}", entry.id);
        assert!(fitted.log_likelihood.is_finite());
        let forecast = |z: f64| fitted.model.at(&[z], None).expected_purchases(30.0);
        assert!(forecast(0.0) > 0.3 && (0.0..0.1).contains(&forecast(1.0)), "{}", entry.id);
        // A light penalty is what the message advises, and it helps.
        let drawn = fit(entry, &rows, &[CovariateRole::Purchase], 1.0);
        assert!(drawn.converged && drawn.estimate("purchase.is_lost").unwrap().value > -20.0);
    }
}

#[test]
fn far_fetched_traits_have_a_model_still() {
    for (entry, _) in models() {
        let model = truth(entry);
        let history = PurchaseHistory::new(3, 20.0, 40.0).unwrap();
        for z in [[0.0, 1e6], [1e6, 0.0], [-1e6, -1e6], [1e300, 0.0]] {
            let own = model.at(&z, None);
            let forecast = own.expected_future_purchases(&history, 10.0);
            assert!(!forecast.is_nan() && own.ln_likelihood(&history).is_finite(), "{}", entry.id);
        }
    }
}

/// The first 104 weeks of the apparel data, by gender and channel; none, with the reason, where they are absent.
fn apparel() -> Option<CovariateHistories> {
    let shop = Apparel::read()?;
    let mut rows =
        CovariateHistories::new(vec!["Gender".to_owned(), "Channel".to_owned()], Vec::new());
    for line in shop.text("apparelStaticCov.csv").lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let Some((ages, age)) = shop.ages(cells[0]) else { continue };
        let last = ages.last().copied().unwrap_or(0.0);
        let history = PurchaseHistory::new(ages.len() as u32, last, age).unwrap();
        let z = [cells[1].parse().unwrap(), cells[2].parse().unwrap()];
        rows.push(&z, None, history, 1.0).unwrap();
    }
    Some(rows)
}

#[test]
fn pareto_nbd_on_the_apparel_data_is_that_of_an_independent_likelihood() {
    // Reference: the likelihood written anew as an integral over the moment of leaving, 200 Gauss-Legendre nodes, its
    // maximum by BFGS in NumPy and SciPy; standard errors of logarithms and effects from its second differences.
    let Some(rows) = apparel() else { return };
    assert_eq!((rows.n_customers().round(), rows.strata().len()), (600.0, 4));
    let fitted = fit(entry("pareto-nbd"), &rows, &[CovariateRole::Both; 2], 0.0);
    assert!((fitted.without.log_likelihood() + 5_848.097_827).abs() < 1e-5);
    assert!((fitted.log_likelihood + 5_821.062_686).abs() < 1e-5, "{}", fitted.log_likelihood);
    for (name, value, error) in [
        ("r", 1.83897, 1.83897 * 0.18802),
        ("alpha", 92.9631, 92.9631 * 0.18265),
        ("s", 0.591302, 0.591302 * 0.44015),
        ("beta", 49.5128, 49.5128 * 0.72997),
        ("purchase.Gender", 0.286136, 0.104139),
        ("purchase.Channel", 0.623931, 0.104942),
        ("dropout.Gender", -0.641868, 0.295500),
        ("dropout.Channel", 0.789761, 0.305782),
    ] {
        let found = fitted.estimate(name).unwrap();
        assert!((found.value / value - 1.0).abs() < 1e-4, "{name}: {}", found.value);
        let found = found.standard_error.unwrap();
        assert!((found / error - 1.0).abs() < 1e-3, "{name}: {found}");
    }
    let test = fitted.test.unwrap();
    assert!((test.statistic - 54.070_28).abs() < 1e-4 && test.degrees_of_freedom == 4);
    // One effect of gender on both.
    let roles = [CovariateRole::BothEqually, CovariateRole::Both];
    let equal = fit(entry("pareto-nbd"), &rows, &roles, 0.0);
    assert!((equal.log_likelihood + 5_826.534_190).abs() < 1e-5, "{}", equal.log_likelihood);
    let effect = equal.estimate("dropout.Gender").unwrap().value;
    assert!((effect / 0.328455 - 1.0).abs() < 1e-4, "{effect}");
}

#[test]
fn a_search_that_is_cut_short_says_so_and_answers_still() {
    for (entry, role) in models() {
        let rows = simulated(&truth(entry), 30, 3);
        let cut = FitOptions { max_passes: 4, ..FitOptions::default() };
        let options = CovariateFitOptions { fit: cut, l2: 0.0 };
        let fitted = fit_with_covariates(entry, &rows, &[role; 2], &options).unwrap();
        let says_so = |warning: &CovariateWarning| matches!(warning, CovariateWarning::NotConverged { gradient_norm } if *gradient_norm > 0.0);
        assert!(!fitted.converged && fitted.warnings.iter().any(says_so), "{}", entry.id);
        let forecast = fitted.model.at(&[1.0, 40.0], None).expected_purchases(30.0);
        assert!(fitted.log_likelihood.is_finite() && forecast > 0.0, "{}", entry.id);
    }
}

#[test]
fn without_effects_every_customer_has_the_model_without_covariates() {
    for (entry, role) in models() {
        let rows = simulated(&truth(entry), 20, 17);
        let names = rows.names().to_vec();
        let base = entry.typical.to_vec();
        let model = CovariateModel::new(entry, base.clone(), names, vec![0.0; 2], vec![0.0; 2]);
        let of_strata = sum_of_own_likelihoods(&model.unwrap(), &rows);
        let plain = (entry.build)(&base).unwrap();
        let merged = rows.without_covariates();
        let sum: f64 = merged.iter().map(|(one, n)| n * plain.ln_likelihood(one)).sum();
        assert!((of_strata - sum).abs() < 1e-11 * sum.abs(), "{}: {of_strata} {sum}", entry.id);
        assert!(entry.has_dropout == (role == CovariateRole::Both), "{}", entry.id);
    }
}

#[test]
fn effects_of_occasions_move_the_mean_probabilities_on_the_logit_and_keep_their_certainty() {
    let model = entry("bg-bb");
    let names = vec!["z".to_owned()];
    let with = CovariateModel::new(model, model.typical.to_vec(), names, vec![0.8], vec![-0.5]);
    let at: Vec<f64> =
        with.unwrap().at(&[1.0], None).parameters().iter().map(|one| one.value).collect();
    let logit = |values: &[f64], first: usize| (values[first] / values[first + 1]).ln();
    for (first, effect) in [(0, 0.8), (2, -0.5)] {
        let moved = logit(&at, first) - logit(model.typical, first);
        assert!((moved - effect).abs() < 1e-12, "{at:?}");
        let certainty = |of: &[f64]| of[first] + of[first + 1];
        assert!((certainty(&at) - certainty(model.typical)).abs() < 1e-12, "{at:?}");
    }
}
