//! What not knowing the parameters exactly does to forecasts.
//!
//! The estimates' free coordinates (logarithms where they are positive) are normal around the fit with the covariance of the fit. Forecasts are evaluated at
//! the 2k sigma points of that law, which carry its mean and covariance exactly for k parameters. Where a saved model
//! brings draws of its parameters, forecasts are evaluated at the draws instead: along ridges too, where the fit gives
//! no covariance.

use std::sync::Arc;

use clv_models::catalogue::purchase_model;
use clv_models::purchase::PurchaseModel;
use clv_numerics::linear_algebra::SymmetricMatrix;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::covariates::TraitModels;
use crate::forecaster::{Forecaster, HorizonOptions};
use crate::handoff::GroupedHistories;

/// Histories at which the uncertainty is evaluated; between them it is interpolated.
const N_KNOTS: usize = 256;

/// Rows at which the uncertainty of groups' effects is evaluated.
const MOST_GROUP_ROWS: usize = 4096;

/// Relative variance of expected purchases from the parameters alone.
#[derive(Debug, Clone, PartialEq)]
pub struct ParameterUncertainty {
    /// Of the total over all customers.
    pub of_total: f64,
    /// Ln of expected purchases at the knots, ascending.
    knots: Vec<f64>,
    /// Relative variance at the knots.
    at_knots: Vec<f64>,
}

impl ParameterUncertainty {
    /// No parameter uncertainty, or none that is known.
    #[must_use]
    pub fn none() -> Self {
        Self { of_total: 0.0, knots: Vec::new(), at_knots: Vec::new() }
    }

    /// The uncertainty of `model` given the covariance of the logarithms of its parameters (k x k, in the order
    /// of [`PurchaseModel::parameters`]), over the histories that were forecast.
    ///
    /// It is evaluated at up to 256 histories spread evenly over the ranks of `expected_purchases` (one entry for
    /// each row) and interpolated in the logarithm of the expectation; parameter uncertainty is a small part of
    /// one customer's, and smooth.
    #[must_use]
    pub fn of(
        model: &Arc<dyn PurchaseModel>,
        ln_covariance: &[Vec<f64>],
        grouped: &GroupedHistories,
        expected_purchases: &[f64],
        horizon: &HorizonOptions,
    ) -> Self {
        Self::over(&sigma_points(model, ln_covariance), grouped, expected_purchases, horizon)
    }

    /// The same over models that are equally likely, such as one model at draws of its parameters.
    #[must_use]
    pub fn over(
        points: &[Arc<dyn PurchaseModel>],
        grouped: &GroupedHistories,
        expected_purchases: &[f64],
        horizon: &HorizonOptions,
    ) -> Self {
        let expected_at = |model: &Arc<dyn PurchaseModel>, row: usize| {
            model.expected_future_purchases(&grouped.histories.histories()[row], horizon.length)
        };
        Self::at_points(points, expected_at, grouped, expected_purchases)
    }

    /// The uncertainty given the model at the sigma points of the law of its parameters, and what it expects of a row
    /// at such a point.
    fn at_points<P: Sync>(
        points: &[P],
        expected_at: impl Fn(&P, usize) -> f64 + Sync,
        grouped: &GroupedHistories,
        expected_purchases: &[f64],
    ) -> Self {
        if points.is_empty() || expected_purchases.is_empty() {
            return Self::none();
        }
        let mut rows: Vec<usize> = (0..expected_purchases.len()).collect();
        rows.sort_unstable_by(|a, b| {
            expected_purchases[*a].total_cmp(&expected_purchases[*b]).then(a.cmp(b))
        });
        let n_knots = rows.len().min(N_KNOTS);
        let knots: Vec<usize> =
            (0..n_knots).map(|knot| rows[(knot * 2 + 1) * rows.len() / (2 * n_knots)]).collect();
        let values: Vec<Vec<f64>> = points
            .par_iter()
            .map(|point| knots.iter().map(|row| expected_at(point, *row)).collect())
            .collect();
        let at_knots = (0..n_knots)
            .map(|knot| {
                let at_knot: Vec<f64> = values.iter().map(|of_point| of_point[knot]).collect();
                relative_variance(&at_knot)
            })
            .collect();
        // Each knot stands for an equal part of the rows; within it, for their customers and their purchases.
        let mut total_of_part = vec![0.0; n_knots];
        for (rank, row) in rows.iter().enumerate() {
            total_of_part[rank * n_knots / rows.len()] +=
                grouped.histories.weights()[*row] * expected_purchases[*row];
        }
        let totals: Vec<f64> = values
            .iter()
            .map(|of_point| {
                (0..n_knots)
                    .map(|knot| {
                        let base = expected_purchases[knots[knot]].max(f64::MIN_POSITIVE);
                        total_of_part[knot] * (of_point[knot] / base)
                    })
                    .sum()
            })
            .collect();
        let of_total = relative_variance(&totals);
        let knots = knots.into_iter().map(|row| expected_purchases[row].max(1e-300).ln()).collect();
        Self { of_total, knots, at_knots }
    }

    /// With what the groups' own effects add, which are independent of each other: `of_group` gives the group of a row
    /// and by how much each effect's standard deviation moves its expected purchases.
    fn with_groups(
        mut self,
        of_group: impl Fn(usize) -> Option<(usize, Vec<f64>)>,
        grouped: &GroupedHistories,
        expected_purchases: &[f64],
    ) -> Self {
        let mut rows: Vec<usize> = (0..expected_purchases.len()).collect();
        rows.sort_by(|a, b| expected_purchases[*a].total_cmp(&expected_purchases[*b]));
        let n_knots = self.at_knots.len();
        // A row stands for its neighbours in rank; groups mix there, and a few thousand rows are as good as all.
        let every = (rows.len() / MOST_GROUP_ROWS).max(1);
        let mut added = vec![(0.0, 0.0); n_knots];
        let mut of_groups: FxHashMap<usize, Vec<f64>> = FxHashMap::default();
        for (rank, row) in rows.iter().enumerate().step_by(every) {
            let Some((group, moves)) = of_group(*row) else { continue };
            let weight = grouped.histories.weights()[*row] * every as f64;
            let expected = expected_purchases[*row].max(f64::MIN_POSITIVE);
            let relative: f64 = moves.iter().map(|by| (by / expected).powi(2)).sum();
            if let Some(knot) = added.get_mut(rank * n_knots / rows.len()) {
                *knot = (knot.0 + weight * relative, knot.1 + weight);
            }
            let total = of_groups.entry(group).or_insert_with(|| vec![0.0; moves.len()]);
            total.iter_mut().zip(&moves).for_each(|(total, by)| *total += weight * by);
        }
        for (at_knot, (sum, weight)) in self.at_knots.iter_mut().zip(added) {
            *at_knot += if weight > 0.0 { sum / weight } else { 0.0 };
        }
        let total: f64 = expected_purchases
            .iter()
            .zip(grouped.histories.weights())
            .map(|(expected, weight)| expected * weight)
            .sum();
        let variance: f64 = of_groups.values().flatten().map(|by| by * by).sum();
        self.of_total += if total > 0.0 { variance / (total * total) } else { 0.0 };
        self
    }

    /// That of a blend, from its members' with their weights: all learnt from the same customers, they are taken to err
    /// together, so that deviations add and not variances.
    fn blended(members: impl Iterator<Item = (Self, f64)>) -> Self {
        let mut blended = Self::none();
        let mut add = |of: &Self, weight: f64| {
            if blended.knots.is_empty() {
                blended.knots.clone_from(&of.knots);
                blended.at_knots = vec![0.0; of.knots.len()];
            }
            blended.of_total += weight * of.of_total.sqrt();
            for (sum, variance) in blended.at_knots.iter_mut().zip(&of.at_knots) {
                *sum += weight * variance.sqrt();
            }
        };
        for (of, weight) in members.filter(|(of, _)| !of.knots.is_empty()) {
            add(&of, weight);
        }
        blended.of_total *= blended.of_total;
        blended.at_knots.iter_mut().for_each(|deviation| *deviation *= *deviation);
        blended
    }

    /// Relative variance of a customer's expected purchases, at least 0.
    #[must_use]
    pub fn at(&self, expected_purchases: f64) -> f64 {
        let (Some(first), Some(last)) = (self.at_knots.first(), self.at_knots.last()) else {
            return 0.0;
        };
        let position = expected_purchases.max(1e-300).ln();
        let right = self.knots.partition_point(|knot| *knot < position);
        if right == 0 {
            return *first;
        }
        if right == self.knots.len() {
            return *last;
        }
        let (x0, x1) = (self.knots[right - 1], self.knots[right]);
        let share = if x1 > x0 { (position - x0) / (x1 - x0) } else { 0.0 };
        self.at_knots[right - 1] * (1.0 - share) + self.at_knots[right] * share
    }
}

/// The model at the sigma points of the law of its parameters; none where the covariance is of no use.
fn sigma_points(
    model: &Arc<dyn PurchaseModel>,
    ln_covariance: &[Vec<f64>],
) -> Vec<Arc<dyn PurchaseModel>> {
    let kinds = purchase_model(model.id()).map_or(&[][..], |entry| entry.kinds);
    let centre: Vec<f64> =
        model.parameters().iter().zip(kinds).map(|(p, kind)| kind.free(p.value)).collect();
    let n = centre.len();
    if ln_covariance.len() != n || ln_covariance.iter().any(|row| row.len() != n) {
        return Vec::new();
    }
    let eigen = SymmetricMatrix::from_fn(n, |row, column| ln_covariance[row][column]).eigen();
    let mut points: Vec<Arc<dyn PurchaseModel>> = Vec::new();
    for (variance, direction) in eigen.values.iter().zip(&eigen.vectors) {
        // Along a ridge or at a bound the fit gives no variance: forecasts hardly change there. Where a direction is
        // known badly a step beyond e^2 would leave the range where the normal law means anything.
        let step = (n as f64 * variance.max(0.0)).sqrt().min(2.0);
        for sign in [-step, step] {
            let values: Vec<f64> =
                (0..n).map(|row| kinds[row].value(centre[row] + sign * direction[row])).collect();
            if let Ok(point) = model.with_parameters(&values) {
                points.push(Arc::from(point));
            }
        }
    }
    points
}

/// Variance over squared mean; 0 where the mean is not above 0.
pub(crate) fn relative_variance(values: &[f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let variance = values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>()
        / values.len() as f64;
    if mean > 0.0 && variance.is_finite() { variance / (mean * mean) } else { 0.0 }
}

/// The same for whoever forecasts: naive rules have no parameters to be unsure of, and a blend has its members'.
#[must_use]
pub fn parameter_uncertainty(
    forecaster: &Forecaster,
    ln_covariance: Option<&[Vec<f64>]>,
    grouped: &GroupedHistories,
    expected_purchases: &[f64],
    horizon: &HorizonOptions,
) -> ParameterUncertainty {
    match (forecaster, ln_covariance) {
        (Forecaster::Model(model), Some(covariance)) => {
            ParameterUncertainty::of(model, covariance, grouped, expected_purchases, horizon)
        }
        // What the trees do not know is in the spread that left-out folds gave their laws.
        (Forecaster::Boosted(boosted), Some(covariance)) => ParameterUncertainty::of(
            boosted.parent(),
            covariance,
            grouped,
            expected_purchases,
            horizon,
        ),
        (Forecaster::Traits(models), Some(covariance)) => {
            let expected_at = |point: &TraitModels, row: usize| {
                let history = &grouped.histories.histories()[row];
                let model = point.made_for(grouped.stratum_of_row(row));
                model.expected_future_purchases(history, horizon.length)
            };
            let points = models.sigma_points(covariance);
            let of_group = |row: usize| {
                let (group, ends) = models.beside(grouped.stratum_of_row(row))?;
                let history = &grouped.histories.histories()[row];
                let expected = |model: &Arc<dyn PurchaseModel>| {
                    model.expected_future_purchases(history, horizon.length)
                };
                let slopes = ends.iter().map(|[down, up]| 0.5 * (expected(up) - expected(down)));
                Some((group, slopes.collect()))
            };
            ParameterUncertainty::at_points(&points, expected_at, grouped, expected_purchases)
                .with_groups(of_group, grouped, expected_purchases)
        }
        (Forecaster::Blend(blend), _) => {
            let of_members = blend.members.iter().map(|member| {
                let covariance = member.ln_covariance.as_deref();
                parameter_uncertainty(
                    &member.forecaster,
                    covariance,
                    grouped,
                    expected_purchases,
                    horizon,
                )
            });
            ParameterUncertainty::blended(of_members.zip(blend.mean_weights()))
        }
        _ => ParameterUncertainty::none(),
    }
}
