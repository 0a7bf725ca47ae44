//! Whether predicted value came true, customer group by customer group.

use clv_answers::calibration::Calibration;
use clv_figures::calibration::calibration as draw;
use clv_figures::numbers::{money, share, signed_share};
use maud::html;

use crate::figure::figure;
use crate::page::Section;

pub(super) fn section(calibration: Option<&Calibration>, currency: Option<&str>) -> Section {
    let lead = match calibration {
        Some(c) if c.actual_total > 0.0 => format!(
            "Over the holdout the customers were predicted to spend {} and spent {} ({}). Of the 80\u{a0}% intervals, \
             {} held.",
            money(c.predicted_total, currency),
            money(c.actual_total, currency),
            signed_share(c.predicted_total / c.actual_total - 1.0),
            share(c.coverage_80)
        ),
        _ => String::new(),
    };
    Section {
        id: "calibration",
        name: "Calibration",
        title: "Are the valuable ones really valuable?".to_owned(),
        lead,
        body: match calibration {
            Some(calibration) => figure(&draw(calibration, currency)),
            None => html! {
                p.remark { "The orders span too short a time to compare predicted with actual spend." }
            },
        },
    }
}
