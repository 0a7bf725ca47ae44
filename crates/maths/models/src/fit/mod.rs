//! From histories to parameters: maximum likelihood, standard errors, and what to know about them.
//!
//! A fit gives a new immutable value with its diagnostics. Not converging is an answer.

pub mod purchase;
pub mod spend;
mod standard_errors;
mod subsample;
pub mod warning;

pub use purchase::{FitError, FitOptions, FittedPurchaseModel, fit_from, fit_purchase_model};
pub use spend::{FittedSpend, SpendWarning, fit_gamma_gamma};
pub use warning::FitWarning;
