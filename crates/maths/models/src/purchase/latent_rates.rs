//! Means over a customer's two latent rates whose logarithms are jointly normal.
//!
//! With z independent standard normal, ln λ = m1 + s1 z1 and ln μ = m2 + s2 (ρ z1 + ρ' z2), ρ' = √(1 - ρ²). The
//! likelihood of a history given the rates is λ^x e^(-(λ+μ) t_x) times e^(-u) + μ/(λ+μ) (1 - e^(-u)) with u = (λ+μ)
//! (T - t_x). The trapezoidal rule in z1 and z2 converges faster than any power of the step, since the integrand is
//! analytic and falls off like a normal density: steps are as wide as the narrowest feature allows, which is the
//! curvature at the mode or a logarithm's unit, and rows and columns are visited from the modes outwards until
//! nothing is left. The two parts of the likelihood are log-concave, so that each has one mode; between them
//! nothing is skipped.

use clv_numerics::log_space::ln_one_minus_exp;
use pulp::Arch;

use super::latent_rows::{ColumnTable, Lanes, NEGLIGIBLE, Row, SumOfRow, cut};
use crate::PurchaseHistory;

/// The joint law of the logarithms of the two rates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct LatentRates {
    /// m1.
    pub(super) mean_ln_rate: f64,
    /// m2.
    pub(super) mean_ln_dropout: f64,
    /// s1.
    pub(super) sd_ln_rate: f64,
    /// s2.
    pub(super) sd_ln_dropout: f64,
    /// ρ.
    pub(super) correlation: f64,
    /// √(1 - ρ²).
    pub(super) rest: f64,
}

/// What one sweep over the plane gives.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct LatentMeans {
    /// Log-likelihood of the history.
    pub(super) ln_likelihood: f64,
    /// P(still a customer).
    pub(super) alive: f64,
    /// Posterior mean of z1.
    pub(super) z1: f64,
    /// Of z2.
    pub(super) z2: f64,
    /// Of z1².
    pub(super) z1_z1: f64,
    /// Of z1 z2.
    pub(super) z1_z2: f64,
    /// Of z2².
    pub(super) z2_z2: f64,
}

/// One point of a customer's law, given that they still are a customer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LatentPoint {
    /// Its probability.
    pub weight: f64,
    /// Purchases per unit of time.
    pub purchase_rate: f64,
    /// Departures per unit of time.
    pub dropout_rate: f64,
}

/// Standard deviations above this act as this: the middle 95 % of customers then span fourteen powers of ten.
pub(super) const LARGEST_SD: f64 = 8.0;

/// How far apart points lie: in units of the deviation of a normal density, and of the logarithm of a rate.
#[derive(Clone, Copy)]
struct Steps {
    normal: f64,
    ln_rate: f64,
}

/// For likelihoods: e^(-2 π² 2) is 7e-18 and e^(-π²/0.35) is 6e-13, which is how exact the rule is for a normal density
/// and for e^(-λ T).
const FINE: Steps = Steps { normal: std::f64::consts::FRAC_1_SQRT_2, ln_rate: 0.35 };

/// For a future law: e^(-2 π²/0.92²) is 7e-11 and e^(-π²/0.455) is 4e-10.
const COARSE: Steps = Steps { normal: 0.92, ln_rate: 0.455 };

/// Points below this share of all are dropped from a law.
const LIGHT: f64 = 1e-13;

/// Parts of a row below e^-this are left off; up to e^this, factors are multiplied one by one.
const DEEP: f64 = 120.0;

/// The logarithm of what counts for nothing.
const NOTHING: f64 = -1e300;

/// A part of the likelihood at one moment t: λ^x e^(-(λ+μ) t), times μ^c.
#[derive(Clone, Copy)]
struct Part {
    x: f64,
    time: f64,
    /// ln(s'² t), s' being the deviation of ln μ given λ.
    ln_scaled_time: f64,
    dropouts: f64,
}

/// Where a part is largest.
#[derive(Clone, Copy)]
struct Mode {
    z1: f64,
    z2: f64,
    /// Minus the second derivative of the logarithm along z1, z2 being best at each z1.
    curvature: f64,
    /// Minus the second derivative along z2.
    column_curvature: f64,
}

/// The mode in place of the plane, where the history contradicts the law so much that no number holds the sums.
fn at_mode(modes: [Mode; 2], peaks: [f64; 2]) -> LatentMeans {
    let higher = usize::from(peaks[1] > peaks[0]);
    let mode = modes[higher];
    let (z1, z2) = (mode.z1.clamp(-1e100, 1e100), mode.z2.clamp(-1e100, 1e100));
    let ln_width = -0.5 * (mode.curvature.ln() + mode.column_curvature.ln());
    LatentMeans {
        ln_likelihood: (peaks[higher] + ln_width).clamp(-1e300, 1e300),
        alive: if higher == 0 { 1.0 } else { (peaks[0] - peaks[1]).exp().clamp(0.0, 1.0) },
        z1,
        z2,
        z1_z1: z1 * z1,
        z1_z2: z1 * z2,
        z2_z2: z2 * z2,
    }
}

/// The positive root ω of ω + ln ω = k (Wright's omega function), to some ten digits.
fn omega(k: f64) -> f64 {
    if k < -30.0 {
        return k.exp();
    }
    let mut root = if k > 1.0 { k - k.ln() } else { k.exp() / (1.0 + k.exp()) };
    for _ in 0..4 {
        let before = root;
        root = (root * (1.0 + k - root.ln()) / (1.0 + root)).max(f64::MIN_POSITIVE);
        // The error is squared at each step.
        if (root - before).abs() < 1e-5 * root {
            break;
        }
    }
    root
}

impl LatentRates {
    /// The law of finite parameters: deviations above 0, the correlation between -1 and 1.
    pub(super) fn new([m1, m2, s1, s2, correlation]: [f64; 5]) -> Self {
        Self {
            mean_ln_rate: m1,
            mean_ln_dropout: m2,
            sd_ln_rate: s1.min(LARGEST_SD),
            sd_ln_dropout: s2.min(LARGEST_SD),
            correlation,
            rest: ((1.0 - correlation) * (1.0 + correlation)).sqrt(),
        }
    }

    /// Deviation of ln μ given z1.
    fn column_sd(&self) -> f64 {
        self.sd_ln_dropout * self.rest
    }

    /// Change of ln μ with z1.
    fn slant(&self) -> f64 {
        self.sd_ln_dropout * self.correlation
    }

    /// The best z2 of a part at z1, and ω = s'² μ t there.
    fn best_column(&self, part: Part, z1: f64) -> (f64, f64) {
        let sd = self.column_sd();
        let at_0 = self.mean_ln_dropout + self.slant() * z1 + part.dropouts * sd * sd;
        let root = omega(at_0 + part.ln_scaled_time);
        (part.dropouts * sd - root / sd, root)
    }

    /// Slope and curvature of a part's logarithm along z1, z2 being best at each.
    fn profile(&self, part: Part, z1: f64) -> (f64, f64) {
        let (sd, slant) = (self.column_sd(), self.slant());
        let events = cut(self.mean_ln_rate + self.sd_ln_rate * z1).exp() * part.time;
        let (_, root) = self.best_column(part, z1);
        let leaving = root / (sd * sd);
        let slope = self.sd_ln_rate * (part.x - events) - z1 + slant * (part.dropouts - leaving);
        let s1 = self.sd_ln_rate;
        let curvature = 1.0 + s1 * s1 * events + slant * slant * (leaving / (1.0 + root));
        (slope, curvature)
    }

    /// The mode of a part. The slope along z1 falls everywhere by at least 1, so that it has one root.
    fn mode(&self, part: Part) -> Mode {
        let (at_0, _) = self.profile(part, 0.0);
        let direction = at_0.signum();
        let (mut inner, mut outer) = (0.0, direction);
        while self.profile(part, outer).0 * direction > 0.0 && outer.abs() < 1e300 {
            (inner, outer) = (outer, 2.0 * outer);
        }
        let (mut low, mut high) = (f64::min(inner, outer), f64::max(inner, outer));
        let mut z1 = 0.5 * (low + high);
        let mut curvature = 1.0;
        for _ in 0..100 {
            let (slope, here) = self.profile(part, z1);
            curvature = here;
            if slope > 0.0 {
                low = z1;
            } else {
                high = z1;
            }
            let newton = z1 + slope / here;
            // A twentieth of the width of the peak is near enough to start from.
            if (newton - z1).abs() * here.sqrt() < 0.05 {
                break;
            }
            z1 = if newton > low && newton < high { newton } else { 0.5 * (low + high) };
        }
        let (z2, root) = self.best_column(part, z1);
        Mode { z1, z2, curvature, column_curvature: 1.0 + root }
    }

    /// ln μ at z2 = 0 of a row.
    fn ln_dropout(&self, z1: f64) -> f64 {
        self.mean_ln_dropout + self.slant() * z1
    }

    /// Visits the plane from the modes outwards, and sums; for a law of who is still there in coarser steps.
    fn sweep(
        &self,
        history: &PurchaseHistory,
        is_law: bool,
        mut each: impl FnMut(f64, &Lanes, &Lanes),
    ) -> LatentMeans {
        let x = f64::from(history.repeat_purchases());
        let (last, age) = (history.last_purchase_age(), history.age());
        let part = |time: f64, dropouts: f64| {
            let ln_scaled_time = 2.0 * self.column_sd().ln() + time.ln();
            Part { x, time, ln_scaled_time, dropouts }
        };
        let (staying, leaving) = (part(age, 0.0), part(last, 1.0));
        let mut modes = [self.mode(staying), self.mode(leaving)];
        let peaks = self.ln_peaks(history, modes);
        let shift = peaks[0].max(peaks[1]);
        // A part that does not count must not make steps narrow or stretches wide.
        for k in 0..2 {
            if peaks[k] < shift - DEEP {
                modes[k] = modes[1 - k];
            }
        }
        let (s1, slant, sd) = (self.sd_ln_rate, self.slant(), self.column_sd());
        let steps = if is_law { COARSE } else { FINE };
        let step = |curvature: f64, per_unit: f64| {
            1.0 / (curvature.sqrt() / steps.normal).hypot(per_unit / steps.ln_rate)
        };
        let steepest = |of: fn(&Mode) -> f64| modes.iter().map(of).fold(1.0, f64::max);
        let row_step = step(steepest(|mode| mode.curvature), s1.max(slant.abs()));
        let column_step = step(steepest(|mode| mode.column_curvature), sd);
        let mut table = ColumnTable::new(column_step, sd, self.mean_ln_dropout, (age, last));
        let registers = Arch::new();

        let mut sums = [0.0; 7];
        let has_weight = |number: f64| {
            let z1 = number * row_step;
            let ln_rate = cut(self.mean_ln_rate + s1 * z1);
            let ln_row = x * ln_rate - 0.5 * z1 * z1 - shift;
            [staying, leaving].into_iter().any(|part| {
                let (z2, root) = self.best_column(part, z1);
                let taken = root / (sd * sd) + 0.5 * z2 * z2;
                ln_row - ln_rate.exp() * part.time - taken > -DEEP
            })
        };
        let mut visit = |number: f64, sums: &mut [f64; 7]| -> f64 {
            let z1 = number * row_step;
            let ln_rate = cut(self.mean_ln_rate + s1 * z1);
            let rate = ln_rate.exp();
            let ln_row = x * ln_rate - 0.5 * z1 * z1 - shift;
            let best = [self.best_column(staying, z1), self.best_column(leaving, z1)];
            // Of each part: what the columns take from it where it is largest, and its logarithm there.
            let ln_factors = [ln_row - rate * age, ln_row - rate * last];
            let taken = best.map(|(z2, root)| root / (sd * sd) + 0.5 * z2 * z2);
            let counts = [0, 1].map(|k| ln_factors[k] - taken[k] > -DEEP);
            if !counts[0] && !counts[1] {
                return 0.0;
            }
            let mut edges = best.map(|(z2, _)| z2);
            for k in 0..2 {
                if !counts[k] {
                    edges[k] = edges[1 - k];
                }
            }
            let row = Row {
                rate,
                centre: slant * z1,
                sd,
                ln_factors: [0, 1].map(|k| if counts[k] { ln_factors[k] } else { NOTHING }),
                is_far: (0..2).any(|k| counts[k] && taken[k] > DEEP),
                edges: (edges[0].min(edges[1]), edges[0].max(edges[1])),
            };
            let of_row = registers.dispatch(SumOfRow {
                row: &row,
                table: &mut table,
                each: |dropout_rates: &Lanes, alive: &Lanes| each(rate, dropout_rates, alive),
            });
            let [alive, either, z2, z2_z2] = of_row;
            let parts = [alive, either, z1 * either, z2, z1 * z1 * either, z1 * z2, z2_z2];
            for (sum, part) in sums.iter_mut().zip(parts) {
                *sum += part;
            }
            either
        };
        let lowest = modes[0].z1.min(modes[1].z1);
        let highest = modes[0].z1.max(modes[1].z1);
        let first = (lowest / row_step).floor();
        let mut number = first;
        while visit(number, &mut sums) > NEGLIGIBLE * sums[1] {
            number -= 1.0;
        }
        number = first + 1.0;
        let end = (highest / row_step).floor();
        loop {
            let weight = visit(number, &mut sums);
            if number > end && weight <= NEGLIGIBLE * sums[1] {
                break;
            }
            // Between the parts there may be a wide stretch of nothing: to where the other one begins, by doubling
            // and then halving steps.
            let mut stride = 1.0;
            while weight <= 0.0 && number + stride < end && !has_weight(number + stride) {
                number += stride;
                stride *= 2.0;
            }
            while stride > 1.0 {
                stride = (0.5 * stride).floor();
                if number + stride < end && !has_weight(number + stride) {
                    number += stride;
                }
            }
            number += 1.0;
        }
        let [alive, either, z1, z2, z1_z1, z1_z2, z2_z2] = sums;
        if !(either.is_normal() && sums.iter().all(|sum| sum.is_finite())) {
            return at_mode(modes, peaks);
        }
        let ln_area = (row_step * column_step / (2.0 * std::f64::consts::PI)).ln();
        LatentMeans {
            ln_likelihood: either.ln() + shift + ln_area,
            alive: (alive / either).min(1.0),
            z1: z1 / either,
            z2: z2 / either,
            z1_z1: z1_z1 / either,
            z1_z2: z1_z2 / either,
            z2_z2: z2_z2 / either,
        }
    }

    /// ln λ and ln μ at a mode.
    fn ln_rates(&self, mode: &Mode) -> [f64; 2] {
        let ln_rate = cut(self.mean_ln_rate + self.sd_ln_rate * mode.z1);
        let ln_dropout = cut(self.ln_dropout(mode.z1) + self.column_sd() * mode.z2);
        [ln_rate, ln_dropout]
    }

    /// The two parts' logarithms at their modes.
    fn ln_peaks(&self, history: &PurchaseHistory, [staying, leaving]: [Mode; 2]) -> [f64; 2] {
        let x = f64::from(history.repeat_purchases());
        let (last, age) = (history.last_purchase_age(), history.age());
        let ln_prior = |mode: &Mode| -0.5 * (mode.z1 * mode.z1 + mode.z2 * mode.z2);
        let [ln_rate, ln_dropout] = self.ln_rates(&staying);
        let both = ln_rate.exp() + ln_dropout.exp();
        let ln_staying = ln_prior(&staying) + x * ln_rate - both * age;
        let [ln_rate, ln_dropout] = self.ln_rates(&leaving);
        let both = ln_rate.exp() + ln_dropout.exp();
        let unseen = ln_one_minus_exp(-both * history.time_since_last_purchase());
        let ln_leaving =
            ln_prior(&leaving) + x * ln_rate - both * last + ln_dropout - both.ln() + unseen;
        [ln_staying, ln_leaving]
    }

    /// Log-likelihood, P(alive) and posterior means of a history.
    pub(super) fn means(&self, history: &PurchaseHistory) -> LatentMeans {
        self.sweep(history, false, |_, _, _| {})
    }

    /// The law of the rates of a customer with this history who still is one, as points with weights that sum to 1.
    pub(super) fn points_if_alive(&self, history: &PurchaseHistory) -> Vec<LatentPoint> {
        let mut points: Vec<LatentPoint> = Vec::with_capacity(4096);
        self.sweep(history, true, |purchase_rate, dropout_rates, alive| {
            points.extend(alive.iter().zip(dropout_rates).map(|(&weight, &dropout_rate)| {
                LatentPoint { weight, purchase_rate, dropout_rate }
            }));
        });
        let total: f64 = points.iter().map(|point| point.weight).sum();
        let lightest = LIGHT * total;
        points.retain(|point| point.weight > lightest);
        let kept: f64 = points.iter().map(|point| point.weight).sum();
        if !kept.is_normal() {
            // So surely gone that no point weighs anything beside that: the likeliest rates of who is not.
            let staying = Part {
                x: f64::from(history.repeat_purchases()),
                time: history.age(),
                ln_scaled_time: 2.0 * self.column_sd().ln() + history.age().ln(),
                dropouts: 0.0,
            };
            let [purchase_rate, dropout_rate] = self.ln_rates(&self.mode(staying)).map(f64::exp);
            return vec![LatentPoint { weight: 1.0, purchase_rate, dropout_rate }];
        }
        points.iter_mut().for_each(|point| point.weight /= kept);
        points
    }
}
