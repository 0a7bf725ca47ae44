//! Each figure's title, definition, traces and layout as they are drawn.

use clv_figures::Figure;
use serde_json::json;

use crate::answers;

fn check(figure: &Figure) {
    let mut settings = insta::Settings::clone_current();
    settings.set_sort_maps(true);
    settings.bind(|| {
        insta::assert_json_snapshot!(
            figure.id,
            json!({
                "title": figure.title, "definition": figure.definition,
                "data": figure.data, "layout": figure.layout,
            })
        );
    });
}

pub(crate) fn all() -> Vec<Figure> {
    let historic = answers::concentration();
    let segments = answers::segments();
    vec![
        clv_figures::concentration::concentration(&historic, Some(&historic)),
        clv_figures::cohort_retention::cohort_retention(&answers::cohorts()),
        clv_figures::cumulative_value::cumulative_value(&answers::cohorts(), Some("EUR")),
        clv_figures::tracking::tracking(&answers::tracking()),
        clv_figures::calibration::calibration(&answers::calibration(), Some("USD")),
        clv_figures::backtest::backtest(&answers::backtest()),
        clv_figures::value_segments::value_segments(&segments, None),
        clv_figures::next_order::next_order(&segments, "52 weeks", None),
    ]
}

#[test]
fn every_figure_is_drawn_as_before() {
    for figure in all() {
        check(&figure);
    }
}
