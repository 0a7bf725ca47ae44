//! Distinct processes of a base of customers.
//!
//! Most models forget when a customer last bought as soon as it is known that they are still there: what who is there
//! will do is then worked out once for many histories.

use clv_models::purchase::FutureProcess;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::forecaster::{Forecaster, naive_process};
use crate::handoff::GroupedHistories;

/// A process; none where no purchase is expected.
pub(crate) type Process = Option<FutureProcess>;

/// The distinct processes of the rows of grouped histories.
#[derive(Debug)]
pub(crate) struct DistinctProcesses {
    /// For each distinct history, the place of its process.
    pub(crate) of_row: Vec<u32>,
    /// The processes, in order of first appearance.
    pub(crate) processes: Vec<Process>,
}

/// Rows in the order of their process.
#[derive(Debug)]
pub(crate) struct RowsByProcess {
    /// The rows of process i are `rows[starts[i]..starts[i + 1]]`.
    starts: Vec<u32>,
    rows: Vec<u32>,
}

impl DistinctProcesses {
    /// The processes that `forecaster` sees in `grouped`; none for a blend, whose parts each have their own, and for boosted
    /// trees, which know each customer by more than a process.
    pub(crate) fn of(forecaster: &Forecaster, grouped: &GroupedHistories) -> Option<Self> {
        if matches!(forecaster, Forecaster::Blend(_) | Forecaster::Boosted(_)) {
            return None;
        }
        let mut known: FxHashMap<(u32, u64, u32, usize), u32> = FxHashMap::default();
        let mut processes: Vec<Process> = Vec::new();
        let mut of_row = Vec::with_capacity(grouped.histories.len());
        for (row, history) in grouped.histories.histories().iter().enumerate() {
            let recent = grouped.recent_purchases_of_row(row);
            let process = match (forecaster, forecaster.model_of_row(grouped, row)) {
                (_, Some(model)) => Some(model.if_alive(history)),
                (Forecaster::Naive { rule, mean_rate }, None) => {
                    naive_process(*rule, *mean_rate, history, recent)
                }
                _ => None,
            };
            // Strata may be single customers: where they tell no process apart, they share theirs.
            let stratum = match forecaster {
                Forecaster::Traits(_) => grouped.stratum_of_row(row),
                _ => 0,
            };
            let key = (history.repeat_purchases(), history.age().to_bits(), recent, stratum);
            let place = known.get(&key).copied().filter(|at| processes[*at as usize] == process);
            of_row.push(place.unwrap_or_else(|| {
                let place = processes.len() as u32;
                processes.push(process);
                known.insert(key, place);
                place
            }));
        }
        Some(Self { of_row, processes })
    }

    /// An answer of each process; none where no purchase is expected.
    pub(crate) fn of_each<T: Send>(
        &self,
        answer: impl Fn(&FutureProcess) -> T + Sync,
    ) -> Vec<Option<T>> {
        let of = |process: &Process| process.as_ref().map(&answer);
        self.processes.par_iter().with_min_len(256).map(of).collect()
    }

    /// The rows of each process.
    pub(crate) fn rows(&self) -> RowsByProcess {
        let mut starts = vec![0_u32; self.processes.len() + 1];
        for place in &self.of_row {
            starts[*place as usize + 1] += 1;
        }
        for place in 0..self.processes.len() {
            starts[place + 1] += starts[place];
        }
        let mut next = starts.clone();
        let mut rows = vec![0_u32; self.of_row.len()];
        for (row, place) in self.of_row.iter().enumerate() {
            let at = &mut next[*place as usize];
            rows[*at as usize] = row as u32;
            *at += 1;
        }
        RowsByProcess { starts, rows }
    }

    /// An answer for each row: `answers` gives those of all rows that share a process, which is asked once; a row without
    /// a process gets `otherwise`.
    pub(crate) fn for_rows<T: Copy + Send>(
        &self,
        answers: impl Fn(&FutureProcess, &[u32]) -> Vec<T> + Sync,
        otherwise: T,
    ) -> Vec<T> {
        let rows = self.rows();
        let of_places: Vec<Vec<T>> = (0..self.processes.len())
            .into_par_iter()
            .with_min_len(64)
            .map(|place| match &self.processes[place] {
                Some(process) => answers(process, rows.of(place)),
                None => Vec::new(),
            })
            .collect();
        let mut all = vec![otherwise; self.of_row.len()];
        for (place, found) in of_places.into_iter().enumerate() {
            for (row, answer) in rows.of(place).iter().zip(found) {
                all[*row as usize] = answer;
            }
        }
        all
    }
}

impl RowsByProcess {
    /// The rows that share the process at a place, ascending.
    pub(crate) fn of(&self, place: usize) -> &[u32] {
        &self.rows[self.starts[place] as usize..self.starts[place + 1] as usize]
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use clv_models::catalogue::purchase_model;
    use clv_models::{PurchaseHistories, PurchaseHistory};

    use super::*;

    #[test]
    fn rows_that_differ_only_in_their_silence_share_a_pareto_nbd_process() {
        let mut histories = PurchaseHistories::default();
        for (n, last, age) in [(2, 5.0, 30.0), (1, 5.0, 30.0), (2, 20.0, 30.0), (2, 5.0, 31.0)] {
            let history = PurchaseHistory::new(n, last, age).expect("it is one");
            histories.push(history, 1.0).expect("1 is a weight");
        }
        let grouped = GroupedHistories::of_rows(&histories, 1.0);
        let entry = purchase_model("pareto-nbd").expect("it is in the catalogue");
        let model = (entry.build)(&[0.5, 10.0, 0.6, 12.0]).expect("they are parameters");
        let forecaster = Forecaster::Model(Arc::from(model));
        let distinct = DistinctProcesses::of(&forecaster, &grouped).expect("it is no blend");
        assert_eq!(distinct.of_row, [0, 1, 0, 2]);
        let asked = distinct.for_rows(|_, rows| rows.iter().map(|row| row + 10).collect(), 0);
        assert_eq!(asked, [10, 11, 12, 13]);
    }
}
