//! Who the best customers are: value segments, and the classic RFM segments.

use clv_answers::report::Report;
use clv_answers::segments::Segments;
use clv_figures::next_order::next_order;
use clv_figures::numbers::{count, decimal, share};
use clv_figures::value_segments::value_segments;
use maud::{Markup, html};

use crate::figure::figure;
use crate::page::Section;
use crate::table::{Options, scrolling};

pub(super) fn section(report: &Report, currency: Option<&str>) -> Section {
    let horizon = &report.headline.horizon;
    Section {
        id: "best-customers",
        name: "Best customers",
        title: "Who the best customers are".to_owned(),
        lead: "Customers in groups by the value still expected of them, and by how recently, how often and for how \
               much they bought. Each group comes with what to do about it."
            .to_owned(),
        body: html! {
            @if !report.value_segments.segments.is_empty() {
                (figure(&value_segments(&report.value_segments, currency)))
                (advice("Value segments", &report.value_segments))
            }
            @if !report.rfm_segments.segments.is_empty() {
                (figure(&next_order(&report.rfm_segments, horizon, currency)))
                (advice("Segments by recent, frequent and large purchases (RFM)", &report.rfm_segments))
            }
        },
    }
}

fn advice(title: &str, segments: &Segments) -> Markup {
    let rows = html! {
        thead {
            tr {
                th scope="col" { "Segment" }
                th.n scope="col" { "Customers" }
                th.n scope="col" { "Share" }
                th.n scope="col" { "Value so far" }
                th.n scope="col" { "Still to come" }
                th.n scope="col" { "Order again" }
                th scope="col" { "Who" }
                th scope="col" { "What to do" }
            }
        }
        tbody {
            @for s in &segments.segments {
                tr {
                    th scope="row" { (s.name) }
                    td.n data-label="Customers" data-v=(s.n_customers) { (count(s.n_customers)) }
                    td.n data-label="Share" data-v=(s.customer_share) { (share(s.customer_share)) }
                    td.n data-label="Value so far" data-v=(s.historic_value) { (decimal(s.historic_value, 0)) }
                    td.n data-label="Still to come" data-v=(s.residual_value) { (decimal(s.residual_value, 0)) }
                    td.n data-label="Order again" data-v=(s.mean_probability_next_order) { (share(s.mean_probability_next_order)) }
                    td.words data-label="Who" { (s.rule) }
                    td.words data-label="What to do" { (s.advice) }
                }
            }
        }
    };
    let id = format!("{}-segments-advice", segments.scheme);
    html! {
        div.panel.stack {
            h3 { (title) }
            (scrolling(&Options { id: &id, caption: title }, &rows))
        }
    }
}
