//! Gradient-boosted regression trees: a sum of small trees fitted to the first two derivatives of any smooth loss.
//!
//! Each tree takes one Newton step in the space of functions [ChenGuestrin2016]: leaves hold -G / (H + l2) of the
//! gradients G and Hessians H of their rows, and splits are those that gain most by it. Features are cut into at most
//! 255 bins once, so that a split is searched in a histogram instead of in sorted rows. A missing value, written as
//! NaN, goes to whichever side gains more. Rows may bring an *offset*, the score from which boosting starts for them:
//! what another model already knows.
//!
//! Sums run over rows in their order within each feature, so that the number of threads changes no result.

mod bins;
mod boost;
mod features;
mod grow;
mod histogram;
mod tree;
mod written;

pub use boost::{BoostedTrees, CrossFitted, Derivatives, Folds, Rows, boost, cross_boost};
pub use features::{FeatureError, FeatureTable, Monotone};
pub use grow::TreeOptions;
pub use written::{TreeError, TreeNode};

/// How trees are added to one another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BoostOptions {
    /// How one tree is grown.
    pub tree: TreeOptions,
    /// The share of each tree's step that is taken, in (0, 1].
    pub learning_rate: f64,
    /// Never more trees than this.
    pub most_trees: usize,
    /// Stop when this many trees in a row have not made the loss of the held-out rows smaller.
    pub patience: usize,
    /// The share of rows that each tree sees, in (0, 1], drawn anew for every tree.
    pub row_fraction: f64,
    /// Where the draws start from.
    pub seed: u64,
}
