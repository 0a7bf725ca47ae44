//! The no-U-turn sampler, through nuts-rs.

use std::collections::HashMap;

use nuts_rs::{
    Chain, CpuLogpFunc, CpuMath, CpuMathError, DiagNutsSettings, HasDims, LogpError, Settings,
};
use rand::SeedableRng;
use rand::rngs::StdRng;

/// How long a chain is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NutsOptions {
    /// Draws that tune step size and scales and are thrown away; at least 50 make sense.
    pub n_tune: usize,
    /// Draws that are kept.
    pub n_draws: usize,
    /// A draw evaluates the density at most 2 to this power times.
    pub max_depth: u32,
}

/// The draws of one chain.
#[derive(Debug, Clone, PartialEq)]
pub struct NutsChain {
    /// One point for each kept draw.
    pub draws: Vec<Vec<f64>>,
    /// Kept draws whose path left the region where the energy is conserved: the shape there is too sharp.
    pub n_divergences: usize,
    /// Evaluations of density and gradient, tuning included.
    pub n_evaluations: usize,
}

/// A chain could not be started or carried on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the chain could not go on: {reason}; hint: start where the density is finite")]
pub struct NutsError {
    /// What the sampler said.
    pub reason: String,
}

/// Draws from the density whose logarithm (up to a constant) and gradient `ln_density` gives, beginning at `start`.
///
/// Deterministic given `seed`. A value or slope that is no number ends the path of a draw, as a divergence. It
/// is quickest where the variables are of one scale and little correlated
/// [HoffmanGelman2014].
///
/// # Errors
/// [`NutsError`] where the density at `start` is no number.
///
/// ```
/// use clv_numerics::posterior::{NutsOptions, nuts_chain};
/// let options = NutsOptions { n_tune: 200, n_draws: 1000, max_depth: 8 };
/// let chain = nuts_chain(&[3.0], 1, &options, |x, gradient| {
///     gradient[0] = -x[0];
///     -0.5 * x[0] * x[0]
/// })?;
/// let mean = chain.draws.iter().map(|draw| draw[0]).sum::<f64>() / 1000.0;
/// assert!(mean.abs() < 0.2 && chain.n_divergences == 0);
/// # Ok::<(), clv_numerics::posterior::NutsError>(())
/// ```
pub fn nuts_chain<F: FnMut(&[f64], &mut [f64]) -> f64>(
    start: &[f64],
    seed: u64,
    options: &NutsOptions,
    ln_density: F,
) -> Result<NutsChain, NutsError> {
    let settings = DiagNutsSettings {
        num_tune: options.n_tune as u64,
        num_draws: options.n_draws as u64,
        maxdepth: u64::from(options.max_depth),
        ..DiagNutsSettings::default()
    };
    let failed = |error: &dyn std::fmt::Display| NutsError { reason: format!("{error:#}") };
    let mut random = StdRng::seed_from_u64(seed);
    let density = Density { function: ln_density, size: start.len() };
    let mut sampler = settings
        .new_chain(0, CpuMath::new(density), &mut random)
        .map_err(|error| failed(&error))?;
    sampler.set_position(start).map_err(|error| failed(&error))?;
    let mut chain = NutsChain {
        draws: Vec::with_capacity(options.n_draws),
        n_divergences: 0,
        n_evaluations: 0,
    };
    for draw in 0..options.n_tune + options.n_draws {
        let (point, progress) = sampler.draw().map_err(|error| failed(&error))?;
        chain.n_evaluations += usize::try_from(progress.num_gradients).unwrap_or(usize::MAX);
        if draw >= options.n_tune {
            chain.n_divergences += usize::from(progress.diverging);
            chain.draws.push(point.into_vec());
        }
    }
    Ok(chain)
}

/// A closure as the sampler wants it.
struct Density<F> {
    function: F,
    size: usize,
}

/// The density has no value here.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the density is not a number")]
struct NotANumber;

impl LogpError for NotANumber {
    fn is_recoverable(&self) -> bool {
        true
    }
}

impl<F> HasDims for Density<F> {
    fn dim_sizes(&self) -> HashMap<String, u64> {
        HashMap::from([("unconstrained_parameter".to_owned(), self.size as u64)])
    }
}

impl<F: FnMut(&[f64], &mut [f64]) -> f64> CpuLogpFunc for Density<F> {
    type LogpError = NotANumber;
    type FlowParameters = ();
    type ExpandedVector = Vec<f64>;

    fn dim(&self) -> usize {
        self.size
    }

    fn logp(&mut self, position: &[f64], gradient: &mut [f64]) -> Result<f64, NotANumber> {
        let value = (self.function)(position, gradient);
        let is_number = value.is_finite() && gradient.iter().all(|slope| slope.is_finite());
        if is_number { Ok(value) } else { Err(NotANumber) }
    }

    fn expand_vector<R: rand::Rng + ?Sized>(
        &mut self,
        _random: &mut R,
        position: &[f64],
    ) -> Result<Vec<f64>, CpuMathError> {
        Ok(position.to_vec())
    }
}
