//! Calibration by value decile: what each tenth of the customers was predicted to spend, and spent.

use clv_answers::calibration::{Calibration, CalibrationDecile};
use clv_answers::{Table, Values};
use serde_json::{Value, json};

use crate::figure::Figure;
use crate::frame::{Ticks, axis, layout, numbers};
use crate::names::money_unit;
use crate::numbers::{day, money, share};
use crate::palette::{BLUE, PAPER, VERMILLION};

/// Mean spend per customer over the holdout (up, from zero) by tenth of predicted value (right): bars for
/// what came, diamonds for what was predicted.
#[must_use]
pub fn calibration(calibration: &Calibration, currency: Option<&str>) -> Figure {
    let unit = money_unit(currency);
    let tenths: Vec<String> = calibration.deciles.iter().map(|d| d.decile.to_string()).collect();
    let hover = |what: &str| {
        format!(
            "tenth %{{x}} by prediction<br>{what} %{{y:,.2f}} {unit} per customer<extra></extra>"
        )
    };
    let actual = json!({
        "type": "bar", "name": "actual", "x": tenths,
        "y": column(calibration, |d| d.actual),
        "marker": { "color": BLUE }, "hovertemplate": hover("spent"),
    });
    let predicted = json!({
        "type": "scatter", "mode": "markers", "name": "predicted", "x": tenths,
        "y": column(calibration, |d| d.predicted),
        "marker": {
            "symbol": "diamond", "size": 12, "color": VERMILLION, "line": { "color": PAPER, "width": 1.5 },
        },
        "hovertemplate": hover("predicted"),
    });
    let x = axis("tenth of customers by predicted value (1: highest)", Ticks::Category, false);
    let y = axis(&format!("mean spend per customer, {unit}"), Ticks::Number, true);
    let mut layout = layout(x, y, 380);
    layout.insert("bargap".into(), json!(0.35));
    Figure {
        id: "calibration",
        title: title(calibration, currency),
        definition: format!(
            "Customers are put into equal groups by the value predicted on {}; each bar is what a group's \
             customers then spent on average until {}. The 80 % intervals held {} of customers and the 90 % \
             intervals {}.",
            day(&calibration.origin),
            day(&calibration.holdout_end),
            share(calibration.coverage_80),
            share(calibration.coverage_90)
        ),
        data: json!([actual, predicted]),
        layout: Value::Object(layout),
        table: table(calibration, unit),
    }
}

fn title(calibration: &Calibration, currency: Option<&str>) -> String {
    match calibration.deciles.first() {
        None => "No customer could be calibrated".to_owned(),
        Some(top) => format!(
            "The best tenth was predicted to spend {} each and spent {}; the average customer {} and {}",
            money(top.predicted, currency),
            money(top.actual, currency),
            money(mean(calibration, calibration.predicted_total), currency),
            money(mean(calibration, calibration.actual_total), currency)
        ),
    }
}

fn mean(calibration: &Calibration, total: f64) -> f64 {
    let n_customers: u64 = calibration.deciles.iter().map(|d| d.n_customers).sum();
    total / n_customers as f64
}

fn column(calibration: &Calibration, of: impl Fn(&CalibrationDecile) -> f64) -> Value {
    numbers(calibration.deciles.iter().map(of))
}

fn table(calibration: &Calibration, unit: &str) -> Table {
    let real = |of: fn(&CalibrationDecile) -> f64| {
        Values::Real(calibration.deciles.iter().map(of).collect())
    };
    let whole = |of: fn(&CalibrationDecile) -> u64| {
        let values = calibration.deciles.iter().map(of);
        Values::Integer(values.map(|n| i64::try_from(n).unwrap_or(i64::MAX)).collect())
    };
    Table::new()
        .with("tenth", "", whole(|d| u64::from(d.decile)))
        .with("customers", "count", whole(|d| d.n_customers))
        .with("predicted spend", unit, real(|d| d.predicted))
        .with("actual spend", unit, real(|d| d.actual))
        .with("predicted purchases", "purchases", real(|d| d.predicted_purchases))
        .with("actual purchases", "purchases", real(|d| d.actual_purchases))
        .with("within 80\u{a0}% interval", "share", real(|d| d.coverage_80))
        .with("within 90\u{a0}% interval", "share", real(|d| d.coverage_90))
}
