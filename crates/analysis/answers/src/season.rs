//! Seasons and campaigns: how much more people buy in a month or a window, and whether knowing it helped.

use serde::{Deserialize, Serialize};

/// A window of days with a factor of its own; windows of one name share it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Window {
    /// Its name.
    pub name: String,
    /// First day, ISO 8601.
    pub from: String,
    /// Last day, ISO 8601.
    pub to: String,
}

/// How many times as much as on an ordinary day people buy in the windows of a name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WindowFactor {
    /// The windows' name.
    pub name: String,
    /// The factor, above 0.
    pub factor: f64,
    /// Its standard deviation; none where it was not estimated.
    #[serde(default)]
    pub standard_deviation: Option<f64>,
}

/// The clock of a shop: how many times as much as on an ordinary day people buy, by month and in windows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Season {
    /// Twelve factors, January first, all above 0; all 1 where only windows are known.
    pub month_factors: Vec<f64>,
    /// Their standard deviations; empty where months were not estimated.
    #[serde(default)]
    pub month_standard_deviations: Vec<f64>,
    /// The windows, past and to come.
    #[serde(default)]
    pub windows: Vec<Window>,
    /// One factor for each name among the windows.
    #[serde(default)]
    pub window_factors: Vec<WindowFactor>,
    /// The same in plain sentences.
    #[serde(default)]
    pub in_words: Vec<String>,
}

/// One origin with and without the season.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SeasonTrialScore {
    /// The last day it was allowed to see, ISO 8601.
    pub origin: String,
    /// Purchases that came.
    pub actual_total: f64,
    /// Purchases foretold by `SeasonTrial::against`.
    pub plain_total: f64,
    /// Purchases foretold with the season.
    pub seasonal_total: f64,
    /// Mean absolute error of `SeasonTrial::against`, purchases per customer.
    pub plain_mae: f64,
    /// Mean absolute error with the season.
    pub seasonal_mae: f64,
    /// Root mean squared error of `SeasonTrial::against`, purchases per customer.
    pub plain_rmse: f64,
    /// Root mean squared error with the season.
    pub seasonal_rmse: f64,
}

/// The season tried on what was held out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SeasonTrial {
    /// The model that was told the season.
    pub model: String,
    /// Who forecast without: the same model, or whoever won the bake-off.
    pub against: String,
    /// One row for each origin with a year of data before it.
    pub scores: Vec<SeasonTrialScore>,
    /// Whether the season made forecasts better.
    pub has_helped: bool,
    /// What came of it, in one sentence.
    pub verdict: String,
}
