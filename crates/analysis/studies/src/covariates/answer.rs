//! A fit with covariates or groups as an answer, which is also what is saved.

use std::collections::BTreeMap;

use clv_answers::covariates::{CovariateFit, Group, GroupEffect, Pooling, Test};
use clv_answers::model_fit::ModelFit;
use clv_models::fit::{
    CovariateWarning, Estimate, FittedChangingModel, FittedCovariateModel,
    FittedCovariateRetention, FittedCovariateSpend, FittedPooledModel, LikelihoodRatio,
};

use clv_models::purchase::pareto_nbd;

use crate::model_fit::GAMMA_GAMMA;
use crate::time::TimeUnit;

/// The parts of an answer that purchases and spend share.
fn plain(model: &str, unit: TimeUnit, estimates: &[Estimate]) -> ModelFit {
    let errors = estimates.iter().filter_map(|one| Some((one.name.clone(), one.standard_error?)));
    ModelFit {
        parameters: estimates.iter().map(|one| (one.name.clone(), one.value)).collect(),
        standard_errors: errors.collect(),
        ..ModelFit::blank(model, unit.name())
    }
}

fn test(against: String, ratio: LikelihoodRatio) -> Test {
    Test {
        against,
        statistic: ratio.statistic,
        degrees_of_freedom: ratio.degrees_of_freedom as u64,
        p_value: ratio.p_value,
    }
}

fn with_covariance(fit: &mut ModelFit, estimates: &[Estimate], covariance: Option<&Vec<Vec<f64>>>) {
    if let Some(covariance) = covariance {
        fit.ln_covariance.clone_from(covariance);
        fit.covariance_order = estimates.iter().map(|one| one.name.clone()).collect();
    }
}

/// The answer for a fit with covariates; `equality` is the test of the effects that were held equal.
pub(super) fn covariate_fit(
    fitted: &FittedCovariateModel,
    unit: TimeUnit,
    mut of_covariates: CovariateFit,
    equality: Option<LikelihoodRatio>,
) -> ModelFit {
    of_covariates.log_likelihood_without = Some(fitted.without.log_likelihood());
    let against = || "the same model without covariates".to_owned();
    of_covariates.tests.extend(fitted.test.map(|ratio| test(against(), ratio)));
    let equal = of_covariates.equal_effects.join(", ");
    of_covariates.tests.extend(equality.map(|ratio| {
        test(format!("equal effects of {equal} on purchases and dropout, as here"), ratio)
    }));
    let mut fit = plain(fitted.model.entry().id, unit, &fitted.estimates);
    with_covariance(&mut fit, &fitted.estimates, fitted.covariance.as_ref());
    fit.log_likelihood = Some(fitted.log_likelihood);
    fit.aic = Some(fitted.aic());
    fit.n_customers = Some(fitted.n_customers.round() as u64);
    fit.n_histories = Some(fitted.n_histories as u64);
    fit.converged = Some(fitted.converged);
    fit.warnings = fitted.warnings.iter().map(ToString::to_string).collect();
    fit.covariates = Some(Box::new(of_covariates));
    fit
}

/// The answer for a fit with covariates that change, to so many customers.
pub(super) fn changing_fit(
    fitted: &FittedChangingModel,
    unit: TimeUnit,
    mut of_covariates: CovariateFit,
    n_customers: usize,
) -> ModelFit {
    of_covariates.log_likelihood_without = Some(fitted.without.log_likelihood());
    let against = "the same model without covariates".to_owned();
    of_covariates.tests.extend(fitted.test.map(|ratio| test(against, ratio)));
    let mut fit = plain(pareto_nbd::ID, unit, &fitted.estimates);
    with_covariance(&mut fit, &fitted.estimates, fitted.covariance.as_ref());
    fit.log_likelihood = Some(fitted.log_likelihood);
    fit.aic = Some(2.0 * fitted.n_parameters as f64 - 2.0 * fitted.log_likelihood);
    fit.n_customers = Some(n_customers as u64);
    fit.n_histories = Some(n_customers as u64);
    fit.converged = Some(fitted.converged);
    fit.warnings = fitted.warnings.iter().map(ToString::to_string).collect();
    fit.covariates = Some(Box::new(of_covariates));
    fit
}

/// The answer for a pooled fit by `column`.
pub(super) fn pooled_fit(
    fitted: &FittedPooledModel,
    unit: TimeUnit,
    mut of_covariates: CovariateFit,
    column: &str,
) -> ModelFit {
    let spread: BTreeMap<String, f64> =
        fitted.spreads.iter().map(|(target, spread)| (target.id().to_owned(), *spread)).collect();
    let groups = fitted
        .groups
        .iter()
        .map(|group| Group {
            group: group.name.clone(),
            n_customers: group.n_customers.round() as u64,
            effects: group
                .effects
                .iter()
                .map(|effect| {
                    let of_group = GroupEffect {
                        effect: effect.value,
                        standard_error: effect.standard_error,
                        shrinkage: effect.shrinkage,
                    };
                    (effect.target.id().to_owned(), of_group)
                })
                .collect(),
        })
        .collect();
    let (statistic, p_value) = fitted.test;
    of_covariates.tests.push(Test {
        against: format!("no difference between the groups of {column}"),
        statistic,
        degrees_of_freedom: fitted.spreads.len() as u64,
        p_value,
    });
    of_covariates.pooling = Some(Pooling { column: column.to_owned(), spread, groups });
    let mut fit = covariate_fit(&fitted.unpooled, unit, of_covariates, None);
    if let Some(of_covariates) = &mut fit.covariates {
        for test in of_covariates.tests.iter_mut().skip(1) {
            test.against.push_str(", both without groups");
        }
    }
    let warnings = std::mem::take(&mut fit.warnings);
    let of_covariates = fit.covariates.take();
    let mut pooled = plain(fitted.model.entry().id, unit, &fitted.estimates);
    with_covariance(&mut pooled, &fitted.estimates, fitted.covariance.as_ref());
    pooled.log_likelihood = Some(fitted.log_likelihood);
    pooled.aic = Some(fitted.aic());
    pooled.n_customers = fit.n_customers;
    pooled.n_histories = fit.n_histories;
    pooled.converged = Some(fitted.converged);
    pooled.covariates = of_covariates;
    // What the unpooled fit had to say of its customers holds; what it said of its own parameters may not.
    let stays = |warning: &String| warning.starts_with("only ") || warning.contains("L2");
    pooled.warnings = warnings.into_iter().filter(stays).collect();
    if !fitted.converged {
        pooled.warnings.push(
            "parameters, effects and the spread between groups did not come to rest: take them as approximate"
                .to_owned(),
        );
    }
    for names in &fitted.ridges {
        pooled.warnings.push(CovariateWarning::Ridge { names: names.clone() }.to_string());
    }
    for (target, spread) in &fitted.spreads {
        if *spread <= 0.0 {
            pooled.warnings.push(format!(
                "the groups of {column} do not differ in {} beyond chance: all answer as the population",
                target.id()
            ));
        }
    }
    let lone = fitted.groups.iter().filter(|group| group.n_customers < 1.5).count();
    if lone > 0 {
        pooled.warnings.push(format!(
            "{lone} groups of {column} have one customer: they answer near the population"
        ));
    }
    pooled
}

/// The answer for a retention fit with covariates.
pub(super) fn retention_fit(
    fitted: &FittedCovariateRetention,
    model: &str,
    unit: TimeUnit,
    mut of_covariates: CovariateFit,
) -> ModelFit {
    of_covariates.log_likelihood_without = Some(fitted.without.log_likelihood());
    let against = "the same model without covariates".to_owned();
    of_covariates.tests.extend(fitted.test.map(|ratio| test(against, ratio)));
    let mut fit = plain(model, unit, &fitted.estimates);
    with_covariance(&mut fit, &fitted.estimates, fitted.covariance.as_ref());
    fit.log_likelihood = Some(fitted.log_likelihood);
    fit.aic = Some(2.0 * fitted.estimates.len() as f64 - 2.0 * fitted.log_likelihood);
    fit.n_customers = Some(fitted.n_customers.round() as u64);
    fit.converged = Some(fitted.converged);
    fit.warnings = fitted.warnings.iter().map(ToString::to_string).collect();
    fit.covariates = Some(Box::new(of_covariates));
    fit
}

/// The answer for a spend fit with covariates.
pub(super) fn spend_fit(fitted: &FittedCovariateSpend, unit: TimeUnit) -> ModelFit {
    let mut fit = plain(GAMMA_GAMMA, unit, &fitted.estimates);
    fit.log_likelihood = Some(fitted.log_likelihood);
    fit.aic = Some(2.0 * fitted.n_parameters as f64 - 2.0 * fitted.log_likelihood);
    fit.n_customers = Some(fitted.n_customers.round() as u64);
    fit.converged = Some(fitted.converged);
    fit.warnings = fitted.warnings.iter().map(ToString::to_string).collect();
    fit.warnings.extend(fitted.without.warnings.iter().map(ToString::to_string));
    let against = || "the same model without covariates".to_owned();
    fit.covariates = Some(Box::new(CovariateFit {
        log_likelihood_without: Some(fitted.without.log_likelihood),
        tests: fitted.test.map(|ratio| test(against(), ratio)).into_iter().collect(),
        ..CovariateFit::default()
    }));
    fit
}
