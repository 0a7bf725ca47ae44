//! What came of one forecaster's forecasts from one origin, and the levels at which its intervals would have held.

use clv_models::conformal::{ConformalLevels, PastOutcome, groups_by_forecast};
use clv_models::scores::ProbabilityIntegral;
use clv_valuation::equity::TotalForecast;
use clv_valuation::predictive::SpendForecast;
use rayon::prelude::*;

use crate::contest::{Contestant, OriginContest};
use crate::count_law::CountLaw;
use crate::customer_value::spend_forecast;
use crate::forecaster::RowForecast;
use crate::handoff::GroupedHistories;
use crate::period::{PeriodMiss, PeriodPace, PeriodSpread, elasticity_of_total};
use crate::spend::SpendOutlook;
use crate::uncertainty::{ParameterUncertainty, parameter_uncertainty};

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
    /// How far whole periods strayed from their forecasts; none where nothing was held out.
    pub period: Option<PeriodSpread>,
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

/// One contestant at one origin, with what its intervals are made from.
#[derive(Debug)]
pub struct Examined<'a> {
    origin: &'a OriginContest,
    contestant: &'a Contestant,
    /// Into how many groups forecasts go.
    n_groups: usize,
    uncertainty: ParameterUncertainty,
    /// By how much one per cent more time changes the total of purchases, in per cent.
    pub elasticity: f64,
    /// How far purchases in total were from their forecast; none where there were none.
    pub miss: Option<PeriodMiss>,
    /// The same of spend; none where the data hold no money.
    pub value_miss: Option<PeriodMiss>,
    /// The total of purchases foretold, by itself.
    pub total: TotalForecast,
    /// That of spend.
    pub value_total: TotalForecast,
}

impl<'a> Examined<'a> {
    /// Looks at the forecasts of a contestant; their intervals' levels go by `n_groups` groups of forecasts.
    #[must_use]
    pub fn new(origin: &'a OriginContest, contestant: &'a Contestant, n_groups: usize) -> Self {
        let (data, rows) = (&origin.data, &contestant.rows);
        let grouped = contestant.grouped(data);
        let expected: Vec<f64> = rows.iter().map(|row| row.expected_purchases).collect();
        let uncertainty = parameter_uncertainty(
            &contestant.forecaster,
            contestant.ln_covariance.as_deref(),
            grouped,
            &expected,
            &origin.horizon,
        );
        let (mut foretold, mut variance) = (0.0, 0.0);
        for (row, weight) in rows.iter().zip(grouped.histories.weights()) {
            let own = row.expected_pairs + row.expected_purchases - row.expected_purchases.powi(2);
            foretold += weight * row.expected_purchases;
            variance += weight * own.max(0.0);
        }
        let total = TotalForecast {
            expected: foretold,
            variance_of_customers: variance,
            relative_parameter_variance: uncertainty.of_total,
            backtest_ln_variance: 0.0,
            n_backtests: 0,
        };
        let elasticity =
            elasticity_of_total(&contestant.forecaster, grouped, &origin.horizon, &contestant.rows);
        let miss = PeriodMiss::of(data.actual.iter().sum(), &total);
        let mut found = Self {
            origin,
            contestant,
            n_groups,
            uncertainty,
            elasticity,
            miss,
            value_miss: None,
            total,
            value_total: total,
        };
        found.note_value();
        found
    }

    /// The pace at which the period ran, now that it is over.
    #[must_use]
    pub fn pace(&self) -> PeriodPace {
        PeriodPace::known(self.miss.as_ref(), self.elasticity)
    }

    fn note_value(&mut self) {
        let Some(spend) = &self.origin.spend else { return };
        let (mut actual, mut foretold, mut variance) = (0.0, 0.0, 0.0);
        for (customer, known) in self.origin.data.customers.iter().enumerate() {
            let (row, law) = self.spend_law(customer, spend, &self.contestant.rows);
            let scale = self.expected_spend(customer, spend);
            actual += known.spend_after;
            foretold += row.expected_purchases * scale;
            variance += law.variance() * scale * scale;
        }
        self.value_total.expected = foretold;
        self.value_total.variance_of_customers = variance;
        self.value_total.relative_parameter_variance += spend.relative_parameter_variance();
        self.value_miss = PeriodMiss::of(actual, &self.value_total);
    }

    /// Expected spend per purchase of a customer at the origin, money: by the contestant itself, where it has a view of it.
    fn expected_spend(&self, customer: usize, spend: &SpendOutlook) -> f64 {
        if let Some(own) = &self.contestant.own {
            return own.spend_per_purchase[customer];
        }
        let known = &self.origin.data.customers[customer];
        spend.expected_spend(known.n_days - 1, known.mean_repeat_spend)
    }

    /// The histories that the contestant's forecasts are of.
    fn grouped(&self) -> &GroupedHistories {
        self.contestant.grouped(&self.origin.data)
    }

    /// A customer's forecast and the law of their spend over their expected spend per purchase.
    fn spend_law(
        &self,
        customer: usize,
        spend: &SpendOutlook,
        rows: &[RowForecast],
    ) -> (RowForecast, SpendForecast) {
        let known = &self.origin.data.customers[customer];
        let row = rows[self.grouped().row_of_customer[customer] as usize];
        let n_repeats = known.n_days - 1;
        let band = spend.band_of(n_repeats, known.mean_repeat_spend);
        (row, spend_forecast(&row, (n_repeats, band), spend, &self.uncertainty))
    }

    /// What came of the purchases, under the laws of a period that runs at this pace.
    #[must_use]
    pub fn purchases(&self, pace: &PeriodPace) -> HeldOut {
        let (data, rows) = (&self.origin.data, &self.contestant.rows);
        let (grouped, length) = (self.grouped(), self.origin.horizon.length);
        let rows_of = &grouped.row_of_customer;
        let predicted: Vec<f64> =
            rows_of.iter().map(|row| rows[*row as usize].expected_purchases).collect();
        let mut most = vec![0.0_f64; rows.len()];
        for (row, actual) in rows_of.iter().zip(&data.actual) {
            most[*row as usize] = most[*row as usize].max(*actual);
        }
        let cumulative: Vec<Vec<f64>> = rows
            .par_iter()
            .enumerate()
            .with_min_len(256)
            .map(|(row, forecast)| {
                let expected = forecast.expected_purchases;
                let known = (expected, self.uncertainty.at(expected));
                let forecaster = &self.contestant.forecaster;
                let law = CountLaw::of_row(forecaster, (grouped, row), length, pace, known);
                let n_max = most[row].min(MOST_COUNTED) as usize;
                let mut sum = 0.0;
                law.probability_mass(n_max)
                    .into_iter()
                    .map(|mass| {
                        sum += mass;
                        f64::min(sum, 1.0)
                    })
                    .collect()
            })
            .collect();
        let groups = groups_by_forecast(&predicted, self.n_groups);
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

    /// What came of the gross spend, undiscounted, under the laws of a period that runs at this pace; none where the
    /// data hold no money.
    #[must_use]
    pub fn value(&self, pace: &PeriodPace) -> Option<HeldOut> {
        let spend = self.origin.spend.as_ref()?;
        let (data, grouped) = (&self.origin.data, self.grouped());
        let (forecaster, rows) = (&self.contestant.forecaster, &self.contestant.rows);
        let at_pace = pace.forecast_rows(forecaster, grouped, &self.origin.horizon, rows);
        let scale_of = |customer: usize| self.expected_spend(customer, spend);
        let predicted: Vec<f64> = grouped
            .row_of_customer
            .iter()
            .enumerate()
            .map(|(customer, row)| rows[*row as usize].expected_purchases * scale_of(customer))
            .collect();
        let groups = groups_by_forecast(&predicted, self.n_groups);
        let actual: Vec<f64> = data.customers.iter().map(|known| known.spend_after).collect();
        let outcomes = (0..predicted.len())
            .into_par_iter()
            .with_min_len(1024)
            .map(|customer| {
                let (_, law) = self.spend_law(customer, spend, &at_pace);
                let scale = scale_of(customer);
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
}
