//! One sweep over all histories: the weighted sum of log-likelihoods and gradients, on all cores.

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use crate::{PurchaseHistories, PurchaseHistory};

/// Rows for one task. Fixed, and the tasks' sums are added in order, so that a result does not depend on the
/// number of threads.
pub(super) const ROWS_PER_TASK: usize = 2048;

/// A log-likelihood and its slopes in the free coordinates of the parameters, of one history or summed.
pub(super) type WithSlopes<const N: usize> = (f64, [f64; N]);

/// Sums weight · log-likelihood over all rows and writes the summed gradient.
///
/// `row` gives a history's log-likelihood and its slopes in the logarithms of the parameters.
pub(super) fn weighted_sum<const N: usize>(
    histories: &PurchaseHistories,
    gradient: &mut [f64],
    row: impl Fn(&PurchaseHistory) -> WithSlopes<N> + Sync,
) -> f64 {
    sum_of_tasks(histories, gradient, |rows, weights| {
        let mut sum = (0.0, [0.0; N]);
        for (history, weight) in rows.iter().zip(weights) {
            add_weighted(&mut sum, *weight, row(history));
        }
        sum
    })
}

/// A likelihood that takes many rows at once, arranged so that its loops run on vector registers.
pub(super) trait LikelihoodOfMany<const N: usize>: Sync {
    /// The weighted sum over some rows, at most [`ROWS_PER_TASK`] of them. To be inlined, so that it is compiled anew
    /// for each width of registers.
    fn sum(&self, rows: &[PurchaseHistory], weights: &[f64]) -> WithSlopes<N>;
}

/// As [`weighted_sum`], on the widest vector registers that the processor has.
///
/// A product and a sum are never fused into one rounding, so that every processor gives the same digits.
pub(super) fn weighted_sum_of_many<const N: usize, L: LikelihoodOfMany<N>>(
    histories: &PurchaseHistories,
    gradient: &mut [f64],
    likelihood: &L,
) -> f64 {
    let registers = Arch::new();
    sum_of_tasks(histories, gradient, |rows, weights| {
        registers.dispatch(OnRegisters::<N, L> { likelihood, rows, weights })
    })
}

/// One task of [`weighted_sum_of_many`].
struct OnRegisters<'a, const N: usize, L> {
    likelihood: &'a L,
    rows: &'a [PurchaseHistory],
    weights: &'a [f64],
}

impl<const N: usize, L: LikelihoodOfMany<N>> WithSimd for OnRegisters<'_, N, L> {
    type Output = WithSlopes<N>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> WithSlopes<N> {
        self.likelihood.sum(self.rows, self.weights)
    }
}

/// Runs `task` on equal parts of the rows and adds what they give.
fn sum_of_tasks<const N: usize>(
    histories: &PurchaseHistories,
    gradient: &mut [f64],
    task: impl Fn(&[PurchaseHistory], &[f64]) -> WithSlopes<N> + Sync,
) -> f64 {
    let (rows, weights) = (histories.histories(), histories.weights());
    let sums: Vec<WithSlopes<N>> = if rows.len() <= ROWS_PER_TASK {
        vec![task(rows, weights)]
    } else {
        rows.par_chunks(ROWS_PER_TASK)
            .zip(weights.par_chunks(ROWS_PER_TASK))
            .map(|(rows, weights)| task(rows, weights))
            .collect()
    };
    let mut total = (0.0, [0.0; N]);
    for sum in sums {
        add_weighted(&mut total, 1.0, sum);
    }
    gradient.fill(0.0);
    for (slope, sum) in gradient.iter_mut().zip(total.1) {
        *slope = sum;
    }
    total.0
}

/// Adds `weight` times a row's log-likelihood and slopes to a sum.
#[inline(always)]
pub(super) fn add_weighted<const N: usize>(
    sum: &mut WithSlopes<N>,
    weight: f64,
    row: WithSlopes<N>,
) {
    sum.0 += weight * row.0;
    for (slope, row_slope) in sum.1.iter_mut().zip(row.1) {
        *slope += weight * row_slope;
    }
}

/// The largest count in the data: how long the pass's tables must be.
pub(super) fn most_repeat_purchases(histories: &PurchaseHistories) -> u32 {
    histories.histories().iter().map(PurchaseHistory::repeat_purchases).max().unwrap_or(0)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail")]
mod tests {
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};

    use super::*;
    use crate::purchase::{PurchaseModel, bg_nbd::BgNbd, mbg_nbd::MbgNbd, pareto_nbd::ParetoNbd};

    /// A number spread evenly in the logarithm.
    fn size(random: &mut StdRng, lowest: f64, highest: f64) -> f64 {
        (lowest.ln() + random.random::<f64>() * (highest / lowest).ln()).exp()
    }

    /// Histories of any kind: fresh and long silent, bought once and a million times.
    fn some_histories(random: &mut StdRng, n: usize) -> PurchaseHistories {
        let mut histories = PurchaseHistories::default();
        for _ in 0..n {
            let age = size(random, 1e-3, 1e3);
            let is_extreme = random.random::<f64>() < 0.02;
            let count = size(random, 0.3, if is_extreme { 1e6 } else { 60.0 }) as u32;
            let last = if count == 0 { 0.0 } else { age * random.random::<f64>().max(1e-6) };
            let history = PurchaseHistory::new(count, last, age).unwrap();
            histories.push(history, size(random, 1.0, 50.0).floor()).unwrap();
        }
        histories
    }

    fn models(random: &mut StdRng, spread: f64) -> [Box<dyn PurchaseModel>; 3] {
        let mut shape = || size(random, 0.5 / spread, 0.5 * spread);
        let (r, alpha, s, beta) = (shape(), 20.0 * shape(), shape(), 20.0 * shape());
        [
            Box::new(ParetoNbd::new(r, alpha, s, beta).unwrap()),
            Box::new(BgNbd::new(r, alpha, s, beta).unwrap()),
            Box::new(MbgNbd::new(r, alpha, s, beta).unwrap()),
        ]
    }

    #[test]
    fn many_rows_at_once_give_what_rows_give_one_by_one() {
        let mut random = StdRng::seed_from_u64(31);
        for spread in [3.0, 30.0, 1e3, 1e6] {
            for n in [1, 31, 33, 700, 5000] {
                let histories = some_histories(&mut random, n);
                for model in models(&mut random, spread) {
                    let mut gradient = [0.0; 4];
                    let sum = model.ln_likelihood_sum(&histories, &mut gradient);
                    let each = histories.iter().map(|(row, w)| w * model.ln_likelihood(row));
                    let (one_by_one, size) = each
                        .fold((0.0, 0.0), |(sum, size): (f64, f64), part| {
                            (sum + part, size + part.abs())
                        });
                    assert!((sum - one_by_one).abs() < 1e-12 * size, "{model:?} {n}: {sum}");
                    assert!(gradient.iter().all(|slope| slope.is_finite()), "{model:?} {n}");
                }
            }
        }
    }

    #[test]
    fn chances_of_many_customers_are_those_of_each() {
        let mut random = StdRng::seed_from_u64(32);
        for spread in [3.0, 1e3, 1e6] {
            let histories = some_histories(&mut random, 3000);
            for model in models(&mut random, spread) {
                let together = model.probabilities_alive(histories.histories());
                for (history, found) in histories.histories().iter().zip(together) {
                    let expected = model.probability_alive(history);
                    assert!(
                        (found - expected).abs() <= 1e-12 * expected,
                        "{model:?} {history:?}: {found} {expected}"
                    );
                }
            }
        }
    }

    #[test]
    fn gradients_of_many_rows_are_slopes_of_their_sum() {
        let mut random = StdRng::seed_from_u64(33);
        let histories = some_histories(&mut random, 400);
        for model in models(&mut random, 3.0) {
            let at: Vec<f64> = model.parameters().iter().map(|one| one.value).collect();
            let mut gradient = [0.0; 4];
            model.ln_likelihood_sum(&histories, &mut gradient);
            for (i, slope) in gradient.iter().enumerate() {
                let sum_at = |shift: f64| {
                    let mut values = at.clone();
                    values[i] *= f64::exp(shift);
                    let shifted = model.with_parameters(&values).unwrap();
                    shifted.ln_likelihood_sum(&histories, &mut [0.0; 4])
                };
                let difference = (sum_at(1e-4) - sum_at(-1e-4)) / 2e-4;
                let tolerance = 1e-6 * (slope.abs() + sum_at(0.0).abs() * 1e-2);
                assert!((difference - slope).abs() < tolerance, "{model:?} {i}: {slope}");
            }
        }
    }

    #[test]
    fn the_width_of_the_registers_changes_no_digit() {
        let mut random = StdRng::seed_from_u64(34);
        let histories = some_histories(&mut random, ROWS_PER_TASK);
        let (rows, weights) = (histories.histories(), histories.weights());
        let model = ParetoNbd::new(0.6, 10.0, 0.5, 14.0).unwrap();
        let likelihood = &model.pass(most_repeat_purchases(&histories));
        let task = || OnRegisters::<4, _> { likelihood, rows, weights };
        assert_eq!(Arch::new().dispatch(task()), Arch::Scalar.dispatch(task()));
    }
}
