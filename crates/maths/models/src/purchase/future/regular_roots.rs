//! Purchases of a customer whose clock ticks too often for sums over ticks: by roots of unity.
//!
//! Given the dropout probability p, the generating function of purchases takes every k-th tick. With
//! z = 1 - p, ζ_i = z^(1/k) ω^i and ω = e^(2πi/k), for phase j and ticks negative binomial with shape g and odds u,
//! E[N] = 1/k · z^((j+1)/k - 1) · Σ_i ω^(i(j+1)) f(ζ_i), f(ζ) = (1 - (1 + (1-ζ) u)^-g) / (1-ζ),
//! and E[N (N-1)] = 2 z dE/dz. The term i = 0 is the one of customers who leave with probability 1 - z^(1/k) after
//! each tick; the others die out as u grows. As z vanishes the sum would cancel, and few purchases matter anyway.

use std::f64::consts::TAU;

use clv_numerics::distribution::negative_binomial_survival;

use super::beta_mean::{expected_given, half_pairs_given, rules};

/// Below this z purchases are summed one by one.
const SMALL_STAYING: f64 = 0.1;
/// Purchases summed one by one: the next weighs less than 1e-20.
const FEW: usize = 22;

/// A complex number.
#[derive(Clone, Copy)]
struct Complex {
    re: f64,
    im: f64,
}

impl Complex {
    fn polar(modulus: f64, angle: f64) -> Self {
        Self { re: modulus * angle.cos(), im: modulus * angle.sin() }
    }

    fn times(self, other: Self) -> Self {
        Self {
            re: self.re * other.re - self.im * other.im,
            im: self.re * other.im + self.im * other.re,
        }
    }

    fn over(self, other: Self) -> Self {
        let scale = 1.0 / (other.re * other.re + other.im * other.im);
        Self {
            re: (self.re * other.re + self.im * other.im) * scale,
            im: (self.im * other.re - self.re * other.im) * scale,
        }
    }

    fn minus(self, other: Self) -> Self {
        Self { re: self.re - other.re, im: self.im - other.im }
    }
}

/// Expected purchases and pairs from `phase` of `k` for ticks of this shape and odds, dropout shapes `a` and `b`.
pub(super) fn by_roots(k: u32, phase: usize, g: f64, odds: f64, (a, b): (f64, f64)) -> [f64; 2] {
    let kf = f64::from(k);
    let at_least: Vec<f64> = (1..=FEW)
        .map(|n| negative_binomial_survival(g, odds, n as f64 * kf - phase as f64 - 1.0))
        .collect();
    let mut means = [0.0; 2];
    for &(p, weight) in rules(a, b).at_any_odds() {
        let z = 1.0 - p;
        let [expected, pairs] = if z < SMALL_STAYING {
            one_by_one(z, &at_least)
        } else {
            given(k, phase, g, odds, p)
        };
        means[0] += weight * expected;
        means[1] += weight * pairs;
    }
    means
}

fn one_by_one(z: f64, at_least: &[f64]) -> [f64; 2] {
    let (mut expected, mut pairs, mut stays, mut n) = (0.0, 0.0, 1.0, 0.0);
    for reached in at_least {
        expected += stays * reached;
        pairs += 2.0 * n * stays * reached;
        stays *= z;
        n += 1.0;
    }
    [expected, pairs]
}

fn given(k: u32, phase: usize, g: f64, odds: f64, p: f64) -> [f64; 2] {
    let kf = f64::from(k);
    let ln_z = (-p).ln_1p();
    let (root, leaving) = ((ln_z / kf).exp(), -(ln_z / kf).exp_m1());
    let mut sum = expected_given(leaving, g, odds);
    let mut slope = root * half_pairs_given(leaving, g, odds);
    let turns = (phase + 1) as f64;
    for i in 1..=k / 2 {
        let angle = TAU * f64::from(i) / kf;
        // Roots come in conjugate pairs, but for the one at -1.
        let twice = if 2 * i == k { 1.0 } else { 2.0 };
        let zeta = Complex::polar(root, angle);
        let d = Complex { re: 1.0 - zeta.re, im: -zeta.im };
        // 1 + (1 - ζ) u over u, which stays in range.
        let grown = Complex { re: d.re + 1.0 / odds, im: d.im };
        let ln_modulus = odds.ln() + grown.re.hypot(grown.im).ln();
        let none = Complex::polar((-g * ln_modulus).exp(), -g * grown.im.atan2(grown.re));
        let f = Complex { re: 1.0 - none.re, im: -none.im }.over(d);
        let one = none.over(grown);
        let df = f.minus(Complex { re: g * one.re, im: g * one.im }).over(d);
        let turn = Complex::polar(twice, angle * turns);
        sum += turn.times(f).re;
        slope += turn.times(zeta).times(df).re;
    }
    let power = turns / kf - 1.0;
    let scale = (power * ln_z).exp() / kf;
    [scale * sum, 2.0 * scale * (power * sum + slope / kf)]
}
