//! `clv explain`: what a figure, a model or a definition means.

use std::io::Write;

use clv_models::boosted::ZILN_ID;
use clv_models::catalogue::{purchase_models, retention_models, spend_models};
use clv_models::retention::kaplan_meier::ID as KAPLAN_MEIER;
use clv_studies::metrics::{catalogue, subscription_catalogue};
use clv_studies::model_fit::GAMMA_GAMMA;
use clv_valuation::definition::definitions;

use crate::Outcome;
use crate::arguments::ExplainArguments;
use crate::failure::NotFound;

/// The columns of answers, in plain words.
const FIGURES: &[(&str, &str)] = &[
    (
        "repeat_purchases",
        "purchase days after the first; several orders on one day count once (x in the papers)",
    ),
    ("last_purchase_age", "time from the first to the last purchase (t_x in the papers)"),
    ("age", "time from the first purchase to the end of observation (T in the papers)"),
    ("mean_spend", "mean spend of a repeat purchase day; 0 without repeats (z in the papers)"),
    ("historic_value", "value so far, under the definition that definition_id names"),
    (
        "residual_value",
        "expected value over the horizon, discounted to now: a mean, while low and high are what 80 % of such customers will bring (the _90 columns 90 %); where most bring nothing the mean lies above the interval",
    ),
    (
        "lifetime_value",
        "historic plus residual value, less the cost of winning the customer where the definition says so",
    ),
    ("definition_id", "the definition a figure follows, with every number it depends on"),
    (
        "expected_purchases",
        "expected purchase days within the horizon, with an interval that holds at least 80 %",
    ),
    (
        "probability_alive",
        "chance that the customer has not left for good; a secondary number, it depends on the model more than others",
    ),
    (
        "probability_next_order",
        "chance of at least one order within the horizon; 1 minus it is the churn risk",
    ),
    (
        "next_order_date",
        "median date of the next order, given that there will be one; low and high are the 10 % and 90 % points",
    ),
    ("renewals", "renewals of a subscription so far; the first period is none"),
    (
        "expected_renewals",
        "expected renewals within the horizon, with an interval that holds at least 80 %; whole periods only",
    ),
    ("probability_next_renewal", "chance that a subscription is renewed when it is next due"),
    ("customer_equity", "the sum of residual values of all present customers"),
    (
        "value_at_risk",
        "residual value of customers who have been silent for more than twice their own usual gap",
    ),
    ("repeat_rate", "share of customers who bought on more than one day"),
    ("bias", "forecast over actual total, less 1"),
    ("mae", "mean absolute error, purchases per customer"),
    ("rmse", "root mean squared error, purchases per customer"),
    ("msle", "mean squared error of ln(1 + purchases)"),
    ("normalized_gini", "how well the forecast ranks customers: 1 is perfect, 0 is chance"),
    (
        "coverage_90",
        "share of customers' purchases within their 90 % interval, adjusted by other holdouts; an outcome at its end counts by the part of its probability that lies within, so that a right forecast scores 0.9",
    ),
    (
        "coverage_90_unadjusted",
        "coverage_90 of the intervals before the adjustment by other holdouts",
    ),
    (
        "coverage_90_closed",
        "share of customers whose purchases lie within the 90 % interval of whole numbers as printed, ends included",
    ),
    (
        "held_out_log_score",
        "how well a spend model foretold the mean spend of customers left out of its fit: their mean log-density; higher is better, and a difference of less than its standard_error says nothing",
    ),
    (
        "independence_test",
        "whether who buys more often spends more or less each time: log-normal-dependent tested against log-normal; a small p_value says that spend depends on frequency, against which gamma-gamma and log-normal are blind",
    ),
    (
        "reason",
        "why a customer's forecast is what it is: their rhythm and their silence against it",
    ),
    (
        "blend",
        "models and naive baselines together, weighted by how well they did on holdouts they had not seen",
    ),
];

pub(crate) fn run(arguments: &ExplainArguments) -> anyhow::Result<Outcome> {
    let wanted = arguments.name.as_deref().map(|name| name.to_lowercase().replace(' ', "_"));
    let mut entries: Vec<(String, &str, String)> = FIGURES
        .iter()
        .map(|(name, meaning)| ((*name).to_owned(), "figures", (*meaning).to_owned()))
        .collect();
    for model in purchase_models() {
        entries.push((model.id.to_owned(), "models", format!("{}: {}", model.name, model.story)));
    }
    for model in retention_models() {
        entries.push((model.id.to_owned(), "models", format!("{}: {}", model.name, model.story)));
    }
    entries.push((
        ZILN_ID.to_owned(),
        "models",
        "boosted trees: small trees on Pareto/NBD that learn from days, gaps, returns and first orders what it misses"
            .to_owned(),
    ));
    entries.push((
        KAPLAN_MEIER.to_owned(),
        "models",
        "retention: the share of customers still there after each renewal, as it was seen"
            .to_owned(),
    ));
    for model in spend_models().iter().filter(|model| model.id != GAMMA_GAMMA) {
        entries.push((model.id.to_owned(), "models", format!("{}: {}", model.name, model.story)));
    }
    entries.push((
        GAMMA_GAMMA.to_owned(),
        "models",
        "spend: purchases scatter around each customer's own mean, and the means around the population's"
            .to_owned(),
    ));
    for definition in definitions() {
        entries.push((definition.name.to_owned(), "definitions", definition.meaning.to_owned()));
    }
    for metric in catalogue() {
        entries.push((metric.name.to_owned(), "metrics", metric.meaning.to_owned()));
    }
    for metric in subscription_catalogue() {
        entries.push((metric.name.to_owned(), "metrics", metric.meaning.to_owned()));
    }
    let shown: Vec<&(String, &str, String)> = match wanted.as_deref() {
        None => entries.iter().collect(),
        Some(name) => {
            let hyphened = name.replace('_', "-");
            let is_wanted = |entry: &&(String, &str, String)| {
                entry.0 == name || entry.0 == hyphened || entry.1 == name
            };
            entries.iter().filter(is_wanted).collect()
        }
    };
    if shown.is_empty() {
        return Err(NotFound {
            message: format!("there is nothing called '{}' to explain", wanted.unwrap_or_default()),
            hint: Some("clv explain lists everything".to_owned()),
        }
        .into());
    }
    let mut out = std::io::stdout().lock();
    for (name, _, meaning) in shown {
        writeln!(out, "{name}: {meaning}")?;
    }
    Ok(Outcome::Done)
}
