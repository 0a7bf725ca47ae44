//! The bake-off: every forecaster and every naive baseline, which one is served, and why.

use clv_answers::backtest::{Backtest, BacktestScore};
use clv_figures::backtest::backtest as draw;
use clv_figures::names::{is_naive, model_name};
use clv_figures::numbers::{count, day, decimal, share, signed_share};
use maud::{Markup, html};

use crate::figure::figure;
use crate::page::Section;
use crate::table::{Options, scrolling};

pub(super) fn section(backtest: Option<&Backtest>) -> Section {
    let title = match backtest {
        Some(b) if b.is_naive => {
            format!("Why a simple rule is served: {}", model_name(&b.served))
        }
        Some(b) => format!("Why {} is served", model_name(&b.served)),
        None => "Which forecaster to trust".to_owned(),
    };
    Section {
        id: "backtest",
        name: "Bake-off",
        title,
        lead: backtest.map(|b| b.reason.clone()).unwrap_or_default(),
        body: match backtest {
            Some(backtest) => body(backtest),
            None => html! {
                p.remark { "The orders span too short a time to let the forecasters compete." }
            },
        },
    }
}

fn body(backtest: &Backtest) -> Markup {
    html! {
        (figure(&draw(backtest)))
        div.panel {
            h3 { "All forecasters at each origin" }
            (scores(backtest))
            p.remark {
                "Naive baselines are marked; they use no model. Bias: how much too many (+) or too few (\u{2212}) \
                 purchases were foretold in all. Error: mean absolute and root mean squared, purchases per \
                 customer. Rank: how well customers were ordered, 1 is perfect."
                @if let Some(sampled) = backtest.sampled_customers {
                    " Run on a sample of " (count(sampled)) " customers."
                }
            }
            @if !backtest.left_out.is_empty() {
                h3.subhead { "Could not take part" }
                dl.list {
                    @for (model, reason) in &backtest.left_out {
                        dt { (model_name(model)) } dd { (reason) }
                    }
                }
            }
        }
    }
}

fn scores(backtest: &Backtest) -> Markup {
    let rows = html! {
        thead {
            tr {
                th scope="col" { "Forecaster" }
                th scope="col" { "Origin" }
                th.n scope="col" { "Customers" }
                th.n scope="col" { "Purchases came" }
                th.n scope="col" { "Foretold" }
                th.n scope="col" { "Bias" }
                th.n scope="col" { "Mean error" }
                th.n scope="col" { "RMS error" }
                th.n scope="col" { "Rank" }
                th.n scope="col" { "Gini" }
                th.n scope="col" { "In 90\u{a0}% interval" }
            }
        }
        tbody { @for score in &backtest.scores { (row(score)) } }
    };
    scrolling(&Options { id: "backtest-scores", caption: "scores by forecaster and origin" }, &rows)
}

fn row(score: &BacktestScore) -> Markup {
    let name = model_name(&score.model);
    html! {
        tr.served[score.served] {
            td.keep data-text=(name) {
                (name)
                @if is_naive(&score.model) { span.chip { "naive" } }
                @if score.served { span.chip.good { "served" } }
            }
            td data-text=(score.origin) { (day(&score.origin)) }
            td.n data-v=(score.n_customers) { (count(score.n_customers)) }
            td.n data-v=(score.actual_total) { (decimal(score.actual_total, 0)) }
            td.n data-v=(score.predicted_total) { (decimal(score.predicted_total, 1)) }
            td.n data-v=(score.bias) { (signed_share(score.bias)) }
            td.n data-v=(score.mae) { (decimal(score.mae, 4)) }
            td.n data-v=(score.rmse) { (decimal(score.rmse, 4)) }
            td.n data-v=(score.spearman) { (decimal(score.spearman, 3)) }
            td.n data-v=(score.normalized_gini) { (decimal(score.normalized_gini, 3)) }
            @match score.coverage_90 {
                Some(coverage) => td.n data-v=(coverage) { (share(coverage)) },
                None => td.n.blank {},
            }
        }
    }
}
