//! Sums of gradients and Hessians by feature and bin, from which splits are chosen.

use rayon::prelude::*;

use super::bins::BinnedTable;

/// Bins of one feature, the one of missing values last.
pub(super) const N_BINS: usize = 256;

/// Gradient and Hessian.
pub(super) type Pair = [f64; 2];

/// Below this many additions a second thread costs more than it saves.
const FEWEST_PARALLEL: usize = 1 << 16;

/// For each feature the sums in each of its bins.
#[derive(Debug, Clone)]
pub(super) struct Histogram {
    sums: Vec<Pair>,
}

impl Histogram {
    /// The sums over `rows`, whose pairs are `pairs`.
    pub(super) fn new(table: &BinnedTable, rows: &[u32], pairs: &[Pair]) -> Self {
        let mut sums = vec![[0.0; 2]; table.columns.len() * N_BINS];
        let own: Vec<Pair> = rows.iter().map(|&row| pairs[row as usize]).collect();
        let add = |(column, sums): (&Vec<u8>, &mut [Pair])| {
            for (&row, pair) in rows.iter().zip(&own) {
                let sum = &mut sums[usize::from(column[row as usize])];
                sum[0] += pair[0];
                sum[1] += pair[1];
            }
        };
        if rows.len() * table.columns.len() < FEWEST_PARALLEL {
            table.columns.iter().zip(sums.chunks_mut(N_BINS)).for_each(add);
        } else {
            table.columns.par_iter().zip(sums.par_chunks_mut(N_BINS)).for_each(add);
        }
        Self { sums }
    }

    /// What is left of this one without the rows of `part`.
    pub(super) fn without(mut self, part: &Self) -> Self {
        for (sum, part) in self.sums.iter_mut().zip(&part.sums) {
            sum[0] -= part[0];
            // Rounding must not leave a Hessian below none at all.
            sum[1] = (sum[1] - part[1]).max(0.0);
        }
        self
    }

    /// The bins of one feature.
    pub(super) fn of_feature(&self, feature: usize) -> &[Pair] {
        &self.sums[feature * N_BINS..(feature + 1) * N_BINS]
    }
}
