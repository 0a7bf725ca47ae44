//! The concentration curve: how much of the value comes from how few customers.

use clv_answers::concentration::Concentration;
use clv_answers::{Table, Values};
use serde_json::{Value, json};

use crate::figure::Figure;
use crate::frame::{Ticks, axis, layout, numbers};
use crate::numbers::share;
use crate::palette::{BLUE, GREY, PAPER, VERMILLION};

/// The share of value (up) that the best customers (right) bring: historic value, and residual value where
/// there is any, beside the line where all customers would be equal.
#[must_use]
pub fn concentration(historic: &Concentration, residual: Option<&Concentration>) -> Figure {
    let mut data = vec![
        curve(historic, "value so far", BLUE, "solid"),
        json!({
            "type": "scatter", "mode": "lines", "name": "if all were equal",
            "x": [0, 1], "y": [0, 1], "hoverinfo": "skip",
            "line": { "color": GREY, "width": 1.5, "dash": "dot" },
        }),
    ];
    if let Some(residual) = residual {
        data.insert(1, curve(residual, "expected future value", VERMILLION, "dash"));
    }
    let x = axis("share of customers, best first", Ticks::Percent, true);
    let y = axis("share of value", Ticks::Percent, true);
    let mut layout = layout(x, y, 400);
    if let Some((customers, value)) = at(historic, 0.2) {
        layout.insert("shapes".into(), guides(customers, value));
        data.push(mark(customers, value));
    }
    Figure {
        id: "concentration",
        title: title(historic),
        definition: format!(
            "Customers are ordered by their value, the best first; the curve adds up their shares. The Gini \
             coefficient is {:.2} (0: all customers are worth the same; 1: one customer brings everything). \
             A curve above 100 % means that some customers returned more than they bought.",
            historic.gini
        ),
        data: Value::Array(data),
        layout: Value::Object(layout),
        table: table(historic, residual),
    }
}

fn title(historic: &Concentration) -> String {
    match at(historic, 0.2) {
        Some((customers, value)) => {
            format!("The top {} of customers bring {} of the value", share(customers), share(value))
        }
        None => format!(
            "{} of customers bring 80\u{a0}% of the value",
            share(historic.customers_for_80_percent)
        ),
    }
}

fn curve(concentration: &Concentration, name: &str, colour: &str, dash: &str) -> Value {
    json!({
        "type": "scatter", "mode": "lines", "name": name,
        "x": numbers(concentration.curve.iter().map(|point| point.0)),
        "y": numbers(concentration.curve.iter().map(|point| point.1)),
        "line": { "color": colour, "width": 2.5, "dash": dash },
        "hovertemplate": format!("best %{{x:.1%}} of customers<br>%{{y:.1%}} of {name}<extra></extra>"),
    })
}

/// The share of value of the top `customers`, where the answer has it.
fn at(concentration: &Concentration, customers: f64) -> Option<(f64, f64)> {
    concentration.top_shares.iter().copied().find(|top| (top.0 - customers).abs() < 1e-9)
}

fn guides(customers: f64, value: f64) -> Value {
    let line = json!({ "color": GREY, "width": 1, "dash": "dot" });
    json!([
        { "type": "line", "x0": customers, "x1": customers, "y0": 0, "y1": value, "line": line },
        { "type": "line", "x0": 0, "x1": customers, "y0": value, "y1": value, "line": line },
    ])
}

/// The point on the curve that the title speaks of.
fn mark(customers: f64, value: f64) -> Value {
    json!({
        "type": "scatter", "mode": "markers", "showlegend": false, "hoverinfo": "skip",
        "x": [customers], "y": numbers([value]),
        "marker": { "color": BLUE, "size": 11, "line": { "color": PAPER, "width": 2 } },
    })
}

fn table(historic: &Concentration, residual: Option<&Concentration>) -> Table {
    let tops: Vec<f64> = historic.top_shares.iter().map(|top| top.0).collect();
    let value = historic.top_shares.iter().map(|top| top.1).collect();
    let table = Table::new()
        .with("top share of customers", "share", Values::Real(tops.clone()))
        .with("share of value so far", "share", Values::Real(value));
    match residual {
        None => table,
        Some(residual) => {
            let future = tops.iter().map(|top| at(residual, *top).map(|found| found.1)).collect();
            table.with("share of expected future value", "share", Values::OptionalReal(future))
        }
    }
}
