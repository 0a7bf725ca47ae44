//! The best customers one by one: a table to sort and to search.

use clv_answers::customer_value::CustomerValue;
use clv_answers::report::Report;
use clv_figures::names::money_unit;
use clv_figures::numbers::{count, decimal, share};
use maud::{Markup, html};

use crate::page::Section;
use crate::table::{Options, scrolling};

pub(super) fn section(report: &Report, currency: Option<&str>) -> Section {
    let best = &report.best_customers;
    let horizon = &report.headline.horizon;
    Section {
        id: "customers",
        name: "Customers",
        title: format!("The {} customers worth most from here on", best.len()),
        lead: format!(
            "By expected future value over the next {horizon}, in {}. The interval is where 80 of 100 such customers \
             will end up. All customers can be written to a file with -o customers.csv or customers.parquet.",
            money_unit(currency)
        ),
        body: html! {
            div.panel.flush.customers {
                div.bar.script-only {
                    label for="customer-search" { "Search" }
                    input #customer-search type="search" data-search="table-customers"
                        placeholder="id, segment, date" autocomplete="off";
                    span.status #table-customers-status role="status" aria-live="polite" {}
                }
                (table(best))
            }
        },
    }
}

fn table(best: &[CustomerValue]) -> Markup {
    // Cents tell nothing where every value is in the hundreds; a copy of the table has them all the same.
    let digits = if best.iter().all(|c| c.residual_value >= 100.0) { 0 } else { 2 };
    let numbers_after_id = [
        "Future value",
        "Low",
        "High",
        "Lifetime value",
        "Value so far",
        "Orders",
        "Mean spend",
        "Orders expected",
        "Order again",
        "Still a customer",
    ];
    let rows = html! {
        thead {
            tr {
                th.who scope="col" { "Customer" }
                @for name in numbers_after_id { th.n scope="col" { (name) } }
                th scope="col" { "Next order about" }
                th scope="col" { "Last order" }
                th scope="col" { "First order" }
                th scope="col" { "Segment" }
                th scope="col" { "RFM" }
                th scope="col" { "Why" }
            }
        }
        tbody { @for customer in best { (row(customer, digits)) } }
    };
    let options = Options { id: "customers", caption: "best customers by expected future value" };
    scrolling(&options, &rows)
}

fn row(c: &CustomerValue, digits: usize) -> Markup {
    let money = |value: f64| html! { td.n data-v=(value) { (decimal(value, digits)) } };
    html! {
        tr {
            th.who scope="row" title=(c.customer_id) { (c.customer_id) }
            (money(c.residual_value))
            (money(c.residual_value_low))
            (money(c.residual_value_high))
            (money(c.lifetime_value))
            (money(c.historic_value))
            td.n data-v=(c.orders) { (count(c.orders)) }
            (money(c.mean_spend))
            td.n data-v=(c.expected_purchases) { (decimal(c.expected_purchases, 1)) }
            td.n data-v=(c.probability_next_order) { (share(c.probability_next_order)) }
            td.n data-v=(c.probability_alive) { (share(c.probability_alive)) }
            td { @if let Some(date) = &c.next_order_date { (date) } }
            td { (c.last_order) }
            td { (c.first_order) }
            td { (c.segment) }
            td { (c.rfm) }
            td.words { (c.reason) }
        }
    }
}
