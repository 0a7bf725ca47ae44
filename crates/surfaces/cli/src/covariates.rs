//! `--covariates` and its companions: from what was typed to a study's choice of model, and what it found as text.

use std::fmt::Write;
use std::sync::Arc;

use clv_answers::Provenance;
use clv_answers::covariates::CovariateFit;
use clv_engine::{CovariatesFile, Engine, ReadOptions};
use clv_studies::covariates::{
    CovariateChoice, CovariateOptions, CovariateRequest, Placement, Target,
};
use clv_studies::served::ModelChoice;

use crate::arguments::CovariateArguments;
use crate::reading::{columns_by_role, usage};

/// The choice of model with the table of customers, where one was given. Where only the spend model is asked for,
/// covariates act on spend if nothing else is said.
pub(crate) fn with_covariates(
    engine: &Engine,
    choice: ModelChoice,
    arguments: &CovariateArguments,
    columns: Option<&str>,
    is_spend: bool,
) -> anyhow::Result<ModelChoice> {
    let Some(path) = &arguments.covariates else {
        let typed = [
            ("--covariates-on", !arguments.covariates_on.is_empty()),
            ("--constrain", !arguments.constrain.is_empty()),
            ("--l2", arguments.l2.is_some()),
            ("--pool", arguments.pool.is_some()),
        ];
        return match typed.iter().find(|(_, is_typed)| *is_typed) {
            None => Ok(choice),
            Some((option, _)) => Err(usage(
                &format!("{option} says how covariates go into a model, and there are none"),
                Some("--covariates FILE, a table with customer_id and what is known of customers"),
            )),
        };
    };
    let choice = match choice {
        ModelChoice::Saved(saved) => {
            if !arguments.covariates_on.is_empty()
                || !arguments.constrain.is_empty()
                || arguments.pool.is_some()
                || arguments.l2.is_some()
            {
                return Err(usage(
                    "the saved model says what its covariates act on; nothing of it can be changed without a new fit",
                    Some("leave --covariates-on, --constrain, --l2 and --pool out"),
                ));
            }
            CovariateChoice::Saved(saved)
        }
        ModelChoice::Id(model) => CovariateChoice::Fit(options(model, arguments, is_spend)?),
        ModelChoice::Auto => CovariateChoice::Auto(options(String::new(), arguments, is_spend)?),
        ModelChoice::Blend => {
            return Err(usage(
                "the blend takes no covariates: its members are models and rules without",
                Some("--model auto, or a model by name such as --model pareto-nbd"),
            ));
        }
        ModelChoice::Covariates(_) => return Ok(choice),
    };
    let file = open(engine, path, columns)?;
    Ok(ModelChoice::Covariates(Arc::new(CovariateRequest { file, choice })))
}

/// What is known of the customers, for a bake-off in which models take part with it and without; none where no table was
/// given.
pub(crate) fn for_bake_off(
    engine: &Engine,
    arguments: &CovariateArguments,
    columns: Option<&str>,
) -> anyhow::Result<Option<Arc<CovariateRequest>>> {
    match with_covariates(engine, ModelChoice::Auto, arguments, columns, false)? {
        ModelChoice::Covariates(request) => Ok(Some(request)),
        _ => Ok(None),
    }
}

fn open(engine: &Engine, path: &str, columns: Option<&str>) -> anyhow::Result<CovariatesFile> {
    let read = ReadOptions {
        paths: vec![path.to_owned()],
        columns: columns_by_role(columns.unwrap_or(""))?,
        ..ReadOptions::default()
    };
    Ok(engine.open_covariates(&read)?)
}

fn options(
    model: String,
    arguments: &CovariateArguments,
    is_spend: bool,
) -> anyhow::Result<CovariateOptions> {
    let mut on = arguments
        .covariates_on
        .iter()
        .map(|text| text.parse())
        .collect::<Result<Vec<Placement>, clv_studies::StudyError>>()?;
    if on.is_empty() && is_spend {
        on.push(Placement { target: Target::Spend, name: None });
    }
    Ok(CovariateOptions {
        model,
        on,
        equal: arguments.constrain.clone(),
        l2: arguments.l2.unwrap_or(0.0),
        pool: arguments.pool.clone(),
    })
}

/// Notes what was asked in the provenance of an answer.
pub(crate) fn note(arguments: &CovariateArguments, provenance: &mut Provenance) {
    let Some(path) = &arguments.covariates else { return };
    let mut put = |name: &str, value: serde_json::Value| {
        provenance.options.insert(name.to_owned(), value);
    };
    put("covariates", path.clone().into());
    if !arguments.covariates_on.is_empty() {
        put("covariates-on", arguments.covariates_on.join(",").into());
    }
    if !arguments.constrain.is_empty() {
        put("constrain", arguments.constrain.join(",").into());
    }
    if let Some(l2) = arguments.l2 {
        put("l2", l2.into());
    }
    if let Some(pool) = &arguments.pool {
        put("pool", pool.clone().into());
    }
}

/// Groups that fit a terminal.
const GROUPS_SHOWN: usize = 30;

/// What covariates and groups did, as people read it.
pub(crate) fn text(fit: &CovariateFit) -> String {
    let mut text = String::new();
    let mut told: Vec<&str> = Vec::new();
    for one in &fit.covariates {
        if let Some(reference) = &one.reference
            && !told.contains(&one.column.as_str())
        {
            told.push(&one.column);
            let _ = writeln!(text, "{}: compared with '{reference}'", one.column);
        }
    }
    if fit.l2 > 0.0 {
        let _ = writeln!(text, "L2 penalty {}; the likelihood is without it", fit.l2);
    }
    for test in &fit.tests {
        let _ = writeln!(
            text,
            "against {}: {:.4} on {} degrees of freedom, p = {:.3e}",
            test.against, test.statistic, test.degrees_of_freedom, test.p_value
        );
    }
    if let Some(pooling) = &fit.pooling {
        for (target, spread) in &pooling.spread {
            let _ = writeln!(text, "spread of {target} between {}: {spread:.4}", pooling.column);
        }
        let has_spread = pooling.spread.values().any(|spread| *spread > 0.0);
        for group in pooling.groups.iter().filter(|_| has_spread).take(GROUPS_SHOWN) {
            let effects: Vec<String> = group
                .effects
                .iter()
                // Where the groups do not differ all answer as the population, which a warning says.
                .filter(|(target, _)| pooling.spread.get(*target).is_some_and(|one| *one > 0.0))
                .map(|(target, one)| {
                    format!(
                        "{target} {:+.4} (standard error {:.4}, shrinkage {:.2})",
                        one.effect, one.standard_error, one.shrinkage
                    )
                })
                .collect();
            let _ = writeln!(
                text,
                "  {} ({} customers): {}",
                group.group,
                group.n_customers,
                effects.join("; ")
            );
        }
        if has_spread && pooling.groups.len() > GROUPS_SHOWN {
            let more = pooling.groups.len() - GROUPS_SHOWN;
            let _ = writeln!(text, "  ... {more} more groups; -o FILE.json writes them all");
        }
    }
    text
}
