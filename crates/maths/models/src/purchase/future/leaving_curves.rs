//! What a base of customers who may leave after each purchase brings, as curves that many of them share.
//!
//! Given a horizon and a discount rate, expected purchases, pairs and discounted purchases depend on the age only
//! through the odds, horizon over alpha, and all else in the process depends on the number of purchases alone. So
//! a base needs few such curves. In v = ln(1 + odds) they are analytic in a strip of half-width pi; a piece of
//! width one half is a polynomial of twelve coefficients to rounding. Pieces are made when first needed and kept.
//!
//! A piece is a function of its key alone, so that answers do not depend on what was asked before.

use std::cell::RefCell;
use std::f64::consts::PI;
use std::rc::Rc;
use std::sync::LazyLock;

use super::leaving::Leaving;

/// Coefficients of a polynomial.
const N: usize = 12;
/// Width of a piece in v.
const WIDTH: f64 = 0.5;
/// Pieces beyond this v, at odds above 50, are not worth making.
const FARTHEST: f64 = 4.0;
/// Largest discount rate times horizon for which curves are made.
const LARGEST_DISCOUNT: f64 = 1.0;
/// Largest share of the last two coefficients in counts: the values themselves are good to 2e-12.
const LARGEST_TAIL: f64 = 2e-12;
/// Likewise in what discounting takes away, which is a small part of what is expected and good to 1e-9.
const LARGEST_TAIL_OF_TAKEN: f64 = 1e-9;
/// Slots of the cache; two pieces that fall into one slot replace each other.
const SLOTS: usize = 4096;

thread_local! {
    static CACHE: RefCell<Vec<Option<Rc<Piece>>>> = RefCell::new(vec![None; SLOTS]);
}

/// The cosines of m pi (j + 1/2) / N: row m, column j.
static COSINES: LazyLock<[[f64; N]; N]> = LazyLock::new(|| {
    let cosine = |m: usize, j: usize| (PI * m as f64 * (j as f64 + 0.5) / N as f64).cos();
    std::array::from_fn(|m| std::array::from_fn(|j| cosine(m, j)))
});

/// A customer's place on the curves.
#[derive(Clone, Copy)]
pub(super) struct OnCurves {
    /// E[N].
    pub(super) expected: f64,
    /// E[N (N - 1)].
    pub(super) pairs: f64,
    /// Discounted purchases.
    pub(super) discounted: f64,
}

/// Three Chebyshev series on one piece, or none where twelve coefficients are too few.
struct Piece {
    key: [u64; 5],
    /// Of expected purchases and of what discounting takes away, over the odds, and of pairs over their square.
    series: Option<[[f64; 3]; N]>,
}

/// Where `process` is on the curves of this horizon and discount rate; `None` where there are none.
pub(super) fn on_curves(process: Leaving, horizon: f64, discount_rate: f64) -> Option<OnCurves> {
    let odds = horizon / process.alpha;
    let v = odds.ln_1p();
    let discount = discount_rate * horizon;
    if !(v < FARTHEST && (0.0..=LARGEST_DISCOUNT).contains(&discount)) {
        return None;
    }
    let from = WIDTH * (v / WIDTH).floor();
    let piece = piece(Leaving { alpha: 1.0, ..process }, discount, from);
    let [expected, taken, pairs] = value(piece.series.as_ref()?, 2.0 * (v - from) / WIDTH - 1.0);
    Some(OnCurves {
        expected: odds * expected,
        pairs: odds * odds * pairs,
        discounted: odds * (expected - taken),
    })
}

/// The piece that begins at `from`, of a process with an alpha of 1.
fn piece(process: Leaving, discount: f64, from: f64) -> Rc<Piece> {
    let Leaving { r, a, b, .. } = process;
    let key = [r, a, b, discount, from].map(f64::to_bits);
    let mixed = key.iter().fold(0u64, |mixed, part| {
        (mixed.rotate_left(23) ^ part).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    });
    let slot = (mixed >> 52) as usize % SLOTS;
    let kept = CACHE.with_borrow(|cache| cache[slot].clone());
    if let Some(kept) = kept.filter(|kept| kept.key == key) {
        return kept;
    }
    let made = Rc::new(Piece { key, series: make_series(process, discount, from) });
    CACHE.with_borrow_mut(|cache| cache[slot] = Some(Rc::clone(&made)));
    made
}

/// The series, from the values at Chebyshev's points.
fn make_series(process: Leaving, discount: f64, from: f64) -> Option<[[f64; 3]; N]> {
    let values: [[f64; 3]; N] = std::array::from_fn(|j| {
        let odds = (from + 0.5 * WIDTH * (1.0 + COSINES[1][j])).exp_m1();
        let counts = process.counts(odds);
        let taken = if discount > 0.0 {
            counts.expected - process.discounted(odds, discount / odds, counts.expected)
        } else {
            0.0
        };
        [counts.expected / odds, taken / odds, counts.pairs / (odds * odds)]
    });
    let series: [[f64; 3]; N] = std::array::from_fn(|m| {
        let scale = if m == 0 { 1.0 } else { 2.0 } / N as f64;
        std::array::from_fn(|curve| {
            scale * (0..N).map(|j| COSINES[m][j] * values[j][curve]).sum::<f64>()
        })
    });
    let is_exact = |curve: usize, largest: f64| {
        let tail = series[N - 1][curve].abs() + series[N - 2][curve].abs();
        let least = values.iter().map(|value| value[curve]).fold(f64::INFINITY, f64::min);
        tail <= largest * least
    };
    let is_usable = is_exact(0, LARGEST_TAIL)
        && is_exact(2, LARGEST_TAIL)
        && (discount <= 0.0 || is_exact(1, LARGEST_TAIL_OF_TAKEN));
    is_usable.then_some(series)
}

/// The three series at `x` from -1 to 1, by Clenshaw's recurrence.
fn value(series: &[[f64; 3]; N], x: f64) -> [f64; 3] {
    let (mut next, mut after) = ([0.0; 3], [0.0; 3]);
    for coefficients in series[1..].iter().rev() {
        for curve in 0..3 {
            let now = coefficients[curve] + 2.0 * x * next[curve] - after[curve];
            (next[curve], after[curve]) = (now, next[curve]);
        }
    }
    std::array::from_fn(|curve| series[0][curve] + x * next[curve] - after[curve])
}
