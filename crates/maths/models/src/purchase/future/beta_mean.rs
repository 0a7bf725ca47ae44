//! Means over a beta distributed dropout probability, for functions of (1 + p odds)^-shape.
//!
//! Such a function has its only singularity at p = -1 / odds. While the odds are small, a Gauss-Jacobi rule of
//! few points is exact enough; when they grow the singularity closes in on p = 0. On the logit scale it stays
//! where the beta density's own are, at a distance of pi from the real line, so there the plain trapezoid rule
//! converges at a rate that no parameter changes.
//!
//! Rules depend on the two shapes alone and are kept, because scoring asks for few distinct shapes: b grows by
//! one with each purchase.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use clv_numerics::quadrature::BetaMeanRule;

/// Points of the Gauss-Jacobi rules, cheapest first.
const SIZES: [usize; 4] = [6, 10, 16, 24];
/// How far each rule is good to 2e-11 relative, measured over a and b from 0.05 to 300, shapes from 0.2 to 300 and
/// odds from 0.001 to 20, less some tenth.
const REACHES: [f64; 4] = [0.53, 2.1, 5.7, 12.0];
/// Slots of the cache; two pairs of shapes that fall into one slot replace each other.
const SLOTS: usize = 1024;

thread_local! {
    static CACHE: RefCell<Vec<Option<Rc<Rules>>>> = RefCell::new(vec![None; SLOTS]);
}

/// The rules of one pair of shapes, made when first needed.
struct Rules {
    a: f64,
    b: f64,
    jacobi: [OnceCell<BetaMeanRule>; SIZES.len()],
    logit: OnceCell<Vec<(f64, f64)>>,
}

/// The rules of the shapes `a` and `b`.
fn rules(a: f64, b: f64) -> Rc<Rules> {
    let mixed = (a.to_bits() ^ b.to_bits().rotate_left(17)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let slot = (mixed >> 54) as usize % SLOTS;
    CACHE.with_borrow_mut(|cache| match &cache[slot] {
        Some(rules) if rules.a.to_bits() == a.to_bits() && rules.b.to_bits() == b.to_bits() => {
            Rc::clone(rules)
        }
        _ => {
            let jacobi = [const { OnceCell::new() }; SIZES.len()];
            let rules = Rc::new(Rules { a, b, jacobi, logit: OnceCell::new() });
            cache[slot] = Some(Rc::clone(&rules));
            rules
        }
    })
}

/// The mean of `function` over a beta distribution with shapes `a` and `b`, where the function varies with p no
/// faster than (1 + p odds)^-shape.
pub(super) fn mean(a: f64, b: f64, shape: f64, odds: f64, function: impl Fn(f64) -> f64) -> f64 {
    let rules = rules(a, b);
    match jacobi_size(a, b, shape, odds) {
        Some(k) => rules.jacobi[k].get_or_init(|| BetaMeanRule::new(SIZES[k], a, b)).mean(function),
        None => rules
            .logit
            .get_or_init(|| logit_rule(a, b))
            .iter()
            .map(|&(p, weight)| weight * function(p))
            .sum(),
    }
}

/// Which Gauss-Jacobi rule is exact enough; none when the singularity is too close.
///
/// The points of a rule reach a share (a + 2 n) / (a + b + 2 n) of the way to 1, and a large shape steepens the
/// function; [`REACHES`] bounds the odds times both.
fn jacobi_size(a: f64, b: f64, shape: f64, odds: f64) -> Option<usize> {
    let steepened = odds * (1.0 + 0.2 * shape);
    (0..SIZES.len()).find(|&k| {
        let twice = 2.0 * SIZES[k] as f64;
        steepened * (a + twice) / (a + b + twice) <= REACHES[k]
    })
}

/// Beyond this logit to the left, functions of p are what they are at 0.
const LEFTMOST: f64 = -60.0;
/// Beyond this logit to the right, functions of p are what they are at 1.
const RIGHTMOST: f64 = 36.0;

/// The trapezoid rule on the logit scale: points p and weights that sum to one.
fn logit_rule(a: f64, b: f64) -> Vec<(f64, f64)> {
    // The density has this spread on the logit scale, or more.
    let spread = (1.0 / a + 1.0 / b).sqrt();
    let step = (0.5 * spread).min(0.36);
    let mode = (a / b).ln();
    let ln_density = |y: f64| {
        let ln_one_plus = if y > 0.0 { y + (-y).exp().ln_1p() } else { y.exp().ln_1p() };
        a * y - (a + b) * ln_one_plus
    };
    let peak = ln_density(mode);
    let mut points = Vec::new();
    let weight_at = |y: f64| (ln_density(y) - peak).exp();
    let logistic = |y: f64| 1.0 / (1.0 + (-y).exp());
    // Left of the mode, then right of it; at the far ends the density is a power of p or of 1 - p, whose
    // weights form a geometric series.
    for (side, end, rate) in [(-1.0, LEFTMOST, a), (1.0, RIGHTMOST, b)] {
        let mut k = if side < 0.0 { 0.0 } else { 1.0 };
        loop {
            let y = mode + side * k * step;
            let weight = weight_at(y);
            if side * y >= side * end {
                points.push((logistic(y), weight / -(-rate * step).exp_m1()));
                break;
            }
            // Functions of p are largest at 0, so weights to the left count by more than they weigh.
            let negligible = if side < 0.0 { 1e-40 } else { 1e-20 };
            if weight < negligible {
                break;
            }
            points.push((logistic(y), weight));
            k += 1.0;
        }
    }
    let total: f64 = points.iter().map(|(_, weight)| weight).sum();
    for (_, weight) in &mut points {
        *weight /= total;
    }
    points
}

/// E[N] given p, over the rate: (1 - (1 + p odds)^-r) / p.
pub(super) fn expected_given(p: f64, r: f64, odds: f64) -> f64 {
    let scaled = p * odds;
    if scaled < 1e-290 {
        return r * odds;
    }
    if scaled > 0.1 {
        // Away from 0 the plain logarithm and exponential lose nothing and take half the time.
        let exponent = -r * (1.0 + scaled).ln();
        if exponent < -0.2 {
            return (1.0 - exponent.exp()) / p;
        }
    }
    -(-r * scaled.ln_1p()).exp_m1() / p
}

/// E[N (N - 1)] / (2 (1 - p)) given p, over the rate: P(at least two of a negative binomial count) / p^2.
pub(super) fn half_pairs_given(p: f64, r: f64, odds: f64) -> f64 {
    let scaled = p * odds;
    let q = scaled / (1.0 + scaled);
    if q < 0.5 && r * q < 0.5 {
        // Zero and one purchase would take all digits from the difference, so sum from two on.
        let mut term = 0.5 * r * (r + 1.0);
        let mut sum = term;
        for n in 2..80 {
            term *= q * (r + f64::from(n)) / (f64::from(n) + 1.0);
            sum += term;
            if term < 1e-17 * sum {
                break;
            }
        }
        let share = odds / (1.0 + scaled);
        return share * share * (-r * scaled.ln_1p()).exp() * sum;
    }
    let ln_none = -r * scaled.ln_1p();
    let one = r * q * ln_none.exp();
    (-ln_none.exp_m1() - one) / (p * p)
}
