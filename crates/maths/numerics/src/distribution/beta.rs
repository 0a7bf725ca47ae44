//! The beta distribution.

use crate::gamma::ln_gamma;

/// Steps of the continued fraction before giving up; shapes of 1e5 need some hundreds.
const MOST_STEPS: usize = 50_000;

/// P(X <= x) of a beta variable with shapes `a` and `b`, both above 0 (else NaN), given x as
/// `odds` = x / (1 - x) so that x near 1 keeps its precision.
///
/// The continued fraction 8.17.22 of [DLMF], taken from the nearer end.
///
/// ```
/// use clv_numerics::distribution::beta_cdf;
/// assert!((beta_cdf(2.0, 1.0, 1.0) - 0.25).abs() < 1e-15);
/// ```
#[must_use]
pub fn beta_cdf(a: f64, b: f64, odds: f64) -> f64 {
    let in_domain = a > 0.0 && a.is_finite() && b > 0.0 && b.is_finite();
    if !in_domain || odds.is_nan() {
        return f64::NAN;
    }
    if odds <= 0.0 {
        return 0.0;
    }
    if odds.is_infinite() {
        return 1.0;
    }
    let (x, y) = (odds / (1.0 + odds), 1.0 / (1.0 + odds));
    let ln_x = -(1.0 / odds).ln_1p();
    let ln_y = -odds.ln_1p();
    let ln_front = a * ln_x + b * ln_y + ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b);
    let value = if x <= (a + 1.0) / (a + b + 2.0) {
        ln_front.exp() * fraction(a, b, x) / a
    } else {
        1.0 - ln_front.exp() * fraction(b, a, y) / b
    };
    value.clamp(0.0, 1.0)
}

/// The continued fraction by the modified Lentz method.
fn fraction(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let guard = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / guard(1.0 - (a + b) * x / (a + 1.0));
    let mut value = d;
    for m in 1..MOST_STEPS {
        let m = m as f64;
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / guard(1.0 + even * d);
        c = guard(1.0 + even / c);
        value *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / guard(1.0 + odd * d);
        c = guard(1.0 + odd / c);
        let change = d * c;
        value *= change;
        if (change - 1.0).abs() < 1e-16 {
            break;
        }
    }
    value
}
