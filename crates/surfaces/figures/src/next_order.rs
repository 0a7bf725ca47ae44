//! Who will probably order again and who may be lost, segment by segment.

use clv_answers::segments::{Segment, Segments};
use serde_json::{Value, json};

use crate::figure::Figure;
use crate::frame::{Ticks, axis, layout, numbers};
use crate::names::money_unit;
use crate::numbers::{count, money_compact, share};
use crate::palette::{BLUE, INK};

/// The mean chance of another order within the horizon (right, from zero) of each segment, the likeliest at
/// the top; the label says how much expected future value goes with it.
#[must_use]
pub fn next_order(segments: &Segments, horizon: &str, currency: Option<&str>) -> Figure {
    let mut groups: Vec<&Segment> =
        segments.segments.iter().filter(|s| s.n_customers > 0).collect();
    groups.sort_by(|a, b| a.mean_probability_next_order.total_cmp(&b.mean_probability_next_order));
    let names: Vec<&str> = groups.iter().map(|segment| segment.name.as_str()).collect();
    let labels: Vec<String> = groups
        .iter()
        .map(|s| {
            let chance = share(s.mean_probability_next_order);
            format!("{chance} \u{b7} {}", money_compact(s.residual_value, currency))
        })
        .collect();
    let hover: Vec<String> =
        groups.iter().map(|s| format!("{} customers", count(s.n_customers))).collect();
    let bars = json!({
        "type": "bar", "orientation": "h", "showlegend": false,
        "y": names, "x": numbers(groups.iter().map(|s| s.mean_probability_next_order)),
        "text": labels, "textposition": "outside", "cliponaxis": false,
        "textfont": { "color": INK, "size": 12 },
        "customdata": hover,
        "marker": { "color": BLUE },
        "hovertemplate": "%{y}: %{customdata}<br>%{x:.1%} order again<extra></extra>",
    });
    let mut x =
        axis(&format!("mean chance of another order within {horizon}"), Ticks::Percent, true);
    // Room for the labels, which stand outside the bars.
    x.insert("range".into(), json!([0, 1.25]));
    let narrow_x = json!({ "range": [0, 1.95], "tickvals": [0, 0.5, 1] });
    x.insert("tickvals".into(), json!([0, 0.25, 0.5, 0.75, 1]));
    let y = axis("", Ticks::Category, false);
    let height = 110 + 34 * u32::try_from(groups.len()).unwrap_or(0).min(40);
    let mut layout = layout(x, y, height);
    layout.insert("margin".into(), json!({ "l": 40, "r": 16, "t": 12, "b": 52 }));
    layout.insert("meta".into(), json!({ "narrow_x": narrow_x }));
    layout.insert("bargap".into(), json!(0.35));
    Figure {
        id: "next-order",
        title: title(&groups, horizon),
        definition: format!(
            "The chance that a customer orders at least once within {horizon}, averaged over the segment; the \
             label adds the segment's expected future value. {}",
            segments.how
        ),
        data: json!([bars]),
        layout: Value::Object(layout),
        table: crate::value_segments::table(&segments.segments, money_unit(currency)),
    }
}

fn title(least_first: &[&Segment], horizon: &str) -> String {
    match (least_first.last(), least_first.first()) {
        (Some(best), Some(worst)) if least_first.len() > 1 => format!(
            "{} of \u{201c}{}\u{201d} will order again within {horizon}, but only {} of \u{201c}{}\u{201d}",
            share(best.mean_probability_next_order),
            best.name,
            share(worst.mean_probability_next_order),
            worst.name
        ),
        (Some(only), _) => format!(
            "{} of \u{201c}{}\u{201d} will order again within {horizon}",
            share(only.mean_probability_next_order),
            only.name
        ),
        _ => "There is no customer to expect an order from".to_owned(),
    }
}
