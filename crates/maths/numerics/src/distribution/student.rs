//! Student's t distribution.

use super::{beta_cdf, normal_quantile};

/// Above this many degrees of freedom the normal law is the same to seven digits.
const AS_GOOD_AS_NORMAL: f64 = 1e7;

/// The t with P(T <= t) = `q` for `freedom` degrees of freedom, above 0 and perhaps infinite, and q in (0, 1); NaN outside.
///
/// Bisection on P(|T| <= t), which is the regularised incomplete beta function at odds t^2 / freedom with shapes 1/2
/// and freedom / 2; exact to 1e-12 relative.
///
/// ```
/// use clv_numerics::distribution::student_quantile;
/// assert!((student_quantile(3.0, 0.9) - 1.637_744_353_696_210).abs() < 1e-11);
/// assert!((student_quantile(f64::INFINITY, 0.975) - 1.959_963_984_540_054).abs() < 1e-9);
/// ```
#[must_use]
pub fn student_quantile(freedom: f64, q: f64) -> f64 {
    let in_domain = freedom > 0.0 && q > 0.0 && q < 1.0;
    if !in_domain {
        return f64::NAN;
    }
    if freedom > AS_GOOD_AS_NORMAL {
        return normal_quantile(q);
    }
    let central = (2.0 * q - 1.0).abs();
    let within = |t: f64| beta_cdf(0.5, 0.5 * freedom, t * t / freedom);
    let (mut low, mut high) = (0.0, 1.0);
    while within(high) < central && high < 1e150 {
        high *= 2.0;
    }
    while high - low > 1e-13 * high {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        if within(middle) < central {
            low = middle;
        } else {
            high = middle;
        }
    }
    (0.5 * (low + high)).copysign(q - 0.5)
}
