//! How much a fit would change had other customers come: refits to customers drawn with replacement.
//!
//! No prior and no law of the customers is assumed [EfronTibshirani1993]. On a ridge of the likelihood refits
//! scatter along it as far as the search goes, so that a posterior says more there.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rand_distr::{Binomial, Distribution};
use rayon::prelude::*;

use super::posterior::{DrawDiagnostics, DrawMethod, Posterior, PosteriorError, PosteriorWarning};
use super::{FitOptions, fit_from, fit_gamma_gamma};
use crate::PurchaseHistories;
use crate::catalogue::PurchaseModelEntry;
use crate::spend::{GammaGamma, SpendObservation, SpendObservations};

/// Refits a purchase model `n_refits` times, each to as many customers drawn with replacement from `histories`.
///
/// `fitted` are the parameters of the fit, from which each refit starts. Deterministic given `seed`, on any number
/// of threads. A draw of customers is one of weights of the grouped histories, so that a refit costs no more than
/// a fit.
///
/// # Errors
/// [`PosteriorError`] where there are no histories, the values are not the model's, or no refit is asked for.
pub fn purchase_bootstrap(
    entry: &'static PurchaseModelEntry,
    fitted: &[f64],
    histories: &PurchaseHistories,
    n_refits: usize,
    seed: u64,
) -> Result<Posterior, PosteriorError> {
    let options = FitOptions { has_standard_errors: false, ..FitOptions::default() };
    let weights = histories.weights();
    let refits: Vec<Result<(Vec<f64>, bool), PosteriorError>> = seeds(n_refits, seed)?
        .into_par_iter()
        .map(|seed| {
            let mut resampled = PurchaseHistories::with_capacity(histories.len());
            let drawn = multinomial(weights, &mut StdRng::seed_from_u64(seed));
            for (history, weight) in histories.histories().iter().zip(drawn) {
                if weight > 0.0 {
                    resampled.push(*history, weight).expect("counts above 0 are weights");
                }
            }
            let refit = fit_from(entry, fitted, &resampled, &options)?;
            let values = refit.model().parameters().iter().map(|one| one.value).collect();
            Ok((values, refit.converged()))
        })
        .collect();
    let refits: Vec<(Vec<f64>, bool)> = refits.into_iter().collect::<Result<_, _>>()?;
    Ok(of_refits(entry.parameter_names.to_vec(), fitted.to_vec(), refits))
}

/// Refits gamma-gamma in the same way to customers with spend; `None` where nothing can be learned of the spread.
///
/// # Errors
/// [`PosteriorError::NoDraws`] where no refit is asked for.
pub fn spend_bootstrap(
    fitted: &GammaGamma,
    observations: &SpendObservations,
    n_refits: usize,
    seed: u64,
) -> Result<Option<Posterior>, PosteriorError> {
    let seeds = seeds(n_refits, seed)?;
    if !super::spend::has_enough_to_learn(observations) {
        return Ok(None);
    }
    let (seen, weights): (Vec<&SpendObservation>, Vec<f64>) = observations.iter().unzip();
    let refits = seeds
        .into_par_iter()
        .map(|seed| {
            let mut resampled = SpendObservations::default();
            let drawn = multinomial(&weights, &mut StdRng::seed_from_u64(seed));
            for (observation, weight) in seen.iter().zip(drawn) {
                if weight > 0.0 {
                    resampled.push(**observation, weight).expect("counts above 0 are weights");
                }
            }
            let refit = fit_gamma_gamma(&resampled);
            (refit.model.parameters().map(|one| one.value).to_vec(), refit.converged)
        })
        .collect();
    let fitted = fitted.parameters();
    let names = fitted.iter().map(|one| one.name).collect();
    Ok(Some(of_refits(names, fitted.iter().map(|one| one.value).collect(), refits)))
}

/// One seed for each refit.
fn seeds(n_refits: usize, seed: u64) -> Result<Vec<u64>, PosteriorError> {
    if n_refits == 0 {
        return Err(PosteriorError::NoDraws);
    }
    let mut random = StdRng::seed_from_u64(seed);
    Ok((0..n_refits).map(|_| random.random::<u64>()).collect())
}

/// How often each row appears when as many customers as there are (to the nearest one) are drawn with replacement.
fn multinomial(weights: &[f64], random: &mut StdRng) -> Vec<f64> {
    let mut weight_left: f64 = weights.iter().sum();
    let mut n_left = weight_left.round().max(1.0) as u64;
    let last = weights.len().saturating_sub(1);
    weights
        .iter()
        .enumerate()
        .map(|(row, weight)| {
            let share = if row == last { 1.0 } else { (weight / weight_left).clamp(0.0, 1.0) };
            weight_left -= weight;
            let law = Binomial::new(n_left, share).expect("a share is a probability");
            let drawn = law.sample(random);
            n_left -= drawn;
            drawn as f64
        })
        .collect()
}

fn of_refits(
    names: Vec<&'static str>,
    fitted: Vec<f64>,
    refits: Vec<(Vec<f64>, bool)>,
) -> Posterior {
    let (n_draws, n_parameters) = (refits.len(), names.len());
    let n_refits = refits.iter().filter(|(_, converged)| !converged).count();
    Posterior {
        names,
        mode: fitted,
        draws: refits.into_iter().map(|(values, _)| values).collect(),
        method: DrawMethod::Bootstrap,
        diagnostics: DrawDiagnostics {
            k_hat: None,
            r_hat: vec![None; n_parameters],
            // Refits are independent of one another.
            bulk_effective_sample_size: vec![n_draws as f64; n_parameters],
            tail_effective_sample_size: vec![n_draws as f64; n_parameters],
            n_divergences: 0,
            n_evaluations: n_draws,
        },
        warnings: if n_refits > 0 {
            vec![PosteriorWarning::RefitsNotConverged { n_refits }]
        } else {
            Vec::new()
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_customers_are_drawn_as_there_are() {
        let weights = [3.0, 0.0, 1000.0, 1.0, 96.0];
        let mut sums = [0.0; 5];
        let mut random = StdRng::seed_from_u64(2);
        for _ in 0..2000 {
            let drawn = multinomial(&weights, &mut random);
            assert!((drawn.iter().sum::<f64>() - 1100.0).abs() < 1e-9);
            sums.iter_mut().zip(drawn).for_each(|(sum, n)| *sum += n / 2000.0);
        }
        for (mean, weight) in sums.iter().zip(weights) {
            // Four standard errors of a mean of 2,000 nearly Poisson counts.
            assert!((mean - weight).abs() <= 4.0 * (weight / 2000.0).sqrt(), "{mean} {weight}");
        }
    }
}
