//! Exponential and logarithm without a branch or a call, so that a loop over an array runs on vector registers.
//!
//! They are as exact as the platform's to a few units in the last place, on the domains stated, and bit-equal on every
//! platform.

/// Adding and taking away 1.5 * 2^52 rounds to a whole number, which the low bits then hold.
const ROUNDING: f64 = 6_755_399_441_055_744.0;

/// ln 2 in two parts; the first has so few digits that products with exponents are exact.
const LN_2_HIGH: f64 = f64::from_bits(0x3FE6_2E42_FEE0_0000);
const LN_2_LOW: f64 = f64::from_bits(0x3DEA_39EF_3579_3C76);

/// e^x for |x| <= 700; NaN elsewhere.
///
/// Source: x = k ln 2 + r with |r| <= ln 2 / 2, and the exponential series of r to the twelfth power.
///
/// ```
/// assert!((clv_numerics::vectorised::exp(1.0) - std::f64::consts::E).abs() < 1e-15);
/// ```
#[inline(always)]
#[must_use]
pub fn exp(x: f64) -> f64 {
    let (power_of_2, above_1) = reduced(x);
    let mantissa = 1.0 + above_1;
    if x.abs() <= 700.0 { mantissa * power_of_2 } else { f64::NAN }
}

/// e^x - 1 for |x| <= 700; NaN elsewhere.
///
/// Source: as [`exp`], the 1 taken from the power of 2, where it costs no digits.
///
/// ```
/// assert!((clv_numerics::vectorised::exp_m1(1e-9) / 1.000_000_000_5e-9 - 1.0).abs() < 1e-15);
/// ```
#[inline(always)]
#[must_use]
pub fn exp_m1(x: f64) -> f64 {
    let (power_of_2, above_1) = reduced(x);
    if x.abs() <= 700.0 { (power_of_2 - 1.0) + power_of_2 * above_1 } else { f64::NAN }
}

/// 2^k and e^r - 1 with x = k ln 2 + r and |r| <= ln 2 / 2.
#[inline(always)]
fn reduced(x: f64) -> (f64, f64) {
    let shifted = x * std::f64::consts::LOG2_E + ROUNDING;
    let k = shifted - ROUNDING;
    let r = (x - k * LN_2_HIGH) - k * LN_2_LOW;
    // 1/2!, 1/3!, ... 1/12!, added pairwise: a chain of twelve steps would leave the processor waiting.
    const C: [f64; 11] = [
        1.0 / 2.0,
        1.0 / 6.0,
        1.0 / 24.0,
        1.0 / 120.0,
        1.0 / 720.0,
        1.0 / 5_040.0,
        1.0 / 40_320.0,
        1.0 / 362_880.0,
        1.0 / 3_628_800.0,
        1.0 / 39_916_800.0,
        1.0 / 479_001_600.0,
    ];
    let (r2, r4) = (r * r, (r * r) * (r * r));
    let first = (C[0] + C[1] * r) + (C[2] + C[3] * r) * r2;
    let second = (C[4] + C[5] * r) + (C[6] + C[7] * r) * r2;
    let third = (C[8] + C[9] * r) + C[10] * r2;
    let series = first + (second + third * r4) * r4;
    let power_of_2 = f64::from_bits((shifted.to_bits() << 52).wrapping_add(1f64.to_bits()));
    (power_of_2, r + r2 * series)
}

/// ln x for x from 1e-300 to 1e300; NaN elsewhere.
///
/// Source: x = 2^e m with m in [sqrt(1/2), sqrt(2)), and ln m = 2 artanh((m-1)/(m+1)).
///
/// ```
/// assert!((clv_numerics::vectorised::ln(10.0) - 10f64.ln()).abs() < 1e-15);
/// ```
#[inline(always)]
#[must_use]
pub fn ln(x: f64) -> f64 {
    const SQRT_HALF: u64 = 0x3FE6_A09E_667F_3BCD;
    const TWO_TO_52: f64 = 4_503_599_627_370_496.0;
    // Added to the exponent, so that it is no negative number while it is shifted about.
    const BIAS: u64 = 1024;
    let bits = x.to_bits();
    let biased = bits.wrapping_sub(SQRT_HALF).wrapping_add(BIAS << 52) >> 52;
    let m = f64::from_bits(bits.wrapping_sub(biased << 52).wrapping_add(BIAS << 52));
    let e = f64::from_bits(biased | TWO_TO_52.to_bits()) - (TWO_TO_52 + BIAS as f64);
    let s = (m - 1.0) / (m + 1.0);
    let z = s * s;
    const C: [f64; 10] = [
        2.0 / 3.0,
        2.0 / 5.0,
        2.0 / 7.0,
        2.0 / 9.0,
        2.0 / 11.0,
        2.0 / 13.0,
        2.0 / 15.0,
        2.0 / 17.0,
        2.0 / 19.0,
        2.0 / 21.0,
    ];
    let (z2, z4) = (z * z, (z * z) * (z * z));
    let first = (C[0] + C[1] * z) + (C[2] + C[3] * z) * z2;
    let second = (C[4] + C[5] * z) + (C[6] + C[7] * z) * z2;
    let series = first + (second + (C[8] + C[9] * z) * z4) * z4;
    let ln_x = e * LN_2_HIGH + (2.0 * s + (s * z * series + e * LN_2_LOW));
    if (1e-300..=1e300).contains(&x) { ln_x } else { f64::NAN }
}

/// ln(1 + z) for z from 0 to 1e300; NaN elsewhere.
///
/// Source: [`ln`], with the rounding of 1 + z put right as W. Kahan does.
///
/// ```
/// assert!((clv_numerics::vectorised::ln_1p(1e-20) - 1e-20).abs() < 1e-35);
/// ```
#[inline(always)]
#[must_use]
pub fn ln_1p(z: f64) -> f64 {
    let sum = 1.0 + z;
    let added = sum - 1.0;
    let ln_1p = ln(sum) * (z / added);
    if added > 0.0 {
        ln_1p
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
    fn they_agree_with_the_platform_all_over_their_domain() {
        let mut worst = (0.0f64, 0.0f64);
        for k in 0..=1_400_000 {
            let x = -700.0 + f64::from(k) * 0.001;
            worst.0 = worst.0.max((exp(x) / x.exp() - 1.0).abs());
            for x in [1.0 + f64::from(k) * 1e-5, f64::from(k + 1) * 7e-7] {
                worst.1 = worst.1.max((ln(x) - x.ln()).abs() / x.ln().abs().max(1e-300));
            }
        }
        assert!(worst.0 < 5e-16 && worst.1 < 7e-16, "{worst:?}");
        let mut worst = (0.0f64, 0.0f64);
        for k in 0..=1_000_000 {
            let small = 1e-18 * 1e23f64.powf(f64::from(k) * 1e-6);
            let one = |x: f64| if x.abs() > 700.0 { 0.0 } else { exp_m1(x) / x.exp_m1() - 1.0 };
            worst.0 = worst.0.max(one(small).abs()).max(one(-small).abs());
            worst.1 = worst.1.max((ln_1p(small) / small.ln_1p() - 1.0).abs());
        }
        assert!(worst.0 < 1.5e-15 && worst.1 < 9e-16, "{worst:?}");
        for exponent in 0..=299 {
            let large = 10f64.powi(exponent) * 1.37;
            assert!((ln(large) - large.ln()).abs() <= 4e-16 * large.ln(), "{large}");
            let small = 1.0 / large;
            assert!((ln(small) - small.ln()).abs() <= 4e-16 * large.ln(), "{small}");
        }
    }

    #[test]
    fn outside_their_domain_there_is_no_number() {
        assert!(exp(701.0).is_nan() && exp(f64::NAN).is_nan() && exp(f64::NEG_INFINITY).is_nan());
        assert!(exp_m1(-701.0).is_nan() && exp_m1(f64::NAN).is_nan());
        assert!(ln_1p(-0.5).is_nan() && ln_1p(f64::NAN).is_nan() && ln_1p(f64::INFINITY).is_nan());
        assert!(
            ln(1e-301).is_nan()
                && ln(0.0).is_nan()
                && ln(-1.0).is_nan()
                && ln(f64::INFINITY).is_nan()
        );
    }
}
