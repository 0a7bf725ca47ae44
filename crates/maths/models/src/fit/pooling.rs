//! Partial pooling: every group has effects of its own, drawn from a normal law whose spread is learnt from all groups.
//!
//! A group's effects u shift its customers' purchases and dropout; u is normal around 0 with a standard deviation that
//! is estimated. Small groups borrow strength: what their own few customers say is weighed against the spread between
//! groups. For given spreads the joint likelihood of parameters and effects is maximised by Newton's method, whose
//! Hessian has the shape of an arrow, so that its cost grows with the number of groups only linearly; the spreads
//! maximise the marginal likelihood of the quadratic around that maximum ([BreslowClayton1993]), and the two steps
//! repeat until nothing moves. The marginal log-likelihood reported is Laplace's approximation.

mod arrow;
mod climb;
mod spread;

use arrow::Arrow;
use climb::Pool;
use clv_numerics::distribution::gamma_survival;

use super::covariates::{
    CovariateFitOptions, Estimate, FittedCovariateModel, Search, fit_with_covariates, in_own_unit,
    search_unit,
};
use super::purchase::in_unit;
use super::standard_errors::uncertainty;
use crate::catalogue::PurchaseModelEntry;
use crate::covariates::{
    CovariateError, CovariateHistories, CovariateModel, CovariateRole, CovariateScale,
    EffectColumns, EffectTarget, GroupShift,
};

/// How groups are pooled.
#[derive(Debug, Clone, PartialEq)]
pub struct PoolingOptions {
    /// As for the covariates, which may be none.
    pub covariates: CovariateFitOptions,
    /// What groups differ in.
    pub targets: Vec<EffectTarget>,
}

/// One effect of one group.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupEstimate {
    /// What it acts on.
    pub target: EffectTarget,
    /// The effect: e to this power times the population's rate (for dropout probabilities, on the logit scale).
    pub value: f64,
    /// Its standard error, that of the population's parameters included.
    pub standard_error: f64,
    /// How far it was drawn towards the population: 1 where the group's own customers say nothing, near 0 where they
    /// decide alone. Variance left over variance between groups.
    pub shrinkage: f64,
}

/// What is known of one group.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupFit {
    /// The group.
    pub name: String,
    /// Its customers.
    pub n_customers: f64,
    /// Its effects, in the order of the targets.
    pub effects: Vec<GroupEstimate>,
}

/// A partially pooled fit.
#[derive(Debug, Clone)]
pub struct FittedPooledModel {
    /// The model with the effects of covariates and groups.
    pub model: CovariateModel,
    /// Parameters and effects of covariates for the population.
    pub estimates: Vec<Estimate>,
    /// Covariance of the estimates, as in [`FittedCovariateModel`].
    pub covariance: Option<Vec<Vec<f64>>>,
    /// Standard deviation of the groups' effects for each target; 0 where no difference is visible.
    pub spreads: Vec<(EffectTarget, f64)>,
    /// The groups that have customers.
    pub groups: Vec<GroupFit>,
    /// Laplace's approximation of the marginal log-likelihood, in the unit of the histories.
    pub log_likelihood: f64,
    /// Parameters, effects of covariates and spreads.
    pub n_parameters: usize,
    /// Whether parameters, effects and spreads came to rest.
    pub converged: bool,
    /// Twice the log-likelihood gained over no pooling, and its p-value: a mix of chi-squared laws, because a spread
    /// cannot be below 0 ([SelfLiang1987]).
    pub test: (f64, f64),
    /// The fit without groups.
    pub unpooled: FittedCovariateModel,
    /// Parameters and effects that are not identified one by one, by direction.
    pub ridges: Vec<Vec<String>>,
}

impl FittedPooledModel {
    /// Akaike's criterion on the marginal log-likelihood.
    #[must_use]
    pub fn aic(&self) -> f64 {
        2.0 * self.n_parameters as f64 - 2.0 * self.log_likelihood
    }
}

/// Fits the model of `entry` with covariates as `roles` say and with pooled effects of the groups of `histories`.
/// Customers without a group are taken to be of the population.
///
/// # Errors
/// [`CovariateError`] as [`fit_with_covariates`], and where fewer than two groups have customers.
///
/// ```
/// use clv_models::catalogue::purchase_model;
/// use clv_models::covariates::{CovariateHistories, EffectTarget};
/// use clv_models::fit::{CovariateFitOptions, PoolingOptions, fit_pooled};
/// use clv_models::PurchaseHistory;
/// let names = ["web", "shop", "fair"].map(str::to_owned).to_vec();
/// let mut histories = CovariateHistories::new(Vec::new(), names);
/// for (group, never, twice) in [(0, 60.0, 40.0), (1, 30.0, 70.0), (2, 0.5, 0.5)] {
///     histories.push(&[], Some(group), PurchaseHistory::new(0, 0.0, 39.0)?, never)?;
///     histories.push(&[], Some(group), PurchaseHistory::new(2, 20.0, 39.0)?, twice)?;
/// }
/// let entry = purchase_model("nbd").expect("in the catalogue");
/// let options = PoolingOptions {
///     covariates: CovariateFitOptions::default(),
///     targets: vec![EffectTarget::Purchase],
/// };
/// let fitted = fit_pooled(entry, &histories, &[], &options)?;
/// let shrinkage = |at: usize| fitted.groups[at].effects[0].shrinkage;
/// assert!(shrinkage(2) > 0.9 && shrinkage(1) < 0.5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn fit_pooled(
    entry: &'static PurchaseModelEntry,
    histories: &CovariateHistories,
    roles: &[CovariateRole],
    options: &PoolingOptions,
) -> Result<FittedPooledModel, CovariateError> {
    let shifts = entry.shifts.ok_or(CovariateError::NoShifts { model: entry.id })?;
    if options.targets.contains(&EffectTarget::Dropout) && shifts.dropout.is_none() {
        let name = "the group's effect on dropout".to_owned();
        return Err(CovariateError::NoDropout { name, model: entry.id });
    }
    let n_groups = histories.customers_of_groups().iter().filter(|n| **n > 0.0).count();
    if n_groups < 2 {
        return Err(CovariateError::TooFewGroups { n_groups });
    }
    let unpooled = fit_with_covariates(entry, histories, roles, &options.covariates)?;
    let scale = CovariateScale::of(histories.names(), &histories.rows())?;
    let (columns, shifts) = EffectColumns::new(entry, histories, roles, &scale)?;
    let time_unit = search_unit(entry, &histories.without_covariates());
    let scaled = histories.map(|histories| in_unit(histories, time_unit));
    let search = Search::new(entry, shifts, &columns, &scale, &scaled);
    let point = start(&search, &unpooled, time_unit);
    // A whole number that is held may lie beyond the bound of what moves.
    let held = (0..search.n_base()).filter(|&at| search.pass.is_held(at)).map(|at| point[at] + 1.0);
    let bound = held.fold(options.covariates.fit.free_bound, f64::max);
    let mut pool = Pool {
        search: &search,
        targets: &options.targets,
        l2: options.covariates.l2,
        bound,
        point,
        effects: vec![vec![0.0; options.targets.len()]; histories.groups().len()],
        spreads: vec![START_SPREAD; options.targets.len()],
    };
    let (arrow, converged) = pool.settle();
    Ok(pool.describe(&arrow, converged, unpooled, time_unit))
}

/// The spread that the first round begins with: groups that differ by some 30 %.
const START_SPREAD: f64 = 0.3;

/// The search's point at an unpooled fit.
fn start(search: &Search<'_>, unpooled: &FittedCovariateModel, time_unit: f64) -> Vec<f64> {
    let mean = unpooled.model.at(&search.scale.mean, None);
    let mut point: Vec<f64> = mean
        .parameters()
        .iter()
        .zip(search.entry.kinds)
        .map(|(one, kind)| kind.free(kind.in_unit(one.value, time_unit)))
        .collect();
    let n_base = point.len();
    point.resize(n_base + search.columns.n_slots, 0.0);
    for (target, slots) in [
        (EffectTarget::Purchase, &search.columns.purchase),
        (EffectTarget::Dropout, &search.columns.dropout),
    ] {
        for (at, slot) in slots.iter().enumerate() {
            if let Some(slot) = slot {
                point[n_base + slot] =
                    unpooled.model.effects(target)[at] * search.scale.deviation[at];
            }
        }
    }
    point
}

impl Pool<'_> {
    fn describe(
        &self,
        arrow: &Arrow,
        converged: bool,
        unpooled: FittedCovariateModel,
        time_unit: f64,
    ) -> FittedPooledModel {
        let (search, histories) = (self.search, self.search.pass.histories);
        let n_customers = histories.n_customers();
        let reported = search.reported(&self.point);
        let is_free: Vec<bool> = (0..self.point.len())
            .map(|at| !search.pass.is_held(at) && self.point[at].abs() < self.bound - 1e-9)
            .collect();
        let known = uncertainty(&arrow.marginal(n_customers), n_customers, &is_free);
        let is_identified: Vec<bool> =
            known.ln_standard_errors.iter().map(Option::is_some).collect();
        let covariance = known.ln_covariance.as_ref().map(|moved| reported.covariance(moved));
        let estimates =
            reported.estimates(search.entry, time_unit, covariance.as_ref(), &is_identified);
        let nothing = vec![vec![0.0; self.point.len()]; self.point.len()];
        let of_point = known.ln_covariance.as_ref().unwrap_or(&nothing);
        let customers = histories.customers_of_groups();
        let has_spread = |at: usize| self.spreads[at] > spread::LEAST_SPREAD * 1.01;
        let group_fits: Vec<GroupFit> = (0..self.effects.len())
            .filter(|&group| customers[group] > 0.0)
            .map(|group| GroupFit {
                name: histories.groups()[group].clone(),
                n_customers: customers[group],
                effects: self.estimates_of(group, arrow, of_point),
            })
            .collect();
        let base = estimates[..search.n_base()].iter().map(|one| one.value).collect();
        let (purchase, dropout) = (reported.purchase.clone(), reported.dropout.clone());
        let groups = histories
            .groups()
            .iter()
            .zip(&self.effects)
            .map(|(name, effects)| GroupShift { name: name.clone(), shift: self.shift_of(effects) })
            .collect();
        let model =
            CovariateModel::new(search.entry, base, histories.names().to_vec(), purchase, dropout)
                .expect("values within the bounds of free coordinates are parameters")
                .with_groups(groups);
        let slopes = self.slopes(&self.point, &self.effects);
        // The penalty on covariates' effects is no part of what is reported.
        let fixed: f64 = self.point[search.n_base()..].iter().map(|x| self.l2 * x * x).sum();
        let joint = self.penalised(&slopes, &self.point, &self.effects) + fixed;
        let log_likelihood = in_own_unit(joint - arrow.half_ln_spread(), histories, time_unit);
        let gained = (2.0 * (log_likelihood - unpooled.log_likelihood)).max(0.0);
        let names = search.names();
        FittedPooledModel {
            model,
            covariance,
            spreads: (0..self.targets.len())
                .map(|at| (self.targets[at], if has_spread(at) { self.spreads[at] } else { 0.0 }))
                .collect(),
            groups: group_fits,
            log_likelihood,
            n_parameters: self.point.len() + self.spreads.len(),
            converged,
            test: (gained, p_value_at_border(gained, self.spreads.len())),
            unpooled,
            ridges: known
                .ridges
                .iter()
                .map(|ridge| ridge.iter().map(|&at| names[at].clone()).collect())
                .collect(),
            estimates,
        }
    }

    fn estimates_of(
        &self,
        group: usize,
        arrow: &Arrow,
        of_point: &[Vec<f64>],
    ) -> Vec<GroupEstimate> {
        let left = arrow.variance_left(group);
        let all = arrow.variance(group, of_point);
        (0..self.targets.len())
            .map(|at| GroupEstimate {
                target: self.targets[at],
                value: self.effects[group][at],
                standard_error: all[at].max(0.0).sqrt(),
                shrinkage: (left[at] / self.spreads[at].powi(2)).clamp(0.0, 1.0),
            })
            .collect()
    }
}

/// The chance of as large a gain where no spread is there: each spread sits at the end of its range with chance 1/2.
fn p_value_at_border(gained: f64, n_spreads: usize) -> f64 {
    if gained <= 0.0 {
        return 1.0;
    }
    let tail = |degrees: f64| gamma_survival(0.5 * degrees, 0.5, gained);
    match n_spreads {
        1 => 0.5 * tail(1.0),
        _ => 0.5 * tail(1.0) + 0.25 * tail(2.0),
    }
}
