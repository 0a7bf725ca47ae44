//! A table of numbers on a page: units in the headings, unknown cells blank, and a button that copies it.

use clv_answers::{Column, Table, Values};
use clv_figures::numbers::{decimal, iso_day, share};
use maud::{Markup, html};

/// What a table is called.
pub(crate) struct Options<'a> {
    /// The id, unique within the page.
    pub(crate) id: &'a str,
    /// What the table shows, for those who cannot see where it stands.
    pub(crate) caption: &'a str,
}

/// The table as HTML, in a region that scrolls sideways on its own and can be reached by keyboard.
pub(crate) fn table(table: &Table, options: &Options<'_>) -> Markup {
    scrolling(
        options,
        &html! {
            thead { tr { @for column in table.columns() { (heading(column)) } } }
            tbody {
                @for row in 0..table.n_rows() {
                    tr { @for column in table.columns() { (cell(column, row)) } }
                }
            }
        },
    )
}

/// Rows made elsewhere, in the same frame: region, caption, copy button.
pub(crate) fn scrolling(options: &Options<'_>, rows: &Markup) -> Markup {
    let id = format!("table-{}", options.id);
    html! {
        div.wide role="region" tabindex="0" aria-label=(options.caption) {
            table #(id) { caption.hidden { (options.caption) } (rows) }
        }
        button.quiet.script-only type="button" data-csv=(id) { "Copy CSV" }
    }
}

fn heading(column: &Column) -> Markup {
    let unit = match column.unit.as_str() {
        "" | "count" | "share" | "purchases" => None,
        unit => Some(unit),
    };
    html! {
        th scope="col" .n[is_number(column)] {
            (column.name)
            @if let Some(unit) = unit { span.unit { ", " (unit) } }
        }
    }
}

fn is_number(column: &Column) -> bool {
    matches!(column.values, Values::Integer(_) | Values::Real(_) | Values::OptionalReal(_))
}

fn cell(column: &Column, row: usize) -> Markup {
    match &column.values {
        Values::Text(values) => html! { td { (values[row]) } },
        Values::Joined(values) => html! { td { (values.text(row)) } },
        Values::Same(value, _) => html! { td { (value) } },
        Values::Truth(values) => html! { td { @if values[row] { "yes" } @else { "no" } } },
        Values::Integer(values) => {
            html! { td.n data-v=(values[row]) { (whole(values[row])) } }
        }
        Values::Real(values) => real(values[row], &column.unit),
        Values::OptionalReal(values) => match values[row] {
            Some(value) => real(value, &column.unit),
            None => html! { td.n.blank {} },
        },
        Values::Date(values) => html! { td { (iso_day(values[row])) } },
        Values::OptionalDate(values) => {
            html! { td { @if let Some(value) = values[row] { (iso_day(value)) } } }
        }
    }
}

fn real(value: f64, unit: &str) -> Markup {
    let text = match unit {
        "share" | "probability" => share(value),
        "count" if value.fract().abs() < 1e-9 => decimal(value, 0),
        "purchases per customer" => decimal(value, 3),
        _ => decimal(value, 2),
    };
    html! { td.n data-v=(value) { (text) } }
}

fn whole(value: i64) -> String {
    let size = clv_figures::numbers::count(value.unsigned_abs());
    if value < 0 { format!("\u{2212}{size}") } else { size }
}
