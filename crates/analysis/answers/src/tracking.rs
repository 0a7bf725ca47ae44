//! Actual against expected purchases over calendar time, the holdout marked.

use serde::{Deserialize, Serialize};

/// The tracking plot's data; all vectors have one entry for each period.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tracking {
    /// The model that is tracked.
    pub model: String,
    /// The period: `week` or `month`.
    pub period: String,
    /// The last day of each period, ISO 8601.
    pub period_end: Vec<String>,
    /// Repeat purchases made in each period by the customers known at the origin.
    pub actual: Vec<f64>,
    /// Repeat purchases expected in each period.
    pub expected: Vec<f64>,
    /// The last day the model saw, ISO 8601: what comes after is holdout.
    pub origin: String,
    /// Actual purchases over the holdout.
    pub holdout_actual: f64,
    /// Expected purchases over the holdout, given each customer's history at the origin.
    pub holdout_expected: f64,
}
