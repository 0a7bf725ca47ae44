//! What so many ticks of a customer's clock within the horizon bring, as tables that many customers share.
//!
//! Given the number l of ticks within the horizon, they lie at random moments of it, whatever the rate. So
//! expected purchases, pairs and discounted purchases given l and the phase at the start depend on the dropout
//! probability's shapes and on the discount alone, and a customer's forecast is the mean of a table's rows over a
//! negative binomial count of ticks.
//!
//! A tick at the m-th of l places is discounted by E[exp(-c U)], U beta with shapes m and l + 1 - m:
//! the sum over i of (-c)^i / i! · (m)_i / (l+1)_i, which needs few terms while c is at most 1.
//!
//! A table is a function of its key alone, so that answers do not depend on what was asked before.

use std::cell::RefCell;
use std::rc::Rc;

use crate::purchase::MOST_PHASES;

/// Ticks at which tables end.
pub(super) const MOST_TICKS: usize = 4096;
/// Largest discount rate times horizon for which tables are made.
pub(super) const LARGEST_DISCOUNT: f64 = 1.0;
/// Ticks of the smallest table; each next size has four times as many.
const FEWEST_TICKS: usize = 64;
/// Tables up to these sizes are kept in so many slots: few of the large ones, so that memory stays bounded. Two tables
/// that fall into one slot replace each other.
const CLASSES: [(usize, usize); 3] = [(256, 512), (1024, 128), (MOST_TICKS, 32)];

thread_local! {
    static CACHE: RefCell<[Vec<Option<Rc<RegularTable>>>; 3]> =
        RefCell::new(CLASSES.map(|(_, slots)| vec![None; slots]));
}

/// Purchases given the number of ticks: expected, pairs and discounted.
pub(super) type Brought = [f64; 3];

/// Tables have lanes for so many phases, or for so many, or for all there may be.
pub(super) const FEW_PHASES: u32 = 4;
/// See [`FEW_PHASES`].
pub(super) const SOME_PHASES: u32 = 12;

/// The rows of one pair of dropout shapes.
pub(super) struct RegularTable {
    key: [u64; 4],
    /// For l ticks three runs of lanes, one lane for each phase; lanes beyond the phases are 0.
    rows: Vec<f64>,
    n_ticks: usize,
}

impl RegularTable {
    /// What `ticks` ticks bring in each phase; `N` is the number of lanes.
    pub(super) fn at<const N: usize>(&self, ticks: usize) -> &[[f64; N]; 3] {
        let (lanes, _) = self.rows[3 * N * ticks..3 * N * (ticks + 1)].as_chunks::<N>();
        lanes.try_into().expect("three runs of lanes were cut out")
    }

    /// The most ticks there is a row for.
    pub(super) fn n_ticks(&self) -> usize {
        self.n_ticks
    }
}

/// Lanes for `k` phases.
fn n_lanes(k: u32) -> usize {
    let lanes = [FEW_PHASES, SOME_PHASES].into_iter().find(|&lanes| k <= lanes);
    lanes.unwrap_or(MOST_PHASES) as usize
}

/// The table for `k` phases, dropout shapes `a` and `b`, a discount rate times horizon of up to
/// [`LARGEST_DISCOUNT`], and at least `n_ticks` ticks, of which there may be [`MOST_TICKS`].
pub(super) fn table(k: u32, (a, b): (f64, f64), discount: f64, n_ticks: usize) -> Rc<RegularTable> {
    let mut size = FEWEST_TICKS;
    while size < n_ticks {
        size *= 4;
    }
    let key = [(size as u64) << 8 | u64::from(k), a.to_bits(), b.to_bits(), discount.to_bits()];
    let mixed = key.iter().fold(0u64, |mixed, part| {
        (mixed.rotate_left(23) ^ part).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    });
    let class = CLASSES.iter().position(|(largest, _)| size <= *largest).unwrap_or(2);
    let slot = (mixed >> 48) as usize % CLASSES[class].1;
    let kept = CACHE.with_borrow(|cache| cache[class][slot].clone());
    if let Some(kept) = kept.filter(|kept| kept.key == key) {
        return kept;
    }
    let lanes = n_lanes(k);
    let mut lane_rows = vec![0.0; 3 * lanes * (size + 1)];
    for phase in 0..k as usize {
        let of_phase = rows(k as usize, phase, (a, b), discount, size);
        for (row, brought) in lane_rows.chunks_exact_mut(3 * lanes).zip(of_phase) {
            for (which, value) in brought.into_iter().enumerate() {
                row[which * lanes + phase] = value;
            }
        }
    }
    let made = Rc::new(RegularTable { key, rows: lane_rows, n_ticks: size });
    CACHE.with_borrow_mut(|cache| cache[class][slot] = Some(Rc::clone(&made)));
    made
}

/// Terms of the discount's series: the first left out is below 1e-18 at a discount of 1.
const TERMS: usize = 20;

/// The rows of 0 ..= `n_ticks` ticks from `phase`.
fn rows(k: usize, phase: usize, (a, b): (f64, f64), discount: f64, n_ticks: usize) -> Vec<Brought> {
    let mut factors = [0.0; TERMS];
    let mut factor = 1.0;
    let mut n_terms = 0;
    while n_terms < TERMS && f64::abs(factor) > 1e-18 {
        factors[n_terms] = factor;
        n_terms += 1;
        factor *= -discount / n_terms as f64;
    }
    let (mut expected, mut pairs, mut survived, mut n) = (0.0, 0.0, 1.0, 0.0);
    // Over the purchases so far, the chance that they are made times (m)_i.
    let mut moments = [0.0; TERMS];
    (0..=n_ticks)
        .map(|l| {
            let ticks = l as f64;
            if l > 0 && (l + phase).is_multiple_of(k) {
                expected += survived;
                pairs += 2.0 * n * survived;
                let mut rising = survived;
                for (i, moment) in moments[..n_terms].iter_mut().enumerate() {
                    *moment += rising;
                    rising *= ticks + i as f64;
                }
                survived *= (b + n) / (a + b + n);
                n += 1.0;
            }
            let (mut discounted, mut falling) = (0.0, 1.0);
            for (i, (factor, moment)) in factors[..n_terms].iter().zip(&moments).enumerate() {
                discounted += factor * moment * falling;
                falling /= ticks + 1.0 + i as f64;
            }
            [expected, pairs, discounted]
        })
        .collect()
}
