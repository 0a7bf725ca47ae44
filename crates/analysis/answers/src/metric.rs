//! One business number with the inputs it was made from.

use serde::{Deserialize, Serialize};

/// An input of a metric, or a number that belongs beside it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricInput {
    /// The glossary's name.
    pub name: String,
    /// Its value.
    pub value: f64,
    /// Its unit.
    pub unit: String,
}

/// A business metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    /// Its name.
    pub metric: String,
    /// The definition it follows.
    pub definition_id: String,
    /// What it is, in one plain sentence.
    pub meaning: String,
    /// The number.
    pub value: f64,
    /// Its unit.
    pub unit: String,
    /// What it was made from.
    pub inputs: Vec<MetricInput>,
}
