//! Who forecasts purchases: a fitted model, or a naive rule that every model has to beat.

use std::sync::Arc;

use clv_models::PurchaseHistory;
use clv_models::purchase::{FutureProcess, PurchaseModel};
use rayon::prelude::*;

use crate::covariates::TraitModels;
use crate::handoff::GroupedHistories;

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
        }
    }

    /// The model behind a row of `grouped`; none for a naive rule.
    #[must_use]
    pub fn model_of_row(
        &self,
        grouped: &GroupedHistories,
        row: usize,
    ) -> Option<&Arc<dyn PurchaseModel>> {
        match self {
            Forecaster::Model(model) => Some(model),
            Forecaster::Traits(models) => Some(models.of_stratum(grouped.stratum_of_row(row))),
            Forecaster::Naive { .. } => None,
        }
    }

    /// As [`outlook`](Self::outlook), for a row of `grouped` with the traits of its customers.
    #[must_use]
    pub fn outlook_of_row(
        &self,
        grouped: &GroupedHistories,
        row: usize,
    ) -> (f64, Option<FutureProcess>) {
        let history = &grouped.histories.histories()[row];
        match self.model_of_row(grouped, row) {
            Some(model) => (model.probability_alive(history), Some(model.if_alive(history))),
            None => self.outlook(history, grouped.recent_purchases_of_row(row)),
        }
    }

    /// Whether this is a naive rule.
    #[must_use]
    pub fn is_naive(&self) -> bool {
        matches!(self, Forecaster::Naive { .. })
    }

    /// What a customer with this history will do from now on: the chance that they are one, and the process if
    /// they are; where traits matter, the mean customer. No process means that no purchase is expected. `recent_purchases` are those of the window that
    /// [`NaiveRule::SamePeriod`] repeats.
    #[must_use]
    pub fn outlook(
        &self,
        history: &PurchaseHistory,
        recent_purchases: u32,
    ) -> (f64, Option<FutureProcess>) {
        let steady = |count: f64, time: f64| {
            (count > 0.0 && time > 0.0).then_some(FutureProcess::Steady { r: count, alpha: time })
        };
        // A gamma law this narrow is a Poisson process.
        let at_rate = |rate: f64| steady(1e6, if rate > 0.0 { 1e6 / rate } else { 0.0 });
        match self {
            Forecaster::Model(model) => {
                (model.probability_alive(history), Some(model.if_alive(history)))
            }
            Forecaster::Traits(models) => {
                let typical = models.typical();
                (typical.probability_alive(history), Some(typical.if_alive(history)))
            }
            Forecaster::Naive { mean_rate, .. } if history.age() <= 0.0 => {
                (1.0, at_rate(*mean_rate))
            }
            Forecaster::Naive { rule: NaiveRule::OwnRate, .. } => {
                (1.0, steady(f64::from(history.repeat_purchases()), history.age()))
            }
            Forecaster::Naive { rule: NaiveRule::SamePeriod { length, .. }, .. } => {
                (1.0, steady(f64::from(recent_purchases), *length))
            }
            Forecaster::Naive { rule: NaiveRule::MeanRate, mean_rate } => {
                (1.0, at_rate(*mean_rate))
            }
        }
    }

    /// Forecasts for every distinct history, in their order.
    #[must_use]
    pub fn forecast_rows(
        &self,
        grouped: &GroupedHistories,
        horizon: &HorizonOptions,
    ) -> Vec<RowForecast> {
        (0..grouped.histories.len())
            .into_par_iter()
            .with_min_len(1024)
            .map(|row| row_forecast(self.outlook_of_row(grouped, row), horizon))
            .collect()
    }
}

fn row_forecast(
    (probability_alive, process): (f64, Option<FutureProcess>),
    horizon: &HorizonOptions,
) -> RowForecast {
    let Some(process) = process else {
        return RowForecast {
            probability_alive,
            expected_purchases: 0.0,
            expected_pairs: 0.0,
            probability_none: 1.0,
            discounted_purchases: 0.0,
        };
    };
    let summary = process.summary(horizon.length, horizon.discount_rate);
    RowForecast {
        probability_alive,
        expected_purchases: probability_alive * summary.expected_purchases,
        expected_pairs: probability_alive * summary.expected_pairs,
        probability_none: 1.0 - probability_alive * (1.0 - summary.probability_none),
        discounted_purchases: probability_alive * summary.discounted_purchases,
    }
}
