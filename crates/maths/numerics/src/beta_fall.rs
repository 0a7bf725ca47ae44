//! Differences of the gamma function's family over steps of any length, whole or not.
//!
//! What [`gamma`](crate::gamma) gives for whole steps in tables, for the steps that a power of time makes. Sums of
//! terms of one sign lift small arguments; above, Stirling's series is differenced term by term, so that the large
//! parts cancel on paper and not in rounding.

/// Above this argument the series' terms beyond the fifth are below rounding.
const SERIES_FROM: f64 = 20.0;

/// ln of B(a, b+h)/B(a, b), for a, b > 0 and h >= 0 up to 1e300; NaN elsewhere.
///
/// The mean of (1 - p)^h under a beta distribution with shapes a and b; never above 0. Equals
/// [`ln_beta_fall`](crate::gamma::ln_beta_fall) at whole h.
///
/// ```
/// use clv_numerics::{beta_fall::ln_beta_fall_by, gamma::ln_beta_fall};
/// assert!((ln_beta_fall_by(0.7, 1.2, 3.0) - ln_beta_fall(0.7, 1.2, 3)).abs() < 1e-15);
/// assert!(ln_beta_fall_by(0.7, 1.2, 0.5) < 0.0);
/// ```
#[must_use]
pub fn ln_beta_fall_by(a: f64, b: f64, h: f64) -> f64 {
    let in_domain = a > 0.0 && b > 0.0 && h >= 0.0 && a.is_finite() && b.is_finite();
    if !in_domain || h.is_infinite() {
        return f64::NAN;
    }
    let (mut b, mut sum) = (b, 0.0);
    while b < SERIES_FROM {
        // B(a, b+h)/B(a, b) grows by this when b does by one.
        sum -= (h / b * (a / (a + b + h))).ln_1p();
        b += 1.0;
    }
    let (both, end) = (a + b, b + h);
    let both_end = both + h;
    // The series' first term by hand: its four parts nearly cancel where a or h is small.
    let first = -(a / both) * (h / end) * ((both + end) / b / both_end) / 12.0;
    let rest = later_terms(end) - later_terms(b) - later_terms(both_end) + later_terms(both);
    sum - h * (a / end).ln_1p() + (b - 0.5) * (h / b * (a / both_end)).ln_1p()
        - a * (h / both).ln_1p()
        + first
        + rest
}

/// ψ(c + h) - ψ(c) for c > 0 and h >= 0; NaN elsewhere.
///
/// ```
/// use clv_numerics::{beta_fall::digamma_rise_by, gamma::digamma};
/// assert!((digamma_rise_by(2.0, 0.5) - (digamma(2.5) - digamma(2.0))).abs() < 1e-15);
/// ```
#[must_use]
pub fn digamma_rise_by(c: f64, h: f64) -> f64 {
    let in_domain = c > 0.0 && h >= 0.0 && c.is_finite();
    if !in_domain || h.is_infinite() {
        return f64::NAN;
    }
    let (mut c, mut sum) = (c, 0.0);
    while c < SERIES_FROM {
        sum += h / (c + h) / c;
        c += 1.0;
    }
    let end = c + h;
    let halves = 0.5 * (h / end) / c;
    // 1/(12 c^2) - 1/(12 end^2).
    let first = (h / end) * ((c + end) / end) / (12.0 * c * c);
    sum + (h / c).ln_1p() + halves + first + later_slopes(c) - later_slopes(end)
}

/// ψ(b + h) - ψ(b) - ψ(a + b + h) + ψ(a + b), the slope of [`ln_beta_fall_by`] in b, for a, b > 0 and h >= 0; NaN
/// elsewhere. Never below 0, and exact where the two rises of ψ are equal to all digits.
///
/// ```
/// use clv_numerics::beta_fall::{beta_fall_slope_by, digamma_rise_by};
/// let difference = digamma_rise_by(1.2, 3.0) - digamma_rise_by(1.9, 3.0);
/// assert!((beta_fall_slope_by(0.7, 1.2, 3.0) - difference).abs() < 1e-15);
/// ```
#[must_use]
pub fn beta_fall_slope_by(a: f64, b: f64, h: f64) -> f64 {
    let in_domain = a > 0.0 && b > 0.0 && h >= 0.0 && a.is_finite() && b.is_finite();
    if !in_domain || h.is_infinite() {
        return f64::NAN;
    }
    // 1/b - 1/(b+h) - 1/(a+b) + 1/(a+b+h).
    let reciprocals =
        |b: f64| (h / (b + h)) * (a / (a + b)) * ((a + 2.0 * b + h) / (a + b + h)) / b;
    let (mut b, mut sum) = (b, 0.0);
    while b < SERIES_FROM {
        sum += reciprocals(b);
        b += 1.0;
    }
    let both = a + b;
    let squares = |x: f64| 1.0 / (12.0 * x * x) + later_slopes(x);
    let rest = squares(b) - squares(b + h) - squares(both) + squares(both + h);
    sum + (h / b * (a / (both + h))).ln_1p() + 0.5 * reciprocals(b) + rest
}

/// Stirling's series of ln Γ beyond 1/(12 x), for x >= 20, [AbramowitzStegun1964, 6.1.41].
fn later_terms(x: f64) -> f64 {
    let z = 1.0 / (x * x);
    // B_2k / (2k (2k - 1)).
    const C: [f64; 5] =
        [-1.0 / 360.0, 1.0 / 1260.0, -1.0 / 1680.0, 1.0 / 1188.0, -691.0 / 360_360.0];
    C.iter().rev().fold(0.0, |sum, c| sum * z + c) * z / x
}

/// The series of ln x - 1/(2x) - ψ(x) beyond 1/(12 x^2), for x >= 20, [AbramowitzStegun1964, 6.3.18].
fn later_slopes(x: f64) -> f64 {
    let z = 1.0 / (x * x);
    // B_2k / (2k).
    const C: [f64; 5] = [-1.0 / 120.0, 1.0 / 252.0, -1.0 / 240.0, 1.0 / 132.0, -691.0 / 32_760.0];
    C.iter().rev().fold(0.0, |sum, c| sum * z + c) * z * z
}
