//! The gamma distribution by shape and rate.
//!
//! The distribution function is the regularised incomplete gamma function: its power series below the mean, its
//! continued fraction above [Gautschi1979].

use crate::gamma::ln_gamma;

use super::normal::rough_normal_quantile;

/// Terms of a series or continued fraction before giving up; a shape of 1e6 needs some ten thousand.
const MOST_TERMS: usize = 200_000;

/// P(X <= `x`) of a gamma variable with `shape` and `rate`, both above 0 (else NaN); 0 for x of at most 0.
///
/// ```
/// use clv_numerics::distribution::gamma_cdf;
/// assert!((gamma_cdf(1.0, 2.0, 0.5) - (1.0 - (-1.0_f64).exp())).abs() < 1e-15);
/// ```
#[must_use]
pub fn gamma_cdf(shape: f64, rate: f64, x: f64) -> f64 {
    let (below, above) = both_tails(shape, rate * x);
    if below.is_nan() { 1.0 - above } else { below }
}

/// P(X > `x`) of a gamma variable with `shape` and `rate`, with its own relative precision.
#[must_use]
pub fn gamma_survival(shape: f64, rate: f64, x: f64) -> f64 {
    let (below, above) = both_tails(shape, rate * x);
    if above.is_nan() { 1.0 - below } else { above }
}

/// One of P and Q, the other NaN; both NaN outside the domain.
fn both_tails(shape: f64, x: f64) -> (f64, f64) {
    if !(shape > 0.0 && shape.is_finite()) || x.is_nan() {
        return (f64::NAN, f64::NAN);
    }
    if x <= 0.0 {
        return (0.0, f64::NAN);
    }
    if x.is_infinite() {
        return (f64::NAN, 0.0);
    }
    let ln_front = ln_density_times_x(shape, x, ln_gamma_where_needed(shape));
    if x < shape + 1.0 {
        return ((ln_front.exp() / shape * series(shape, x)).min(1.0), f64::NAN);
    }
    (f64::NAN, (ln_front.exp() * continued_fraction(shape, x)).min(1.0))
}

/// From this shape on the density comes from Stirling's series.
const LARGE_SHAPE: f64 = 15.0;

/// What [`ln_density_times_x`] wants of a shape.
fn ln_gamma_where_needed(shape: f64) -> f64 {
    if shape < LARGE_SHAPE { ln_gamma(shape) } else { 0.0 }
}

/// ln(x^shape e^-x / Gamma(shape)), given [`ln_gamma_where_needed`].
fn ln_density_times_x(shape: f64, x: f64, ln_gamma: f64) -> f64 {
    if shape < LARGE_SHAPE {
        return shape * x.ln() - x - ln_gamma;
    }
    // Around the mean the terms are each of the size of the shape; what remains is the distance from the mean
    // and Stirling's correction.
    let distance = (x - shape) / shape;
    let stirling = {
        let s = 1.0 / (shape * shape);
        (1.0 / 12.0 - s * (1.0 / 360.0 - s * (1.0 / 1260.0 - s * (1.0 / 1680.0 - s / 1188.0))))
            / shape
    };
    let log = if distance > -0.9 { distance.ln_1p() } else { (x / shape).ln() };
    shape * (log - distance) + 0.5 * (shape / (2.0 * std::f64::consts::PI)).ln() - stirling
}

/// Sum of x^k / ((shape + 1) ... (shape + k)).
fn series(shape: f64, x: f64) -> f64 {
    let (mut term, mut sum, mut below) = (1.0, 1.0, shape);
    for _ in 0..MOST_TERMS {
        below += 1.0;
        term *= x / below;
        sum += term;
        if term < 1e-17 * sum {
            break;
        }
    }
    sum
}

/// The continued fraction of Q over the front factor, by the modified Lentz method.
fn continued_fraction(shape: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let mut b = x + 1.0 - shape;
    let mut c = 1.0 / TINY;
    let mut d = 1.0 / if b.abs() < TINY { TINY } else { b };
    let mut value = d;
    for k in 1..MOST_TERMS {
        let kf = k as f64;
        let a = -kf * (kf - shape);
        b += 2.0;
        d = a * d + b;
        d = 1.0 / if d.abs() < TINY { TINY } else { d };
        c = b + a / c;
        c = if c.abs() < TINY { TINY } else { c };
        let change = d * c;
        value *= change;
        if (change - 1.0).abs() < 1e-16 {
            break;
        }
    }
    value
}

/// The x with P(X <= x) = `q` of a gamma variable with `shape` and `rate`; 0 at 0, infinite at 1, NaN outside
/// [0, 1] or where shape or rate are not above 0.
///
/// Starts from Wilson and Hilferty's cube root of a normal variable [WilsonHilferty1931], or from the power law
/// near 0, and follows the Taylor series of the inverse function to its fifth power: mostly one evaluation of the
/// distribution function is enough.
///
/// ```
/// use clv_numerics::distribution::{gamma_cdf, gamma_quantile};
/// let x = gamma_quantile(2.5, 0.1, 0.9);
/// assert!((gamma_cdf(2.5, 0.1, x) - 0.9).abs() < 1e-13);
/// ```
#[must_use]
pub fn gamma_quantile(shape: f64, rate: f64, q: f64) -> f64 {
    let in_domain = shape > 0.0 && shape.is_finite() && rate > 0.0 && rate.is_finite();
    if !in_domain || !(0.0..=1.0).contains(&q) {
        return f64::NAN;
    }
    if q <= 0.0 {
        return 0.0;
    }
    if q >= 1.0 {
        return f64::INFINITY;
    }
    standard_quantile(shape, q) / rate
}

/// Relative error at which a quantile is exact enough.
const QUANTILE_ERROR: f64 = 1e-12;
/// Above this probability the upper tail is what is matched, for it keeps its relative precision.
const UPPER_TAIL: f64 = 0.99;

/// The quantile at rate 1 for q strictly between 0 and 1.
fn standard_quantile(shape: f64, q: f64) -> f64 {
    let ninth = 1.0 / (9.0 * shape);
    let root = 1.0 - ninth + rough_normal_quantile(q) * ninth.sqrt();
    let mut x = if root > 0.2 && shape > 0.3 {
        shape * root * root * root
    } else {
        // P(X <= x) is at most x^shape / Gamma(shape + 1), and close to it where x is small.
        let power = ((q.ln() + ln_gamma(shape + 1.0)) / shape).exp();
        if power < 1e-280 || power < 1e-9 * shape.min(1.0) {
            // So far down the power law is exact to its next term.
            return power * (1.0 + power / (shape + 1.0));
        }
        power
    };
    let ln_gamma_shape = ln_gamma_where_needed(shape);
    let (mut low, mut high) = (0.0, f64::INFINITY);
    for _ in 0..100 {
        let front = ln_density_times_x(shape, x, ln_gamma_shape).exp();
        let is_lower = x < shape + if q < UPPER_TAIL { 8.0 } else { 1.0 };
        let missing = if is_lower {
            q - front / shape * series(shape, x)
        } else {
            front * continued_fraction(shape, x) - (1.0 - q)
        };
        if missing > 0.0 {
            low = x;
        } else {
            high = x;
        }
        let newton = missing * x / front;
        let (step, error) = inverse_step(shape, x, newton);
        let mut next = x + step;
        if !(next > low && next < high) {
            next = if high.is_infinite() { 2.0 * x + 1.0 } else { 0.5 * (low + high) };
        } else if error <= QUANTILE_ERROR * next {
            return next;
        }
        if (next - x).abs() <= QUANTILE_ERROR * x {
            return next;
        }
        x = next;
    }
    x
}

/// How far the quantile is from `x`, where Newton's step is `newton`; and the error to expect of that.
///
/// The quantile is a function of the probability whose derivatives follow from those of the density: with
/// g = -(ln density)', each is the density's inverse power times c_n, where c_1 = 1 and c_n+1 = n g c_n + c_n'.
fn inverse_step(shape: f64, x: f64, newton: f64) -> (f64, f64) {
    let excess = (shape - 1.0) / x;
    let g = 1.0 - excess;
    // The size of one factor of the series: of g and of what its derivatives bring.
    let factor = newton.abs() * (g.abs() + (excess.abs().sqrt() + x.recip().sqrt()) / x.sqrt());
    if factor > 0.4 {
        // Halley's step, held back.
        return (newton / (1.0 - (0.5 * newton * g).clamp(-0.5, 0.5)), f64::INFINITY);
    }
    let g1 = excess / x;
    let g2 = -2.0 * g1 / x;
    let g3 = -3.0 * g2 / x;
    let square = g * g;
    let c3 = 2.0 * square + g1;
    let c4 = g * (6.0 * square + 7.0 * g1) + g2;
    let c5 = square * (24.0 * square + 46.0 * g1) + 7.0 * g1 * g1 + 11.0 * g * g2 + g3;
    let u = newton;
    let step = u * (1.0 + 0.5 * u * (g + u / 3.0 * (c3 + u / 4.0 * (c4 + u / 5.0 * c5))));
    (step, u.abs() * factor.powi(5))
}
