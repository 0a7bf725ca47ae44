//! What every chart is made of.

use clv_answers::Table;
use serde_json::{Value, json};

/// One chart, ready for any surface that can run Plotly, and readable without it.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// The chart's id, unique within a page: kebab-case, letters and hyphens only.
    pub id: &'static str,
    /// The takeaway, computed from the data: one sentence without a full stop.
    pub title: String,
    /// How it is computed, in one or two sentences.
    pub definition: String,
    /// Plotly traces: a JSON array.
    pub data: Value,
    /// Plotly layout: a JSON object, without a title.
    pub layout: Value,
    /// The numbers that are drawn, one row for each mark, units included.
    pub table: Table,
}

impl Figure {
    /// Traces and layout as one JSON object that may stand inside an HTML `<script>` element.
    ///
    /// Every `<`, `>`, `&`, U+2028 and U+2029 is written as a `\u` escape, so that no text of the data can
    /// end the element or break the script.
    #[must_use]
    pub fn script_json(&self) -> String {
        let plain = json!({ "data": self.data, "layout": self.layout }).to_string();
        let mut safe = String::with_capacity(plain.len());
        for character in plain.chars() {
            match character {
                '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                    safe.push_str(&format!("\\u{:04x}", u32::from(character)));
                }
                other => safe.push(other),
            }
        }
        safe
    }
}
