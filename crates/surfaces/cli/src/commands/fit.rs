//! `clv fit`: a model's parameters with standard errors and diagnostics.

use std::fmt::Write;

use clv_answers::Answer;
use clv_answers::model_card::ModelCard;
use clv_answers::model_fit::ModelFit;
use clv_studies::blend::BLEND;
use clv_studies::inquiry::InquiryOptions;
use clv_studies::model_card::model_card;
use clv_studies::model_fit::{GAMMA_GAMMA, model_entry};
use clv_studies::served::{DEFAULT_MODEL, ModelChoice};
use clv_studies::snapshot::Newborns;

use crate::Outcome;
use crate::arguments::FitArguments;
use crate::progress::Talk;
use crate::{output, reading};

pub(crate) fn run(arguments: &FitArguments, talk: &Talk) -> anyhow::Result<Outcome> {
    if let Some(path) = &arguments.output.output {
        output::check_place(path)?;
        output::check_not_input(path, &arguments.read.paths)?;
    }
    let is_spend = arguments.model == GAMMA_GAMMA;
    let choice = match arguments.model.as_str() {
        "auto" => ModelChoice::Auto,
        BLEND => ModelChoice::Blend,
        // The spend model needs the customers' means only; whichever purchase model stands beside it is left out.
        GAMMA_GAMMA => ModelChoice::Id(DEFAULT_MODEL.to_owned()),
        id => ModelChoice::Id(model_entry(id)?.id.to_owned()),
    };
    let options = InquiryOptions {
        choice,
        unit: reading::unit(&arguments.time)?,
        file_unit: reading::typed_unit(&arguments.time)?,
        horizon: reading::span("--horizon", "52w")?,
        until: reading::until(&arguments.time)?,
        newborns: Newborns::LeftOut,
        always_bake_off: arguments.card,
    };
    let engine = reading::engine(&arguments.read.reading, talk)?;
    let asked = super::ask(&engine, &arguments.read, &arguments.time, &options, talk)?;
    let mut provenance = asked.provenance;
    if arguments.card {
        let previous = arguments.model_file.as_deref().map(reading::saved_model).transpose()?;
        let card = model_card(&asked.inquiry, previous.as_ref());
        let text = card_text(&card);
        output::answer(&Answer { answer: card, provenance }, &text, &arguments.output)?;
        return Ok(super::put_aside(asked.inquiry.intake.as_ref(), talk));
    }
    let Some(fit) = asked.inquiry.served.fit.clone() else {
        talk.say("no model beat the naive rule, so there is no model to save");
        return Ok(Outcome::No);
    };
    let fit = match (is_spend, &fit.spend) {
        (true, Some(spend)) => {
            provenance.model = Some(GAMMA_GAMMA.to_owned());
            spend.as_ref().clone()
        }
        _ => fit,
    };
    let text = text(&fit);
    output::answer(&Answer { answer: fit, provenance }, &text, &arguments.output)?;
    Ok(super::put_aside(asked.inquiry.intake.as_ref(), talk))
}

fn text(fit: &ModelFit) -> String {
    let mut text = format!("{} per {}\n", fit.model, fit.time_unit);
    for (name, value) in &fit.parameters {
        let error = fit
            .standard_errors
            .get(name)
            .map_or_else(String::new, |error| format!("  (standard error {error:.6})"));
        let _ = writeln!(text, "  {name:<6} {value:>14.6}{error}");
    }
    if let Some(blend) = &fit.blend {
        for (segment, weights) in &blend.weights {
            let shares: Vec<String> = blend
                .members
                .iter()
                .zip(weights)
                .map(|(member, weight)| format!("{} {:.0} %", member.model, 100.0 * weight))
                .collect();
            let _ = writeln!(text, "  {segment:<9} {}", shares.join(", "));
        }
        let _ = writeln!(text, "  time runs {:.3} times as fast as the members say", blend.pace);
        for member in &blend.members {
            let _ = write!(text, "\n{}", self::text(member));
        }
    }
    if let Some(log_likelihood) = fit.log_likelihood {
        let _ = writeln!(text, "log-likelihood {log_likelihood:.4}");
    }
    if let (Some(customers), Some(histories)) = (fit.n_customers, fit.n_histories) {
        let _ = writeln!(text, "{customers} customers, {histories} distinct histories");
    }
    for warning in &fit.warnings {
        let _ = writeln!(text, "warning: {warning}");
    }
    if let Some(spend) = &fit.spend {
        let _ = write!(text, "\n{}", self::text(spend));
    }
    text
}

fn card_text(card: &ModelCard) -> String {
    let mut text = format!(
        "{} per {}, fitted to {} customers, {} of whom bought again\n",
        card.model, card.time_unit, card.n_customers, card.n_repeaters
    );
    if let Some((first, last)) = &card.data_period {
        let _ = writeln!(text, "data from {first} to {last}");
    }
    for one in &card.parameters {
        let _ = writeln!(
            text,
            "  {:<11} {:<9} {:>12.4}  {}",
            one.model, one.name, one.value, one.meaning
        );
    }
    if let Some(score) = &card.score {
        let _ = writeln!(
            text,
            "error over {} holdouts of {} days: {:.4} purchases per customer, the best naive rule {:.4}; bias {:+.1} %",
            score.n_origins,
            score.horizon_days,
            score.mae,
            score.naive_mae,
            100.0 * score.bias
        );
    }
    for one in &card.calibration {
        let _ = writeln!(
            text,
            "90 % intervals of {} held {:.1} % ({:.1} % before adjustment), {:.1} to {:.1} % by tenth",
            one.of,
            100.0 * one.coverage_90,
            100.0 * one.coverage_90_unadjusted,
            100.0 * one.lowest_decile,
            100.0 * one.highest_decile
        );
    }
    if let Some(drift) = &card.drift {
        let _ = writeln!(
            text,
            "since {}: {}",
            drift.since.as_deref().unwrap_or("the earlier fit"),
            drift.verdict
        );
        for one in &drift.histories {
            let _ = writeln!(text, "  stability index of {}: {:.3}", one.of, one.stability_index);
        }
        for one in &drift.parameters {
            let errors = one
                .in_standard_errors
                .map_or_else(String::new, |shift| format!(" ({shift:+.1} standard errors)"));
            let _ = writeln!(
                text,
                "  {} {}: {:.4} to {:.4}{errors}",
                one.model, one.name, one.before, one.now
            );
        }
    }
    for limit in &card.limits {
        let _ = writeln!(text, "limit: {limit}");
    }
    text
}
