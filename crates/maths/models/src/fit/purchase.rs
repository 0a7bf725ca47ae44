//! Maximum likelihood for every purchase model of the catalogue.
//!
//! The search works with free coordinates of parameters and with time in units of the mean age, so that no unit is
//! better than another. L-BFGS walks in on a weighted part of the rows; Newton steps on all rows, starting from
//! the part's curvature, take the last digits; central differences of the analytic gradient give the Hessian.

use std::sync::Arc;

use clv_numerics::optimise::{
    MinimiseOptions, Minimum, hessian, minimise, one_sided_hessian, polish,
};

use super::FitWarning;
use super::likelihood_ratio::LikelihoodOfFit;
use super::search_space::SearchSpace;
use super::standard_errors::{Uncertainty, uncertainty};
use super::subsample::subsample;
use super::whole::fit_whole;
use crate::catalogue::PurchaseModelEntry;
use crate::purchase::PurchaseModel;
use crate::{ParameterKind, PurchaseHistories};

/// How hard to try. The default suits every data set the tests know.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FitOptions {
    /// Converged when no slope of the mean log-likelihood in a free coordinate is larger.
    pub gradient_tolerance: f64,
    /// Passes over all rows (or the subsample) before a search gives up.
    pub max_passes: usize,
    /// Above this many rows the search begins on a weighted part of about this size.
    pub subsample_rows: usize,
    /// Free coordinates stay between minus this and this, times in units of the mean age: positive parameters within
    /// a factor of e to this power of 1.
    pub free_bound: f64,
    /// Whether to spend a pass or two for each parameter on standard errors and covariance.
    pub has_standard_errors: bool,
}

impl Default for FitOptions {
    fn default() -> Self {
        Self {
            gradient_tolerance: 1e-10,
            max_passes: 300,
            subsample_rows: 20_000,
            free_bound: 12.0,
            has_standard_errors: true,
        }
    }
}

/// Why there is no fit.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FitError {
    /// Nothing to fit to.
    #[error("no purchase histories to fit {model} to; hint: check the date range and the filters")]
    NoHistories {
        /// The model's id.
        model: &'static str,
    },
    /// As many start values as parameters are needed, each finite and above 0.
    #[error("start values for {model} are not its parameters: {reason}")]
    Start {
        /// The model's id.
        model: &'static str,
        /// What the model said.
        reason: crate::purchase::ParameterError,
    },
}

/// A purchase model at its maximum likelihood, with diagnostics.
#[derive(Debug, Clone)]
pub struct FittedPurchaseModel {
    model: Arc<dyn PurchaseModel>,
    log_likelihood: f64,
    n_customers: f64,
    n_histories: usize,
    converged: bool,
    gradient_norm: f64,
    pub(super) n_passes: usize,
    standard_errors: Vec<Option<f64>>,
    ln_covariance: Option<Vec<Vec<f64>>>,
    pub(super) warnings: Vec<FitWarning>,
    pub(super) ln_likelihood_by_whole: Vec<(u32, f64)>,
}

impl FittedPurchaseModel {
    /// The model at the fitted parameters.
    #[must_use]
    pub fn model(&self) -> &Arc<dyn PurchaseModel> {
        &self.model
    }

    /// Sum of the log-likelihoods of all customers, in the unit of the histories.
    #[must_use]
    pub fn log_likelihood(&self) -> f64 {
        self.log_likelihood
    }

    /// Akaike's criterion: twice the number of parameters minus twice the log-likelihood.
    #[must_use]
    pub fn aic(&self) -> f64 {
        2.0 * self.standard_errors.len() as f64 - 2.0 * self.log_likelihood
    }

    /// What other fits are compared with by [`likelihood_ratio`](super::likelihood_ratio).
    #[must_use]
    pub fn likelihood(&self) -> LikelihoodOfFit {
        LikelihoodOfFit {
            log_likelihood: self.log_likelihood,
            n_parameters: self.standard_errors.len(),
            n_customers: self.n_customers,
        }
    }

    /// Customers: the sum of weights.
    #[must_use]
    pub fn n_customers(&self) -> f64 {
        self.n_customers
    }

    /// Distinct histories.
    #[must_use]
    pub fn n_histories(&self) -> usize {
        self.n_histories
    }

    /// Whether the gradient came below the tolerance.
    #[must_use]
    pub fn converged(&self) -> bool {
        self.converged
    }

    /// The largest slope of the mean log-likelihood in a free coordinate.
    #[must_use]
    pub fn gradient_norm(&self) -> f64 {
        self.gradient_norm
    }

    /// Likelihood passes over all rows.
    #[must_use]
    pub fn n_passes(&self) -> usize {
        self.n_passes
    }

    /// Standard error of each parameter, by the delta method; `None` where the data do not identify it.
    #[must_use]
    pub fn standard_errors(&self) -> &[Option<f64>] {
        &self.standard_errors
    }

    /// Covariance of the free coordinates of the parameters (logarithms where they are positive) along the directions the data identify: zero along a
    /// ridge, and in the rows of parameters held at a bound. `None` if not asked for or nothing is identified.
    #[must_use]
    pub fn ln_covariance(&self) -> Option<&Vec<Vec<f64>>> {
        self.ln_covariance.as_ref()
    }

    /// The whole numbers that were tried for the model's whole parameter, ascending, each with the log-likelihood
    /// at its best other parameters; empty for a model without one.
    #[must_use]
    pub fn ln_likelihood_by_whole(&self) -> &[(u32, f64)] {
        &self.ln_likelihood_by_whole
    }

    /// What to know before trusting the parameters.
    #[must_use]
    pub fn warnings(&self) -> &[FitWarning] {
        &self.warnings
    }
}

/// Fits the model of `entry` to `histories` from a start that the data suggest.
///
/// Always gives an answer where there are histories: converged, or with warnings that say what is wrong.
///
/// # Errors
/// [`FitError::NoHistories`] where there are none.
///
/// ```
/// use clv_models::catalogue::purchase_model;
/// use clv_models::fit::{FitOptions, fit_purchase_model};
/// use clv_models::{PurchaseHistories, PurchaseHistory};
/// let mut histories = PurchaseHistories::default();
/// for (x, t_x, age, n) in [(0, 0.0, 39.0, 60.0), (1, 12.0, 38.0, 25.0), (4, 30.0, 37.0, 15.0)] {
///     histories.push(PurchaseHistory::new(x, t_x, age)?, n)?;
/// }
/// let entry = purchase_model("nbd").expect("in the catalogue");
/// let fitted = fit_purchase_model(entry, &histories, &FitOptions::default())?;
/// assert!(fitted.converged());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn fit_purchase_model(
    entry: &'static PurchaseModelEntry,
    histories: &PurchaseHistories,
    options: &FitOptions,
) -> Result<FittedPurchaseModel, FitError> {
    let start = (entry.start)(histories);
    if entry.kinds.contains(&ParameterKind::Whole) {
        return fit_whole(entry, start, histories, options);
    }
    fit_from(entry, &start, histories, options)
}

/// As [`fit_purchase_model`], from start values of the caller's, such as last month's fit. A whole number keeps its
/// start value.
///
/// # Errors
/// [`FitError::NoHistories`] where there are none, [`FitError::Start`] where the values are no parameters.
pub fn fit_from(
    entry: &'static PurchaseModelEntry,
    start: &[f64],
    histories: &PurchaseHistories,
    options: &FitOptions,
) -> Result<FittedPurchaseModel, FitError> {
    if histories.is_empty() {
        return Err(FitError::NoHistories { model: entry.id });
    }
    (entry.build)(start).map_err(|reason| FitError::Start { model: entry.id, reason })?;
    // Whole periods stay what they are.
    let time_unit = if entry.is_discrete() { 1.0 } else { mean_positive_age(histories) };
    let scaled = in_unit(histories, time_unit);
    let in_units: Vec<f64> = start
        .iter()
        .zip(entry.kinds)
        .map(|(value, kind)| kind.in_unit(*value, time_unit))
        .collect();
    let space = SearchSpace::new(entry, &in_units);
    let found = search(&space, &space.free(&in_units), &scaled, options);
    Ok(describe(&space, found, &scaled, time_unit, options))
}

/// The mean age of customers with any age, or 1.
pub(super) fn mean_positive_age(histories: &PurchaseHistories) -> f64 {
    let (mut total, mut n) = (0.0, 0.0);
    for (history, weight) in histories.iter().filter(|(history, _)| history.age() > 0.0) {
        total += weight * history.age();
        n += weight;
    }
    let mean: f64 = total / n;
    if mean.is_normal() { mean } else { 1.0 }
}

/// The same histories with time counted in `time_unit`.
pub(super) fn in_unit(histories: &PurchaseHistories, time_unit: f64) -> PurchaseHistories {
    let mut scaled = PurchaseHistories::with_capacity(histories.len());
    for (history, weight) in histories.iter() {
        scaled.push(history.in_unit(time_unit), weight).expect("a valid weight stays valid");
    }
    scaled
}

/// A model's mean negative log-likelihood over some histories, in the free coordinates of the parameters that move.
fn objective<'a>(
    space: &'a SearchSpace,
    histories: &'a PurchaseHistories,
) -> impl FnMut(&[f64], &mut [f64]) -> f64 + 'a {
    let per_customer = -1.0 / histories.n_customers();
    let mut slopes = vec![0.0; space.entry.kinds.len()];
    move |free, gradient| {
        let Ok(model) = (space.entry.build)(&space.values(free)) else { return f64::NAN };
        let sum = model.ln_likelihood_sum(histories, &mut slopes);
        for (slope, &i) in gradient.iter_mut().zip(&space.moved) {
            *slope = slopes[i] * per_customer;
        }
        sum * per_customer
    }
}

/// Where the search ended, and how many passes over all rows it took.
struct Found {
    minimum: Minimum,
    n_passes: usize,
}

fn search(
    space: &SearchSpace,
    free_start: &[f64],
    histories: &PurchaseHistories,
    options: &FitOptions,
) -> Found {
    let mut best: Option<Found> = None;
    let mut n_passes = 0;
    for start in starts(free_start) {
        let found = search_from(space, &start, histories, options);
        n_passes += found.n_passes;
        let is_settled =
            found.minimum.converged && !is_near_bound(&found.minimum.point, options.free_bound);
        if best.as_ref().is_none_or(|best| is_better(&found.minimum, &best.minimum)) {
            best = Some(found);
        }
        if is_settled {
            break;
        }
    }
    let best = best.expect("there is at least one start");
    Found { n_passes, ..best }
}

/// The start itself, then others well away from it, tried where the first ends at a bound or nowhere.
fn starts(free_start: &[f64]) -> Vec<Vec<f64>> {
    let shifted = |shifts: [f64; 4]| -> Vec<f64> {
        free_start.iter().zip(shifts.iter().cycle()).map(|(value, shift)| value + shift).collect()
    };
    vec![free_start.to_vec(), shifted([0.7, 0.7, -1.5, 1.0]), shifted([-0.7, -0.7, 1.0, 1.5])]
}

fn is_near_bound(point: &[f64], free_bound: f64) -> bool {
    point.iter().any(|x| x.abs() > free_bound - 1e-3)
}

/// Whether `found` is a better maximum by more than rounding, or as good and converged where `best` is not.
fn is_better(found: &Minimum, best: &Minimum) -> bool {
    let margin = 1e-11 * best.value.abs().max(1.0);
    found.value < best.value - margin
        || (found.value < best.value + margin && found.converged && !best.converged)
}

fn search_from(
    space: &SearchSpace,
    free_start: &[f64],
    histories: &PurchaseHistories,
    options: &FitOptions,
) -> Found {
    let search_options = |gradient_tolerance| MinimiseOptions {
        lower: -options.free_bound,
        upper: options.free_bound,
        gradient_tolerance,
        max_evaluations: options.max_passes,
    };
    let sample = subsample(histories, options.subsample_rows);
    let rows = sample.as_ref().unwrap_or(histories);
    // Newton's method is safe from here on, and it doubles the digits with each step.
    let near = minimise(free_start, objective(space, rows), search_options(1e-5));
    let curvature =
        near.value.lt(&f64::MAX).then(|| hessian(&near.point, objective(space, rows), 1e-4));
    let mut n_passes = if sample.is_none() { near.n_evaluations + 2 * free_start.len() } else { 0 };
    let near_point = match (&sample, &curvature) {
        // The sample's curvature serves here and again for the first steps on all rows.
        (Some(_), Some(curvature)) => {
            let start = Some(curvature.clone());
            polish(&near.point, start, objective(space, rows), search_options(1e-8)).point
        }
        _ => near.point,
    };
    let minimum = polish(
        &near_point,
        curvature,
        objective(space, histories),
        search_options(options.gradient_tolerance),
    );
    n_passes += minimum.n_evaluations;
    Found { minimum, n_passes }
}

fn describe(
    space: &SearchSpace,
    found: Found,
    histories: &PurchaseHistories,
    time_unit: f64,
    options: &FitOptions,
) -> FittedPurchaseModel {
    let Found { minimum, mut n_passes } = found;
    let n_customers = histories.n_customers();
    let n_moved = minimum.point.len();
    let entry = space.entry;
    let mut warnings = Vec::new();
    if !minimum.converged {
        warnings.push(FitWarning::NotConverged { gradient_norm: minimum.gradient_norm });
    }
    let values: Vec<f64> = space
        .values(&minimum.point)
        .iter()
        .zip(entry.kinds)
        .map(|(value, kind)| kind.in_unit(*value, 1.0 / time_unit))
        .collect();
    let is_free: Vec<bool> =
        minimum.point.iter().map(|x| x.abs() < options.free_bound - 1e-9).collect();
    for at in (0..n_moved).filter(|&at| !is_free[at]) {
        let i = space.moved[at];
        let (parameter, value) = (entry.parameter_names[i], values[i]);
        warnings.push(FitWarning::AtBound { parameter, value });
    }
    let nothing_known = Uncertainty {
        ln_standard_errors: vec![None; n_moved],
        ln_covariance: None,
        ridges: Vec::new(),
    };
    let known = if options.has_standard_errors && minimum.value < f64::MAX {
        let objective = objective(space, histories);
        let curvature = if histories.len() > options.subsample_rows {
            // Passes are dear here, and a relative error of 1e-5 in a standard error is invisible.
            n_passes += n_moved;
            one_sided_hessian(&minimum.point, &minimum.gradient, objective, 1e-5)
        } else {
            n_passes += 2 * n_moved;
            hessian(&minimum.point, objective, 1e-4)
        };
        uncertainty(&curvature, n_customers, &is_free)
    } else {
        nothing_known
    };
    for ridge in &known.ridges {
        let parameters = ridge.iter().map(|&at| entry.parameter_names[space.moved[at]]).collect();
        warnings.push(FitWarning::Ridge { parameters });
    }
    let n_repeaters: f64 = histories
        .iter()
        .filter(|(history, _)| history.repeat_purchases() > 0)
        .map(|(_, weight)| weight)
        .sum();
    if n_repeaters < FEW_REPEATERS {
        warnings.push(FitWarning::FewRepeaters { n_repeaters });
    }
    // A density per unit of time: one factor of the unit for each repeat purchase.
    let n_repeats: f64 = histories
        .iter()
        .map(|(history, weight)| weight * f64::from(history.repeat_purchases()))
        .sum();
    let standard_errors = space
        .spread(&known.ln_standard_errors, None)
        .into_iter()
        .zip(entry.kinds.iter().zip(&values))
        .map(|(error, (kind, value))| error.map(|error| error * kind.slope(*value)))
        .collect();
    let ln_covariance = known.ln_covariance.map(|rows| {
        let rows: Vec<Vec<f64>> = rows.iter().map(|row| space.spread(row, 0.0)).collect();
        space.spread(&rows, vec![0.0; entry.kinds.len()])
    });
    FittedPurchaseModel {
        model: Arc::from((entry.build)(&values).expect("values inside the bounds are parameters")),
        log_likelihood: -minimum.value * n_customers - n_repeats * time_unit.ln(),
        n_customers,
        n_histories: histories.len(),
        converged: minimum.converged,
        gradient_norm: minimum.gradient_norm,
        n_passes,
        standard_errors,
        ln_covariance,
        warnings,
        ln_likelihood_by_whole: Vec::new(),
    }
}

/// Below this many customers who came back, standard errors from curvature are not to be trusted.
pub(super) const FEW_REPEATERS: f64 = 30.0;
