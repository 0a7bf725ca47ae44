//! From histories to parameters: maximum likelihood, standard errors, and what to know about them.
//!
//! A fit gives a new immutable value with its diagnostics. Not converging is an answer.

pub mod changing;
pub mod covariates;
pub mod likelihood_ratio;
pub mod log_normal_spend;
pub mod pooling;
pub mod purchase;
pub mod spend;
pub mod spend_covariates;
pub mod spend_model;
mod standard_errors;
mod subsample;
pub mod warning;

pub use changing::{FittedChangingModel, fit_changing};
pub use covariates::{
    CovariateFitOptions, CovariateWarning, Estimate, FittedCovariateModel, fit_with_covariates,
};
pub use likelihood_ratio::{LikelihoodOfFit, LikelihoodRatio, NotNested, likelihood_ratio};
pub use pooling::{FittedPooledModel, GroupEstimate, GroupFit, PoolingOptions, fit_pooled};
pub use purchase::{FitError, FitOptions, FittedPurchaseModel, fit_from, fit_purchase_model};
pub use spend::{FittedSpend, SpendWarning, fit_gamma_gamma};
pub use spend_covariates::{CovariateSpends, FittedCovariateSpend, fit_spend_with_covariates};
pub use spend_model::{FittedSpendModel, SpendScore, choose_spend_model};
pub use warning::FitWarning;
