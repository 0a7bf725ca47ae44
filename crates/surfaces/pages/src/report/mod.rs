//! The report: the whole story of one order file, for the one who owns the shop.
//!
//! The sections in the order in which a reader needs them; each is one function in the file of its answer.

mod backtest;
mod calibration;
mod cohorts;
mod concentration;
mod customer_value;
mod data_quality;
mod effects;
mod first_steps;
mod headline;
mod model_card;
mod model_fit;
mod provenance;
mod segments;
mod terms;
mod tracking;

use clv_answers::Answer;
use clv_answers::report::Report;
use clv_figures::numbers::{count, day, money, money_compact};
use maud::{Markup, html};

use crate::html::document;
use crate::page::Page;

/// The report as one self-contained HTML document: no network, no server, readable without JavaScript.
///
/// Money is in the currency of the data; texts of the data (ids, headings, values) are escaped.
#[must_use]
pub fn report_page(report: &Answer<Report>) -> String {
    document(&page(report))
}

/// The report as a [`Page`], for a surface that writes pages in a shell of its own.
#[must_use]
pub fn page(report: &Answer<Report>) -> Page {
    let Answer { answer, provenance } = report;
    let currency = answer.headline.currency.as_deref();
    let mut sections = vec![
        headline::section(&answer.headline),
        first_steps::section(answer),
        segments::section(answer, currency),
        concentration::section(answer),
    ];
    if !answer.cohorts.cohorts.is_empty() {
        sections.push(cohorts::section(&answer.cohorts, currency));
    }
    sections.push(tracking::section(answer.tracking.as_ref()));
    sections.push(calibration::section(answer.calibration.as_ref(), currency));
    sections.push(backtest::section(answer.backtest.as_ref()));
    sections.push(data_quality::section(&answer.data_quality));
    sections.push(customer_value::section(answer, currency));
    sections.push(model_fit::section(
        answer.model.as_ref(),
        &answer.card,
        answer.backtest.as_ref(),
    ));
    sections.push(model_card::section(&answer.card));
    sections.push(provenance::section(answer, provenance));
    sections.push(terms::section());
    Page {
        kind: "Customer value report".to_owned(),
        title: answer.title.clone(),
        facts: facts(report),
        lead: lead(answer),
        sections,
        footer: html! {
            p {
                "Written by clv " (provenance.clv_version) ". This file is complete in itself: it loads nothing \
                 and sends nothing. It holds customer ids, so treat it like the orders it was made from."
            }
        },
    }
}

fn facts(report: &Answer<Report>) -> Vec<(String, String)> {
    let data = &report.answer.data_quality;
    let headline = &report.answer.headline;
    let mut facts = vec![
        ("Orders".to_owned(), format!("{} to {}", day(&data.first_date), day(&data.last_date))),
        ("Looking ahead".to_owned(), headline.horizon.clone()),
        ("Definition".to_owned(), report.answer.definition.definition_id.clone()),
    ];
    if let Some(as_of) = &report.provenance.as_of {
        facts.insert(1, ("As of".to_owned(), day(as_of)));
    }
    facts
}

fn lead(report: &Report) -> Markup {
    let headline = &report.headline;
    let currency = headline.currency.as_deref();
    html! {
        (count(headline.n_customers)) " customers have placed " (count(headline.n_orders)) " orders worth "
        (money(headline.historic_value, currency)) " net. They are expected to bring another "
        strong { (money(headline.customer_equity.value, currency)) } " over the next " (headline.horizon)
        ": with a chance of 80\u{a0}%, between " (money_compact(headline.customer_equity.low_80, currency)) " and "
        (money_compact(headline.customer_equity.high_80, currency)) "."
    }
}
