//! A figure on a page: the takeaway, the chart, how it is computed, and the same numbers as a table.

use clv_figures::Figure;
use maud::{Markup, PreEscaped, html};

use crate::table::{Options, table};

/// The whole figure as HTML. The chart is drawn by the page's script from the JSON beside it; without a
/// script the reader is sent to the table.
pub(crate) fn figure(figure: &Figure) -> Markup {
    let heading = format!("{}-title", figure.id);
    html! {
        figure.figure #{"figure-" (figure.id)} aria-labelledby=(heading) {
            h3.takeaway #(heading) { (figure.title) }
            div.chart data-chart=(figure.id) role="img" aria-label=(figure.title) {}
            noscript { p.remark { "The chart needs JavaScript; its numbers are in the table below." } }
            script type="application/json" #{"spec-" (figure.id)} { (PreEscaped(figure.script_json())) }
            div.beneath {
                details {
                    summary { "How this is computed" }
                    p.definition { (figure.definition) }
                }
                details.numbers {
                    summary { "Show the numbers" }
                    (table(&figure.table, &Options { id: figure.id, caption: &figure.title }))
                }
                button.quiet.script-only type="button" data-png=(figure.id) { "Save picture" }
            }
        }
    }
}
