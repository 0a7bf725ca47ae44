//! What must hold of every figure.

use clv_answers::Values;
use clv_figures::palette::DARK;
use clv_figures::{Figure, plotly};
use serde_json::Value;

use crate::answers;
use crate::drawings::all;

#[test]
fn every_figure_has_a_title_a_definition_axes_with_titles_and_a_table() {
    for figure in all() {
        assert!(!figure.title.is_empty() && !figure.definition.is_empty(), "{}", figure.id);
        assert!(figure.table.n_rows() > 0, "{}", figure.id);
        let titled =
            |axis: &str| !figure.layout[axis]["title"]["text"].as_str().unwrap().is_empty();
        let names = figure.layout["yaxis"]["type"] == "category";
        assert!(titled("xaxis") && (names || titled("yaxis")), "{}", figure.id);
    }
}

#[test]
fn value_axes_start_at_zero() {
    for figure in all() {
        let value_axis =
            if figure.layout["yaxis"]["type"] == "category" { "xaxis" } else { "yaxis" };
        assert_eq!(figure.layout[value_axis]["rangemode"], "tozero", "{}", figure.id);
    }
}

#[test]
fn a_period_that_is_not_over_is_null_and_never_zero() {
    let cohorts = answers::cohorts();
    let figure = clv_figures::cumulative_value::cumulative_value(&cohorts, None);
    // The newest cohort has lived through nothing and is not drawn; the second lacks its last month.
    assert_eq!(figure.data[0]["y"], serde_json::json!([80.0, 110.0, null]));
    let last = figure.table.column("month 2").unwrap();
    assert_eq!(last.values, Values::OptionalReal(vec![Some(165.5), None, None, Some(165.5)]));
}

#[test]
fn no_text_of_the_data_can_end_the_script_element() {
    let mut segments = answers::segments();
    segments.segments[0].name = "</script><script>alert(1)</script>\u{2028}&amp;".into();
    let figure = clv_figures::value_segments::value_segments(&segments, None);
    let json = figure.script_json();
    assert!(!json.contains(['<', '>', '&', '\u{2028}']));
    let back: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(back["data"], figure.data);
}

#[test]
fn every_colour_of_a_figure_has_a_dark_partner() {
    let known: Vec<&str> = DARK.iter().map(|(light, _)| *light).collect();
    for figure in all() {
        for text in strings(&figure) {
            let is_colour = text.starts_with('#') || text.starts_with("rgba(");
            let is_clear = text == "rgba(0,0,0,0)";
            assert!(!is_colour || is_clear || known.contains(&text.as_str()), "{text}");
        }
    }
}

fn strings(figure: &Figure) -> Vec<String> {
    fn walk(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::String(text) => found.push(text.clone()),
            Value::Array(values) => values.iter().for_each(|value| walk(value, found)),
            Value::Object(members) => members.values().for_each(|value| walk(value, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    walk(&figure.data, &mut found);
    walk(&figure.layout, &mut found);
    found
}

#[test]
fn lines_and_marks_keep_a_contrast_of_three_on_either_page() {
    // The pale lines of single cohorts and the grid stay in the background on purpose.
    let strong = [0, 1, 2, 3, 5, 6];
    for (light, dark) in strong.map(|i| DARK[i]) {
        assert!(contrast(light, "#ffffff") >= 3.0, "{light}");
        assert!(contrast(dark, "#151d26") >= 3.0, "{dark}");
    }
}

/// The contrast ratio of WCAG 2.2, between 1 and 21.
fn contrast(a: &str, b: &str) -> f64 {
    let luminance = |colour: &str| {
        let part = |i: usize| f64::from(u8::from_str_radix(&colour[i..i + 2], 16).unwrap()) / 255.0;
        let linear =
            |c: f64| if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) };
        0.2126 * linear(part(1)) + 0.7152 * linear(part(3)) + 0.0722 * linear(part(5))
    };
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn the_drawing_library_can_be_inlined_and_calls_nobody_when_it_is_loaded() {
    assert!(plotly::SCRIPT.contains(&format!("v{}", plotly::VERSION)));
    assert!(!plotly::SCRIPT.contains("</script"));
    assert!(!plotly::SCRIPT.contains("fetch("));
    assert!(!plotly::SCRIPT.contains("sendBeacon"));
}

#[test]
fn answers_without_anything_to_draw_still_make_figures() {
    let mut cohorts = answers::cohorts();
    cohorts.cohorts.clear();
    cohorts.n_periods = 0;
    cohorts.mean_retention.clear();
    cohorts.mean_cumulative_value.clear();
    let mut segments = answers::segments();
    segments.segments.clear();
    let mut calibration = answers::calibration();
    calibration.deciles.clear();
    for figure in [
        clv_figures::cohort_retention::cohort_retention(&cohorts),
        clv_figures::cumulative_value::cumulative_value(&cohorts, None),
        clv_figures::value_segments::value_segments(&segments, None),
        clv_figures::next_order::next_order(&segments, "52 weeks", None),
        clv_figures::calibration::calibration(&calibration, None),
    ] {
        assert!(!figure.title.is_empty() && !figure.title.contains("NaN"), "{}", figure.title);
    }
}

#[test]
fn a_naive_winner_is_said_to_be_one() {
    let mut backtest = answers::backtest();
    backtest.served = "naive-own-rate".into();
    backtest.is_naive = true;
    let title = clv_figures::backtest::backtest(&backtest).title;
    assert_eq!(title, "No model beat the naive baseline: own rate is served");
}
