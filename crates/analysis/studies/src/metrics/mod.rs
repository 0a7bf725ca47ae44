//! Business metrics: one number each, with the inputs it was made from. One file and one line of the list for each.

pub mod renewal_rate;
pub mod simple_lifetime_value;

use crate::error::StudyError;
use crate::snapshot::Snapshot;
use clv_answers::metric::Metric;

/// What a metric may be told beside the orders.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MetricOptions {
    /// Share of net sales that is margin; 1 shows sales.
    pub margin_ratio: f64,
    /// How long a customer stays, years; none takes how long customers have been observed.
    pub lifespan_years: Option<f64>,
    /// Annual discount rate, as a ratio of at least 0.
    pub discount_rate: f64,
}

/// One metric of the catalogue.
#[derive(Debug, Clone, Copy)]
pub struct MetricEntry {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is, in one plain sentence.
    pub meaning: &'static str,
    /// Computes it.
    pub compute: fn(&Snapshot, &MetricOptions) -> Result<Metric, StudyError>,
}

/// All metrics.
#[must_use]
pub fn catalogue() -> &'static [MetricEntry] {
    const METRICS: &[MetricEntry] = &[simple_lifetime_value::ENTRY];
    METRICS
}

/// All metrics of subscriptions.
#[must_use]
pub fn subscription_catalogue() -> &'static [renewal_rate::SubscriptionMetricEntry] {
    const METRICS: &[renewal_rate::SubscriptionMetricEntry] =
        &[renewal_rate::RENEWAL_RATE, renewal_rate::RETENTION_RATE];
    METRICS
}

/// The 95 % interval of a share by Wilson's score, which holds for small counts and for shares of 0 and 1 too; none
/// of nothing.
pub(crate) fn wilson(part: f64, whole: f64) -> Option<(f64, f64)> {
    // The 97.5 % point of the normal distribution.
    const Z: f64 = 1.959_963_984_540_054;
    if whole <= 0.0 {
        return None;
    }
    let share = (part / whole).clamp(0.0, 1.0);
    let spread = Z * Z / whole;
    let middle = (share + 0.5 * spread) / (1.0 + spread);
    let half = Z / (1.0 + spread) * (share * (1.0 - share) / whole + 0.25 * spread / whole).sqrt();
    Some(((middle - half).max(0.0), (middle + half).min(1.0)))
}
