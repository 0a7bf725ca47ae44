//! Minima of smooth functions of a few variables in a box, from analytic gradients.
//!
//! [`minimise`] walks in from afar with L-BFGS-B; [`polish`] takes the last digits with Newton's method and
//! leaves the curvature behind, which is what standard errors are made of.

use std::cell::RefCell;

use basin::{
    BoxBounds, ConstraintDescription, ConstraintSet, Constraints, CostFunction, Executor,
    FirstOrderState, Gradient, Lbfgsb,
};

use crate::linear_algebra::SymmetricMatrix;

/// Where to look and when to stop.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MinimiseOptions {
    /// The least value of every variable.
    pub lower: f64,
    /// The largest value of every variable.
    pub upper: f64,
    /// Stop when no component of the projected gradient is larger than this.
    pub gradient_tolerance: f64,
    /// Never evaluate the function more often than this.
    pub max_evaluations: usize,
}

/// Where a search ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Minimum {
    /// The best point seen.
    pub point: Vec<f64>,
    /// The function there.
    pub value: f64,
    /// Its gradient there.
    pub gradient: Vec<f64>,
    /// The largest component of the projected gradient: parts that push against a bound do not count.
    pub gradient_norm: f64,
    /// Evaluations of function and gradient together.
    pub n_evaluations: usize,
    /// Whether the projected gradient came below the tolerance.
    pub converged: bool,
}

/// The part of the gradient that can still be followed inside the box.
#[must_use]
pub fn projected_gradient(point: &[f64], gradient: &[f64], lower: f64, upper: f64) -> Vec<f64> {
    point
        .iter()
        .zip(gradient)
        .map(|(&x, &g)| if (x <= lower && g > 0.0) || (x >= upper && g < 0.0) { 0.0 } else { g })
        .collect()
}

fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |most, value| if value.abs() > most { value.abs() } else { most })
}

/// Function, gradient and the best point so far, within a budget of evaluations.
struct Search<'f, F> {
    function: &'f mut F,
    options: MinimiseOptions,
    best: Option<(Vec<f64>, f64, Vec<f64>)>,
    n_evaluations: usize,
}

/// The budget of evaluations is spent.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the budget of function evaluations is spent")]
struct BudgetSpent;

impl<F: FnMut(&[f64], &mut [f64]) -> f64> Search<'_, F> {
    /// Value and gradient; a value that is no number counts as infinitely bad.
    fn evaluate(&mut self, point: &[f64]) -> Result<(f64, Vec<f64>), BudgetSpent> {
        if self.n_evaluations >= self.options.max_evaluations {
            return Err(BudgetSpent);
        }
        self.n_evaluations += 1;
        let mut gradient = vec![0.0; point.len()];
        let mut value = (self.function)(point, &mut gradient);
        if !value.is_finite() || gradient.iter().any(|g| !g.is_finite()) {
            value = f64::MAX;
            gradient.fill(0.0);
        }
        if self.best.as_ref().is_none_or(|(_, best, _)| value <= *best) {
            self.best = Some((point.to_vec(), value, gradient.clone()));
        }
        Ok((value, gradient))
    }

    fn finish(self, start: &[f64]) -> Minimum {
        let nothing = || (start.to_vec(), f64::MAX, vec![f64::NAN; start.len()]);
        let (point, value, gradient) = self.best.unwrap_or_else(nothing);
        let projected =
            projected_gradient(&point, &gradient, self.options.lower, self.options.upper);
        let gradient_norm = if value < f64::MAX { largest(&projected) } else { f64::INFINITY };
        Minimum {
            point,
            value,
            gradient,
            gradient_norm,
            n_evaluations: self.n_evaluations,
            converged: gradient_norm <= self.options.gradient_tolerance,
        }
    }
}

/// The search as the L-BFGS-B solver wants it.
struct BoxedSearch<'s, 'f, F> {
    search: RefCell<&'s mut Search<'f, F>>,
    lower: Vec<f64>,
    upper: Vec<f64>,
}

impl<F: FnMut(&[f64], &mut [f64]) -> f64> CostFunction for BoxedSearch<'_, '_, F> {
    type Param = Vec<f64>;
    type Output = f64;
    type Error = BudgetSpent;

    fn cost(&self, point: &Vec<f64>) -> Result<f64, BudgetSpent> {
        Ok(self.search.borrow_mut().evaluate(point)?.0)
    }
}

impl<F: FnMut(&[f64], &mut [f64]) -> f64> Gradient for BoxedSearch<'_, '_, F> {
    type Gradient = Vec<f64>;

    fn gradient(&self, point: &Vec<f64>) -> Result<Vec<f64>, BudgetSpent> {
        Ok(self.search.borrow_mut().evaluate(point)?.1)
    }

    fn cost_and_gradient(&self, point: &Vec<f64>) -> Result<(f64, Vec<f64>), BudgetSpent> {
        self.search.borrow_mut().evaluate(point)
    }
}

impl<F> Constraints for BoxedSearch<'_, '_, F> {
    type Set = ConstraintSet<BoxBounds<Vec<f64>>>;

    fn constraints(&self) -> <Self::Set as ConstraintDescription>::Borrowed<'_> {
        ConstraintSet::new().with_bounds(BoxBounds::new(Some(&self.lower), Some(&self.upper)))
    }
}

/// The minimum of `function` near `start`, by L-BFGS-B; the function writes its gradient into its second
/// argument.
///
/// Always ends: a stalled line search or a spent budget gives the best point seen, not converged. Values that
/// are no numbers count as infinitely bad.
///
/// ```
/// use clv_numerics::optimise::{MinimiseOptions, minimise};
/// let options =
///     MinimiseOptions { lower: -9.0, upper: 9.0, gradient_tolerance: 1e-9, max_evaluations: 100 };
/// let minimum = minimise(&[4.0], |x, gradient| { gradient[0] = 2.0 * (x[0] - 1.0); (x[0] - 1.0).powi(2) }, options);
/// assert!(minimum.converged && (minimum.point[0] - 1.0).abs() < 1e-8);
/// ```
pub fn minimise<F: FnMut(&[f64], &mut [f64]) -> f64>(
    start: &[f64],
    mut function: F,
    options: MinimiseOptions,
) -> Minimum {
    let start: Vec<f64> = start.iter().map(|x| x.clamp(options.lower, options.upper)).collect();
    let mut search = Search { function: &mut function, options, best: None, n_evaluations: 0 };
    let problem = BoxedSearch {
        search: RefCell::new(&mut search),
        lower: vec![options.lower; start.len()],
        upper: vec![options.upper; start.len()],
    };
    let solver = Lbfgsb::new()
        .with_absolute_projected_gradient_tolerance(options.gradient_tolerance)
        .with_relative_cost_reduction_tolerance(None);
    // Every way of stopping, a spent budget included, leaves the best point in `search`.
    let _ = Executor::new(problem, solver, FirstOrderState::new(start.clone()))
        .max_iter(options.max_evaluations as u64)
        .run();
    search.finish(&start)
}

/// The Hessian at `point` by central differences of the gradient: two evaluations for each variable.
///
/// `step` is absolute; 1e-4 is right for variables that are logarithms.
pub fn hessian<F: FnMut(&[f64], &mut [f64]) -> f64>(
    point: &[f64],
    mut function: F,
    step: f64,
) -> SymmetricMatrix {
    let n = point.len();
    let mut columns = Vec::with_capacity(n);
    for i in 0..n {
        let mut at = point.to_vec();
        let (mut above, mut below) = (vec![0.0; n], vec![0.0; n]);
        at[i] = point[i] + step;
        function(&at, &mut above);
        at[i] = point[i] - step;
        function(&at, &mut below);
        columns.push((0..n).map(|j| (above[j] - below[j]) / (2.0 * step)).collect::<Vec<f64>>());
    }
    SymmetricMatrix::from_fn(n, |i, j| columns[i][j])
}

/// The Hessian at `point`, where the gradient is known, by one-sided differences: one evaluation for each
/// variable, and an error of the order of `step` instead of its square.
pub fn one_sided_hessian<F: FnMut(&[f64], &mut [f64]) -> f64>(
    point: &[f64],
    gradient: &[f64],
    mut function: F,
    step: f64,
) -> SymmetricMatrix {
    let n = point.len();
    let mut columns = Vec::with_capacity(n);
    for i in 0..n {
        let mut at = point.to_vec();
        at[i] += step;
        let mut above = vec![0.0; n];
        function(&at, &mut above);
        columns.push((0..n).map(|j| (above[j] - gradient[j]) / step).collect::<Vec<f64>>());
    }
    SymmetricMatrix::from_fn(n, |i, j| columns[i][j])
}

/// The longest Newton step in one variable; the variables are logarithms, so this is a factor of e.
const LONGEST_STEP: f64 = 1.0;

/// Takes a point near a minimum to the minimum by damped Newton steps.
///
/// Starts from `curvature` (a Hessian from nearby, say from part of the data), improves it from step to step
/// by the BFGS formula, and measures it anew when progress stalls. On a well-posed problem three or four
/// evaluations reach rounding.
pub fn polish<F: FnMut(&[f64], &mut [f64]) -> f64>(
    start: &[f64],
    curvature: Option<SymmetricMatrix>,
    mut function: F,
    options: MinimiseOptions,
) -> Minimum {
    let start: Vec<f64> = start.iter().map(|x| x.clamp(options.lower, options.upper)).collect();
    let mut search = Search { function: &mut function, options, best: None, n_evaluations: 0 };
    // An error is a spent budget: the best point so far is the answer.
    let _ = newton_steps(&mut search, &start, curvature);
    search.finish(&start)
}

fn newton_steps<F: FnMut(&[f64], &mut [f64]) -> f64>(
    search: &mut Search<'_, F>,
    start: &[f64],
    curvature: Option<SymmetricMatrix>,
) -> Result<(), BudgetSpent> {
    let MinimiseOptions { lower, upper, gradient_tolerance, .. } = search.options;
    let mut point = start.to_vec();
    let (mut value, mut gradient) = search.evaluate(&point)?;
    let mut curvature = match curvature {
        Some(curvature) => curvature,
        None => measured_curvature(search, &point)?,
    };
    let mut just_measured = false;
    let mut n_stalled = 0;
    loop {
        let projected = projected_gradient(&point, &gradient, lower, upper);
        let norm = largest(&projected);
        if norm <= gradient_tolerance || n_stalled >= 3 {
            return Ok(());
        }
        let step = newton_step(&curvature, &point, &projected, lower, upper);
        let slope: f64 = step.iter().zip(&projected).map(|(s, g)| s * g).sum();
        let mut accepted = None;
        let mut damping = 1.0;
        for _ in 0..12 {
            let trial: Vec<f64> = point
                .iter()
                .zip(&step)
                .map(|(x, s)| (x + damping * s).clamp(lower, upper))
                .collect();
            let (trial_value, trial_gradient) = search.evaluate(&trial)?;
            // Below rounding of the value only the gradient still tells whether a step was good.
            let rounding = 1e-13 * value.abs().max(1.0);
            let trial_norm = largest(&projected_gradient(&trial, &trial_gradient, lower, upper));
            let is_lower = trial_value <= value + 1e-4 * damping * slope
                || (trial_value <= value + rounding && trial_norm < norm);
            if is_lower && trial_value < f64::MAX {
                accepted = Some((trial, trial_value, trial_gradient, trial_norm));
                break;
            }
            damping *= 0.3;
        }
        let Some((trial, trial_value, trial_gradient, trial_norm)) = accepted else {
            if just_measured {
                return Ok(());
            }
            curvature = measured_curvature(search, &point)?;
            just_measured = true;
            continue;
        };
        let gained = value - trial_value > 1e-12 * value.abs().max(1.0);
        n_stalled = if trial_norm > 0.5 * norm && !gained { n_stalled + 1 } else { 0 };
        let is_slow = trial_norm > 0.2 * norm && !just_measured;
        curvature = if is_slow {
            measured_curvature(search, &trial)?
        } else {
            updated_curvature(curvature, &point, &gradient, &trial, &trial_gradient)
        };
        just_measured = is_slow;
        (point, value, gradient) = (trial, trial_value, trial_gradient);
        // The last accepted point is the answer even where rounding makes its value a hair larger.
        search.best = Some((point.clone(), value, gradient.clone()));
    }
}

fn measured_curvature<F: FnMut(&[f64], &mut [f64]) -> f64>(
    search: &mut Search<'_, F>,
    point: &[f64],
) -> Result<SymmetricMatrix, BudgetSpent> {
    if search.n_evaluations + 2 * point.len() > search.options.max_evaluations {
        return Err(BudgetSpent);
    }
    search.n_evaluations += 2 * point.len();
    Ok(hessian(point, &mut *search.function, 1e-4))
}

/// The Newton step of the variables that are free to move, no variable further than [`LONGEST_STEP`].
///
/// Directions of negative or vanishing curvature are followed downhill instead of uphill.
fn newton_step(
    curvature: &SymmetricMatrix,
    point: &[f64],
    projected: &[f64],
    lower: f64,
    upper: f64,
) -> Vec<f64> {
    let n = point.len();
    let is_held = |i: usize| (point[i] <= lower || point[i] >= upper) && projected[i].abs() <= 0.0;
    let free: Vec<usize> = (0..n).filter(|&i| !is_held(i)).collect();
    let eigen = SymmetricMatrix::from_fn(free.len(), |i, j| curvature.at(free[i], free[j])).eigen();
    let most = eigen.values.iter().fold(0.0, |most: f64, value| most.max(value.abs()));
    let mut step = vec![0.0; n];
    for (value, vector) in eigen.values.iter().zip(&eigen.vectors) {
        let along: f64 = free.iter().zip(vector).map(|(&i, v)| v * projected[i]).sum();
        let stiffness = value.abs().max(1e-12 * most).max(f64::MIN_POSITIVE);
        for (&i, v) in free.iter().zip(vector) {
            step[i] -= along / stiffness * v;
        }
    }
    let length = largest(&step);
    if !length.is_finite() {
        return projected.iter().map(|g| -g).collect();
    }
    if length > LONGEST_STEP {
        step.iter_mut().for_each(|s| *s *= LONGEST_STEP / length);
    }
    step
}

/// The BFGS update of a Hessian from one step; unchanged where the step shows no positive curvature.
fn updated_curvature(
    curvature: SymmetricMatrix,
    point: &[f64],
    gradient: &[f64],
    next: &[f64],
    next_gradient: &[f64],
) -> SymmetricMatrix {
    let n = point.len();
    let step: Vec<f64> = next.iter().zip(point).map(|(a, b)| a - b).collect();
    let change: Vec<f64> = next_gradient.iter().zip(gradient).map(|(a, b)| a - b).collect();
    let expected: Vec<f64> =
        (0..n).map(|i| (0..n).map(|j| curvature.at(i, j) * step[j]).sum()).collect();
    let step_change: f64 = step.iter().zip(&change).map(|(s, y)| s * y).sum();
    let step_expected: f64 = step.iter().zip(&expected).map(|(s, b)| s * b).sum();
    if step_expected <= 0.0 || step_change <= 1e-3 * step_expected {
        return curvature;
    }
    SymmetricMatrix::from_fn(n, |i, j| {
        curvature.at(i, j) + change[i] * change[j] / step_change
            - expected[i] * expected[j] / step_expected
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPTIONS: MinimiseOptions = MinimiseOptions {
        lower: -12.0,
        upper: 12.0,
        gradient_tolerance: 1e-9,
        max_evaluations: 400,
    };

    /// Rosenbrock's valley, the usual hard case for curvature.
    fn valley(x: &[f64], gradient: &mut [f64]) -> f64 {
        let (across, along) = (x[1] - x[0] * x[0], 1.0 - x[0]);
        gradient[0] = -400.0 * x[0] * across - 2.0 * along;
        gradient[1] = 200.0 * across;
        100.0 * across * across + along * along
    }

    #[test]
    fn both_searches_find_the_end_of_the_valley() {
        let found = minimise(&[-1.2, 1.0], valley, OPTIONS);
        assert!(found.converged && (found.point[0] - 1.0).abs() < 1e-7, "{found:?}");
        let polished = polish(&[0.8, 0.6], None, valley, OPTIONS);
        assert!(polished.converged && (polished.point[1] - 1.0).abs() < 1e-7, "{polished:?}");
    }

    #[test]
    fn a_function_that_falls_for_ever_ends_at_the_bound() {
        let falling = |x: &[f64], gradient: &mut [f64]| {
            gradient[0] = -x[0].exp() / (1.0 + x[0].exp());
            -x[0].exp().ln_1p()
        };
        for found in [minimise(&[0.0], falling, OPTIONS), polish(&[0.0], None, falling, OPTIONS)] {
            assert!(found.converged && (found.point[0] - 12.0).abs() < 1e-12, "{found:?}");
        }
    }

    #[test]
    fn a_spent_budget_gives_the_best_point_seen() {
        let options = MinimiseOptions { max_evaluations: 3, ..OPTIONS };
        let found = minimise(&[-1.2, 1.0], valley, options);
        assert!(!found.converged && found.n_evaluations == 3 && found.value < 24.3, "{found:?}");
    }

    #[test]
    fn a_function_that_is_no_number_gives_its_start_back() {
        let nothing = |_: &[f64], _: &mut [f64]| f64::NAN;
        let found = minimise(&[0.5], nothing, OPTIONS);
        assert!(!found.converged && found.point == [0.5], "{found:?}");
    }

    #[test]
    fn the_hessian_of_a_quadratic_is_its_matrix() {
        let quadratic = |x: &[f64], gradient: &mut [f64]| {
            gradient[0] = 4.0 * x[0] + x[1];
            gradient[1] = x[0] + 6.0 * x[1];
            2.0 * x[0] * x[0] + x[0] * x[1] + 3.0 * x[1] * x[1]
        };
        let point = [0.3, -0.2];
        let mut gradient = [0.0; 2];
        quadratic(&point, &mut gradient);
        let expected = [4.0, 1.0, 1.0, 6.0];
        let two_sided = hessian(&point, quadratic, 1e-4).rows().concat();
        let one_sided = one_sided_hessian(&point, &gradient, quadratic, 1e-5).rows().concat();
        for (found, expected) in two_sided.iter().chain(&one_sided).zip(expected.iter().cycle()) {
            assert!((found - expected).abs() < 1e-9, "{found} {expected}");
        }
    }
}
