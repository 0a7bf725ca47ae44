//! Machine learning beside probability: boosted trees that start from what a purchase model and a spend model say.
//!
//! **Story.** A probability model knows a customer by three numbers; an order file knows more: weekdays, channels, the
//! size of the first order, gaps that grow. Trees are given the probability models' forecasts as offsets, so that they
//! only have to learn what is missing, and where nothing is missing they add nothing. Whether somebody buys within the
//! horizon, how often, and how much they then spend are three heads; spend is zero-inflated log-normal
//! [WangLiuMiao2019].
//!
//! | part | head | offset | loss |
//! | --- | --- | --- | --- |
//! | P(buys) | logit | logit of P(next purchase within the horizon) | Bernoulli |
//! | expected purchases | ln | ln of the expected purchases | Poisson |
//! | mean of ln value of those who buy | identity | ln of the expected value given that they buy | squared |
//! | standard deviation of ln value | ln | none | normal, on residuals from folds left out |
//!
//! Read [`Ziln`] for the fit and [`ZilnForecast`] for what it gives.

mod forecast;
mod horizons;
mod losses;
mod period;
mod ziln;

pub use clv_numerics::boosted_trees::{BoostedTrees, TreeNode};
pub use forecast::{ZeroInflatedLogNormal, ZilnForecast};
pub use horizons::{isotonic, order_horizons, value_quantiles};
pub use period::PeriodShift;
pub use ziln::{
    HeadReport, ModelScores, Outcome, SCORE_FEATURES, ValueHeads, Ziln, ZilnError, ZilnOptions,
    ZilnRows,
};

/// The id of the boosted model, as options and answers spell it.
pub const ZILN_ID: &str = "ziln";
