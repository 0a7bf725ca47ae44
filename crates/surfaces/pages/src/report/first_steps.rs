//! What to do first: three sentences drawn from the answers.

use clv_answers::report::Report;
use clv_figures::numbers::{count, money, share};
use maud::{Markup, html};

use crate::page::Section;

pub(super) fn section(report: &Report) -> Section {
    let steps = [at_risk(report), best(report), newcomers(report)];
    Section {
        id: "first-steps",
        name: "What to do first",
        title: "What to do first".to_owned(),
        lead: String::new(),
        body: html! {
            @if !report.cautions.is_empty() {
                div.panel.warn role="note" {
                    h3 { "Before you rely on these figures" }
                    ul { @for caution in &report.cautions { li { (sentence(caution)) } } }
                }
            }
            div.panel.flush { ol.first { @for step in steps { li { (step) } } } }
        },
    }
}

fn at_risk(report: &Report) -> Markup {
    let headline = &report.headline;
    let currency = headline.currency.as_deref();
    if headline.customers_at_risk == 0 {
        return html! {
            strong { "Nobody needs winning back today." }
            " No customer with expected value is silent for longer than usual; look again next month."
        };
    }
    html! {
        strong {
            "Write to the " (count(headline.customers_at_risk)) " customers at risk, the most valuable first."
        }
        " Together they still stand for " (money(headline.value_at_risk, currency)) " over the next "
        (headline.horizon) ", and they are silent for longer than their habit suggests. Leave a random tenth \
         out, so that you can see what the letter was worth."
    }
}

fn best(report: &Report) -> Markup {
    let currency = report.headline.currency.as_deref();
    match report.value_segments.segments.first() {
        Some(top) => html! {
            strong {
                "Look after \u{201c}" (top.name) "\u{201d}: " (count(top.n_customers)) " customers, "
                (share(top.residual_share)) " of the value still to come."
            }
            " " (sentence(&top.advice)) " They are expected to bring " (money(top.residual_value, currency)) "."
        },
        None => html! {
            strong { "Look after the customers at the top of the list below." }
        },
    }
}

fn newcomers(report: &Report) -> Markup {
    let headline = &report.headline;
    let worth = money(headline.new_customer_value, headline.currency.as_deref());
    if headline.repeat_rate < 0.5 {
        html! {
            strong {
                "Win the second order: only " (share(headline.repeat_rate)) " of customers have bought again."
            }
            " A new customer is expected to bring " (worth) " in " (headline.horizon)
            ", first purchase included; let your margin on that be the ceiling for what you pay to win one."
        }
    } else {
        html! {
            strong { "Pay for a new customer at most your margin on " (worth) "." }
            " That is what one is expected to bring in " (headline.horizon) ", first purchase included; "
            (share(headline.repeat_rate)) " of your customers have come back so far."
        }
    }
}

/// A remark as a sentence: a capital at its beginning, a stop at its end.
fn sentence(remark: &str) -> String {
    let mut letters = remark.chars();
    let mut text: String = letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect());
    if !text.ends_with(['.', '!', '?']) {
        text.push('.');
    }
    text
}
