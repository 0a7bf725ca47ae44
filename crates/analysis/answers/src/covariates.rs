//! What covariates and groups did in a fit, as a person or a script reads it; part of the saved model.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One covariate as it went into the model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CovariateUsed {
    /// Its name in the effects, such as `age` or `channel=web`.
    pub name: String,
    /// The column it was made from.
    pub column: String,
    /// The level it is 1 for, where the column holds text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// The level that all levels are compared with, where the column holds text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Its mean over the customers of the fit: what a customer is taken to have of whom nothing is known.
    pub mean: f64,
}

/// A test of the model against a smaller one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Test {
    /// The smaller model in words.
    pub against: String,
    /// Twice the log-likelihood gained.
    pub statistic: f64,
    /// Parameters that the smaller model lacks.
    pub degrees_of_freedom: u64,
    /// The chance of as large a gain were the smaller model true.
    pub p_value: f64,
}

/// One effect of one group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupEffect {
    /// The effect on the logarithm of the rate, relative to the population.
    pub effect: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// How far it was drawn towards the population: 1 where the group itself says nothing.
    pub shrinkage: f64,
}

/// One group of a pooled fit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// The group.
    pub group: String,
    /// Its customers.
    pub n_customers: u64,
    /// Its effects by what they act on: `purchase`, `dropout`.
    pub effects: BTreeMap<String, GroupEffect>,
}

/// Partial pooling by one column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pooling {
    /// The column.
    pub column: String,
    /// Standard deviation between groups by what it acts on; 0 where no difference is visible.
    pub spread: BTreeMap<String, f64>,
    /// The groups.
    pub groups: Vec<Group>,
}

/// What covariates and groups did.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CovariateFit {
    /// The covariates.
    pub covariates: Vec<CovariateUsed>,
    /// Whether they change over time: means are then over the rows of the table.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_changing: bool,
    /// Columns whose effects on purchases and dropout were held equal.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub equal_effects: Vec<String>,
    /// The L2 penalty on effects per standard deviation; likelihood and standard errors do not contain it.
    #[serde(default)]
    pub l2: f64,
    /// Customers who were left out of the fit because something of them is not known.
    #[serde(default)]
    pub n_put_aside: u64,
    /// The log-likelihood of the same model for the same customers without covariates and groups.
    #[serde(default)]
    pub log_likelihood_without: Option<f64>,
    /// Tests against smaller models.
    #[serde(default)]
    pub tests: Vec<Test>,
    /// Partial pooling.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pooling: Option<Pooling>,
}
