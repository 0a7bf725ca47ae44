//! All that scoring asks of a process, at once.

use super::{FutureProcess, Kind, is_some_time};

/// What a process brings within a horizon.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ProcessSummary {
    /// E[N], purchases.
    pub expected_purchases: f64,
    /// E[N (N - 1)].
    pub expected_pairs: f64,
    /// P(no purchase), in [0, 1].
    pub probability_none: f64,
    /// E[N] with each purchase discounted to now.
    pub discounted_purchases: f64,
}

impl FutureProcess {
    /// What [`expected_purchases`](Self::expected_purchases), [`expected_pairs`](Self::expected_pairs),
    /// [`probability_none`](Self::probability_none) and [`discounted_purchases`](Self::discounted_purchases) say
    /// of the same `horizon`, in far less time where many customers are summarised in a row.
    ///
    /// Equal to those methods to 1e-12; for customers who leave after purchases, where curves stand in for
    /// integrals, to 2e-11 and discounted purchases to 1e-9.
    ///
    /// ```
    /// use clv_models::purchase::FutureProcess;
    /// let steady = FutureProcess::Steady { r: 2.0, alpha: 8.0 };
    /// let summary = steady.summary(4.0, 0.0);
    /// assert!((summary.expected_purchases - 1.0).abs() < 1e-15);
    /// assert!((summary.expected_pairs - 1.5).abs() < 1e-15);
    /// ```
    #[must_use]
    pub fn summary(&self, horizon: f64, discount_rate: f64) -> ProcessSummary {
        if !is_some_time(horizon) {
            return ProcessSummary {
                expected_purchases: 0.0,
                expected_pairs: 0.0,
                probability_none: 1.0,
                discounted_purchases: 0.0,
            };
        }
        let (stays, kind) = self.parts();
        let discount_rate = discount_rate.max(0.0);
        let staying = match kind {
            Kind::Steady(process) => process.summary(horizon, discount_rate),
            Kind::Lapsing(process) => process.summary(horizon, discount_rate),
            Kind::OnClocks(process) => process.summary(horizon, discount_rate),
            Kind::Aging(process) => process.summary(horizon, discount_rate),
            Kind::AtPoints(process) => process.summary(horizon, discount_rate),
            Kind::Leaving(process) => process.summary(horizon, discount_rate),
            Kind::Regular(process) => process.summary(horizon, discount_rate),
            Kind::Occasions(process) => process.summary(horizon, discount_rate),
        };
        let discounted = if discount_rate > 0.0 {
            staying.discounted_purchases
        } else {
            staying.expected_purchases
        };
        ProcessSummary {
            expected_purchases: stays * staying.expected_purchases,
            expected_pairs: stays * staying.expected_pairs,
            probability_none: (1.0 - stays + stays * staying.probability_none).clamp(0.0, 1.0),
            discounted_purchases: stays * discounted,
        }
    }
}
