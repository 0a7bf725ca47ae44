//! The whole story of one order file: every question asked once.

use std::hash::Hash;

use clv_answers::customer_value::CustomerValue;
use clv_answers::report::{DefinitionNote, Report};
use clv_answers::{Column, JoinedTexts, Table, Values};
use clv_engine::Orders;
use clv_valuation::definition::Definition;
use rustc_hash::FxHashMap;

use crate::calendar::iso;
use crate::calibration::calibration;
use crate::cohorts::cohorts;
use crate::concentration::concentration;
use crate::customer_value::CustomerValues;
use crate::data_quality::data_quality;
use crate::error::StudyError;
use crate::forecaster::{Forecaster, RowForecast};
use crate::headline::{HeadlineInputs, at_risk, headline};
use crate::inquiry::Inquiry;
use crate::model_card::model_card;
use crate::purchase_forecast::median_next_order;
use crate::reason::value_reasons_of;
use crate::segments::{SegmentColumns, rfm_segments, value_segments};
use crate::tracking::tracking;

/// Customers shown in the page.
const N_SHOWN: usize = 100;

/// The report and the table of all customers beside it.
#[derive(Debug)]
pub struct ReportOutcome {
    /// The report.
    pub report: Report,
    /// All customers, with the columns of the report's customer table; none where nobody asked for it.
    pub customers: Option<Table>,
}

/// What is wanted beside the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beside {
    /// Nothing.
    Nothing,
    /// The table of all customers, which takes as much memory as everything else.
    CustomerTable,
}

/// Tells the whole story. `inquiry` comes from the same `orders` with a bake-off.
///
/// # Errors
/// [`StudyError`] where there is only one day of purchases, no value, or reading fails.
pub fn report(
    title: &str,
    orders: &Orders,
    inquiry: &Inquiry,
    definition: &Definition,
    beside: Beside,
) -> Result<ReportOutcome, StudyError> {
    let intake = inquiry.intake.as_ref().ok_or(StudyError::NoDates)?;
    let horizon = inquiry.horizon_options(definition.discount_rate());
    let rows = inquiry.forecast_rows(&horizon);
    let uncertainty = inquiry.uncertainty(&rows, &horizon);
    let values = inquiry.values(&rows, &uncertainty, definition)?;
    let is_at_risk = at_risk(inquiry);
    let quality = data_quality(orders, intake, inquiry.snapshot.n_customers() as u64);
    let holdout = holdout(inquiry);
    let mut cautions = inquiry.served.cautions.clone();
    cautions.extend(holdout.as_ref().and_then(|held| miss(held.calibration.as_ref()?)));
    cautions.extend(sample_caution(inquiry));
    cautions.extend(until_caution(inquiry, intake));
    cautions.extend(definition.cautions());
    let headline = headline(&HeadlineInputs {
        inquiry,
        rows: &rows,
        horizon: &horizon,
        uncertainty: &uncertainty,
        values: &values,
        is_at_risk: &is_at_risk,
        definition,
        currency: quality.currency.clone(),
    });

    let columns = PerCustomer::of(inquiry, &rows);
    let segment_columns = SegmentColumns {
        days_since_last: &columns.days_since_last,
        n_days: &columns.n_days,
        historic_value: &values.historic,
        residual_value: &values.residual,
        probability_next_order: &columns.probability_next_order,
    };
    let (value_groups, value_group_of) = value_segments(&segment_columns);
    let (rfm_groups, _, rfm_scores) = rfm_segments(&segment_columns);
    let groups = Groups { value: &value_group_of, rfm: &rfm_scores };
    let best = best_customers(inquiry, &columns, &values, &groups);
    let historic_concentration = concentration("historic_value", &values.historic)
        .ok_or_else(|| StudyError::NoPositiveTotal { total: values.historic.iter().sum() })?;
    let base = inquiry.base.as_ref();
    let report = Report {
        title: title.to_owned(),
        definition: DefinitionNote {
            definition_id: definition.id(),
            meaning: definition.meaning(),
        },
        headline,
        best_customers: best,
        historic_concentration,
        residual_concentration: concentration("residual_value", &values.residual),
        value_segments: value_groups,
        rfm_segments: rfm_groups,
        cohorts: base.map_or_else(
            || clv_answers::cohorts::Cohorts {
                period: "month".to_owned(),
                cohorts: Vec::new(),
                n_periods: 0,
                mean_retention: Vec::new(),
                mean_cumulative_value: Vec::new(),
            },
            cohorts,
        ),
        tracking: holdout.as_ref().and_then(|held| held.tracking.clone()),
        calibration: holdout.and_then(|held| held.calibration),
        backtest: inquiry.bake_off.as_ref().map(|outcome| outcome.answer.clone()),
        model: inquiry.served.fit.clone(),
        card: model_card(inquiry, inquiry.saved.as_ref()),
        data_quality: quality,
        cautions,
    };
    let customers = (beside == Beside::CustomerTable)
        .then(|| customer_table(inquiry, columns, values, definition, &groups));
    Ok(ReportOutcome { report, customers })
}

/// Columns of the customers that several sections use; one entry for each customer.
struct PerCustomer {
    n_days: Vec<u32>,
    first_day: Vec<i32>,
    last_day: Vec<i32>,
    days_since_last: Vec<i32>,
    expected_purchases: Vec<f64>,
    probability_next_order: Vec<f64>,
    probability_alive: Vec<f64>,
}

impl PerCustomer {
    fn of(inquiry: &Inquiry, rows: &[RowForecast]) -> Self {
        let end = inquiry.snapshot.end_day().unwrap_or(0);
        let (first_day, last_day, n_days) = inquiry.snapshot.days().unwrap_or_default();
        let per_row = |of: &dyn Fn(&RowForecast) -> f64| -> Vec<f64> {
            let customers = &inquiry.served.grouped.row_of_customer;
            customers.iter().map(|row| of(&rows[*row as usize])).collect()
        };
        Self {
            n_days: n_days.to_vec(),
            first_day: first_day.to_vec(),
            last_day: last_day.to_vec(),
            days_since_last: last_day.iter().map(|last| end - last).collect(),
            expected_purchases: per_row(&|row| row.expected_purchases),
            probability_next_order: per_row(&|row| 1.0 - row.probability_none),
            probability_alive: per_row(&|row| row.probability_alive),
        }
    }
}

/// Each customer's segments.
struct Groups<'a> {
    value: &'a [&'static str],
    rfm: &'a [[u8; 3]],
}

fn best_customers(
    inquiry: &Inquiry,
    columns: &PerCustomer,
    values: &CustomerValues,
    groups: &Groups<'_>,
) -> Vec<CustomerValue> {
    let n = inquiry.snapshot.n_customers();
    let mut order: Vec<usize> = (0..n).collect();
    let by_residual =
        |a: &usize, b: &usize| values.residual[*b].total_cmp(&values.residual[*a]).then(a.cmp(b));
    if n > N_SHOWN {
        order.select_nth_unstable_by(N_SHOWN, by_residual);
        order.truncate(N_SHOWN);
    }
    order.sort_by(by_residual);
    let end = inquiry.snapshot.end_day().unwrap_or(0);
    let money = inquiry.snapshot.columns();
    let reasons = value_reasons_of(&inquiry.snapshot, &inquiry.served, &order);
    order
        .into_iter()
        .zip(reasons)
        .map(|(customer, reason)| CustomerValue {
            customer_id: inquiry.snapshot.ids().text(customer),
            orders: u64::from(money.orders[customer]),
            first_order: iso(columns.first_day[customer]),
            last_order: iso(columns.last_day[customer]),
            mean_spend: money.gross[customer] / f64::from(columns.n_days[customer].max(1)),
            historic_value: values.historic[customer],
            expected_purchases: columns.expected_purchases[customer],
            probability_next_order: columns.probability_next_order[customer],
            probability_alive: columns.probability_alive[customer],
            residual_value: values.residual[customer],
            residual_value_low: values.ends[0][0][customer],
            residual_value_high: values.ends[0][1][customer],
            lifetime_value: values.lifetime[customer],
            next_order_date: median_next_order(&inquiry.served, customer, end).map(iso),
            segment: groups.value[customer].to_owned(),
            rfm: rfm_text(groups.rfm[customer]),
            reason,
        })
        .collect()
}

fn customer_table(
    inquiry: &Inquiry,
    columns: PerCustomer,
    values: CustomerValues,
    definition: &Definition,
    groups: &Groups<'_>,
) -> Table {
    let orders = inquiry.snapshot.columns().orders;
    let value_table = inquiry.value_table(values, definition);
    let mut told = value_table.into_columns().into_iter();
    let with = |table: Table, column: Column| table.with(&column.name, &column.unit, column.values);
    let orders = Values::Integer(orders.iter().map(|n| i64::from(*n)).collect());
    let (alive, next) = (columns.probability_alive, columns.probability_next_order);
    let table = told
        .by_ref()
        .take(1)
        .fold(Table::new(), with)
        .with("orders", "count", orders)
        .with("first_order", "date", Values::Date(columns.first_day))
        .with("last_order", "date", Values::Date(columns.last_day))
        .with("expected_purchases", "count", Values::Real(columns.expected_purchases))
        .with("probability_alive", "probability", Values::Real(alive))
        .with("probability_next_order", "probability", Values::Real(next));
    told.fold(table, with)
        .with("segment", "", shared_texts(groups.value, |id| (*id).to_owned()))
        .with("rfm", "", shared_texts(groups.rfm, |scores| rfm_text(*scores)))
}

fn rfm_text([recent, frequent, monetary]: [u8; 3]) -> String {
    format!("{recent}-{frequent}-{monetary}")
}

/// A column of texts of which there are few.
fn shared_texts<K: Copy + Eq + Hash>(keys: &[K], text_of: impl Fn(&K) -> String) -> Values {
    let mut texts = JoinedTexts::default();
    let mut known: FxHashMap<K, u32> = FxHashMap::default();
    let nothing = texts.add_ending(String::new());
    let add =
        |texts: &mut JoinedTexts, key: &K| texts.add_beginning(|text| text.push_str(&text_of(key)));
    let of_row: Vec<u32> =
        keys.iter().map(|key| *known.entry(*key).or_insert_with(|| add(&mut texts, key))).collect();
    let endings = vec![nothing; of_row.len()];
    Values::Joined(texts.with_rows(of_row, endings))
}

/// What the reader must know where value came out far from its forecast, or too seldom within its interval.
fn miss(calibration: &clv_answers::calibration::Calibration) -> Option<String> {
    if calibration.predicted_total <= 0.0 {
        return (calibration.actual_total > 0.0).then(|| {
            format!(
                "from {} to {} customers spent {:.2}, where nothing was forecast",
                calibration.origin, calibration.holdout_end, calibration.actual_total
            )
        });
    }
    let ratio = calibration.actual_total / calibration.predicted_total - 1.0;
    let is_off = !(-0.2..=0.2).contains(&ratio);
    if !is_off && calibration.coverage_80 >= 0.72 {
        return None;
    }
    let (by, way) = (100.0 * ratio.abs(), if ratio < 0.0 { "less" } else { "more" });
    Some(format!(
        "from {} to {} customers spent {by:.0} % {way} than was forecast, and {:.0} % of the 80 % intervals held: a \
         season, a campaign or a few large orders that no model here knows",
        calibration.origin,
        calibration.holdout_end,
        100.0 * calibration.coverage_80
    ))
}

/// Which figures stop before the data do.
fn until_caution(inquiry: &Inquiry, intake: &clv_engine::Intake) -> Option<String> {
    let (end, last) = (inquiry.snapshot.end_day()?, intake.last_day?.0);
    (end < last).then(|| {
        format!(
            "customers, values and forecasts stop at {}; the section on your data counts the whole file, to {}",
            iso(end),
            iso(last)
        )
    })
}

/// Which sections rest on a sample of the customers.
fn sample_caution(inquiry: &Inquiry) -> Option<String> {
    let n = inquiry.bake_off.as_ref()?.answer.sampled_customers?;
    Some(format!(
        "cohorts, the forecast check and the bake-off are measured on a sample of {n} customers; everything else on all"
    ))
}

/// What the last holdout shows of whoever is served.
struct Holdout {
    tracking: Option<clv_answers::tracking::Tracking>,
    calibration: Option<clv_answers::calibration::Calibration>,
}

/// Looks at what came after the last origin of the bake-off. Where a naive rule is served, the rule is calibrated and
/// the best model is tracked.
fn holdout(inquiry: &Inquiry) -> Option<Holdout> {
    let (base, outcome) = (inquiry.base.as_ref()?, inquiry.bake_off.as_ref()?);
    let origin = outcome.at.last()?;
    let horizon_days = outcome.origins.horizon_days;
    let served = origin.of(inquiry.served.forecaster.id());
    let tracked = match &inquiry.served.forecaster {
        Forecaster::Naive { .. } => outcome.best_model.as_ref().and_then(|id| origin.of(id)),
        Forecaster::Model(_)
        | Forecaster::Traits(_)
        | Forecaster::Blend(_)
        | Forecaster::Boosted(_) => served,
    };
    let judged = outcome.judged().last()?;
    let served = judged.of(inquiry.served.forecaster.id());
    let levels = &outcome.levels_at_last;
    Some(Holdout {
        tracking: tracked.and_then(|one| {
            tracking(base, one, &origin.data, &origin.horizon, horizon_days, outcome.unit)
        }),
        calibration: served.and_then(|one| calibration(judged, one, horizon_days, levels)),
    })
}
