//! One sweep over all strata: the log-likelihood with each stratum at its own shift, and its slopes.

use rayon::prelude::*;

use super::shifts::{Shift, Shifts};
use super::strata::CovariateHistories;
use crate::ParameterKind;
use crate::catalogue::PurchaseModelEntry;

/// Strata for one task; fixed, and the tasks' sums are added in order, so that a result does not depend on the number of
/// threads.
const STRATA_PER_TASK: usize = 64;

/// What is swept over.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ShiftedPass<'a> {
    pub(crate) entry: &'static PurchaseModelEntry,
    pub(crate) shifts: Shifts,
    pub(crate) histories: &'a CovariateHistories,
}

/// The sum of log-likelihoods and its slopes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PassSums {
    pub(crate) ln_likelihood: f64,
    /// In the free coordinates of the unshifted parameters.
    pub(crate) base: Vec<f64>,
    /// In the shift of each stratum.
    pub(crate) strata: Vec<Shift>,
}

impl ShiftedPass<'_> {
    /// Whether a position of the search is that of a whole number, which is held.
    pub(crate) fn is_held(&self, at: usize) -> bool {
        self.entry.kinds.get(at) == Some(&ParameterKind::Whole)
    }

    /// The sums at unshifted free coordinates and a shift for each stratum; no number where a model cannot be built.
    pub(crate) fn sums(&self, free: &[f64], shifts: &[Shift]) -> PassSums {
        let strata = self.histories.strata();
        let task = |(strata, shifts): (&[super::Stratum], &[Shift])| -> PassSums {
            let mut sums = PassSums {
                ln_likelihood: 0.0,
                base: vec![0.0; free.len()],
                strata: Vec::with_capacity(strata.len()),
            };
            let mut at_moved = vec![0.0; free.len()];
            for (stratum, shift) in strata.iter().zip(shifts) {
                let moved = self.shifts.moved(free, *shift);
                let values: Vec<f64> =
                    self.entry.kinds.iter().zip(&moved).map(|(kind, x)| kind.value(*x)).collect();
                let Ok(model) = (self.entry.build)(&values) else {
                    sums.ln_likelihood = f64::NAN;
                    sums.strata.push(Shift::default());
                    continue;
                };
                sums.ln_likelihood += model.ln_likelihood_sum(stratum.histories(), &mut at_moved);
                sums.strata.push(self.shifts.pull_back(free, *shift, &at_moved, &mut sums.base));
            }
            sums
        };
        let parts: Vec<PassSums> = strata
            .par_chunks(STRATA_PER_TASK)
            .zip(shifts.par_chunks(STRATA_PER_TASK))
            .map(task)
            .collect();
        let mut total = PassSums {
            ln_likelihood: 0.0,
            base: vec![0.0; free.len()],
            strata: Vec::with_capacity(strata.len()),
        };
        for part in parts {
            total.ln_likelihood += part.ln_likelihood;
            total.base.iter_mut().zip(&part.base).for_each(|(sum, part)| *sum += part);
            total.strata.extend(part.strata);
        }
        // A whole number stays where it is: its slot is the bottom of a well, so that no search moves it.
        let n_customers = self.histories.n_customers();
        for (at, x) in free.iter().enumerate().filter(|(at, _)| self.is_held(*at)) {
            let off = x - x.round();
            total.ln_likelihood -= 0.5 * n_customers * off * off;
            total.base[at] = -n_customers * off;
        }
        total
    }
}
