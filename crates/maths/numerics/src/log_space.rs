//! Sums and differences of numbers known by their logarithm, and ratios that cancel.

/// ln(e^a + e^b) without overflow; either may be negative infinity.
///
/// ```
/// assert!((clv_numerics::log_space::ln_add_exp(1000.0, 1000.0) - (1000.0 + 2f64.ln())).abs() < 1e-12);
/// ```
#[must_use]
pub fn ln_add_exp(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() {
        return f64::NAN;
    }
    let (larger, smaller) = if a >= b { (a, b) } else { (b, a) };
    if larger.is_infinite() {
        return larger;
    }
    larger + (smaller - larger).exp().ln_1p()
}

/// ln(e^a - e^b) without overflow, for a >= b; NaN for a < b, negative infinity for a = b.
///
/// ```
/// assert!((clv_numerics::log_space::ln_sub_exp(2f64.ln(), 0.0)).abs() < 1e-15);
/// ```
#[must_use]
pub fn ln_sub_exp(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() || a < b {
        return f64::NAN;
    }
    if b == f64::NEG_INFINITY || a == f64::INFINITY {
        return if b == f64::INFINITY { f64::NEG_INFINITY } else { a };
    }
    a + ln_one_minus_exp(b - a)
}

/// ln(1 - e^x) for x <= 0, exact at both ends; NaN for x > 0.
///
/// ```
/// assert!((clv_numerics::log_space::ln_one_minus_exp(-1e-20) - (1e-20f64).ln()).abs() < 1e-14);
/// ```
#[must_use]
pub fn ln_one_minus_exp(x: f64) -> f64 {
    if x > 0.0 {
        f64::NAN
    } else if x > -std::f64::consts::LN_2 {
        (-x.exp_m1()).ln()
    } else {
        (-x.exp()).ln_1p()
    }
}

/// ln(1 + e^x), which is x for large x and e^x for very negative x.
///
/// ```
/// assert!((clv_numerics::log_space::softplus(0.0) - 2f64.ln()).abs() < 1e-15);
/// ```
#[must_use]
pub fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

/// 1 / (1 + e^-x), with full relative accuracy in both tails.
///
/// ```
/// assert!((clv_numerics::log_space::logistic(-700.0) / (-700f64).exp() - 1.0).abs() < 1e-15);
/// ```
#[must_use]
pub fn logistic(x: f64) -> f64 {
    if x >= 0.0 {
        1.0 / (1.0 + (-x).exp())
    } else {
        let e = x.exp();
        e / (1.0 + e)
    }
}

/// (e^z - 1) / z, which is 1 at z = 0.
///
/// ```
/// assert!((clv_numerics::log_space::exp_m1_ratio(0.0) - 1.0).abs() < 1e-15);
/// ```
#[must_use]
pub fn exp_m1_ratio(z: f64) -> f64 {
    if z.abs() < f64::MIN_POSITIVE { 1.0 } else { z.exp_m1() / z }
}

/// ln(1 + z) / z for z > -1, which is 1 at z = 0.
///
/// ```
/// assert!((clv_numerics::log_space::ln_1p_ratio(1.0) - 2f64.ln()).abs() < 1e-15);
/// ```
#[must_use]
pub fn ln_1p_ratio(z: f64) -> f64 {
    if z.abs() < f64::MIN_POSITIVE { 1.0 } else { z.ln_1p() / z }
}

/// ln(1 + z) for z >= 0, as exact as `ln_1p` and about twice as fast; NaN for z < 0.
///
/// Corrects the rounding of 1 + z by the ratio of z to what was added, as W. Kahan does.
///
/// ```
/// assert!((clv_numerics::log_space::ln_1p_of_ratio(1e-20) - 1e-20).abs() < 1e-35);
/// ```
#[inline]
#[must_use]
pub fn ln_1p_of_ratio(z: f64) -> f64 {
    let sum = 1.0 + z;
    let added = sum - 1.0;
    if added > 0.0 && sum < f64::INFINITY {
        sum.ln() * (z / added)
    } else if z >= 0.0 {
        z
    } else {
        f64::NAN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adding_and_taking_away_in_log_space_is_where_it_began() {
        for (a, b) in [(0.0, -1.0), (-800.0, -801.5), (700.0, 0.0), (3.0, f64::NEG_INFINITY)] {
            let back = ln_sub_exp(ln_add_exp(a, b), b);
            assert!((back - a).abs() < 1e-12 * (1.0 + a.abs()), "{a} {b}: {back}");
        }
    }

    #[test]
    fn log_space_sums_keep_their_infinities() {
        let nothing = f64::NEG_INFINITY;
        assert!(ln_add_exp(nothing, nothing) <= nothing && ln_sub_exp(1.0, 1.0) <= nothing);
        assert!(ln_add_exp(f64::INFINITY, 0.0) >= f64::INFINITY);
        assert!(ln_sub_exp(0.0, 1.0).is_nan() && ln_one_minus_exp(0.5).is_nan());
    }

    #[test]
    fn logistic_is_the_slope_of_softplus() {
        for x in [-30.0, -2.0, 0.0, 0.7, 20.0] {
            let slope = (softplus(x + 1e-5) - softplus(x - 1e-5)) / 2e-5;
            assert!((slope - logistic(x)).abs() < 1e-9, "{x}");
        }
    }
}
