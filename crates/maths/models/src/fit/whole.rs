//! Fits of models with a whole number among their parameters: each number is tried, and the likelihood decides.

use super::FitWarning;
use super::purchase::{FitError, FitOptions, FittedPurchaseModel, fit_from};
use crate::catalogue::PurchaseModelEntry;
use crate::purchase::MOST_PHASES;
use crate::{ParameterKind, PurchaseHistories, PurchaseHistory};

/// The most values of a whole number that are tried.
const MOST_WHOLE: u32 = MOST_PHASES;
/// The search over whole numbers ends when the likelihood has been below its best for so many in a row.
const WHOLES_BELOW_BEST: u32 = 3;

/// Fits the other parameters at 1, 2, ... of the whole number, each from where the last ended, until the likelihood
/// falls; the best gets standard errors.
pub(super) fn fit_whole(
    entry: &'static PurchaseModelEntry,
    mut start: Vec<f64>,
    histories: &PurchaseHistories,
    options: &FitOptions,
) -> Result<FittedPurchaseModel, FitError> {
    let tried_options = FitOptions { has_standard_errors: false, ..*options };
    let at = entry.kinds.iter().position(|kind| *kind == ParameterKind::Whole).unwrap_or(0);
    let mut tried: Vec<(u32, f64)> = Vec::new();
    let mut best: Option<(f64, Vec<f64>)> = None;
    let mut n_passes = 0;
    let mut best_whole = 1;
    for whole in 1..=MOST_WHOLE {
        start[at] = f64::from(whole);
        let fitted = fit_from(entry, &start, histories, &tried_options)?;
        n_passes += fitted.n_passes;
        tried.push((whole, fitted.log_likelihood()));
        let found: Vec<f64> = fitted.model().parameters().iter().map(|one| one.value).collect();
        // As many ticks for each purchase as phases: the next clock is to run faster by as much.
        start = next_start(entry, &found, f64::from(whole));
        if best.as_ref().is_none_or(|(highest, _)| fitted.log_likelihood() > *highest) {
            best = Some((fitted.log_likelihood(), found));
            best_whole = whole;
        } else if whole >= best_whole + WHOLES_BELOW_BEST {
            break;
        }
    }
    let (_, values) = best.expect("one was tried");
    let mut fitted = fit_from(entry, &values, histories, options)?;
    fitted.n_passes += n_passes;
    let is_unknown = |history: &PurchaseHistory| {
        history.repeat_purchases() > 1 && history.sum_ln_interpurchase_times().is_none()
    };
    if histories.histories().iter().any(is_unknown) {
        fitted.warnings.push(FitWarning::UnknownRhythm { parameter: entry.parameter_names[at] });
    }
    if best_whole == MOST_WHOLE {
        let (parameter, value) = (entry.parameter_names[at], f64::from(best_whole));
        fitted.warnings.push(FitWarning::AtBound { parameter, value });
    }
    fitted.ln_likelihood_by_whole = tried;
    Ok(fitted)
}

/// The fit at `whole` phases as a start for one phase more.
fn next_start(entry: &PurchaseModelEntry, found: &[f64], whole: f64) -> Vec<f64> {
    let faster = |(kind, value): (&ParameterKind, &f64)| match kind {
        ParameterKind::Time => value * whole / (whole + 1.0),
        _ => *value,
    };
    entry.kinds.iter().zip(found).map(faster).collect()
}
