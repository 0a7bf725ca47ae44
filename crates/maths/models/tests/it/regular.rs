//! Regular buyers: what k is, where it comes from, and forecasts where ticks are many.

use std::path::PathBuf;

use clv_models::catalogue::purchase_model;
use clv_models::fit::{FitOptions, fit_purchase_model};
use clv_models::purchase::bg_cnbd_k::BgCnbdK;
use clv_models::purchase::bg_nbd::BgNbd;
use clv_models::purchase::mbg_cnbd_k::MbgCnbdK;
use clv_models::purchase::mbg_nbd::MbgNbd;
use clv_models::purchase::{FutureProcess, PurchaseModel};
use clv_models::simulate::{histories, simulate_customers};
use clv_models::{PurchaseHistories, PurchaseHistory};
use serde::Deserialize;

use crate::cdnow;

fn close(what: &str, found: f64, expected: f64, tolerance: f64) {
    let error = (found - expected).abs() / expected.abs().max(1e-290);
    assert!(error <= tolerance, "{what}: {found} for {expected}, {error:.1e}");
}

fn some_histories() -> Vec<PurchaseHistory> {
    [
        (0, 0.0, 39.0),
        (1, 5.0, 39.0),
        (2, 30.4, 38.9),
        (26, 30.9, 31.0),
        (25, 27.3, 36.9),
        (400, 90.0, 95.0),
    ]
    .into_iter()
    .map(|(x, t_x, age)| PurchaseHistory::new(x, t_x, age).unwrap())
    .collect()
}

#[test]
fn one_phase_is_the_model_of_random_buyers() {
    let pairs: [(Box<dyn PurchaseModel>, Box<dyn PurchaseModel>); 2] = [
        (
            Box::new(BgCnbdK::new(1, 0.24, 4.4, 0.79, 2.43).unwrap()),
            Box::new(BgNbd::new(0.24, 4.4, 0.79, 2.43).unwrap()),
        ),
        (
            Box::new(MbgCnbdK::new(1, 0.52, 6.2, 0.89, 1.61).unwrap()),
            Box::new(MbgNbd::new(0.52, 6.2, 0.89, 1.61).unwrap()),
        ),
    ];
    for (regular, random) in &pairs {
        for history in some_histories() {
            let what = format!("{regular:?} of {history:?}");
            close(&what, regular.ln_likelihood(&history), random.ln_likelihood(&history), 1e-12);
            close(
                &what,
                regular.probability_alive(&history),
                random.probability_alive(&history),
                1e-11,
            );
            assert_eq!(regular.if_alive(&history), random.if_alive(&history));
        }
        assert_eq!(regular.new_customer(), random.new_customer());
    }
}

#[test]
fn the_process_of_one_phase_is_the_one_of_random_buyers() {
    for (r, alpha, a, b, silence) in
        [(0.5, 10.0, 0.8, 2.4, 0.0), (26.2, 30.0, 0.8, 28.4, 5.0), (3.0, 2.0, 5.0, 0.4, 7.0)]
    {
        let regular = FutureProcess::RegularLeavingAfterPurchase { k: 1, silence, r, alpha, a, b };
        let random = FutureProcess::LeavingAfterPurchase { r, alpha: alpha + silence, a, b };
        for horizon in [0.01, 1.0, 39.0, 500.0, 1e5] {
            let what = format!("{regular:?} within {horizon}");
            let (one, other) = (regular.summary(horizon, 0.002), random.summary(horizon, 0.002));
            close(&what, one.expected_purchases, other.expected_purchases, 1e-9);
            close(&what, one.expected_pairs, other.expected_pairs, 1e-9);
            close(&what, one.probability_none, other.probability_none, 1e-11);
            close(&what, one.discounted_purchases, other.discounted_purchases, 1e-8);
            let (masses, others) =
                (regular.probability_mass(horizon, 9), random.probability_mass(horizon, 9));
            for (mass, other) in masses.iter().zip(others) {
                assert!((mass - other).abs() < 1e-11, "{what}: {mass} {other}");
            }
            let levels = [0.1, 0.5, 0.95];
            assert_eq!(
                regular.count_quantiles(horizon, 0.8, &levels),
                random.count_quantiles(horizon, 0.8, &levels),
                "{what}"
            );
        }
        for q in [0.01, 0.5, 0.99] {
            close("wait", regular.wait_quantile(q), random.wait_quantile(q), 1e-9);
        }
    }
}

#[test]
fn far_horizons_agree_with_high_precision() {
    #[derive(Deserialize)]
    struct Far {
        parameters: Vec<f64>,
        horizon: f64,
        expected: f64,
        pairs: f64,
    }
    #[derive(Deserialize)]
    struct Golden {
        far: Vec<Far>,
    }
    let path =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../golden/regular_process.toml");
    let golden: Golden = toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    for Far { parameters, horizon, expected, pairs } in golden.far {
        let [k, silence, r, alpha, a, b] = parameters[..] else { panic!("six parameters") };
        let k = k as u32;
        let process = FutureProcess::RegularLeavingAfterPurchase { k, silence, r, alpha, a, b };
        let what = format!("{process:?} within {horizon}");
        close(&what, process.expected_purchases(horizon), expected, 1e-9);
        close(&what, process.expected_pairs(horizon), pairs, 1e-9);
    }
}

#[test]
fn neighbouring_horizons_on_either_side_of_a_change_of_method_agree() {
    // Sums over ticks give way to roots of unity; expected purchases go on smoothly.
    for (k, r, alpha, a, b) in
        [(2, 0.5, 1.0, 0.8, 2.4), (3, 30.0, 1.0, 0.8, 12.4), (12, 2.0, 1.0, 1.5, 3.0)]
    {
        let process =
            FutureProcess::RegularLeavingAfterPurchase { k, silence: 0.7, r, alpha, a, b };
        let mut horizon = 10.0;
        while horizon < 400.0 {
            let step = 1e-4 * horizon;
            let [before, here, after] =
                [-step, 0.0, step].map(|by| process.expected_purchases(horizon + by));
            let bend = (after - 2.0 * here + before).abs() / here;
            assert!(bend < 1e-7, "{process:?} at {horizon}: {bend:e}");
            horizon *= 1.02;
        }
    }
}

#[test]
fn a_forecast_does_not_depend_on_who_is_forecast_beside_it() {
    let model = MbgCnbdK::new(3, 0.6, 3.3, 0.8, 2.5).unwrap();
    let history = PurchaseHistory::new(7, 29.4, 38.9).unwrap();
    let alone = model.if_alive(&history).summary(39.0, 0.002);
    for x in 1..900u32 {
        let other = PurchaseHistory::new(x, 30.0, 31.0 + f64::from(x % 7)).unwrap();
        let forecast = model.if_alive(&other).summary(39.0, 0.002);
        assert!(forecast.expected_purchases > 0.0);
    }
    let among_others = model.if_alive(&history).summary(39.0, 0.002);
    assert_eq!(alone, among_others);
}

#[test]
fn likelihoods_stay_finite_where_products_leave_the_range_of_numbers() {
    // x of 512, 256 and 171 overflow elsewhere at k of 1, 2 and 3.
    for (k, x) in [(1, 512), (2, 256), (3, 171), (3, 5000), (24, 100_000)] {
        let model = BgCnbdK::new(k, 0.24, 3.0, 0.8, 2.4).unwrap();
        let history = PurchaseHistory::new(x, 180.0, 730.0).unwrap();
        let equal = f64::from(x) * (180.0 / f64::from(x)).ln();
        let known = history.with_sum_ln_interpurchase_times(equal - f64::from(x)).unwrap();
        for one in [history, known] {
            assert!(model.ln_likelihood(&one).is_finite());
            assert!((0.0..=1.0).contains(&model.probability_alive(&one)));
            let forecast = model.expected_future_purchases(&one, 365.0);
            assert!(forecast.is_finite() && forecast >= 0.0, "{k} {x}: {forecast}");
        }
    }
}

#[test]
fn equal_gaps_speak_for_many_phases_and_unequal_ones_for_few() {
    let ln_likelihood = |k: u32, gaps: [f64; 4]| -> f64 {
        let sum = gaps.iter().map(|gap| gap.ln()).sum();
        let history = PurchaseHistory::new(4, gaps.iter().sum(), 45.0)
            .and_then(|history| history.with_sum_ln_interpurchase_times(sum))
            .unwrap();
        BgCnbdK::new(k, 20.0, 200.0 / f64::from(k), 0.8, 2.4).unwrap().ln_likelihood(&history)
    };
    assert!(ln_likelihood(6, [10.0; 4]) > ln_likelihood(1, [10.0; 4]));
    assert!(ln_likelihood(6, [1.0, 3.0, 35.0, 1.0]) < ln_likelihood(1, [1.0, 3.0, 35.0, 1.0]));
}

#[test]
fn unknown_gaps_count_as_the_mean_over_all_there_could_be() {
    // Two gaps within t: the second purchase is anywhere between.
    let (k, t) = (3, 8.0);
    let model = BgCnbdK::new(k, 0.6, 3.3, 0.8, 2.5).unwrap();
    let history = PurchaseHistory::new(2, t, 11.0).unwrap();
    let n = 20_000;
    let mean = (0..n)
        .map(|i| {
            let gap = t * (f64::from(i) + 0.5) / f64::from(n);
            let sum = gap.ln() + (t - gap).ln();
            let known = history.with_sum_ln_interpurchase_times(sum).unwrap();
            model.ln_likelihood(&known).exp() / f64::from(n)
        })
        .sum::<f64>();
    close("mean likelihood", model.ln_likelihood(&history), mean.ln(), 1e-7);
}

/// Customers at `k` phases; with and without what is known of the gaps.
fn simulated(id: &str, k: f64, n: u32) -> [PurchaseHistories; 2] {
    let entry = purchase_model(id).unwrap();
    let model = (entry.build)(&[k, 1.2, 6.0 / k, 0.8, 4.0]).unwrap();
    let ages: Vec<f64> = (0..n).map(|i| 20.0 + f64::from(i % 60)).collect();
    let known = histories(&simulate_customers(&model.new_customer(), &ages, 0.0, 5));
    let mut unknown = PurchaseHistories::default();
    for (history, weight) in known.iter() {
        let (x, t_x) = (history.repeat_purchases(), history.last_purchase_age());
        unknown.push(PurchaseHistory::new(x, t_x, history.age()).unwrap(), weight).unwrap();
    }
    [known, unknown]
}

#[test]
fn a_fit_finds_how_regular_customers_are_by_their_gaps_or_without() {
    for id in ["bg-cnbd-k", "mbg-cnbd-k"] {
        let entry = purchase_model(id).unwrap();
        for k in [1.0, 2.0, 4.0] {
            for rows in simulated(id, k, 3000) {
                let fitted = fit_purchase_model(entry, &rows, &FitOptions::default()).unwrap();
                let parameters = fitted.model().parameters();
                assert!(fitted.converged(), "{fitted:?}");
                assert!((parameters[0].value - k).abs() < 0.5, "{id} {k}: {fitted:?}");
                assert_eq!(fitted.standard_errors()[0], None);
                assert!(fitted.standard_errors()[1..].iter().all(Option::is_some));
                let tried = fitted.ln_likelihood_by_whole();
                let best = tried.iter().map(|(_, ln)| *ln).fold(f64::MIN, f64::max);
                close("best", fitted.log_likelihood(), best, 1e-12);
                assert!(tried.len() >= k as usize + 3, "{tried:?}");
            }
        }
    }
}

#[test]
fn buyers_of_music_are_not_regular() {
    // The published likelihoods of CDNOW at k = 1 and 2.
    let histories = cdnow::histories(7.0);
    for (id, expected) in
        [("bg-cnbd-k", [-9582.429, -9855.327]), ("mbg-cnbd-k", [-9582.136, -9853.253])]
    {
        let entry = purchase_model(id).unwrap();
        let fitted = fit_purchase_model(entry, &histories, &FitOptions::default()).unwrap();
        assert_eq!(fitted.model().parameters()[0].value as u32, 1);
        for ((_, found), expected) in fitted.ln_likelihood_by_whole().iter().zip(expected) {
            close(id, *found, expected, 1e-7);
        }
    }
}

#[test]
fn gaps_that_do_not_fit_between_first_and_last_purchase_are_refused() {
    let history = PurchaseHistory::new(2, 6.0, 9.0).unwrap();
    let equal = 2.0 * 3f64.ln();
    assert!(history.with_sum_ln_interpurchase_times(equal).is_ok());
    for sum in [equal + 0.01, f64::NAN, f64::INFINITY] {
        assert!(history.with_sum_ln_interpurchase_times(sum).is_err(), "{sum}");
    }
    assert!(PurchaseHistory::newborn().with_sum_ln_interpurchase_times(1.0).is_err());
    for k in [0.0, 2.5, 25.0] {
        let entry = purchase_model("bg-cnbd-k").unwrap();
        assert!((entry.build)(&[k, 0.5, 1.0, 0.8, 2.4]).is_err());
    }
}

#[test]
fn no_mass_of_a_count_is_above_one() {
    let history = PurchaseHistory::new(0, 0.0, 2.090_428_606_440_937e-6).unwrap();
    let values =
        [15.0, 3.563_432_049_217_6, 0.000_124_208_544_817_412_7, 16_863.186_498_276_933, 0.001_371];
    for id in ["bg-cnbd-k", "mbg-cnbd-k"] {
        let model = (purchase_model(id).unwrap().build)(&values).unwrap();
        for horizon in [1e-9, 1e-7, 1e-6, history.age(), 1e-5] {
            let masses = model.if_alive(&history).probability_mass(horizon, 20);
            assert!(masses.iter().all(|mass| (0.0..=1.0).contains(mass)), "{id}: {masses:?}");
        }
    }
}
