//! Fits and forecasts that know who the customers are: a table of customers beside their orders.
//!
//! Numeric columns go in as they are, text columns as one indicator for each level but the most common, which all
//! others are compared with. Customers of whom something is missing are put aside from the fit, with their count, and
//! forecast as the mean customer. A table whose rows hold from one day to the next is for covariates that change over
//! time ([`days`], [`serve_changing`]).

mod answer;
mod coding;
mod contest;
mod days;
mod forecaster;
pub mod retention;
mod serve;
mod serve_changing;

pub(crate) use coding::effect_of;
pub(crate) use contest::{OriginTraits, check};
pub use forecaster::TraitModels;
pub(crate) use serve::serve_with_covariates;

use std::sync::LazyLock;

use clv_answers::model_fit::ModelFit;
use clv_engine::CovariatesFile;
use clv_models::catalogue::{purchase_model, purchase_models};

use crate::error::StudyError;

/// Which model takes the covariates.
#[derive(Debug, Clone)]
pub enum CovariateChoice {
    /// A model of the catalogue, to be fitted.
    Fit(CovariateOptions),
    /// Whoever wins the bake-off, in which models take part with covariates and without; the model of the options is of no
    /// account.
    Auto(CovariateOptions),
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
    /// What acts on what; empty for all on purchases and, where customers can leave, on dropout.
    pub on: Vec<Placement>,
    /// Columns or covariates whose effects on purchases and dropout are held equal.
    pub equal: Vec<String>,
    /// The L2 penalty on effects per standard deviation, on the summed likelihood.
    pub l2: f64,
    /// The column whose levels are pooled groups.
    pub pool: Option<String>,
}

impl CovariateOptions {
    /// The options for a model, by id, with what acts on what said.
    #[must_use]
    pub fn of_model(&self, id: &str) -> Self {
        let has_dropout = purchase_model(id)
            .and_then(|entry| entry.shifts)
            .is_some_and(|shifts| shifts.dropout.is_some());
        let mut options = Self { model: id.to_owned(), ..self.clone() };
        if options.on.is_empty() {
            let all = |target| Placement { target, name: None };
            options.on.push(all(Target::Purchase));
            if has_dropout {
                options.on.push(all(Target::Dropout));
            }
        }
        options
    }
}

impl CovariateRequest {
    /// The options of a fit; none for a saved model.
    #[must_use]
    pub fn options(&self) -> Option<&CovariateOptions> {
        match &self.choice {
            CovariateChoice::Fit(options) | CovariateChoice::Auto(options) => Some(options),
            CovariateChoice::Saved(_) => None,
        }
    }

    /// Whether the covariates change over time.
    #[must_use]
    pub fn is_changing(&self) -> bool {
        self.file.days.is_some()
    }
}

/// The id under which a model with covariates stands beside the same model without, such as
/// `pareto-nbd+covariates`.
#[must_use]
pub fn id_with_covariates(id: &str) -> &'static str {
    static IDS: LazyLock<Vec<String>> = LazyLock::new(|| {
        purchase_models().iter().map(|entry| format!("{}{WITH_COVARIATES}", entry.id)).collect()
    });
    let known = IDS.iter().find(|one| one.strip_suffix(WITH_COVARIATES) == Some(id));
    known.map_or(WITH_COVARIATES, String::as_str)
}

/// The model of an id with covariates; none where it is without.
#[must_use]
pub fn without_covariates(id: &str) -> Option<&str> {
    id.strip_suffix(WITH_COVARIATES)
}

/// What marks a model with covariates.
const WITH_COVARIATES: &str = "+covariates";

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
