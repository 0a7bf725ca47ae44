//! Whether the model's forecast came true over time.

use clv_answers::tracking::Tracking;
use clv_figures::tracking::tracking as draw;
use maud::html;

use crate::figure::figure;
use crate::page::Section;

pub(super) fn section(tracking: Option<&Tracking>) -> Section {
    Section {
        id: "tracking",
        name: "Forecast check",
        title: "Would the forecast have come true?".to_owned(),
        lead: "The test any forecast must pass: hide the last stretch of the orders, foretell it, and compare."
            .to_owned(),
        body: match tracking {
            Some(tracking) => figure(&draw(tracking)),
            None => html! {
                p.remark { "The orders span too short a time to hide a part of them and test the forecast on it." }
            },
        },
    }
}
