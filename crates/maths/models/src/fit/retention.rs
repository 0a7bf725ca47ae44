//! Maximum likelihood for the retention models, with intervals for whatever follows from the curve.

use std::sync::Arc;

use clv_numerics::distribution::normal_quantile;
use clv_numerics::log_space::logistic;
use clv_numerics::optimise::{MinimiseOptions, Minimum, hessian, minimise, polish};

use super::FitWarning;
use super::standard_errors::uncertainty;
use crate::retention::{RetentionModel, RetentionModelEntry, Tenures};

/// Logarithms of parameters stay between minus this and this.
pub(super) const LN_BOUND: f64 = 12.0;
/// Converged when no slope of the mean log-likelihood in a logarithm is larger.
pub(super) const GRADIENT_TOLERANCE: f64 = 1e-10;
/// Below this many customers who have left, standard errors from curvature are not to be trusted.
pub(super) const FEW_LOSSES: f64 = 20.0;
/// Step of the differences that carry a covariance over to what follows from the parameters.
const LN_STEP: f64 = 1e-5;

/// Why there is no fit.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RetentionFitError {
    /// Nobody, or nobody who has met a renewal occasion.
    #[error("nobody has met a renewal yet, so there is nothing to fit {model} to")]
    NoOccasions {
        /// The model's id.
        model: &'static str,
    },
}

/// A retention model at its maximum likelihood, with diagnostics.
#[derive(Debug, Clone)]
pub struct FittedRetention {
    model: Arc<dyn RetentionModel>,
    entry: &'static RetentionModelEntry,
    log_likelihood: f64,
    n_customers: f64,
    n_distinct: usize,
    converged: bool,
    standard_errors: Vec<Option<f64>>,
    ln_covariance: Option<Vec<Vec<f64>>>,
    warnings: Vec<FitWarning>,
}

impl FittedRetention {
    /// The model at the fitted parameters.
    #[must_use]
    pub fn model(&self) -> &Arc<dyn RetentionModel> {
        &self.model
    }

    /// Sum of the log-likelihoods of all customers.
    #[must_use]
    pub fn log_likelihood(&self) -> f64 {
        self.log_likelihood
    }

    /// Akaike's criterion: twice the number of parameters minus twice the log-likelihood.
    #[must_use]
    pub fn aic(&self) -> f64 {
        2.0 * self.standard_errors.len() as f64 - 2.0 * self.log_likelihood
    }

    /// Customers: the sum of weights.
    #[must_use]
    pub fn n_customers(&self) -> f64 {
        self.n_customers
    }

    /// Distinct tenures.
    #[must_use]
    pub fn n_distinct(&self) -> usize {
        self.n_distinct
    }

    /// Whether the gradient vanished.
    #[must_use]
    pub fn converged(&self) -> bool {
        self.converged
    }

    /// Standard error of each parameter, by the delta method; `None` where the data do not identify it.
    #[must_use]
    pub fn standard_errors(&self) -> &[Option<f64>] {
        &self.standard_errors
    }

    /// Covariance of the parameters' logarithms along the directions that the data identify; `None` where there is
    /// none.
    #[must_use]
    pub fn ln_covariance(&self) -> Option<&Vec<Vec<f64>>> {
        self.ln_covariance.as_ref()
    }

    /// What to know before trusting the parameters.
    #[must_use]
    pub fn warnings(&self) -> &[FitWarning] {
        &self.warnings
    }

    /// An interval of `level` for a probability that follows from the model, by the delta method on the log-odds, so
    /// that it stays between 0 and 1; `None` where nothing is identified or the probability is 0 or 1.
    ///
    /// Parameter uncertainty only: what any customer or a small cohort will do varies more.
    #[must_use]
    pub fn probability_interval(
        &self,
        of: impl Fn(&dyn RetentionModel) -> f64,
        level: f64,
    ) -> Option<(f64, f64)> {
        let log_odds = |model: &dyn RetentionModel| {
            let probability = of(model);
            probability.ln() - (-probability).ln_1p()
        };
        let (middle, error) = self.with_standard_error(log_odds)?;
        let z = normal_quantile(0.5 + 0.5 * level);
        Some((logistic(middle - z * error), logistic(middle + z * error)))
    }

    /// An interval of `level` for a positive number that follows from the model, such as expected renewals, by the
    /// delta method on its logarithm; `None` where nothing is identified or the number is not positive and finite.
    #[must_use]
    pub fn positive_interval(
        &self,
        of: impl Fn(&dyn RetentionModel) -> f64,
        level: f64,
    ) -> Option<(f64, f64)> {
        let (middle, error) = self.with_standard_error(|model| of(model).ln())?;
        let z = normal_quantile(0.5 + 0.5 * level);
        Some(((middle - z * error).exp(), (middle + z * error).exp()))
    }

    fn with_standard_error(&self, of: impl Fn(&dyn RetentionModel) -> f64) -> Option<(f64, f64)> {
        let covariance = self.ln_covariance.as_ref()?;
        let values: Vec<f64> = self.model.parameters().iter().map(|one| one.value).collect();
        let at = |i: usize, step: f64| {
            let mut shifted = values.clone();
            shifted[i] *= step.exp();
            (self.entry.build)(&shifted).map_or(f64::NAN, |model| of(model.as_ref()))
        };
        let slopes: Vec<f64> = (0..values.len())
            .map(|i| (at(i, LN_STEP) - at(i, -LN_STEP)) / (2.0 * LN_STEP))
            .collect();
        let mut variance = 0.0;
        for (row, slope) in covariance.iter().zip(&slopes) {
            for (entry, other) in row.iter().zip(&slopes) {
                variance += slope * entry * other;
            }
        }
        let middle = of(self.model.as_ref());
        let error = variance.max(0.0).sqrt();
        (middle.is_finite() && error.is_finite()).then_some((middle, error))
    }
}

/// Fits the model of `entry` to `tenures`.
///
/// Always gives an answer where somebody has met a renewal: converged, or with warnings that say what is wrong.
///
/// # Errors
/// [`RetentionFitError::NoOccasions`] where nobody has.
///
/// ```
/// use clv_models::catalogue::retention_model;
/// use clv_models::fit::fit_retention_model;
/// use clv_models::retention::Tenures;
/// let mut tenures = Tenures::default();
/// tenures.add_cohort(&[1000.0, 631.0, 468.0, 382.0, 326.0, 289.0, 262.0, 241.0])?;
/// let fitted = fit_retention_model(retention_model("sbg").expect("in the catalogue"), &tenures)?;
/// assert!(fitted.converged() && (fitted.log_likelihood() + 1680.265).abs() < 1e-3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn fit_retention_model(
    entry: &'static RetentionModelEntry,
    tenures: &Tenures,
) -> Result<FittedRetention, RetentionFitError> {
    if tenures.occasions().0 <= 0.0 {
        return Err(RetentionFitError::NoOccasions { model: entry.id });
    }
    let n_customers = tenures.n_customers();
    let mut loss = |ln: &[f64], gradient: &mut [f64]| {
        let values: Vec<f64> = ln.iter().map(|ln| ln.exp()).collect();
        let Ok(model) = (entry.build)(&values) else { return f64::NAN };
        let sum = model.ln_likelihood_sum(tenures, gradient);
        gradient.iter_mut().for_each(|slope| *slope /= -n_customers);
        -sum / n_customers
    };
    let minimum = search(&(entry.start)(tenures), &mut loss);
    let mut warnings = Vec::new();
    if !minimum.converged {
        warnings.push(FitWarning::NotConverged { gradient_norm: minimum.gradient_norm });
    }
    let values: Vec<f64> = minimum.point.iter().map(|ln| ln.exp()).collect();
    let is_free: Vec<bool> = minimum.point.iter().map(|ln| ln.abs() < LN_BOUND - 1e-9).collect();
    for ((parameter, value), is_free) in entry.parameter_names.iter().zip(&values).zip(&is_free) {
        if !is_free {
            warnings.push(FitWarning::AtBound { parameter, value: *value });
        }
    }
    let known = uncertainty(&hessian(&minimum.point, &mut loss, 1e-4), n_customers, &is_free);
    for ridge in &known.ridges {
        let parameters = ridge.iter().map(|&i| entry.parameter_names[i]).collect();
        warnings.push(FitWarning::Ridge { parameters });
    }
    if tenures.n_lost() < FEW_LOSSES {
        warnings.push(FitWarning::FewLosses { n_lost: tenures.n_lost() });
    }
    let standard_errors = known
        .ln_standard_errors
        .iter()
        .zip(&values)
        .map(|(error, value)| error.map(|error| error * value))
        .collect();
    Ok(FittedRetention {
        model: Arc::from((entry.build)(&values).expect("exponentials of bounded numbers")),
        entry,
        log_likelihood: -minimum.value * n_customers,
        n_customers,
        n_distinct: tenures.n_distinct(),
        converged: minimum.converged,
        standard_errors,
        ln_covariance: known.ln_covariance,
        warnings,
    })
}

/// The best of searches from the start and from places well away from it: with c a likelihood may have two hills.
fn search(start: &[f64], loss: &mut impl FnMut(&[f64], &mut [f64]) -> f64) -> Minimum {
    let options = |gradient_tolerance| MinimiseOptions {
        lower: -LN_BOUND,
        upper: LN_BOUND,
        gradient_tolerance,
        max_evaluations: 300,
    };
    let shifts = [[0.0; 3], [-1.5, -1.5, 0.7], [1.5, 1.5, -0.7]];
    let mut best: Option<Minimum> = None;
    for shift in shifts {
        let ln: Vec<f64> = start.iter().zip(shift).map(|(value, by)| value.ln() + by).collect();
        let near = minimise(&ln, &mut *loss, options(1e-6));
        let found = polish(&near.point, None, &mut *loss, options(GRADIENT_TOLERANCE));
        let margin = 1e-11 * found.value.abs().max(1.0);
        let is_better = best.as_ref().is_none_or(|best| {
            found.value < best.value - margin
                || (found.value < best.value + margin && found.converged && !best.converged)
        });
        if is_better {
            best = Some(found);
        }
    }
    best.expect("there is at least one start")
}
