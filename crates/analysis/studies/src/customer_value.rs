//! What each customer has brought and will bring, under a named definition, with intervals.

use clv_valuation::definition::Definition;
use clv_valuation::predictive::{CountForecast, SpendForecast};
use rayon::prelude::*;

use crate::forecaster::{Forecaster, HorizonOptions, RowForecast};
use crate::handoff::GroupedHistories;
use crate::spend::SpendOutlook;
use crate::uncertainty::ParameterUncertainty;

/// What is known of the customers; one entry for each.
#[derive(Debug, Clone, Copy)]
pub struct CustomerColumns<'a> {
    /// Repeat purchase days.
    pub n_repeats: &'a [u32],
    /// Mean gross spend of a repeat purchase day; 0 without repeats.
    pub mean_spend: &'a [f64],
    /// Gross sales so far, money.
    pub gross: &'a [f64],
    /// Returns so far, a positive amount.
    pub returns: &'a [f64],
    /// Orders so far.
    pub orders: &'a [u32],
}

/// The value of every customer; one entry for each.
#[derive(Debug, Clone, PartialEq)]
pub struct CustomerValues {
    /// Value so far, money.
    pub historic: Vec<f64>,
    /// Discounted expected value over the horizon, money.
    pub residual: Vec<f64>,
    /// Lower and upper end of its 80 % interval.
    pub interval_80: Vec<(f64, f64)>,
    /// Lower and upper end of its 90 % interval.
    pub interval_90: Vec<(f64, f64)>,
    /// Historic plus residual, less acquisition cost where the definition says so.
    pub lifetime: Vec<f64>,
    /// Sum of the variances of the customers' residual values, money squared.
    pub variance_of_total: f64,
}

/// One distinct history's future spend, scaled so that the customer's expected spend per purchase is 1.
#[derive(Debug, Clone, Copy)]
struct RowSpread {
    interval_80: (f64, f64),
    interval_90: (f64, f64),
    variance: f64,
    /// Discounted over undiscounted expected purchases.
    discount: f64,
}

/// Values every customer.
///
/// `rows` are the forecasts of the grouped histories over `horizon`; `return_ratio` is the share of gross sales
/// that comes back. A customer's own share is drawn towards it as if they had one usual order
/// more: whoever sends back what they buy is not expected to keep the next one. The interval of a customer's residual value carries the uncertainty of the count, of the spend
/// per purchase and of the parameters.
#[must_use]
pub fn customer_values(
    customers: &CustomerColumns<'_>,
    grouped: &GroupedHistories,
    rows: &[RowForecast],
    spend: &SpendOutlook,
    uncertainty: &ParameterUncertainty,
    definition: &Definition,
    return_ratio: f64,
) -> CustomerValues {
    let spreads = row_spreads(grouped, rows, spend, uncertainty);
    let n = customers.n_repeats.len();
    let n_orders: f64 = customers.orders.iter().map(|orders| f64::from(*orders)).sum();
    let gross: f64 = customers.gross.iter().sum();
    let usual_order = (gross / n_orders.max(1.0)).max(f64::MIN_POSITIVE);
    let mut values = CustomerValues {
        historic: Vec::with_capacity(n),
        residual: Vec::with_capacity(n),
        interval_80: Vec::with_capacity(n),
        interval_90: Vec::with_capacity(n),
        lifetime: Vec::with_capacity(n),
        variance_of_total: 0.0,
    };
    for customer in 0..n {
        let row = grouped.row_of_customer[customer] as usize;
        let spread = &spreads[row];
        let expected_spend = spend.expected_spend_of(
            customer,
            customers.n_repeats[customer],
            customers.mean_spend[customer],
        );
        let own_return_ratio = (customers.returns[customer] + usual_order * return_ratio)
            / (customers.gross[customer] + usual_order);
        let value_of_purchase =
            definition.value_of_purchase(expected_spend, own_return_ratio.clamp(0.0, 1.0));
        let residual = rows[row].discounted_purchases * value_of_purchase;
        let scale = value_of_purchase * spread.discount;
        let ends = |(low, high): (f64, f64)| {
            if scale >= 0.0 { (scale * low, scale * high) } else { (scale * high, scale * low) }
        };
        let historic = definition.historic_value(
            customers.gross[customer],
            customers.returns[customer],
            f64::from(customers.orders[customer]),
        );
        values.historic.push(historic);
        values.residual.push(residual);
        values.interval_80.push(ends(spread.interval_80));
        values.interval_90.push(ends(spread.interval_90));
        values.lifetime.push(definition.lifetime_value(historic, residual));
        values.variance_of_total += spread.variance * scale * scale;
    }
    values
}

fn row_spreads(
    grouped: &GroupedHistories,
    rows: &[RowForecast],
    spend: &SpendOutlook,
    uncertainty: &ParameterUncertainty,
) -> Vec<RowSpread> {
    let histories = grouped.histories.histories();
    rows.par_iter()
        .zip(histories)
        .with_min_len(1024)
        .map(|(row, history)| {
            let forecast = spend_forecast(row, history.repeat_purchases(), spend, uncertainty);
            let discount = if row.expected_purchases > 0.0 {
                row.discounted_purchases / row.expected_purchases
            } else {
                1.0
            };
            RowSpread {
                interval_80: forecast.interval(0.8),
                interval_90: forecast.interval(0.9),
                variance: forecast.variance(),
                discount,
            }
        })
        .collect()
}

/// The law of one history's future spend, undiscounted, with an expected spend per purchase of 1.
#[must_use]
pub fn spend_forecast(
    row: &RowForecast,
    n_repeats: u32,
    spend: &SpendOutlook,
    uncertainty: &ParameterUncertainty,
) -> SpendForecast {
    let count = CountForecast {
        probability_none: row.probability_none,
        expected: row.expected_purchases,
        expected_pairs: row.expected_pairs,
    };
    SpendForecast::new(
        &count,
        &spend.relative_spread(n_repeats),
        uncertainty.at(row.expected_purchases),
    )
}

/// What a customer gained now is worth over the horizon: the first purchase, which counts in full, and those
/// expected after it.
#[must_use]
pub fn new_customer_value(
    forecaster: &Forecaster,
    mean_first_spend: f64,
    spend: &SpendOutlook,
    definition: &Definition,
    return_ratio: f64,
    horizon: &HorizonOptions,
) -> f64 {
    let process = match forecaster {
        Forecaster::Model(model) => Some(model.new_customer()),
        Forecaster::Traits(models) => Some(models.typical().new_customer()),
        Forecaster::Naive { .. } => {
            forecaster.outlook(&clv_models::PurchaseHistory::newborn(), 0).1
        }
    };
    let discounted = process
        .map_or(0.0, |process| process.discounted_purchases(horizon.length, horizon.discount_rate));
    definition.value_of_purchase(mean_first_spend, return_ratio)
        + discounted * definition.value_of_purchase(spend.expected_spend(0, 0.0), return_ratio)
}
