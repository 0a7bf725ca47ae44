//! A fitted model as a person or a script reads it; also the saved model file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::boosted::BoostedFit;
use crate::covariates::{CovariateFit, Test};
use crate::model_card::HoldoutScore;
use crate::posterior::PosteriorDraws;
use crate::season::{Season, SeasonTrial};
use crate::spend::SpendModelScore;

/// What `clv fit` prints and saves. Written by hand, `model`, `time_unit` and `parameters` are enough.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelFit {
    /// The model's id, such as `pareto-nbd`.
    pub model: String,
    /// The unit of time of the parameters: `hour`, `day`, `week` or `month`.
    pub time_unit: String,
    /// The parameters by the papers' names, in `time_unit` where they bear time.
    pub parameters: BTreeMap<String, f64>,
    /// Standard errors on the same scale; a parameter without one is missing here.
    #[serde(default)]
    pub standard_errors: BTreeMap<String, f64>,
    /// Covariance of the estimates' logarithms, rows and columns in `covariance_order`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ln_covariance: Vec<Vec<f64>>,
    /// The parameters' order in `ln_covariance`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub covariance_order: Vec<String>,
    /// The log-likelihood at the parameters, summed over customers.
    #[serde(default)]
    pub log_likelihood: Option<f64>,
    /// For a model with a whole number that is chosen by likelihood, such as k: the numbers tried, each with its
    /// log-likelihood.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub log_likelihood_by_whole: BTreeMap<u32, f64>,
    /// Akaike's information criterion.
    #[serde(default)]
    pub aic: Option<f64>,
    /// Customers the fit used.
    #[serde(default)]
    pub n_customers: Option<u64>,
    /// Distinct histories they were grouped into.
    #[serde(default)]
    pub n_histories: Option<u64>,
    /// Whether the optimum was reached.
    #[serde(default)]
    pub converged: Option<bool>,
    /// What to know before trusting it.
    #[serde(default)]
    pub warnings: Vec<String>,
    /// First and last day of the data, ISO 8601.
    #[serde(default)]
    pub data_period: Option<(String, String)>,
    /// Draws of the parameters, where they were asked for; forecasts with the saved model take its uncertainty from them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub posterior: Option<PosteriorDraws>,
    /// What covariates and groups did; their effects are among the parameters as `purchase.NAME`, `dropout.NAME` and
    /// `spend.NAME`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub covariates: Option<Box<CovariateFit>>,
    /// The members of a blend with their weights; none for a model by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blend: Option<BlendFit>,
    /// Boosted trees that stand on the model whose parameters these are; none for a model by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boosted: Option<Box<BoostedFit>>,
    /// How intervals are widened or narrowed by what earlier holdouts taught; none where none was held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval_levels: Option<SavedLevels>,
    /// Shares of the customers by what their histories are like, for later fits to compare themselves with.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub history_shares: BTreeMap<String, Vec<f64>>,
    /// How well it did on what was held out; none where it was not tested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holdout: Option<HoldoutScore>,
    /// Of a spend model that was chosen by them: every spend model's score on customers left out of its fit.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spend_scores: Vec<SpendModelScore>,
    /// Of a spend model other than gamma-gamma: whether who buys more often spends more or less each time, as
    /// `log-normal-dependent` tested against `log-normal`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub independence_test: Option<Test>,
    /// The season and campaigns by whose clock the parameters count time; none where time is the calendar's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub season: Option<Season>,
    /// Whether a season was tried on what was held out, and what came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub season_trial: Option<SeasonTrial>,
    /// The spend model fitted to the same data, where amounts were given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spend: Option<Box<ModelFit>>,
}

impl ModelFit {
    /// A fit of which nothing is known yet but whose it is.
    ///
    /// ```
    /// let fit = clv_answers::model_fit::ModelFit::blank("pareto-nbd", "week");
    /// assert!(fit.parameters.is_empty() && fit.converged.is_none());
    /// ```
    #[must_use]
    pub fn blank(model: &str, time_unit: &str) -> Self {
        Self {
            model: model.to_owned(),
            time_unit: time_unit.to_owned(),
            parameters: BTreeMap::new(),
            standard_errors: BTreeMap::new(),
            ln_covariance: Vec::new(),
            covariance_order: Vec::new(),
            log_likelihood: None,
            log_likelihood_by_whole: BTreeMap::new(),
            aic: None,
            n_customers: None,
            n_histories: None,
            converged: None,
            warnings: Vec::new(),
            data_period: None,
            posterior: None,
            covariates: None,
            blend: None,
            boosted: None,
            interval_levels: None,
            history_shares: BTreeMap::new(),
            holdout: None,
            spend_scores: Vec::new(),
            independence_test: None,
            season: None,
            season_trial: None,
            spend: None,
        }
    }
}

/// A blend as it is saved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BlendFit {
    /// The members, fitted; a naive rule has its mean rate as a parameter.
    pub members: Vec<ModelFit>,
    /// For each segment of customers (`one-time`, `few`, `frequent`), the members' weights in that order.
    pub weights: BTreeMap<String, Vec<f64>>,
    /// How much faster time runs than the members say.
    pub pace: f64,
}

/// Levels of intervals as they are saved: for groups of equal size by forecast, lowest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SavedLevels {
    /// Of the 80 % intervals of purchases.
    pub purchases_80: Vec<f64>,
    /// Of the 90 % intervals of purchases.
    pub purchases_90: Vec<f64>,
    /// Of the 80 % intervals of value; empty where the data held no money.
    pub value_80: Vec<f64>,
    /// Of the 90 % intervals of value.
    pub value_90: Vec<f64>,
    /// How far whole periods strayed from their forecasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<SavedPeriod>,
}

/// How far a shop's periods stray from their forecasts, all customers together.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SavedPeriod {
    /// Variance of the logarithm of a period's purchases over their forecast.
    pub of_purchases: f64,
    /// The same of spend.
    pub of_value: f64,
    /// By how much one per cent more time changes the total of purchases, in per cent.
    pub elasticity: f64,
    /// Independent periods that it rests on, those of other shops counting as one.
    pub n_periods: f64,
}
