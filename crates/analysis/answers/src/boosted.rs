//! Boosted trees as they are saved and read: what was learnt at each horizon, and how well it holds.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Boosted trees on a probability model, whose parameters stand beside them in the fit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BoostedFit {
    /// The id of the probability model that the trees start from.
    pub stands_on: String,
    /// The seed that drew the rows that each tree saw.
    pub seed: u64,
    /// What was learnt at each horizon, shortest first.
    pub horizons: Vec<BoostedHorizon>,
}

/// What was learnt at one horizon.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BoostedHorizon {
    /// The horizon, days.
    pub horizon_days: i32,
    /// The days from whose evening on holdouts were learnt from, ISO 8601, latest first.
    pub learnt_at: Vec<String>,
    /// What is added to the logarithm of the probability model's expected purchases: how far whole periods lay above it.
    pub shift_ln_purchases: f64,
    /// What is added to the logit of its probability of a purchase.
    pub shift_logit_buys: f64,
    /// Heads for customers who have bought once, from their first order; none where too few bought.
    pub bought_once: Option<BoostedPart>,
    /// Heads for the others.
    pub bought_again: Option<BoostedPart>,
}

/// The heads of one part of the customers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BoostedPart {
    /// What the trees split on, by position.
    pub features: Vec<String>,
    /// The attributes of first orders that have columns among them: their levels, none for a number.
    pub attributes: Vec<(String, Option<Vec<String>>)>,
    /// The heads: `buys`, `purchases`, and with money `mean_ln` and `sd_ln`.
    pub heads: BTreeMap<String, BoostedHead>,
    /// Shape of the negative binomial law of a buyer's purchases after the first; none for Poisson.
    pub count_shape: Option<f64>,
    /// What bounds the law of value; none without money.
    pub value_bounds: Option<ValueBounds>,
}

/// What keeps the law of value within what was seen.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ValueBounds {
    /// The smallest logarithm of value seen.
    pub least_ln: f64,
    /// The largest logarithm of value seen.
    pub largest_ln: f64,
    /// The largest standard deviation of it that is believed.
    pub largest_sd_ln: f64,
    /// What the expected value is multiplied by.
    pub correction: f64,
}

/// One head: a constant and trees.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BoostedHead {
    /// How many trees there are; 0 where they add nothing to the probability model.
    pub rounds: u64,
    /// Mean loss of the probability model alone at the latest earlier origin, of which nothing had been learnt.
    pub loss_of_model: f64,
    /// Mean loss there with the constant and the trees.
    pub loss_out_of_time: f64,
    /// Mean loss over the rows that they are fitted to.
    pub loss_in_sample: f64,
    /// The features that gained most, with their share of the gain of all.
    pub most_used: Vec<(String, f64)>,
    /// The constant.
    pub intercept: f64,
    /// The trees, each a list of nodes with the root first.
    pub trees: Vec<Vec<SavedNode>>,
}

/// A node of a tree: a number for a leaf, else feature, threshold (none: only missing values go right), whether missing
/// values go left, the positions of the left and the right child, and the gain.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SavedNode {
    /// What a leaf adds.
    Leaf(f64),
    /// A split.
    Split(usize, Option<f64>, bool, usize, usize, f64),
}
