//! Maximum likelihood of Pareto/NBD with covariates that change over time.
//!
//! As with static covariates the search moves effects per standard deviation, here over the time that customers were
//! observed, around the mean; what is reported is per unit and where all covariates are 0.

use clv_numerics::optimise::{MinimiseOptions, hessian, minimise, polish};
use rayon::prelude::*;

use super::LikelihoodOfFit;
use super::covariates::{CovariateWarning, Estimate};
use super::likelihood_ratio::{LikelihoodRatio, likelihood_ratio};
use super::purchase::{
    FEW_REPEATERS, FitOptions, FittedPurchaseModel, fit_purchase_model, mean_positive_age,
};
use super::standard_errors::uncertainty;
use crate::PurchaseHistories;
use crate::catalogue::PurchaseModelEntry;
use crate::covariates::{CovariateError, CovariateRole, CovariateScale, EffectTarget};
use crate::purchase::changing::{ChangingHistory, ChangingParetoNbd};
use crate::purchase::pareto_nbd;

/// Pareto/NBD with changing covariates at its maximum, with diagnostics.
#[derive(Debug, Clone)]
pub struct FittedChangingModel {
    /// The model with its effects.
    pub model: ChangingParetoNbd,
    /// r, alpha, s, beta where all covariates are 0, then effects on purchases, then on dropout.
    pub estimates: Vec<Estimate>,
    /// Covariance of the estimates, parameters in their logarithms, along the directions the data identify; `None` if
    /// nothing is.
    pub covariance: Option<Vec<Vec<f64>>>,
    /// Sum of the log-likelihoods of all customers, in the unit of the histories.
    pub log_likelihood: f64,
    /// Parameters and effects.
    pub n_parameters: usize,
    /// Whether the gradient came below the tolerance.
    pub converged: bool,
    /// Pareto/NBD without covariates.
    pub without: FittedPurchaseModel,
    /// The test against it.
    pub test: Option<LikelihoodRatio>,
    /// What to know before trusting the numbers.
    pub warnings: Vec<CovariateWarning>,
}

/// Customers for one task; the tasks' sums are added in order.
const CUSTOMERS_PER_TASK: usize = 64;

/// Fits Pareto/NBD, whose catalogue `entry` gives the start, to customers with the covariates `names` along their lives;
/// each acts as its role says, one role for each.
///
/// # Errors
/// [`CovariateError`] where there is nobody, or a covariate never changes between customers or over time, or follows
/// from others.
pub fn fit_changing(
    entry: &'static PurchaseModelEntry,
    names: &[String],
    roles: &[CovariateRole],
    customers: &[ChangingHistory],
    options: &FitOptions,
) -> Result<FittedChangingModel, CovariateError> {
    let mut plain = PurchaseHistories::with_capacity(customers.len());
    for customer in customers {
        plain.push(*customer.history(), 1.0).expect("1 is a weight");
    }
    let without = fit_purchase_model(entry, &plain, options)
        .map_err(|_| CovariateError::NoCustomers { model: pareto_nbd::ID })?;
    let rows: Vec<(&[f64], f64)> =
        customers.iter().flat_map(ChangingHistory::observed_periods).collect();
    let scale = CovariateScale::of(names, &rows)?;
    let on = |of: fn(CovariateRole) -> bool| -> Vec<usize> {
        (0..names.len()).filter(|&at| of(roles[at])).collect()
    };
    let (on_purchase, on_dropout) =
        (on(CovariateRole::acts_on_purchase), on(CovariateRole::acts_on_dropout));
    for used in [&on_purchase, &on_dropout] {
        scale.check_independent(names, &rows, used)?;
    }
    let unit = mean_positive_age(&plain);
    let scaled: Vec<ChangingHistory> = customers.iter().map(|one| one.in_unit(unit)).collect();
    let n = names.len();
    // The parameters, then a place for each effect on purchases and on dropout; those that nobody asked for stay 0.
    let places: Vec<usize> = (0..4)
        .chain(on_purchase.iter().map(|k| 4 + k))
        .chain(on_dropout.iter().map(|k| 4 + n + k))
        .collect();
    let at_places = |moved: &[f64]| -> Vec<f64> {
        let mut point = vec![0.0; 4 + 2 * n];
        places.iter().zip(moved).for_each(|(place, x)| point[*place] = *x);
        point
    };
    let n_customers = customers.len() as f64;
    // From the search's numbers, centred and per standard deviation, to parameters and effects per unit.
    let parameters = |moved: &[f64]| -> ([f64; 4], Vec<f64>, Vec<f64>) {
        let point = at_places(moved);
        let per_unit = |from: usize| -> Vec<f64> {
            (0..n).map(|k| point[from + k] / scale.deviation[k]).collect()
        };
        let (purchase, dropout) = (per_unit(4), per_unit(4 + n));
        let centre = |effects: &[f64]| -> f64 {
            effects.iter().zip(&scale.mean).map(|(effect, mean)| effect * mean).sum()
        };
        let base = [
            point[0].exp(),
            (point[1] + centre(&purchase)).clamp(-600.0, 600.0).exp(),
            point[2].exp(),
            (point[3] + centre(&dropout)).clamp(-600.0, 600.0).exp(),
        ];
        (base, purchase, dropout)
    };
    let mut loss = |point: &[f64], gradient_of_moved: &mut [f64]| -> f64 {
        let (base, purchase, dropout) = parameters(point);
        let Ok(model) = ChangingParetoNbd::new(base, purchase, dropout) else { return f64::NAN };
        let parts: Vec<(f64, Vec<f64>)> = scaled
            .par_chunks(CUSTOMERS_PER_TASK)
            .map(|customers| {
                let mut slopes = vec![0.0; 4 + 2 * n];
                let sum =
                    customers.iter().map(|one| model.ln_likelihood(one, &mut slopes)).sum::<f64>();
                (sum, slopes)
            })
            .collect();
        let mut sum = 0.0;
        let mut gradient = vec![0.0; 4 + 2 * n];
        for (part, slopes) in parts {
            sum += part;
            gradient.iter_mut().zip(slopes).for_each(|(sum, slope)| *sum += slope);
        }
        for k in 0..n {
            let (mean, deviation) = (scale.mean[k], scale.deviation[k]);
            gradient[4 + k] = (gradient[4 + k] + mean * gradient[1]) / deviation;
            gradient[4 + n + k] = (gradient[4 + n + k] + mean * gradient[3]) / deviation;
        }
        for (slope, place) in gradient_of_moved.iter_mut().zip(&places) {
            *slope = -gradient[*place] / n_customers;
        }
        -sum / n_customers
    };
    let search_options = |gradient_tolerance| MinimiseOptions {
        lower: -options.free_bound,
        upper: options.free_bound,
        gradient_tolerance,
        max_evaluations: options.max_passes,
    };
    let mut start: Vec<f64> = without
        .model()
        .parameters()
        .iter()
        .zip(entry.kinds)
        .map(|(one, kind)| kind.free(kind.in_unit(one.value, unit)))
        .collect();
    start.resize(places.len(), 0.0);
    let near = minimise(&start, &mut loss, search_options(1e-5));
    let found = polish(&near.point, None, &mut loss, search_options(options.gradient_tolerance));
    let found = if found.value <= near.value { found } else { near };
    let is_free: Vec<bool> =
        found.point.iter().map(|x| x.abs() < options.free_bound - 1e-9).collect();
    let known = uncertainty(&hessian(&found.point, &mut loss, 1e-4), n_customers, &is_free);
    // How each reported number, logarithms of parameters first, answers to what the search moved.
    let row = |at: usize| -> Vec<f64> {
        let place_in_scale = |place: usize| (place - 4) % n.max(1);
        let of = |(other, place): (usize, &usize)| -> f64 {
            if other == at {
                return if at < 4 { 1.0 } else { 1.0 / scale.deviation[place_in_scale(*place)] };
            }
            let is_own_clock = match at {
                1 => (4..4 + n).contains(place),
                3 => *place >= 4 + n,
                _ => false,
            };
            let k = if *place < 4 { 0 } else { place_in_scale(*place) };
            if is_own_clock { scale.mean[k] / scale.deviation[k] } else { 0.0 }
        };
        places.iter().enumerate().map(of).collect()
    };
    let reported: Vec<Vec<f64>> = (0..places.len()).map(row).collect();
    let covariance: Option<Vec<Vec<f64>>> = known.ln_covariance.as_ref().map(|moved| {
        let between = |left: &Vec<f64>, right: &Vec<f64>| -> f64 {
            let of = |i: usize| -> f64 { moved[i].iter().zip(right).map(|(c, r)| c * r).sum() };
            left.iter().enumerate().map(|(i, l)| l * of(i)).sum()
        };
        reported
            .iter()
            .map(|left| reported.iter().map(|right| between(left, right)).collect())
            .collect()
    });
    let standard_error = |at: usize| -> Option<f64> {
        let errors = known.ln_standard_errors.iter();
        let is_known = reported[at].iter().zip(errors).all(|(r, e)| e.is_some() || r.abs() < 1e-9);
        let variance = covariance.as_ref()?[at][at];
        is_known.then(|| variance.max(0.0).sqrt())
    };
    let (base, purchase, dropout) = parameters(&found.point);
    let base = [base[0], base[1] * unit, base[2], base[3] * unit];
    let estimates: Vec<Estimate> = places
        .iter()
        .enumerate()
        .map(|(at, place)| {
            let (name, value) = match *place {
                place if place < 4 => (pareto_nbd::PARAMETER_NAMES[place].to_owned(), base[place]),
                place if place < 4 + n => {
                    let k = place - 4;
                    (EffectTarget::Purchase.effect(&names[k]), purchase[k])
                }
                place => {
                    let k = place - 4 - n;
                    (EffectTarget::Dropout.effect(&names[k]), dropout[k])
                }
            };
            let slope = if *place < 4 { value } else { 1.0 };
            Estimate { name, value, standard_error: standard_error(at).map(|error| error * slope) }
        })
        .collect();
    let mut warnings = Vec::new();
    if !found.converged {
        warnings.push(CovariateWarning::NotConverged { gradient_norm: found.gradient_norm });
    }
    for at in (0..is_free.len()).filter(|&at| !is_free[at]) {
        let (name, value) = (estimates[at].name.clone(), estimates[at].value);
        warnings.push(CovariateWarning::AtBound { name, value, is_effect: at >= 4 });
    }
    for ridge in &known.ridges {
        let names = ridge.iter().map(|&at| estimates[at].name.clone()).collect();
        warnings.push(CovariateWarning::Ridge { names });
    }
    let counts = || customers.iter().map(|one| one.history().repeat_purchases());
    let n_repeaters = counts().filter(|count| *count > 0).count() as f64;
    if n_repeaters < FEW_REPEATERS {
        warnings.push(CovariateWarning::FewRepeaters { n_repeaters });
    }
    let n_repeats: f64 = counts().map(f64::from).sum();
    let log_likelihood = -found.value * n_customers - n_repeats * unit.ln();
    let n_parameters = found.point.len();
    let larger = LikelihoodOfFit { log_likelihood, n_parameters, n_customers };
    Ok(FittedChangingModel {
        model: ChangingParetoNbd::new(base, purchase, dropout)
            .expect("values within the bounds of free coordinates are parameters"),
        estimates,
        covariance,
        log_likelihood,
        n_parameters,
        converged: found.converged,
        test: likelihood_ratio(&without.likelihood(), &larger).ok(),
        without,
        warnings,
    })
}
