//! The layout that all charts share: fonts, grid, legend, axes with units.

use serde_json::{Map, Value, json};

use crate::palette::{GRID, INK, LINE, MUTED, PAPER};

const FONT: &str = "ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif";

/// How the ticks of an axis are written.
#[derive(Clone, Copy)]
pub(crate) enum Ticks {
    /// Counts and money, thousands set apart.
    Number,
    /// Ratios shown in percent.
    Percent,
    /// Calendar days.
    Date,
    /// Names.
    Category,
}

/// An axis with its unit in the title; `from_zero` keeps the zero line in sight.
pub(crate) fn axis(title: &str, ticks: Ticks, from_zero: bool) -> Map<String, Value> {
    let mut axis = object(json!({
        "title": { "text": title, "font": { "size": 13, "color": MUTED }, "standoff": 12 },
        "tickfont": { "size": 12, "color": MUTED },
        "automargin": true,
        "gridcolor": GRID,
        "linecolor": LINE,
        "zerolinecolor": LINE,
        "showline": false,
        "fixedrange": true,
    }));
    let more = match ticks {
        Ticks::Number => json!({ "tickformat": ",~r", "separatethousands": true }),
        Ticks::Percent => json!({ "tickformat": ".0%" }),
        Ticks::Date => json!({ "type": "date", "hoverformat": "%-d %b %Y", "showgrid": false }),
        Ticks::Category => json!({ "type": "category", "showgrid": false, "ticksuffix": "  " }),
    };
    axis.extend(object(more));
    if from_zero {
        axis.insert("rangemode".into(), json!("tozero"));
    }
    axis
}

/// An axis of whole periods since a first purchase, ticked where people count: every quarter or half-year.
pub(crate) fn periods(period: &str, n_periods: usize) -> Map<String, Value> {
    let mut axis = axis(&format!("{period}s since the first purchase"), Ticks::Number, false);
    let step = match (period, n_periods) {
        (_, 0..=9) => 1,
        ("month", 10..=18) => 3,
        ("month", _) => 6,
        _ => 4,
    };
    axis.insert("tick0".into(), json!(0));
    axis.insert("dtick".into(), json!(step));
    axis
}

/// The layout around two axes.
pub(crate) fn layout(
    x: Map<String, Value>,
    y: Map<String, Value>,
    height: u32,
) -> Map<String, Value> {
    let mut layout = object(json!({
        "font": { "family": FONT, "size": 13, "color": INK },
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "height": height,
        "margin": { "l": 56, "r": 20, "t": 40, "b": 52 },
        "hovermode": "closest",
        "hoverlabel": {
            "bgcolor": PAPER, "bordercolor": LINE, "align": "left",
            "font": { "family": FONT, "size": 13, "color": INK },
        },
        "legend": {
            "orientation": "h", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom",
            "font": { "size": 13, "color": INK }, "itemclick": false, "itemdoubleclick": false,
        },
    }));
    layout.insert("xaxis".into(), Value::Object(x));
    layout.insert("yaxis".into(), Value::Object(y));
    layout
}

/// The object's members; empty for anything else.
pub(crate) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

/// The number to six significant digits, which is finer than any screen; `null` where it is not finite.
pub(crate) fn number(x: f64) -> Value {
    if !x.is_finite() {
        return Value::Null;
    }
    let text = format!("{x:.5e}");
    text.parse::<f64>().map_or(Value::Null, |rounded| json!(rounded))
}

/// The numbers as a JSON array.
pub(crate) fn numbers(values: impl IntoIterator<Item = f64>) -> Value {
    values.into_iter().map(number).collect()
}

/// The numbers as a JSON array, `null` where unobserved.
pub(crate) fn optional_numbers(values: &[Option<f64>]) -> Value {
    values.iter().map(|value| value.map_or(Value::Null, number)).collect()
}
