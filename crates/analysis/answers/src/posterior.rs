//! What the data leave open about a model's parameters, as a person or a script reads it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Draws of a model's parameters with their summary; part of what `clv fit --posterior` prints and saves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PosteriorDraws {
    /// How the draws came about: `importance`, `nuts` or `bootstrap`.
    pub method: String,
    /// How many there are.
    pub n_draws: u64,
    /// The seed they follow from.
    pub seed: u64,
    /// How well the fast approximation fits: above 0.7 it was not used. None where it was not tried.
    #[serde(default)]
    pub k_hat: Option<f64>,
    /// Draws of NUTS whose path went astray; good is 0.
    #[serde(default)]
    pub n_divergences: u64,
    /// What the draws say of each parameter, by name.
    #[serde(default)]
    pub parameters: BTreeMap<String, ParameterSummary>,
    /// The parameters' order in `draws`.
    pub draw_order: Vec<String>,
    /// One row for each draw, in the unit of the model's parameters; all count the same.
    pub draws: Vec<Vec<f64>>,
    /// What to know before using them.
    #[serde(default)]
    pub warnings: Vec<String>,
}

/// One parameter's draws in a few numbers, in the unit of the parameter.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ParameterSummary {
    /// Mean.
    pub mean: f64,
    /// Standard deviation.
    pub sd: f64,
    /// 5 % lie below.
    pub quantile_5: f64,
    /// Median.
    pub quantile_50: f64,
    /// 95 % lie below.
    pub quantile_95: f64,
    /// Whether the chains agree: above 1.01 they do not. None without chains.
    #[serde(default)]
    pub r_hat: Option<f64>,
    /// Independent draws that the centre is known as well as from.
    #[serde(default)]
    pub ess_bulk: Option<f64>,
    /// The same for the 5 % and 95 % quantiles.
    #[serde(default)]
    pub ess_tail: Option<f64>,
}
