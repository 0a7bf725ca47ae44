//! What each customer has brought and will bring, under a named definition, with intervals.

use clv_models::conformal::ends as level_ends;
use clv_valuation::definition::Definition;
use clv_valuation::predictive::{CountForecast, SpendForecast};
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::forecaster::{Forecaster, HorizonOptions, RowForecast};
use crate::held_out::{COVERAGES, groups_of, level_of};
use crate::period::PeriodPace;
use crate::served::Served;
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
    /// The lower and the upper ends of its 80 % interval, then of its 90 % interval.
    pub ends: [[Vec<f64>; 2]; 2],
    /// Historic plus residual, less acquisition cost where the definition says so.
    pub lifetime: Vec<f64>,
    /// Sum of the variances of the customers' residual values, money squared.
    pub variance_of_total: f64,
}

/// The group of forecasts that a customer is in, and the band of their own mean spend.
type SpreadKind = (u32, i32);

/// Distinct pairs of a history and a kind of customer: what customers of one pair have in common is worked out once.
struct Spreads {
    /// Row and kind of each pair.
    pairs: Vec<(u32, SpreadKind)>,
    /// The place of each customer's pair.
    of_customer: Vec<u32>,
}

/// The future spend of the customers of one pair, scaled so that their expected spend per purchase is 1.
#[derive(Debug, Clone, Copy)]
struct Spread {
    /// The variance in a period like any other.
    variance: f64,
    /// The 80 % and 90 % intervals.
    intervals: [(f64, f64); 2],
}

/// Values every customer.
///
/// `rows` are the forecasts of the grouped histories over `horizon`; `return_ratio` is the share of gross sales
/// that comes back. A customer's own share is drawn towards it as if they had one usual order
/// more: whoever sends back what they buy is not expected to keep the next one. The interval of a customer's residual value carries the uncertainty of the count, of the spend
/// per purchase, of the parameters and of the period to come, at the levels that earlier holdouts taught for forecasts of its size.
#[must_use]
pub fn customer_values(
    customers: &CustomerColumns<'_>,
    served: &Served,
    rows: &[RowForecast],
    uncertainty: &ParameterUncertainty,
    (definition, return_ratio): (&Definition, f64),
    horizon: &HorizonOptions,
) -> CustomerValues {
    let (grouped, spend, levels) = (&served.grouped, &served.spend, served.levels.value.as_ref());
    let n = customers.n_repeats.len();
    let per_purchase: Vec<f64> = (0..n)
        .map(|at| spend.expected_spend_of(at, customers.n_repeats[at], customers.mean_spend[at]))
        .collect();
    let groups = levels.map(|_| {
        let gross_to_come: Vec<f64> = grouped
            .row_of_customer
            .iter()
            .zip(&per_purchase)
            .map(|(row, each)| rows[*row as usize].expected_purchases * each)
            .collect();
        groups_of(levels, &gross_to_come)
    });
    let kind_of = |at: usize| {
        let group = groups.as_ref().map_or(0, |groups| groups[at] as u32);
        (group, spend.band_of(customers.n_repeats[at], customers.mean_spend[at]))
    };
    let places = Spreads::of(&grouped.row_of_customer, rows.len(), kind_of);
    let period = PeriodPace::to_come(served.levels.period.as_ref());
    let to_come = period.forecast_rows(&served.forecaster, grouped, horizon, rows);
    let spreads = spreads(&places, served, (rows, &to_come), uncertainty);
    let n_orders: f64 = customers.orders.iter().map(|orders| f64::from(*orders)).sum();
    let gross: f64 = customers.gross.iter().sum();
    let usual_order = (gross / n_orders.max(1.0)).max(f64::MIN_POSITIVE);
    let room = || Vec::with_capacity(n);
    let mut values = CustomerValues {
        historic: room(),
        residual: room(),
        ends: [[room(), room()], [room(), room()]],
        lifetime: room(),
        variance_of_total: 0.0,
    };
    for customer in 0..n {
        let row = &rows[grouped.row_of_customer[customer] as usize];
        let spread = &spreads[places.of_customer[customer] as usize];
        let own_return_ratio = (customers.returns[customer] + usual_order * return_ratio)
            / (customers.gross[customer] + usual_order);
        let value_of_purchase =
            definition.value_of_purchase(per_purchase[customer], own_return_ratio.clamp(0.0, 1.0));
        let residual = row.discounted_purchases * value_of_purchase;
        let discount = if row.expected_purchases > 0.0 {
            row.discounted_purchases / row.expected_purchases
        } else {
            1.0
        };
        let scale = value_of_purchase * discount;
        let historic = definition.historic_value(
            customers.gross[customer],
            customers.returns[customer],
            f64::from(customers.orders[customer]),
        );
        values.historic.push(historic);
        values.residual.push(residual);
        for ([lows, highs], (low, high)) in values.ends.iter_mut().zip(spread.intervals) {
            let (low, high) = if scale >= 0.0 { (low, high) } else { (high, low) };
            lows.push(scale * low);
            highs.push(scale * high);
        }
        values.lifetime.push(definition.lifetime_value(historic, residual));
        values.variance_of_total += spread.variance * scale * scale;
    }
    values
}

impl Spreads {
    /// The pairs of customers whose histories are these rows of `n_rows`.
    fn of(row_of_customer: &[u32], n_rows: usize, kind_of: impl Fn(usize) -> SpreadKind) -> Self {
        let mut pairs: Vec<(u32, SpreadKind)> = Vec::with_capacity(n_rows);
        // Most histories have one kind of customer: its pair is found without a search.
        let mut first_of_row = vec![u32::MAX; n_rows];
        let mut others: FxHashMap<(u32, SpreadKind), u32> = FxHashMap::default();
        let of_customer = row_of_customer
            .iter()
            .enumerate()
            .map(|(customer, &row)| {
                let pair = (row, kind_of(customer));
                let next = pairs.len() as u32;
                let first = &mut first_of_row[row as usize];
                let place = if *first == u32::MAX {
                    *first = next;
                    next
                } else if pairs[*first as usize] == pair {
                    *first
                } else {
                    *others.entry(pair).or_insert(next)
                };
                if place == next {
                    pairs.push(pair);
                }
                place
            })
            .collect();
        Self { pairs, of_customer }
    }
}

/// `rows` are the forecasts in a period like any other, `to_come` those in the one to come, whose pace is not known.
fn spreads(
    places: &Spreads,
    served: &Served,
    (rows, to_come): (&[RowForecast], &[RowForecast]),
    uncertainty: &ParameterUncertainty,
) -> Vec<Spread> {
    let (grouped, spend, levels) = (&served.grouped, &served.spend, served.levels.value.as_ref());
    let histories = grouped.histories.histories();
    places
        .pairs
        .par_iter()
        .with_min_len(1024)
        .map(|&(row, (group, band))| {
            let seen = (histories[row as usize].repeat_purchases(), band);
            let variance = spend_forecast(&rows[row as usize], seen, spend, uncertainty).variance();
            let law = spend_forecast(&to_come[row as usize], seen, spend, uncertainty);
            let intervals = COVERAGES.map(|coverage| {
                let level = level_of(levels, group as usize, coverage);
                let (low, high) = level_ends(law.probability_none(), coverage, level);
                (law.quantile(low), law.quantile(high))
            });
            Spread { variance, intervals }
        })
        .collect()
}

/// The law of one history's future spend, undiscounted, with an expected spend per purchase of 1; `seen` are the repeat
/// purchases and the band of the mean spend.
#[must_use]
pub fn spend_forecast(
    row: &RowForecast,
    seen: (u32, i32),
    spend: &SpendOutlook,
    uncertainty: &ParameterUncertainty,
) -> SpendForecast {
    if let Some(sd_ln) = row.sd_ln_spend {
        return SpendForecast::log_normal(row.probability_none, row.expected_purchases, sd_ln);
    }
    let count = CountForecast {
        probability_none: row.probability_none,
        expected: row.expected_purchases,
        expected_pairs: row.expected_pairs,
    };
    SpendForecast::new(
        &count,
        &spend.relative_spread(seen.0, seen.1),
        // Who buys how often and who spends how much were learned apart: their errors add up.
        uncertainty.at(row.expected_purchases) + spend.relative_variance_over_draws(seen.0, seen.1),
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
    let discounted = forecaster.new_customer().forecast(horizon).discounted_purchases;
    definition.value_of_purchase(mean_first_spend, return_ratio)
        + discounted * definition.value_of_purchase(spend.expected_spend(0, 0.0), return_ratio)
}
