//! The boosted forecast of each customer over any horizon, from what was learnt at a few.

use std::sync::Arc;

use clv_models::boosted::{ModelScores, ZilnForecast};
use clv_models::purchase::PurchaseModel;

use crate::forecaster::{Forecaster, HorizonOptions, RowForecast};
use crate::handoff::GroupedHistories;
use crate::outlook::{Outlook, OutlookPart};

/// What is known of every customer at one of the horizons learnt at.
#[derive(Debug, Clone, PartialEq)]
pub struct Rung {
    /// The horizon, in the unit of the study.
    pub length: f64,
    /// The boosted forecasts, one for each customer.
    pub forecasts: Vec<ZilnForecast>,
    /// What the probability models alone say, one entry for each customer.
    pub parents: Vec<ModelScores>,
}

/// The boosted forecasts of customers at one origin, ready for any horizon. Customers are the strata of the grouped
/// histories.
#[derive(Debug, Clone)]
pub struct BoostedForecaster {
    parent: Arc<dyn PurchaseModel>,
    rungs: Vec<Rung>,
}

impl BoostedForecaster {
    /// The forecaster over `rungs`, shortest first and at least one, in which more time never holds less.
    #[must_use]
    pub fn new(parent: Arc<dyn PurchaseModel>, rungs: Vec<Rung>) -> Self {
        Self { parent, rungs }
    }

    /// The probability model that it stands on.
    #[must_use]
    pub fn parent(&self) -> &Arc<dyn PurchaseModel> {
        &self.parent
    }

    /// Forecasts for every row of `grouped`, in their order.
    pub(crate) fn forecast_rows(
        &self,
        grouped: &GroupedHistories,
        horizon: &HorizonOptions,
    ) -> Vec<RowForecast> {
        let parents = self.parent_rows(grouped, horizon);
        let row = |(row, parent): (usize, RowForecast)| {
            let own = self.forecast(grouped.stratum_of_row(row), horizon.length, &parent);
            let discount = if parent.expected_purchases > 0.0 {
                parent.discounted_purchases / parent.expected_purchases
            } else {
                1.0
            };
            RowForecast {
                probability_alive: parent.probability_alive,
                expected_purchases: own.expected_purchases,
                expected_pairs: own.expected_pairs(),
                probability_none: 1.0 - own.probability_buys,
                discounted_purchases: discount * own.expected_purchases,
                sd_ln_spend: own.value.map(|law| law.sd_ln),
            }
        };
        parents.into_iter().enumerate().map(row).collect()
    }

    /// Expected spend of one purchase over the horizon, money; one entry for each customer of `grouped`.
    pub(crate) fn spend_per_purchase(&self, grouped: &GroupedHistories, length: f64) -> Vec<f64> {
        let horizon = HorizonOptions { length, discount_rate: 0.0 };
        let of_row: Vec<f64> = self
            .parent_rows(grouped, &horizon)
            .iter()
            .enumerate()
            .map(|(row, parent)| {
                let customer = grouped.stratum_of_row(row);
                let own = self.forecast(customer, length, parent);
                if own.expected_purchases > 0.0 {
                    own.expected_value / own.expected_purchases
                } else {
                    self.rungs.first().map_or(0.0, |one| one.parents[customer].expected_spend)
                }
            })
            .collect();
        grouped.row_of_customer.iter().map(|row| of_row[*row as usize]).collect()
    }

    /// The law of a row's purchases within `length`.
    pub(crate) fn count_law(
        &self,
        grouped: &GroupedHistories,
        row: usize,
        length: f64,
    ) -> ZilnForecast {
        let history = &grouped.histories.histories()[row];
        let part = OutlookPart::of_model(self.parent.as_ref(), 1.0, history);
        let horizon = HorizonOptions { length, discount_rate: 0.0 };
        let parent = Outlook::new(vec![part], 1.0).forecast(&horizon);
        self.forecast(grouped.stratum_of_row(row), length, &parent)
    }

    fn parent_rows(
        &self,
        grouped: &GroupedHistories,
        horizon: &HorizonOptions,
    ) -> Vec<RowForecast> {
        Forecaster::Model(Arc::clone(&self.parent)).forecast_rows(grouped, horizon)
    }

    /// One customer's forecast over `length`. Between two horizons learnt at it moves as the probability model does
    /// between them; before the first it keeps to the correction there, and after the last the probability model says
    /// how it goes on. So more time never holds less.
    fn forecast(&self, customer: usize, length: f64, parent: &RowForecast) -> ZilnForecast {
        let at = self.rungs.partition_point(|rung| rung.length < length);
        let after = self.rungs.get(at).map(|rung| Point::of(rung, customer));
        let before = match at.checked_sub(1) {
            Some(before) => Point::of(&self.rungs[before], customer),
            None => Point::START,
        };
        let ln_none = -parent.probability_none.max(f64::MIN_POSITIVE).ln();
        let by_purchases =
            Step::between(parent.expected_purchases, before, after, |one| one.parent_purchases);
        let by_none = Step::between(ln_none, before, after, |one| one.parent_ln_none);
        let end = after.unwrap_or(before);
        let expected_purchases = by_purchases.of(before.purchases, after.map(|one| one.purchases));
        let expected_value = match after {
            Some(after) => by_purchases.of(before.value, Some(after.value)),
            // What a purchase is worth holds throughout.
            None if before.purchases > 0.0 => expected_purchases * before.value / before.purchases,
            None => expected_purchases * before.spend,
        };
        let ln_none = by_none.of(before.ln_none, after.map(|one| one.ln_none));
        // Nobody buys more probably than often.
        let probability_buys = (-(-ln_none).exp_m1()).min(expected_purchases);
        let value = end.law.map(|law| clv_models::boosted::ZeroInflatedLogNormal {
            probability: probability_buys,
            ..law
        });
        ZilnForecast {
            probability_buys,
            expected_purchases,
            expected_value,
            value,
            count_shape: end.count_shape,
        }
    }
}

/// One customer at one rung.
#[derive(Debug, Clone, Copy)]
struct Point {
    purchases: f64,
    value: f64,
    /// Minus the logarithm of P(no purchase), which adds up over time as purchases do.
    ln_none: f64,
    parent_purchases: f64,
    parent_ln_none: f64,
    spend: f64,
    count_shape: f64,
    law: Option<clv_models::boosted::ZeroInflatedLogNormal>,
}

impl Point {
    /// No time, no purchases.
    const START: Self = Self {
        purchases: 0.0,
        value: 0.0,
        ln_none: 0.0,
        parent_purchases: 0.0,
        parent_ln_none: 0.0,
        spend: 0.0,
        count_shape: 1.0,
        law: None,
    };

    fn of(rung: &Rung, customer: usize) -> Self {
        let (own, parent) = (&rung.forecasts[customer], &rung.parents[customer]);
        let ln_none = |probability_buys: f64| -(1.0 - probability_buys).max(f64::MIN_POSITIVE).ln();
        Self {
            purchases: own.expected_purchases,
            value: own.expected_value,
            ln_none: ln_none(own.probability_buys),
            parent_purchases: parent.expected_purchases,
            parent_ln_none: ln_none(parent.probability_buys),
            spend: parent.expected_spend,
            count_shape: own.count_shape,
            law: own.value,
        }
    }
}

/// How far a horizon lies between two rungs, by the probability model's clock.
enum Step {
    /// The share of the way from the one to the other, in [0, 1].
    Share(f64),
    /// Beyond the last rung, by this much.
    Beyond(f64),
}

impl Step {
    fn between(now: f64, before: Point, after: Option<Point>, of: fn(&Point) -> f64) -> Self {
        let gone = now - of(&before);
        match after {
            Some(after) => {
                let whole = of(&after) - of(&before);
                Step::Share(if whole > 0.0 { (gone / whole).clamp(0.0, 1.0) } else { 1.0 })
            }
            None => Step::Beyond(gone.max(0.0)),
        }
    }

    fn of(&self, before: f64, after: Option<f64>) -> f64 {
        match (self, after) {
            (Step::Share(share), Some(after)) => before + share * (after - before),
            (Step::Share(_), None) => before,
            (Step::Beyond(further), _) => before + further,
        }
    }
}
