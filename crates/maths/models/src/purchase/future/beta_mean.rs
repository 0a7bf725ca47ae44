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
use clv_numerics::vectorised;

/// Points of the Gauss-Jacobi rules, cheapest first.
const SIZES: [usize; 8] = [4, 6, 8, 10, 12, 16, 20, 24];
/// How far each rule is good to 2e-12 relative for [`Counts`], measured over a and b from 0.05 to 300, shapes from
/// 0.2 to 300 and odds from 0.001 to 20, less some tenth.
const REACHES: [f64; SIZES.len()] = [0.06, 0.23, 0.78, 1.3, 2.1, 4.2, 6.6, 9.8];
/// How far each rule is good to 1e-9 relative for [`Rules::powers`], measured likewise.
const REACHES_OF_POWERS: [f64; SIZES.len()] = [0.19, 0.53, 1.4, 2.3, 3.6, 6.6, 10.6, 15.0];
/// Least (r + 1) p odds at which two purchases are told from one by a difference of closed forms; below it, the
/// difference would be off by more than 2e-12.
const LEAST_DIFFERENCE: f64 = 1e-3;
/// Slots of the cache; two pairs of shapes that fall into one slot replace each other.
const SLOTS: usize = 1024;

thread_local! {
    static CACHE: RefCell<Vec<Option<Rc<Rules>>>> = RefCell::new(vec![None; SLOTS]);
}

/// The rules of one pair of shapes, made when first needed.
pub(super) struct Rules {
    a: f64,
    b: f64,
    jacobi: [OnceCell<BetaMeanRule>; SIZES.len()],
    logit: OnceCell<Vec<(f64, f64)>>,
}

/// The rules of the shapes `a` and `b`.
pub(super) fn rules(a: f64, b: f64) -> Rc<Rules> {
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

/// Purchases within a horizon, averaged over p.
#[derive(Clone, Copy)]
pub(super) struct Counts {
    /// E[N].
    pub(super) expected: f64,
    /// E[N (N - 1)].
    pub(super) pairs: f64,
}

/// Calls a function that is generic in the number of points with that of a rule.
macro_rules! by_size {
    ($k:expr, $function:ident($($argument:expr),*)) => {
        match $k {
            0 => $function::<4>($($argument),*),
            1 => $function::<6>($($argument),*),
            2 => $function::<8>($($argument),*),
            3 => $function::<10>($($argument),*),
            4 => $function::<12>($($argument),*),
            5 => $function::<16>($($argument),*),
            6 => $function::<20>($($argument),*),
            _ => $function::<24>($($argument),*),
        }
    };
}

impl Rules {
    fn jacobi(&self, k: usize) -> &BetaMeanRule {
        self.jacobi[k].get_or_init(|| BetaMeanRule::new(SIZES[k], self.a, self.b))
    }

    /// The mean of `function`, which varies with p no faster than (1 + p odds)^-shape.
    fn mean(&self, shape: f64, odds: f64, function: impl Fn(f64) -> f64) -> f64 {
        match self.jacobi_size(shape, odds, REACHES) {
            Some(k) => self.jacobi(k).mean(function),
            None => self
                .logit
                .get_or_init(|| logit_rule(self.a, self.b))
                .iter()
                .map(|&(p, weight)| weight * function(p))
                .sum(),
        }
    }

    /// Points p and weights, exact for any shape and odds.
    pub(super) fn at_any_odds(&self) -> &[(f64, f64)] {
        self.logit.get_or_init(|| logit_rule(self.a, self.b))
    }

    /// The mean of [`expected_given`].
    pub(super) fn expected(&self, r: f64, odds: f64) -> f64 {
        match self.jacobi_size(r, odds, REACHES) {
            Some(k) => by_size!(k, expected_by_stage(self.jacobi(k), r, odds)),
            None => self.mean(r, odds, |p| expected_given(p, r, odds)),
        }
    }

    /// Expected purchases and pairs.
    pub(super) fn counts(&self, r: f64, odds: f64) -> Counts {
        if let Some(k) = self.jacobi_size(r, odds, REACHES) {
            let rule = self.jacobi(k);
            let smallest = rule.points().first().map_or(0.0, |p| (r + 1.0) * p * odds);
            if smallest >= LEAST_DIFFERENCE {
                return by_size!(k, counts_by_stage(rule, r, odds));
            }
        }
        let pairs = self.mean(r, odds, |p| 2.0 * (1.0 - p) * half_pairs_given(p, r, odds));
        Counts { expected: self.expected(r, odds), pairs }
    }

    /// Whether [`powers`](Self::powers) has a rule that is exact enough up to these odds.
    pub(super) fn has_powers(&self, r: f64, odds: f64) -> bool {
        self.jacobi_size(r, odds, REACHES_OF_POWERS).is_some()
    }

    /// The mean of (1 + p odds)^-(r + 1), to which the purchase rate is proportional; a rough guess where
    /// [`has_powers`](Self::has_powers) says no.
    pub(super) fn powers(&self, r: f64, odds: f64) -> f64 {
        let k = self.jacobi_size(r, odds, REACHES_OF_POWERS).unwrap_or(SIZES.len() - 1);
        by_size!(k, powers_by_stage(self.jacobi(k), r, odds))
    }

    /// Which Gauss-Jacobi rule is exact enough; none when the singularity is too close.
    ///
    /// The points of a rule reach a share (a + 2 n) / (a + b + 2 n) of the way to 1, and a large shape steepens
    /// the function; the `reaches` bound the odds times both.
    fn jacobi_size(&self, shape: f64, odds: f64, reaches: [f64; SIZES.len()]) -> Option<usize> {
        let steepened = odds * (1.0 + 0.2 * shape);
        (0..SIZES.len()).find(|&k| {
            let reached = self.a + 2.0 * SIZES[k] as f64;
            steepened * reached <= reaches[k] * (reached + self.b)
        })
    }
}

/// The least exponent that [`vectorised::exp`] takes; its exponential is 0 for all that matters here.
const LEAST_EXPONENT: f64 = -700.0;

/// [`expected_given`] at `N` points, stage by stage on arrays, which the compiler turns into vector code.
fn expected_by_stage<const N: usize>(rule: &BetaMeanRule, r: f64, odds: f64) -> f64 {
    let (points, weights) = arrays::<N>(rule);
    let mut terms = [0.0; N];
    for k in 0..N {
        let scaled = points[k] * odds;
        let exponent = (-r * vectorised::ln_1p(scaled)).max(LEAST_EXPONENT);
        let share = -vectorised::exp_m1(exponent) / scaled;
        terms[k] = weights[k] * if scaled > 1e-290 { share } else { r };
    }
    odds * sum(&terms)
}

/// [`Counts`] by `N` points, likewise: [`expected_given`], and twice [`half_pairs_given`] of who stays.
fn counts_by_stage<const N: usize>(rule: &BetaMeanRule, r: f64, odds: f64) -> Counts {
    let (points, weights) = arrays::<N>(rule);
    let (mut expected, mut pairs) = ([0.0; N], [0.0; N]);
    for k in 0..N {
        let scaled = points[k] * odds;
        let exponent = (-r * vectorised::ln_1p(scaled)).max(LEAST_EXPONENT);
        let any = -vectorised::exp_m1(exponent);
        let one = r * scaled / (1.0 + scaled) * (1.0 - any);
        expected[k] = weights[k] * (any / scaled);
        pairs[k] = weights[k] * ((1.0 - points[k]) * (any - one) / (scaled * scaled));
    }
    Counts { expected: odds * sum(&expected), pairs: 2.0 * odds * odds * sum(&pairs) }
}

/// [`Rules::powers`] by `N` points, likewise.
fn powers_by_stage<const N: usize>(rule: &BetaMeanRule, r: f64, odds: f64) -> f64 {
    let (points, weights) = arrays::<N>(rule);
    let mut terms = [0.0; N];
    for k in 0..N {
        let exponent = -(r + 1.0) * vectorised::ln(1.0 + points[k] * odds);
        terms[k] = weights[k] * vectorised::exp(exponent.max(LEAST_EXPONENT));
    }
    sum(&terms)
}

/// Points and weights of a rule of `N` points.
fn arrays<const N: usize>(rule: &BetaMeanRule) -> (&[f64; N], &[f64; N]) {
    let why = "a rule has the size of its slot";
    (rule.points().try_into().expect(why), rule.weights().try_into().expect(why))
}

/// The sum of an even number of terms, in strands that do not wait for each other.
fn sum<const N: usize>(terms: &[f64; N]) -> f64 {
    let mut strands = [0.0; 4];
    let (fours, rest) = terms.as_chunks::<4>();
    for four in fours {
        for (strand, term) in strands.iter_mut().zip(four) {
            *strand += term;
        }
    }
    for (strand, term) in strands.iter_mut().zip(rest) {
        *strand += term;
    }
    (strands[0] + strands[1]) + (strands[2] + strands[3])
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
