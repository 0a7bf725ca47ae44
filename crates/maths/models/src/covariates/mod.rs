//! Traits of customers around a model, not inside it: who they are shifts the parameters of whichever model there is.
//!
//! A [`CovariateHistories`] holds histories by traits. A [`CovariateModel`] is a model of the catalogue with effects;
//! for each set of traits it hands out that model at shifted parameters, so that likelihoods, forecasts and
//! simulations are those of the model itself. How parameters answer is a literal in the catalogue: [`Shifts`].

pub mod clocked;
mod columns;
mod model;
mod pass;
mod scale;
mod shifts;
mod strata;

pub(crate) use columns::EffectColumns;
pub use columns::{CovariateRole, EffectTarget};
pub use model::{CovariateModel, GroupShift};
pub(crate) use pass::ShiftedPass;
pub use scale::{CovariateError, CovariateScale};
pub use shifts::{ParameterShift, Shift, Shifts};
pub use strata::{CovariateHistories, Stratum, StratumError};
