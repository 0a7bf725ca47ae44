//! Lifetime value by the textbook formula, from what the orders show, with its present value.

use clv_answers::metric::{Metric, MetricInput};
use clv_valuation::discounting::present_value_of_level_payments;
use clv_valuation::formula::SimpleLifetimeValue;

use super::{MetricEntry, MetricOptions};
use crate::error::StudyError;
use crate::snapshot::Snapshot;
use crate::time::DAYS_PER_YEAR;

/// The catalogue's line.
pub const ENTRY: MetricEntry = MetricEntry {
    name: "simple-lifetime-value",
    meaning: "average order value x orders per customer and year x lifespan in years x margin ratio",
    compute,
};

/// The formula's inputs from orders: net sales per order, orders per customer and year of observation, and the mean
/// years of observation where no lifespan is given. With that lifespan the undiscounted result is the net sales per
/// customer so far, times the margin: the formula reconciles with the ledger.
///
/// # Errors
/// [`StudyError`] where no time has passed or there is no value.
pub fn compute(snapshot: &Snapshot, options: &MetricOptions) -> Result<Metric, StudyError> {
    let (Some((first_day, ..)), Some(end_day)) = (snapshot.days(), snapshot.end_day()) else {
        return Err(StudyError::NoDates);
    };
    let customers = snapshot.columns();
    let orders: f64 = customers.orders.iter().map(|n| f64::from(*n)).sum();
    let gross: f64 = customers.gross.iter().sum();
    let returns: f64 = customers.returns.iter().sum();
    let days: f64 = first_day.iter().map(|first| f64::from(end_day - first)).sum();
    let years = days / DAYS_PER_YEAR;
    if gross <= 0.0 {
        return Err(StudyError::NoValue);
    }
    if years <= 0.0 {
        return Err(StudyError::OneDay { day: crate::calendar::iso(end_day) });
    }
    let observed = years / first_day.len() as f64;
    let value = SimpleLifetimeValue::new(
        (gross - returns) / orders,
        orders / years,
        options.lifespan_years.unwrap_or(observed),
        options.margin_ratio,
    );
    let yearly = value.average_order_value * value.orders_per_year * value.margin_ratio;
    let present_value =
        present_value_of_level_payments(yearly, value.lifespan_years, options.discount_rate);
    let input = |name: &str, value: f64, unit: &str| MetricInput {
        name: name.to_owned(),
        value,
        unit: unit.to_owned(),
    };
    Ok(Metric {
        metric: ENTRY.name.to_owned(),
        definition_id: format!(
            "simple-formula@1;margin_ratio={};discount_rate={}",
            options.margin_ratio, options.discount_rate
        ),
        meaning: ENTRY.meaning.to_owned(),
        value: value.lifetime_value,
        unit: "money".to_owned(),
        inputs: vec![
            input("average_order_value", value.average_order_value, "money"),
            input("orders_per_year", value.orders_per_year, "orders per customer and year"),
            input("lifespan_years", value.lifespan_years, "years"),
            input("margin_ratio", value.margin_ratio, "ratio"),
            input("discount_rate", options.discount_rate, "ratio per year"),
            input("present_value", present_value, "money"),
            input("observed_years", observed, "years"),
        ],
    })
}
