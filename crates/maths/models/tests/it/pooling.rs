//! Partial pooling: small groups borrow strength, spreads are recovered, intervals hold.

use clv_models::catalogue::{PurchaseModelEntry, purchase_model};
use clv_models::covariates::{
    CovariateError, CovariateHistories, CovariateModel, CovariateRole, EffectTarget, GroupShift,
    Shift,
};
use clv_models::fit::{CovariateFitOptions, FittedPooledModel, PoolingOptions, fit_pooled};
use clv_models::simulate::simulate_customers;
use clv_numerics::distribution::normal_quantile;

fn entry(id: &str) -> &'static PurchaseModelEntry {
    purchase_model(id).unwrap()
}

fn fit(
    entry: &'static PurchaseModelEntry,
    rows: &CovariateHistories,
    roles: &[CovariateRole],
    targets: &[EffectTarget],
) -> FittedPooledModel {
    let covariates = CovariateFitOptions::default();
    let options = PoolingOptions { covariates, targets: targets.to_vec() };
    fit_pooled(entry, rows, roles, &options).unwrap()
}

/// Normal scores in an order that mixes them.
fn scores(n: usize, stride: usize) -> Vec<f64> {
    let at = |i: usize| (((i * stride) % n) as f64 + 0.5) / n as f64;
    let scores: Vec<f64> = (0..n).map(|i| normal_quantile(at(i))).collect();
    let scale = (scores.iter().map(|u| u * u).sum::<f64>() / n as f64).sqrt();
    scores.iter().map(|u| u / scale).collect()
}

/// Groups of given sizes with effects that spread by `spread` on purchases and dropout.
fn simulated(
    entry: &'static PurchaseModelEntry,
    sizes: &[u32],
    spread: (f64, f64),
    seed: u64,
) -> (CovariateHistories, CovariateModel) {
    let n = sizes.len();
    let names: Vec<String> = (0..n).map(|group| format!("g{group}")).collect();
    let (on_purchase, on_dropout) = (scores(n, 7), scores(n, 11));
    let groups = (0..n)
        .map(|group| GroupShift {
            name: names[group].clone(),
            shift: Shift {
                purchase: spread.0 * on_purchase[group],
                dropout: spread.1 * on_dropout[group],
            },
        })
        .collect();
    let model = CovariateModel::new(entry, entry.typical.to_vec(), Vec::new(), vec![], vec![])
        .unwrap()
        .with_groups(groups);
    let mut rows = CovariateHistories::new(Vec::new(), names);
    for (group, size) in sizes.iter().enumerate() {
        let ages: Vec<f64> = (0..*size).map(|i| 25.0 + f64::from(i % 50)).collect();
        let process = model.at(&[], Some(group)).new_customer();
        for customer in simulate_customers(&process, &ages, 0.0, seed + group as u64) {
            rows.push(&[], Some(group), customer.history(), 1.0).unwrap();
        }
    }
    (rows, model)
}

#[test]
fn spreads_between_groups_are_recovered_and_intervals_hold() {
    for id in ["nbd", "pareto-nbd", "mbg-nbd"] {
        let entry = entry(id);
        let targets: &[EffectTarget] = if entry.has_dropout {
            &[EffectTarget::Purchase, EffectTarget::Dropout]
        } else {
            &[EffectTarget::Purchase]
        };
        let (rows, truth) = simulated(entry, &[150; 40], (0.4, 0.4), 17);
        let fitted = fit(entry, &rows, &[], targets);
        assert!(fitted.converged, "{id}");
        let purchase = fitted.spreads[0].1;
        assert!((0.3..0.52).contains(&purchase), "{id}: {purchase}");
        if let Some((_, dropout)) = fitted.spreads.get(1) {
            // Dropout is seen through a glass: the spread of 40 groups is known to some 40 %.
            assert!((0.05..0.8).contains(dropout), "{id}: {dropout}");
        }
        let inside = fitted
            .groups
            .iter()
            .zip(truth.groups())
            .filter(|(found, truth)| {
                let found = &found.effects[0];
                (found.value - truth.shift.purchase).abs() < 1.645 * found.standard_error
            })
            .count();
        // A binomial of 40 at 0.9 is below 30 once in 1,000.
        assert!(inside >= 30, "{id}: {inside} of 40 within 90 % intervals");
        assert!(fitted.test.1 < 1e-6 && fitted.log_likelihood > fitted.unpooled.log_likelihood);
    }
}

#[test]
fn groups_that_do_not_differ_are_pooled_completely() {
    let (rows, _) = simulated(entry("mbg-nbd"), &[150; 20], (0.0, 0.0), 5);
    let fitted = fit(entry("mbg-nbd"), &rows, &[], &[EffectTarget::Purchase]);
    assert!(fitted.converged && fitted.spreads[0].1 < 0.1, "{:?}", fitted.spreads);
    assert!(fitted.groups.iter().all(|group| group.effects[0].value.abs() < 0.15));
    assert!(fitted.test.1 > 0.01, "{:?}", fitted.test);
}

#[test]
fn a_group_of_one_answers_near_the_population_and_larger_groups_decide_more_alone() {
    let sizes = [1, 3, 10, 30, 100, 300, 1000, 300, 100, 30, 10, 3, 1];
    let (rows, _) = simulated(entry("pareto-nbd"), &sizes, (0.5, 0.0), 23);
    let fitted = fit(entry("pareto-nbd"), &rows, &[], &[EffectTarget::Purchase]);
    let of = |at: usize| &fitted.groups[at].effects[0];
    for at in 0..6 {
        assert!(of(at).shrinkage > of(at + 1).shrinkage, "{at}: {:?}", fitted.groups);
        assert!(of(at).standard_error > of(at + 1).standard_error, "{at}");
    }
    assert!(of(0).shrinkage > 0.6 && of(6).shrinkage < 0.03, "{:?}", fitted.groups);
    assert!(of(0).value.abs() < 0.5 * fitted.spreads[0].1 + 0.2);
    // Nobody's group is the population.
    let population = fitted.model.at(&[], None);
    assert!(
        (fitted.model.at(&[], Some(99)).expected_purchases(30.0)
            - population.expected_purchases(30.0))
        .abs()
            < 1e-12
    );
}

#[test]
fn pooled_effects_stand_beside_covariates() {
    let (rows, truth) = simulated(entry("mbg-nbd"), &[200; 12], (0.4, 0.0), 31);
    let groups = rows.groups().to_vec();
    let mut with = CovariateHistories::new(vec!["size".to_owned()], groups);
    for (group, name) in truth.groups().iter().enumerate() {
        for (position, size) in [-1.0, 0.0, 2.0].into_iter().enumerate() {
            let own = CovariateModel::new(
                entry("mbg-nbd"),
                entry("mbg-nbd").typical.to_vec(),
                vec!["size".to_owned()],
                vec![0.3],
                vec![0.0],
            )
            .unwrap()
            .with_groups(vec![name.clone()]);
            let process = own.at(&[size], Some(0)).new_customer();
            let seed = 500 + 10 * group as u64 + position as u64;
            for customer in simulate_customers(&process, &[50.0; 100], 0.0, seed) {
                with.push(&[size], Some(group), customer.history(), 1.0).unwrap();
            }
        }
    }
    let fitted =
        fit(entry("mbg-nbd"), &with, &[CovariateRole::Purchase], &[EffectTarget::Purchase]);
    let size = fitted.estimates.iter().find(|one| one.name == "purchase.size").unwrap();
    let error = size.standard_error.unwrap();
    assert!(fitted.converged && (size.value - 0.3).abs() < 4.0 * error, "{size:?}");
    assert!((0.2..0.7).contains(&fitted.spreads[0].1), "{:?}", fitted.spreads);
}

#[test]
fn one_group_is_nothing_to_pool() {
    let (rows, _) = simulated(entry("nbd"), &[50], (0.0, 0.0), 5);
    let covariates = CovariateFitOptions::default();
    let options = PoolingOptions { covariates, targets: vec![EffectTarget::Purchase] };
    let error = fit_pooled(entry("nbd"), &rows, &[], &options).unwrap_err();
    assert!(matches!(error, CovariateError::TooFewGroups { n_groups: 1 }), "{error}");
    let options = PoolingOptions { targets: vec![EffectTarget::Dropout], ..options };
    let error = fit_pooled(entry("nbd"), &rows, &[], &options).unwrap_err();
    assert!(matches!(error, CovariateError::NoDropout { .. }), "{error}");
}
