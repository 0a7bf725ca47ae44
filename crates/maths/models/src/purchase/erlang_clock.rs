//! A clock whose every k-th tick is a purchase: what a silence says about the ticks in it.
//!
//! Ticks come at random moments at a rate that is gamma with shape g and rate α' right after a purchase. Of a
//! silence s without a purchase it is known that it holds J < k ticks. With q = s/(α'+s), j ticks weigh
//! w_j = (g)_j / j! · q^j. Everything stays in range by starting the sums at their largest term.

/// The most phases k that the models take; beyond, purchases are as regular as clockwork.
pub const MOST_PHASES: u32 = 24;

/// The logarithm of S = w_0 + ... + w_(k-1), and its slopes.
pub(super) struct Silence {
    pub(super) ln_sum: f64,
    /// Slope in g.
    pub(super) slope_shape: f64,
    /// The mean number of ticks in the silence, which is the slope in ln q.
    pub(super) mean_ticks: f64,
}

impl Silence {
    /// Of a clock with `k` phases, `shape` g above 0 and `ratio` q in [0, 1].
    pub(super) fn new(k: u32, shape: f64, ratio: f64) -> Self {
        let n = k - 1;
        let step = |i: u32| (shape + f64::from(i)) * ratio / f64::from(i + 1);
        if n == 0 || ratio <= 0.0 {
            return Self { ln_sum: 0.0, slope_shape: 0.0, mean_ticks: 0.0 };
        }
        let (mut term, mut sum, mut ticks, mut slope, mut rise) = (1.0, 0.0, 0.0, 0.0, 0.0);
        let mut ln_scale = 0.0;
        if shape * ratio < 1.0 {
            // Upwards from the term of no tick.
            for j in 0..=n {
                sum += term;
                ticks += f64::from(j) * term;
                slope += rise * term;
                term *= step(j);
                rise += 1.0 / (shape + f64::from(j));
            }
        } else {
            // Downwards from the term of k - 1 ticks, which is taken as 1.
            let mut product = 1.0;
            for i in 0..n {
                product *= step(i);
                // Only for shapes beyond any data.
                if product > 1e200 {
                    ln_scale += product.ln();
                    product = 1.0;
                }
                rise += 1.0 / (shape + f64::from(i));
            }
            ln_scale += product.ln();
            for j in (0..=n).rev() {
                sum += term;
                ticks += f64::from(j) * term;
                slope += rise * term;
                if j > 0 {
                    term /= step(j - 1);
                    rise -= 1.0 / (shape + f64::from(j - 1));
                }
            }
        }
        Self { ln_sum: ln_scale + sum.ln(), slope_shape: slope / sum, mean_ticks: ticks / sum }
    }
}

/// P(j ticks in the silence) for j = 0 .. k, which sum to one; the others are 0.
pub(super) fn phase_weights(k: u32, shape: f64, ratio: f64) -> [f64; MOST_PHASES as usize] {
    let mut weights = [0.0; MOST_PHASES as usize];
    let ln_sum = Silence::new(k, shape, ratio).ln_sum;
    let mut ln_weight = -ln_sum;
    if ln_sum < 600.0 {
        let mut weight = ln_weight.exp();
        for j in 0..k {
            weights[j as usize] = weight;
            weight *= (shape + f64::from(j)) * ratio / f64::from(j + 1);
        }
    } else {
        for j in 0..k {
            weights[j as usize] = ln_weight.exp();
            ln_weight += ((shape + f64::from(j)) / f64::from(j + 1)).ln() + ratio.ln();
        }
    }
    weights
}
