//! The standard normal distribution.

use std::f64::consts::{PI, SQRT_2};

/// P(Z <= x) of a standard normal variable; full relative precision in the lower tail.
///
/// ```
/// use clv_numerics::distribution::normal_cdf;
/// assert!((normal_cdf(1.959_963_984_540_054) - 0.975).abs() < 1e-15);
/// ```
#[must_use]
pub fn normal_cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x / SQRT_2)
}

/// The x with P(Z <= x) = `probability`; infinite at 0 and 1, NaN outside [0, 1].
///
/// Starts from the rational approximation 26.2.23 of [AbramowitzStegun1964] and takes Halley steps.
///
/// ```
/// use clv_numerics::distribution::normal_quantile;
/// assert!((normal_quantile(0.975) - 1.959_963_984_540_054).abs() < 1e-13);
/// ```
#[must_use]
pub fn normal_quantile(probability: f64) -> f64 {
    if !(0.0..=1.0).contains(&probability) {
        return f64::NAN;
    }
    if probability > 0.5 {
        return -lower_quantile(1.0 - probability);
    }
    lower_quantile(probability)
}

/// The quantile of a probability of at most one half.
fn lower_quantile(probability: f64) -> f64 {
    if probability <= 0.0 {
        return f64::NEG_INFINITY;
    }
    let mut x = rough_lower_quantile(probability);
    for _ in 0..3 {
        let cdf = normal_cdf(x);
        let density = (-0.5 * x * x).exp() / (2.0 * PI).sqrt();
        if density <= 0.0 {
            break;
        }
        let newton = (cdf - probability) / density;
        let step = newton / (1.0 + 0.5 * x * newton);
        x -= step;
        if step.abs() <= 1e-16 * x.abs() {
            break;
        }
    }
    x
}

/// The quantile of a probability strictly between 0 and 1, to 5e-4.
pub(super) fn rough_normal_quantile(probability: f64) -> f64 {
    if probability > 0.5 {
        return -rough_lower_quantile(1.0 - probability);
    }
    rough_lower_quantile(probability)
}

/// As [`lower_quantile`], by the rational approximation alone.
fn rough_lower_quantile(probability: f64) -> f64 {
    let t = (-2.0 * probability.ln()).sqrt();
    let numerator = 2.515_517 + t * (0.802_853 + t * 0.010_328);
    let denominator = 1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308));
    numerator / denominator - t
}
