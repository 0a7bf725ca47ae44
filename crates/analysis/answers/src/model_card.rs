//! A model's card: what it was made from, how well it does, what has changed, and where it must not be trusted.

use serde::{Deserialize, Serialize};

use crate::spend::SpendModelScore;

/// One parameter in words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CardParameter {
    /// The model it belongs to; a blend has several.
    pub model: String,
    /// The paper's name.
    pub name: String,
    /// Its value, in the unit of the card.
    pub value: f64,
    /// Its standard error, where known.
    pub standard_error: Option<f64>,
    /// What it says about customers.
    pub meaning: String,
}

/// How well the forecaster did on what was held out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HoldoutScore {
    /// Days held out after each origin.
    pub horizon_days: u32,
    /// Origins.
    pub n_origins: u32,
    /// Mean absolute error over the origins, purchases per customer.
    pub mae: f64,
    /// Root mean squared error, purchases per customer.
    pub rmse: f64,
    /// Foretold over actual total, less 1.
    pub bias: f64,
    /// The mean absolute error of the best naive baseline.
    pub naive_mae: f64,
}

/// Whether intervals held; shares of customers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CardCalibration {
    /// `purchases` or `value`.
    pub of: String,
    /// Coverage of the 90 % intervals, judged on holdouts that did not teach them.
    pub coverage_90: f64,
    /// The same before the adjustment.
    pub coverage_90_unadjusted: f64,
    /// The lowest coverage of any tenth of customers by forecast.
    pub lowest_decile: f64,
    /// The highest.
    pub highest_decile: f64,
}

/// How a parameter moved since an earlier fit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ParameterShift {
    /// The model it belongs to.
    pub model: String,
    /// The parameter.
    pub name: String,
    /// Its value then, in the unit of the card.
    pub before: f64,
    /// Its value now.
    pub now: f64,
    /// The difference over the standard error of a difference; none where a standard error is unknown.
    pub in_standard_errors: Option<f64>,
}

/// How the base's make-up moved since an earlier fit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HistoryDrift {
    /// What is compared, such as `repeat_purchases`.
    pub of: String,
    /// The population stability index: below 0.1 little has moved, above 0.25 much has.
    pub stability_index: f64,
}

/// What has changed since an earlier fit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Drift {
    /// The last day of the earlier data, ISO 8601, where the earlier fit names it.
    pub since: Option<String>,
    /// Parameters of the models that both fits have.
    pub parameters: Vec<ParameterShift>,
    /// The make-up of the base; empty where the earlier fit does not hold it.
    pub histories: Vec<HistoryDrift>,
    /// Error over that of the best naive baseline then, where both fits were tested.
    pub relative_error_before: Option<f64>,
    /// The same now.
    pub relative_error_now: Option<f64>,
    /// What to make of it, in one sentence.
    pub verdict: String,
}

/// The card.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelCard {
    /// The forecaster's id.
    pub model: String,
    /// The unit of time of its parameters.
    pub time_unit: String,
    /// First and last day of the data, ISO 8601.
    pub data_period: Option<(String, String)>,
    /// Customers it was fitted to.
    pub n_customers: u64,
    /// Customers among them who bought again.
    pub n_repeaters: u64,
    /// Its parameters in words.
    pub parameters: Vec<CardParameter>,
    /// The spend model's id; none where spend was not asked about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spend_model: Option<String>,
    /// Every spend model's score, where the spend model was chosen by them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spend_scores: Vec<SpendModelScore>,
    /// Scores on what was held out; none where the data were too short.
    pub score: Option<HoldoutScore>,
    /// Whether its intervals held.
    pub calibration: Vec<CardCalibration>,
    /// What has changed since an earlier fit; none without one.
    pub drift: Option<Drift>,
    /// What season and campaigns do and whether knowing them helped, in plain sentences; empty where nothing was tried.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub season: Vec<String>,
    /// Where it must not be trusted, in plain sentences.
    pub limits: Vec<String>,
}
