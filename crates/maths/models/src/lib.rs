#![doc = include_str!("../README.md")]

pub mod history;
pub mod parameter;

pub mod boosted;
pub mod purchase;
pub mod retention;
pub mod scores;
pub mod season;
pub mod simulate;
pub mod spend;

pub mod blend;
pub mod catalogue;
pub mod conformal;
pub mod conformance;
pub mod covariates;
pub mod fit;
pub mod totality;

pub use history::{PurchaseHistories, PurchaseHistory};
pub use parameter::{Parameter, ParameterKind};
