//! What came of one forecaster's forecasts from one origin, and the levels at which its intervals would have held.

use clv_models::conformal::{ConformalLevels, PastOutcome, groups_by_forecast};
use clv_models::scores::ProbabilityIntegral;
use rayon::prelude::*;

use crate::contest::{Contestant, OriginContest};
use crate::customer_value::spend_forecast;
use crate::forecaster::HorizonOptions;
use crate::spend::SpendOutlook;
use crate::spend_choice::SpendModelPick;
use crate::uncertainty::parameter_uncertainty;

/// The shares that intervals promise.
pub const COVERAGES: [f64; 2] = [0.8, 0.9];

/// Counts beyond this are taken to lie above every level.
const MOST_COUNTED: f64 = 5_000.0;

/// The outcomes of one quantity, purchases or value; one entry for each customer at the origin.
#[derive(Debug, Clone, PartialEq)]
pub struct HeldOut {
    /// What was foretold.
    pub predicted: Vec<f64>,
    /// What came.
    pub actual: Vec<f64>,
    /// Where it fell within its law.
    pub outcomes: Vec<PastOutcome>,
}

/// Levels for each of [`COVERAGES`].
#[derive(Debug, Clone, PartialEq)]
pub struct LevelPair {
    levels: [ConformalLevels; 2],
}

/// How intervals are widened or narrowed so that they would have held in the past.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct IntervalLevels {
    /// Those of the number of purchases, in groups by expected purchases.
    pub purchases: Option<LevelPair>,
    /// Those of value, in groups by expected value.
    pub value: Option<LevelPair>,
}

impl LevelPair {
    /// Learns from the outcomes of several origins; none where there is none.
    #[must_use]
    pub fn learn(past: &[&HeldOut]) -> Option<Self> {
        let outcomes: Vec<PastOutcome> =
            past.iter().flat_map(|one| one.outcomes.iter().copied()).collect();
        Some(Self {
            levels: [
                ConformalLevels::learn(&outcomes, COVERAGES[0])?,
                ConformalLevels::learn(&outcomes, COVERAGES[1])?,
            ],
        })
    }

    /// Levels that were learnt before, 80 % and 90 %, lowest forecasts first; none where they are not levels.
    #[must_use]
    pub fn of(levels_80: Vec<f64>, levels_90: Vec<f64>) -> Option<Self> {
        (levels_80.len() == levels_90.len()).then_some(())?;
        Some(Self {
            levels: [
                ConformalLevels::of(COVERAGES[0], levels_80)?,
                ConformalLevels::of(COVERAGES[1], levels_90)?,
            ],
        })
    }

    /// The levels of one of [`COVERAGES`].
    #[must_use]
    pub fn at(&self, coverage: f64) -> &ConformalLevels {
        &self.levels[usize::from(coverage > 0.85)]
    }

    /// Into how many groups forecasts go.
    #[must_use]
    pub fn n_groups(&self) -> usize {
        self.levels[0].levels().len()
    }
}

/// The level of a group, or the coverage itself where nothing was learnt.
#[must_use]
pub fn level_of(levels: Option<&LevelPair>, group: usize, coverage: f64) -> f64 {
    levels.map_or(coverage, |pair| pair.at(coverage).level(group))
}

/// The group of each forecast under these levels; all 0 where nothing was learnt.
#[must_use]
pub fn groups_of(levels: Option<&LevelPair>, forecasts: &[f64]) -> Vec<usize> {
    match levels {
        Some(pair) => groups_by_forecast(forecasts, pair.n_groups()),
        None => vec![0; forecasts.len()],
    }
}

impl HeldOut {
    /// Share of the outcomes that intervals promising `coverage` hold, each counted by the part of its stretch of
    /// probability that lies within: a right forecast scores its promise.
    #[must_use]
    pub fn coverage(&self, levels: Option<&LevelPair>, coverage: f64) -> f64 {
        mean(self.outcomes.iter(), |one| {
            one.share_within(coverage, level_of(levels, one.group, coverage))
        })
    }

    /// Share of the outcomes within the intervals as they are printed, ends included.
    #[must_use]
    pub fn closed_coverage(&self, levels: Option<&LevelPair>, coverage: f64) -> f64 {
        mean(self.outcomes.iter(), |one| {
            let level = level_of(levels, one.group, coverage);
            f64::from(u8::from(one.is_within(coverage, level)))
        })
    }

    /// The part of it that concerns these customers.
    #[must_use]
    pub fn of(&self, customers: &[usize]) -> Self {
        let pick = |of: &[f64]| customers.iter().map(|at| of[*at]).collect();
        Self {
            predicted: pick(&self.predicted),
            actual: pick(&self.actual),
            outcomes: customers.iter().map(|at| self.outcomes[*at]).collect(),
        }
    }

    /// Customers in up to ten equal parts by forecast, the highest first; equal forecasts keep their order.
    #[must_use]
    pub fn deciles(&self) -> Vec<Vec<usize>> {
        let n = self.predicted.len();
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|a, b| self.predicted[*b].total_cmp(&self.predicted[*a]));
        let parts = n.min(10);
        (0..parts).map(|at| order[at * n / parts..(at + 1) * n / parts].to_vec()).collect()
    }
}

fn mean<T>(of: impl ExactSizeIterator<Item = T>, value: impl Fn(T) -> f64) -> f64 {
    let n = of.len().max(1) as f64;
    of.map(value).sum::<f64>() / n
}

/// The purchases of a contestant, in `n_groups` groups by forecast.
#[must_use]
pub fn held_out_purchases(
    origin: &OriginContest,
    contestant: &Contestant,
    horizon: &HorizonOptions,
    n_groups: usize,
) -> HeldOut {
    let data = &origin.data;
    let grouped = contestant.grouped(data);
    let rows_of = &grouped.row_of_customer;
    let predicted: Vec<f64> =
        rows_of.iter().map(|row| contestant.rows[*row as usize].expected_purchases).collect();
    let mut most = vec![0.0_f64; contestant.rows.len()];
    for (row, actual) in rows_of.iter().zip(&data.actual) {
        most[*row as usize] = most[*row as usize].max(*actual);
    }
    let cumulative: Vec<Vec<f64>> = (0..contestant.rows.len())
        .into_par_iter()
        .with_min_len(256)
        .map(|row| {
            let n_max = most[row].min(MOST_COUNTED) as usize;
            let mut sum = 0.0;
            let forecast = &contestant.rows[row];
            let masses =
                contestant.forecaster.count_masses(grouped, row, forecast, horizon.length, n_max);
            masses
                .into_iter()
                .map(|mass| {
                    sum += mass;
                    f64::min(sum, 1.0)
                })
                .collect()
        })
        .collect();
    let groups = groups_by_forecast(&predicted, n_groups);
    let outcomes = (0..predicted.len())
        .map(|customer| {
            let law = &cumulative[rows_of[customer] as usize];
            let count = data.actual[customer] as usize;
            let upto = |n: usize| law.get(n).copied().unwrap_or(1.0);
            PastOutcome {
                integral: ProbabilityIntegral {
                    below: if count == 0 { 0.0 } else { upto(count - 1) },
                    upto: upto(count),
                },
                probability_none: upto(0),
                group: groups[customer],
            }
        })
        .collect();
    HeldOut { predicted, actual: data.actual.clone(), outcomes }
}

/// The gross spend of a contestant, undiscounted, with the spend model fitted at the origin; none where the
/// data hold no money.
#[must_use]
pub fn held_out_value(
    origin: &OriginContest,
    contestant: &Contestant,
    horizon: &HorizonOptions,
    n_groups: usize,
) -> Option<HeldOut> {
    let data = &origin.data;
    let n_repeats: Vec<u32> = data.customers.iter().map(|known| known.n_days - 1).collect();
    let mean_spend: Vec<f64> = data.customers.iter().map(|known| known.mean_repeat_spend).collect();
    let first_spend: f64 = data.customers.iter().map(|known| known.first_spend).sum();
    if first_spend <= 0.0 && mean_spend.iter().all(|mean| *mean <= 0.0) {
        return None;
    }
    let mean_first_spend = first_spend / data.customers.len().max(1) as f64;
    let pick = SpendModelPick::of(origin.spend_model);
    let spend = SpendOutlook::fit_as(&pick, &n_repeats, &mean_spend, mean_first_spend);
    let (grouped, rows) = (contestant.grouped(data), &contestant.rows);
    let expected: Vec<f64> = rows.iter().map(|row| row.expected_purchases).collect();
    let uncertainty = parameter_uncertainty(
        &contestant.forecaster,
        contestant.ln_covariance.as_deref(),
        grouped,
        &expected,
        horizon,
    );
    let rows_of = &grouped.row_of_customer;
    let per_purchase: Vec<f64> = match &contestant.own {
        Some(own) => own.spend_per_purchase.clone(),
        None => n_repeats
            .iter()
            .zip(&mean_spend)
            .map(|(n, mean)| spend.expected_spend(*n, *mean))
            .collect(),
    };
    let predicted: Vec<f64> = rows_of
        .iter()
        .zip(&per_purchase)
        .map(|(row, per_purchase)| expected[*row as usize] * per_purchase)
        .collect();
    let groups = groups_by_forecast(&predicted, n_groups);
    let actual: Vec<f64> = data.customers.iter().map(|known| known.spend_after).collect();
    let outcomes = (0..predicted.len())
        .into_par_iter()
        .with_min_len(1024)
        .map(|customer| {
            let band = spend.band_of(n_repeats[customer], mean_spend[customer]);
            let row = rows_of[customer] as usize;
            let seen = grouped.histories.histories()[row].repeat_purchases();
            let law = spend_forecast(&rows[row], (seen, band), &spend, &uncertainty);
            let scale = per_purchase[customer];
            let amount = if scale > 0.0 { actual[customer] / scale } else { 0.0 };
            let upto = law.cumulative(amount);
            PastOutcome {
                integral: ProbabilityIntegral {
                    below: if amount > 0.0 { upto } else { 0.0 },
                    upto,
                },
                probability_none: law.probability_none(),
                group: groups[customer],
            }
        })
        .collect();
    Some(HeldOut { predicted, actual, outcomes })
}
