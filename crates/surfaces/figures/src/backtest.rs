//! The bake-off in one picture: the error of each forecaster, naive baselines included.

use clv_answers::backtest::Backtest;
use clv_answers::{Table, Values};
use serde_json::{Value, json};

use crate::figure::Figure;
use crate::frame::{Ticks, axis, layout, numbers};
use crate::names::{is_naive, model_name};
use crate::numbers::{decimal, share};
use crate::palette::{BLUE, GREY, INK};

/// One forecaster over all origins.
struct Line {
    model: String,
    mae: f64,
    served: bool,
}

/// Mean absolute error per customer (right, from zero) of each forecaster, the best at the top; what is
/// served is solid, the other models are hatched, the naive baselines grey.
#[must_use]
pub fn backtest(backtest: &Backtest) -> Figure {
    let mut lines = lines(backtest);
    lines.sort_by(|a, b| b.mae.total_cmp(&a.mae));
    let name = |line: &Line| match (line.served, is_naive(&line.model)) {
        (true, _) => format!("<b>{} (served)</b>", model_name(&line.model)),
        (false, true) => format!("{} (naive)", model_name(&line.model)),
        (false, false) => model_name(&line.model),
    };
    let names: Vec<String> = lines.iter().map(name).collect();
    let colours: Vec<&str> =
        lines.iter().map(|l| if is_naive(&l.model) { GREY } else { BLUE }).collect();
    let patterns: Vec<&str> =
        lines.iter().map(|l| if l.served || is_naive(&l.model) { "" } else { "/" }).collect();
    let labels: Vec<String> = lines.iter().map(|l| decimal(l.mae, 3)).collect();
    let bars = json!({
        "type": "bar", "orientation": "h", "showlegend": false,
        "y": names, "x": numbers(lines.iter().map(|l| l.mae)),
        "text": labels, "textposition": "outside", "cliponaxis": false,
        "textfont": { "color": INK },
        "marker": { "color": colours, "pattern": { "shape": patterns, "size": 6, "solidity": 0.4 } },
        "hovertemplate": "%{y}: %{x:.4f} purchases per customer<extra></extra>",
    });
    let title_x = "mean absolute error, purchases per customer (smaller is better)";
    let x = axis(title_x, Ticks::Number, true);
    let y = axis("", Ticks::Category, false);
    let height = 110 + 32 * u32::try_from(lines.len()).unwrap_or(0).min(40);
    let mut layout = layout(x, y, height);
    layout.insert("margin".into(), json!({ "l": 40, "r": 56, "t": 12, "b": 52 }));
    layout.insert("bargap".into(), json!(0.3));
    Figure {
        id: "backtest",
        title: title(backtest, &lines),
        definition: format!(
            "Every forecaster saw the orders up to an origin and foretold each customer's purchases over the next \
             {} {}s; the bar is how far it was off per customer, averaged over {} origin{}. Naive baselines need \
             no model: whatever cannot beat them is not worth serving.",
            decimal(backtest.horizon, 0),
            backtest.time_unit,
            backtest.origins.len(),
            if backtest.origins.len() == 1 { "" } else { "s" }
        ),
        data: json!([bars]),
        layout: Value::Object(layout),
        table: table(&lines),
    }
}

fn lines(backtest: &Backtest) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for score in &backtest.scores {
        if lines.iter().any(|line| line.model == score.model) {
            continue;
        }
        let errors: Vec<f64> =
            backtest.scores.iter().filter(|s| s.model == score.model).map(|s| s.mae).collect();
        lines.push(Line {
            model: score.model.clone(),
            mae: errors.iter().sum::<f64>() / errors.len() as f64,
            served: score.model == backtest.served,
        });
    }
    lines
}

fn title(backtest: &Backtest, worst_first: &[Line]) -> String {
    let served = model_name(&backtest.served);
    if backtest.is_naive {
        return format!("No model beat the naive baseline: {served} is served");
    }
    let naive = worst_first.iter().rev().find(|line| is_naive(&line.model));
    match (worst_first.iter().find(|line| line.served), naive) {
        (Some(own), Some(naive)) if naive.mae > 0.0 && own.mae < naive.mae => format!(
            "{served} is served: its error is {} smaller than the best naive baseline\u{2019}s",
            share(1.0 - own.mae / naive.mae)
        ),
        _ => format!("{served} is served"),
    }
}

fn table(worst_first: &[Line]) -> Table {
    let best_first = || worst_first.iter().rev();
    Table::new()
        .with("forecaster", "", Values::Text(best_first().map(|l| model_name(&l.model)).collect()))
        .with("naive", "", Values::Truth(best_first().map(|l| is_naive(&l.model)).collect()))
        .with("served", "", Values::Truth(best_first().map(|l| l.served).collect()))
        .with(
            "mean absolute error",
            "purchases per customer",
            Values::Real(best_first().map(|l| l.mae).collect()),
        )
}
