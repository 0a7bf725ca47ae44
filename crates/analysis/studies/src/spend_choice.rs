//! Which spend model is asked for, how one is chosen by what it says of customers left out, and its fit.

use clv_models::catalogue::{SpendModelEntry, spend_model, spend_models};
use clv_models::fit::{
    FittedSpendModel, LikelihoodOfFit, LikelihoodRatio, SpendScore, SpendWarning,
    choose_spend_model, likelihood_ratio,
};
use clv_models::spend::SpendObservations;
use clv_models::spend::log_normal::{DEPENDENT_ID, ID};

use crate::error::StudyError;
use crate::model_fit::GAMMA_GAMMA;

/// The word that asks for the choice by held-out score.
pub const AUTO: &str = "auto";

/// The spend model asked for.
#[derive(Debug, Clone, Copy)]
pub enum SpendModelChoice {
    /// Whichever foretells customers left out of its fit best, or a simpler one that is not clearly worse.
    Auto,
    /// This one.
    Model(&'static SpendModelEntry),
}

impl SpendModelChoice {
    /// The choice under this id: `auto` or a spend model's.
    ///
    /// # Errors
    /// [`StudyError::UnknownSpendModel`] where there is none.
    ///
    /// ```
    /// use clv_studies::spend_choice::SpendModelChoice;
    /// assert!(SpendModelChoice::named("log-normal").is_ok());
    /// assert!(SpendModelChoice::named("normal").is_err());
    /// ```
    pub fn named(id: &str) -> Result<Self, StudyError> {
        if id == AUTO {
            return Ok(Self::Auto);
        }
        spend_model(id).map(Self::Model).ok_or_else(|| {
            let mut known: Vec<&str> = spend_models().iter().map(|entry| entry.id).collect();
            known.push(AUTO);
            StudyError::UnknownSpendModel { id: id.to_owned(), known: known.join(", ") }
        })
    }

    /// Gamma-gamma, which the field expects.
    #[must_use]
    pub fn gamma_gamma() -> Self {
        Self::Model(gamma_gamma())
    }

    /// Whether it is gamma-gamma by name.
    #[must_use]
    pub fn is_gamma_gamma(&self) -> bool {
        matches!(self, Self::Model(entry) if entry.id == GAMMA_GAMMA)
    }

    /// The model to fit to these observations, with the scores that chose it; they are asked for where they choose.
    #[must_use]
    pub fn among(&self, observations: impl FnOnce() -> SpendObservations) -> SpendModelPick {
        match self {
            Self::Model(entry) => SpendModelPick::of(entry),
            Self::Auto => {
                let observations = observations();
                match choose_spend_model(&observations) {
                    Some((entry, scores)) => SpendModelPick {
                        scores,
                        tests_independence: true,
                        ..SpendModelPick::of(entry)
                    },
                    None => SpendModelPick {
                        note: Some(format!(
                            "{} customers with repeat spend are too few to choose a spend model by: {GAMMA_GAMMA} is served \
                         untested",
                            observations.len()
                        )),
                        ..SpendModelPick::of(gamma_gamma())
                    },
                }
            }
        }
    }
}

/// The catalogue's entry of gamma-gamma.
#[must_use]
pub fn gamma_gamma() -> &'static SpendModelEntry {
    spend_model(GAMMA_GAMMA).expect("the catalogue begins with it")
}

/// The spend model that is to be fitted, and why.
#[derive(Debug, Clone)]
pub struct SpendModelPick {
    /// The model.
    pub entry: &'static SpendModelEntry,
    /// Every spend model's score, where they chose it.
    pub scores: Vec<SpendScore>,
    /// What to know of the choice.
    pub note: Option<String>,
    /// Whether the fit says if spend depends on how often customers buy.
    pub tests_independence: bool,
}

/// A spend model fitted, with what its choice and its test say.
#[derive(Debug, Clone)]
pub struct SpendFit {
    /// The fit.
    pub fitted: FittedSpendModel,
    /// Every spend model's score, where they chose it.
    pub scores: Vec<SpendScore>,
    /// What to know of the choice.
    pub note: Option<String>,
    /// `log-normal-dependent` against `log-normal`; none where it was not asked for or the data cannot tell.
    pub independence: Option<LikelihoodRatio>,
}

impl SpendModelPick {
    /// This model, whatever the data say.
    #[must_use]
    pub fn of(entry: &'static SpendModelEntry) -> Self {
        let tests_independence = entry.id != GAMMA_GAMMA;
        Self { entry, scores: Vec::new(), note: None, tests_independence }
    }

    /// The fit to these observations.
    #[must_use]
    pub fn fit(&self, observations: &SpendObservations) -> SpendFit {
        let fitted = (self.entry.fit)(observations);
        let independence =
            if self.tests_independence { independence(&fitted, observations) } else { None };
        SpendFit { fitted, scores: self.scores.clone(), note: self.note.clone(), independence }
    }
}

/// Whether the logarithm of spend grows or falls with the number of purchases: one parameter more.
fn independence(
    fitted: &FittedSpendModel,
    observations: &SpendObservations,
) -> Option<LikelihoodRatio> {
    let of = |id: &str, n_parameters: usize| -> Option<LikelihoodOfFit> {
        let fit = if fitted.model.id() == id {
            fitted.clone()
        } else {
            (spend_model(id)?.fit)(observations)
        };
        // With too few customers another model stands in, and with one number of purchases there is nothing to test.
        let is_one_count = |one: &SpendWarning| matches!(one, SpendWarning::OneCount { .. });
        let is_itself = fit.model.id() == id && !fit.warnings.iter().any(is_one_count);
        is_itself.then_some(LikelihoodOfFit {
            log_likelihood: fit.log_likelihood,
            n_parameters,
            n_customers: fit.n_customers,
        })
    };
    likelihood_ratio(&of(ID, 3)?, &of(DEPENDENT_ID, 4)?).ok()
}
