//! Business metrics: one number each, with the inputs it was made from. One file and one line of the list for each.

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
