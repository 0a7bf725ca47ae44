//! A purchase model for each set of traits.

use std::sync::Arc;

use clv_models::covariates::{CovariateModel, EffectTarget, Shift};
use clv_models::purchase::PurchaseModel;
use clv_numerics::linear_algebra::SymmetricMatrix;

/// The traits of a stratum: covariates, and the position of the group.
pub(super) type Traits = (Vec<f64>, Option<usize>);

/// A customer's model one standard deviation of an effect down and up.
pub(crate) type Ends = [Arc<dyn PurchaseModel>; 2];

/// A model with covariates, ready to forecast: one purchase model for each distinct set of traits.
#[derive(Debug, Clone)]
pub struct TraitModels {
    model: CovariateModel,
    strata: Vec<Traits>,
    of_stratum: Vec<Arc<dyn PurchaseModel>>,
    typical: Arc<dyn PurchaseModel>,
    /// Names of the estimates, parameters first, in the order of their covariance.
    estimates: Vec<String>,
    /// How unsure each group's effects are, the population given: a standard deviation for each.
    group_deviations: Vec<Shift>,
}

impl TraitModels {
    /// The models of these strata; `mean` are the covariates of the mean customer.
    pub(super) fn new(
        model: CovariateModel,
        strata: Vec<Traits>,
        mean: &[f64],
        estimates: Vec<String>,
        group_deviations: Vec<Shift>,
    ) -> Self {
        let of_stratum = strata.iter().map(|(z, group)| model.at(z, *group)).collect();
        let typical = model.at(mean, None);
        Self { model, strata, of_stratum, typical, estimates, group_deviations }
    }

    /// The id of the model that the traits shift.
    #[must_use]
    pub fn id(&self) -> &'static str {
        self.model.entry().id
    }

    /// The purchase model of a stratum; the mean customer's where there is no such stratum.
    #[must_use]
    pub fn of_stratum(&self, stratum: usize) -> &Arc<dyn PurchaseModel> {
        self.of_stratum.get(stratum).unwrap_or(&self.typical)
    }

    /// The purchase model of the mean customer.
    #[must_use]
    pub fn typical(&self) -> &Arc<dyn PurchaseModel> {
        &self.typical
    }

    /// The same at the sigma points of the law of its estimates: for each a function from a stratum to its model;
    /// none where the covariance is of no use.
    pub(crate) fn sigma_points(&self, covariance: &[Vec<f64>]) -> Vec<TraitModels> {
        let n = self.estimates.len();
        if covariance.len() != n || covariance.iter().any(|row| row.len() != n) {
            return Vec::new();
        }
        let eigen = SymmetricMatrix::from_fn(n, |row, column| covariance[row][column]).eigen();
        let mut points = Vec::new();
        for (variance, direction) in eigen.values.iter().zip(&eigen.vectors) {
            let step = (n as f64 * variance.max(0.0)).sqrt();
            for signed in [-step, step] {
                if let Some(point) = self.moved(signed, direction) {
                    points.push(point);
                }
            }
        }
        points
    }

    fn moved(&self, step: f64, direction: &[f64]) -> Option<TraitModels> {
        let kinds = self.model.entry().kinds;
        let base = self.model.base().iter().zip(kinds).zip(direction);
        let base =
            base.map(|((value, kind), d)| kind.value(kind.free(*value) + step * d)).collect();
        let names = self.model.names();
        let effects = |target: EffectTarget| -> Vec<f64> {
            let pairs = names.iter().zip(self.model.effects(target));
            pairs
                .map(|(name, effect)| {
                    let name = target.effect(name);
                    let at = self.estimates.iter().position(|estimate| *estimate == name);
                    effect + at.map_or(0.0, |at| step * direction[at])
                })
                .collect()
        };
        let (purchase, dropout) = (effects(EffectTarget::Purchase), effects(EffectTarget::Dropout));
        let model =
            CovariateModel::new(self.model.entry(), base, names.to_vec(), purchase, dropout)
                .ok()?;
        Some(Self { model: model.with_groups(self.model.groups().to_vec()), ..self.clone() })
    }

    /// The group of a stratum, and its models one standard deviation of each of the group's effects down and up.
    pub(crate) fn beside(&self, stratum: usize) -> Option<(usize, Vec<Ends>)> {
        let (z, group) = self.strata.get(stratum)?;
        let group = (*group)?;
        let deviation = self.group_deviations.get(group)?;
        let own = self.model.shift(z, Some(group));
        let moved = |by: Shift| {
            self.model.at_shift(Shift {
                purchase: own.purchase + by.purchase,
                dropout: own.dropout + by.dropout,
            })
        };
        let along = [
            Shift { purchase: deviation.purchase, dropout: 0.0 },
            Shift { purchase: 0.0, dropout: deviation.dropout },
        ];
        let pairs = along.into_iter().filter(|by| by.purchase > 0.0 || by.dropout > 0.0);
        let ends = pairs.map(|by| {
            let back = Shift { purchase: -by.purchase, dropout: -by.dropout };
            [moved(back), moved(by)]
        });
        Some((group, ends.collect()))
    }

    /// The purchase model of a stratum, made anew: for a sigma point, whose models are not kept.
    pub(crate) fn made_for(&self, stratum: usize) -> Arc<dyn PurchaseModel> {
        self.strata
            .get(stratum)
            .map_or_else(|| Arc::clone(&self.typical), |(z, group)| self.model.at(z, *group))
    }
}
