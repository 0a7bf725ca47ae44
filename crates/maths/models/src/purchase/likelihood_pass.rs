//! One sweep over all histories: the weighted sum of log-likelihoods and gradients, on all cores.

use rayon::prelude::*;

use crate::{PurchaseHistories, PurchaseHistory};

/// Rows for one task. Fixed, and the tasks' sums are added in order, so that a result does not depend on the
/// number of threads.
const ROWS_PER_TASK: usize = 2048;

/// Sums weight · log-likelihood over all rows and writes the summed gradient.
///
/// `row` gives a history's log-likelihood and its slopes in the logarithms of the parameters.
pub(super) fn weighted_sum<const N: usize>(
    histories: &PurchaseHistories,
    gradient: &mut [f64],
    row: impl Fn(&PurchaseHistory) -> (f64, [f64; N]) + Sync,
) -> f64 {
    let task = |rows: &[PurchaseHistory], weights: &[f64]| {
        let (mut sum, mut slopes) = (0.0, [0.0; N]);
        for (history, weight) in rows.iter().zip(weights) {
            let (ln_likelihood, row_slopes) = row(history);
            sum += weight * ln_likelihood;
            for (slope, row_slope) in slopes.iter_mut().zip(row_slopes) {
                *slope += weight * row_slope;
            }
        }
        (sum, slopes)
    };
    let (rows, weights) = (histories.histories(), histories.weights());
    let sums: Vec<(f64, [f64; N])> = if rows.len() <= ROWS_PER_TASK {
        vec![task(rows, weights)]
    } else {
        rows.par_chunks(ROWS_PER_TASK)
            .zip(weights.par_chunks(ROWS_PER_TASK))
            .map(|(rows, weights)| task(rows, weights))
            .collect()
    };
    let mut total = 0.0;
    gradient.fill(0.0);
    for (sum, slopes) in sums {
        total += sum;
        for (slope, part) in gradient.iter_mut().zip(slopes) {
            *slope += part;
        }
    }
    total
}

/// The largest count in the data: how long the pass's tables must be.
pub(super) fn most_repeat_purchases(histories: &PurchaseHistories) -> u32 {
    histories.histories().iter().map(PurchaseHistory::repeat_purchases).max().unwrap_or(0)
}
