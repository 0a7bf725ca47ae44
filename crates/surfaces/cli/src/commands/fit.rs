//! `clv fit`: a model's parameters with standard errors and diagnostics.

use std::fmt::Write;

use clv_answers::Answer;
use clv_answers::boosted::BoostedFit;
use clv_answers::model_card::ModelCard;
use clv_answers::model_fit::ModelFit;
use clv_answers::posterior::PosteriorDraws;
use clv_answers::spend::SpendModelScore;
use clv_models::catalogue::spend_model;
use clv_studies::inquiry::InquiryOptions;
use clv_studies::model_card::model_card;
use clv_studies::model_fit::GAMMA_GAMMA;
use clv_studies::posterior::{DrawOptions, DrawWay};
use clv_studies::season::SeasonRequest;
use clv_studies::served::{DEFAULT_MODEL, ModelChoice};
use clv_studies::snapshot::Newborns;
use clv_studies::spend_choice::SpendModelChoice;

use crate::Outcome;
use crate::arguments::{FitArguments, PosteriorWay};
use crate::progress::Talk;
use crate::{covariates, output, reading, season};

pub(crate) fn run(arguments: &FitArguments, talk: &Talk) -> anyhow::Result<Outcome> {
    if let Some(path) = &arguments.output.output {
        output::check_place(path)?;
        output::check_not_input(path, &arguments.read.paths)?;
    }
    if clv_studies::retention::is_retention_model(&arguments.model) {
        season::refuse(&arguments.season, &arguments.model)?;
        return super::retention::fit(arguments, talk);
    }
    super::retention::refuse(&arguments.subscriptions, &arguments.model)?;
    let is_spend = spend_model(&arguments.model).is_some();
    let spend = spend_choice(arguments, is_spend)?;
    let choice = match arguments.model.as_str() {
        // A spend model needs the customers' means only; whichever purchase model stands beside it is left out.
        _ if is_spend => ModelChoice::Id(DEFAULT_MODEL.to_owned()),
        id => ModelChoice::named(id)?,
    };
    let engine = reading::engine(&arguments.read.reading, talk)?;
    let columns = arguments.read.reading.columns.as_deref();
    let choice =
        covariates::with_covariates(&engine, choice, &arguments.covariates, columns, is_spend)?;
    let mut options = InquiryOptions {
        choice,
        unit: reading::unit(&arguments.time)?,
        file_unit: reading::typed_unit(&arguments.time)?,
        horizon: reading::span("--horizon", "52w")?,
        until: reading::until(&arguments.time)?,
        newborns: Newborns::LeftOut,
        spend,
        always_bake_off: arguments.card,
        season: SeasonRequest::default(),
        models: arguments.models.clone(),
        seed: arguments.seed,
    };
    if is_spend {
        season::refuse(&arguments.season, GAMMA_GAMMA)?;
    } else {
        options.season = season::request(&arguments.season, &options)?;
    }
    let previous = arguments.model_file.as_deref().map(reading::saved_model).transpose()?;
    let asked = super::ask(&engine, &arguments.read, &arguments.time, &options, talk)?;
    let mut provenance = asked.provenance;
    covariates::note(&arguments.covariates, &mut provenance);
    reading::note_spend(&arguments.spend, &mut provenance);
    if arguments.card {
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
            provenance.model = Some(spend.model.clone());
            spend.as_ref().clone()
        }
        _ => fit,
    };
    let mut fit = fit;
    if fit.boosted.is_some() {
        provenance.seed = Some(arguments.seed);
    }
    if let Some(way) = arguments.posterior {
        talk.step("drawing parameters");
        let way = match way {
            PosteriorWay::Fast => DrawWay::Fast,
            PosteriorWay::Nuts => DrawWay::Nuts,
            PosteriorWay::Bootstrap => DrawWay::Bootstrap,
        };
        let n_draws = usize::try_from(arguments.draws).unwrap_or(usize::MAX);
        let options = DrawOptions { way, n_draws, seed: arguments.seed };
        asked.inquiry.add_draws(&mut fit, &options)?;
        talk.finish();
        provenance.seed = Some(arguments.seed);
    }
    let text = text(&fit);
    let of_covariates = asked.inquiry.served.fit.as_ref().and_then(|fit| fit.covariates.as_ref());
    let has_put_aside = of_covariates.is_some_and(|fit| fit.n_put_aside > 0);
    output::answer(&Answer { answer: fit, provenance }, &text, &arguments.output)?;
    let outcome = super::put_aside(asked.inquiry.intake.as_ref(), talk);
    Ok(if has_put_aside { Outcome::PutAside } else { outcome })
}

/// The spend model asked for: by its own option, or as the only model to fit.
fn spend_choice(arguments: &FitArguments, is_spend: bool) -> anyhow::Result<SpendModelChoice> {
    if let (true, Some(other)) = (is_spend, &arguments.spend.spend_model)
        && *other != arguments.model
    {
        return Err(reading::usage(
            &format!(
                "--model {} is a spend model by itself, and --spend-model says {other}",
                arguments.model
            ),
            Some("leave one of the two out"),
        ));
    }
    let choice = if is_spend {
        SpendModelChoice::named(&arguments.model)?
    } else {
        reading::spend_choice(&arguments.spend)?
    };
    if arguments.posterior.is_some() && !choice.is_gamma_gamma() {
        return Err(reading::usage(
            &format!(
                "--posterior draws the parameters of {GAMMA_GAMMA} only, of no other spend model"
            ),
            Some("leave --posterior out, or fit with --spend-model gamma-gamma"),
        ));
    }
    Ok(choice)
}

/// Every spend model's score, the higher the better.
fn scores_text(scores: &[SpendModelScore]) -> String {
    let mut text = String::new();
    if !scores.is_empty() {
        text.push_str("held-out log score of each spend model\n");
    }
    for one in scores {
        let _ = writeln!(
            text,
            "  {:<20} {:>10.4}  (standard error of its distance to the best {:.4})",
            one.model, one.held_out_log_score, one.standard_error
        );
    }
    text
}

pub(crate) fn text(fit: &ModelFit) -> String {
    let mut text = format!("{} per {}\n", fit.model, fit.time_unit);
    let width = fit.parameters.keys().map(|name| name.chars().count()).max().unwrap_or(0).max(6);
    for (name, value) in &fit.parameters {
        let error = fit
            .standard_errors
            .get(name)
            .map_or_else(String::new, |error| format!("  (standard error {error:.6})"));
        let _ = writeln!(text, "  {name:<width$} {value:>14.6}{error}");
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
    if let Some(boosted) = &fit.boosted {
        text.push_str(&trees_text(boosted));
    }
    if let Some(posterior) = &fit.posterior {
        text.push_str(&drawn(posterior));
    }
    if let Some(of_covariates) = &fit.covariates {
        text.push_str(&covariates::text(of_covariates));
    }
    text.push_str(&scores_text(&fit.spend_scores));
    if let Some(test) = &fit.independence_test {
        let _ = writeln!(
            text,
            "log-normal-dependent against {}: {:.4} on {} degree of freedom, p-value {:.4}",
            test.against, test.statistic, test.degrees_of_freedom, test.p_value
        );
    }
    for told in fit.season.iter().flat_map(|season| &season.in_words) {
        let _ = writeln!(text, "season: {told}");
    }
    if let Some(trial) = &fit.season_trial {
        let _ = writeln!(text, "season: {}", trial.verdict);
    }
    for warning in &fit.warnings {
        let _ = writeln!(text, "warning: {warning}");
    }
    if let Some(spend) = &fit.spend {
        let _ = write!(text, "\n{}", self::text(spend));
    }
    text
}

/// The trees in a few lines for each horizon: rounds, scores and what gains most.
fn trees_text(boosted: &BoostedFit) -> String {
    let mut text = format!(
        "boosted trees on {}, seed {}; losses of the model alone, out of time and in sample\n",
        boosted.stands_on, boosted.seed
    );
    for horizon in &boosted.horizons {
        let _ = writeln!(
            text,
            "  {} days, learnt at {}; the model's purchases times {:.3}",
            horizon.horizon_days,
            horizon.learnt_at.join(", "),
            horizon.shift_ln_purchases.exp()
        );
        for (who, part) in
            [("bought once", &horizon.bought_once), ("bought again", &horizon.bought_again)]
        {
            let Some(part) = part else {
                let _ = writeln!(text, "    {who}: too few to learn from");
                continue;
            };
            for (name, head) in &part.heads {
                let used: Vec<String> = head
                    .most_used
                    .iter()
                    .map(|(feature, share)| format!("{feature} {:.0} %", 100.0 * share))
                    .collect();
                let _ = writeln!(
                    text,
                    "    {who:<12} {name:<9} {:>3} rounds {:>9.5} {:>9.5} {:>9.5}  {}",
                    head.rounds,
                    head.loss_of_model,
                    head.loss_out_of_time,
                    head.loss_in_sample,
                    used.join(", ")
                );
            }
        }
    }
    text
}

/// The draws in a few lines: each parameter's median and 90 % interval, and how far to trust them.
fn drawn(posterior: &PosteriorDraws) -> String {
    let mut text = format!("{} draws by {}", posterior.n_draws, posterior.method);
    if let Some(k_hat) = posterior.k_hat {
        let _ = write!(text, ", k-hat {k_hat:.2}");
    }
    text.push('\n');
    for (name, of) in &posterior.parameters {
        let _ = write!(
            text,
            "  {name:<6} {:>14.6}  (90 %: {:.6} to {:.6}",
            of.quantile_50, of.quantile_5, of.quantile_95
        );
        if let Some(r_hat) = of.r_hat {
            let _ = write!(text, "; r-hat {r_hat:.3}");
        }
        text.push_str(")\n");
    }
    for warning in &posterior.warnings {
        let _ = writeln!(text, "warning: {warning}");
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
    if let Some(spend) = &card.spend_model {
        let _ = writeln!(text, "spend by {spend}");
    }
    text.push_str(&scores_text(&card.spend_scores));
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
    for told in &card.season {
        let _ = writeln!(text, "season: {told}");
    }
    for limit in &card.limits {
        let _ = writeln!(text, "limit: {limit}");
    }
    text
}
