//! What was read, what was put aside and why: the reader's check that the numbers are theirs.

use clv_answers::data_quality::{ComplaintGroup, DataQuality};
use clv_figures::numbers::{count, day, decimal, money};
use maud::{Markup, html};

use crate::page::Section;
use crate::table::{Options, scrolling};

pub(super) fn section(data: &DataQuality) -> Section {
    let aside = data.rows_put_aside();
    let title = match aside {
        0 => "Every row was used".to_owned(),
        1 => "1 row was put aside".to_owned(),
        n => format!("{} of {} rows were put aside", count(n), count(data.rows_read)),
    };
    Section {
        id: "data-quality",
        name: "Your data",
        title,
        lead: "Compare these totals with your shop\u{2019}s own before you use anything else in this report. Nothing \
               is dropped silently: what was not used is counted here, with examples."
            .to_owned(),
        body: html! {
            div.pair {
                div.panel { h3 { "Totals" } (totals(data)) }
                div.panel { h3 { "How the columns are read" } (columns(data)) }
            }
            @if !data.complaints.is_empty() {
                div.panel.stack { h3 { "Put aside or remarked" } (complaints(&data.complaints)) }
            }
        },
    }
}

fn totals(data: &DataQuality) -> Markup {
    let currency = data.currency.as_deref();
    html! {
        dl.list {
            dt { "Source" } dd { (data.source) ": " (data.files.join(", ")) }
            dt { "Period" } dd { (day(&data.first_date)) " to " (day(&data.last_date)) }
            dt { "Rows read" } dd { (count(data.rows_read)) ", used " (count(data.rows_accepted)) }
            dt { "Orders" } dd { (count(data.orders)) }
            dt { "Customers" } dd { (count(data.customers)) }
            dt { "Purchases" } dd { (money(data.gross, currency)) }
            dt { "Returns" } dd { (money(-data.returns, currency)) }
            dt { "Net" } dd { strong { (money(data.net, currency)) } }
            @if data.returns_without_purchase > 0.0 {
                dt { "Returns without purchase" }
                dd {
                    (money(data.returns_without_purchase, currency))
                    " of the returns belong to customers who bought before the data begin; they are in no \
                     customer\u{2019}s value."
                }
            }
            dt { "Currency" } dd { (currency.unwrap_or("not told by the data")) }
        }
    }
}

fn columns(data: &DataQuality) -> Markup {
    html! {
        dl.list {
            @for column in &data.columns {
                dt { code { (column.role) } }
                dd { "\u{201c}" (column.column) "\u{201d}, " (column.reading) }
            }
        }
    }
}

fn complaints(groups: &[ComplaintGroup]) -> Markup {
    let rows = html! {
        thead {
            tr {
                th scope="col" { "What" }
                th.n scope="col" { "Rows" }
                th.n scope="col" { "Money on them" }
                th scope="col" { "Then" }
                th scope="col" { "For example" }
            }
        }
        tbody {
            @for group in groups {
                tr {
                    th.words scope="row" { (group.meaning) }
                    td.n data-label="Rows" data-v=(group.rows) { (count(group.rows)) }
                    td.n data-label="Money" data-v=(group.amount) { (decimal(group.amount, 2)) }
                    td.keep data-label="Then" { @if group.put_aside { "put aside" } @else { "kept" } }
                    td.words data-label="For example" { (examples(group)) }
                }
            }
        }
    };
    scrolling(&Options { id: "complaints", caption: "rows put aside or remarked" }, &rows)
}

fn examples(group: &ComplaintGroup) -> Markup {
    html! {
        div {
            @for (i, example) in group.examples.iter().take(3).enumerate() {
                @if i > 0 { "; " br; }
                (example.file)
                @if example.row > 0 { ", row " (count(example.row)) }
                ", " (example.column) ": "
                @if example.value.is_empty() { "(empty)" } @else { code { (example.value) } }
            }
        }
    }
}
