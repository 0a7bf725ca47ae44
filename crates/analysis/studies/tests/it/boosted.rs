//! The boosted forecast learns from the past alone, and knows more than either of its parents.

use clv_engine::CustomerIds;
use clv_models::boosted::ZilnForecast;
use clv_models::scores::{normalized_gini::normalized_gini, rmse::rmse};
use clv_studies::backtest::BacktestOptions;
use clv_studies::base::{CustomerBase, DayRow};
use clv_studies::boosted::{BoostedOptions, Start, forecast_at, forecast_horizons_at};
use clv_studies::boosted_contest::backtest_with_boosted;
use clv_studies::calendar::day_of;
use clv_studies::features::{Attribute, FeatureSet, feature_table};
use clv_studies::spend_choice::SpendModelChoice;
use clv_studies::time::TimeUnit;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, Exp1, Gamma};

use crate::cdnow;

/// The last day that forecasts may see.
const ORIGIN: i32 = 540;
const HORIZON_DAYS: i32 = 90;

/// A shop of two years whose channel, known from the first order on, tells who buys more and spends more.
fn shop(n_customers: usize, seed: u64) -> (CustomerBase, Attribute) {
    let mut random = StdRng::seed_from_u64(seed);
    let rates: Gamma<f64> = Gamma::new(1.2, 0.012).expect("a legal shape and scale");
    let (mut rows, mut offsets, mut levels) = (Vec::new(), vec![0], Vec::new());
    for _ in 0..n_customers {
        let is_loyal = random.random::<f64>() < 0.35;
        let rate = rates.sample(&mut random) * if is_loyal { 2.5 } else { 0.7 };
        let spend = if is_loyal { 60.0 } else { 25.0 };
        let exponential = |random: &mut StdRng| -> f64 { Exp1.sample(random) };
        let mut day = random.random::<f64>() * 480.0;
        let leaves = day + 400.0 * exponential(&mut random);
        let mut last = i32::MIN;
        while day < 720.0 {
            let today = day as i32;
            if today > last {
                let gross = spend * (0.5 + random.random::<f64>());
                rows.push(DayRow { day: today, orders: 1, gross, returns: 0.0 });
                last = today;
            }
            day += exponential(&mut random) / rate;
            if day > leaves {
                break;
            }
        }
        offsets.push(rows.len());
        levels.push(Some(u32::from(is_loyal)));
    }
    let ids = CustomerIds::Integer((0..n_customers as i64).collect());
    let base = CustomerBase::new(ids, offsets, rows, 719);
    (base, Attribute { name: "channel".to_owned(), level_of_customer: levels })
}

fn options(attribute: &Attribute) -> BoostedOptions {
    BoostedOptions {
        attributes: vec![attribute.clone()],
        ..BoostedOptions::usual(TimeUnit::Week, 1)
    }
}

/// The base with every order after `origin` falsified: moved, multiplied, some left out and others made up.
fn falsified(base: &CustomerBase, origin: i32) -> CustomerBase {
    let (mut rows, mut offsets) = (Vec::new(), vec![0]);
    for customer in 0..base.n_customers() {
        let days = base.days_of(customer);
        let known = days.iter().filter(|row| row.day <= origin).count();
        rows.extend(&days[..known]);
        // Who is yet to come stays, so that customers keep their positions; their first day may be any after it.
        let is_made_up = customer % 2 == 0 || known == 0;
        if is_made_up {
            let day = origin + 1 + (customer % 7) as i32;
            rows.push(DayRow { day, orders: 3, gross: 1e6, returns: 5e5 });
        }
        offsets.push(rows.len());
    }
    CustomerBase::new(base.ids().clone(), offsets, rows, origin + 400)
}

/// Whether what `look` sees at the origin changes when everything after the origin does.
fn sees_the_future<T: PartialEq>(base: &CustomerBase, look: impl Fn(&CustomerBase) -> T) -> bool {
    look(base) != look(&falsified(base, ORIGIN))
}

#[test]
fn nothing_after_the_origin_changes_any_feature_or_forecast() {
    let (base, attribute) = shop(1_500, 1);
    let known: Vec<usize> =
        (0..base.n_customers()).filter(|&one| base.first_day_of(one) <= ORIGIN).collect();
    // Missing values are no numbers and equal nothing, so that bits are compared.
    let features_at = |base: &CustomerBase, day: i32| -> Vec<Vec<u64>> {
        let rows: Vec<(usize, i32)> = known.iter().map(|&one| (one, day)).collect();
        let table = feature_table(base, &rows, FeatureSet::Everything, &[]);
        table.columns().iter().map(|c| c.iter().map(|value| value.to_bits()).collect()).collect()
    };
    assert!(!sees_the_future(&base, |base| features_at(base, ORIGIN)));
    let forecasts = |base: &CustomerBase| {
        forecast_at(base, ORIGIN, HORIZON_DAYS, &options(&attribute)).unwrap()
    };
    assert!(!sees_the_future(&base, forecasts));
    // The same check catches features that look a month too far, and a forecast made too late.
    assert!(sees_the_future(&base, |base| features_at(base, ORIGIN + 30)));
    assert!(sees_the_future(&base, |base| {
        forecast_at(base, ORIGIN + 30, HORIZON_DAYS, &options(&attribute)).unwrap().forecasts
    }));
}

#[test]
fn holdouts_learnt_from_are_over_by_the_origin() {
    let (base, attribute) = shop(1_500, 2);
    for horizon_days in [30, 90, 300] {
        let boosted = forecast_at(&base, ORIGIN, horizon_days, &options(&attribute)).unwrap();
        assert!(boosted.learnt_days <= horizon_days && !boosted.learnt_at.is_empty());
        for earlier in &boosted.learnt_at {
            assert!(earlier + boosted.learnt_days <= ORIGIN, "{earlier}");
        }
    }
}

/// Root mean squared errors of purchases and of value over the holdout, and how far the ranking by value falls short of the
/// best one.
fn errors(base: &CustomerBase, purchases: &[f64], values: &[f64]) -> [f64; 3] {
    let known = (0..base.n_customers()).filter(|&one| base.first_day_of(one) <= ORIGIN);
    let (came, spent): (Vec<f64>, Vec<f64>) = known
        .map(|one| {
            let held = base
                .purchases_of(one)
                .filter(|row| row.day > ORIGIN && row.day <= ORIGIN + HORIZON_DAYS);
            held.fold((0.0, 0.0), |sum, row| (sum.0 + 1.0, sum.1 + row.gross))
        })
        .unzip();
    let weights = vec![1.0; came.len()];
    [
        rmse(purchases, &came, &weights),
        rmse(values, &spent, &weights),
        1.0 - normalized_gini(values, &spent, &weights),
    ]
}

#[test]
fn the_hybrid_beats_both_its_parents_where_a_first_order_attribute_matters() {
    let (base, attribute) = shop(6_000, 3);
    let hybrid = forecast_at(&base, ORIGIN, HORIZON_DAYS, &options(&attribute)).unwrap();
    let alone = BoostedOptions { start: Start::Mean, ..options(&attribute) };
    let alone = forecast_at(&base, ORIGIN, HORIZON_DAYS, &alone).unwrap();
    let of = |forecasts: &[ZilnForecast]| {
        let purchases: Vec<f64> = forecasts.iter().map(|one| one.expected_purchases).collect();
        let values: Vec<f64> = forecasts.iter().map(|one| one.expected_value).collect();
        errors(&base, &purchases, &values)
    };
    let (of_hybrid, of_trees) = (of(&hybrid.forecasts), of(&alone.forecasts));
    let purchases: Vec<f64> = hybrid.parents.iter().map(|one| one.expected_purchases).collect();
    let values: Vec<f64> =
        hybrid.parents.iter().map(|one| one.expected_purchases * one.expected_spend).collect();
    let of_model = errors(&base, &purchases, &values);
    for (measure, hybrid) in of_hybrid.into_iter().enumerate() {
        let parents = (of_model[measure], of_trees[measure]);
        assert!(hybrid < parents.0 && hybrid < parents.1, "{measure}: {hybrid} {parents:?}");
    }
}

#[test]
fn customers_with_one_order_are_told_apart_by_what_that_order_says() {
    let (base, attribute) = shop(4_000, 4);
    let boosted = forecast_at(&base, ORIGIN, HORIZON_DAYS, &options(&attribute)).unwrap();
    let known: Vec<usize> =
        (0..base.n_customers()).filter(|&one| base.first_day_of(one) <= ORIGIN).collect();
    // Of the newest, the probability model knows nothing but that they are new.
    let mean_of = |level: u32, value: &dyn Fn(usize) -> f64| {
        let of_level: Vec<f64> = (0..known.len())
            .filter(|&row| {
                let days = base.days_of(known[row]);
                days.iter().filter(|day| day.day <= ORIGIN).count() == 1
                    && days[0].day > ORIGIN - 180
                    && attribute.level_of_customer[known[row]] == Some(level)
            })
            .map(value)
            .collect();
        assert!(of_level.len() > 30, "{}", of_level.len());
        of_level.iter().sum::<f64>() / of_level.len() as f64
    };
    let ratio = |value: &dyn Fn(usize) -> f64| mean_of(1, value) / mean_of(0, value);
    let of_model = ratio(&|row| boosted.parents[row].expected_purchases);
    let of_hybrid = ratio(&|row| boosted.forecasts[row].expected_purchases);
    assert!((0.7..1.4).contains(&of_model), "{of_model}");
    assert!(of_hybrid > 1.25 * of_model, "{of_hybrid} {of_model}");
}

#[test]
fn more_time_never_holds_less() {
    let (base, attribute) = shop(1_500, 5);
    let horizons =
        forecast_horizons_at(&base, ORIGIN, &[365, 30, 90], &options(&attribute)).unwrap();
    assert_eq!(horizons.iter().map(|one| one.horizon_days).collect::<Vec<_>>(), [30, 90, 365]);
    for pair in horizons.windows(2) {
        for (short, long) in pair[0].forecasts.iter().zip(&pair[1].forecasts) {
            assert!(short.probability_buys <= long.probability_buys);
            assert!(short.expected_purchases <= long.expected_purchases);
            assert!(short.expected_value <= long.expected_value);
        }
    }
    let far = &horizons[2].forecasts;
    assert!(far.iter().all(|one| one.expected_value.is_finite() && one.expected_value >= 0.0));
}

#[test]
fn the_boosted_forecast_is_scored_beside_the_models_and_serves_nobody() {
    let mut options = BacktestOptions {
        unit: TimeUnit::Week,
        horizon: Some("90d".parse().unwrap()),
        wished_horizon: "52w".parse().unwrap(),
        until: day_of(cdnow::CALIBRATION_END),
        n_origins: 1,
        models: vec!["ziln".to_owned(), "pareto-nbd".to_owned()],
        sampled_customers: None,
        spend: SpendModelChoice::gamma_gamma(),
    };
    let answer = backtest_with_boosted(&cdnow::base(), &options, 1).unwrap().answer;
    let of = |id: &str| answer.scores.iter().find(|score| score.model == id).expect(id);
    let (boosted, model) = (of("ziln"), of("pareto-nbd"));
    assert_eq!(boosted.n_customers, model.n_customers);
    assert!((boosted.actual_total - model.actual_total).abs() < 1e-9);
    assert!(boosted.normalized_gini > 0.6 && boosted.rmse < 1.1 * model.rmse, "{boosted:?}");
    assert!(boosted.coverage_90.is_some_and(|share| share > 0.85) && !boosted.served);
    assert_ne!(answer.served, "ziln");
    // Too early there is nothing to learn from, which is said and stops nobody else.
    options.until = day_of("1997-01-03");
    let answer = backtest_with_boosted(&cdnow::base(), &options, 1).unwrap().answer;
    assert!(answer.left_out.iter().any(|(id, why)| id == "ziln" && why.contains("days before")));
}
