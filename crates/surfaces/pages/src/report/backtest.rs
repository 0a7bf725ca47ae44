//! The bake-off: every forecaster and every naive baseline, which one is served, and why.

use clv_answers::backtest::{Backtest, BacktestCoverage, BacktestScore, BlendWeights};
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
            @if let Some(blend) = &backtest.blend {
                h3.subhead { "What the blend is made of" }
                (blend_weights(blend))
                p.remark {
                    "Weights were learnt from the holdouts above, for customers with one order, with two to four and with \
                     more; each origin\u{2019}s blend from the other origins only. Time runs "
                    (decimal(blend.pace, 2)) " times as fast as the members say: what earlier totals taught."
                }
            }
            @if backtest.coverage.iter().any(|row| row.origin == "all") {
                h3.subhead { "Do the intervals hold?" }
                (coverage(backtest))
                p.remark {
                    "Share of customers within the 90\u{a0}% interval of what is served, by tenth of forecast, before and \
                     after the adjustment that the other holdouts teach. An outcome at an interval\u{2019}s end counts by \
                     the part of its probability that lies within, so that a right forecast scores 90\u{a0}%."
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

fn blend_weights(blend: &BlendWeights) -> Markup {
    let rows = html! {
        thead {
            tr {
                th scope="col" { "Customers" }
                @for member in &blend.members { th.n scope="col" { (model_name(member)) } }
            }
        }
        tbody {
            @for segment in ["one-time", "few", "frequent"] {
                @if let Some(weights) = blend.weights.get(segment) {
                    tr {
                        th scope="row" { (segment) }
                        @for weight in weights { td.n data-v=(weight) { (share(*weight)) } }
                    }
                }
            }
        }
    };
    scrolling(&Options { id: "blend-weights", caption: "weights of the blend by segment" }, &rows)
}

fn coverage(backtest: &Backtest) -> Markup {
    let of = |what: &str, decile: Option<u32>| {
        backtest
            .coverage
            .iter()
            .find(|row| row.of == what && row.origin == "all" && row.decile == decile)
    };
    let cells = |row: Option<&BacktestCoverage>| {
        html! {
            @match row {
                Some(row) => {
                    td.n data-v=(row.coverage_90_unadjusted) { (share(row.coverage_90_unadjusted)) }
                    td.n data-v=(row.coverage_90) { (share(row.coverage_90)) }
                }
                None => { td.n.blank {} td.n.blank {} }
            }
        }
    };
    let deciles = (1..=10).map(Some).chain([None]);
    let rows = html! {
        thead {
            tr {
                th scope="col" { "Tenth by forecast" }
                th.n scope="col" { "Purchases, before" }
                th.n scope="col" { "Purchases, after" }
                th.n scope="col" { "Value, before" }
                th.n scope="col" { "Value, after" }
            }
        }
        tbody {
            @for decile in deciles.filter(|decile| of("purchases", *decile).is_some()) {
                tr {
                    th scope="row" {
                        @match decile {
                            Some(1) => "1 (highest)",
                            Some(decile) => (decile),
                            None => "all customers",
                        }
                    }
                    (cells(of("purchases", decile)))
                    (cells(of("value", decile)))
                }
            }
        }
    };
    scrolling(&Options { id: "interval-coverage", caption: "coverage of 90 % intervals" }, &rows)
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
