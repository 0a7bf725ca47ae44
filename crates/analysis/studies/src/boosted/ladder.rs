//! What is learnt at a few horizons, shortest first, and served over any.

use std::sync::Arc;

use clv_models::boosted::{ZilnForecast, order_horizons};

use super::forecaster::{BoostedForecaster, Rung};
use super::lesson::{LearntHeads, View};
use super::{BoostedOptions, earlier_origins};
use crate::base::CustomerBase;
use crate::error::StudyError;

/// The horizons that heads are learnt at, days. The same ones whatever horizon is asked for, so that two questions
/// never contradict each other.
pub const RUNGS_DAYS: [i32; 3] = [30, 90, 365];

/// Heads learnt at several horizons.
#[derive(Debug, Clone, PartialEq)]
pub struct Ladder {
    /// Shortest first; where the past is short there are fewer, and the last is shorter.
    pub rungs: Vec<LearntHeads>,
}

impl Ladder {
    /// Learns from what was known on the evening of `origin`, which `known` ends by.
    ///
    /// # Errors
    /// [`StudyError::TooShort`] where there is no time for an earlier origin.
    pub fn learn(
        known: &CustomerBase,
        origin: i32,
        options: &BoostedOptions,
    ) -> Result<Self, StudyError> {
        let first = known.first_day().unwrap_or(origin);
        let mut rungs: Vec<LearntHeads> = Vec::new();
        for horizon_days in RUNGS_DAYS {
            let (learnt_days, learnt_at) = earlier_origins(first, origin, horizon_days)?;
            if rungs.last().is_none_or(|last| last.learnt_days < learnt_days) {
                rungs.push(LearntHeads::learn(known, learnt_at, learnt_days, options)?);
            }
        }
        Ok(Self { rungs })
    }

    /// Whether any heads could be learnt, and not only the probability models stand behind every forecast.
    #[must_use]
    pub fn has_heads(&self) -> bool {
        self.rungs.iter().any(|rung| rung.parts.iter().any(Option::is_some))
    }

    /// The forecasts of the customers of `view`, in its order, with the histories of each by itself.
    pub(super) fn rungs_at(
        &self,
        known: &CustomerBase,
        view: &View,
        options: &BoostedOptions,
    ) -> Vec<Rung> {
        let parents: Vec<_> = self
            .rungs
            .iter()
            .map(|one| view.scores_over(f64::from(one.learnt_days), options))
            .collect();
        let mut forecasts: Vec<Vec<ZilnForecast>> = self
            .rungs
            .iter()
            .zip(&parents)
            .map(|(one, scores)| one.forecast(known, view, scores))
            .collect();
        order_horizons(&mut forecasts);
        self.rungs
            .iter()
            .zip(forecasts)
            .zip(parents)
            .map(|((one, forecasts), parents)| Rung {
                length: f64::from(one.learnt_days) / options.unit.days(),
                forecasts,
                parents,
            })
            .collect()
    }

    /// The forecaster of the customers of `view`.
    pub(super) fn forecaster(
        &self,
        known: &CustomerBase,
        view: &View,
        options: &BoostedOptions,
    ) -> BoostedForecaster {
        let rungs = self.rungs_at(known, view, options);
        BoostedForecaster::new(Arc::clone(&view.model), rungs)
    }
}
