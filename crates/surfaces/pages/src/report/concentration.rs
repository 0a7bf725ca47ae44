//! How concentrated the value is.

use clv_answers::report::Report;
use clv_figures::concentration::concentration;
use clv_figures::numbers::share;
use maud::html;

use crate::figure::figure;
use crate::page::Section;

pub(super) fn section(report: &Report) -> Section {
    let historic = &report.historic_concentration;
    Section {
        id: "concentration",
        name: "Concentration",
        title: "How much comes from how few".to_owned(),
        lead: format!(
            "Measured on your own orders, not taken from a rule of thumb: {} of your customers bring 80\u{a0}% of \
             the net value so far.",
            share(historic.customers_for_80_percent)
        ),
        body: html! { (figure(&concentration(historic, report.residual_concentration.as_ref()))) },
    }
}
