//! Intervals of the number of purchases to come, one for each distinct history.

use std::sync::Arc;

use clv_models::PurchaseHistory;
use clv_models::conformal::ends;
use clv_models::purchase::{FutureProcess, PurchaseModel};
use rayon::prelude::*;

use crate::forecaster::{Forecaster, RowForecast};
use crate::handoff::GroupedHistories;
use crate::held_out::{LevelPair, groups_of, level_of};
use crate::outlook::{MOST_MIXED, Outlook, OutlookPart};
use crate::processes::DistinctProcesses;

/// For each row an interval of the count that holds at least `coverage`: from 0 where no purchase is likelier than a
/// tail, else the central one; at the level that earlier holdouts taught for forecasts of its size.
pub(crate) fn count_intervals(
    forecaster: &Forecaster,
    grouped: &GroupedHistories,
    rows: &[RowForecast],
    horizon: f64,
    levels: Option<&LevelPair>,
    coverage: f64,
) -> Vec<(f64, f64)> {
    let customers = &grouped.row_of_customer;
    let mut group_of_row = vec![0; rows.len()];
    if levels.is_some() {
        let expected: Vec<f64> =
            customers.iter().map(|row| rows[*row as usize].expected_purchases).collect();
        for (row, group) in customers.iter().zip(groups_of(levels, &expected)) {
            group_of_row[*row as usize] = group;
        }
    }
    let ends_of = |row: usize| {
        let level = level_of(levels, group_of_row[row], coverage);
        ends(rows[row].probability_none, coverage, level)
    };
    if let Some(distinct) = DistinctProcesses::of(forecaster, grouped) {
        let of_process = |process: &FutureProcess, of: &[u32]| {
            let asked: Vec<(f64, f64)> = of
                .iter()
                .flat_map(|row| {
                    let (low, high) = ends_of(*row as usize);
                    let alive = rows[*row as usize].probability_alive;
                    [(alive, low), (alive, high)]
                })
                .collect();
            let counts = process.count_quantiles_each(horizon, &asked);
            counts.chunks_exact(2).map(|both| (both[0] as f64, both[1] as f64)).collect()
        };
        return distinct.for_rows(of_process, (0.0, 0.0));
    }
    (0..rows.len())
        .into_par_iter()
        .with_min_len(256)
        .map(|row| {
            let (low, high) = ends_of(row);
            let outlook = forecaster.outlook_of_row(grouped, row);
            let counts = outlook.count_quantiles(horizon, &[low, high]);
            (counts[0] as f64, counts[1] as f64)
        })
        .collect()
}

/// For each row an interval of the count that holds at least `coverage` over all of `models`, each as likely as the
/// others: draws of one model's parameters.
///
/// From 0 where no purchase is likelier than a tail, else the central one. Beyond 4,000 purchases, where a count is as
/// good as its expectation, the models' own intervals are averaged.
pub(crate) fn count_intervals_over(
    models: &[Arc<dyn PurchaseModel>],
    grouped: &GroupedHistories,
    horizon: f64,
    coverage: f64,
) -> Vec<(f64, f64)> {
    let Some(first) = models.first() else { return Vec::new() };
    let histories = grouped.histories.histories();
    let forecaster = Forecaster::Model(Arc::clone(first));
    let Some(distinct) = DistinctProcesses::of(&forecaster, grouped) else { return Vec::new() };
    let drawn = Drawn { models, horizon, coverage };
    distinct.for_rows(
        |_, rows| {
            let sharing: Vec<PurchaseHistory> =
                rows.iter().map(|row| histories[*row as usize]).collect();
            drawn.intervals(&sharing)
        },
        (0.0, 0.0),
    )
}

/// Draws of one model's parameters, and what is asked of them.
struct Drawn<'a> {
    models: &'a [Arc<dyn PurchaseModel>],
    horizon: f64,
    coverage: f64,
}

impl Drawn<'_> {
    fn levels(&self) -> [f64; 3] {
        [0.5 * (1.0 - self.coverage), self.coverage, 0.5 * (1.0 + self.coverage)]
    }

    /// The interval at these levels' counts.
    fn interval(&self, counts: [u64; 3]) -> (f64, f64) {
        let high = if counts[0] == 0 { counts[1] } else { counts[2] };
        (counts[0] as f64, high as f64)
    }

    /// The intervals of histories that share a process under the first model, and so under its other parameters;
    /// one by one where they do not, or where counts are too many to be mixed.
    fn intervals(&self, histories: &[PurchaseHistory]) -> Vec<(f64, f64)> {
        self.shared(histories).unwrap_or_else(|| {
            histories.iter().map(|history| self.interval_of_one(history)).collect()
        })
    }

    fn interval_of_one(&self, history: &PurchaseHistory) -> (f64, f64) {
        let weight = 1.0 / self.models.len() as f64;
        let part =
            |model: &Arc<dyn PurchaseModel>| OutlookPart::of_model(model.as_ref(), weight, history);
        let outlook = Outlook::new(self.models.iter().map(part).collect(), 1.0);
        let counts = outlook.count_quantiles(self.horizon, &self.levels());
        self.interval([counts[0], counts[1], counts[2]])
    }

    fn shared(&self, histories: &[PurchaseHistory]) -> Option<Vec<(f64, f64)>> {
        let weight = 1.0 / self.models.len() as f64;
        let mut parts = Vec::with_capacity(self.models.len());
        let mut most = 0;
        for model in self.models {
            let process = model.if_alive(histories.first()?);
            if histories[1..].iter().any(|history| model.if_alive(history) != process) {
                return None;
            }
            let alive = model.probabilities_alive(histories);
            // A quantile of a mixture is not above the largest of its parts', nor that above the likeliest customer's.
            let likeliest = alive.iter().copied().fold(0.0, f64::max);
            let highest = self.levels()[2];
            most = most.max(process.count_quantiles(self.horizon, likeliest, &[highest])[0]);
            parts.push((process, alive));
        }
        if most > MOST_MIXED {
            return None;
        }
        let most = usize::try_from(most).ok()?;
        let masses: Vec<Vec<f64>> =
            parts.iter().map(|(process, _)| process.probability_mass(self.horizon, most)).collect();
        let interval_of = |at: usize| {
            let mass = |n: usize| -> f64 {
                let of_part = |((_, alive), masses): (&(FutureProcess, Vec<f64>), &Vec<f64>)| {
                    let gone = if n == 0 { 1.0 - alive[at] } else { 0.0 };
                    weight * (alive[at] * masses[n] + gone)
                };
                parts.iter().zip(&masses).map(of_part).sum()
            };
            let (mut n, mut sum) = (0, mass(0));
            let counts = self.levels().map(|level| {
                while sum < level && n < most {
                    n += 1;
                    sum += mass(n);
                }
                n as u64
            });
            self.interval(counts)
        };
        Some((0..histories.len()).map(interval_of).collect())
    }
}

#[cfg(test)]
mod tests {
    use clv_models::PurchaseHistories;
    use clv_models::catalogue::purchase_model;

    use super::*;

    fn draws(id: &str, values: &[[f64; 4]]) -> Vec<Arc<dyn PurchaseModel>> {
        let entry = purchase_model(id).expect("it is in the catalogue");
        let model = |values: &[f64; 4]| (entry.build)(values).expect("they are parameters");
        values.iter().map(|values| Arc::from(model(values))).collect()
    }

    #[test]
    fn counts_of_rows_that_share_a_process_are_those_of_each_row_alone() {
        let mut histories = PurchaseHistories::default();
        for n in [0, 1, 2, 5, 40] {
            for age in [3.0, 30.0, 90.0] {
                for share in [0.1, 0.5, 0.9, 1.0] {
                    let last = if n == 0 { 0.0 } else { share * age };
                    let history = PurchaseHistory::new(n, last, age).expect("it is one");
                    histories.push(history, 1.0).expect("1 is a weight");
                }
            }
        }
        let grouped = GroupedHistories::of_rows(&histories, 1.0);
        let values = [[0.5, 10.0, 0.6, 12.0], [0.7, 12.0, 0.4, 9.0], [0.4, 7.0, 0.9, 20.0]];
        for id in ["pareto-nbd", "bg-nbd", "mbg-nbd"] {
            let models = draws(id, &values);
            for (horizon, coverage) in [(4.0, 0.8), (52.0, 0.9)] {
                let drawn = Drawn { models: &models, horizon, coverage };
                let alone = histories.histories().iter().map(|one| drawn.interval_of_one(one));
                let together = count_intervals_over(&models, &grouped, horizon, coverage);
                assert_eq!(together, alone.collect::<Vec<_>>(), "{id}");
            }
        }
    }
}
