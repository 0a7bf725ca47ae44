//! How well each model and each naive baseline foretold what was held out.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::season::SeasonTrial;

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
    /// Share of customers' purchases within their 90 % interval, adjusted by what other holdouts taught; an outcome on
    /// an interval's end counts by the part of its probability that lies within, so that a right forecast scores 0.9.
    pub coverage_90: Option<f64>,
    /// The same for the 80 % interval.
    pub coverage_80: Option<f64>,
    /// `coverage_90` of the intervals as they were before the adjustment.
    #[serde(default)]
    pub coverage_90_unadjusted: Option<f64>,
    /// Share of customers whose purchases lie within the adjusted 90 % interval of whole numbers as it is printed, ends
    /// included: at least `coverage_90`, and more the more customers buy nothing.
    #[serde(default)]
    pub coverage_90_closed: Option<f64>,
    /// Whether this is the forecaster served.
    pub served: bool,
}

/// How often the served forecaster's intervals held, for all customers of an origin or a tenth of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BacktestCoverage {
    /// What was foretold: `purchases` or `value`.
    pub of: String,
    /// The last day it was allowed to see, ISO 8601; `all` for all origins together, each customer of each counting once.
    pub origin: String,
    /// 1 is the tenth with the highest forecast; none for all customers together.
    pub decile: Option<u32>,
    /// Customers in it.
    pub n_customers: u64,
    /// Mean forecast, purchases or money per customer.
    pub predicted: f64,
    /// Mean of what came.
    pub actual: f64,
    /// Coverage of the 90 % intervals after the adjustment, as in [`BacktestScore::coverage_90`].
    pub coverage_90: f64,
    /// The same before the adjustment.
    pub coverage_90_unadjusted: f64,
    /// Coverage of the printed, closed 90 % intervals after the adjustment.
    pub coverage_90_closed: f64,
    /// Coverage of the 80 % intervals after the adjustment.
    pub coverage_80: f64,
    /// The same before the adjustment.
    pub coverage_80_unadjusted: f64,
}

/// A total foretold at an origin, with the interval that the other holdouts taught, against what came.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BacktestTotal {
    /// What was foretold: `purchases` or `value`.
    pub of: String,
    /// The last day it was allowed to see, ISO 8601.
    pub origin: String,
    /// The total foretold, purchases or money.
    pub predicted: f64,
    /// What came.
    pub actual: f64,
    /// Lower end of the 80 % interval.
    pub low_80: f64,
    /// Upper end of the 80 % interval.
    pub high_80: f64,
    /// Lower end of the 90 % interval.
    pub low_90: f64,
    /// Upper end of the 90 % interval.
    pub high_90: f64,
}

/// What the blend is made of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BlendWeights {
    /// The members' ids.
    pub members: Vec<String>,
    /// For each segment of customers, the members' weights in that order.
    pub weights: BTreeMap<String, Vec<f64>>,
    /// How much faster time runs than the members say, learnt from earlier totals; 1 where these do not agree.
    pub pace: f64,
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
    /// How often the intervals of what is served held, origin by origin and tenth by tenth.
    #[serde(default)]
    pub coverage: Vec<BacktestCoverage>,
    /// The totals of what is served with their intervals, origin by origin.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub totals: Vec<BacktestTotal>,
    /// What a blend learnt from all origins is made of; none where there was nothing to blend.
    #[serde(default)]
    pub blend: Option<BlendWeights>,
    /// The id served. With a single origin asked for by its day it is who would have been served on that day, chosen by
    /// holdouts that were over by then.
    pub served: String,
    /// The id with the smallest mean absolute error over the origins shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best: Option<String>,
    /// The spend model that values forecasts, by origin; empty where the data hold no money.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spend_models: Vec<String>,
    /// Whether what is served is a naive baseline because nothing beat it.
    pub is_naive: bool,
    /// Why it is served, in one or two plain sentences.
    pub reason: String,
    /// Models that could not take part, with the reason.
    pub left_out: Vec<(String, String)>,
    /// What knowing the season would have changed; none where it was not tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub season: Option<SeasonTrial>,
    /// Customers in the bake-off, where it ran on a sample of them.
    pub sampled_customers: Option<u64>,
}
