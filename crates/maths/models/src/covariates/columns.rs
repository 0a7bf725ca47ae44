//! Which covariate acts on what, and where its effect stands in the vector that a search moves.

use super::scale::{CovariateError, CovariateScale};
use super::shifts::{Shift, Shifts};
use super::strata::CovariateHistories;
use crate::catalogue::PurchaseModelEntry;

/// What an effect acts on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EffectTarget {
    /// The purchase rate.
    Purchase,
    /// The dropout rate or probability.
    Dropout,
}

impl EffectTarget {
    /// The word before the covariate's name in an effect's name.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Purchase => "purchase",
            Self::Dropout => "dropout",
        }
    }

    /// The name of the effect of a covariate, such as `purchase.gender`.
    ///
    /// ```
    /// use clv_models::covariates::EffectTarget;
    /// assert_eq!(EffectTarget::Dropout.effect("gender"), "dropout.gender");
    /// ```
    #[must_use]
    pub fn effect(self, covariate: &str) -> String {
        format!("{}.{covariate}", self.id())
    }
}

/// What one covariate acts on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CovariateRole {
    /// Nothing.
    None,
    /// Purchases only.
    Purchase,
    /// Dropout only.
    Dropout,
    /// Both, by effects of their own.
    Both,
    /// Both, by one and the same effect.
    BothEqually,
}

impl CovariateRole {
    pub(crate) fn acts_on_purchase(self) -> bool {
        matches!(self, Self::Purchase | Self::Both | Self::BothEqually)
    }

    pub(crate) fn acts_on_dropout(self) -> bool {
        matches!(self, Self::Dropout | Self::Both | Self::BothEqually)
    }
}

/// For each covariate the slot of its purchase effect and of its dropout effect; two effects of one slot are equal.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct EffectColumns {
    pub(crate) purchase: Vec<Option<usize>>,
    pub(crate) dropout: Vec<Option<usize>>,
    /// How many effects there are to find.
    pub(crate) n_slots: usize,
}

impl EffectColumns {
    /// The slots of these roles, one for each covariate, checked against the model and the data.
    pub(crate) fn new(
        entry: &'static PurchaseModelEntry,
        histories: &CovariateHistories,
        roles: &[CovariateRole],
        scale: &CovariateScale,
    ) -> Result<(Self, Shifts), CovariateError> {
        let shifts = entry.shifts.ok_or(CovariateError::NoShifts { model: entry.id })?;
        let (mut purchase, mut dropout, mut n_slots) = (Vec::new(), Vec::new(), 0);
        for (role, name) in roles.iter().zip(histories.names()) {
            if role.acts_on_dropout() && shifts.dropout.is_none() {
                return Err(CovariateError::NoDropout { name: name.clone(), model: entry.id });
            }
            let mut slot = || {
                n_slots += 1;
                Some(n_slots - 1)
            };
            let of_purchase = if role.acts_on_purchase() { slot() } else { None };
            purchase.push(of_purchase);
            dropout.push(match role {
                CovariateRole::BothEqually => of_purchase,
                CovariateRole::Both | CovariateRole::Dropout => slot(),
                CovariateRole::None | CovariateRole::Purchase => None,
            });
        }
        for slots in [&purchase, &dropout] {
            let used: Vec<usize> = (0..slots.len()).filter(|&at| slots[at].is_some()).collect();
            scale.check_independent(histories.names(), &histories.rows(), &used)?;
        }
        Ok((Self { purchase, dropout, n_slots }, shifts))
    }

    /// The shift of a customer with these standardised covariates under these effects.
    pub(crate) fn shift(&self, covariates: &[f64], effects: &[f64]) -> Shift {
        let along = |slots: &[Option<usize>]| -> f64 {
            let parts = slots.iter().zip(covariates);
            parts.filter_map(|(slot, z)| slot.map(|slot| effects[slot] * z)).sum()
        };
        Shift { purchase: along(&self.purchase), dropout: along(&self.dropout) }
    }

    /// Adds what slopes in a customer's shift mean for the effects.
    pub(crate) fn add_slopes(&self, covariates: &[f64], slopes: Shift, gradient: &mut [f64]) {
        for (at, z) in covariates.iter().enumerate() {
            if let Some(slot) = self.purchase[at] {
                gradient[slot] += slopes.purchase * z;
            }
            if let Some(slot) = self.dropout[at] {
                gradient[slot] += slopes.dropout * z;
            }
        }
    }
}
