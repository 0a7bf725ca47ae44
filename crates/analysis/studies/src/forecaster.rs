//! Who forecasts purchases: a fitted model, a naive rule that every model has to beat, or a blend of both.

use std::sync::Arc;

use clv_models::PurchaseHistory;
use clv_models::purchase::{FutureProcess, ProcessSummary, PurchaseModel};
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::blend::Blend;
use crate::boosted::BoostedForecaster;
use crate::covariates::TraitModels;
use crate::handoff::GroupedHistories;
use crate::outlook::{Outlook, OutlookPart};

/// A rule without a model. Rates are per unit of time of the study.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum NaiveRule {
    /// Everyone buys at the mean rate of the base.
    MeanRate,
    /// Everyone goes on at their own rate x / T.
    OwnRate,
    /// Everyone buys as often as in the same days a year ago, or, where the data hold no year, in those just gone by.
    SamePeriod {
        /// The length of that window.
        length: f64,
        /// Whether it lies a year back.
        is_last_year: bool,
    },
}

impl NaiveRule {
    /// The rule's id, as backtests and answers show it.
    #[must_use]
    pub fn id(&self) -> &'static str {
        match self {
            NaiveRule::MeanRate => "naive-mean-rate",
            NaiveRule::OwnRate => "naive-own-rate",
            NaiveRule::SamePeriod { is_last_year: true, .. } => "naive-last-year",
            NaiveRule::SamePeriod { is_last_year: false, .. } => "naive-last-period",
        }
    }
}

/// Whoever forecasts.
#[derive(Debug, Clone)]
pub enum Forecaster {
    /// A purchase model with its parameters.
    Model(Arc<dyn PurchaseModel>),
    /// A purchase model for each set of traits.
    Traits(Arc<TraitModels>),
    /// A naive rule.
    Naive {
        /// The rule.
        rule: NaiveRule,
        /// Repeat purchases over customer time, all customers together: what every rule says of a customer
        /// without any past.
        mean_rate: f64,
    },
    /// Several of them, weighted.
    Blend(Arc<Blend>),
    /// Boosted trees on a purchase model, with a forecast of their own for each customer: its histories are grouped by
    /// customer.
    Boosted(Arc<BoostedForecaster>),
}

/// What is expected of one distinct history over a horizon.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RowForecast {
    /// P(still a customer); 1 for a naive rule, which knows no leaving.
    pub probability_alive: f64,
    /// E[N], purchases within the horizon.
    pub expected_purchases: f64,
    /// E[N (N - 1)].
    pub expected_pairs: f64,
    /// P(no purchase within the horizon).
    pub probability_none: f64,
    /// E[N] with each purchase discounted to now.
    pub discounted_purchases: f64,
    /// Standard deviation of the logarithm of spend within the horizon, given any, where whoever forecasts knows it: that
    /// of a log-normal law. None where spend follows from the number of purchases.
    pub sd_ln_spend: Option<f64>,
}

/// The span that is forecast.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HorizonOptions {
    /// Length in the study's unit of time, above 0 and finite.
    pub length: f64,
    /// Continuous discount rate per unit of time, at least 0.
    pub discount_rate: f64,
}

impl Forecaster {
    /// The id of the model or rule.
    #[must_use]
    pub fn id(&self) -> &'static str {
        match self {
            Forecaster::Model(model) => model.id(),
            Forecaster::Traits(models) => models.id(),
            Forecaster::Naive { rule, .. } => rule.id(),
            Forecaster::Blend(_) => crate::blend::BLEND,
            Forecaster::Boosted(_) => clv_models::boosted::ZILN_ID,
        }
    }

    /// The model behind a row of `grouped`, for boosted trees the one that they stand on; none for a naive rule or a blend.
    #[must_use]
    pub fn model_of_row(
        &self,
        grouped: &GroupedHistories,
        row: usize,
    ) -> Option<&Arc<dyn PurchaseModel>> {
        match self {
            Forecaster::Model(model) => Some(model),
            Forecaster::Traits(models) => Some(models.of_stratum(grouped.stratum_of_row(row))),
            Forecaster::Boosted(boosted) => Some(boosted.parent()),
            Forecaster::Naive { .. } | Forecaster::Blend(_) => None,
        }
    }

    /// Whether this is a naive rule.
    #[must_use]
    pub fn is_naive(&self) -> bool {
        matches!(self, Forecaster::Naive { .. })
    }

    /// What a customer with this history will do from now on; where traits matter, the mean customer.
    /// `recent_purchases` are those of the window that [`NaiveRule::SamePeriod`] repeats.
    #[must_use]
    pub fn outlook(&self, history: &PurchaseHistory, recent_purchases: u32) -> Outlook {
        match self {
            Forecaster::Blend(blend) => blend.outlook(history, recent_purchases),
            _ => Outlook::new(vec![self.part(1.0, history, recent_purchases)], 1.0),
        }
    }

    /// As [`outlook`](Self::outlook), for a row of `grouped` with the traits of its customers.
    #[must_use]
    pub fn outlook_of_row(&self, grouped: &GroupedHistories, row: usize) -> Outlook {
        let history = &grouped.histories.histories()[row];
        match (self, self.model_of_row(grouped, row)) {
            (Forecaster::Traits(_), Some(model)) => {
                Outlook::new(vec![OutlookPart::of_model(model.as_ref(), 1.0, history)], 1.0)
            }
            _ => self.outlook(history, grouped.recent_purchases_of_row(row)),
        }
    }

    /// One part of an outlook; a blend within a blend counts as no forecast.
    pub(crate) fn part(
        &self,
        weight: f64,
        history: &PurchaseHistory,
        recent_purchases: u32,
    ) -> OutlookPart {
        match self {
            Forecaster::Model(model) => OutlookPart::of_model(model.as_ref(), weight, history),
            Forecaster::Traits(models) => {
                OutlookPart::of_model(models.typical().as_ref(), weight, history)
            }
            Forecaster::Boosted(boosted) => {
                OutlookPart::of_model(boosted.parent().as_ref(), weight, history)
            }
            Forecaster::Naive { rule, mean_rate } => OutlookPart {
                weight,
                probability_alive: 1.0,
                knows_leaving: false,
                process: naive_process(*rule, *mean_rate, history, recent_purchases),
            },
            Forecaster::Blend(_) => {
                OutlookPart { weight, probability_alive: 0.0, knows_leaving: false, process: None }
            }
        }
    }

    /// What a customer gained now will do after the first purchase.
    #[must_use]
    pub fn new_customer(&self) -> Outlook {
        let newborn = PurchaseHistory::newborn();
        match self {
            Forecaster::Blend(blend) => blend.new_customer(),
            _ => Outlook::new(vec![self.part_of_new_customer(1.0, &newborn)], 1.0),
        }
    }

    pub(crate) fn part_of_new_customer(
        &self,
        weight: f64,
        newborn: &PurchaseHistory,
    ) -> OutlookPart {
        let new_customer = |model: &dyn PurchaseModel| OutlookPart {
            weight,
            probability_alive: 1.0,
            knows_leaving: true,
            process: Some(model.new_customer()),
        };
        match self {
            Forecaster::Model(model) => new_customer(model.as_ref()),
            Forecaster::Traits(models) => new_customer(models.typical().as_ref()),
            Forecaster::Boosted(boosted) => new_customer(boosted.parent().as_ref()),
            _ => self.part(weight, newborn, 0),
        }
    }

    /// Forecasts for every distinct history, in their order.
    #[must_use]
    pub fn forecast_rows(
        &self,
        grouped: &GroupedHistories,
        horizon: &HorizonOptions,
    ) -> Vec<RowForecast> {
        let histories = grouped.histories.histories();
        if matches!(self, Forecaster::Blend(_)) {
            return (0..histories.len())
                .into_par_iter()
                .with_min_len(256)
                .map(|row| self.outlook_of_row(grouped, row).forecast(horizon))
                .collect();
        }
        if let Forecaster::Boosted(boosted) = self {
            return boosted.forecast_rows(grouped, horizon);
        }
        let futures = self.distinct_futures(grouped, horizon);
        let alive = match self {
            Forecaster::Model(model) => Some(model.probabilities_alive(histories)),
            Forecaster::Traits(_)
            | Forecaster::Naive { .. }
            | Forecaster::Blend(_)
            | Forecaster::Boosted(_) => None,
        };
        let alive_of = |row: usize| match (&alive, self.model_of_row(grouped, row)) {
            (Some(alive), _) => alive[row],
            (None, Some(model)) => model.probability_alive(&histories[row]),
            (None, None) => 1.0,
        };
        let future_of = |row: usize| futures.summaries[futures.of_row[row] as usize].as_ref();
        (0..histories.len()).map(|row| row_forecast(alive_of(row), future_of(row))).collect()
    }

    /// Quantiles of the number of purchases of a row within `length`, of which `forecast` is the forecast: for each level
    /// the smallest n with P(N <= n) at least that.
    #[must_use]
    pub fn count_quantiles(
        &self,
        grouped: &GroupedHistories,
        row: usize,
        forecast: &RowForecast,
        length: f64,
        levels: &[f64],
    ) -> Vec<u64> {
        match self {
            Forecaster::Boosted(boosted) => {
                let law = boosted.count_law(grouped, row, length, forecast);
                levels.iter().map(|level| law.count_quantile(*level)).collect()
            }
            _ => self.outlook_of_row(grouped, row).count_quantiles(length, levels),
        }
    }

    /// P(exactly n purchases of a row within `length`) for n = 0 ..= `n_max`, of which `forecast` is the forecast.
    #[must_use]
    pub fn count_masses(
        &self,
        grouped: &GroupedHistories,
        row: usize,
        forecast: &RowForecast,
        length: f64,
        n_max: usize,
    ) -> Vec<f64> {
        match self {
            Forecaster::Boosted(boosted) => {
                boosted.count_law(grouped, row, length, forecast).probability_mass(n_max)
            }
            _ => self.outlook_of_row(grouped, row).probability_mass(length, n_max),
        }
    }

    /// What those who are customers will do, once for each process: most models forget when a customer last bought as soon
    /// as it is known that they are still there.
    fn distinct_futures(&self, grouped: &GroupedHistories, horizon: &HorizonOptions) -> Futures {
        type Process = Option<FutureProcess>;
        let mut known: FxHashMap<(u32, u64, u32, usize), u32> = FxHashMap::default();
        let mut processes: Vec<Process> = Vec::new();
        let mut of_row = Vec::with_capacity(grouped.histories.len());
        for (row, history) in grouped.histories.histories().iter().enumerate() {
            let recent = grouped.recent_purchases_of_row(row);
            let process = match (self, self.model_of_row(grouped, row)) {
                (_, Some(model)) => Some(model.if_alive(history)),
                (Forecaster::Naive { rule, mean_rate }, None) => {
                    naive_process(*rule, *mean_rate, history, recent)
                }
                _ => None,
            };
            let stratum = grouped.stratum_of_row(row);
            let key = (history.repeat_purchases(), history.age().to_bits(), recent, stratum);
            let place = known.get(&key).copied().filter(|at| processes[*at as usize] == process);
            of_row.push(place.unwrap_or_else(|| {
                let place = processes.len() as u32;
                processes.push(process);
                known.insert(key, place);
                place
            }));
        }
        let summary = |process: &Process| {
            process.as_ref().map(|one| one.summary(horizon.length, horizon.discount_rate))
        };
        let summaries = processes.par_iter().with_min_len(256).map(summary).collect();
        Futures { of_row, summaries }
    }
}

/// The distinct processes of a base of customers.
struct Futures {
    /// For each distinct history, the place of its process.
    of_row: Vec<u32>,
    /// What each process brings; none where no purchase is expected.
    summaries: Vec<Option<ProcessSummary>>,
}

fn row_forecast(probability_alive: f64, summary: Option<&ProcessSummary>) -> RowForecast {
    let Some(summary) = summary else {
        return RowForecast {
            probability_alive,
            expected_purchases: 0.0,
            expected_pairs: 0.0,
            probability_none: 1.0,
            discounted_purchases: 0.0,
            sd_ln_spend: None,
        };
    };
    RowForecast {
        probability_alive,
        expected_purchases: probability_alive * summary.expected_purchases,
        expected_pairs: probability_alive * summary.expected_pairs,
        probability_none: 1.0 - probability_alive * (1.0 - summary.probability_none),
        discounted_purchases: probability_alive * summary.discounted_purchases,
        sd_ln_spend: None,
    }
}

/// The process of a naive rule; none where it expects no purchase.
fn naive_process(
    rule: NaiveRule,
    mean_rate: f64,
    history: &PurchaseHistory,
    recent_purchases: u32,
) -> Option<FutureProcess> {
    let steady = |count: f64, time: f64| {
        (count > 0.0 && time > 0.0).then_some(FutureProcess::Steady { r: count, alpha: time })
    };
    // A gamma law this narrow is a Poisson process.
    let at_rate = |rate: f64| steady(1e6, if rate > 0.0 { 1e6 / rate } else { 0.0 });
    match rule {
        _ if history.age() <= 0.0 => at_rate(mean_rate),
        NaiveRule::OwnRate => steady(f64::from(history.repeat_purchases()), history.age()),
        NaiveRule::SamePeriod { length, .. } => steady(f64::from(recent_purchases), length),
        NaiveRule::MeanRate => at_rate(mean_rate),
    }
}
