//! Sums over one row of the plane of two latent rates: one purchase rate, all dropout rates.
//!
//! Columns lie at whole multiples of a step of ln μ, the same for every row of a history, and are visited eight at a
//! time, in vector registers: from where the row is largest outwards until nothing is left.

use std::collections::VecDeque;

use clv_numerics::vectorised;
use pulp::{Simd, WithSimd};

/// Columns that are visited together.
const LANES: usize = 8;

/// One number for each column.
pub(super) type Lanes = [f64; LANES];

/// Logarithms of rates are cut to plus and minus this, so that no product or quotient of two rates overflows.
const LARGEST_LN_RATE: f64 = 340.0;

/// Chunks and rows below this share of what is summed already end a sweep.
pub(super) const NEGLIGIBLE: f64 = 1e-16;

/// Normal densities are multiplied up to this many deviations, where they are e^-450 and still numbers.
const FARTHEST_PRODUCT: f64 = 30.0;

/// Columns that are visited together: what does not depend on the row.
#[derive(Clone, Copy)]
struct Columns {
    /// μ.
    dropout_rate: Lanes,
    /// e^(-μ T).
    stays: Lanes,
    /// e^(-μ t_x).
    stays_until_last: Lanes,
}

/// The columns of one history, at whole multiples of a step of ln μ from its mean, made as they are first visited.
pub(super) struct ColumnTable {
    /// Step of ln μ.
    step: f64,
    /// Where ln μ is counted from.
    origin: f64,
    /// Step of z2.
    dz: f64,
    /// e^(-(k dz)²/2): what the normal density loses within a chunk beyond a power of e.
    bends: Lanes,
    /// T and t_x.
    times: (f64, f64),
    first: f64,
    chunks: VecDeque<Columns>,
}

/// A row: everything that one purchase rate fixes.
pub(super) struct Row {
    /// λ.
    pub(super) rate: f64,
    /// ln μ at z2 = 0, less the origin of the columns.
    pub(super) centre: f64,
    /// Deviation of ln μ.
    pub(super) sd: f64,
    /// Logarithms of the row's factors, less the shift: still there at the end, and until the last purchase.
    pub(super) ln_factors: [f64; 2],
    /// Whether the row's part of the plane is so unlikely that factors must not be taken apart.
    pub(super) is_far: bool,
    /// The lower and the upper of the z2 at which a part of the likelihood is largest.
    pub(super) edges: (f64, f64),
}

/// What a row adds: still there, either way, and either way times z2 and z2².
pub(super) type RowSums = [f64; 4];

/// One row to be summed; `each` sees the dropout rates and the weights of being still there. To be dispatched, so that
/// it is compiled for each width of registers.
pub(super) struct SumOfRow<'a, F> {
    pub(super) row: &'a Row,
    pub(super) table: &'a mut ColumnTable,
    pub(super) each: F,
}

/// The sums so far, one for each column of a chunk.
#[derive(Default)]
struct LaneSums {
    alive: Lanes,
    either: Lanes,
    z2: Lanes,
    z2_z2: Lanes,
}

/// A logarithm of a rate, cut to where no product or quotient of two rates overflows.
pub(super) fn cut(ln_rate: f64) -> f64 {
    ln_rate.clamp(-LARGEST_LN_RATE, LARGEST_LN_RATE)
}

/// e^x, x cut to what a number can hold; 0 below that.
#[inline(always)]
fn exp_in_range(x: f64) -> f64 {
    let value = vectorised::exp(x.clamp(-700.0, 700.0));
    if x < -700.0 { 0.0 } else { value }
}

impl ColumnTable {
    /// Columns `dz` deviations `sd` of ln μ apart, counted from `origin`, for a history of age T and last purchase
    /// age t_x.
    pub(super) fn new(dz: f64, sd: f64, origin: f64, times: (f64, f64)) -> Self {
        let mut bends = [0.0; LANES];
        for (k, bend) in bends.iter_mut().enumerate() {
            *bend = exp_in_range(-0.5 * (dz * k as f64) * (dz * k as f64));
        }
        let chunks = VecDeque::with_capacity(32);
        Self { step: dz * sd, origin, dz, bends, times, first: 0.0, chunks }
    }

    /// The chunk that begins at this multiple of its width.
    #[inline(always)]
    fn at(&mut self, number: f64) -> &Columns {
        if self.chunks.is_empty() {
            self.first = number;
        }
        while number < self.first {
            self.first -= 1.0;
            let made = self.make(self.first);
            self.chunks.push_front(made);
        }
        let place = (number - self.first) as usize;
        while place >= self.chunks.len() {
            let made = self.make(self.first + self.chunks.len() as f64);
            self.chunks.push_back(made);
        }
        &self.chunks[place]
    }

    #[inline(always)]
    fn make(&self, number: f64) -> Columns {
        let from = self.origin + number * (self.step * LANES as f64);
        let none = [0.0; LANES];
        let mut made = Columns { dropout_rate: none, stays: none, stays_until_last: none };
        for k in 0..LANES {
            let rate = vectorised::exp(cut(from + self.step * k as f64));
            made.dropout_rate[k] = rate;
            made.stays[k] = exp_in_range(-rate * self.times.0);
            made.stays_until_last[k] = exp_in_range(-rate * self.times.1);
        }
        made
    }
}

impl<F: FnMut(&Lanes, &Lanes)> WithSimd for SumOfRow<'_, F> {
    type Output = RowSums;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> RowSums {
        let Self { row, table, mut each } = self;
        let factors = row.ln_factors.map(exp_in_range);
        let width = table.step * LANES as f64;
        let mut sums = LaneSums::default();
        let mut total = 0.0;
        let first = ((row.centre + row.sd * row.edges.0) / width).floor();
        let last = (row.centre + row.sd * row.edges.1) / width;
        let mut number = first;
        // Downwards from the lower edge, and then upwards.
        let mut direction = -1.0;
        loop {
            let chunk = visit(row, table, factors, number, &mut sums, &mut each);
            total += chunk;
            let goes_on = chunk > NEGLIGIBLE * total;
            if !goes_on && direction < 0.0 {
                (direction, number) = (1.0, first);
            } else if !goes_on && number > last {
                break;
            }
            number += direction;
        }
        let sum = |lanes: Lanes| lanes.iter().sum::<f64>();
        [sum(sums.alive), total, sum(sums.z2), sum(sums.z2_z2)]
    }
}

/// Adds the columns of one chunk and gives the sum of their weights either way.
#[inline(always)]
fn visit(
    row: &Row,
    table: &mut ColumnTable,
    factors: [f64; 2],
    number: f64,
    sums: &mut LaneSums,
    each: &mut impl FnMut(&Lanes, &Lanes),
) -> f64 {
    let (age, last) = table.times;
    let (dz, bends) = (table.dz, table.bends);
    let from = (number * (table.step * LANES as f64) - row.centre) / row.sd;
    let columns = table.at(number);
    let z2: Lanes = std::array::from_fn(|k| from + dz * k as f64);
    let (mut alive, mut at_last) = ([0.0; LANES], [0.0; LANES]);
    if row.is_far || from.abs() > FARTHEST_PRODUCT {
        // A factor by itself would not fit into a number.
        for k in 0..LANES {
            let (rate, ln_prior) = (columns.dropout_rate[k], -0.5 * z2[k] * z2[k]);
            alive[k] = exp_in_range(row.ln_factors[0] + ln_prior - rate * age);
            at_last[k] = exp_in_range(row.ln_factors[1] + ln_prior - rate * last);
        }
    } else {
        // The density at the first column, times a power of e, times what is lost beyond it.
        let (density, ratio) = (vectorised::exp(-0.5 * from * from), vectorised::exp(-dz * from));
        let (ratio_2, ratio_3) = (ratio * ratio, ratio * ratio * ratio);
        let ratio_4 = ratio_2 * ratio_2;
        let first = [density, density * ratio, density * ratio_2, density * ratio_3];
        for k in 0..LANES {
            let power = if k < 4 { first[k] } else { first[k - 4] * ratio_4 };
            let prior = power * bends[k];
            alive[k] = prior * (factors[0] * columns.stays[k]);
            at_last[k] = prior * (factors[1] * columns.stays_until_last[k]);
        }
    }
    let mut either = [0.0; LANES];
    for k in 0..LANES {
        let rate = columns.dropout_rate[k];
        let left = (at_last[k] - alive[k]).max(0.0);
        either[k] = alive[k] + rate / (row.rate + rate) * left;
        sums.alive[k] += alive[k];
        sums.either[k] += either[k];
        sums.z2[k] += either[k] * z2[k];
        sums.z2_z2[k] += either[k] * (z2[k] * z2[k]);
    }
    each(&columns.dropout_rate, &alive);
    either.iter().sum()
}
