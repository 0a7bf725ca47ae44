//! Spend observations side by side by their number of purchases, so that a likelihood pass costs one logarithm and
//! one division for each row and everything else once for each number.
//!
//! In the gamma-gamma likelihood only ln(1 + gamma / (n z)) differs between customers with the same number n of
//! purchases. Its sum over them, and the sums of the shares of prior and own purchases in the posterior mean,
//! give value and gradient.

use clv_numerics::vectorised;
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::SpendObservations;

/// One over the largest and the smallest total spend that is told apart, in the unit of the fit; far beyond them
/// the logarithms would leave the domain of [`vectorised::ln`].
const INVERSE_TOTALS: (f64, f64) = (1e-300, 1e280);
/// Rows for one task. Fixed, and the tasks' sums are added in order, so that a result does not depend on the
/// number of threads.
const ROWS_PER_TASK: usize = 8192;
/// Rows that are worked on at once, in vector registers.
const LANES: usize = 16;

/// Observations in groups of equal numbers of purchases, in one unit of money.
#[derive(Debug, Clone)]
pub(crate) struct SpendsByCount {
    groups: Vec<CountGroup>,
    /// 1 / (n z) and weight, the rows of a group side by side.
    inverse_totals: Vec<f64>,
    weights: Vec<f64>,
    n_customers: f64,
}

/// The customers with one number of purchases, all but their rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct CountGroup {
    /// n.
    pub(super) n_purchases: f64,
    /// Customers: the sum of weights.
    pub(super) weight: f64,
    /// Weighted sum of ln(n z).
    pub(super) ln_total: f64,
    n_rows: usize,
}

/// What a pass at one gamma gives for a group, each a weighted sum over its rows.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct GroupSums {
    /// Of ln(1 + gamma / (n z)).
    pub(super) ln_growth: f64,
    /// Of n z / (gamma + n z), the share of the customer's own purchases.
    pub(super) own_share: f64,
    /// Of gamma / (gamma + n z), the share of the prior.
    pub(super) prior_share: f64,
}

impl SpendsByCount {
    /// The observations with amounts multiplied by `factor`.
    pub(crate) fn new(observations: &SpendObservations, factor: f64) -> Self {
        let mut rows: Vec<(u32, f64, f64)> = observations
            .iter()
            .map(|(seen, weight)| {
                let total = f64::from(seen.n_purchases()) * (seen.mean_spend() * factor);
                let inverse = (1.0 / total).clamp(INVERSE_TOTALS.0, INVERSE_TOTALS.1);
                (seen.n_purchases(), inverse, weight)
            })
            .collect();
        rows.sort_by_key(|row| row.0);
        let groups = rows
            .chunk_by(|a, b| a.0 == b.0)
            .map(|group| group_of(group[0].0, group.iter().map(|&(_, inverse, w)| (inverse, w))))
            .collect();
        Self {
            groups,
            inverse_totals: rows.iter().map(|row| row.1).collect(),
            weights: rows.iter().map(|row| row.2).collect(),
            n_customers: observations.n_customers(),
        }
    }

    /// Customers: the sum of weights.
    pub(crate) fn n_customers(&self) -> f64 {
        self.n_customers
    }

    /// About `n_rows` rows that stand for all: every k-th of each group, and at least one, with the group's
    /// weight. `None` where there are no more rows than that anyway.
    pub(crate) fn thinned(&self, n_rows: usize) -> Option<Self> {
        let every = self.weights.len().div_ceil(n_rows.max(1));
        if every < 2 {
            return None;
        }
        let mut thinned = Self {
            groups: Vec::with_capacity(self.groups.len()),
            inverse_totals: Vec::new(),
            weights: Vec::new(),
            n_customers: self.n_customers,
        };
        let mut from = 0;
        for group in &self.groups {
            let rows = from..from + group.n_rows;
            from = rows.end;
            let taken: f64 = self.weights[rows.clone()].iter().step_by(every).sum();
            let factor = group.weight / taken;
            let first = thinned.weights.len();
            thinned.inverse_totals.extend(self.inverse_totals[rows.clone()].iter().step_by(every));
            let weights = self.weights[rows].iter().step_by(every).map(|weight| weight * factor);
            thinned.weights.extend(weights);
            let kept = thinned.inverse_totals[first..].iter().zip(&thinned.weights[first..]);
            let kept = kept.map(|(&inverse, &weight)| (inverse, weight));
            thinned.groups.push(CountGroup { n_purchases: group.n_purchases, ..group_of(1, kept) });
        }
        Some(thinned)
    }

    /// Each group with its sums at this gamma.
    pub(super) fn sums(&self, gamma: f64) -> Vec<(CountGroup, GroupSums)> {
        let mut tasks = Vec::with_capacity(self.groups.len() + self.weights.len() / ROWS_PER_TASK);
        let mut from = 0;
        for (k, group) in self.groups.iter().enumerate() {
            let end = from + group.n_rows;
            while from < end {
                let to = end.min(from + ROWS_PER_TASK);
                tasks.push((k, from..to));
                from = to;
            }
        }
        let (inverse_totals, weights) = (&self.inverse_totals, &self.weights);
        let registers = Arch::new();
        let task = |(k, rows): &(usize, std::ops::Range<usize>)| {
            let (inverse_totals, weights) = (&inverse_totals[rows.clone()], &weights[rows.clone()]);
            (*k, registers.dispatch(RowsOfGroup { gamma, inverse_totals, weights }))
        };
        let parts: Vec<(usize, GroupSums)> = if weights.len() <= ROWS_PER_TASK {
            tasks.iter().map(task).collect()
        } else {
            tasks.par_iter().map(task).collect()
        };
        let mut sums: Vec<(CountGroup, GroupSums)> =
            self.groups.iter().map(|group| (*group, GroupSums::default())).collect();
        for (k, part) in parts {
            let sum = &mut sums[k].1;
            sum.ln_growth += part.ln_growth;
            sum.own_share += part.own_share;
            sum.prior_share += part.prior_share;
        }
        sums
    }
}

/// The group of `n_purchases` with these rows of 1 / (n z) and weight.
fn group_of(n_purchases: u32, rows: impl Iterator<Item = (f64, f64)>) -> CountGroup {
    let n_purchases = f64::from(n_purchases);
    let mut group = CountGroup { n_purchases, weight: 0.0, ln_total: 0.0, n_rows: 0 };
    for (inverse, weight) in rows {
        group.weight += weight;
        group.ln_total -= weight * inverse.ln();
        group.n_rows += 1;
    }
    group
}

/// Some rows of a group, to be summed on the widest vector registers that the processor has. As no product and sum are
/// fused into one rounding, every width gives the same digits.
struct RowsOfGroup<'a> {
    gamma: f64,
    inverse_totals: &'a [f64],
    weights: &'a [f64],
}

impl WithSimd for RowsOfGroup<'_> {
    type Output = GroupSums;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> GroupSums {
        sums_of(self.gamma, self.inverse_totals, self.weights)
    }
}

/// The sums over some rows of a group.
#[inline(always)]
fn sums_of(gamma: f64, inverse_totals: &[f64], weights: &[f64]) -> GroupSums {
    // Beyond 1e300 the logarithm has no value; gamma is far below that over any total.
    let ratio_of = |inverse: f64| (gamma * inverse).min(1e299);
    let mut lanes = [[0.0; LANES]; 3];
    let (whole, rest) = inverse_totals.as_chunks::<LANES>();
    let (whole_weights, rest_weights) = weights.as_chunks::<LANES>();
    for (inverse, weight) in whole.iter().zip(whole_weights) {
        for k in 0..LANES {
            let ratio = ratio_of(inverse[k]);
            let growth = 1.0 + ratio;
            let own = weight[k] / growth;
            lanes[0][k] += weight[k] * vectorised::ln(growth);
            lanes[1][k] += own;
            lanes[2][k] += own * ratio;
        }
    }
    for (k, (&inverse, weight)) in rest.iter().zip(rest_weights).enumerate() {
        let ratio = ratio_of(inverse);
        let own = weight / (1.0 + ratio);
        lanes[0][k] += weight * vectorised::ln(1.0 + ratio);
        lanes[1][k] += own;
        lanes[2][k] += own * ratio;
    }
    let [ln_growth, own_share, prior_share] = lanes.map(|lane| lane.iter().sum());
    GroupSums { ln_growth, own_share, prior_share }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail")]
mod tests {
    use super::*;
    use crate::spend::{GammaGamma, SpendObservation};

    fn some_observations(n_rows: u32) -> SpendObservations {
        let mut observations = SpendObservations::default();
        for k in 0..n_rows {
            let mean_spend = 5.0 + f64::from(k * 37 % 101);
            let seen = SpendObservation::new(1 + k * k % 7, mean_spend).unwrap();
            observations.push(seen, 1.0 + f64::from(k % 3)).unwrap();
        }
        observations
    }

    #[test]
    fn the_sum_is_that_of_the_rows_one_by_one() {
        let model = GammaGamma::new(2.0, 3.0, 25.0).unwrap();
        for n_rows in [1, 9, 1000, 40_000] {
            let observations = some_observations(n_rows);
            let sum = model.ln_likelihood_sum(&observations, &mut [0.0; 3]);
            let one_by_one: f64 =
                observations.iter().map(|(seen, w)| w * model.ln_likelihood(seen)).sum();
            assert!((sum / one_by_one - 1.0).abs() < 1e-12, "{n_rows}: {sum} {one_by_one}");
        }
    }

    #[test]
    fn a_thinned_base_stands_for_as_many_customers_and_nearly_the_same_likelihood() {
        let all = SpendsByCount::new(&some_observations(20_000), 1.0);
        let part = all.thinned(2000).unwrap();
        let n_customers: f64 = part.weights.iter().sum();
        assert!((n_customers / all.n_customers() - 1.0).abs() < 1e-12);
        assert!(part.weights.len() <= 2007 && all.thinned(20_000).is_none());
        let model = GammaGamma::new(2.0, 3.0, 25.0).unwrap();
        let of = |spends| model.ln_likelihood_by_count(spends, &mut [0.0; 3]);
        assert!((of(&part) / of(&all) - 1.0).abs() < 0.01);
    }
}
