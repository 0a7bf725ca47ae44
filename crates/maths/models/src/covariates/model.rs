//! A model of the catalogue with the effects of covariates and groups.

use std::sync::Arc;

use super::columns::EffectTarget;
use super::shifts::{Shift, Shifts};
use crate::catalogue::PurchaseModelEntry;
use crate::purchase::{ParameterError, PurchaseModel};

/// What one group is moved by, relative to the population.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupShift {
    /// The group.
    pub name: String,
    /// Its shift.
    pub shift: Shift,
}

/// A purchase model whose parameters depend on the customer.
///
/// It is no purchase model itself: [`at`](Self::at) gives the one of a customer.
#[derive(Debug, Clone)]
pub struct CovariateModel {
    entry: &'static PurchaseModelEntry,
    shifts: Shifts,
    base: Vec<f64>,
    names: Vec<String>,
    purchase: Vec<f64>,
    dropout: Vec<f64>,
    groups: Vec<GroupShift>,
}

impl CovariateModel {
    /// The model of `entry` with the values `base` where all covariates are 0, and for each name its purchase effect
    /// and its dropout effect per unit of the covariate, 0 where it has none.
    ///
    /// # Errors
    /// [`ParameterError`] where the values are no parameters. A model that takes no covariates acts as if all effects
    /// were 0.
    ///
    /// ```
    /// use clv_models::catalogue::purchase_model;
    /// use clv_models::covariates::CovariateModel;
    /// let entry = purchase_model("pareto-nbd").expect("in the catalogue");
    /// let names = vec!["gender".to_owned()];
    /// let model = CovariateModel::new(entry, vec![0.6, 10.0, 0.7, 12.0], names, vec![0.5], vec![0.0])?;
    /// assert!(model.at(&[1.0], None).expected_purchases(52.0) > model.at(&[0.0], None).expected_purchases(52.0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(
        entry: &'static PurchaseModelEntry,
        base: Vec<f64>,
        names: Vec<String>,
        mut purchase: Vec<f64>,
        mut dropout: Vec<f64>,
    ) -> Result<Self, ParameterError> {
        (entry.build)(&base)?;
        let shifts = entry.shifts.unwrap_or(Shifts::NONE);
        purchase.resize(names.len(), 0.0);
        dropout.resize(names.len(), 0.0);
        if entry.shifts.is_none() {
            purchase.fill(0.0);
        }
        Ok(Self { entry, shifts, base, names, purchase, dropout, groups: Vec::new() })
    }

    /// The same with groups.
    #[must_use]
    pub fn with_groups(mut self, groups: Vec<GroupShift>) -> Self {
        self.groups = groups;
        self
    }

    /// The catalogue's entry of the model.
    #[must_use]
    pub fn entry(&self) -> &'static PurchaseModelEntry {
        self.entry
    }

    /// The values of the parameters where all covariates are 0.
    #[must_use]
    pub fn base(&self) -> &[f64] {
        &self.base
    }

    /// The covariates' names.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The effect of each covariate on a target, per unit of the covariate; 0 where it has none.
    #[must_use]
    pub fn effects(&self, target: EffectTarget) -> &[f64] {
        match target {
            EffectTarget::Purchase => &self.purchase,
            EffectTarget::Dropout => &self.dropout,
        }
    }

    /// The groups, in the order by which [`at`](Self::at) takes them.
    #[must_use]
    pub fn groups(&self) -> &[GroupShift] {
        &self.groups
    }

    /// The shift of a customer with these covariates, in the order of the names, and of this group; a group that is
    /// none or unknown is the population.
    #[must_use]
    pub fn shift(&self, covariates: &[f64], group: Option<usize>) -> Shift {
        let along = |effects: &[f64]| -> f64 {
            effects.iter().zip(covariates).map(|(effect, value)| effect * value).sum()
        };
        let of_group = group
            .and_then(|group| self.groups.get(group))
            .map_or(Shift::default(), |group| group.shift);
        Shift {
            purchase: along(&self.purchase) + of_group.purchase,
            dropout: along(&self.dropout) + of_group.dropout,
        }
    }

    /// The purchase model of a customer with these covariates and this group; always one, however far-fetched the
    /// covariates.
    #[must_use]
    pub fn at(&self, covariates: &[f64], group: Option<usize>) -> Arc<dyn PurchaseModel> {
        self.at_shift(self.shift(covariates, group))
    }

    /// The purchase model of a customer with this shift.
    #[must_use]
    pub fn at_shift(&self, shift: Shift) -> Arc<dyn PurchaseModel> {
        let kinds = self.entry.kinds;
        let free: Vec<f64> =
            kinds.iter().zip(&self.base).map(|(kind, value)| kind.free(*value)).collect();
        let moved = self.shifts.moved(&free, shift);
        let values: Vec<f64> =
            kinds.iter().zip(&moved).map(|(kind, free)| kind.value(*free)).collect();
        let built = (self.entry.build)(&values).or_else(|_| (self.entry.build)(&self.base));
        Arc::from(built.expect("the base values built a model before"))
    }
}
