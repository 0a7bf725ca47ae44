//! Whether predicted value comes true: customers in ten equal groups by prediction, against what they spent.

use serde::{Deserialize, Serialize};

/// One tenth of the customers, by predicted value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CalibrationDecile {
    /// 1 is the tenth with the highest prediction.
    pub decile: u32,
    /// Customers in it.
    pub n_customers: u64,
    /// Mean predicted spend over the horizon, money per customer.
    pub predicted: f64,
    /// Mean actual spend over the horizon, money per customer.
    pub actual: f64,
    /// Mean predicted purchases.
    pub predicted_purchases: f64,
    /// Mean actual purchases.
    pub actual_purchases: f64,
    /// Share of the tenth's customers whose spend fell within their 80 % interval, adjusted by what other holdouts
    /// taught; spending nothing counts by the part of its probability that lies within.
    pub coverage_80: f64,
    /// The same for the 90 % interval.
    pub coverage_90: f64,
    /// `coverage_90` before the adjustment.
    #[serde(default)]
    pub coverage_90_unadjusted: f64,
}

/// Calibration of value at one origin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// The model calibrated.
    pub model: String,
    /// The last day the model saw, ISO 8601.
    pub origin: String,
    /// The last day of the holdout, ISO 8601.
    pub holdout_end: String,
    /// Ten rows, the most valuable first; fewer with under ten customers.
    pub deciles: Vec<CalibrationDecile>,
    /// Spend foretold for all customers over the holdout, money.
    pub predicted_total: f64,
    /// Spend that came, money.
    pub actual_total: f64,
    /// Share of customers within their 80 % interval, counted as in the tenths.
    pub coverage_80: f64,
    /// Share of customers within their 90 % interval.
    pub coverage_90: f64,
    /// `coverage_90` before the adjustment.
    #[serde(default)]
    pub coverage_90_unadjusted: f64,
}
