//! Who forecasts purchases: a fitted model, a naive rule that every model has to beat, or a blend of both.

use std::sync::Arc;

use clv_models::PurchaseHistory;
use clv_models::purchase::{FutureProcess, PurchaseModel};
use rayon::prelude::*;

use crate::blend::Blend;
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
            Forecaster::Naive { rule, .. } => rule.id(),
            Forecaster::Blend(_) => crate::blend::BLEND,
        }
    }

    /// Whether this is a naive rule.
    #[must_use]
    pub fn is_naive(&self) -> bool {
        matches!(self, Forecaster::Naive { .. })
    }

    /// What a customer with this history will do from now on. `recent_purchases` are those of the window that
    /// [`NaiveRule::SamePeriod`] repeats.
    #[must_use]
    pub fn outlook(&self, history: &PurchaseHistory, recent_purchases: u32) -> Outlook {
        match self {
            Forecaster::Blend(blend) => blend.outlook(history, recent_purchases),
            _ => Outlook::new(vec![self.part(1.0, history, recent_purchases)], 1.0),
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
            Forecaster::Model(model) => OutlookPart {
                weight,
                probability_alive: model.probability_alive(history),
                knows_leaving: true,
                process: Some(model.if_alive(history)),
            },
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
        match self {
            Forecaster::Model(model) => OutlookPart {
                weight,
                probability_alive: 1.0,
                knows_leaving: true,
                process: Some(model.new_customer()),
            },
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
        (0..histories.len())
            .into_par_iter()
            .with_min_len(1024)
            .map(|row| {
                self.outlook(&histories[row], grouped.recent_purchases_of_row(row))
                    .forecast(horizon)
            })
            .collect()
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
