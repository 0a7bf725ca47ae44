//! Maximum likelihood of a retention model together with what goes with leaving.
//!
//! A covariate's effect is added to the logit of the mean leaving probability γ / (γ + δ) of a first renewal, with
//! γ + δ, the certainty about it, and c held; above 0 customers leave sooner. As with purchases the search moves effects per
//! standard deviation around the mean customer, and what is reported is per unit and where all covariates are 0.

use std::sync::Arc;

use clv_numerics::optimise::{MinimiseOptions, hessian, minimise, polish};

use super::covariates::{CovariateWarning, Estimate};
use super::likelihood_ratio::{LikelihoodOfFit, LikelihoodRatio, likelihood_ratio};
use super::retention::{
    FEW_LOSSES, FittedRetention, GRADIENT_TOLERANCE, LN_BOUND, fit_retention_model,
};
use super::standard_errors::uncertainty;
use crate::covariates::{
    CovariateError, CovariateScale, EffectTarget, ParameterShift, Shift, Shifts,
};
use crate::retention::{RetentionModel, RetentionModelEntry, Tenures};

/// The mean leaving probability answers to covariates.
const SHIFTS: Shifts =
    Shifts { purchase: ParameterShift::MeanProbability { a: 0, b: 1 }, dropout: None };

/// Customers by their covariates: one entry for each distinct set, with the tenures of those who share it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TraitTenures {
    /// The covariates' names.
    pub names: Vec<String>,
    /// Values in the order of the names, all finite, and tenures.
    pub strata: Vec<(Vec<f64>, Tenures)>,
}

impl TraitTenures {
    /// All tenures, whatever the traits.
    #[must_use]
    pub fn without_covariates(&self) -> Tenures {
        let mut all = Tenures::default();
        for (tenure, weight) in self.strata.iter().flat_map(|(_, tenures)| tenures.iter()) {
            all.push(tenure, weight).expect("what was pushed once can be pushed again");
        }
        all
    }
}

/// A retention model whose mean leaving probability depends on the customer.
#[derive(Debug, Clone)]
pub struct CovariateRetention {
    entry: &'static RetentionModelEntry,
    base: Vec<f64>,
    effects: Vec<f64>,
}

impl CovariateRetention {
    /// The model of `entry` with the values `base` where all covariates are 0, and one effect for each covariate.
    ///
    /// # Errors
    /// [`ParameterError`](crate::purchase::ParameterError) where the values are no parameters.
    ///
    /// ```
    /// use clv_models::catalogue::retention_model;
    /// use clv_models::fit::CovariateRetention;
    /// let entry = retention_model("sbg").expect("in the catalogue");
    /// let model = CovariateRetention::new(entry, vec![0.7, 1.2], vec![0.5])?;
    /// assert!(model.at(&[1.0]).renewal_rate(1) < model.at(&[0.0]).renewal_rate(1));
    /// # Ok::<(), clv_models::purchase::ParameterError>(())
    /// ```
    pub fn new(
        entry: &'static RetentionModelEntry,
        base: Vec<f64>,
        effects: Vec<f64>,
    ) -> Result<Self, crate::purchase::ParameterError> {
        (entry.build)(&base)?;
        Ok(Self { entry, base, effects })
    }

    /// The values of the parameters where all covariates are 0.
    #[must_use]
    pub fn base(&self) -> &[f64] {
        &self.base
    }

    /// The effects, per unit of each covariate.
    #[must_use]
    pub fn effects(&self) -> &[f64] {
        &self.effects
    }

    /// The model of a customer with these covariates.
    #[must_use]
    pub fn at(&self, covariates: &[f64]) -> Arc<dyn RetentionModel> {
        let along = self.effects.iter().zip(covariates).map(|(effect, z)| effect * z).sum();
        let ln: Vec<f64> = self.base.iter().map(|value| value.ln()).collect();
        let moved = SHIFTS.moved(&ln, Shift { purchase: along, dropout: 0.0 });
        let values: Vec<f64> = moved.iter().map(|ln| ln.exp()).collect();
        let built = (self.entry.build)(&values).or_else(|_| (self.entry.build)(&self.base));
        Arc::from(built.expect("the base values built a model before"))
    }
}

/// A retention model with covariates at its maximum, with diagnostics.
#[derive(Debug, Clone)]
pub struct FittedCovariateRetention {
    /// The model with its effects.
    pub model: CovariateRetention,
    /// Parameters where all covariates are 0, then effects.
    pub estimates: Vec<Estimate>,
    /// Covariance of the estimates, parameters in their logarithms, along the directions the data identify.
    pub covariance: Option<Vec<Vec<f64>>>,
    /// Sum of the log-likelihoods of all customers.
    pub log_likelihood: f64,
    /// Customers: the sum of weights.
    pub n_customers: f64,
    /// Whether the gradient vanished.
    pub converged: bool,
    /// Means of the covariates.
    pub mean: Vec<f64>,
    /// The same model without covariates.
    pub without: FittedRetention,
    /// The test against it.
    pub test: Option<LikelihoodRatio>,
    /// What to know before trusting the numbers.
    pub warnings: Vec<CovariateWarning>,
}

/// Fits the model of `entry` to customers with covariates.
///
/// # Errors
/// [`CovariateError`] where covariates cannot be told apart, or nobody has met a renewal.
pub fn fit_retention_with_covariates(
    entry: &'static RetentionModelEntry,
    customers: &TraitTenures,
) -> Result<FittedCovariateRetention, CovariateError> {
    let plain = customers.without_covariates();
    let without = fit_retention_model(entry, &plain)
        .map_err(|_| CovariateError::NoCustomers { model: entry.id })?;
    let names = &customers.names;
    let rows: Vec<(&[f64], f64)> =
        customers.strata.iter().map(|(z, tenures)| (z.as_slice(), tenures.n_customers())).collect();
    let scale = CovariateScale::of(names, &rows)?;
    scale.check_independent(names, &rows, &(0..names.len()).collect::<Vec<usize>>())?;
    let standardised: Vec<Vec<f64>> =
        customers.strata.iter().map(|(z, _)| scale.standardised(z)).collect();
    let (n_base, n_customers) = (entry.parameter_names.len(), plain.n_customers());
    let along = |effects: &[f64], z: &[f64]| -> Shift {
        let purchase = effects.iter().zip(z).map(|(effect, z)| effect * z).sum();
        Shift { purchase, dropout: 0.0 }
    };
    let mut loss = |point: &[f64], gradient: &mut [f64]| -> f64 {
        let (base, effects) = point.split_at(n_base);
        let (of_base, of_effects) = gradient.split_at_mut(n_base);
        of_base.fill(0.0);
        of_effects.fill(0.0);
        let mut sum = 0.0;
        let mut at_moved = vec![0.0; n_base];
        for (z, (_, tenures)) in standardised.iter().zip(&customers.strata) {
            let shift = along(effects, z);
            let values: Vec<f64> = SHIFTS.moved(base, shift).iter().map(|ln| ln.exp()).collect();
            let Ok(model) = (entry.build)(&values) else { return f64::NAN };
            sum += model.ln_likelihood_sum(tenures, &mut at_moved);
            let slope = SHIFTS.pull_back(base, shift, &at_moved, of_base).purchase;
            of_effects.iter_mut().zip(z).for_each(|(to, z)| *to += slope * z);
        }
        gradient.iter_mut().for_each(|slope| *slope /= -n_customers);
        -sum / n_customers
    };
    let options = |gradient_tolerance| MinimiseOptions {
        lower: -LN_BOUND,
        upper: LN_BOUND,
        gradient_tolerance,
        max_evaluations: 300,
    };
    let mut start: Vec<f64> =
        without.model().parameters().iter().map(|one| one.value.ln()).collect();
    start.resize(n_base + names.len(), 0.0);
    let near = minimise(&start, &mut loss, options(1e-6));
    let found = polish(&near.point, None, &mut loss, options(GRADIENT_TOLERANCE));
    let found = if found.value <= near.value { found } else { near };
    let is_free: Vec<bool> = found.point.iter().map(|x| x.abs() < LN_BOUND - 1e-9).collect();
    let known = uncertainty(&hessian(&found.point, &mut loss, 1e-4), n_customers, &is_free);

    let (base, effects) = found.point.split_at(n_base);
    let at_zero = scale.standardised(&vec![0.0; names.len()]);
    let shift = along(effects, &at_zero);
    let per_unit: Vec<f64> = effects
        .iter()
        .zip(&scale.deviation)
        .map(|(effect, deviation)| effect / deviation)
        .collect();
    let values: Vec<f64> = SHIFTS.moved(base, shift).iter().map(|ln| ln.exp()).collect();
    // How each reported number, logarithms of parameters first, answers to what the search moved.
    let row = |at: usize| -> Vec<f64> {
        let mut row = vec![0.0; found.point.len()];
        if at >= n_base {
            row[at] = 1.0 / scale.deviation[at - n_base];
            return row;
        }
        let mut unit = vec![0.0; n_base];
        unit[at] = 1.0;
        let slope = SHIFTS.pull_back(base, shift, &unit, &mut row[..n_base]).purchase;
        row[n_base..].iter_mut().zip(&at_zero).for_each(|(to, z)| *to = slope * z);
        row
    };
    let reported: Vec<Vec<f64>> = (0..found.point.len()).map(row).collect();
    let covariance: Option<Vec<Vec<f64>>> = known.ln_covariance.as_ref().map(|moved| {
        let between = |left: &Vec<f64>, right: &Vec<f64>| -> f64 {
            let of = |i: usize| -> f64 { moved[i].iter().zip(right).map(|(c, r)| c * r).sum() };
            left.iter().enumerate().map(|(i, l)| l * of(i)).sum()
        };
        reported.iter().map(|l| reported.iter().map(|r| between(l, r)).collect()).collect()
    });
    let estimate = |at: usize| -> Estimate {
        let (name, value, slope) = match at.checked_sub(n_base) {
            None => (entry.parameter_names[at].to_owned(), values[at], values[at]),
            Some(k) => (EffectTarget::Dropout.effect(&names[k]), per_unit[k], 1.0),
        };
        let errors = known.ln_standard_errors.iter();
        let is_known = reported[at].iter().zip(errors).all(|(r, e)| e.is_some() || r.abs() < 1e-9);
        let variance = covariance.as_ref().map(|all| all[at][at].max(0.0));
        let standard_error = variance.filter(|_| is_known).map(|one| slope * one.sqrt());
        Estimate { name, value, standard_error }
    };
    let estimates: Vec<Estimate> = (0..found.point.len()).map(estimate).collect();
    let mut warnings = Vec::new();
    if !found.converged {
        warnings.push(CovariateWarning::NotConverged { gradient_norm: found.gradient_norm });
    }
    for at in (0..is_free.len()).filter(|&at| !is_free[at]) {
        let (name, value) = (estimates[at].name.clone(), estimates[at].value);
        warnings.push(CovariateWarning::AtBound { name, value, is_effect: at >= n_base });
    }
    for ridge in &known.ridges {
        let names = ridge.iter().map(|&at| estimates[at].name.clone()).collect();
        warnings.push(CovariateWarning::Ridge { names });
    }
    if plain.n_lost() < FEW_LOSSES {
        warnings.push(CovariateWarning::FewLosses { n_lost: plain.n_lost() });
    }
    let log_likelihood = -found.value * n_customers;
    let of = |log_likelihood, n_parameters| LikelihoodOfFit {
        log_likelihood,
        n_parameters,
        n_customers,
    };
    let (smaller, larger) =
        (of(without.log_likelihood(), n_base), of(log_likelihood, found.point.len()));
    Ok(FittedCovariateRetention {
        model: CovariateRetention::new(entry, values, per_unit)
            .expect("exponentials of bounded numbers are parameters"),
        estimates,
        covariance,
        log_likelihood,
        n_customers,
        converged: found.converged,
        mean: scale.mean.clone(),
        test: likelihood_ratio(&smaller, &larger).ok(),
        without,
        warnings,
    })
}
