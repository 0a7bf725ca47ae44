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
const SMALL_STAYING: f64 = 1e-3;
/// Purchases summed one by one: the next weighs less than 1e-18.
const FEW: usize = 6;
/// Points are left out that bring less than this share of what the others bring.
const NEGLIGIBLE: f64 = 1e-19;

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

/// A phase of the clock: its number, its weight, and the shape of the rate of ticks in it.
pub(super) type Phase = (usize, f64, f64);

/// Expected purchases and pairs over `phases` of `k`, for ticks of these odds and dropout shapes `a` and `b`.
pub(super) fn by_roots(k: u32, phases: &[Phase], odds: f64, (a, b): (f64, f64)) -> [f64; 2] {
    let kf = f64::from(k);
    // P(at least n purchases if nobody leaves), for n = 1, 2, ...
    let at_least: Vec<f64> = (1..=FEW)
        .map(|n| {
            let reached = |&(phase, weight, g): &Phase| {
                weight * negative_binomial_survival(g, odds, n as f64 * kf - phase as f64 - 1.0)
            };
            phases.iter().map(reached).sum()
        })
        .collect();
    let largest_shape = phases.last().map_or(0.0, |(.., g)| *g);
    let mut means = [0.0; 2];
    for &(p, weight) in rules(a, b).at_any_odds() {
        // No more purchases than ticks.
        if weight * largest_shape * odds < NEGLIGIBLE * means[0] {
            continue;
        }
        let z = 1.0 - p;
        let [expected, pairs] =
            if z < SMALL_STAYING { one_by_one(z, &at_least) } else { given(kf, phases, odds, p) };
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

fn given(k: f64, phases: &[Phase], odds: f64, p: f64) -> [f64; 2] {
    let ln_z = (-p).ln_1p();
    let (root, leaving) = ((ln_z / k).exp(), -(ln_z / k).exp_m1());
    let mut means = [0.0; 2];
    let mut add = |(phase, weight, _): Phase, sum: f64, slope: f64| {
        let power = (phase + 1) as f64 / k - 1.0;
        let scale = weight * (power * ln_z).exp() / k;
        means[0] += scale * sum;
        means[1] += 2.0 * scale * (power * sum + slope / k);
    };
    for &(phase, weight, g) in phases {
        let slope = root * half_pairs_given(leaving, g, odds);
        add((phase, weight, g), expected_given(leaving, g, odds), slope);
    }
    let first_shape = phases.first().map_or(0.0, |(.., g)| *g);
    for i in 1..=(k / 2.0) as u32 {
        let angle = TAU * f64::from(i) / k;
        // Roots come in conjugate pairs, but for the one at -1.
        let twice = if f64::from(2 * i) < k { 2.0 } else { 1.0 };
        let zeta = Complex::polar(root, angle);
        let d = Complex { re: 1.0 - zeta.re, im: -zeta.im };
        // 1 + (1 - ζ) u over u, which stays in range.
        let grown = Complex { re: d.re + 1.0 / odds, im: d.im };
        let ln_modulus = odds.ln() + grown.re.hypot(grown.im).ln();
        let turn = grown.im.atan2(grown.re);
        let none_of = |g: f64| Complex::polar((-g * ln_modulus).exp(), -g * turn);
        let mut none = none_of(first_shape);
        let per_tick = none_of(1.0);
        let mut reached = 0;
        for &(phase, weight, g) in phases {
            // Each phase has one tick more, and so one in the shape.
            while reached < phase - phases[0].0 {
                none = none.times(per_tick);
                reached += 1;
            }
            let f = Complex { re: 1.0 - none.re, im: -none.im }.over(d);
            let one = none.over(grown);
            let df = f.minus(Complex { re: g * one.re, im: g * one.im }).over(d);
            let turned = Complex::polar(twice, angle * (phase + 1) as f64);
            add((phase, weight, g), turned.times(f).re, turned.times(zeta).times(df).re);
        }
    }
    means
}
