//! A customer who buys at every k-th tick of a clock and may leave after each purchase.
//!
//! Ticks come at a gamma distributed rate. What is known at the start is a silence with fewer than k ticks in it,
//! which gives the phases of the clock their weights ([`phase_weights`]); from phase j the ticks to come are negative binomial with shape
//! r + j, and the first purchase is k - j ticks away.

use clv_numerics::distribution::{negative_binomial_masses, negative_binomial_survival};
use clv_numerics::gamma::ln_beta_fall;

use super::ProcessSummary;
use super::count::{self, NegativeBinomial};
use super::panels::Panel;
use super::regular_roots::by_roots;
use super::regular_table::{
    Brought, FEW_PHASES, LARGEST_DISCOUNT, MOST_TICKS, RegularTable, SOME_PHASES, table,
};
use crate::purchase::erlang_clock::{MOST_PHASES, Silence, phase_weights};

/// Counts are summed exactly up to this many purchases.
const EXACT_COUNTS: usize = 400;
/// Above this ln P(no tick), sums over ticks may begin at 0.
const LEAST_LN_NO_TICK: f64 = -600.0;

/// A row of ticks is left out where it adds less than this share to the pairs.
const NEGLIGIBLE: f64 = 1e-16;

/// The clock and where it stands, and the shapes of the dropout probability.
#[derive(Clone, Copy)]
pub(crate) struct Regular {
    k: u32,
    /// Time since the last purchase.
    silence: f64,
    /// Shape of the rate of ticks at the last purchase.
    r: f64,
    /// Rate of the rate of ticks at the last purchase, and now.
    alpha_then: f64,
    alpha: f64,
    a: f64,
    b: f64,
    /// P(phase) for each phase.
    weights: [f64; MOST_PHASES as usize],
}

impl Regular {
    /// From `k`, the silence, shape and rate of the rate of ticks before it, and the dropout probability's shapes.
    pub(crate) fn new(k: u32, silence: f64, (r, alpha): (f64, f64), (a, b): (f64, f64)) -> Self {
        let k = k.clamp(1, MOST_PHASES);
        let now = alpha + silence;
        let weights = phase_weights(k, r, silence / now);
        Self { k, silence, r, alpha_then: alpha, alpha: now, a, b, weights }
    }

    /// Phases with their weights, and the shape of the rate in each.
    pub(crate) fn phases(&self) -> impl Iterator<Item = (usize, f64, f64)> {
        self.weights
            .iter()
            .enumerate()
            .filter(|(_, weight)| **weight > 0.0)
            .map(|(phase, &weight)| (phase, weight, self.r + phase as f64))
    }

    /// Rate of the rate of ticks now.
    pub(crate) fn alpha_now(&self) -> f64 {
        self.alpha
    }

    /// Ticks beyond which nothing matters, roughly.
    fn n_ticks(&self, odds: f64) -> f64 {
        let mean = (self.r + f64::from(self.k)) * odds;
        mean + 9.0 * (mean * (1.0 + odds)).sqrt() + 40.0 * (1.0 + odds) + 3.0 * f64::from(self.k)
    }

    /// What the ticks within `odds` (time in units of alpha) bring, for a discount rate times horizon of
    /// `discount`; `None` where there are too many ticks or the discount is too large.
    fn brought(&self, odds: f64, discount: f64) -> Option<Brought> {
        let n_ticks = self.n_ticks(odds);
        // A NaN has no table either.
        if !(n_ticks <= MOST_TICKS as f64 && discount <= LARGEST_DISCOUNT) {
            return None;
        }
        let table = table(self.k, (self.a, self.b), discount, n_ticks as usize);
        // As many lanes as phases, rounded up, so that all phases go through the ticks together.
        if self.k <= FEW_PHASES {
            self.mean_over_ticks::<{ FEW_PHASES as usize }>(&table, odds)
        } else if self.k <= SOME_PHASES {
            self.mean_over_ticks::<{ SOME_PHASES as usize }>(&table, odds)
        } else {
            self.mean_over_ticks::<{ MOST_PHASES as usize }>(&table, odds)
        }
    }

    /// The mean of the table's rows over a negative binomial number of ticks in each of up to `N` phases; `None` where the
    /// rows end too soon.
    ///
    /// Masses are relative to those of one mode, and their sums make them probabilities.
    fn mean_over_ticks<const N: usize>(&self, table: &RegularTable, odds: f64) -> Option<Brought> {
        let share = odds / (1.0 + odds);
        let mode = (self.r * odds - (1.0 + odds)).max(0.0) as usize;
        let weights: [f64; N] = std::array::from_fn(|phase| self.weights[phase]);
        let shapes: [f64; N] = std::array::from_fn(|phase| self.r + phase as f64);
        let mut sums = TickSums { total: [0.0; N], means: [[0.0; N]; 3] };
        let mut masses = [1.0; N];
        let mut is_done = false;
        for l in mode..=table.n_ticks() {
            // With twice k ticks there are pairs in every phase.
            is_done = sums.add(&masses, table.at(l)) && l >= 2 * self.k as usize;
            if is_done {
                break;
            }
            let per_tick = share / (l as f64 + 1.0);
            for (mass, shape) in masses.iter_mut().zip(&shapes) {
                *mass *= per_tick * (shape + l as f64);
            }
        }
        if !is_done {
            return None;
        }
        let mut masses = [1.0; N];
        for l in (0..mode).rev() {
            let per_tick = (l as f64 + 1.0) / share;
            for (mass, shape) in masses.iter_mut().zip(&shapes) {
                *mass *= per_tick / (shape + l as f64);
            }
            sums.add(&masses, table.at(l));
            if masses[N - 1].max(masses[0]) < 1e-20 {
                break;
            }
        }
        Some(sums.means.map(|of_phase| {
            let of_one = |phase: usize| weights[phase] * (of_phase[phase] / sums.total[phase]);
            (0..N).filter(|&phase| weights[phase] > 0.0).map(of_one).sum()
        }))
    }

    /// Expected purchases and pairs within a finite time.
    fn counts(&self, odds: f64) -> [f64; 2] {
        if let Some([expected, pairs, _]) = self.brought(odds, 0.0) {
            return [expected, pairs];
        }
        let phases: Vec<_> = self.phases().collect();
        by_roots(self.k, &phases, odds, (self.a, self.b))
    }

    pub(super) fn expected_purchases(self, horizon: f64) -> f64 {
        if horizon.is_infinite() {
            // E[1 / p].
            let mean = (self.a + self.b - 1.0) / (self.a - 1.0);
            return if self.a > 1.0 { mean } else { f64::INFINITY };
        }
        self.counts(horizon / self.alpha)[0]
    }

    pub(super) fn expected_pairs(self, horizon: f64) -> f64 {
        if horizon.is_infinite() {
            // E[2 (1 - p) / p^2].
            let (a, b) = (self.a, self.b);
            let mean = 2.0 * b * (a + b - 1.0) / ((a - 1.0) * (a - 2.0));
            return if a > 2.0 { mean } else { f64::INFINITY };
        }
        self.counts(horizon / self.alpha)[1]
    }

    /// ln P(no purchase within `horizon`) and its slope in the logarithm of the horizon.
    fn ln_none(&self, horizon: f64) -> (f64, f64) {
        // A silence that goes on is a longer silence.
        let silence = self.silence + horizon;
        let then = self.alpha_then + silence;
        if then.is_infinite() {
            return (f64::NEG_INFINITY, -self.r);
        }
        let longer = Silence::new(self.k, self.r, silence / then);
        let so_far = Silence::new(self.k, self.r, self.silence / self.alpha);
        let ln_none = longer.ln_sum - so_far.ln_sum - self.r * (horizon / self.alpha).ln_1p();
        let slope = longer.mean_ticks * (self.alpha_then / then) * (horizon / silence)
            - self.r * (horizon / then);
        (ln_none.min(0.0), slope)
    }

    pub(super) fn probability_none(self, horizon: f64) -> f64 {
        self.ln_none(horizon).0.exp()
    }

    /// P(exactly n purchases if nobody left) for n = 0 ..= `n_max`, and P(more).
    fn unending(&self, horizon: f64, n_max: usize) -> (Vec<f64>, f64) {
        let odds = (horizon / self.alpha).min(1e15);
        let k = self.k as usize;
        let (mut masses, mut more) = (vec![0.0; n_max + 1], 0.0);
        for (phase, weight, shape) in self.phases() {
            let last = (n_max + 1) * k - phase - 1;
            for (l, mass) in negative_binomial_masses(shape, odds, last).into_iter().enumerate() {
                masses[(l + phase) / k] += weight * mass;
            }
            more += weight * negative_binomial_survival(shape, odds, last as f64);
        }
        (masses, more)
    }

    pub(super) fn probability_mass(self, horizon: f64, n_max: usize) -> Vec<f64> {
        let (mut masses, mut at_least) = self.unending(horizon, n_max);
        // at_least[n] = P(at least n purchases if nobody left), summed from the far end so that it keeps its
        // relative precision.
        let mut tails = vec![0.0; n_max + 1];
        for n in (0..=n_max).rev() {
            at_least += masses[n];
            tails[n] = at_least;
        }
        let mut survived = 1.0;
        for n in 1..=n_max {
            let nf = n as f64;
            let left = survived * self.a / (self.a + self.b + nf - 1.0);
            survived *= (self.b + nf - 1.0) / (self.a + self.b + nf - 1.0);
            masses[n] = survived * masses[n] + left * tails[n];
        }
        masses
    }

    pub(super) fn discounted_purchases(self, horizon: f64, discount_rate: f64) -> f64 {
        let brought = self.brought(horizon / self.alpha, discount_rate * horizon);
        brought.map_or_else(|| self.discounted(horizon, discount_rate), |brought| brought[2])
    }

    /// Discounted purchases by parts: e^(-δH) E(H) + δ ∫ e^(-δu) E(u) du, in v = ln(1 + u / alpha).
    fn discounted(self, horizon: f64, discount_rate: f64) -> f64 {
        let per_scale = discount_rate * self.alpha;
        let end = (horizon / self.alpha).ln_1p();
        let largest_shape = self.r + f64::from(self.k);
        // Purchases come in waves until the spread of the rates has washed them out: those of a shape g die out as
        // (1 + damping u)^-g, so at u only shapes up to 30 / ln(1 + damping u) have waves of more than 1e-13.
        let damping = 1.0 - (std::f64::consts::TAU / f64::from(self.k)).cos();
        let (mut sum, mut from) = (0.0, 0.0_f64);
        loop {
            // Beyond them E(u) rises on no shorter scale than u itself.
            let rise = (2.0 * largest_shape).min(-4.0 / (-from).exp_m1());
            let shape = largest_shape.min(30.0 / (damping * from.exp_m1()).ln_1p());
            let has_waves = self.k > 1 && shape >= self.r;
            let waves = if has_waves { rise.max(2.0 * shape) } else { rise };
            let steepness = |v: f64| per_scale * v.exp() + 1.0 + waves;
            // Near 0 the nearest singularity is that of two phases, at ln(1/2).
            let fineness = if from < 1.0 { 0.5 } else { 1.0 };
            let Some(panel) = Panel::next(from, end, fineness, steepness) else { break };
            sum += per_scale
                * panel.integral(|v| {
                    let odds = v.exp_m1();
                    (v - per_scale * odds).exp() * self.counts(odds)[0]
                });
            from = panel.end();
            let odds = from.exp_m1();
            // What is left is at most the purchases so far and a tick's steady rate from there.
            let bound = self.counts(odds)[0] + largest_shape / per_scale;
            if (-per_scale * odds).exp() * bound < 1e-16 * sum {
                return sum;
            }
        }
        sum + (-discount_rate * horizon).exp() * self.expected_purchases(horizon)
    }

    /// Expected purchases, pairs, probability of none and discounted purchases from one sum over ticks.
    pub(super) fn summary(self, horizon: f64, discount_rate: f64) -> ProcessSummary {
        let probability_none = self.probability_none(horizon);
        let brought = self.brought(horizon / self.alpha, discount_rate * horizon);
        if let Some([expected_purchases, expected_pairs, discounted_purchases]) = brought {
            return ProcessSummary {
                expected_purchases,
                expected_pairs,
                probability_none,
                discounted_purchases,
            };
        }
        let expected_purchases = self.expected_purchases(horizon);
        ProcessSummary {
            expected_purchases,
            expected_pairs: self.expected_pairs(horizon),
            probability_none,
            discounted_purchases: if discount_rate > 0.0 {
                self.discounted_purchases(horizon, discount_rate)
            } else {
                expected_purchases
            },
        }
    }

    pub(super) fn wait_quantile(self, q: f64) -> f64 {
        let target = (-q).ln_1p();
        if target.is_infinite() {
            return f64::MAX;
        }
        // P(no purchase until t) falls with t: bracket it in the logarithm of t, then Newton inside.
        let (mut low, mut high) = (-700.0, 700.0);
        let mut v = (self.alpha * f64::from(self.k) / self.r).ln().clamp(-690.0, 690.0);
        for _ in 0..200 {
            let (ln_none, slope) = self.ln_none(v.exp());
            if ln_none > target {
                low = v;
            } else {
                high = v;
            }
            // Both logarithms: nearly straight at both ends, where waits are powers of time.
            let newton = if q < 0.5 {
                let (none, aim) = ((-ln_none.exp_m1()).ln(), q.ln());
                v + (aim - none) * -(-ln_none).exp_m1() / slope
            } else {
                v + (target - ln_none) / slope
            };
            if (newton - v).abs() <= 1e-14 * v.abs().max(1.0) {
                return newton.clamp(low, high).exp();
            }
            let next = if newton > low && newton < high { newton } else { 0.5 * (low + high) };
            if next <= low || next >= high {
                break;
            }
            v = next;
        }
        v.exp()
    }

    pub(super) fn count_quantiles(self, horizon: f64, targets: &[f64]) -> Vec<u64> {
        let odds = (horizon / self.alpha).min(1e15);
        let kf = f64::from(self.k);
        let cdf = |n: f64| {
            let more: f64 = self
                .phases()
                .map(|(phase, weight, shape)| {
                    let ticks = (n + 1.0) * kf - phase as f64 - 1.0;
                    weight * (1.0 - NegativeBinomial { shape, odds }.approximate_cdf(ticks))
                })
                .sum();
            let whole = n.min(f64::from(u32::MAX)) as u32;
            1.0 - more * ln_beta_fall(self.a, self.b, whole).exp()
        };
        let ln_no_tick = -(self.r + kf) * odds.ln_1p();
        if ln_no_tick > LEAST_LN_NO_TICK {
            return count::quantiles(targets, self.masses_from_zero(odds), cdf);
        }
        let most = (self.n_ticks(odds) / kf).min(EXACT_COUNTS as f64);
        let masses = self.probability_mass(horizon, most as usize);
        count::quantiles(targets, masses.into_iter(), cdf)
    }

    /// P(0 purchases), P(1), ... for ever, where P(no tick) is a number of its own.
    fn masses_from_zero(self, odds: f64) -> impl Iterator<Item = f64> {
        let share = odds / (1.0 + odds);
        // For each phase: it, the ticks to come, the chance of so many times the weight, the shape.
        let mut phases: Vec<(usize, usize, f64, f64)> = self
            .phases()
            .map(|(phase, weight, shape)| (phase, 0, weight * (-shape * odds.ln_1p()).exp(), shape))
            .collect();
        let (mut n, mut survived, mut tail) = (0_usize, 1.0, 1.0);
        std::iter::from_fn(move || {
            let mut mass = 0.0;
            for (phase, ticks, chance, shape) in &mut phases {
                while *phase + *ticks < (n + 1) * self.k as usize {
                    mass += *chance;
                    let l = *ticks as f64;
                    *chance *= share * (*shape + l) / (l + 1.0);
                    *ticks += 1;
                }
            }
            // P(N > n) = P(more than n if nobody left) E[(1 - p)^n].
            let before = tail * survived;
            tail = f64::max(tail - mass, 0.0);
            if n > 0 {
                let nf = n as f64;
                survived *= (self.b + nf - 1.0) / (self.a + self.b + nf - 1.0);
            }
            n += 1;
            Some(before - tail * survived)
        })
    }
}

/// Sums over ticks of masses, and of masses times what the ticks bring, for each phase.
struct TickSums<const N: usize> {
    total: [f64; N],
    means: [[f64; N]; 3],
}

impl<const N: usize> TickSums<N> {
    /// Adds one row; whether it is negligible in all phases, for the pairs, which are the last to converge.
    fn add(&mut self, masses: &[f64; N], row: &[[f64; N]; 3]) -> bool {
        for (total, mass) in self.total.iter_mut().zip(masses) {
            *total += mass;
        }
        for (means, values) in self.means.iter_mut().zip(row) {
            for ((mean, mass), value) in means.iter_mut().zip(masses).zip(values) {
                *mean += mass * value;
            }
        }
        let pairs = self.means[1].iter().zip(masses).zip(&row[1]);
        pairs.fold(true, |is_so_far, ((mean, mass), value)| {
            is_so_far & (mass * value <= NEGLIGIBLE * mean)
        })
    }
}
