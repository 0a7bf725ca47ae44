//! Likelihoods by summing over a grid of latent rates: slow, plain, and independent of what the models do.

use clv_numerics::gamma::{ln_beta, ln_gamma};
use clv_numerics::quadrature::gauss_legendre;

use crate::PurchaseHistory;
use crate::purchase::{FutureProcess, PurchaseModel};

/// The likelihood of staying and of having left, by summing over a grid of latent rates.
///
/// The trapezoidal rule in the logarithm of a rate and in the log-odds of a probability converges faster than
/// any power of the step for these integrands.
pub(super) fn brute_force(model: &dyn PurchaseModel, history: &PurchaseHistory) -> (f64, f64) {
    let (x, last, age) =
        (f64::from(history.repeat_purchases()), history.last_purchase_age(), history.age());
    let rates = |shape: f64, rate: f64, least: f64| -> Vec<(f64, f64)> {
        let step = 0.05;
        (-3000..=400)
            .map(|k| {
                let ln_scaled = f64::from(k) * step;
                let ln_density = shape * ln_scaled - ln_scaled.exp() - ln_gamma(shape);
                (ln_scaled.exp() / rate, step * ln_density.exp())
            })
            .filter(|(_, weight)| *weight > least)
            .collect()
    };
    // Weights below this never matter, unless a customer buys far more often than others do.
    let (least, tiny) = (1e-30, 1e-120);
    let chances = |a: f64, b: f64| -> Vec<(f64, f64)> {
        let step = 0.05;
        (-1600..=1600)
            .map(|k| {
                let odds = (f64::from(k) * step).exp();
                let (heads, tails) = (odds / (1.0 + odds), 1.0 / (1.0 + odds));
                let ln_density = a * heads.ln() + b * tails.ln() - ln_beta(a, b);
                (heads, step * ln_density.exp())
            })
            .filter(|(_, weight)| *weight > 1e-30)
            .collect()
    };
    let purchases = |rate: f64, until: f64| (x * rate.ln() - rate * until).exp();
    // A clock that ticks k times for each purchase: fewer than k ticks in the silence, or k x until the last one.
    let regular = |k: u32, r: f64, alpha: f64, a: f64, b: f64, tosses: f64| -> (f64, f64) {
        let kf = f64::from(k);
        let ln_timing = match history.sum_ln_interpurchase_times() {
            Some(sum) => (kf - 1.0) * sum - x * ln_gamma(kf),
            None if x > 0.0 => (kf - 1.0) * x * last.ln() + ln_gamma(x) - ln_gamma(kf * x),
            None => 0.0,
        };
        let (mut silent, mut bought) = (0.0, 0.0);
        for (rate, weight) in rates(r, alpha, tiny) {
            let ticks = weight * (kf * x * rate.ln() - rate * last + ln_timing).exp();
            let in_silence = rate * (age - last);
            let mut mass = (-in_silence).exp();
            for j in 0..k {
                silent += ticks * mass;
                mass *= in_silence / f64::from(j + 1);
            }
            bought += ticks;
        }
        let mean = |of: &dyn Fn(f64) -> f64| -> f64 {
            chances(a, b).iter().map(|&(heads, weight)| weight * of(heads)).sum()
        };
        let staying = mean(&|heads| (1.0 - heads).powf(tosses)) * silent;
        let left = if tosses < 1.0 {
            0.0
        } else {
            mean(&|heads| heads * (1.0 - heads).powf(tosses - 1.0)) * bought
        };
        (staying, left)
    };
    let mean_purchases = |r: f64, alpha: f64, until: f64| -> f64 {
        rates(r, alpha, least).iter().map(|&(rate, weight)| weight * purchases(rate, until)).sum()
    };
    let coin = |r: f64, alpha: f64, a: f64, b: f64, tosses: f64| -> (f64, f64) {
        let mean = |of: &dyn Fn(f64) -> f64| -> f64 {
            chances(a, b).iter().map(|&(heads, weight)| weight * of(heads)).sum()
        };
        let staying = mean(&|heads| (1.0 - heads).powf(tosses)) * mean_purchases(r, alpha, age);
        let left = if tosses < 1.0 {
            0.0
        } else {
            mean(&|heads| heads * (1.0 - heads).powf(tosses - 1.0)) * mean_purchases(r, alpha, last)
        };
        (staying, left)
    };
    match model.new_customer() {
        process @ (FutureProcess::Occasions { .. }
        | FutureProcess::OccasionsLeavingAtOnce { .. }) => {
            brute_force_occasions(&process, history, &chances)
        }
        FutureProcess::Steady { r, alpha } => (mean_purchases(r, alpha, age), 0.0),
        FutureProcess::LeavingAfterPurchase { r, alpha, a, b } => coin(r, alpha, a, b, x),
        FutureProcess::LeavingAtOnceOrAfterPurchase { r, alpha, a, b } => {
            coin(r, alpha, a, b, x + 1.0)
        }
        FutureProcess::RegularLeavingAfterPurchase { k, r, alpha, a, b, .. } => {
            regular(k, r, alpha, a, b, x)
        }
        FutureProcess::RegularLeavingAtOnceOrAfterPurchase { k, r, alpha, a, b } => {
            regular(k, r, alpha, a, b, x + 1.0)
        }
        FutureProcess::Aging { r, alpha, b, s, beta } => {
            let levels = rates(s, beta, least);
            let alive = |level: f64, until: f64| (-level * (b * until).exp_m1()).exp();
            let surviving: f64 = levels.iter().map(|&(level, w)| w * alive(level, age)).sum();
            let staying = surviving * mean_purchases(r, alpha, age);
            let leaves_at = |time: f64| -> f64 {
                let rate = |level: f64| level * b * (b * time).exp();
                levels.iter().map(|&(level, w)| w * rate(level) * alive(level, time)).sum()
            };
            let n_panels = 16;
            let width = (age - last) / f64::from(n_panels);
            let left = (0..n_panels).map(|k| {
                let from = last + width * f64::from(k);
                gauss_legendre(16).integrate(from, from + width, |time| {
                    leaves_at(time) * mean_purchases(r, alpha, time)
                })
            });
            (staying, left.sum())
        }
        FutureProcess::LapsingAtPoints { .. } => {
            // Not from the points, which are too far apart for a busy customer, but from the normal law itself.
            let value = |k: usize| model.parameters()[k].value;
            let normal = |mean: f64, sd: f64| -> Vec<(f64, f64)> {
                let step = 0.08 * sd.min(1.0);
                // A busy customer's rate lies this far out.
                let n = ((9.0 + x * sd) * sd / step) as i32;
                (-n..=n)
                    .map(|k| f64::from(k) * step)
                    .map(|off| {
                        (
                            (mean + off).exp(),
                            step / sd / 2.506_628_274_631_000_5 * (-0.5 * (off / sd).powi(2)).exp(),
                        )
                    })
                    .collect()
            };
            let (correlation, sd) = (value(4), value(3));
            let rest = sd * (1.0 - correlation * correlation).sqrt();
            let dropouts = normal(0.0, rest);
            let (mut staying, mut left) = (0.0, 0.0);
            for (purchase, weight) in normal(value(0), value(2)) {
                let off = sd * correlation * (purchase.ln() - value(0)) / value(2);
                let centre = (value(1) + off).exp();
                let (until_last, whole) = (purchases(purchase, last), purchases(purchase, age));
                let (mut stays, mut leaves) = (0.0, 0.0);
                for &(around, dropout_weight) in &dropouts {
                    let dropout = centre * around;
                    let at_end = whole * (-dropout * age).exp();
                    let gone = until_last * (-dropout * last).exp() - at_end;
                    stays += dropout_weight * at_end;
                    leaves += dropout_weight * gone * dropout / (purchase + dropout);
                }
                staying += weight * stays;
                left += weight * leaves;
            }
            (staying, left)
        }
        // No model of the catalogue has clocks of its own; one that had would fail here.
        FutureProcess::LapsingOnClocks { .. } => (f64::NAN, f64::NAN),
        FutureProcess::Lapsing { r, alpha, s, beta } => {
            let (mut staying, mut left) = (0.0, 0.0);
            let dropouts = rates(s, beta, least);
            for (purchase, weight) in rates(r, alpha, least) {
                let at_last = purchase.powf(x) * weight;
                for &(dropout, dropout_weight) in &dropouts {
                    let both = purchase + dropout;
                    let weight = at_last * dropout_weight;
                    let until_last = (-both * last).exp();
                    let silent = (-both * (age - last)).exp_m1();
                    staying += weight * until_last * (1.0 + silent);
                    left -= weight * until_last * silent * dropout / both;
                }
            }
            (staying, left)
        }
    }
}

/// The same for whole periods; who is there counts as there at the next occasion.
fn brute_force_occasions(
    process: &FutureProcess,
    history: &PurchaseHistory,
    chances: &dyn Fn(f64, f64) -> Vec<(f64, f64)>,
) -> (f64, f64) {
    let FutureProcess::OccasionsLeavingAtOnce { alpha, beta, gamma, delta } = *process else {
        return (f64::NAN, f64::NAN);
    };
    let (x, last, age) =
        (f64::from(history.repeat_purchases()), history.last_purchase_age(), history.age());
    let mean = |(a, b): (f64, f64), of: &dyn Fn(f64) -> f64| -> f64 {
        chances(a, b).iter().map(|&(chance, weight)| weight * of(chance)).sum()
    };
    let pattern =
        |until: f64| mean((alpha, beta), &|buys| buys.powf(x) * (1.0 - buys).powf(until - x));
    let staying = pattern(age) * mean((gamma, delta), &|leaves| (1.0 - leaves).powf(age + 1.0));
    let mut left = pattern(age) * mean((gamma, delta), &|leaves| leaves * (1.0 - leaves).powf(age));
    let mut at = last;
    while at < age {
        left += pattern(at) * mean((gamma, delta), &|leaves| leaves * (1.0 - leaves).powf(at));
        at += 1.0;
    }
    (staying, left)
}
