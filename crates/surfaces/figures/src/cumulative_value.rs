//! What a customer has brought by each period after the first purchase, cohort by cohort.

use clv_answers::cohorts::Cohorts;
use clv_answers::{Table, Values};
use serde_json::{Value, json};

use crate::figure::Figure;
use crate::frame::{Ticks, axis, layout, optional_numbers, periods as periods_axis};
use crate::names::money_unit;
use crate::numbers::money;
use crate::palette::{GREEN, PALE};

/// Cohorts drawn as thin lines, the newest first.
const COHORTS_DRAWN: usize = 24;

/// Net value per customer (up, from zero) by the end of each period after the first purchase (right).
#[must_use]
pub fn cumulative_value(cohorts: &Cohorts, currency: Option<&str>) -> Figure {
    let period = cohorts.period.as_str();
    let unit = money_unit(currency);
    let periods: Vec<usize> = (0..cohorts.n_periods).collect();
    let mut data: Vec<Value> = Vec::new();
    let lived =
        cohorts.cohorts.iter().rev().filter(|c| c.cumulative_value.iter().flatten().count() > 1);
    for (i, cohort) in lived.take(COHORTS_DRAWN).enumerate() {
        data.push(json!({
            "type": "scatter", "mode": "lines", "connectgaps": false,
            "name": "each cohort", "legendgroup": "cohorts", "showlegend": i == 0,
            "x": periods, "y": optional_numbers(&cohort.cumulative_value),
            "line": { "color": PALE, "width": 1 },
            "hovertemplate": format!(
                "first bought {}<br>by {period} %{{x}}: %{{y:,.2f}} {unit} per customer<extra></extra>",
                cohort.cohort
            ),
        }));
    }
    data.push(json!({
        "type": "scatter", "mode": "lines+markers", "name": "all cohorts", "connectgaps": false,
        "x": periods, "y": optional_numbers(&cohorts.mean_cumulative_value),
        "line": { "color": GREEN, "width": 3 }, "marker": { "size": 6, "color": GREEN },
        "hovertemplate": format!(
            "all cohorts<br>by {period} %{{x}}: %{{y:,.2f}} {unit} per customer<extra></extra>"
        ),
    }));
    let x = periods_axis(period, cohorts.n_periods);
    let y = axis(&format!("net value per customer, {unit}"), Ticks::Number, true);
    Figure {
        id: "cumulative-value",
        title: title(cohorts, currency),
        definition: format!(
            "Purchases less returns of a cohort's customers, added up to the end of each {period} and divided by \
             the cohort's customers, whether or not they bought again. The bold line weighs the cohorts by \
             their customers and uses only those that have lived through the {period}, so it may bend where \
             a cohort drops out."
        ),
        data: Value::Array(data),
        layout: Value::Object(layout(x, y, 380)),
        table: table(cohorts, unit),
    }
}

fn title(cohorts: &Cohorts, currency: Option<&str>) -> String {
    let period = cohorts.period.as_str();
    let year = if period == "quarter" { 4 } else { 12 };
    let means = &cohorts.mean_cumulative_value;
    let last = means.iter().take(year + 1).rposition(Option::is_some);
    let known = |k: usize| means.get(k).copied().flatten();
    match (known(0), last, last.and_then(known)) {
        (Some(start), Some(k), Some(later)) if k > 0 => format!(
            "A customer brings {} in the first {period} and {} by {period} {k}",
            money(start, currency),
            money(later, currency)
        ),
        (Some(start), ..) => {
            format!("A customer brings {} in the first {period}", money(start, currency))
        }
        _ => format!("No {period} is over yet for a whole cohort"),
    }
}

/// Rows are cohorts, the last row all of them; columns are periods, blank where not over.
fn table(cohorts: &Cohorts, unit: &str) -> Table {
    let mut names: Vec<String> = cohorts.cohorts.iter().map(|c| c.cohort.clone()).collect();
    names.push("all cohorts".into());
    let mut sizes: Vec<i64> =
        cohorts.cohorts.iter().map(|c| i64::try_from(c.n_customers).unwrap_or(i64::MAX)).collect();
    sizes.push(sizes.iter().fold(0, |sum, n| sum.saturating_add(*n)));
    let mut table = Table::new().with("cohort", "", Values::Text(names)).with(
        "customers",
        "count",
        Values::Integer(sizes),
    );
    for k in 0..cohorts.n_periods {
        let of = |values: &[Option<f64>]| values.get(k).copied().flatten();
        let mut column: Vec<_> = cohorts.cohorts.iter().map(|c| of(&c.cumulative_value)).collect();
        column.push(of(&cohorts.mean_cumulative_value));
        let name = format!("{} {k}", cohorts.period);
        table = table.with(&name, unit, Values::OptionalReal(column));
    }
    table
}
