//! The model served: its story, its parameters in words, how sure they are, and its warnings.

use clv_answers::backtest::Backtest;
use clv_answers::model_fit::ModelFit;
use clv_figures::names::{is_naive, model_name};
use clv_figures::numbers::{count, day, decimal};
use maud::{Markup, html};

use crate::page::Section;
use crate::table::{Options, scrolling};

pub(super) fn section(model: Option<&ModelFit>, backtest: Option<&Backtest>) -> Section {
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
                            (fitted(member, "purchases, a member of the blend"))
                        }
                    }
                    None => (fitted(model, "purchases")),
                }
                @if let Some(spend) = &model.spend { (fitted(spend, "spend")) }
            },
            None => html! {
                p.remark { "A naive baseline is served, so there is no fitted model to show." }
            },
        },
    }
}

fn fitted(model: &ModelFit, kind: &str) -> Markup {
    html! {
        div.panel.stack {
            h3 { (model_name(&model.model)) " for " (kind) }
            @if kind == "spend" { p.remark { (story(&model.model)) } }
            (parameters(model))
            p.remark { (quality(model)) }
            @if !model.warnings.is_empty() {
                div.panel.warn role="note" { ul { @for warning in &model.warnings { li { (warning) } } } }
            }
        }
    }
}

fn parameters(model: &ModelFit) -> Markup {
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
            @for (name, value) in &model.parameters {
                tr {
                    th scope="row" { code { (name) } }
                    td.n data-label="Value" data-v=(value) { (decimal(*value, 4)) }
                    @match model.standard_errors.get(name) {
                        Some(error) => td.n data-label="Standard error" data-v=(error) { (decimal(*error, 4)) },
                        None => td.n.blank data-label="Standard error" {},
                    }
                    td.words data-label="In words" { (in_words(&model.model, name)) }
                }
            }
        }
    };
    let id = format!("parameters-{}", model.model);
    scrolling(&Options { id: &id, caption: "parameters of the model" }, &rows)
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
        "mbg-nbd" => {
            "Every customer buys at a rate of their own and may leave for good after any purchase, the first \
             included."
        }
        "blend" => {
            "Several forecasters together, each weighted by how well it did on holdouts it had not seen; customers with \
             one order, a few and many have weights of their own."
        }
        "gamma-gamma" => {
            "Every customer has a typical amount of their own around which their orders vary; those with few orders \
             are drawn towards the average customer."
        }
        _ => "",
    }
}

fn in_words(model: &str, parameter: &str) -> &'static str {
    match (model, parameter) {
        ("nbd" | "pareto-nbd" | "bg-nbd" | "mbg-nbd", "r") => {
            "how alike customers are in how often they buy: the smaller, the more they differ"
        }
        ("nbd" | "pareto-nbd" | "bg-nbd" | "mbg-nbd", "alpha") => {
            "the pace of buying: r / alpha is the average customer\u{2019}s purchases per unit of time"
        }
        ("pareto-nbd", "s") => {
            "how alike customers are in how soon they leave: the smaller, the more they differ"
        }
        ("pareto-nbd", "beta") => {
            "the pace of leaving: s / beta is the average customer\u{2019}s rate of leaving per unit of time"
        }
        ("bg-nbd" | "mbg-nbd", "a") => {
            "leaving: a / (a + b) is the average chance of leaving at a purchase"
        }
        ("bg-nbd" | "mbg-nbd", "b") => "staying: the counterpart of a",
        ("gamma-gamma", "p") => {
            "how steady a customer\u{2019}s own orders are: the larger, the steadier"
        }
        ("gamma-gamma", "q") => {
            "how alike customers are in what they spend: the larger, the more alike"
        }
        ("gamma-gamma", "gamma") => {
            "the scale of spend: p gamma / (q \u{2212} 1) is the average customer\u{2019}s"
        }
        _ => "",
    }
}
