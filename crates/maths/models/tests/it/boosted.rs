//! The boosted heads on made-up customers whose truth is known.

use clv_models::boosted::{
    ModelScores, Outcome, PeriodShift, Ziln, ZilnError, ZilnForecast, ZilnOptions, ZilnRows,
    isotonic, order_horizons, value_quantiles,
};
use clv_numerics::boosted_trees::{FeatureTable, Monotone};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, Normal, Poisson};

/// Customers with a rate that a probability model half knows, and an attribute that doubles it.
struct Shop {
    features: FeatureTable,
    scores: Vec<ModelScores>,
    outcomes: Vec<Outcome>,
    folds: Vec<u32>,
    truth: Vec<f64>,
}

fn shop(n: usize, seed: u64, spend_scale: f64) -> Shop {
    let mut random = StdRng::seed_from_u64(seed);
    let noise: Normal<f64> = Normal::new(0.0, 0.5).expect("a spread above 0");
    let mut shop = Shop {
        features: FeatureTable::new(vec![], vec![]).expect("nothing is alike"),
        scores: Vec::new(),
        outcomes: Vec::new(),
        folds: Vec::new(),
        truth: Vec::new(),
    };
    let (mut attribute, mut idle) = (Vec::new(), Vec::new());
    for customer in 0..n {
        let known = 0.8 * (0.8 * noise.sample(&mut random)).exp();
        let has_it = random.random::<f64>() < 0.3;
        let mean = known * if has_it { 2.0 } else { 0.5 };
        let purchases: f64 = Poisson::new(mean).expect("above 0").sample(&mut random);
        let spend = spend_scale * if has_it { 3.0 } else { 1.0 };
        let value = purchases * spend * noise.sample(&mut random).exp();
        attribute.push(f64::from(u8::from(has_it)));
        idle.push(random.random::<f64>());
        shop.scores.push(ModelScores {
            probability_buys: 1.0 - (-known).exp(),
            expected_purchases: known,
            expected_spend: spend_scale,
        });
        shop.outcomes.push(Outcome { purchases, value });
        shop.folds.push((customer % 5) as u32);
        shop.truth.push(mean * spend * (0.5_f64 * 0.5 * 0.5).exp());
    }
    shop.features =
        FeatureTable::new(vec![attribute, idle], vec![Monotone::Free; 2]).expect("alike");
    shop
}

impl Shop {
    fn rows(&self) -> ZilnRows<'_> {
        ZilnRows {
            features: &self.features,
            scores: &self.scores,
            outcomes: &self.outcomes,
            folds: &self.folds,
            is_latest: None,
        }
    }
}

fn miss(predicted: impl Iterator<Item = f64>, truth: &[f64]) -> f64 {
    predicted.zip(truth).map(|(p, t)| (p - t).abs()).sum::<f64>() / truth.len() as f64
}

#[test]
fn trees_find_what_the_probability_model_does_not_know() {
    let (seen, fresh) = (shop(6_000, 1, 40.0), shop(6_000, 2, 40.0));
    let fitted = Ziln::fit(&seen.rows(), &ZilnOptions::careful(1)).unwrap();
    let forecasts = fitted.forecast(&fresh.features, &fresh.scores);
    let hybrid = miss(forecasts.iter().map(|one| one.expected_value), &fresh.truth);
    let parent = miss(
        fresh.scores.iter().map(|one| one.expected_purchases * one.expected_spend),
        &fresh.truth,
    );
    assert!(hybrid < 0.25 * parent, "{hybrid} {parent}");
    let total: f64 = forecasts.iter().map(|one| one.expected_value).sum();
    assert!((total / fresh.truth.iter().sum::<f64>() - 1.0).abs() < 0.06, "{total}");
    assert_eq!(fitted.reports().len(), 4);
    assert!(fitted.reports().iter().take(3).all(|(_, head)| head.loss < head.loss_of_offsets));
}

#[test]
fn intervals_of_count_and_value_hold_what_they_promise() {
    let (seen, fresh) = (shop(6_000, 3, 40.0), shop(6_000, 4, 40.0));
    let fitted = Ziln::fit(&seen.rows(), &ZilnOptions::careful(1)).unwrap();
    let forecasts = fitted.forecast(&fresh.features, &fresh.scores);
    let n = forecasts.len() as f64;
    let below = |holds: &dyn Fn(&ZilnForecast, &Outcome) -> bool| {
        forecasts.iter().zip(&fresh.outcomes).filter(|(one, came)| holds(one, came)).count() as f64
            / n
    };
    for level in [0.8, 0.9, 0.95] {
        let value = below(&|one, came| came.value <= one.value.unwrap().quantile(level));
        assert!((value - level).abs() < 0.025, "value at {level}: {value}");
        let count = below(&|one, came| came.purchases <= one.count_quantile(level) as f64);
        let short = below(&|one, came| came.purchases < one.count_quantile(level) as f64);
        assert!(
            count > level - 0.025 && short < level + 0.025,
            "count at {level}: {short} {count}"
        );
    }
}

#[test]
fn the_currency_changes_no_forecast_but_its_unit() {
    let (in_euros, in_yen) = (shop(3_000, 5, 40.0), shop(3_000, 5, 40.0 * 163.0));
    let fit = |shop: &Shop| {
        let fitted = Ziln::fit(&shop.rows(), &ZilnOptions::careful(1)).unwrap();
        fitted.forecast(&shop.features, &shop.scores)
    };
    for (euros, yen) in fit(&in_euros).iter().zip(fit(&in_yen)) {
        assert!((euros.expected_value * 163.0 / yen.expected_value - 1.0).abs() < 1e-6);
        assert!((euros.expected_purchases - yen.expected_purchases).abs() < 1e-9);
    }
}

#[test]
fn one_enormous_value_does_not_make_any_mean_explode() {
    let mut shop = shop(3_000, 6, 40.0);
    let richest = shop.outcomes.iter().position(|outcome| outcome.value > 0.0).unwrap();
    shop.outcomes[richest].value = 1e9;
    let fitted = Ziln::fit(&shop.rows(), &ZilnOptions::careful(1)).unwrap();
    let forecasts = fitted.forecast(&shop.features, &shop.scores);
    for one in &forecasts {
        assert!(one.expected_value.is_finite() && one.value.unwrap().sd_ln <= 2.0);
        assert!(one.expected_value < 2_000.0, "{one:?}");
    }
    // Scores that a model should not give are survived.
    let wild = [
        ModelScores { probability_buys: 0.0, expected_purchases: 0.0, expected_spend: 0.0 },
        ModelScores { probability_buys: 1.0, expected_purchases: 1e12, expected_spend: 1e12 },
    ];
    let features = shop.features.rows(&[0, 1]);
    for one in fitted.forecast(&features, &wild) {
        assert!(one.expected_value.is_finite() && one.expected_purchases.is_finite());
        assert!((0.0..=1.0).contains(&one.probability_buys));
        assert!(one.expected_value <= 2.0 * 1e9);
    }
}

#[test]
fn longer_horizons_never_hold_less() {
    let shops = [0.5, 1.0, 0.9].map(|scale| {
        let mut shop = shop(2_000, 7, 40.0);
        for outcome in &mut shop.outcomes {
            outcome.value *= scale;
        }
        shop
    });
    let mut forecasts: Vec<Vec<ZilnForecast>> = (0..3)
        .map(|at| {
            // Every horizon from data of its own, so that chance puts some out of order.
            let options = ZilnOptions::careful(at as u64);
            let fitted = Ziln::fit(&shops[at].rows(), &options).unwrap();
            fitted.forecast(&shops[at].features, &shops[at].scores)
        })
        .collect();
    let disorder = |forecasts: &[Vec<ZilnForecast>]| {
        (0..forecasts[0].len())
            .filter(|&customer| {
                forecasts.windows(2).any(|pair| {
                    let (short, long) = (pair[0][customer], pair[1][customer]);
                    short.probability_buys > long.probability_buys
                        || short.expected_purchases > long.expected_purchases
                        || short.expected_value > long.expected_value
                })
            })
            .count()
    };
    assert!(disorder(&forecasts) > 100, "there is something to put in order");
    order_horizons(&mut forecasts);
    assert_eq!(disorder(&forecasts), 0);
    for customer in 0..forecasts[0].len() {
        let of_customer: Vec<ZilnForecast> = forecasts.iter().map(|all| all[customer]).collect();
        let quantiles = [0.1, 0.5, 0.9].map(|level| value_quantiles(&of_customer, level));
        for path in &quantiles {
            assert!(path.windows(2).all(|pair| pair[0] <= pair[1]));
        }
        for (low, high) in quantiles.windows(2).flat_map(|q| q[0].iter().zip(&q[1])) {
            assert!(low <= high);
        }
    }
}

#[test]
fn pooling_gives_the_nearest_order() {
    for (values, expected) in [
        (vec![], vec![]),
        (vec![3.0, 2.0, 1.0], vec![2.0, 2.0, 2.0]),
        (vec![1.0, 2.0, 3.0], vec![1.0, 2.0, 3.0]),
        (vec![1.0, 3.0, 2.0, 4.0, 0.0], vec![1.0, 2.25, 2.25, 2.25, 2.25]),
    ] {
        assert_eq!(isotonic(&values), expected, "{values:?}");
    }
}

#[test]
fn too_few_buyers_and_columns_of_different_lengths_are_refused() {
    let mut shop = shop(200, 8, 40.0);
    shop.folds.pop();
    let error = Ziln::fit(&shop.rows(), &ZilnOptions::careful(1)).unwrap_err();
    assert!(matches!(error, ZilnError::Length { .. }), "{error}");
    shop.folds.push(0);
    for outcome in &mut shop.outcomes {
        *outcome = Outcome { purchases: 0.0, value: 0.0 };
    }
    let error = Ziln::fit(&shop.rows(), &ZilnOptions::careful(1)).unwrap_err();
    assert_eq!(error, ZilnError::TooFew { rows: 200, buyers: 0 });
}

#[test]
fn the_level_of_a_period_is_found_and_trusted_as_far_as_periods_agree() {
    let shop = shop(4_000, 9, 40.0);
    let busier: Vec<Outcome> = shop
        .outcomes
        .iter()
        .map(|one| Outcome { purchases: 2.0 * one.purchases, ..*one })
        .collect();
    let usual = PeriodShift::between(&shop.scores, &shop.outcomes);
    let busy = PeriodShift::between(&shop.scores, &busier);
    assert!((busy.ln_purchases - usual.ln_purchases - 2.0_f64.ln()).abs() < 1e-9);
    let moved: f64 = shop.scores.iter().map(|one| usual.of(*one).probability_buys).sum();
    let buyers = shop.outcomes.iter().filter(|one| one.purchases > 0.0).count() as f64;
    assert!((moved - buyers).abs() < 1e-6 * buyers);
    let up = PeriodShift { ln_purchases: 0.3, logit_buys: 0.3 };
    let down = PeriodShift { ln_purchases: -0.3, logit_buys: -0.3 };
    // Periods that agree are believed, those that contradict each other and single ones are not.
    assert!((PeriodShift::expected(&[up, up, up]).ln_purchases - 0.3).abs() < 1e-12);
    assert!(PeriodShift::expected(&[up, down]).ln_purchases.abs() < 1e-12);
    assert_eq!(PeriodShift::expected(&[up]), PeriodShift::NONE);
    let mixed = PeriodShift::expected(&[up, up, down]).ln_purchases;
    assert!(mixed > 0.0 && mixed < 0.05, "{mixed}");
}
