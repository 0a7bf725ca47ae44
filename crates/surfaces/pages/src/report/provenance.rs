//! How it was computed: enough to compute it again.

use clv_answers::Provenance;
use clv_answers::report::Report;
use clv_figures::names::model_name;
use clv_figures::numbers::day;
use clv_figures::plotly;
use maud::html;

use crate::page::Section;

pub(super) fn section(report: &Report, provenance: &Provenance) -> Section {
    Section {
        id: "provenance",
        name: "How computed",
        title: "How these figures were computed".to_owned(),
        lead:
            "The same orders, options and program version give the same report, to the last digit."
                .to_owned(),
        body: html! {
            div.panel {
                dl.list {
                    dt { "Definition" }
                    dd { code { (report.definition.definition_id) } ": " (report.definition.meaning) }
                    @if let Some(model) = &provenance.model { dt { "Forecaster" } dd { (model_name(model)) } }
                    @if let Some(as_of) = &provenance.as_of { dt { "Last day observed" } dd { (day(as_of)) } }
                    @for (name, version) in &provenance.table_versions {
                        dt { "Input" } dd { (name) " " code { (version) } }
                    }
                    @for (name, value) in &provenance.options {
                        dt { code { "--" (name) } } dd { (plain(value)) }
                    }
                    @if let Some(seed) = provenance.seed { dt { "Seed" } dd { (seed) } }
                    dt { "Program" } dd { "clv " (provenance.clv_version) }
                    dt { "Charts" } dd { "plotly.js " (plotly::VERSION) " (MIT licence), inside this file" }
                }
            }
        },
    }
}

/// An option's value as it would be typed.
fn plain(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
