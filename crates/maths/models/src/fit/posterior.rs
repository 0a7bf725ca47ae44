//! What the data leave open about a model's parameters: draws from their joint posterior.
//!
//! The likelihood is exact, over all grouped histories; the [`Prior`] is weak and proper, so that a ridge of the
//! likelihood becomes a long hill instead of a plain without end. The fast way draws a few hundred points from a
//! Student's law around the posterior mode, weighs them by importance, smooths the largest weights
//! [VehtariEtAl2024] and takes equally weighted draws from them. Its k-hat says whether that is good enough;
//! where it is not, four chains of NUTS [HoffmanGelman2014] take over.

use std::fmt;
use std::sync::Arc;

use super::posterior_draws::{FreeDraws, Target};
use super::purchase::{in_unit, mean_positive_age};
use super::search_space::SearchSpace;
use super::{FitError, Prior};
use crate::PurchaseHistories;
use crate::catalogue::PurchaseModelEntry;
use crate::purchase::PurchaseModel;

/// How to draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PosteriorMethod {
    /// Importance sampling around the mode, and NUTS where its k-hat is too large.
    Fast,
    /// NUTS.
    Nuts,
}

/// What draws are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PosteriorOptions {
    /// How to draw.
    pub method: PosteriorMethod,
    /// How many draws, at least 1.
    pub n_draws: usize,
    /// The seed of all randomness: the same seed gives the same draws, on any number of threads.
    pub seed: u64,
}

/// How draws came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DrawMethod {
    /// Pareto-smoothed importance sampling.
    Importance,
    /// The no-U-turn sampler.
    Nuts,
    /// Refits to customers drawn with replacement.
    Bootstrap,
}

impl DrawMethod {
    /// Its id, as answers show it.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Importance => "importance",
            Self::Nuts => "nuts",
            Self::Bootstrap => "bootstrap",
        }
    }
}

/// How far draws are to be trusted. Vectors have one entry for each parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct DrawDiagnostics {
    /// Shape of the tail of the importance ratios, also where it made NUTS take over; none where nobody asked.
    pub k_hat: Option<f64>,
    /// Rank-normalised split R-hat over the chains; none without chains.
    pub r_hat: Vec<Option<f64>>,
    /// How many independent draws the centre is known as well as from.
    pub bulk_effective_sample_size: Vec<f64>,
    /// The same for the 5 % and 95 % quantiles.
    pub tail_effective_sample_size: Vec<f64>,
    /// Draws of chains whose path went astray.
    pub n_divergences: usize,
    /// Likelihood passes that the draws took; for a bootstrap, fits.
    pub n_evaluations: usize,
}

/// Equally weighted draws of a model's parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Posterior {
    /// The parameters' names, in the order of every draw.
    pub names: Vec<&'static str>,
    /// The parameters at the posterior mode of the free coordinates; for a bootstrap, at the fit.
    pub mode: Vec<f64>,
    /// Draws x parameters, each on its own scale and in the unit of the data.
    pub draws: Vec<Vec<f64>>,
    /// How they came about.
    pub method: DrawMethod,
    /// How far to trust them.
    pub diagnostics: DrawDiagnostics,
    /// What to know before using them.
    pub warnings: Vec<PosteriorWarning>,
}

/// Mean, spread and quantiles of one parameter's draws.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DrawSummary {
    /// Mean.
    pub mean: f64,
    /// Standard deviation.
    pub standard_deviation: f64,
    /// Quantiles at 5, 50 and 95 %.
    pub quantiles: [f64; 3],
}

impl Posterior {
    /// What the draws of the parameter at this position say.
    #[must_use]
    pub fn summary(&self, position: usize) -> DrawSummary {
        let mut values: Vec<f64> = self.draws.iter().map(|draw| draw[position]).collect();
        values.sort_by(f64::total_cmp);
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let quantile = |level: f64| {
            let place = level * (n - 1.0);
            let below = place.floor() as usize;
            let above = (below + 1).min(values.len() - 1);
            values[below] + (place - below as f64) * (values[above] - values[below])
        };
        DrawSummary {
            mean,
            standard_deviation: (squares / (n - 1.0).max(1.0)).sqrt(),
            quantiles: [0.05, 0.5, 0.95].map(quantile),
        }
    }
}

/// Something about draws that their numbers alone do not say.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum PosteriorWarning {
    /// The quick way did not fit, so the slow one was taken.
    TookNuts {
        /// The k-hat that was too large.
        k_hat: f64,
    },
    /// Chains do not agree.
    ChainsDisagree {
        /// The parameter that differs most.
        parameter: &'static str,
        /// Its R-hat.
        r_hat: f64,
    },
    /// Paths of chains went astray.
    Divergences {
        /// How many.
        n_divergences: usize,
    },
    /// Too few independent draws for the ends of intervals.
    FewEffectiveDraws {
        /// The parameter with the fewest.
        parameter: &'static str,
        /// How many.
        n_effective: f64,
    },
    /// Refits that did not reach their optimum; they count all the same.
    RefitsNotConverged {
        /// How many.
        n_refits: usize,
    },
}

/// R-hat above this is a sign that chains have not come to agree [VehtariEtAl2021].
const LARGEST_R_HAT: f64 = 1.01;
/// Fewer independent draws than this leave the ends of 90 % intervals uncertain by a quarter of a standard deviation.
const FEWEST_EFFECTIVE: f64 = 100.0;

impl fmt::Display for PosteriorWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TookNuts { k_hat } => write!(
                f,
                "the posterior is not shaped like its fast approximation (k-hat {k_hat:.2}), so it was sampled by NUTS"
            ),
            Self::ChainsDisagree { parameter, r_hat } => write!(
                f,
                "the chains do not agree on {parameter} (r-hat {r_hat:.3}, expected at most {LARGEST_R_HAT}); hint: ask for \
                 more draws"
            ),
            Self::Divergences { n_divergences } => write!(
                f,
                "{n_divergences} draws left their path (divergences): the posterior has a corner that the sampler may have \
                 missed"
            ),
            Self::FewEffectiveDraws { parameter, n_effective } => write!(
                f,
                "the draws of {parameter} are worth only {n_effective:.0} independent ones: take the ends of its interval as \
                 rough; hint: ask for more draws"
            ),
            Self::RefitsNotConverged { n_refits } => {
                write!(f, "{n_refits} refits of the bootstrap did not reach their optimum")
            }
        }
    }
}

/// Why there is no posterior.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PosteriorError {
    /// Nothing to start from.
    #[error(transparent)]
    Fit(#[from] FitError),
    /// The prior is not one of this model's parameters.
    #[error(
        "the prior of {model} needs a finite centre and a standard deviation above 0 for each of {expected} parameters"
    )]
    Prior {
        /// The model's id.
        model: &'static str,
        /// How many parameters it has.
        expected: usize,
    },
    /// No draws are asked for.
    #[error("a posterior of no draws says nothing; hint: ask for at least 1")]
    NoDraws,
}

/// A purchase model at the maximum of its posterior density in free coordinates.
#[derive(Debug, Clone)]
pub struct MaximumAPosteriori {
    /// The model there.
    pub model: Arc<dyn PurchaseModel>,
    /// Whether the gradient vanished.
    pub converged: bool,
}

/// The most probable parameters of a model given `histories` and a `prior`.
///
/// `start` are values of its parameters, such as those of a fit.
///
/// # Errors
/// [`PosteriorError`] where there are no histories, or start or prior are not the model's.
pub fn maximum_a_posteriori(
    entry: &'static PurchaseModelEntry,
    start: &[f64],
    histories: &PurchaseHistories,
    prior: &Prior,
) -> Result<MaximumAPosteriori, PosteriorError> {
    let scaled = Scaled::new(entry, start, histories, prior)?;
    let mode = scaled.target().mode(&scaled.starts);
    let values = scaled.values(&mode.point);
    let model = (entry.build)(&values).expect("values inside the bounds are parameters");
    Ok(MaximumAPosteriori { model: Arc::from(model), converged: mode.converged })
}

/// Draws from the posterior of a purchase model's parameters given `histories` and a `prior`.
///
/// `start` are values of its parameters, such as those of a fit; draws are in the unit of the histories.
///
/// # Errors
/// [`PosteriorError`] where there are no histories, or start or prior are not the model's.
///
/// ```
/// use clv_models::catalogue::purchase_model;
/// use clv_models::fit::{PosteriorMethod, PosteriorOptions, Prior, purchase_posterior};
/// use clv_models::{PurchaseHistories, PurchaseHistory};
/// let mut histories = PurchaseHistories::default();
/// for (x, t_x, age, n) in [(0, 0.0, 39.0, 60.0), (1, 12.0, 38.0, 25.0), (4, 30.0, 37.0, 15.0)] {
///     histories.push(PurchaseHistory::new(x, t_x, age)?, n)?;
/// }
/// let entry = purchase_model("nbd").expect("in the catalogue");
/// let options = PosteriorOptions { method: PosteriorMethod::Fast, n_draws: 400, seed: 1 };
/// let prior = Prior::weakly_informative(entry.kinds);
/// let posterior = purchase_posterior(entry, &[1.0, 40.0], &histories, &prior, &options)?;
/// assert!(posterior.draws.len() == 400 && posterior.summary(0).quantiles[0] > 0.1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn purchase_posterior(
    entry: &'static PurchaseModelEntry,
    start: &[f64],
    histories: &PurchaseHistories,
    prior: &Prior,
    options: &PosteriorOptions,
) -> Result<Posterior, PosteriorError> {
    if options.n_draws == 0 {
        return Err(PosteriorError::NoDraws);
    }
    let scaled = Scaled::new(entry, start, histories, prior)?;
    let mut free = scaled.target().draw(&scaled.starts, options);
    scaled.note_held(&mut free.diagnostics);
    Ok(described(entry.parameter_names.to_vec(), free, |free| scaled.values(free)))
}

/// A model and histories with times in units of the mean age, where to start, and the way back. Whole numbers are held
/// at the values of the start: draws are given them.
struct Scaled {
    space: SearchSpace,
    prior: Prior,
    histories: PurchaseHistories,
    time_unit: f64,
    starts: Vec<Vec<f64>>,
}

impl Scaled {
    fn new(
        entry: &'static PurchaseModelEntry,
        start: &[f64],
        histories: &PurchaseHistories,
        prior: &Prior,
    ) -> Result<Self, PosteriorError> {
        if histories.is_empty() {
            return Err(FitError::NoHistories { model: entry.id }.into());
        }
        (entry.build)(start).map_err(|reason| FitError::Start { model: entry.id, reason })?;
        let n = entry.kinds.len();
        if !prior.is_for(n) {
            return Err(PosteriorError::Prior { model: entry.id, expected: n });
        }
        let time_unit = mean_positive_age(histories);
        let scaled = |values: &[f64]| -> Vec<f64> {
            values
                .iter()
                .zip(entry.kinds)
                .map(|(value, kind)| kind.in_unit(*value, time_unit))
                .collect()
        };
        let space = SearchSpace::new(entry, &scaled(start));
        let prior = prior.of(&space.moved);
        let free = |values: &[f64]| -> Vec<f64> {
            let laws = prior.centres.iter().zip(&prior.standard_deviations);
            // A fit on a ridge may have ended where the prior leaves hardly anything.
            space
                .free(&scaled(values))
                .into_iter()
                .zip(laws)
                .map(|(free, (centre, sd))| free.clamp(centre - 2.0 * sd, centre + 2.0 * sd))
                .collect()
        };
        let starts = vec![free(start), free(&(entry.start)(histories))];
        Ok(Self { space, prior, histories: in_unit(histories, time_unit), time_unit, starts })
    }

    fn target(&self) -> Target<'_, impl Fn(&[f64], &mut [f64]) -> f64 + Sync + '_> {
        let ln_likelihood = |free: &[f64], gradient: &mut [f64]| {
            let values = self.space.values(free);
            let Ok(model) = (self.space.entry.build)(&values) else { return f64::NAN };
            let mut of_all = vec![0.0; values.len()];
            let sum = model.ln_likelihood_sum(&self.histories, &mut of_all);
            for (slope, &place) in gradient.iter_mut().zip(&self.space.moved) {
                *slope = of_all[place];
            }
            sum
        };
        Target { ln_likelihood, prior: &self.prior, n_customers: self.histories.n_customers() }
    }

    /// One entry for each parameter: what is held needs no diagnosis.
    fn note_held(&self, diagnostics: &mut DrawDiagnostics) {
        let most = |values: &[f64]| values.iter().copied().fold(0.0, f64::max);
        diagnostics.r_hat = self.space.spread(&diagnostics.r_hat, None);
        let bulk = &mut diagnostics.bulk_effective_sample_size;
        *bulk = self.space.spread(bulk, most(bulk));
        let tail = &mut diagnostics.tail_effective_sample_size;
        *tail = self.space.spread(tail, most(tail));
    }

    /// Parameters in the unit of the caller's histories.
    fn values(&self, free: &[f64]) -> Vec<f64> {
        let kinds = self.space.entry.kinds.iter();
        kinds
            .zip(self.space.values(free))
            .map(|(kind, value)| kind.in_unit(value, 1.0 / self.time_unit))
            .collect()
    }
}

/// Free draws as parameters, with what there is to say about them.
pub(super) fn described(
    names: Vec<&'static str>,
    free: FreeDraws,
    values: impl Fn(&[f64]) -> Vec<f64>,
) -> Posterior {
    let FreeDraws { mode, draws, method, diagnostics } = free;
    let mut warnings = Vec::new();
    if let (DrawMethod::Nuts, Some(k_hat)) = (method, diagnostics.k_hat) {
        warnings.push(PosteriorWarning::TookNuts { k_hat });
    }
    let r_hats = names.iter().zip(&diagnostics.r_hat);
    let worst = r_hats.filter_map(|(name, r_hat)| r_hat.map(|r_hat| (*name, r_hat)));
    if let Some((parameter, r_hat)) = worst.max_by(|a, b| a.1.total_cmp(&b.1))
        && (r_hat.is_nan() || r_hat > LARGEST_R_HAT)
    {
        warnings.push(PosteriorWarning::ChainsDisagree { parameter, r_hat });
    }
    if diagnostics.n_divergences > 0 {
        warnings.push(PosteriorWarning::Divergences { n_divergences: diagnostics.n_divergences });
    }
    let sizes = diagnostics.bulk_effective_sample_size.iter();
    let sizes =
        sizes.zip(&diagnostics.tail_effective_sample_size).map(|(bulk, tail)| bulk.min(*tail));
    if let Some((parameter, n_effective)) =
        names.iter().zip(sizes).min_by(|a, b| a.1.total_cmp(&b.1))
        && (n_effective.is_nan() || n_effective < FEWEST_EFFECTIVE)
    {
        warnings.push(PosteriorWarning::FewEffectiveDraws { parameter, n_effective });
    }
    Posterior {
        names,
        mode: values(&mode),
        draws: draws.iter().map(|draw| values(draw)).collect(),
        method,
        diagnostics,
        warnings,
    }
}
