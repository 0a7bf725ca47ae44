//! A report of next to nothing is still a report.

use clv_pages::report_page;

use crate::sample_report::{cohorts, sample_report};

#[test]
fn data_too_short_for_a_holdout_are_said_to_be_so() {
    let mut report = sample_report();
    report.answer.tracking = None;
    report.answer.calibration = None;
    report.answer.backtest = None;
    report.answer.model = None;
    report.answer.residual_concentration = None;
    let page = report_page(&report);
    assert_eq!(page.matches("too short a time").count(), 3);
    assert!(page.contains("there is no fitted model to show"));
}

#[test]
fn an_empty_report_is_written_without_a_nan() {
    let mut report = sample_report();
    let answer = &mut report.answer;
    answer.best_customers.clear();
    answer.value_segments.segments.clear();
    answer.rfm_segments.segments.clear();
    answer.cohorts.cohorts.clear();
    answer.historic_concentration.top_shares.clear();
    answer.historic_concentration.curve.clear();
    answer.calibration.as_mut().unwrap().deciles.clear();
    answer.backtest.as_mut().unwrap().scores.clear();
    answer.cautions.clear();
    answer.data_quality.complaints.clear();
    answer.headline.customers_at_risk = 0;
    let page = report_page(&report).replace(clv_figures::plotly::SCRIPT, "");
    assert!(!page.contains("NaN") && !page.contains(">inf"));
    assert!(page.contains("Every row was used"));
    assert!(page.contains("Nobody needs winning back today."));
}

#[test]
fn the_oldest_cohorts_wait_behind_a_click() {
    let mut report = sample_report();
    assert!(report_page(&report).contains("Show all 30 cohorts"));
    report.answer.cohorts = cohorts(24);
    assert!(!report_page(&report).contains("Show all"));
}
