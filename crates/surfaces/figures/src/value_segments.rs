//! Value segments: how many customers each holds, and how much of the future value.

use clv_answers::segments::{Segment, Segments};
use clv_answers::{Table, Values};
use serde_json::{Value, json};

use crate::figure::Figure;
use crate::frame::{Ticks, axis, layout, numbers};
use crate::names::money_unit;
use crate::numbers::share;
use crate::palette::{BLUE, GREY, INK};

/// Each segment's share of customers (hatched) beside its share of expected future value (solid).
#[must_use]
pub fn value_segments(segments: &Segments, currency: Option<&str>) -> Figure {
    let groups = &segments.segments;
    let bars = |name: &str, colour: &str, pattern: &str, of: fn(&Segment) -> f64| {
        let labels: Vec<String> = groups.iter().map(|segment| share(of(segment))).collect();
        let names: Vec<&str> = groups.iter().map(|segment| segment.name.as_str()).collect();
        json!({
            "type": "bar", "name": name, "x": names, "y": numbers(groups.iter().map(of)),
            "text": labels, "textposition": "outside", "cliponaxis": false,
            "textfont": { "color": INK, "size": 12 },
            "marker": { "color": colour, "pattern": { "shape": pattern, "size": 6, "solidity": 0.35 } },
            "hovertemplate": format!("%{{x}}<br>%{{y:.1%}} of {name}<extra></extra>"),
        })
    };
    let x = axis("value segment", Ticks::Category, false);
    let y = axis("share of all", Ticks::Percent, true);
    let mut layout = layout(x, y, 380);
    layout.insert("barmode".into(), json!("group"));
    layout.insert("bargap".into(), json!(0.3));
    Figure {
        id: "value-segments",
        title: title(segments),
        definition: segments.how.clone(),
        data: json!([
            bars("customers", GREY, "/", |segment| segment.customer_share),
            bars("expected future value", BLUE, "", |segment| segment.residual_share),
        ]),
        layout: Value::Object(layout),
        table: table(groups, money_unit(currency)),
    }
}

fn title(segments: &Segments) -> String {
    match segments.segments.first() {
        None => "There is no customer to put into a segment".to_owned(),
        Some(first) => format!(
            "\u{201c}{}\u{201d} is {} of customers and {} of the expected future value",
            first.name,
            share(first.customer_share),
            share(first.residual_share)
        ),
    }
}

pub(crate) fn table(groups: &[Segment], unit: &str) -> Table {
    let real = |of: fn(&Segment) -> f64| Values::Real(groups.iter().map(of).collect());
    let sizes = groups.iter().map(|s| i64::try_from(s.n_customers).unwrap_or(i64::MAX)).collect();
    Table::new()
        .with("segment", "", Values::Text(groups.iter().map(|s| s.name.clone()).collect()))
        .with("customers", "count", Values::Integer(sizes))
        .with("share of customers", "share", real(|s| s.customer_share))
        .with("value so far", unit, real(|s| s.historic_value))
        .with("expected future value", unit, real(|s| s.residual_value))
        .with("share of future value", "share", real(|s| s.residual_share))
        .with("chance of another order", "share", real(|s| s.mean_probability_next_order))
}
