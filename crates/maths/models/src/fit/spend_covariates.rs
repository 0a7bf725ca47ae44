//! Covariates on spend: the scale of a customer's gamma-gamma law is γ e^(effects · z).
//!
//! An effect of 0.1 means about 10 % more money a purchase, whatever the number of purchases. As everything in
//! gamma-gamma scales with γ, a customer's expectation is e^η times that of the model without covariates for somebody
//! who spent e^-η as much, and relative spreads do not change.

use clv_numerics::optimise::{MinimiseOptions, hessian, minimise, polish};

use super::covariates::{CovariateWarning, Estimate};
use super::likelihood_ratio::{LikelihoodOfFit, LikelihoodRatio, likelihood_ratio};
use super::spend::{
    FittedSpend, GRADIENT_TOLERANCE, LEAST_Q, LN_BOUND, SpendWarning, fit_gamma_gamma,
};
use super::standard_errors::uncertainty;
use crate::covariates::{CovariateError, CovariateScale, StratumError};
use crate::spend::{GammaGamma, SpendObservation, SpendObservations, SpendsByCount};

/// Spend observations by the customers' covariates.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CovariateSpends {
    names: Vec<String>,
    strata: Vec<(Vec<f64>, SpendObservations)>,
    known: std::collections::HashMap<Vec<u64>, usize>,
}

impl CovariateSpends {
    /// No customers yet, of whom these covariates will be known.
    #[must_use]
    pub fn new(names: Vec<String>) -> Self {
        Self { names, ..Self::default() }
    }

    /// Adds one customer.
    ///
    /// # Errors
    /// [`StratumError`] where the values are not one finite number for each name.
    pub fn push(
        &mut self,
        covariates: &[f64],
        observation: SpendObservation,
    ) -> Result<(), StratumError> {
        if covariates.len() != self.names.len() {
            let (expected, given) = (self.names.len(), covariates.len());
            return Err(StratumError::Count { expected, given });
        }
        if let Some(at) = covariates.iter().position(|value| !value.is_finite()) {
            let (name, value) = (self.names[at].clone(), covariates[at]);
            return Err(StratumError::NotFinite { name, value });
        }
        let key = covariates.iter().map(|value| (value + 0.0).to_bits()).collect();
        let at = *self.known.entry(key).or_insert_with(|| {
            self.strata.push((covariates.to_vec(), SpendObservations::default()));
            self.strata.len() - 1
        });
        self.strata[at].1.push(observation, 1.0).expect("1 is a weight");
        Ok(())
    }

    fn rows(&self) -> Vec<(&[f64], f64)> {
        self.strata.iter().map(|(z, seen)| (z.as_slice(), seen.n_customers())).collect()
    }
}

/// Gamma-gamma with effects of covariates, with diagnostics.
#[derive(Debug, Clone, PartialEq)]
pub struct FittedCovariateSpend {
    /// The model where all covariates are 0.
    pub model: GammaGamma,
    /// The covariates' names.
    pub names: Vec<String>,
    /// The effect of each on the logarithm of spend, per unit.
    pub effects: Vec<f64>,
    /// p, q and gamma where all covariates are 0, then the effects as `spend.NAME`.
    pub estimates: Vec<Estimate>,
    /// Sum of the log-likelihoods of all customers, without penalty.
    pub log_likelihood: f64,
    /// Parameters and effects that were free.
    pub n_parameters: usize,
    /// Customers with spend.
    pub n_customers: f64,
    /// Whether the gradient came below the tolerance.
    pub converged: bool,
    /// The fit without covariates.
    pub without: FittedSpend,
    /// The test against it; none under a penalty or without effects.
    pub test: Option<LikelihoodRatio>,
    /// What to know before trusting the numbers.
    pub warnings: Vec<CovariateWarning>,
}

impl FittedCovariateSpend {
    /// What a customer's spend is multiplied by.
    #[must_use]
    pub fn factor(&self, covariates: &[f64]) -> f64 {
        let shift: f64 = self.effects.iter().zip(covariates).map(|(e, z)| e * z).sum();
        // A factor beyond e^±200 is no money.
        shift.clamp(-200.0, 200.0).exp()
    }
}

/// Fits gamma-gamma with covariates; `l2` is taken off the summed log-likelihood for each squared effect per standard
/// deviation.
///
/// # Errors
/// [`CovariateError`] where a covariate does not vary among customers with spend, or follows from others.
pub fn fit_spend_with_covariates(
    spends: &CovariateSpends,
    l2: f64,
) -> Result<FittedCovariateSpend, CovariateError> {
    if !(l2.is_finite() && l2 >= 0.0) {
        return Err(CovariateError::Penalty { value: l2 });
    }
    let mut all = SpendObservations::default();
    for (seen, weight) in spends.strata.iter().flat_map(|(_, seen)| seen.iter()) {
        all.push(*seen, weight).expect("a weight of these observations is one");
    }
    let without = fit_gamma_gamma(&all);
    let is_regular = without.warnings.is_empty()
        || matches!(without.warnings.as_slice(), [SpendWarning::NotConverged { .. }]);
    if !is_regular {
        return Ok(without_effects(spends, without));
    }
    let (names, rows) = (&spends.names, spends.rows());
    let scale = CovariateScale::of(names, &rows)?;
    let used: Vec<usize> = (0..names.len()).collect();
    scale.check_independent(names, &rows, &used)?;
    let mean = all.mean_of_means();
    let strata: Vec<(Vec<f64>, SpendsByCount)> = spends
        .strata
        .iter()
        .map(|(z, seen)| (scale.standardised(z), SpendsByCount::new(seen, 1.0 / mean)))
        .collect();
    let n_customers = without.n_customers;
    let loss = |l2: f64, point: &[f64], gradient: &mut [f64]| -> f64 {
        let (ln, effects) = point.split_at(3);
        gradient.fill(0.0);
        let mut sum = 0.0;
        for (z, seen) in &strata {
            let shift: f64 = effects.iter().zip(z).map(|(e, z)| e * z).sum();
            let values = [ln[0].exp(), ln[1].exp(), (ln[2] + shift).exp()];
            let Ok(model) = GammaGamma::new(values[0], values[1], values[2]) else {
                return f64::NAN;
            };
            let mut slopes = [0.0; 3];
            sum += model.ln_likelihood_by_count(seen, &mut slopes);
            gradient.iter_mut().zip(slopes).for_each(|(sum, slope)| *sum += slope);
            for (sum, z) in gradient[3..].iter_mut().zip(z) {
                *sum += slopes[2] * z;
            }
        }
        for (slope, effect) in gradient[3..].iter_mut().zip(effects) {
            sum -= l2 * effect * effect;
            *slope -= 2.0 * l2 * effect;
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
    let [p, q, gamma] = without.model.parameters().map(|one| one.value);
    let mut start = vec![p.ln(), q.ln(), (gamma / mean).ln()];
    start.resize(3 + names.len(), 0.0);
    let mut penalised = |point: &[f64], gradient: &mut [f64]| loss(l2, point, gradient);
    let near = minimise(&start, &mut penalised, options(1e-5));
    let found = polish(&near.point, None, &mut penalised, options(GRADIENT_TOLERANCE));
    let found = if found.value <= near.value { found } else { near };
    if found.point[1].exp() < LEAST_Q {
        return Ok(without_effects(spends, without));
    }
    let is_free: Vec<bool> = found.point.iter().map(|x| x.abs() < LN_BOUND - 1e-9).collect();
    let plain = |point: &[f64], gradient: &mut [f64]| loss(0.0, point, gradient);
    let known = uncertainty(&hessian(&found.point, plain, 1e-4), n_customers, &is_free);
    let effects: Vec<f64> =
        found.point[3..].iter().zip(&scale.deviation).map(|(e, deviation)| e / deviation).collect();
    let at_zero: f64 = effects.iter().zip(&scale.mean).map(|(e, mean)| e * mean).sum();
    let gamma = (found.point[2] - at_zero + mean.ln()).exp().clamp(f64::MIN_POSITIVE, f64::MAX);
    let model = GammaGamma::new(found.point[0].exp(), found.point[1].exp(), gamma)
        .expect("logarithms are bounded");
    // ln gamma at zero covariates is ln gamma at their mean less the effects times the mean.
    let to_zero: Vec<f64> = std::iter::repeat_n(0.0, 2)
        .chain([1.0])
        .chain(scale.mean.iter().zip(&scale.deviation).map(|(mean, deviation)| -mean / deviation))
        .collect();
    let gamma_error = known.ln_covariance.as_ref().and_then(|covariance| {
        let is_known = known
            .ln_standard_errors
            .iter()
            .zip(&to_zero)
            .all(|(e, w)| e.is_some() || w.abs() < 1e-9);
        let variance: f64 = (0..to_zero.len())
            .flat_map(|i| (0..to_zero.len()).map(move |j| (i, j)))
            .map(|(i, j)| to_zero[i] * covariance[i][j] * to_zero[j])
            .sum();
        is_known.then(|| variance.max(0.0).sqrt())
    });
    let mut estimates: Vec<Estimate> = model
        .parameters()
        .iter()
        .zip([known.ln_standard_errors[0], known.ln_standard_errors[1], gamma_error])
        .map(|(one, error)| Estimate {
            name: one.name.to_owned(),
            value: one.value,
            standard_error: error.map(|error| error * one.value),
        })
        .collect();
    for (at, name) in names.iter().enumerate() {
        estimates.push(Estimate {
            name: format!("spend.{name}"),
            value: effects[at],
            standard_error: known.ln_standard_errors[3 + at]
                .map(|error| error / scale.deviation[at]),
        });
    }
    let mut warnings = Vec::new();
    if !found.converged {
        warnings.push(CovariateWarning::NotConverged { gradient_norm: found.gradient_norm });
    }
    for at in (0..is_free.len()).filter(|&at| !is_free[at]) {
        let name = estimates[at].name.clone();
        let (value, is_effect) = (estimates[at].value, at >= 3);
        warnings.push(CovariateWarning::AtBound { name, value, is_effect });
    }
    for ridge in &known.ridges {
        let names = ridge.iter().map(|&at| estimates[at].name.clone()).collect();
        warnings.push(CovariateWarning::Ridge { names });
    }
    if l2 > 0.0 {
        warnings.push(CovariateWarning::Penalised { l2 });
    }
    let mut gradient = vec![0.0; found.point.len()];
    let sum = -n_customers * loss(0.0, &found.point, &mut gradient);
    // The likelihood is a density per unit of money.
    let log_likelihood = sum - n_customers * mean.ln();
    let n_parameters = found.point.len();
    let smaller =
        LikelihoodOfFit { log_likelihood: without.log_likelihood, n_parameters: 3, n_customers };
    let larger = LikelihoodOfFit { log_likelihood, n_parameters, n_customers };
    let test = if l2 > 0.0 { None } else { likelihood_ratio(&smaller, &larger).ok() };
    Ok(FittedCovariateSpend {
        model,
        names: names.clone(),
        effects,
        estimates,
        log_likelihood,
        n_parameters,
        n_customers,
        converged: found.converged,
        without,
        test,
        warnings,
    })
}

/// The answer where the spread of spend was not learnt: the plain fit, and no effects.
fn without_effects(spends: &CovariateSpends, without: FittedSpend) -> FittedCovariateSpend {
    let estimates = without
        .model
        .parameters()
        .iter()
        .zip(without.standard_errors)
        .map(|(one, standard_error)| Estimate {
            name: one.name.to_owned(),
            value: one.value,
            standard_error,
        })
        .collect();
    FittedCovariateSpend {
        model: without.model,
        names: spends.names.clone(),
        effects: vec![0.0; spends.names.len()],
        estimates,
        log_likelihood: without.log_likelihood,
        n_parameters: 3,
        n_customers: without.n_customers,
        converged: without.converged,
        test: None,
        warnings: vec![CovariateWarning::NoSpendEffects],
        without,
    }
}
