//! The future process against high precision values, itself and simulation.

use std::path::PathBuf;

use clv_models::purchase::FutureProcess;
use serde::Deserialize;

/// One point of `golden/future_process.toml`.
#[derive(Debug, Deserialize)]
struct Point {
    process: String,
    parameters: Vec<f64>,
    horizon: f64,
    expected: f64,
    pairs: f64,
    none: f64,
    masses: Vec<f64>,
    rates: Vec<f64>,
    discounted: Vec<f64>,
    residual: Vec<f64>,
    waits: Vec<f64>,
}

impl Point {
    fn process(&self) -> FutureProcess {
        match (self.process.as_str(), self.parameters.as_slice()) {
            ("steady", &[r, alpha]) => FutureProcess::Steady { r, alpha },
            ("lapsing", &[r, alpha, s, beta]) => FutureProcess::Lapsing { r, alpha, s, beta },
            ("aging", &[r, alpha, b, s, beta]) => FutureProcess::Aging { r, alpha, b, s, beta },
            ("leaving", &[r, alpha, a, b]) => {
                FutureProcess::LeavingAfterPurchase { r, alpha, a, b }
            }
            ("regular", &[k, silence, r, alpha, a, b]) => {
                FutureProcess::RegularLeavingAfterPurchase { k: k as u32, silence, r, alpha, a, b }
            }
            (_, &[r, alpha, a, b]) => {
                FutureProcess::LeavingAtOnceOrAfterPurchase { r, alpha, a, b }
            }
            other => panic!("no such process: {other:?}"),
        }
    }

    fn named(&self) -> String {
        format!("{} {:?} horizon {}", self.process, self.parameters, self.horizon)
    }
}

fn golden() -> Vec<Point> {
    #[derive(Deserialize)]
    struct Golden {
        point: Vec<Point>,
    }
    let golden = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../golden");
    let mut points = Vec::new();
    for file in ["future_process.toml", "regular_process.toml"] {
        let text = std::fs::read_to_string(golden.join(file)).unwrap();
        points.extend(toml::from_str::<Golden>(&text).unwrap().point);
    }
    points
}

/// All values of all points against their references; says every one that is off.
fn check(tolerance: f64, of: impl Fn(&Point) -> Vec<(f64, f64)>) {
    let mut off = Vec::new();
    for point in golden() {
        for (k, (found, expected)) in of(&point).into_iter().enumerate() {
            // Where the reference is beyond the range of f64, so must be what is found.
            let error = (found - expected).abs() / expected.abs().max(1e-290);
            if error.is_nan() || error > tolerance {
                off.push(format!("{} [{k}]: {found} for {expected}, {error:.1e}", point.named()));
            }
        }
    }
    assert!(off.is_empty(), "{} off:\n{}", off.len(), off.join("\n"));
}

#[test]
fn expected_purchases_agree_with_high_precision() {
    check(1e-9, |point| vec![(point.process().expected_purchases(point.horizon), point.expected)]);
}

#[test]
fn expected_pairs_agree_with_high_precision() {
    check(1e-9, |point| vec![(point.process().expected_pairs(point.horizon), point.pairs)]);
}

#[test]
fn probabilities_of_no_purchase_agree_with_high_precision() {
    check(1e-10, |point| vec![(point.process().probability_none(point.horizon), point.none)]);
}

#[test]
fn masses_agree_with_high_precision() {
    let mut off = Vec::new();
    for point in golden() {
        let masses = point.process().probability_mass(point.horizon, 12);
        for (n, expected) in [0, 1, 2, 5, 12].into_iter().zip(&point.masses) {
            let error = (masses[n] - expected).abs();
            if error.is_nan() || error > 1e-10 {
                off.push(format!("{} n {n}: {} for {expected}", point.named(), masses[n]));
            }
        }
    }
    assert!(off.is_empty(), "{} off:\n{}", off.len(), off.join("\n"));
}

#[test]
fn discounted_purchases_agree_with_high_precision() {
    check(1e-8, |point| {
        let process = point.process();
        let value = |rate: &f64| process.discounted_purchases(point.horizon, *rate);
        point.rates.iter().map(value).zip(point.discounted.iter().copied()).collect()
    });
}

#[test]
fn discounted_residual_purchases_agree_with_high_precision() {
    check(1e-8, |point| {
        let process = point.process();
        let value = |rate: &f64| process.discounted_purchases(f64::INFINITY, *rate);
        point.rates.iter().map(value).zip(point.residual.iter().copied()).collect()
    });
}

#[test]
fn waiting_times_agree_with_high_precision() {
    check(1e-9, |point| {
        let process = point.process();
        let value = |q: f64| process.wait_quantile(q);
        [0.05, 0.5, 0.9].into_iter().map(value).zip(point.waits.iter().copied()).collect()
    });
}

fn families() -> Vec<FutureProcess> {
    let mut all = Vec::new();
    for (r, alpha) in [(0.05, 0.4), (0.55, 10.6), (3.2, 50.0), (40.0, 60.0)] {
        all.push(FutureProcess::Steady { r, alpha });
        let shapes = [(0.02, 0.03), (0.6, 11.7), (1.0, 2.5), (5.0, 0.4), (60.0, 900.0)];
        let extremes = [(1e-3, 1e-3), (1e4, 1e4), (30.0, 1e4)];
        for (first, second) in shapes.into_iter().chain(extremes) {
            all.push(FutureProcess::Lapsing { r, alpha, s: first, beta: second });
            let b = 0.03;
            all.push(FutureProcess::Aging { r, alpha, b, s: first, beta: b * second });
            all.push(FutureProcess::LeavingAfterPurchase { r, alpha, a: first, b: second });
            all.push(FutureProcess::LeavingAtOnceOrAfterPurchase { r, alpha, a: first, b: second });
            // The first shapes are ordinary ones; the others would only take time.
            let clocks = [(2, 0.0), (12, 12.5)];
            for (k, silence) in clocks.into_iter().filter(|_| (0.5..=5.0).contains(&first)) {
                all.push(FutureProcess::RegularLeavingAfterPurchase {
                    k,
                    silence,
                    r,
                    alpha,
                    a: first,
                    b: second,
                });
            }
            let (k, a, b) = (2, first, second);
            all.push(FutureProcess::RegularLeavingAtOnceOrAfterPurchase { k, r, alpha, a, b });
        }
    }
    all
}

const HORIZONS: [f64; 7] = [1e-9, 0.01, 1.0, 39.0, 400.0, 1e5, 1e9];

#[test]
fn masses_are_probabilities_whose_moments_are_the_closed_forms() {
    for process in families() {
        let horizon = 20.0;
        let masses = process.probability_mass(horizon, 4000);
        let moment = |of: &dyn Fn(f64) -> f64| -> f64 {
            masses.iter().enumerate().map(|(n, mass)| of(n as f64) * mass).sum()
        };
        let close = |what: &str, found: f64, expected: f64| {
            let error = (found - expected).abs() / expected;
            assert!(error < 2e-8, "{what} of {process:?}: {found} for {expected}");
        };
        assert!(masses.iter().all(|mass| (0.0..=1.0).contains(mass)), "{process:?}");
        close("sum", moment(&|_| 1.0), 1.0);
        close("mean", moment(&|n| n), process.expected_purchases(horizon));
        close("pairs", moment(&|n| n * (n - 1.0)), process.expected_pairs(horizon));
        close("none", masses[0], process.probability_none(horizon));
    }
}

#[test]
fn longer_horizons_bring_more_purchases_and_every_answer_is_finite() {
    for process in families() {
        let mut before = (0.0, 0.0, 1.0, 0.0);
        for horizon in HORIZONS {
            let now = (
                process.expected_purchases(horizon),
                process.expected_pairs(horizon),
                process.probability_none(horizon),
                process.discounted_purchases(horizon, 0.002),
            );
            let what = format!("{process:?} at {horizon}: {now:?} after {before:?}");
            assert!([now.0, now.1, now.2, now.3].iter().all(|value| value.is_finite()), "{what}");
            assert!(
                now.0 >= before.0 * (1.0 - 1e-14) && now.1 >= before.1 * (1.0 - 1e-11),
                "{what}"
            );
            assert!(now.2 <= before.2 + 1e-12 && now.3 >= before.3 * (1.0 - 1e-9), "{what}");
            assert!(now.3 <= now.0 * (1.0 + 1e-9), "{what}");
            before = now;
        }
        let never = process.probability_none(f64::INFINITY);
        assert!(never <= before.2 + 1e-12, "{process:?}: {never} {before:?}");
        let residual = process.discounted_purchases(f64::INFINITY, 0.002);
        assert!((residual / before.3 - 1.0).abs() < 1e-7, "{process:?}: {residual} {before:?}");
    }
}

#[test]
fn no_time_brings_no_purchase() {
    for process in families() {
        for horizon in [0.0, -1.0, f64::NAN] {
            assert!(process.expected_purchases(horizon).abs() <= 0.0);
            assert!(process.expected_pairs(horizon).abs() <= 0.0);
            assert!(process.discounted_purchases(horizon, 0.1).abs() <= 0.0);
            assert!(process.probability_none(horizon) >= 1.0);
            assert_eq!(process.count_quantiles(horizon, 0.9, &[0.1, 0.9]), [0, 0]);
        }
    }
}

#[test]
fn without_discounting_nothing_is_discounted() {
    for process in families() {
        for horizon in HORIZONS {
            let expected = process.expected_purchases(horizon);
            assert_eq!(process.discounted_purchases(horizon, 0.0).to_bits(), expected.to_bits());
            let nearly = process.discounted_purchases(horizon, 1e-12 / horizon);
            assert!(
                (nearly / expected - 1.0).abs() < 1e-9,
                "{process:?} {horizon}: {nearly} {expected}"
            );
        }
    }
}

#[test]
fn summaries_agree_with_high_precision() {
    check(1e-9, |point| {
        let summary = point.process().summary(point.horizon, point.rates[0]);
        vec![
            (summary.expected_purchases, point.expected),
            (summary.expected_pairs, point.pairs),
            (summary.probability_none, point.none),
            (summary.discounted_purchases, point.discounted[0]),
        ]
    });
}

#[test]
fn a_summary_says_what_the_four_methods_say() {
    for process in families() {
        for horizon in HORIZONS.into_iter().chain([0.0, -1.0, f64::NAN, f64::INFINITY]) {
            for rate in [0.0, 0.002, 0.3] {
                let summary = process.summary(horizon, rate);
                let pairs = [
                    (summary.expected_purchases, process.expected_purchases(horizon)),
                    (summary.expected_pairs, process.expected_pairs(horizon)),
                    (summary.probability_none, process.probability_none(horizon)),
                    (summary.discounted_purchases, process.discounted_purchases(horizon, rate)),
                ];
                let is_on_curves = matches!(
                    process,
                    FutureProcess::LeavingAfterPurchase { .. }
                        | FutureProcess::LeavingAtOnceOrAfterPurchase { .. }
                );
                let tolerances =
                    if is_on_curves { [2e-11, 2e-11, 1e-12, 1e-9] } else { [1e-12; 4] };
                for (k, (found, expected)) in pairs.into_iter().enumerate() {
                    let is_equal = found.to_bits() == expected.to_bits()
                        || (found - expected).abs() <= tolerances[k] * expected.abs();
                    let what = format!("{process:?} {horizon} {rate} [{k}]");
                    assert!(is_equal, "{what}: {found} {expected}");
                }
            }
        }
    }
}

#[test]
fn a_wait_quantile_leaves_its_share_of_buyers_waiting() {
    for process in families() {
        let never = process.probability_none(f64::INFINITY);
        for q in [1e-6, 0.05, 0.5, 0.95] {
            let wait = process.wait_quantile(q);
            if wait > 1e200 {
                continue;
            }
            let bought = (1.0 - process.probability_none(wait)) / (1.0 - never);
            assert!((bought - q).abs() < 1e-8, "{process:?} {q}: {wait} {bought}");
        }
    }
}

#[test]
fn count_quantiles_are_where_the_masses_reach_the_level() {
    let levels = [0.05, 0.47, 0.95, 0.999];
    for process in families() {
        for horizon in [0.5, 39.0, 600.0] {
            for alive in [0.3, 1.0] {
                let masses = process.probability_mass(horizon, 3000);
                let quantiles = process.count_quantiles(horizon, alive, &levels);
                for (level, found) in levels.iter().zip(&quantiles) {
                    let mut reached = 1.0 - alive;
                    let exact = masses.iter().position(|mass| {
                        reached += alive * mass;
                        reached >= *level
                    });
                    let what = format!("{process:?} {horizon} {alive} {level}: {found} {exact:?}");
                    let Some(exact) = exact else { continue };
                    let slack = if exact <= 400 { 0.0 } else { 1.0 + 0.005 * exact as f64 };
                    assert!((*found as f64 - exact as f64).abs() <= slack, "{what}");
                }
            }
        }
    }
}

#[test]
fn the_residual_of_steep_lapsing_is_the_integral_where_confluent_functions_fail() {
    // s 200, beta 1e6 after 300 units: the integral is 9.9800 purchases at a rate of one.
    let process = FutureProcess::Lapsing { r: 1.0, alpha: 1.0, s: 200.0, beta: 1e6 + 300.0 };
    let residual = process.discounted_purchases(f64::INFINITY, 0.1);
    assert!((residual - 9.9800).abs() < 5e-5, "{residual}");
}

#[test]
fn an_unlikely_returner_among_bg_customers_has_a_forecast() {
    // A one-time buyer when a + b is below 1.
    let process = FutureProcess::LeavingAfterPurchase { r: 0.11, alpha: 3.24, a: 0.31, b: 0.5 };
    assert!((process.expected_purchases(30.0) - 0.5646).abs() < 5e-5);
}

#[test]
fn customers_who_buy_a_million_times_a_week_are_discounted_as_fast_as_others() {
    // Nobody leaves: a steady rate of r / alpha, discounted in closed form, is what remains as a vanishes.
    for r in [1.0, 1e3, 1e6] {
        let (horizon, rate) = (52.0, 0.002);
        let leaving = FutureProcess::LeavingAfterPurchase { r, alpha: 1e6, a: 1e-12, b: 1.0 };
        let steady = FutureProcess::Steady { r, alpha: 1e6 };
        let (got, expected) = (
            leaving.discounted_purchases(horizon, rate),
            steady.discounted_purchases(horizon, rate),
        );
        assert!((got / expected - 1.0).abs() < 1e-8, "r = {r}: {got} is not {expected}");
    }
    let busy = FutureProcess::LeavingAfterPurchase { r: 1e6, alpha: 1.0, a: 1.0, b: 1.0 };
    let discounted = busy.discounted_purchases(52.0, 0.002);
    let expected = busy.expected_purchases(52.0);
    assert!(discounted > 0.9 * expected && discounted < expected, "{discounted} of {expected}");
}
