//! Whether cohorts of subscriptions differ: a curve for each of them against one for all.

use clv_answers::covariates::Test;
use clv_answers::retention::CohortFit;
use clv_models::catalogue::retention_model;
use clv_models::fit::{FittedRetention, LikelihoodOfFit, fit_retention_model, likelihood_ratio};
use clv_models::retention::Tenures;

use crate::model_fit::standard_errors;
use crate::retention::RetentionCurve;
use crate::subscribers::Subscribers;

/// Cohorts differ where chance gives as large a difference less often than this.
const SURELY_DIFFERENT: f64 = 0.01;

/// Each cohort's own fit of the curve's model, and all of them together against the curve.
///
/// A cohort of which nobody has met a renewal says nothing of either, and is left out. Nothing is compared where the curve
/// was not fitted to these subscribers.
pub(crate) fn compare_cohorts(
    curve: &RetentionCurve,
    subscribers: &Subscribers,
    through: Option<u32>,
    ratio: f64,
) -> (Vec<CohortFit>, Option<Test>) {
    let RetentionCurve::Model(model, Some(pooled)) = curve else { return Default::default() };
    let Some(entry) = retention_model(model.id()) else { return Default::default() };
    let own = |(name, tenures): &(String, Tenures)| {
        let seen = through.map(|renewals| tenures.seen_through(renewals));
        let tenures = seen.as_ref().unwrap_or(tenures);
        let fitted = fit_retention_model(entry, tenures).ok()?;
        Some((name.clone(), tenures.n_lost(), fitted))
    };
    let fits: Vec<(String, f64, FittedRetention)> =
        subscribers.by_cohort.iter().filter_map(own).collect();
    let test = test(pooled, &fits, entry.parameter_names.len());
    let answers = fits.into_iter().map(|(cohort, n_lost, fitted)| {
        let parameters = fitted.model().parameters();
        let names: Vec<String> = parameters.iter().map(|one| one.name.to_owned()).collect();
        CohortFit {
            cohort,
            n_customers: fitted.n_customers(),
            n_lost,
            standard_errors: standard_errors(&names, fitted.standard_errors()),
            parameters: names.into_iter().zip(parameters.iter().map(|one| one.value)).collect(),
            log_likelihood: fitted.log_likelihood(),
            converged: fitted.converged(),
            // Without discount a sum may have no limit.
            discounted_renewals: fitted.model().expected_renewals(0, ratio, None).min(f64::MAX),
        }
    });
    (answers.collect(), test)
}

/// What to know where the test says that the cohorts differ.
pub(crate) fn difference(test: Option<&Test>) -> Option<String> {
    let test = test.filter(|test| test.p_value < SURELY_DIFFERENT)?;
    Some(format!(
        "the cohorts differ (likelihood ratio {:.1} on {} degrees of freedom, p-value {:.2e}): one curve is right for none of \
         them; --cohort NAME takes one alone",
        test.statistic, test.degrees_of_freedom, test.p_value
    ))
}

/// The likelihood-ratio test; none for fewer than two cohorts or where a fit did not come to rest.
fn test(
    pooled: &FittedRetention,
    fits: &[(String, f64, FittedRetention)],
    n_parameters: usize,
) -> Option<Test> {
    if fits.len() < 2 || !fits.iter().all(|(.., fitted)| fitted.converged()) {
        return None;
    }
    // Whoever has met no renewal adds 0 to both likelihoods, so that both are to the same customers.
    let n_customers = pooled.n_customers();
    let smaller =
        LikelihoodOfFit { log_likelihood: pooled.log_likelihood(), n_parameters, n_customers };
    let larger = LikelihoodOfFit {
        log_likelihood: fits.iter().map(|(.., fitted)| fitted.log_likelihood()).sum(),
        n_parameters: n_parameters * fits.len(),
        n_customers,
    };
    let ratio = likelihood_ratio(&smaller, &larger).ok()?;
    Some(Test {
        against: "one curve for all cohorts".to_owned(),
        statistic: ratio.statistic,
        degrees_of_freedom: ratio.degrees_of_freedom as u64,
        p_value: ratio.p_value,
    })
}
