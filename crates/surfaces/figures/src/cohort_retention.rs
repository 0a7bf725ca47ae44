//! How many customers of a cohort buy again, period after period.

use clv_answers::cohorts::Cohorts;
use clv_answers::{Table, Values};
use serde_json::{Value, json};

use crate::figure::Figure;
use crate::frame::{Ticks, axis, layout, optional_numbers, periods as periods_axis};
use crate::numbers::share;
use crate::palette::{BLUE, PALE};

/// Cohorts drawn as thin lines: the newest that have lived through at least two periods.
const COHORTS_DRAWN: usize = 24;

/// Share of customers (up) who buy in each period after their first purchase (right): each cohort thin, the
/// mean over all of them bold. Periods that are not over for a whole cohort are left out, never drawn as 0.
#[must_use]
pub fn cohort_retention(cohorts: &Cohorts) -> Figure {
    let period = cohorts.period.as_str();
    let periods: Vec<usize> = (1..cohorts.n_periods).collect();
    let mature = cohorts.cohorts.iter().rev().filter(|cohort| observed(&cohort.retention) > 2);
    let mut data: Vec<Value> = Vec::new();
    for (i, cohort) in mature.take(COHORTS_DRAWN).enumerate() {
        data.push(json!({
            "type": "scatter", "mode": "lines", "connectgaps": false,
            "name": "each cohort", "legendgroup": "cohorts", "showlegend": i == 0,
            "x": periods, "y": optional_numbers(tail(&cohort.retention)),
            "line": { "color": PALE, "width": 1 },
            "hovertemplate": format!(
                "first bought {}<br>{period} %{{x}}: %{{y:.1%}} bought<extra></extra>", cohort.cohort
            ),
        }));
    }
    data.push(json!({
        "type": "scatter", "mode": "lines+markers", "name": "all cohorts", "connectgaps": false,
        "x": periods, "y": optional_numbers(tail(&cohorts.mean_retention)),
        "line": { "color": BLUE, "width": 3 }, "marker": { "size": 6, "color": BLUE },
        "hovertemplate": format!("all cohorts<br>{period} %{{x}}: %{{y:.1%}} bought<extra></extra>"),
    }));
    let x = periods_axis(period, cohorts.n_periods);
    let y = axis(&format!("share of customers who buy in the {period}"), Ticks::Percent, true);
    Figure {
        id: "cohort-retention",
        title: title(cohorts),
        definition: format!(
            "A cohort is everyone whose first purchase fell into the same {period}. Each point is the share of \
             its customers who bought at least once in that {period} after; the bold line weighs the cohorts \
             by their customers. A {period} that is not over for the whole cohort is left blank."
        ),
        data: Value::Array(data),
        layout: Value::Object(layout(x, y, 380)),
        table: Table::new()
            .with(
                &format!("{period}s since the first purchase"),
                "count",
                Values::Integer((1_i64..).take(periods.len()).collect()),
            )
            .with(
                "share of customers who buy",
                "share",
                Values::OptionalReal(tail(&cohorts.mean_retention).to_vec()),
            ),
    }
}

fn title(cohorts: &Cohorts) -> String {
    let period = cohorts.period.as_str();
    let known = |k: usize| cohorts.mean_retention.get(k).copied().flatten();
    let later = if period == "quarter" { 4 } else { 12 };
    match (known(1), known(later)) {
        (Some(first), Some(last)) => format!(
            "{} of new customers buy again in the {period} after their first purchase, {} in the {later}th",
            share(first),
            share(last)
        ),
        (Some(first), None) => format!(
            "{} of new customers buy again in the {period} after their first purchase",
            share(first)
        ),
        (None, _) => format!("No cohort has yet lived through a whole {period} after its first"),
    }
}

/// Period 0 is left out: by definition everyone bought in it.
fn tail(values: &[Option<f64>]) -> &[Option<f64>] {
    values.get(1..).unwrap_or_default()
}

fn observed(values: &[Option<f64>]) -> usize {
    values.iter().flatten().count()
}
