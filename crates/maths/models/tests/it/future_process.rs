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
            ("leaving", &[r, alpha, a, b]) => {
                FutureProcess::LeavingAfterPurchase { r, alpha, a, b }
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
    let path =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../golden/future_process.toml");
    toml::from_str::<Golden>(&std::fs::read_to_string(path).unwrap()).unwrap().point
}

/// All values of all points against their references; says every one that is off.
fn check(tolerance: f64, of: impl Fn(&Point) -> Vec<(f64, f64)>) {
    let mut off = Vec::new();
    for point in golden() {
        for (k, (found, expected)) in of(&point).into_iter().enumerate() {
            let error = ((found - expected) / expected).abs();
            if !(error <= tolerance) {
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
            if !(error <= 1e-10) {
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
