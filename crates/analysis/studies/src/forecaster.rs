//! Who forecasts purchases: a fitted model, a naive rule that every model has to beat, or a blend of both.

use std::sync::Arc;

use clv_models::PurchaseHistory;
use clv_models::purchase::{FutureProcess, ProcessSummary, PurchaseModel};
use rayon::prelude::*;

use crate::blend::Blend;
use crate::boosted::BoostedForecaster;
use crate::covariates::TraitModels;
use crate::handoff::GroupedHistories;
use crate::outlook::{Outlook, OutlookPart};
use crate::processes::DistinctProcesses;

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

impl RowForecast {
    /// Every expectation and probability times `weight`: its part of a mixture. The spread of spend is of the part still.
    #[must_use]
    pub fn scaled(&self, weight: f64) -> Self {
        Self {
            probability_alive: weight * self.probability_alive,
            expected_purchases: weight * self.expected_purchases,
            expected_pairs: weight * self.expected_pairs,
            probability_none: weight * self.probability_none,
            discounted_purchases: weight * self.discounted_purchases,
            sd_ln_spend: self.sd_ln_spend,
        }
    }

    /// Adds another part of a mixture; see [`with_spend_square`](Self::with_spend_square) for the spread of its spend.
    pub fn add(&mut self, part: &Self) {
        self.probability_alive += part.probability_alive;
        self.expected_purchases += part.expected_purchases;
        self.expected_pairs += part.expected_pairs;
        self.probability_none += part.probability_none;
        self.discounted_purchases += part.discounted_purchases;
    }

    /// E[spend^2] within the horizon, with an expected spend per purchase of 1, where whoever forecasts knows the law of
    /// spend; none where spend follows from the number of purchases.
    #[must_use]
    pub fn spend_square(&self) -> Option<f64> {
        let sd_ln = self.sd_ln_spend?;
        let any = (1.0 - self.probability_none).max(f64::MIN_POSITIVE);
        Some(self.expected_purchases * self.expected_purchases / any * (sd_ln * sd_ln).exp())
    }

    /// The same with the log-normal law of spend that has this E[spend^2].
    #[must_use]
    pub fn with_spend_square(mut self, square: f64) -> Self {
        let any = 1.0 - self.probability_none;
        let ratio = square * any / (self.expected_purchases * self.expected_purchases);
        if ratio.is_finite() {
            self.sd_ln_spend = Some(ratio.max(1.0).ln().sqrt());
        }
        self
    }
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

    /// The outlook that intervals are taken from. It is [`outlook_of_row`](Self::outlook_of_row), but that a naive rule which
    /// expects nothing of a silent customer leaves them no chance at all: for their interval they are taken to buy at an
    /// exponentially distributed rate around the mean, of which their silence has told its part.
    #[must_use]
    pub fn interval_outlook_of_row(&self, grouped: &GroupedHistories, row: usize) -> Outlook {
        let outlook = self.outlook_of_row(grouped, row);
        match self {
            Forecaster::Naive { rule, mean_rate } if !outlook.expects_any() && *mean_rate > 0.0 => {
                let silence = match rule {
                    NaiveRule::SamePeriod { length, .. } => *length,
                    NaiveRule::MeanRate | NaiveRule::OwnRate => {
                        grouped.histories.histories()[row].age()
                    }
                };
                let process = FutureProcess::Steady { r: 1.0, alpha: 1.0 / mean_rate + silence };
                let part = OutlookPart {
                    weight: 1.0,
                    probability_alive: 1.0,
                    knows_leaving: false,
                    process: Some(process),
                };
                Outlook::new(vec![part], 1.0)
            }
            _ => outlook,
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
        if let Forecaster::Boosted(boosted) = self {
            return boosted.forecast_rows(grouped, horizon);
        }
        match DistinctProcesses::of(self, grouped) {
            Some(distinct) => self.rows_over(&distinct, grouped, horizon),
            None => (0..grouped.histories.len())
                .into_par_iter()
                .with_min_len(256)
                .map(|row| self.outlook_of_row(grouped, row).forecast(horizon))
                .collect(),
        }
    }

    /// Forecasts over the horizon for every distinct history, and for each its discounted expected purchases over the
    /// whole future (DERT) at the horizon's rate, which has to be above 0; of boosted trees the model that they stand on says
    /// what comes in the whole future.
    #[must_use]
    pub fn scores(
        &self,
        grouped: &GroupedHistories,
        horizon: &HorizonOptions,
    ) -> (Vec<RowForecast>, Vec<f64>) {
        let rate = horizon.discount_rate;
        let Some(distinct) = DistinctProcesses::of(self, grouped) else {
            let residual = |row: usize| self.outlook_of_row(grouped, row).discounted_residual(rate);
            let rows = 0..grouped.histories.len();
            return (
                self.forecast_rows(grouped, horizon),
                rows.into_par_iter().with_min_len(256).map(residual).collect(),
            );
        };
        let rows = self.rows_over(&distinct, grouped, horizon);
        let residual =
            distinct.of_each(|process| process.discounted_purchases(f64::INFINITY, rate));
        let residual_of = |(row, place): (&RowForecast, &u32)| {
            row.probability_alive * residual[*place as usize].unwrap_or(0.0)
        };
        let residual = rows.iter().zip(&distinct.of_row).map(residual_of).collect();
        (rows, residual)
    }

    fn rows_over(
        &self,
        distinct: &DistinctProcesses,
        grouped: &GroupedHistories,
        horizon: &HorizonOptions,
    ) -> Vec<RowForecast> {
        let histories = grouped.histories.histories();
        let summaries =
            distinct.of_each(|process| process.summary(horizon.length, horizon.discount_rate));
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
        let future_of = |row: usize| summaries[distinct.of_row[row] as usize].as_ref();
        (0..histories.len()).map(|row| row_forecast(alive_of(row), future_of(row))).collect()
    }
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
pub(crate) fn naive_process(
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

#[cfg(test)]
mod tests {
    use clv_models::PurchaseHistories;
    use clv_models::catalogue::purchase_model;

    use super::*;

    #[test]
    fn a_law_of_spend_is_found_again_by_its_square_and_two_of_them_are_wider() {
        let of = |expected_purchases: f64, sd_ln: f64| RowForecast {
            probability_alive: 0.9,
            expected_purchases,
            expected_pairs: 3.0,
            probability_none: 0.4,
            discounted_purchases: expected_purchases,
            sd_ln_spend: Some(sd_ln),
        };
        let square = |row: &RowForecast| row.spend_square().expect("it knows the law of spend");
        let (slow, quick) = (of(1.0, 0.7), of(2.0, 0.7));
        let again = slow.with_spend_square(square(&slow)).sd_ln_spend.expect("it was given");
        assert!((again - 0.7).abs() < 1e-12, "{again}");
        let mut mixed = slow.scaled(0.5);
        mixed.add(&quick.scaled(0.5));
        let mixed = mixed.with_spend_square(0.5 * (square(&slow) + square(&quick)));
        // Half of the buyers spend twice as much as the others: by hand, from E[X^2] / E[X]^2.
        let by_hand = (0.7_f64 * 0.7 + (2.5_f64 / (1.5 * 1.5)).ln()).sqrt();
        let sd_ln = mixed.sd_ln_spend.expect("it was given");
        assert!((sd_ln - by_hand).abs() < 1e-12, "{sd_ln} {by_hand}");
    }

    #[test]
    fn scores_are_those_of_each_history_alone() {
        let mut histories = PurchaseHistories::default();
        for (n, last, age) in [(0, 0.0, 30.0), (2, 5.0, 30.0), (2, 20.0, 30.0), (9, 40.0, 41.0)] {
            let history = PurchaseHistory::new(n, last, age).expect("it is one");
            histories.push(history, 1.0).expect("1 is a weight");
        }
        let grouped = GroupedHistories::of_rows(&histories, 1.0);
        let horizon = HorizonOptions { length: 52.0, discount_rate: 0.002 };
        for id in ["pareto-nbd", "bg-nbd"] {
            let entry = purchase_model(id).expect("it is in the catalogue");
            let model = (entry.build)(&[0.5, 10.0, 0.6, 12.0]).expect("they are parameters");
            let model: Arc<dyn PurchaseModel> = Arc::from(model);
            let forecaster = Forecaster::Model(Arc::clone(&model));
            let (rows, residual) = forecaster.scores(&grouped, &horizon);
            for ((history, row), residual) in histories.histories().iter().zip(rows).zip(residual) {
                let close = |found: f64, expected: f64| {
                    assert!((found / expected - 1.0).abs() < 1e-9, "{id} {found} {expected}");
                };
                close(row.probability_alive, model.probability_alive(history));
                close(row.expected_purchases, model.expected_future_purchases(history, 52.0));
                let alone = model.discounted_residual_purchases(history, f64::INFINITY, 0.002);
                close(residual, alone);
                close(residual, forecaster.outlook(history, 0).discounted_residual(0.002));
            }
        }
    }
}
