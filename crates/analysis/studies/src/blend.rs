//! The blend: models and naive rules together, with weights learnt from forecasts of the past.

use std::sync::Arc;

use clv_models::PurchaseHistory;
use clv_models::blend::{PastForecasts, stack};
use clv_numerics::distribution::student_quantile;

use crate::contest::OriginContest;
use crate::forecaster::{Forecaster, HorizonOptions};
use crate::outlook::Outlook;

/// The blend's id.
pub const BLEND: &str = "blend";

/// The segments that have weights of their own, by repeat purchases.
pub const SEGMENTS: [&str; 3] = ["one-time", "few", "frequent"];

/// A customer with more repeat purchases than this is a frequent one.
const MOST_OF_FEW: u32 = 3;

/// At most this many forecasters are blended: those that err least.
const MOST_MEMBERS: usize = 8;

/// Whoever weighs less than this in every segment is left out.
const LEAST_WEIGHT: f64 = 0.05;

/// Two forecasters that differ by less than this share of their error are one.
const SAME_WITHIN: f64 = 0.02;

/// Totals miss by about this much from one holdout to the next, however large the base.
const USUAL_MISS: f64 = 0.03;

/// A mean miss counts for as much as it stands above the end of its two-sided interval at this level.
const TRUSTED_ABOVE: f64 = 0.8;

/// The pace stays within this logarithm of 1.
const MOST_LN_PACE: f64 = 0.4;

/// One of those who are blended.
#[derive(Debug, Clone)]
pub struct Member {
    /// The forecaster, itself no blend.
    pub forecaster: Forecaster,
    /// Covariance of the free coordinates of its parameters, where known.
    pub ln_covariance: Option<Vec<Vec<f64>>>,
}

/// A blend, ready to forecast.
#[derive(Debug, Clone)]
pub struct Blend {
    /// Those who are blended.
    pub members: Vec<Member>,
    /// For each segment of [`SEGMENTS`], the members' weights; they sum to 1.
    pub weights: Vec<Vec<f64>>,
    /// How much faster time runs than the members say: what brings the total to what earlier totals came to.
    pub pace: f64,
}

/// The segment of a customer with so many repeat purchases.
#[must_use]
pub fn segment_of(repeat_purchases: u32) -> usize {
    match repeat_purchases {
        0 => 0,
        1..=MOST_OF_FEW => 1,
        _ => 2,
    }
}

impl Blend {
    pub(crate) fn outlook(&self, history: &PurchaseHistory, recent_purchases: u32) -> Outlook {
        let weights = &self.weights[segment_of(history.repeat_purchases())];
        let parts = self.members.iter().zip(weights).filter(|(_, weight)| **weight > 0.0);
        let part = |(member, weight): (&Member, &f64)| {
            member.forecaster.part(*weight, history, recent_purchases)
        };
        Outlook::new(parts.map(part).collect(), self.pace)
    }

    pub(crate) fn new_customer(&self) -> Outlook {
        let newborn = PurchaseHistory::newborn();
        let parts = self.members.iter().zip(&self.weights[0]).filter(|(_, weight)| **weight > 0.0);
        let part = |(member, weight): (&Member, &f64)| {
            member.forecaster.part_of_new_customer(*weight, &newborn)
        };
        Outlook::new(parts.map(part).collect(), self.pace)
    }

    /// Each member's weight averaged over the segments.
    #[must_use]
    pub fn mean_weights(&self) -> Vec<f64> {
        let n = self.weights.len() as f64;
        (0..self.members.len())
            .map(|member| self.weights.iter().map(|of| of[member]).sum::<f64>() / n)
            .collect()
    }
}

/// Who is blended and how, before anyone is fitted.
#[derive(Debug, Clone, PartialEq)]
pub struct BlendRecipe {
    /// The members' ids.
    pub members: Vec<String>,
    /// For each segment of [`SEGMENTS`], the members' weights.
    pub weights: Vec<Vec<f64>>,
    /// How much faster time runs than the members say.
    pub pace: f64,
}

impl BlendRecipe {
    /// The recipe that would have erred least over the holdouts of `past`, for use at the origin `now`, of which only
    /// forecasts are looked at; none where there are fewer than two forecasters to blend.
    #[must_use]
    pub fn learn(past: &[&OriginContest], now: &OriginContest) -> Option<Self> {
        let first = past.first()?;
        let candidates = candidates(past, now);
        if candidates.len() < 2 {
            return None;
        }
        let forecasts: Vec<PastForecasts> = past
            .iter()
            .map(|one| PastForecasts {
                predicted: candidates.iter().map(|at| one.predicted(*at)).collect(),
                actual: one.data.actual.clone(),
                segment: one.data.customers.iter().map(|who| segment_of(who.n_days - 1)).collect(),
            })
            .collect();
        let weights = stack(&forecasts, SEGMENTS.len())?;
        let kept: Vec<usize> = (0..candidates.len())
            .filter(|at| weights.iter().any(|of_segment| of_segment[*at] >= LEAST_WEIGHT))
            .collect();
        let weights = weights
            .iter()
            .map(|of_segment| {
                let rounded: Vec<f64> = kept.iter().map(|at| round(of_segment[*at])).collect();
                let sum: f64 = rounded.iter().sum();
                match sum > 0.0 {
                    true => rounded.into_iter().map(|weight| weight / sum).collect(),
                    false => vec![1.0 / kept.len() as f64; kept.len()],
                }
            })
            .collect();
        let members =
            kept.iter().map(|at| first.contestants[candidates[*at]].id().to_owned()).collect();
        let mut recipe = Self { members, weights, pace: 1.0 };
        recipe.pace = recipe.learnt_pace(past, &first.horizon);
        Some(recipe)
    }

    /// The recipe with the forecasters fitted at an origin; none where a member took no part there.
    #[must_use]
    pub fn forecaster_at(&self, origin: &OriginContest) -> Option<Forecaster> {
        let member = |id: &String| {
            let found = origin.contestants.iter().find(|one| one.id() == id)?;
            Some(Member {
                forecaster: found.forecaster.clone(),
                ln_covariance: found.ln_covariance.clone(),
            })
        };
        let members: Option<Vec<Member>> = self.members.iter().map(member).collect();
        Some(self.of(members?))
    }

    /// The blend of these members, in the recipe's order.
    #[must_use]
    pub fn of(&self, members: Vec<Member>) -> Forecaster {
        Forecaster::Blend(Arc::new(Blend {
            members,
            weights: self.weights.clone(),
            pace: self.pace,
        }))
    }

    /// How much faster time must run for the totals of the past to come out, as far as its holdouts agree.
    ///
    /// The mean logarithm of actual over foretold totals is shrunk by how far it stands above its own uncertainty; where
    /// the holdouts disagree it is 0 and time runs as the members say. Purchases grow more slowly than time where
    /// customers leave, so that the pace is what moves the total by that much.
    fn learnt_pace(&self, past: &[&OriginContest], horizon: &HorizonOptions) -> f64 {
        let total_at = |origin: &OriginContest, length: f64| -> Option<f64> {
            let forecaster = self.forecaster_at(origin)?;
            let histories = &origin.data.grouped.histories;
            let row = |(row, (history, weight)): (usize, (&PurchaseHistory, f64))| {
                let recent = origin.data.grouped.recent_purchases_of_row(row);
                weight * forecaster.outlook(history, recent).expected_purchases(length)
            };
            Some(histories.iter().enumerate().map(row).sum())
        };
        let misses: Vec<f64> = past
            .iter()
            .filter_map(|origin| {
                let actual: f64 = origin.data.actual.iter().sum();
                let foretold = total_at(origin, horizon.length)?;
                (actual > 0.0 && foretold > 0.0).then(|| (actual / foretold).ln())
            })
            .collect();
        if misses.len() < 2 {
            return 1.0;
        }
        let n = misses.len() as f64;
        let mean = misses.iter().sum::<f64>() / n;
        let spread =
            misses.iter().map(|miss| (miss - mean) * (miss - mean)).sum::<f64>() / (n - 1.0);
        // Neighbouring holdouts share half their days, so that n of them say what (n + 1) / 2 would.
        let variance_of_mean = (spread + USUAL_MISS * USUAL_MISS) / (0.5 * (n + 1.0));
        let doubt = student_quantile(n - 1.0, TRUSTED_ABOVE).powi(2);
        let trust = (1.0 - doubt * variance_of_mean / (mean * mean)).max(0.0);
        if trust <= 0.0 {
            return 1.0;
        }
        let last = past[past.len() - 1];
        let (Some(now), Some(longer)) =
            (total_at(last, horizon.length), total_at(last, 1.1 * horizon.length))
        else {
            return 1.0;
        };
        let elasticity = ((longer / now).ln() / 1.1_f64.ln()).clamp(0.3, 1.0);
        round((trust * mean / elasticity).clamp(-MOST_LN_PACE, MOST_LN_PACE).exp())
    }
}

/// To thousandths: more would say more than was learnt, and would carry the last digits of a fit into every forecast.
fn round(value: f64) -> f64 {
    (1e3 * value).round() / 1e3
}

/// The contestants worth blending: those that err least over the holdouts, none that knows customers by more than their histories among them, and none that has by now
/// degenerated into a simpler one: what it did before then says nothing of what it will do.
fn candidates(past: &[&OriginContest], now: &OriginContest) -> Vec<usize> {
    let n = past.iter().map(|one| one.contestants.len()).min().unwrap_or(0);
    let n = n.min(now.contestants.len());
    let errors: Vec<(f64, f64)> = (0..n)
        .map(|at| {
            past.iter().fold((0.0, 0.0), |sums, one| {
                let predicted = one.predicted(at);
                let n = predicted.len().max(1) as f64;
                let (absolute, squared) =
                    predicted.iter().zip(&one.data.actual).fold((0.0, 0.0), |sums, (p, y)| {
                        (sums.0 + (p - y).abs(), sums.1 + (p - y) * (p - y))
                    });
                (sums.0 + absolute / n, sums.1 + (squared / n).sqrt())
            })
        })
        .collect();
    let least =
        errors.iter().fold((f64::INFINITY, f64::INFINITY), |l, e| (l.0.min(e.0), l.1.min(e.1)));
    let badness =
        |at: usize| errors[at].0 / least.0.max(1e-12) + 2.0 * errors[at].1 / least.1.max(1e-12);
    let forecasts: Vec<Vec<f64>> = (0..n).map(|at| now.predicted(at)).collect();
    let has_degenerated = |at: usize| {
        let total: f64 = forecasts[at].iter().sum();
        forecasts[..at].iter().any(|simpler| {
            let apart: f64 = simpler.iter().zip(&forecasts[at]).map(|(a, b)| (a - b).abs()).sum();
            apart < SAME_WITHIN * total
        })
    };
    let mut order: Vec<usize> = (0..n)
        .filter(|at| past.iter().all(|one| one.contestants[*at].is_blendable()))
        .filter(|at| !has_degenerated(*at))
        .collect();
    order.sort_by(|a, b| badness(*a).total_cmp(&badness(*b)));
    // Models that degenerate into one another are fitted and weighed once.
    let mut distinct: Vec<usize> = Vec::new();
    for at in order {
        let is_known = distinct
            .iter()
            .any(|known| past.iter().all(|one| is_same_forecast(one, *known, at, SAME_WITHIN)));
        if !is_known {
            distinct.push(at);
        }
    }
    let mut order = distinct;
    order.truncate(MOST_MEMBERS);
    order.sort_unstable();
    order
}

/// Whether two contestants foretell nearly the same: their mean difference is below a share of the first's error.
fn is_same_forecast(origin: &OriginContest, a: usize, b: usize, within: f64) -> bool {
    let (of_a, of_b) = (origin.predicted(a), origin.predicted(b));
    let apart: f64 = of_a.iter().zip(&of_b).map(|(a, b)| (a - b).abs()).sum();
    let error: f64 = of_a.iter().zip(&origin.data.actual).map(|(a, y)| (a - y).abs()).sum();
    apart < within * error
}
