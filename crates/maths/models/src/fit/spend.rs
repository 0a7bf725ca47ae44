//! Maximum likelihood for the gamma-gamma model that always answers.
//!
//! Amounts are divided by their mean before the search and the answer is scaled back, so that the currency does
//! not matter. Three kinds of data leave the likelihood without a usable maximum. Where the best q is at or
//! below 1 the population has no mean; the fit is then repeated with the population mean held at the observed
//! one, gamma = mean (q - 1) / p. Where fewer than three customers came back, or all spent the same, nothing
//! can be learned about the spread; the answer is then the observed mean with a wide prior around it.

use clv_numerics::optimise::{MinimiseOptions, Minimum, hessian, minimise, polish};

use super::standard_errors::uncertainty;
use crate::spend::{GammaGamma, SpendObservations, SpendsByCount};

/// Least q at which the population mean is trusted; below it the mean hangs on a tail nobody observed.
pub(super) const LEAST_Q: f64 = 1.1;
/// Fewest customers to learn a spread from.
const FEWEST_CUSTOMERS: f64 = 3.0;
/// Parameters stay within a factor of e to this power of 1, money in units of the mean.
pub(super) const LN_BOUND: f64 = 14.0;
/// Slope of the mean log-likelihood in a logarithm at which the search is done.
pub(super) const GRADIENT_TOLERANCE: f64 = 1e-10;
/// Above this many rows the search begins on about as many of them.
const SUBSAMPLE_ROWS: usize = 20_000;
/// The prior where the data say nothing: customers' means spread by 1 / sqrt(q - 2) = 0.7 of their mean, and
/// purchases by 1 / sqrt(p) = 0.7 of theirs, about as in shops that do have rebuyers.
const WIDE_PRIOR: (f64, f64) = (2.0, 4.0);

/// What to know before trusting a fitted spend model.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum SpendWarning {
    /// Nobody bought again: there is no amount to learn from, so spend is 1 unit of money.
    NoCustomers,
    /// Too few customers, or no spread among them: their mean with a wide prior.
    PooledMean {
        /// How many customers there were.
        n_customers: f64,
    },
    /// The likelihood's best q has no population mean; the population mean was held at the observed one.
    HeldMean {
        /// The best q without the constraint.
        free_q: f64,
        /// The mean it was held at.
        mean: f64,
    },
    /// Everybody has the same number of purchases: spread between customers and between purchases are taken as equal.
    OneCount {
        /// That number.
        n_purchases: u32,
    },
    /// The search ended before the gradient vanished, or at the end of a parameter's range.
    NotConverged {
        /// The largest slope of the mean log-likelihood in the logarithm of a parameter.
        gradient_norm: f64,
    },
}

impl std::fmt::Display for SpendWarning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoCustomers => write!(
                f,
                "no purchases with an amount above 0 to learn spend from: one unit of money stands in"
            ),
            Self::PooledMean { n_customers } => write!(
                f,
                "{n_customers} customers with spend, or all the same amount: everybody gets nearly the mean, with a wide \
                 prior"
            ),
            Self::HeldMean { free_q, mean } => write!(
                f,
                "the likelihood prefers q = {free_q:.3}, where the population has no reliable mean: it was held at the \
                 observed mean {mean:.2}"
            ),
            Self::OneCount { n_purchases } => write!(
                f,
                "everybody has {n_purchases} repeat purchases, so that spread between customers and between purchases \
                 cannot be told apart: they are taken as equal"
            ),
            Self::NotConverged { gradient_norm } => write!(
                f,
                "the search ended at a slope of {gradient_norm:.1e} or at the end of a range: take the parameters as \
                 approximate"
            ),
        }
    }
}

/// A spend model at its maximum likelihood, with diagnostics.
#[derive(Debug, Clone, PartialEq)]
pub struct FittedSpend {
    /// The model at the fitted parameters.
    pub model: GammaGamma,
    /// Sum of the log-likelihoods of all customers, in the unit of money of the observations.
    pub log_likelihood: f64,
    /// Customers: the sum of weights.
    pub n_customers: f64,
    /// Whether the gradient came below the tolerance inside the parameters' range.
    pub converged: bool,
    /// Standard errors of p, q and gamma; `None` where the data do not identify one, or it was not estimated.
    pub standard_errors: [Option<f64>; 3],
    /// Covariance of the logarithms of p, q and gamma; `None` where nothing was estimated freely.
    pub ln_covariance: Option<Vec<Vec<f64>>>,
    /// What to know before trusting the parameters.
    pub warnings: Vec<SpendWarning>,
}

/// Fits gamma-gamma to customers with at least one purchase that counts for spend.
///
/// Always answers with a model whose expectations are finite and above 0; the warnings say where it had to help
/// itself.
///
/// ```
/// use clv_models::fit::spend::fit_gamma_gamma;
/// use clv_models::spend::{SpendObservation, SpendObservations};
/// let mut observations = SpendObservations::default();
/// observations.push(SpendObservation::new(1, 40.0)?, 1.0)?;
/// let fitted = fit_gamma_gamma(&observations);
/// assert!((fitted.model.expected_spend(None) - 40.0).abs() < 1e-9 && !fitted.warnings.is_empty());
/// # Ok::<(), clv_models::spend::SpendError>(())
/// ```
#[must_use]
pub fn fit_gamma_gamma(observations: &SpendObservations) -> FittedSpend {
    let mean = observations.mean_of_means();
    if observations.is_empty() || mean <= 0.0 {
        return pooled(observations, 1.0, SpendWarning::NoCustomers);
    }
    let n_customers = observations.n_customers();
    if n_customers < FEWEST_CUSTOMERS || observations.len() < 2 || !has_spread(observations, mean) {
        return pooled(observations, mean, SpendWarning::PooledMean { n_customers });
    }
    let spends = SpendsByCount::new(observations, 1.0 / mean);
    let loss = |spends: &SpendsByCount, ln: &[f64], gradient: &mut [f64]| {
        let mut full = [0.0; 3];
        let value = mean_loss(spends, [ln[0], ln[1], ln[2]], &mut full);
        gradient.copy_from_slice(&full);
        value
    };
    let free = search(&[1.0, 1.0, 1.0], &spends, loss);
    let free_q = free.point[1].exp();
    if free_q < LEAST_Q {
        return held_mean(&spends, mean, free_q);
    }
    let loss = |ln: &[f64], gradient: &mut [f64]| loss(&spends, ln, gradient);
    let is_free: Vec<bool> = free.point.iter().map(|ln| ln.abs() < LN_BOUND).collect();
    let found = uncertainty(&hessian(&free.point, loss, 1e-4), n_customers, &is_free);
    let ln = [free.point[0], free.point[1], free.point[2]];
    let model = at(ln, mean);
    let mut standard_errors = [None; 3];
    for (standard_error, (parameter, ln_error)) in
        standard_errors.iter_mut().zip(model.parameters().iter().zip(&found.ln_standard_errors))
    {
        *standard_error = ln_error.map(|ln_error| ln_error * parameter.value);
    }
    let converged = free.converged && is_free.iter().all(|&is_free| is_free);
    let mut fitted = answer(&spends, model, mean, converged);
    fitted.standard_errors = standard_errors;
    fitted.ln_covariance = found.ln_covariance;
    if !converged {
        fitted.warnings.push(SpendWarning::NotConverged { gradient_norm: free.gradient_norm });
    }
    fitted
}

/// Mean negative log-likelihood and its gradient in the logarithms.
fn mean_loss(spends: &SpendsByCount, ln: [f64; 3], gradient: &mut [f64; 3]) -> f64 {
    let [p, q, gamma] = ln.map(f64::exp);
    let Ok(model) = GammaGamma::new(p, q, gamma) else { return f64::NAN };
    let n_customers = spends.n_customers();
    let sum = model.ln_likelihood_by_count(spends, gradient);
    gradient.iter_mut().for_each(|slope| *slope /= -n_customers);
    -sum / n_customers
}

/// The minimum of `loss` over all rows; where there are many, most of the way is walked on a part of them, whose
/// curvature the last steps start from.
fn search(
    start: &[f64],
    spends: &SpendsByCount,
    loss: impl Fn(&SpendsByCount, &[f64], &mut [f64]) -> f64,
) -> Minimum {
    let options = |gradient_tolerance| MinimiseOptions {
        lower: -LN_BOUND,
        upper: LN_BOUND,
        gradient_tolerance,
        max_evaluations: 200,
    };
    let part = spends.thinned(SUBSAMPLE_ROWS);
    let rows = part.as_ref().unwrap_or(spends);
    let on_rows = |ln: &[f64], gradient: &mut [f64]| loss(rows, ln, gradient);
    let near = minimise(start, on_rows, options(1e-5));
    let on_all = |ln: &[f64], gradient: &mut [f64]| loss(spends, ln, gradient);
    if part.is_some() {
        let near = polish(&near.point, None, on_rows, options(1e-8));
        let curvature = hessian(&near.point, on_rows, 1e-4);
        return polish(&near.point, Some(curvature), on_all, options(GRADIENT_TOLERANCE));
    }
    let found = polish(&near.point, None, on_all, options(GRADIENT_TOLERANCE));
    if found.value <= near.value { found } else { near }
}

/// The fit under gamma = mean (q - 1) / p, in the logarithms of p and q - 1; q stays at least [`LEAST_Q`].
fn held_mean(spends: &SpendsByCount, mean: f64, free_q: f64) -> FittedSpend {
    let parameters = |ln: &[f64]| {
        let q = LEAST_Q + ln[1].exp();
        [ln[0], q.ln(), (q - 1.0).ln() - ln[0]]
    };
    let found = search(&[0.5, 0.0], spends, |spends, ln, gradient| {
        let mut full = [0.0; 3];
        let value = mean_loss(spends, parameters(ln), &mut full);
        let above = ln[1].exp();
        let q = LEAST_Q + above;
        gradient[0] = full[0] - full[2];
        gradient[1] = full[1] * above / q + full[2] * above / (q - 1.0);
        value
    });
    let model = at(parameters(&found.point), mean);
    let mut fitted = answer(spends, model, mean, found.converged);
    fitted.warnings.push(SpendWarning::HeldMean { free_q, mean });
    if !found.converged {
        fitted.warnings.push(SpendWarning::NotConverged { gradient_norm: found.gradient_norm });
    }
    fitted
}

/// The observed mean with a wide prior.
fn pooled(observations: &SpendObservations, mean: f64, warning: SpendWarning) -> FittedSpend {
    let (p, q) = WIDE_PRIOR;
    let model = at([p.ln(), q.ln(), ((q - 1.0) / p).ln()], mean);
    let spends = SpendsByCount::new(observations, 1.0 / mean);
    let mut fitted = answer(&spends, model, mean, false);
    fitted.warnings.push(warning);
    fitted
}

/// The model at scaled parameters, its gamma scaled back to money.
fn at(ln: [f64; 3], mean: f64) -> GammaGamma {
    let gamma = (ln[2].exp() * mean).clamp(f64::MIN_POSITIVE, f64::MAX);
    GammaGamma::new(ln[0].exp(), ln[1].exp(), gamma).expect("logarithms are bounded")
}

/// The answer at a model in money, of spends in units of their mean.
fn answer(spends: &SpendsByCount, model: GammaGamma, mean: f64, converged: bool) -> FittedSpend {
    let [p, q, gamma] = model.parameters().map(|parameter| parameter.value);
    let in_means = GammaGamma::new(p, q, (gamma / mean).clamp(f64::MIN_POSITIVE, f64::MAX))
        .expect("a positive gamma stays one in another unit");
    let n_customers = spends.n_customers();
    // The likelihood is a density per unit of money.
    let log_likelihood =
        in_means.ln_likelihood_by_count(spends, &mut [0.0; 3]) - n_customers * mean.ln();
    FittedSpend {
        model,
        log_likelihood,
        n_customers,
        converged,
        standard_errors: [None; 3],
        ln_covariance: None,
        warnings: Vec::new(),
    }
}

/// Whether customers differ by more than rounding of a currency's cents would.
fn has_spread(observations: &SpendObservations, mean: f64) -> bool {
    let squares: f64 = observations
        .iter()
        .map(|(seen, weight)| weight * (seen.mean_spend() / mean - 1.0).powi(2))
        .sum();
    (squares / observations.n_customers()).sqrt() > 1e-6
}
