//! Fits and forecasts that know who the customers are: a table of customers beside their orders.
//!
//! Numeric columns go in as they are, text columns as one indicator for each level but the most common, which all
//! others are compared with. Customers of whom something is missing are put aside from the fit, with their count, and
//! forecast as the mean customer.

mod answer;
mod coding;
mod forecaster;
mod serve;

pub(crate) use coding::effect_of;
pub use forecaster::TraitModels;
pub(crate) use serve::serve_with_covariates;

use clv_answers::model_fit::ModelFit;
use clv_engine::CovariatesFile;

use crate::error::StudyError;

/// Which model takes the covariates.
#[derive(Debug, Clone)]
pub enum CovariateChoice {
    /// A model of the catalogue, to be fitted.
    Fit(CovariateOptions),
    /// A model that was saved with its effects.
    Saved(Box<ModelFit>),
}

/// A model with what is known of the customers.
#[derive(Debug, Clone)]
pub struct CovariateRequest {
    /// What is known of the customers.
    pub file: CovariatesFile,
    /// The model.
    pub choice: CovariateChoice,
}

/// How covariates go into a fit.
#[derive(Debug, Clone, PartialEq)]
pub struct CovariateOptions {
    /// The model, by id.
    pub model: String,
    /// What acts on what.
    pub on: Vec<Placement>,
    /// Columns or covariates whose effects on purchases and dropout are held equal.
    pub equal: Vec<String>,
    /// The L2 penalty on effects per standard deviation, on the summed likelihood.
    pub l2: f64,
    /// The column whose levels are pooled groups.
    pub pool: Option<String>,
}

/// What a covariate may act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// The purchase rate.
    Purchase,
    /// Leaving.
    Dropout,
    /// Spend per purchase.
    Spend,
}

impl Target {
    /// The word before a covariate's name in the name of its effect.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Purchase => "purchase",
            Self::Dropout => "dropout",
            Self::Spend => "spend",
        }
    }
}

/// One placement: all covariates on a target, or one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// The target.
    pub target: Target,
    /// The column or covariate; none for all.
    pub name: Option<String>,
}

impl std::str::FromStr for Placement {
    type Err = StudyError;

    /// `purchase`, `dropout` or `spend` for all covariates, `dropout.NAME` for one.
    fn from_str(text: &str) -> Result<Self, StudyError> {
        let (target, name) = match text.split_once('.') {
            Some((target, name)) => (target, Some(name.to_owned())),
            None => (text, None),
        };
        let target = [Target::Purchase, Target::Dropout, Target::Spend]
            .into_iter()
            .find(|known| known.id() == target.trim());
        target.map(|target| Self { target, name }).ok_or_else(|| {
            refused(
                format!(
                    "covariates act on purchase, dropout or spend, and '{text}' is none of them"
                ),
                Some("--covariates-on purchase,dropout or --covariates-on dropout.NAME"),
            )
        })
    }
}

/// A refusal with what to try.
fn refused(problem: String, hint: Option<&str>) -> StudyError {
    StudyError::Covariates { problem, hint: hint.map(str::to_owned) }
}
