//! The time from a customer's last purchase to the next one, given how regular the customer is.
//!
//! Given k, times between purchases are gamma distributed with shape k and a rate κ of their own, and κ is gamma
//! distributed with shape g and rate a once the purchases are known. So the running interval V has a beta prime law:
//! V / (a + V) is beta with shapes k and g. Everything is written around the typical V, a k/g, so that large shapes
//! lose no digits.

use clv_numerics::gamma::{digamma, ln_gamma};

/// Shape k of the intervals, and the gamma law of their rate at the last purchase.
#[derive(Clone, Copy)]
pub(super) struct RunningInterval {
    pub(super) k: f64,
    /// Shape of the rate.
    pub(super) g: f64,
    /// Rate of the rate, time.
    pub(super) a: f64,
    /// ln of the typical length, a k/g.
    pub(super) ln_typical: f64,
    /// ln Γ(g+k)/(Γ(g) Γ(k+1)) as far as it does not cancel against the density's powers.
    ln_scale: f64,
    /// Which of V and its inverse the density is written in: 1 or -1, so that the larger shape is never subtracted.
    sign: f64,
    /// The smaller of the shapes, and its share of both.
    smaller: f64,
    share: f64,
}

/// The chance that the interval is longer than some length, and how it changes.
#[derive(Clone, Copy)]
pub(super) struct Outlasting {
    /// ln P(V > length).
    pub(super) ln: f64,
    /// Its slope in g.
    pub(super) slope_g: f64,
    /// Its slope in ln a.
    pub(super) slope_ln_a: f64,
}

/// ln Γ(z) - z ln z + z for z > 0: what is left of a log-gamma when its large parts have cancelled.
pub(super) fn ln_gamma_excess(z: f64) -> f64 {
    // From here Stirling's series with six terms is exact to rounding.
    if z < 10.0 {
        return ln_gamma(z) - z * z.ln() + z;
    }
    let (per_z, square) = (1.0 / z, 1.0 / (z * z));
    let series =
        [1.0 / 12.0, -1.0 / 360.0, 1.0 / 1260.0, -1.0 / 1680.0, 1.0 / 1188.0, -691.0 / 360_360.0];
    let remainder = series.iter().rev().fold(0.0, |sum, c| sum * square + c);
    0.5 * (std::f64::consts::TAU / z).ln() + remainder * per_z
}

impl RunningInterval {
    pub(super) fn new(k: f64, g: f64, a: f64) -> Self {
        // Γ(k+1), not Γ(k), as small k are to lose no digits.
        let of_k =
            if k < 1.0 { ln_gamma(k + 1.0) - k * k.ln() + k } else { ln_gamma_excess(k) + k.ln() };
        let ln_scale = ln_gamma_excess(g + k) - ln_gamma_excess(g) - of_k;
        let (sign, smaller) = if k > g { (-1.0, g) } else { (1.0, k) };
        let ln_typical = a.ln() + k.ln() - g.ln();
        Self { k, g, a, ln_typical, ln_scale, sign, smaller, share: smaller / (g + k) }
    }

    /// The logarithm of the density of ln V at `ln_v`, less ln k.
    fn ln_density_per_k(&self, ln_v: f64) -> f64 {
        let off = self.sign * (ln_v - self.ln_typical);
        // Beyond e^600 only the logarithm is a number.
        let ln_grown =
            if off > 600.0 { self.share.ln() + off } else { (self.share * off.exp_m1()).ln_1p() };
        self.smaller * off - (self.g + self.k) * ln_grown + self.ln_scale
    }

    /// The logarithm of the density of ln V at `ln_v`.
    pub(super) fn ln_density(&self, ln_v: f64) -> f64 {
        self.ln_density_per_k(ln_v) + self.k.ln()
    }

    /// The densities of ln V at many lengths at once, into `densities`, and ln((a + v)/(a + typical)) into `grown`.
    #[inline(always)]
    pub(super) fn densities(&self, ln_v: &[f64], densities: &mut [f64], grown: &mut [f64]) {
        use clv_numerics::vectorised;
        let Self { k, g, ln_typical, ln_scale, sign, smaller, share, .. } = *self;
        let (ln_scale, both) = (ln_scale + k.ln(), g + k);
        // What of ln v is in the growth where it is written in 1/v.
        let of_inverse = 0.5 * (1.0 - sign);
        for ((ln_v, density), grown) in ln_v.iter().zip(densities).zip(grown) {
            let off = sign * (ln_v - ln_typical).clamp(-690.0, 690.0);
            let growth = share * vectorised::exp_m1(off);
            // The rounding of 1 + growth is put right as W. Kahan does.
            let sum = 1.0 + growth;
            let added = sum - 1.0;
            let ln_sum = vectorised::ln(sum) * (growth / added);
            let ln_grown = if added.abs() > 0.0 { ln_sum } else { growth };
            let ln = smaller * off - both * ln_grown + ln_scale;
            let at = vectorised::exp(ln.clamp(-690.0, 690.0));
            *density = if ln < -690.0 { 0.0 } else { at };
            *grown = ln_grown - of_inverse * off;
        }
    }

    /// ln((a + typical)/a).
    pub(super) fn ln_typical_growth(&self) -> f64 {
        (self.k / self.g).ln_1p()
    }

    /// ψ(g + k) - ψ(g).
    pub(super) fn digamma_rise(&self) -> f64 {
        digamma(self.g + self.k) - digamma(self.g)
    }

    /// P(V > `length`) in logarithms, `length` being at least 0.
    ///
    /// The continued fraction 8.17.22 of [DLMF] from the nearer end, with its slope.
    pub(super) fn outlasting(&self, length: f64, digamma_rise: f64) -> Outlasting {
        if length <= 0.0 {
            return Outlasting { ln: 0.0, slope_g: 0.0, slope_ln_a: 0.0 };
        }
        let Self { k, g, a, .. } = *self;
        let ln_per_k = self.ln_density_per_k(length.ln());
        let ln_density = ln_per_k + k.ln();
        let until = 1.0 / (1.0 + length / a);
        let ln_until = -(length / a).ln_1p();
        let slope_ln_density = digamma_rise + ln_until;
        if until <= (g + 1.0) / (g + k + 2.0) {
            let (ln_fraction, slope) = ln_fraction((g, 1.0), (k, 0.0), until);
            let ln = ln_density + ln_fraction - g.ln();
            return Outlasting {
                ln,
                slope_g: slope_ln_density + slope - 1.0 / g,
                slope_ln_a: (ln_density - ln).exp(),
            };
        }
        let (ln_fraction, slope) = ln_fraction((k, 0.0), (g, 1.0), 1.0 / (1.0 + a / length));
        // Nearly all intervals are shorter where k is tiny; rounding may not make it all of them.
        let ln_shorter = (ln_per_k + ln_fraction).min(-1e-300);
        let longer = -ln_shorter.exp_m1();
        Outlasting {
            ln: longer.ln(),
            slope_g: -(ln_shorter.exp() / longer) * (slope_ln_density + slope),
            slope_ln_a: ln_density.exp() / longer,
        }
    }
}

/// Steps of the continued fraction before giving up; shapes of 1e5 need some hundreds.
const MOST_STEPS: usize = 20_000;

/// ln of the continued fraction of the incomplete beta function and its slope, each shape being given with its own
/// slope; modified Lentz.
fn ln_fraction((a, slope_a): (f64, f64), (b, slope_b): (f64, f64), x: f64) -> (f64, f64) {
    const TINY: f64 = 1e-300;
    let guard = |value: f64| if value.abs() < TINY { TINY } else { value };
    // Each of c, d and the steps with its slope.
    let (mut c, mut dc) = (1.0, 0.0);
    let first = -(a + b) * x / (a + 1.0);
    let first_slope =
        -x * ((slope_a + slope_b) * (a + 1.0) - (a + b) * slope_a) / ((a + 1.0) * (a + 1.0));
    let mut d = 1.0 / guard(1.0 + first);
    let mut dd = -d * d * first_slope;
    let mut value = d;
    let mut slope = dd / d;
    let mut ln_scale = 0.0;
    for m in 1..MOST_STEPS {
        let m = m as f64;
        let mut moved = 0.0;
        for is_even in [true, false] {
            let (step, step_slope) = if is_even {
                let (low, high) = (a + 2.0 * m - 1.0, a + 2.0 * m);
                let step = m * (b - m) * x / (low * high);
                let relative = slope_a * (1.0 / low + 1.0 / high);
                (step, m * slope_b * x / (low * high) - step * relative)
            } else {
                let (low, high) = (a + 2.0 * m, a + 2.0 * m + 1.0);
                let step = -(a + m) * (a + b + m) * x / (low * high);
                let relative = slope_a / (a + m) + (slope_a + slope_b) / (a + b + m)
                    - slope_a * (1.0 / low + 1.0 / high);
                (step, step * relative)
            };
            let inverse = 1.0 / guard(1.0 + step * d);
            dd = -inverse * inverse * (step_slope * d + step * dd);
            d = inverse;
            dc = step_slope / c - step * dc / (c * c);
            c = guard(1.0 + step / c);
            value *= d * c;
            let by = dd / d + dc / c;
            slope += by;
            moved = (d * c - 1.0).abs() + 1e-2 * by.abs();
        }
        if !(1e-200..1e200).contains(&value) {
            ln_scale += value.ln();
            value = 1.0;
        }
        if moved < 2e-16 {
            break;
        }
    }
    (ln_scale + value.ln(), slope)
}

#[cfg(test)]
mod tests {
    use clv_numerics::distribution::beta_cdf;

    use super::*;

    #[test]
    fn outlasting_is_the_beta_distribution_with_its_slopes() {
        for (k, g, a) in [
            (1.0, 0.4, 10.0),
            (0.3, 5.0, 2.0),
            (7.0, 30.0, 1.0),
            (80.0, 0.9, 4.0),
            (2.5, 900.0, 50.0),
        ] {
            for length in [1e-3, 0.05, 0.6, 3.0, 40.0, 700.0] {
                let at = |g: f64, a: f64| {
                    let law = RunningInterval::new(k, g, a);
                    law.outlasting(length, law.digamma_rise())
                };
                let found = at(g, a);
                let expected = beta_cdf(g, k, a / length);
                assert!((found.ln.exp() - expected).abs() < 1e-12, "{k} {g} {a} {length}");
                let step = 1e-5;
                let slope_g = (at(g + step, a).ln - at(g - step, a).ln) / (2.0 * step);
                let grow = f64::exp(step);
                let slope_ln_a = (at(g, a * grow).ln - at(g, a / grow).ln) / (2.0 * step);
                for (slope, difference) in
                    [(found.slope_g, slope_g), (found.slope_ln_a, slope_ln_a)]
                {
                    assert!(
                        (slope - difference).abs() < 1e-7 * (1.0 + slope.abs()),
                        "{k} {g} {a} {length}: {slope} {difference}"
                    );
                }
            }
        }
    }
}
