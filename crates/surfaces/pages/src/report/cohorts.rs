//! Customers by when they first bought: who came back, and what they brought.

use clv_answers::cohorts::{Cohort, Cohorts};
use clv_figures::cohort_retention::cohort_retention;
use clv_figures::cumulative_value::cumulative_value;
use clv_figures::numbers::{count, decimal, share};
use maud::{Markup, html};

use crate::figure::figure;
use crate::heat::step;
use crate::page::Section;
use crate::table::{Options, scrolling};

/// Cohorts shown at once; the others open on demand.
const COHORTS_SHOWN: usize = 24;

pub(super) fn section(cohorts: &Cohorts, currency: Option<&str>) -> Section {
    let all = &cohorts.cohorts;
    let newest = all.get(all.len().saturating_sub(COHORTS_SHOWN)..).unwrap_or(all);
    let period = &cohorts.period;
    Section {
        id: "cohorts",
        name: "Cohorts",
        title: "Who comes back, and what they bring".to_owned(),
        lead: format!(
            "A cohort is everyone who first bought in the same {period}. Older cohorts have had more time, so \
             compare along a column, not along the totals."
        ),
        body: html! {
            (figure(&cohort_retention(cohorts)))
            div.panel {
                h3 { "Percent of each cohort who buy, " (period) " by " (period) " after the first" }
                (heat_table(cohorts, newest, "cohorts"))
                p.remark {
                    "Blank: the " (period) " is not over yet for the whole cohort. Bought again: by the end of the \
                     data, at any time."
                }
                @if newest.len() < all.len() {
                    details {
                        summary { "Show all " (all.len()) " cohorts" }
                        (heat_table(cohorts, all, "cohorts-all"))
                    }
                }
            }
            (figure(&cumulative_value(cohorts, currency)))
        },
    }
}

fn heat_table(cohorts: &Cohorts, shown: &[Cohort], id: &str) -> Markup {
    let last = shown.iter().map(|c| known(&c.retention)).max().unwrap_or(0);
    let top = scale_top(shown);
    let caption = format!("retention by cohort and {}", cohorts.period);
    let rows = html! {
        thead {
            tr {
                th scope="col" { "First bought" }
                th.n scope="col" { "Customers" }
                th.n scope="col" { "Bought again" }
                @for k in 1..last { th.n scope="col" { (k) } }
            }
        }
        tbody {
            tr.mean {
                th scope="row" { "All cohorts" }
                td.n data-v=(total(cohorts)) { (count(total(cohorts))) }
                td.n {}
                @for k in 1..last { (cell(cohorts.mean_retention.get(k).copied().flatten(), top)) }
            }
            @for cohort in shown.iter().rev() {
                tr {
                    th scope="row" { (cohort.cohort) }
                    td.n data-v=(cohort.n_customers) { (count(cohort.n_customers)) }
                    td.n data-v=(cohort.repeat_rate) { (share(cohort.repeat_rate)) }
                    @for k in 1..last { (cell(cohort.retention.get(k).copied().flatten(), top)) }
                }
            }
        }
    };
    html! { div.heat { (scrolling(&Options { id, caption: &caption }, &rows)) } }
}

fn cell(value: Option<f64>, top: f64) -> Markup {
    match value {
        Some(value) => html! {
            td class={ "n h" (step(value, top)) } data-v=(value) { (percent(value, top)) }
        },
        None => html! { td.n.blank {} },
    }
}

/// Percents without their sign, which the heading bears; a digit more where all are small.
fn percent(value: f64, top: f64) -> String {
    decimal(value * 100.0, usize::from(top < 0.1))
}

/// One past the last period that any of the cohorts has lived through.
fn known(values: &[Option<f64>]) -> usize {
    values.iter().rposition(Option::is_some).map_or(0, |last| last + 1)
}

/// The top of the colour scale: the value that only one cell in twenty exceeds, so that a single tiny cohort
/// does not bleach the rest.
fn scale_top(shown: &[Cohort]) -> f64 {
    let mut values: Vec<f64> =
        shown.iter().flat_map(|c| c.retention.iter().skip(1)).copied().flatten().collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() * 19 / 20).copied().unwrap_or(0.0)
}

fn total(cohorts: &Cohorts) -> u64 {
    cohorts.cohorts.iter().map(|c| c.n_customers).sum()
}
