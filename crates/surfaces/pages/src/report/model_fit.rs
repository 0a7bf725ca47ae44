//! The model served: its story, its parameters in words, how sure they are, and its warnings.

use clv_answers::backtest::Backtest;
use clv_answers::boosted::BoostedFit;
use clv_answers::covariates::{CovariateFit, Test};
use clv_answers::model_card::ModelCard;
use clv_answers::model_fit::ModelFit;
use clv_answers::spend::SpendModelScore;
use clv_figures::names::{is_naive, model_name};
use clv_figures::numbers::{count, day, decimal};
use maud::{Markup, html};

use super::effects::{effects, is_effect};
use crate::page::Section;
use crate::table::{Options, scrolling};

pub(super) fn section(
    model: Option<&ModelFit>,
    card: &ModelCard,
    backtest: Option<&Backtest>,
) -> Section {
    let title = match (model, backtest) {
        (Some(model), _) => format!("The model: {}", model_name(&model.model)),
        (None, Some(backtest)) => format!("The forecaster: {}", model_name(&backtest.served)),
        (None, None) => "The forecaster".to_owned(),
    };
    Section {
        id: "model",
        name: "Model",
        title,
        lead: model.map(|m| story(&m.model).to_owned()).unwrap_or_default(),
        body: match model {
            Some(model) => html! {
                @match &model.blend {
                    Some(blend) => {
                        @for member in blend.members.iter().filter(|one| !is_naive(&one.model)) {
                            (fitted(member, card, "purchases, a member of the blend", None))
                        }
                    }
                    None => (fitted(model, card, "purchases", None)),
                }
                @if let Some(spend) = &model.spend { (fitted(spend, card, "spend", model.covariates.as_deref())) }
            },
            None => html! {
                p.remark { "A naive baseline is served, so there is no fitted model to show." }
            },
        },
    }
}

/// `known` are the covariates of purchases, which those of spend are among.
fn fitted(model: &ModelFit, card: &ModelCard, kind: &str, known: Option<&CovariateFit>) -> Markup {
    html! {
        div.panel.stack {
            h3 { (model_name(&model.model)) " for " (kind) }
            @if kind == "spend" { p.remark { (story(&model.model)) } }
            (parameters(model, card))
            (effects(model, known))
            p.remark { (quality(model)) }
            @if let Some(boosted) = &model.boosted { (trees(boosted)) }
            (spend_scores(&model.spend_scores))
            @if let Some(test) = &model.independence_test { p.remark { (dependence(test)) } }
            @if !model.warnings.is_empty() {
                div.panel.warn role="note" { ul { @for warning in &model.warnings { li { (warning) } } } }
            }
        }
    }
}

fn parameters(model: &ModelFit, card: &ModelCard) -> Markup {
    let rows = html! {
        thead {
            tr {
                th scope="col" { "Parameter" }
                th.n scope="col" { "Value" }
                th.n scope="col" { "Standard error" }
                th scope="col" { "In words" }
            }
        }
        tbody {
            @for (name, value) in model.parameters.iter().filter(|(name, _)| !is_effect(name)) {
                tr {
                    th scope="row" { code { (name) } }
                    td.n data-label="Value" data-v=(value) { (decimal(*value, 4)) }
                    @match model.standard_errors.get(name) {
                        Some(error) => td.n data-label="Standard error" data-v=(error) { (decimal(*error, 4)) },
                        None => td.n.blank data-label="Standard error" {},
                    }
                    td.words data-label="In words" { (in_words(card, whose(model), name)) }
                }
            }
        }
    };
    let id = format!("parameters-{}", model.model);
    scrolling(&Options { id: &id, caption: "parameters of the model" }, &rows)
}

/// Whose parameters a fit holds: those of boosted trees are of the model that they stand on.
fn whose(model: &ModelFit) -> &str {
    model.boosted.as_ref().map_or(&model.model, |boosted| &boosted.stands_on)
}

/// How many trees there are, whether they hold out of time, and what they split on most.
fn trees(boosted: &BoostedFit) -> Markup {
    let parts = boosted.horizons.iter().flat_map(|horizon| {
        let of = [("one order", &horizon.bought_once), ("several orders", &horizon.bought_again)];
        of.into_iter().filter_map(|(who, part)| Some((horizon.horizon_days, who, part.as_ref()?)))
    });
    let rows = html! {
        thead {
            tr {
                th scope="col" { "Days ahead, customers with" }
                th scope="col" { "Head" }
                th.n scope="col" { "Trees" }
                th.n scope="col" { "Loss of the model alone" }
                th.n scope="col" { "Loss with the trees" }
                th scope="col" { "Splits that gain most" }
            }
        }
        tbody {
            @for (days, who, part) in parts {
                @for (name, head) in &part.heads {
                    tr {
                        th scope="row" { (days) ", " (who) }
                        td data-label="Head" { code { (name) } }
                        td.n data-label="Trees" data-v=(head.rounds) { (count(head.rounds)) }
                        td.n data-label="Loss of the model alone" data-v=(head.loss_of_model) { (decimal(head.loss_of_model, 4)) }
                        td.n data-label="Loss with the trees" data-v=(head.loss_out_of_time) { (decimal(head.loss_out_of_time, 4)) }
                        td.words data-label="Splits that gain most" { (splits(&head.most_used)) }
                    }
                }
            }
        }
    };
    let caption = "trees on the model whose parameters these are; losses at the latest earlier origin, which nothing was learnt from";
    scrolling(&Options { id: "trees", caption }, &rows)
}

fn splits(most_used: &[(String, f64)]) -> String {
    let told = most_used.iter().take(3).map(|(of, share)| format!("{of} {:.0} %", 100.0 * share));
    told.collect::<Vec<String>>().join(", ")
}

/// The scores that chose the spend model; nothing where it was named.
fn spend_scores(scores: &[SpendModelScore]) -> Markup {
    if scores.is_empty() {
        return html! {};
    }
    let rows = html! {
        thead {
            tr {
                th scope="col" { "Spend model" }
                th.n scope="col" { "Held-out log score" }
                th.n scope="col" { "Standard error of its distance to the best" }
            }
        }
        tbody {
            @for one in scores {
                tr {
                    th scope="row" { (model_name(&one.model)) }
                    td.n data-label="Held-out log score" data-v=(one.held_out_log_score) { (decimal(one.held_out_log_score, 4)) }
                    td.n data-label="Standard error" data-v=(one.standard_error) { (decimal(one.standard_error, 4)) }
                }
            }
        }
    };
    let caption = "spend models on customers left out of their fits; higher is better";
    scrolling(&Options { id: "spend-scores", caption }, &rows)
}

/// What the test says of spend and frequency.
fn dependence(test: &Test) -> String {
    let verdict = if test.p_value < 0.01 {
        "who buys more often spends more or less each time"
    } else {
        "nothing shows that spend depends on how often customers buy"
    };
    let p_value =
        if test.p_value < 1e-4 { "below 0.0001".to_owned() } else { decimal(test.p_value, 4) };
    format!(
        "Does spend depend on frequency? Twice the log-likelihood gained is {}, with a chance of {p_value} were it \
         independent: {verdict}.",
        decimal(test.statistic, 2)
    )
}

fn quality(model: &ModelFit) -> String {
    let mut parts = Vec::new();
    match model.converged {
        Some(true) => parts.push("The fit reached its optimum".to_owned()),
        Some(false) => {
            parts.push("The fit did not reach its optimum: read it with care".to_owned());
        }
        None => {}
    }
    if let (Some(customers), Some(histories)) = (model.n_customers, model.n_histories) {
        parts.push(format!(
            "{} customers in {} distinct histories",
            count(customers),
            count(histories)
        ));
    } else if let Some(customers) = model.n_customers {
        parts.push(format!("{} customers", count(customers)));
    }
    if let Some(log_likelihood) = model.log_likelihood {
        parts.push(format!("log-likelihood {}", decimal(log_likelihood, 2)));
    }
    if let Some(aic) = model.aic {
        parts.push(format!("AIC {}", decimal(aic, 2)));
    }
    if let Some((first, last)) = &model.data_period {
        parts.push(format!("data from {} to {}", day(first), day(last)));
    }
    parts.push(format!("time in {}s", model.time_unit));
    format!("{}.", parts.join("; "))
}

fn story(model: &str) -> &'static str {
    match model {
        "nbd" => {
            "Every customer buys at a steady rate of their own, at random times, and never leaves. It is the plainest \
             model, and it promises too much where customers do leave."
        }
        "pareto-nbd" => {
            "Every customer buys at a rate of their own, at random times, until one day they leave for good without \
             saying so. Nobody sees the leaving; the model infers it from how long the silence is against the habit."
        }
        "bg-nbd" => {
            "Every customer buys at a rate of their own and may leave for good after any repeat purchase. Whoever has \
             bought only once counts as still there, whatever the silence."
        }
        "bg-cnbd-k" => {
            "Every customer buys at regular intervals of their own and may leave for good after any repeat purchase."
        }
        "mbg-cnbd-k" => {
            "Every customer buys at regular intervals of their own and may leave for good after any purchase, the first \
             included."
        }
        "ggom-nbd" => {
            "Every customer buys at a rate of their own and may leave silently, the more readily the older they are."
        }
        "pareto-nbd-lognormal" => {
            "Every customer buys at a rate of their own and may leave silently at any moment; who buys often may be the \
             more or the less loyal."
        }
        "mbg-nbd" => {
            "Every customer buys at a rate of their own and may leave for good after any purchase, the first \
             included."
        }
        "ziln" => {
            "Small trees start from what Pareto/NBD forecasts of each customer and learn from days, gaps, returns and first \
             orders what it misses; where nothing is missed they add nothing."
        }
        "blend" => {
            "Several forecasters together, each weighted by how well it did on holdouts it had not seen; customers with \
             one order, a few and many have weights of their own."
        }
        "gamma-gamma" => {
            "Every customer has a typical amount of their own around which their orders vary; those with few orders \
             are drawn towards the average customer."
        }
        "log-normal" => {
            "Every customer has a typical amount of their own around which their orders vary; twice as much and half as \
             much are equally likely."
        }
        "log-normal-dependent" => {
            "Every customer has a typical amount of their own around which their orders vary; who buys more often may \
             spend more or less each time."
        }
        "log-normal-mixture" => {
            "Customers are of two kinds, such as households and wholesale buyers, each with typical amounts of its own \
             around which orders vary."
        }
        _ => "",
    }
}

/// What a parameter says about customers, as the card tells it.
fn in_words<'a>(card: &'a ModelCard, model: &str, parameter: &str) -> &'a str {
    card.parameters
        .iter()
        .find(|one| one.model == model && one.name == parameter)
        .map_or("", |one| &one.meaning)
}
