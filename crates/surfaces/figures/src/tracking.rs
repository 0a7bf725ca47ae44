//! The tracking plot: purchases that came against purchases that were expected, the holdout marked.

use clv_answers::tracking::Tracking;
use clv_answers::{Table, Values};
use serde_json::{Value, json};

use crate::figure::Figure;
use crate::frame::{Ticks, axis, layout, number, numbers};
use crate::names::model_name;
use crate::numbers::{day, decimal};
use crate::palette::{BLUE, GREY, MUTED, SHADE, VERMILLION};

/// Repeat purchases per period (up, from zero) over the calendar (right), actual and expected.
#[must_use]
pub fn tracking(tracking: &Tracking) -> Figure {
    let period = tracking.period.as_str();
    let actual = json!({
        "type": "scatter", "mode": "lines", "name": "actual",
        "x": tracking.period_end, "y": numbers(tracking.actual.iter().copied()),
        "line": { "color": BLUE, "width": 2 },
        "hovertemplate": format!("{period} to %{{x|%-d %b %Y}}<br>%{{y:,.0f}} came<extra></extra>"),
    });
    let expected = json!({
        "type": "scatter", "mode": "lines",
        "name": format!("expected by {}", model_name(&tracking.model)),
        "x": tracking.period_end, "y": numbers(tracking.expected.iter().copied()),
        "line": { "color": VERMILLION, "width": 2.5, "dash": "dash" },
        "hovertemplate": format!("{period} to %{{x|%-d %b %Y}}<br>%{{y:,.1f}} expected<extra></extra>"),
    });
    let x = axis(&format!("end of the {period}"), Ticks::Date, false);
    let y = axis(&format!("repeat purchases per {period}"), Ticks::Number, true);
    let mut layout = layout(x, y, 400);
    layout.insert("shapes".into(), holdout(tracking));
    layout.insert("annotations".into(), remark(&tracking.origin));
    Figure {
        id: "tracking",
        title: title(tracking),
        definition: format!(
            "The model was fitted to the orders up to {} only. The line shows the repeat purchases it expected \
             from the customers known by then in each {period}; the shaded stretch is the holdout, which it \
             never saw. First purchases are not counted.",
            day(&tracking.origin)
        ),
        data: json!([actual, expected]),
        layout: Value::Object(layout),
        table: table(tracking),
    }
}

fn title(tracking: &Tracking) -> String {
    let (expected, actual) = (tracking.holdout_expected, tracking.holdout_actual);
    let counts = format!(
        "{} purchases were expected over the holdout and {} came",
        decimal(expected, 0),
        decimal(actual, 0)
    );
    if actual > 0.0 {
        format!("{counts}: the forecast was {}", off(expected / actual - 1.0))
    } else {
        counts
    }
}

/// How far off a forecast was, in words.
fn off(bias: f64) -> String {
    let size = format!("{}\u{a0}%", decimal(bias.abs() * 100.0, 1));
    match size.as_str() {
        "0.0\u{a0}%" => "right to the last tenth of a percent".to_owned(),
        _ if bias > 0.0 => format!("{size} too high"),
        _ => format!("{size} too low"),
    }
}

fn holdout(tracking: &Tracking) -> Value {
    let end = tracking.period_end.last().unwrap_or(&tracking.origin);
    json!([
        {
            "type": "rect", "layer": "below", "xref": "x", "yref": "paper",
            "x0": tracking.origin, "x1": end, "y0": 0, "y1": 1,
            "fillcolor": SHADE, "line": { "width": 0 },
        },
        {
            "type": "line", "xref": "x", "yref": "paper", "x0": tracking.origin, "x1": tracking.origin,
            "y0": 0, "y1": 1, "line": { "color": GREY, "width": 1.5, "dash": "dot" },
        },
    ])
}

fn remark(origin: &str) -> Value {
    json!([{
        "x": origin, "xref": "x", "yref": "paper", "y": 1, "xanchor": "left", "yanchor": "top", "xshift": 6,
        "showarrow": false, "text": "holdout \u{2192}", "font": { "size": 13, "color": MUTED },
    }])
}

fn table(tracking: &Tracking) -> Table {
    let real =
        |values: &[f64]| Values::OptionalReal(values.iter().map(|x| number(*x).as_f64()).collect());
    let part = tracking.period_end.iter().map(|end| {
        if end > &tracking.origin { "holdout".to_owned() } else { "calibration".to_owned() }
    });
    Table::new()
        .with(&format!("{} to", tracking.period), "", Values::Text(tracking.period_end.clone()))
        .with("part", "", Values::Text(part.collect()))
        .with("actual repeat purchases", "count", real(&tracking.actual))
        .with("expected repeat purchases", "purchases", real(&tracking.expected))
}
