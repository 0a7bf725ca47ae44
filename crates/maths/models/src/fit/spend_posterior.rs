//! Draws of gamma-gamma's parameters from their posterior, given that the population has a mean.

use super::Prior;
use super::posterior::{Posterior, PosteriorError, PosteriorOptions, described};
use super::posterior_draws::Target;
use crate::ParameterKind;
use crate::spend::{GammaGamma, SpendObservations, SpendsByCount};

/// The names of a spend model's parameters, in the order of its draws.
const SPEND_NAMES: [&str; 3] = ["p", "q", "gamma"];
/// Standard deviation of the logarithm of the population's mean spend around the observed one: within a factor of 7.
const LN_MEAN_DEVIATION: f64 = 1.0;

/// Draws from the posterior of gamma-gamma's parameters; `None` where nothing can be learned of the spread.
///
/// The population's mean spend is required to exist: the free coordinates are ln p, ln (q - 1) and the logarithm of
/// the population mean over the observed mean, weakly known beforehand with standard deviations 3, 3 and 1.
/// `start` is the fit. Draws of gamma are in the observations' unit of money.
///
/// # Errors
/// [`PosteriorError::NoDraws`] where none is asked for.
pub fn spend_posterior(
    start: &GammaGamma,
    observations: &SpendObservations,
    options: &PosteriorOptions,
) -> Result<Option<Posterior>, PosteriorError> {
    if options.n_draws == 0 {
        return Err(PosteriorError::NoDraws);
    }
    if !super::spend::has_enough_to_learn(observations) {
        return Ok(None);
    }
    let mean = observations.mean_of_means();
    let spends = SpendsByCount::new(observations, 1.0 / mean);
    let mut prior = Prior::weakly_informative(&[ParameterKind::Positive; 3]);
    prior.standard_deviations[2] = LN_MEAN_DEVIATION;
    let ln_likelihood = |free: &[f64], gradient: &mut [f64]| {
        let [p, q, gamma] = spend_values(free);
        let Ok(model) = GammaGamma::new(p, q, gamma) else { return f64::NAN };
        let mut slopes = [0.0; 3];
        let value = model.ln_likelihood_by_count(&spends, &mut slopes);
        gradient[0] = slopes[0] - slopes[2];
        gradient[1] = slopes[1] * (q - 1.0) / q + slopes[2];
        gradient[2] = slopes[2];
        value
    };
    let [p, q, gamma] = start.parameters().map(|parameter| parameter.value);
    let above = (q - 1.0).max(0.05);
    let from_fit = [p.ln(), above.ln(), (p * gamma / (mean * above)).ln()];
    let from_fit = from_fit.map(|free| free.clamp(-6.0, 6.0)).to_vec();
    let target = Target { ln_likelihood, prior: &prior, n_customers: spends.n_customers() };
    let free = target.draw(&[from_fit, vec![1.0, 1.0, 0.0]], options);
    let in_money = |free: &[f64]| {
        let [p, q, gamma] = spend_values(free);
        vec![p, q, gamma * mean]
    };
    Ok(Some(described(SPEND_NAMES.to_vec(), free, in_money)))
}

/// p, q and gamma in units of the observed mean, at ln p, ln (q - 1) and the logarithm of the population mean.
fn spend_values(free: &[f64]) -> [f64; 3] {
    let (p, above) = (free[0].exp(), free[1].exp());
    [p, 1.0 + above, free[2].exp() * above / p]
}
