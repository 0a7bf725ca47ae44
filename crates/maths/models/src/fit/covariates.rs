//! Maximum likelihood of a purchase model together with the effects of covariates.
//!
//! The search moves the model's free coordinates at the mean customer and each effect per standard deviation of its
//! covariate, so that no unit of a covariate is better than another; what is reported is the model where all
//! covariates are 0 and effects per unit, with standard errors carried over by the delta method. An L2 penalty acts on
//! the effects per standard deviation; likelihood, AIC and standard errors are those of the sum over customers without
//! it.

mod search;

use std::fmt;

use clv_numerics::optimise::{Minimum, hessian};

use super::likelihood_ratio::{LikelihoodOfFit, LikelihoodRatio, likelihood_ratio};
use super::purchase::{
    FEW_REPEATERS, FitOptions, FittedPurchaseModel, fit_purchase_model, in_unit, mean_positive_age,
};
use super::standard_errors::uncertainty;
use crate::catalogue::PurchaseModelEntry;
use crate::covariates::{
    CovariateError, CovariateHistories, CovariateModel, CovariateRole, CovariateScale,
    EffectColumns,
};
use crate::purchase::MOST_PHASES;
use crate::{ParameterKind, PurchaseHistories};
pub(super) use search::Search;

/// How covariates are fitted.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct CovariateFitOptions {
    /// As for the model without covariates.
    pub fit: FitOptions,
    /// The penalty: this much is taken off the summed log-likelihood for each squared effect per standard deviation of
    /// its covariate. 0 for maximum likelihood.
    pub l2: f64,
}

/// One number that was estimated.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimate {
    /// The parameter's name, or that of the effect such as `purchase.gender`.
    pub name: String,
    /// Its value; an effect is per unit of the covariate.
    pub value: f64,
    /// Its standard error; `None` where the data do not identify it.
    pub standard_error: Option<f64>,
}

/// What to know before trusting a fit with covariates.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum CovariateWarning {
    /// The likelihood is flat along a direction, so that these are not identified one by one.
    Ridge {
        /// The names of parameters and effects.
        names: Vec<String>,
    },
    /// A parameter or an effect ran to the end of its range.
    AtBound {
        /// Its name.
        name: String,
        /// Where it stopped.
        value: f64,
        /// Whether it is the effect of a covariate.
        is_effect: bool,
    },
    /// The search ended before the gradient vanished.
    NotConverged {
        /// The largest slope of the mean log-likelihood in a free coordinate.
        gradient_norm: f64,
    },
    /// Too few customers came back for the data to say much.
    FewRepeaters {
        /// Customers with at least one repeat purchase.
        n_repeaters: f64,
    },
    /// Too few subscribers have left for the data to say how they leave.
    FewLosses {
        /// Customers who have left.
        n_lost: f64,
    },
    /// Effects were drawn towards 0.
    Penalised {
        /// The penalty.
        l2: f64,
    },
    /// The spread of spend could not be learnt, so that there are no effects on it.
    NoSpendEffects,
}

impl fmt::Display for CovariateWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ridge { names } => write!(
                f,
                "the data do not identify {} one by one: a change of one is made up for by the others; forecasts for \
                 customers like these still hold, the numbers by themselves mean little",
                names.join(", ")
            ),
            Self::AtBound { name, value, is_effect: true } => write!(
                f,
                "{name} ran to the end of its range at {value:.4e}: nothing in the data bounds it, as where nobody with that \
                 trait bought again or nobody without it did; leave it out or draw it in with --l2"
            ),
            Self::AtBound { name, value, is_effect: false } => write!(
                f,
                "{name} ran to the end of its range at {value:.4e}: the data prefer a model without it; forecasts still hold"
            ),
            Self::NotConverged { gradient_norm } => write!(
                f,
                "the search ended before the likelihood was flat (largest slope {gradient_norm:.1e} a customer): take the \
                 parameters and effects as approximate"
            ),
            Self::FewRepeaters { n_repeaters } => write!(
                f,
                "only {n_repeaters:.0} of the customers bought again: expect wide uncertainty, whatever the standard errors \
                 say"
            ),
            Self::FewLosses { n_lost } => write!(
                f,
                "only {n_lost:.0} of the customers have left: expect wide uncertainty, whatever the standard errors say"
            ),
            Self::Penalised { l2 } => write!(
                f,
                "effects were drawn towards 0 by an L2 penalty of {l2}; likelihood, AIC and standard errors are those of the \
                 sum without it, and standard errors do not know of the bias"
            ),
            Self::NoSpendEffects => write!(
                f,
                "too few customers with repeat spend, or a spread of spend without a reliable mean: covariates were left out \
                 of the spend model"
            ),
        }
    }
}

/// A purchase model with covariates at its maximum, with diagnostics.
#[derive(Debug, Clone)]
pub struct FittedCovariateModel {
    /// The model with its effects.
    pub model: CovariateModel,
    /// Parameters where all covariates are 0, then effects on purchases, then on dropout.
    pub estimates: Vec<Estimate>,
    /// Covariance of the estimates, parameters in their free coordinates (logarithms where they are positive), along the
    /// directions the data identify; `None` if nothing is.
    pub covariance: Option<Vec<Vec<f64>>>,
    /// Sum of the log-likelihoods of all customers in the unit of the histories, without penalty.
    pub log_likelihood: f64,
    /// Parameters and effects that were free; equal effects count once.
    pub n_parameters: usize,
    /// Customers: the sum of weights.
    pub n_customers: f64,
    /// Distinct histories within strata.
    pub n_histories: usize,
    /// Whether the gradient came below the tolerance.
    pub converged: bool,
    /// The largest slope of the mean (penalised) log-likelihood in a free coordinate.
    pub gradient_norm: f64,
    /// Mean and standard deviation of the covariates.
    pub scale: CovariateScale,
    /// The same model fitted to the same customers without covariates.
    pub without: FittedPurchaseModel,
    /// The test against it; `None` under a penalty, where the statistic is not chi-squared.
    pub test: Option<LikelihoodRatio>,
    /// What to know before trusting the numbers.
    pub warnings: Vec<CovariateWarning>,
}

impl FittedCovariateModel {
    /// Akaike's criterion: twice the number of free parameters minus twice the log-likelihood.
    #[must_use]
    pub fn aic(&self) -> f64 {
        2.0 * self.n_parameters as f64 - 2.0 * self.log_likelihood
    }

    /// What other fits are compared with by [`likelihood_ratio`].
    #[must_use]
    pub fn likelihood(&self) -> LikelihoodOfFit {
        LikelihoodOfFit {
            log_likelihood: self.log_likelihood,
            n_parameters: self.n_parameters,
            n_customers: self.n_customers,
        }
    }

    /// The estimate of that name.
    #[must_use]
    pub fn estimate(&self, name: &str) -> Option<&Estimate> {
        self.estimates.iter().find(|estimate| estimate.name == name)
    }
}

/// Fits the model of `entry` with the covariates of `histories`, which act as `roles` say, one for each covariate.
/// Groups are ignored: [`fit_pooled`](super::fit_pooled) is for them.
///
/// # Errors
/// [`CovariateError`] where covariates cannot be told apart or have nothing to act on, or there is nobody.
///
/// ```
/// use clv_models::catalogue::purchase_model;
/// use clv_models::covariates::{CovariateHistories, CovariateRole};
/// use clv_models::fit::{CovariateFitOptions, fit_with_covariates};
/// use clv_models::PurchaseHistory;
/// let mut histories = CovariateHistories::new(vec!["is_member".to_owned()], Vec::new());
/// for (member, x, t_x, n) in [(0.0, 0, 0.0, 60.0), (0.0, 2, 20.0, 20.0), (1.0, 0, 0.0, 25.0), (1.0, 4, 30.0, 30.0)] {
///     histories.push(&[member], None, PurchaseHistory::new(x, t_x, 39.0)?, n)?;
/// }
/// let entry = purchase_model("nbd").expect("in the catalogue");
/// let roles = [CovariateRole::Purchase];
/// let fitted = fit_with_covariates(entry, &histories, &roles, &CovariateFitOptions::default())?;
/// assert!(fitted.converged && fitted.estimate("purchase.is_member").is_some_and(|effect| effect.value > 0.5));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn fit_with_covariates(
    entry: &'static PurchaseModelEntry,
    histories: &CovariateHistories,
    roles: &[CovariateRole],
    options: &CovariateFitOptions,
) -> Result<FittedCovariateModel, CovariateError> {
    if !(options.l2.is_finite() && options.l2 >= 0.0) {
        return Err(CovariateError::Penalty { value: options.l2 });
    }
    let merged = histories.without_covariates();
    let without = fit_purchase_model(entry, &merged, &options.fit)
        .map_err(|_| CovariateError::NoCustomers { model: entry.id })?;
    let scale = CovariateScale::of(histories.names(), &histories.rows())?;
    let (columns, shifts) = EffectColumns::new(entry, histories, roles, &scale)?;
    let time_unit = search_unit(entry, &merged);
    let scaled = histories.map(|histories| in_unit(histories, time_unit));
    let search = Search::new(entry, shifts, &columns, &scale, &scaled);
    let centre: Vec<f64> = without.model().parameters().iter().map(|one| one.value).collect();
    let starts = [centre, (entry.start)(&merged)].map(|values| {
        let mut free: Vec<f64> = values
            .iter()
            .zip(entry.kinds)
            .map(|(value, kind)| kind.free(kind.in_unit(*value, time_unit)))
            .collect();
        free.resize(free.len() + columns.n_slots, 0.0);
        free
    });
    let minimum = match search.whole() {
        None => search.minimum(&starts, options),
        Some(at) => best_whole(&search, at, &starts[0], options),
    };
    Ok(describe(&search, &minimum, time_unit, without, options))
}

/// The unit of time in which a search runs: models of whole periods keep theirs.
pub(super) fn search_unit(entry: &PurchaseModelEntry, histories: &PurchaseHistories) -> f64 {
    if entry.is_discrete() { 1.0 } else { mean_positive_age(histories) }
}

/// The best minimum over the whole number at `at`: from that of the fit without covariates up and down while the
/// likelihood rises. Traits may explain part of what looked like irregular buying, so that the number may change.
fn best_whole(
    search: &Search<'_>,
    at: usize,
    start: &[f64],
    options: &CovariateFitOptions,
) -> Minimum {
    let mut best = search.minimum(std::slice::from_ref(&start.to_vec()), options);
    for step in [1.0, -1.0] {
        loop {
            let whole = best.point[at] + step;
            if !(1.0..=f64::from(MOST_PHASES)).contains(&whole) {
                break;
            }
            let mut from = best.point.clone();
            // As many ticks for each purchase as phases: the clock is to run faster by as much.
            for (x, kind) in from.iter_mut().zip(search.entry.kinds) {
                if *kind == ParameterKind::Time {
                    *x += (best.point[at] / whole).ln();
                }
            }
            from[at] = whole;
            let found = search.minimum(&[from], options);
            if found.value.is_nan() || found.value >= best.value {
                break;
            }
            best = found;
        }
    }
    best
}

/// The log-likelihood in the unit of the histories from that in units of `time_unit`: one factor of the unit for each
/// repeat purchase.
pub(super) fn in_own_unit(
    log_likelihood: f64,
    histories: &CovariateHistories,
    time_unit: f64,
) -> f64 {
    let strata = histories.strata().iter();
    let n_repeats: f64 = strata
        .flat_map(|stratum| stratum.histories().iter())
        .map(|(history, weight)| weight * f64::from(history.repeat_purchases()))
        .sum();
    log_likelihood - n_repeats * time_unit.ln()
}

/// Customers who came back.
pub(super) fn n_repeaters(histories: &CovariateHistories) -> f64 {
    let strata = histories.strata().iter();
    strata
        .flat_map(|stratum| stratum.histories().iter())
        .filter(|(history, _)| history.repeat_purchases() > 0)
        .map(|(_, weight)| weight)
        .sum()
}

fn describe(
    search: &Search<'_>,
    minimum: &Minimum,
    time_unit: f64,
    without: FittedPurchaseModel,
    options: &CovariateFitOptions,
) -> FittedCovariateModel {
    let (entry, histories) = (search.entry, search.pass.histories);
    let n_customers = histories.n_customers();
    let names = search.names();
    let mut warnings = Vec::new();
    if !minimum.converged {
        warnings.push(CovariateWarning::NotConverged { gradient_norm: minimum.gradient_norm });
    }
    let bound = options.fit.free_bound - 1e-9;
    let is_inside = |at: usize| search.pass.is_held(at) || minimum.point[at].abs() < bound;
    let is_free: Vec<bool> =
        (0..minimum.point.len()).map(|at| is_inside(at) && !search.pass.is_held(at)).collect();
    let unpenalised = |point: &[f64], gradient: &mut [f64]| search.loss(point, 0.0, gradient);
    let known = uncertainty(&hessian(&minimum.point, unpenalised, 1e-4), n_customers, &is_free);
    let reported = search.reported(&minimum.point);
    let is_identified: Vec<bool> = known.ln_standard_errors.iter().map(Option::is_some).collect();
    let covariance = known.ln_covariance.as_ref().map(|moved| reported.covariance(moved));
    let estimates = reported.estimates(entry, time_unit, covariance.as_ref(), &is_identified);
    for at in (0..names.len()).filter(|&at| !is_inside(at)) {
        let is_effect = at >= search.n_base();
        let value = if is_effect { minimum.point[at] } else { estimates[at].value };
        warnings.push(CovariateWarning::AtBound { name: names[at].clone(), value, is_effect });
    }
    for ridge in &known.ridges {
        let names = ridge.iter().map(|&at| names[at].clone()).collect();
        warnings.push(CovariateWarning::Ridge { names });
    }
    let n_repeaters = n_repeaters(histories);
    if n_repeaters < FEW_REPEATERS {
        warnings.push(CovariateWarning::FewRepeaters { n_repeaters });
    }
    if options.l2 > 0.0 {
        warnings.push(CovariateWarning::Penalised { l2: options.l2 });
    }
    let base = estimates[..search.n_base()].iter().map(|estimate| estimate.value).collect();
    let (purchase, dropout) = (reported.purchase.clone(), reported.dropout.clone());
    let model = CovariateModel::new(entry, base, histories.names().to_vec(), purchase, dropout)
        .expect("values within the bounds of free coordinates are parameters");
    let mut gradient = vec![0.0; minimum.point.len()];
    let sum = -n_customers * search.loss(&minimum.point, 0.0, &mut gradient);
    let mut fitted = FittedCovariateModel {
        model,
        estimates,
        covariance,
        log_likelihood: in_own_unit(sum, histories, time_unit),
        n_parameters: minimum.point.len(),
        n_customers,
        n_histories: histories.n_histories(),
        converged: minimum.converged,
        gradient_norm: minimum.gradient_norm,
        scale: search.scale.clone(),
        test: None,
        without,
        warnings,
    };
    if options.l2 <= 0.0 {
        let smaller = fitted.without.likelihood();
        fitted.test = likelihood_ratio(&smaller, &fitted.likelihood()).ok();
    }
    fitted
}
