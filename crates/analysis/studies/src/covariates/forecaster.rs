//! A purchase model for each set of traits.

use std::sync::Arc;

use clv_models::covariates::clocked::ClockedParetoNbd;
use clv_models::covariates::{CovariateModel, EffectTarget, Shift};
use clv_models::purchase::changing::ChangingParetoNbd;
use clv_models::purchase::{PurchaseModel, pareto_nbd};
use clv_numerics::linear_algebra::SymmetricMatrix;

use super::id_with_covariates;

/// The traits of a stratum: covariates, and the position of the group.
pub(super) type Traits = (Vec<f64>, Option<usize>);

/// A customer's model one standard deviation of an effect down and up.
pub(crate) type Ends = [Arc<dyn PurchaseModel>; 2];

/// A model with covariates, ready to forecast: one purchase model for each distinct set of traits.
#[derive(Debug, Clone)]
pub struct TraitModels {
    id: &'static str,
    maker: Maker,
    of_stratum: Vec<Arc<dyn PurchaseModel>>,
    typical: Arc<dyn PurchaseModel>,
    /// Names of the estimates, parameters first, in the order of their covariance.
    estimates: Vec<String>,
}

/// Where a stratum's model comes from.
#[derive(Debug, Clone)]
enum Maker {
    /// From traits that stay.
    Still {
        model: CovariateModel,
        strata: Vec<Traits>,
        /// How unsure each group's effects are, the population given: a standard deviation for each.
        group_deviations: Vec<Shift>,
    },
    /// From covariates along a life.
    Changing { model: ChangingParetoNbd, names: Vec<String>, lives: Vec<ClockedParetoNbd> },
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
        let id = id_with_covariates(model.entry().id);
        let maker = Maker::Still { model, strata, group_deviations };
        Self { id, maker, of_stratum, typical, estimates }
    }

    /// The models of these lives, one for each stratum; `typical` is the life of the mean customer.
    pub(super) fn changing(
        model: ChangingParetoNbd,
        names: Vec<String>,
        lives: Vec<ClockedParetoNbd>,
        typical: ClockedParetoNbd,
        estimates: Vec<String>,
    ) -> Self {
        let of_stratum =
            lives.iter().map(|life| Arc::new(life.clone()) as Arc<dyn PurchaseModel>).collect();
        Self {
            id: id_with_covariates(pareto_nbd::ID),
            maker: Maker::Changing { model, names, lives },
            of_stratum,
            typical: Arc::new(typical),
            estimates,
        }
    }

    /// The id of the model that the traits shift, marked as one with covariates.
    #[must_use]
    pub fn id(&self) -> &'static str {
        self.id
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
        let effect_of = |target: EffectTarget, name: &str, effect: f64| -> f64 {
            let name = target.effect(name);
            let at = self.estimates.iter().position(|estimate| *estimate == name);
            effect + at.map_or(0.0, |at| step * direction[at])
        };
        let effects = |target: EffectTarget, names: &[String], effects: &[f64]| -> Vec<f64> {
            let pairs = names.iter().zip(effects);
            pairs.map(|(name, effect)| effect_of(target, name, *effect)).collect()
        };
        let (purchase, dropout) = (EffectTarget::Purchase, EffectTarget::Dropout);
        let maker = match &self.maker {
            Maker::Still { model, strata, group_deviations } => {
                let kinds = model.entry().kinds;
                let base = model.base().iter().zip(kinds).zip(direction);
                let base = base
                    .map(|((value, kind), d)| kind.value(kind.free(*value) + step * d))
                    .collect();
                let names = model.names();
                let moved = CovariateModel::new(
                    model.entry(),
                    base,
                    names.to_vec(),
                    effects(purchase, names, model.effects(purchase)),
                    effects(dropout, names, model.effects(dropout)),
                )
                .ok()?
                .with_groups(model.groups().to_vec());
                let (strata, group_deviations) = (strata.clone(), group_deviations.clone());
                Maker::Still { model: moved, strata, group_deviations }
            }
            Maker::Changing { model, names, lives } => {
                let mut base = model.base();
                for (value, d) in base.iter_mut().zip(direction) {
                    *value *= (step * d).exp();
                }
                let (on_purchase, on_dropout) = model.effects();
                let moved = ChangingParetoNbd::new(
                    base,
                    effects(purchase, names, on_purchase),
                    effects(dropout, names, on_dropout),
                )
                .ok()?;
                Maker::Changing { model: moved, names: names.clone(), lives: lives.clone() }
            }
        };
        Some(Self { maker, ..self.clone() })
    }

    /// The group of a stratum, and its models one standard deviation of each of the group's effects down and up.
    pub(crate) fn beside(&self, stratum: usize) -> Option<(usize, Vec<Ends>)> {
        let Maker::Still { model, strata, group_deviations } = &self.maker else { return None };
        let (z, group) = strata.get(stratum)?;
        let group = (*group)?;
        let deviation = group_deviations.get(group)?;
        let own = model.shift(z, Some(group));
        let moved = |by: Shift| {
            model.at_shift(Shift {
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
        let typical = || Arc::clone(&self.typical);
        match &self.maker {
            Maker::Still { model, strata, .. } => {
                strata.get(stratum).map_or_else(typical, |(z, group)| model.at(z, *group))
            }
            Maker::Changing { model, lives, .. } => {
                lives.get(stratum).map_or_else(typical, |life| {
                    Arc::new(life.under(model.clone())) as Arc<dyn PurchaseModel>
                })
            }
        }
    }
}
