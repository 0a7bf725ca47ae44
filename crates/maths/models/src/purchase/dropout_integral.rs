//! The chance, in Pareto/NBD, of having left during the silence since the last purchase.
//!
//! With A = α + t_x, B = β + t_x and q = r + x, it is s times
//! J = ∫_0^silence (A/(A+v))^q (B/(B+v))^s dv/(B+v), taken relative to the state at the last purchase so that
//! nothing overflows. Let m be the smaller of A and B and M the larger, and let y = ln((m+v)/m): then the
//! factor of m is the exponential of a line, the factor of M is that of the softened line
//! g(y) = ln(1 + ρ(e^y - 1)), ρ = m/M, and J = c ∫_0^L exp(-p y - P g(y)) dy. The integrand's nearest
//! singularity is π away from the real axis whatever the parameters, so a Gauss-Legendre rule of few nodes is
//! exact to rounding: how few depends on the length L and on how many e-foldings the integrand falls.

use clv_numerics::log_space::ln_1p_of_ratio;
use clv_numerics::quadrature::gauss_legendre::LARGEST_KEPT_RULE;
use clv_numerics::quadrature::{GaussLegendre, gauss_legendre};
use clv_numerics::vectorised;

/// One integral.
#[derive(Debug, Clone, Copy)]
pub(super) struct DropoutIntegral {
    /// q = r + x.
    purchase_shape: f64,
    /// A = α + t_x.
    purchase_scale: f64,
    /// s.
    dropout_shape: f64,
    /// B = β + t_x.
    dropout_scale: f64,
    /// T - t_x.
    silence: f64,
    /// ln((A + silence)/A).
    purchase_growth: f64,
    /// ln((B + silence)/B).
    dropout_growth: f64,
}

/// J and the integrals of its integrand times what the gradient needs.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct LeftWithMeans {
    /// J.
    pub(super) value: f64,
    /// With ln((A+v)/A).
    pub(super) ln_purchase_growth: f64,
    /// With ln((B+v)/B).
    pub(super) ln_dropout_growth: f64,
    /// With A/(A+v).
    pub(super) purchase_shrinkage: f64,
    /// With B/(B+v).
    pub(super) dropout_shrinkage: f64,
}

/// Beyond this many e-foldings below its peak the integrand no longer counts: e^-40 is 4e-18.
const NEGLIGIBLE_FALL: f64 = 40.0;

/// Above this exponent rounding in 1 + ρ(e^y - 1) would show, and the slower exact form is used.
pub(super) const LARGE_EXPONENT: f64 = 500.0;

/// The integrand c exp(-p y - P g(y)) on [0, L].
#[derive(Debug, Clone, Copy)]
struct Integrand {
    /// p, the exponent of the factor with the smaller scale.
    near_exponent: f64,
    /// P, the exponent of the factor with the larger scale.
    far_exponent: f64,
    /// ρ.
    ratio: f64,
    /// c.
    factor: f64,
    /// L.
    length: f64,
    /// e^L.
    growth: f64,
    /// e-foldings that the integrand falls from 0 to L; negative where it rises.
    fall: f64,
}

impl DropoutIntegral {
    /// The integral of finite values: shapes and scales above 0, the silence not below 0.
    #[inline]
    pub(super) fn new(
        (purchase_shape, purchase_scale): (f64, f64),
        (dropout_shape, dropout_scale): (f64, f64),
        silence: f64,
    ) -> Self {
        Self {
            purchase_shape,
            purchase_scale,
            dropout_shape,
            dropout_scale,
            silence,
            purchase_growth: ln_1p_of_ratio(silence / purchase_scale),
            dropout_growth: ln_1p_of_ratio(silence / dropout_scale),
        }
    }

    /// ln((A + silence)/A).
    #[inline]
    pub(super) fn purchase_growth(&self) -> f64 {
        self.purchase_growth
    }

    /// ln((B + silence)/B).
    #[inline]
    pub(super) fn dropout_growth(&self) -> f64 {
        self.dropout_growth
    }

    /// The chance of no purchase and no dropout through the silence.
    #[inline]
    pub(super) fn still_there(&self) -> f64 {
        (-self.purchase_shape * self.purchase_growth - self.dropout_shape * self.dropout_growth)
            .exp()
    }

    fn is_purchase_near(&self) -> bool {
        self.purchase_scale <= self.dropout_scale
    }

    /// The integral in y; dv/(B+v) is e^y dy times the near scale over B + v.
    fn integrand(&self) -> Integrand {
        let near_is_purchase = self.is_purchase_near();
        let (near_scale, far_scale) = if near_is_purchase {
            (self.purchase_scale, self.dropout_scale)
        } else {
            (self.dropout_scale, self.purchase_scale)
        };
        let (length, far_length) = if near_is_purchase {
            (self.purchase_growth, self.dropout_growth)
        } else {
            (self.dropout_growth, self.purchase_growth)
        };
        let (near_exponent, far_exponent) = if near_is_purchase {
            (self.purchase_shape - 1.0, self.dropout_shape + 1.0)
        } else {
            (self.dropout_shape, self.purchase_shape)
        };
        let ratio = near_scale / far_scale;
        Integrand {
            near_exponent,
            far_exponent,
            ratio,
            factor: if near_is_purchase { ratio } else { 1.0 },
            length,
            growth: 1.0 + self.silence / near_scale,
            fall: near_exponent * length + far_exponent * far_length,
        }
    }

    /// J.
    pub(super) fn left(&self) -> f64 {
        if self.silence <= 0.0 {
            return 0.0;
        }
        let mut sum = 0.0;
        self.integrand().shortened().visit(|node| sum += node.weight);
        sum
    }

    /// J and its companions, from one sweep.
    pub(super) fn left_with_means(&self) -> LeftWithMeans {
        if self.silence <= 0.0 {
            return LeftWithMeans::default();
        }
        let (mut value, mut near, mut far, mut near_inverse, mut far_inverse) =
            (0.0, 0.0, 0.0, 0.0, 0.0);
        self.integrand().shortened().visit(|node| {
            value += node.weight;
            near += node.weight * node.near;
            far += node.weight * node.far;
            near_inverse += node.weight * node.near_shrinkage;
            far_inverse += node.weight / node.far_growth;
        });
        let (purchase, dropout) = if self.is_purchase_near() {
            ((near, near_inverse), (far, far_inverse))
        } else {
            ((far, far_inverse), (near, near_inverse))
        };
        LeftWithMeans {
            value,
            ln_purchase_growth: purchase.0,
            ln_dropout_growth: dropout.0,
            purchase_shrinkage: purchase.1,
            dropout_shrinkage: dropout.1,
        }
    }
}

/// What is known at one node of the rule.
#[derive(Debug, Clone, Copy)]
struct Node {
    /// The integrand times the rule's weight: these sum to J.
    weight: f64,
    /// y.
    near: f64,
    /// e^-y.
    near_shrinkage: f64,
    /// g(y).
    far: f64,
    /// e^g.
    far_growth: f64,
}

impl Integrand {
    /// The same integral without the stretch that no longer counts.
    ///
    /// The fall f(y) = p y + P g(y) is convex, so from any point on it stays above its tangent.
    fn shortened(self) -> Self {
        if self.fall <= NEGLIGIBLE_FALL {
            return self;
        }
        let turn = (1.0 / self.ratio).ln_1p();
        let mut length = self.length;
        for from in [0.0, turn, turn + 4.0] {
            // The share of the far factor's slope that has set in; written so that large y cannot overflow.
            let share = self.ratio / (self.ratio + (1.0 - self.ratio) * (-from).exp());
            let slope = self.near_exponent + self.far_exponent * share;
            if slope > 0.0 {
                length = length.min(from + NEGLIGIBLE_FALL / slope);
            }
        }
        let far = (self.ratio * length.exp_m1()).ln_1p();
        let fall = self.near_exponent * length + self.far_exponent * far;
        Self { length, growth: length.exp(), fall, ..self }
    }

    /// Calls `each` for every node.
    #[inline]
    fn visit(&self, mut each: impl FnMut(Node)) {
        let (rule, n_panels) = rule_for(self.length, self.fall);
        if n_panels == 1 && self.far_exponent <= LARGE_EXPONENT {
            // One instance for each size of `rule_for`, so that the arrays fit and the loops unroll.
            return match rule.nodes().len() {
                4 => self.visit_by_stage::<4>(rule, each),
                6 => self.visit_by_stage::<6>(rule, each),
                8 => self.visit_by_stage::<8>(rule, each),
                10 => self.visit_by_stage::<10>(rule, each),
                12 => self.visit_by_stage::<12>(rule, each),
                16 => self.visit_by_stage::<16>(rule, each),
                20 => self.visit_by_stage::<20>(rule, each),
                24 => self.visit_by_stage::<24>(rule, each),
                32 => self.visit_by_stage::<32>(rule, each),
                _ => self.visit_by_stage::<LARGEST_KEPT_RULE>(rule, each),
            };
        }
        let panel = self.length / n_panels as f64;
        let half = 0.5 * panel;
        for k in 0..n_panels {
            let middle = panel * (k as f64 + 0.5);
            for (x, w) in rule.nodes().iter().zip(rule.weights()) {
                let near = middle + half * x;
                let gained = self.ratio * near.exp_m1();
                let far = gained.ln_1p();
                let weight = self.factor * half * w * self.ln_value(near, far).exp();
                let near_shrinkage = (-near).exp();
                each(Node { weight, near, near_shrinkage, far, far_growth: 1.0 + gained });
            }
        }
    }

    /// As [`visit`](Self::visit) for one panel, stage by stage on arrays, which the compiler turns into vector
    /// code. The nodes at y and at L - y share one exponential, since e^(L-y) = e^L / e^y.
    #[inline]
    fn visit_by_stage<const N: usize>(&self, rule: &GaussLegendre, mut each: impl FnMut(Node)) {
        let half = 0.5 * self.length;
        let scale = self.factor * half;
        let shrinkage = 1.0 / self.growth;
        let n_pairs = N / 2;
        let blank = [0.0; N];
        let (mut near, mut growth, mut inverse) = (blank, blank, blank);
        let (mut far_growth, mut far, mut weight) = (blank, blank, blank);
        for (y, x) in near.iter_mut().zip(rule.nodes()) {
            *y = half + half * x;
        }
        for k in 0..n_pairs {
            growth[k] = vectorised::exp(near[k]);
            inverse[k] = 1.0 / growth[k];
        }
        for k in 0..n_pairs {
            growth[N - 1 - k] = self.growth * inverse[k];
            inverse[N - 1 - k] = growth[k] * shrinkage;
        }
        for k in 0..N {
            far_growth[k] = 1.0 + self.ratio * (growth[k] - 1.0);
            far[k] = vectorised::ln(far_growth[k]);
            let ln_value = -self.near_exponent * near[k] - self.far_exponent * far[k];
            weight[k] = scale * vectorised::exp(ln_value);
        }
        for (k, w) in rule.weights().iter().enumerate().take(N) {
            each(Node {
                weight: weight[k] * w,
                near: near[k],
                near_shrinkage: inverse[k],
                far: far[k],
                far_growth: far_growth[k],
            });
        }
    }

    #[inline]
    fn ln_value(&self, near: f64, far: f64) -> f64 {
        -self.near_exponent * near - self.far_exponent * far
    }
}

/// The longest range and the deepest fall at which a rule of so many nodes was never off by more than 1.5e-13, on sixty
/// thousand random cases.
pub(super) const RULE_SIZES: [(f64, f64, usize); 9] = [
    (0.1, 0.3, 4),
    (0.5, 1.4, 6),
    (1.2, 3.2, 8),
    (1.5, 7.8, 10),
    (2.0, 13.0, 12),
    (3.2, 24.0, 16),
    (4.0, 44.0, 20),
    (5.0, 44.0, 24),
    (7.5, 49.0, 32),
];

/// The smallest rule that is exact to 1e-13 for an integrand of this length and fall, and how many panels.
fn rule_for(length: f64, fall: f64) -> (&'static GaussLegendre, usize) {
    for (longest, deepest, n_nodes) in RULE_SIZES {
        if length <= longest && fall.abs() <= deepest {
            return (gauss_legendre(n_nodes), 1);
        }
    }
    let n_panels = (length / 9.0).max(fall.abs() / 50.0).ceil().clamp(1.0, 1000.0);
    (gauss_legendre(64), n_panels as usize)
}

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};

    use super::*;

    /// Any legal integral: sizes spread evenly in the logarithm over what fits and careless users produce.
    fn hostile(random: &mut StdRng) -> DropoutIntegral {
        let mut size = |lowest: f64, highest: f64| -> f64 {
            (lowest.ln() + random.random::<f64>() * (highest / lowest).ln()).exp()
        };
        let count = if size(1.0, 2.0) < 1.4 { 0.0 } else { size(1.0, 1e6).floor() };
        let last = if count > 0.0 { size(1e-3, 1e5) } else { 0.0 };
        DropoutIntegral::new(
            (size(1e-3, 1e3) + count, size(1e-3, 1e5) + last),
            (size(1e-4, 1e4), size(1e-3, 1e6) + last),
            size(1e-6, 1e9),
        )
    }

    /// The integral over its whole length, on panels that shrink towards both the start and nothing else.
    fn reference(integral: &DropoutIntegral) -> f64 {
        let whole = integral.integrand();
        let rule = gauss_legendre(64);
        let mut sum = 0.0;
        let mut upper = whole.length;
        for _ in 0..45 {
            let lower = 0.5 * upper;
            for k in 0..8 {
                let from = lower + (upper - lower) * f64::from(k) / 8.0;
                sum += rule.integrate(from, from + (upper - lower) / 8.0, |y| {
                    let far = (whole.ratio * y.exp_m1()).ln_1p();
                    (-whole.near_exponent * y - whole.far_exponent * far).exp()
                });
            }
            upper = lower;
        }
        // What is left of the range is so short that the integrand is 1 throughout.
        whole.factor * (sum + upper)
    }

    #[test]
    fn the_integral_is_exact_to_twelve_digits_for_hostile_cases() {
        let mut random = StdRng::seed_from_u64(20);
        let mut worst = std::collections::BTreeMap::<usize, (f64, f64, f64, String)>::new();
        for _ in 0..800 {
            let integral = hostile(&mut random);
            let (found, expected) = (integral.left(), reference(&integral));
            let error = (found / expected - 1.0).abs();
            let short = integral.integrand().shortened();
            let (rule, n_panels) = rule_for(short.length, short.fall);
            let entry = worst.entry(rule.nodes().len() * n_panels).or_default();
            assert!(error.is_finite(), "{integral:?}");
            if error > entry.0 {
                *entry = (error, short.length, short.fall, format!("{integral:?} {short:?}"));
            }
        }
        let broken: Vec<_> = worst.iter().filter(|(_, of)| of.0 >= 1e-12).collect();
        assert!(broken.is_empty(), "{worst:#?}");
    }

    #[test]
    fn companions_are_slopes_of_the_integral() {
        let mut random = StdRng::seed_from_u64(21);
        for _ in 0..300 {
            let integral = hostile(&mut random);
            let with_means = integral.left_with_means();
            let h = 1e-6;
            let shifted = |by: f64| DropoutIntegral {
                purchase_shape: integral.purchase_shape * (1.0 + by),
                ..integral
            };
            let difference = (shifted(h).left() - shifted(-h).left()) / (2.0 * h);
            let slope = -integral.purchase_shape * with_means.ln_purchase_growth;
            let tolerance = 1e-5 * slope.abs() + 1e-8 * with_means.value;
            assert!((difference - slope).abs() < tolerance, "{integral:?}: {difference} {slope}");
        }
    }
}
