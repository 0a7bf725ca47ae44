//! Maximum likelihood for the log-normal spend models.
//!
//! Amounts are counted in units of their geometric mean, so that the currency does not matter. Customers of one kind
//! need only count, sum and sum of squares of ln z for each number of purchases, which makes a pass over a million
//! customers a pass over some hundred numbers; customers of two kinds need the rows. Where every customer
//! has the same number of purchases, spread between customers and between purchases cannot be told apart: they are
//! then taken as equal, and the warning says so.

use std::sync::Arc;

use clv_numerics::optimise::{MinimiseOptions, Minimum, hessian, minimise, polish};

use super::spend_model::{FittedSpendModel, pooled_spend};
use super::standard_errors::uncertainty;
use super::{FittedSpend, SpendWarning};
use crate::spend::log_normal::{
    DEPENDENT_ID, ID, LARGEST_SD, LogNormalSpend, MIXTURE_ID, share_at, variance_of_ln_mean,
};
use crate::spend::{SpendModel, SpendObservations};

/// Fewest customers to learn a spread from.
const FEWEST_CUSTOMERS: f64 = 3.0;
/// Fewest customers for two kinds.
const FEWEST_FOR_TWO_KINDS: f64 = 50.0;
/// Free coordinates stay between minus this and this.
const BOUND: f64 = 7.0;
/// Slope of the mean log-likelihood in a free coordinate at which the search is done.
const GRADIENT_TOLERANCE: f64 = 1e-9;
/// Above this many rows the search for two kinds begins on about as many.
const SUBSAMPLE_ROWS: usize = 20_000;

/// The rows of a fit: ln z in units of the geometric mean, number of purchases and weight.
struct Rows {
    ln_means: Vec<f64>,
    n_purchases: Vec<u32>,
    weights: Vec<f64>,
    n_customers: f64,
}

/// Customers with one number of purchases: their weight, and the weighted sums of ln z and its square.
struct Group {
    n_purchases: u32,
    weight: f64,
    sum: f64,
    squares: f64,
}

/// Fits the log-normal model of `id`; always gives an answer.
///
/// ```
/// use clv_models::fit::log_normal_spend::fit_log_normal_spend;
/// use clv_models::spend::{SpendObservation, SpendObservations, log_normal};
/// let mut observations = SpendObservations::default();
/// for k in 0..200_u32 {
///     let mean = 20.0 * (0.5 * f64::from(k % 17) - 4.0).exp();
///     observations.push(SpendObservation::new(1 + k % 5, mean)?, 1.0)?;
/// }
/// let fitted = fit_log_normal_spend(log_normal::ID, &observations);
/// assert!(fitted.converged && fitted.model.expected_spend(None) > 0.0);
/// # Ok::<(), clv_models::spend::SpendError>(())
/// ```
#[must_use]
pub fn fit_log_normal_spend(
    id: &'static str,
    observations: &SpendObservations,
) -> FittedSpendModel {
    let n_customers = observations.n_customers();
    let (rows, centre) = rows_of(observations);
    let variance = variance(&rows);
    if n_customers < FEWEST_CUSTOMERS || observations.len() < 2 || variance <= 1e-12 {
        return pooled_spend(observations);
    }
    let groups = groups_of(&rows);
    let has_one_count = groups.len() < 2;
    let spread = 0.5 * (0.5 * variance).ln();
    let one_kind = |is_dependent: bool| {
        let start: &[f64] =
            if is_dependent { &[0.0, spread, spread, 0.0] } else { &[0.0, spread, spread] };
        search(start, |free, gradient| one_kind_loss(&groups, free, gradient, has_one_count))
    };
    let is_dependent = id == DEPENDENT_ID && !has_one_count;
    let single = one_kind(is_dependent);
    let (minimum, is_mixture) = if id == MIXTURE_ID && n_customers >= FEWEST_FOR_TWO_KINDS {
        (two_kinds(&rows, &single.point), true)
    } else {
        (single, false)
    };
    describe(id, &rows, &groups, centre, &minimum, is_mixture, has_one_count)
}

fn describe(
    id: &'static str,
    rows: &Rows,
    groups: &[Group],
    centre: f64,
    minimum: &Minimum,
    is_mixture: bool,
    has_one_count: bool,
) -> FittedSpendModel {
    let mut values: Vec<f64> = minimum.point.clone();
    for (place, value) in values.iter_mut().enumerate() {
        *value = match place {
            0 => *value + centre,
            1 | 2 | 5 => sd_at(*value),
            3 if is_mixture => share_at(*value),
            4 => *value + centre,
            _ => *value,
        };
    }
    // Where the data cannot tell the wished-for model's parameters, it is the simpler one in its clothes.
    match id {
        DEPENDENT_ID if values.len() < 4 => values.push(0.0),
        MIXTURE_ID if !is_mixture => values.extend([1e-9, values[0], values[1]]),
        _ => {}
    }
    let is_free: Vec<bool> = minimum.point.iter().map(|free| free.abs() < BOUND - 1e-6).collect();
    let loss = |free: &[f64], gradient: &mut [f64]| {
        if is_mixture {
            two_kinds_loss(rows, free, gradient)
        } else {
            one_kind_loss(groups, free, gradient, has_one_count)
        }
    };
    let known = uncertainty(&hessian(&minimum.point, loss, 1e-4), rows.n_customers, &is_free);
    let slopes: Vec<f64> = values
        .iter()
        .enumerate()
        .map(|(place, value)| match place {
            1 | 2 | 5 => *value,
            3 if is_mixture => value * (1.0 - value),
            _ => 1.0,
        })
        .collect();
    let standard_errors = (0..values.len())
        .map(|place| {
            let is_held = has_one_count && (place == 1 || place == 2);
            let error = known.ln_standard_errors.get(place).copied().flatten();
            error.filter(|_| !is_held).map(|error| error * slopes[place])
        })
        .collect();
    let mut warnings = Vec::new();
    if !minimum.converged || is_free.iter().any(|free| !free) {
        warnings.push(SpendWarning::NotConverged { gradient_norm: minimum.gradient_norm });
    }
    if has_one_count {
        warnings.push(SpendWarning::OneCount { n_purchases: groups[0].n_purchases });
    }
    let sum_of_ln: f64 =
        rows.ln_means.iter().zip(&rows.weights).map(|(ln, w)| w * (ln + centre)).sum();
    let model =
        LogNormalSpend::from_values(id, &values).expect("the search stays inside the ranges");
    FittedSpendModel {
        model: Arc::new(model),
        // The likelihood is a density per unit of money, the search's per unit of its logarithm.
        log_likelihood: -minimum.value * rows.n_customers - sum_of_ln,
        n_customers: rows.n_customers,
        converged: minimum.converged,
        standard_errors,
        free_covariance: known.ln_covariance.filter(|of| of.len() == values.len()),
        warnings,
    }
}

/// A spread at its free coordinate, kept to what means something.
fn sd_at(free: f64) -> f64 {
    free.exp().min(LARGEST_SD)
}

/// Rows in units of the geometric mean, and the logarithm of that.
fn rows_of(observations: &SpendObservations) -> (Rows, f64) {
    let n_customers = observations.n_customers();
    let mut centre = 0.0;
    for (seen, weight) in observations.iter() {
        centre += weight / n_customers * seen.mean_spend().ln();
    }
    let mut rows = Rows {
        ln_means: Vec::with_capacity(observations.len()),
        n_purchases: Vec::with_capacity(observations.len()),
        weights: Vec::with_capacity(observations.len()),
        n_customers,
    };
    for (seen, weight) in observations.iter() {
        rows.ln_means.push(seen.mean_spend().ln() - centre);
        rows.n_purchases.push(seen.n_purchases());
        rows.weights.push(weight);
    }
    (rows, centre)
}

fn variance(rows: &Rows) -> f64 {
    let squares: f64 = rows.ln_means.iter().zip(&rows.weights).map(|(ln, w)| w * ln * ln).sum();
    squares / rows.n_customers
}

fn groups_of(rows: &Rows) -> Vec<Group> {
    let mut groups = std::collections::BTreeMap::<u32, Group>::new();
    for ((ln, n_purchases), weight) in
        rows.ln_means.iter().zip(&rows.n_purchases).zip(&rows.weights)
    {
        let group = groups.entry(*n_purchases).or_insert(Group {
            n_purchases: *n_purchases,
            weight: 0.0,
            sum: 0.0,
            squares: 0.0,
        });
        group.weight += weight;
        group.sum += weight * ln;
        group.squares += weight * ln * ln;
    }
    groups.into_values().collect()
}

fn search(start: &[f64], loss: impl Fn(&[f64], &mut [f64]) -> f64) -> Minimum {
    let options = |gradient_tolerance| MinimiseOptions {
        lower: -BOUND,
        upper: BOUND,
        gradient_tolerance,
        max_evaluations: 300,
    };
    let near = minimise(start, &loss, options(1e-5));
    let found = polish(&near.point, None, &loss, options(GRADIENT_TOLERANCE));
    if found.value <= near.value { found } else { near }
}

/// s² and its slope in ln sigma.
fn variance_and_slope(sigma: f64, n_purchases: u32) -> (f64, f64) {
    let square = sigma * sigma;
    let n = f64::from(n_purchases);
    let slope = 2.0 * square * square.exp() / (n + square.exp_m1());
    (variance_of_ln_mean(sigma, n_purchases), slope)
}

/// Mean negative log-density of ln z for customers of one kind, in m, ln tau, ln sigma and, where there is a fourth,
/// delta. With one number of purchases tau stands for sigma too.
fn one_kind_loss(groups: &[Group], free: &[f64], gradient: &mut [f64], has_one_count: bool) -> f64 {
    let (tau, delta) = (sd_at(free[1]), free.get(3).copied().unwrap_or(0.0));
    let sigma = if has_one_count { tau } else { sd_at(free[2]) };
    let (mut loss, mut total) = (0.0, 0.0);
    gradient.fill(0.0);
    for group in groups {
        let growth = f64::from(group.n_purchases).ln_1p();
        let (own, own_slope) = variance_and_slope(sigma, group.n_purchases);
        let variance = tau * tau + own;
        let mean = free[0] + delta * growth - 0.5 * own;
        let residual = group.sum - group.weight * mean;
        let squares = group.squares - 2.0 * mean * group.sum + group.weight * mean * mean;
        loss +=
            0.5 * group.weight * (std::f64::consts::TAU * variance).ln() + 0.5 * squares / variance;
        total += group.weight;
        let by_mean = -residual / variance;
        let by_variance = 0.5 * group.weight / variance - 0.5 * squares / (variance * variance);
        gradient[0] += by_mean;
        gradient[1] += by_variance * 2.0 * tau * tau;
        let by_sigma = (by_variance - 0.5 * by_mean) * own_slope;
        gradient[if has_one_count { 1 } else { 2 }] += by_sigma;
        if let Some(slope) = gradient.get_mut(3) {
            *slope += by_mean * growth;
        }
    }
    gradient.iter_mut().for_each(|slope| *slope /= total);
    loss / total
}

/// The fit for customers of two kinds, from several starts: a few who spend more, a few who spend less, halves.
fn two_kinds(rows: &Rows, single: &[f64]) -> Minimum {
    let (m, ln_tau, ln_sigma) = (single[0], single[1], single[2]);
    let tau = ln_tau.exp();
    let part = thinned(rows);
    let near_rows = part.as_ref().unwrap_or(rows);
    let starts = [(-2.5, 2.0, -0.2), (-2.5, -2.0, -0.2), (0.0, 1.0, -0.4)];
    let near = starts
        .iter()
        .map(|(log_odds, shift, narrower)| {
            let start =
                [m, ln_tau + narrower, ln_sigma, *log_odds, m + shift * tau, ln_tau + narrower];
            search(&start, |free, gradient| two_kinds_loss(near_rows, free, gradient))
        })
        .min_by(|a, b| a.value.total_cmp(&b.value))
        .expect("there are three starts");
    let found = if part.is_some() {
        search(&near.point, |free, gradient| two_kinds_loss(rows, free, gradient))
    } else {
        near
    };
    ordered(found)
}

/// The kind with fewer customers second, so that one fit has one name.
fn ordered(mut minimum: Minimum) -> Minimum {
    if minimum.point[3] > 0.0 {
        for (a, b) in [(0, 4), (1, 5)] {
            minimum.point.swap(a, b);
            minimum.gradient.swap(a, b);
        }
        minimum.point[3] = -minimum.point[3];
        minimum.gradient[3] = -minimum.gradient[3];
    }
    minimum
}

fn thinned(rows: &Rows) -> Option<Rows> {
    let every = rows.weights.len().div_ceil(SUBSAMPLE_ROWS);
    if every < 2 {
        return None;
    }
    let weights: Vec<f64> = rows.weights.iter().copied().step_by(every).collect();
    Some(Rows {
        ln_means: rows.ln_means.iter().copied().step_by(every).collect(),
        n_purchases: rows.n_purchases.iter().copied().step_by(every).collect(),
        n_customers: weights.iter().sum(),
        weights,
    })
}

/// Mean negative log-density of ln z for customers of two kinds, in m, ln tau, ln sigma, the log-odds of the second
/// kind, its m and its ln tau.
fn two_kinds_loss(rows: &Rows, free: &[f64], gradient: &mut [f64]) -> f64 {
    let sigma = sd_at(free[2]);
    let share = share_at(free[3]);
    let kinds = [(1.0 - share, free[0], sd_at(free[1])), (share, free[4], sd_at(free[5]))];
    let mut own_of = rustc_hash::FxHashMap::<u32, (f64, f64)>::default();
    let mut loss = 0.0;
    gradient.fill(0.0);
    for ((ln_mean, n_purchases), weight) in
        rows.ln_means.iter().zip(&rows.n_purchases).zip(&rows.weights)
    {
        let (own, own_slope) =
            *own_of.entry(*n_purchases).or_insert_with(|| variance_and_slope(sigma, *n_purchases));
        let terms = kinds.map(|(share, m, tau)| {
            let variance = tau * tau + own;
            let residual = ln_mean - m + 0.5 * own;
            let ln = share.ln()
                - 0.5 * (std::f64::consts::TAU * variance).ln()
                - 0.5 * residual * residual / variance;
            (ln, residual, variance)
        });
        let most = terms[0].0.max(terms[1].0);
        let densities = terms.map(|term| (term.0 - most).exp());
        let both = densities[0] + densities[1];
        loss -= weight * (most + both.ln());
        for (kind, (_, residual, variance)) in terms.into_iter().enumerate() {
            let part = weight * densities[kind] / both;
            let by_mean = -part * residual / variance;
            let by_variance =
                part * (0.5 / variance - 0.5 * residual * residual / (variance * variance));
            let tau = kinds[kind].2;
            let (at_m, at_tau) = if kind == 0 { (0, 1) } else { (4, 5) };
            gradient[at_m] += by_mean;
            gradient[at_tau] += by_variance * 2.0 * tau * tau;
            gradient[2] += (by_variance - 0.5 * by_mean) * own_slope;
            let pull = if kind == 1 { 1.0 - share } else { -share };
            gradient[3] -= part * pull;
        }
    }
    gradient.iter_mut().for_each(|slope| *slope /= rows.n_customers);
    loss / rows.n_customers
}

/// Fits for the catalogue.
pub(crate) fn fit_log_normal(observations: &SpendObservations) -> FittedSpendModel {
    fit_log_normal_spend(ID, observations)
}

/// As [`fit_log_normal`], with spend that depends on the number of purchases.
pub(crate) fn fit_log_normal_dependent(observations: &SpendObservations) -> FittedSpendModel {
    fit_log_normal_spend(DEPENDENT_ID, observations)
}

/// As [`fit_log_normal`], with customers of two kinds.
pub(crate) fn fit_log_normal_mixture(observations: &SpendObservations) -> FittedSpendModel {
    fit_log_normal_spend(MIXTURE_ID, observations)
}

impl From<FittedSpend> for FittedSpendModel {
    fn from(fitted: FittedSpend) -> Self {
        Self {
            model: Arc::new(fitted.model) as Arc<dyn SpendModel>,
            log_likelihood: fitted.log_likelihood,
            n_customers: fitted.n_customers,
            converged: fitted.converged,
            standard_errors: fitted.standard_errors.to_vec(),
            free_covariance: fitted.ln_covariance,
            warnings: fitted.warnings,
        }
    }
}
