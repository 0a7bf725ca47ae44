//! How well each model and each naive baseline foretold what was held out.

use serde::{Deserialize, Serialize};

/// One forecaster at one origin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BacktestScore {
    /// The model's or baseline's id; baselines start with `naive-`.
    pub model: String,
    /// The last day it was allowed to see, ISO 8601.
    pub origin: String,
    /// Customers scored.
    pub n_customers: u64,
    /// Purchases they made over the horizon.
    pub actual_total: f64,
    /// Purchases foretold.
    pub predicted_total: f64,
    /// Predicted over actual, less 1.
    pub bias: f64,
    /// Mean absolute error, purchases per customer.
    pub mae: f64,
    /// Root mean squared error, purchases per customer.
    pub rmse: f64,
    /// Pearson's correlation of predicted and actual.
    pub correlation: f64,
    /// Spearman's rank correlation.
    pub spearman: f64,
    /// Mean squared error of ln(1 + purchases).
    pub msle: f64,
    /// Gini coefficient of actual purchases ranked by forecast, over the best reachable.
    pub normalized_gini: f64,
    /// Share of customers within their 90 % interval; none for a forecaster without intervals.
    pub coverage_90: Option<f64>,
    /// Share of customers within their 80 % interval.
    pub coverage_80: Option<f64>,
    /// Whether this is the forecaster served.
    pub served: bool,
}

/// The bake-off: all forecasters at all origins, and which one is served.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Backtest {
    /// The horizon in `time_unit`.
    pub horizon: f64,
    /// The unit of time.
    pub time_unit: String,
    /// The origins, earliest first, ISO 8601.
    pub origins: Vec<String>,
    /// One row for each forecaster and origin.
    pub scores: Vec<BacktestScore>,
    /// The id served.
    pub served: String,
    /// Whether what is served is a naive baseline because nothing beat it.
    pub is_naive: bool,
    /// Why it is served, in one or two plain sentences.
    pub reason: String,
    /// Models that could not take part, with the reason.
    pub left_out: Vec<(String, String)>,
    /// Customers in the bake-off, where it ran on a sample of them.
    pub sampled_customers: Option<u64>,
}
