//! The card of whoever is served: what it rests on, how well it does, what has drifted, where not to trust it.

use clv_answers::model_card::{Drift, ModelCard};
use clv_figures::names::model_name;
use clv_figures::numbers::{count, day, decimal, share, signed_share};
use maud::{Markup, html};

use crate::page::Section;

pub(super) fn section(card: &ModelCard) -> Section {
    Section {
        id: "card",
        name: "Model card",
        title: format!("How far to trust {}", model_name(&card.model)),
        lead: String::new(),
        body: html! {
            div.panel.stack {
                dl.list {
                    dt { "Made from" } dd { (made_from(card)) }
                    @if let Some(score) = &card.score {
                        dt { "Tested" }
                        dd {
                            (score.n_origins) " holdout" @if score.n_origins != 1 { "s" } " of " (score.horizon_days)
                            " days: off by " (decimal(score.mae, 3)) " purchases per customer, the best simple rule by "
                            (decimal(score.naive_mae, 3)) "; totals off by " (signed_share(score.bias)) "."
                        }
                    }
                    @for one in &card.calibration {
                        dt { "Intervals of " (one.of) }
                        dd {
                            "The 90\u{a0}% intervals held " (share(one.coverage_90)) " (" (share(one.coverage_90_unadjusted))
                            " before adjustment), from " (share(one.lowest_decile)) " to " (share(one.highest_decile))
                            " in the tenths of customers."
                        }
                    }
                    @match &card.drift {
                        Some(drift) => { dt { "Drift" } dd { (drifted(drift)) } }
                        None => {
                            dt { "Drift" }
                            dd { "No earlier fit was given to compare with." }
                        }
                    }
                    @if !card.season.is_empty() {
                        dt { "Season" }
                        dd { ul { @for told in &card.season { li { (told) } } } }
                    }
                    dt { "Limits" }
                    dd { ul { @for limit in &card.limits { li { (limit) } } } }
                }
            }
        },
    }
}

fn made_from(card: &ModelCard) -> Markup {
    html! {
        (count(card.n_customers)) " customers, " (count(card.n_repeaters)) " of whom bought again"
        @if let Some((first, last)) = &card.data_period {
            ", from " (day(first)) " to " (day(last))
        }
        "; time in " (card.time_unit) "s."
    }
}

fn drifted(drift: &Drift) -> Markup {
    html! {
        @if let Some(since) = &drift.since { "Since " (day(since)) ": " }
        (drift.verdict) "."
        @if !drift.histories.is_empty() {
            ul {
                @for one in &drift.histories {
                    li {
                        "Stability index of " (one.of.replace('_', " ")) ": " (decimal(one.stability_index, 3))
                        " (below 0.1 little has moved, above 0.25 much)"
                    }
                }
            }
        }
    }
}
