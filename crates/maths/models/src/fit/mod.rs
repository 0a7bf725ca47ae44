//! From histories to parameters: maximum likelihood, standard errors, and what to know about them.
//!
//! A fit gives a new immutable value with its diagnostics. Not converging is an answer.

pub mod bootstrap;
pub mod changing;
pub mod covariates;
pub mod likelihood_ratio;
pub mod log_normal_spend;
pub mod pooling;
pub mod posterior;
mod posterior_draws;
pub mod prior;
pub mod purchase;
pub mod retention;
pub mod retention_covariates;
mod search_space;
pub mod spend;
pub mod spend_covariates;
pub mod spend_model;
mod spend_posterior;
mod standard_errors;
mod subsample;
pub mod warning;
mod whole;

pub use bootstrap::{purchase_bootstrap, spend_bootstrap};
pub use changing::{FittedChangingModel, fit_changing};
pub use covariates::{
    CovariateFitOptions, CovariateWarning, Estimate, FittedCovariateModel, fit_with_covariates,
};
pub use likelihood_ratio::{LikelihoodOfFit, LikelihoodRatio, NotNested, likelihood_ratio};
pub use pooling::{FittedPooledModel, GroupEstimate, GroupFit, PoolingOptions, fit_pooled};
pub use posterior::{
    DrawMethod, Posterior, PosteriorError, PosteriorMethod, PosteriorOptions, maximum_a_posteriori,
    purchase_posterior,
};
pub use prior::Prior;
pub use purchase::{FitError, FitOptions, FittedPurchaseModel, fit_from, fit_purchase_model};
pub use retention::{FittedRetention, RetentionFitError, fit_retention_model};
pub use retention_covariates::{
    CovariateRetention, FittedCovariateRetention, TraitTenures, fit_retention_with_covariates,
};
pub use spend::{FittedSpend, SpendWarning, fit_gamma_gamma};
pub use spend_covariates::{CovariateSpends, FittedCovariateSpend, fit_spend_with_covariates};
pub use spend_model::{FittedSpendModel, SpendScore, choose_spend_model};
pub use spend_posterior::spend_posterior;
pub use warning::FitWarning;
