//! Texts of the data are hostile until escaped.

use clv_pages::report_page;

use crate::sample_report::sample_report;

#[test]
fn hostile_texts_are_shown_and_never_run() {
    let evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>\u{2028}";
    let mut report = sample_report();
    let answer = &mut report.answer;
    answer.title = evil.into();
    answer.best_customers[0].customer_id = evil.into();
    answer.best_customers[0].segment = evil.into();
    answer.value_segments.segments[0].name = evil.into();
    answer.value_segments.segments[0].advice = evil.into();
    answer.cohorts.cohorts[0].cohort = evil.into();
    answer.headline.currency = Some(evil.into());
    answer.headline.horizon = evil.into();
    answer.cautions.push(evil.into());
    answer.data_quality.files.push(evil.into());
    answer.data_quality.columns[0].column = evil.into();
    answer.data_quality.complaints[0].examples[0].value = evil.into();
    answer.backtest.as_mut().unwrap().reason = evil.into();
    answer.model.as_mut().unwrap().parameters.insert(evil.into(), 1.0);
    answer.model.as_mut().unwrap().model = evil.into();
    report.provenance.options.insert(evil.into(), evil.into());
    report.provenance.table_versions.insert(evil.into(), evil.into());
    let page = report_page(&report);
    assert!(!page.contains("<script>alert"));
    assert!(!page.contains("<img"));
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
}
