//! What each customer has brought and will bring, under a named definition, with intervals.

use clv_models::conformal::ends as level_ends;
use clv_valuation::definition::Definition;
use clv_valuation::predictive::{CountForecast, SpendForecast};
use rayon::prelude::*;

use crate::forecaster::{Forecaster, HorizonOptions, RowForecast};
use crate::handoff::GroupedHistories;
use crate::held_out::{COVERAGES, LevelPair, groups_of, level_of};
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
#[derive(Debug, Clone)]
struct RowSpread {
    /// For each kind of customer with this history.
    of_kinds: Vec<KindSpread>,
    /// Discounted over undiscounted expected purchases.
    discount: f64,
}

/// The group of forecasts that a customer is in, and the band of their own mean spend.
type SpreadKind = (usize, i32);

/// The future spend of the customers of one history and kind.
#[derive(Debug, Clone)]
struct KindSpread {
    kind: SpreadKind,
    law: SpendForecast,
    /// The 80 % and 90 % intervals.
    intervals: [(f64, f64); 2],
}

/// Values every customer.
///
/// `rows` are the forecasts of the grouped histories over `horizon`; `return_ratio` is the share of gross sales
/// that comes back. A customer's own share is drawn towards it as if they had one usual order
/// more: whoever sends back what they buy is not expected to keep the next one. The interval of a customer's residual value carries the uncertainty of the count, of the spend
/// per purchase and of the parameters, at the levels that earlier holdouts taught for forecasts of its size.
#[must_use]
pub fn customer_values(
    customers: &CustomerColumns<'_>,
    served: &Served,
    rows: &[RowForecast],
    uncertainty: &ParameterUncertainty,
    definition: &Definition,
    return_ratio: f64,
) -> CustomerValues {
    let (grouped, spend, levels) = (&served.grouped, &served.spend, served.levels.value.as_ref());
    let n = customers.n_repeats.len();
    let per_purchase: Vec<f64> = (0..n)
        .map(|at| spend.expected_spend_of(at, customers.n_repeats[at], customers.mean_spend[at]))
        .collect();
    let gross_to_come: Vec<f64> = (0..n)
        .map(|at| rows[grouped.row_of_customer[at] as usize].expected_purchases * per_purchase[at])
        .collect();
    let kinds: Vec<SpreadKind> = groups_of(levels, &gross_to_come)
        .into_iter()
        .enumerate()
        .map(|(at, group)| {
            (group, spend.band_of(customers.n_repeats[at], customers.mean_spend[at]))
        })
        .collect();
    let spreads = row_spreads(grouped, rows, spend, uncertainty, &kinds, levels);
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
        let own_return_ratio = (customers.returns[customer] + usual_order * return_ratio)
            / (customers.gross[customer] + usual_order);
        let value_of_purchase =
            definition.value_of_purchase(per_purchase[customer], own_return_ratio.clamp(0.0, 1.0));
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
        let of_kind = spread.of(kinds[customer]);
        let [of_80, of_90] = of_kind.intervals;
        values.interval_80.push(ends(of_80));
        values.interval_90.push(ends(of_90));
        values.lifetime.push(definition.lifetime_value(historic, residual));
        values.variance_of_total += of_kind.law.variance() * scale * scale;
    }
    values
}

impl RowSpread {
    /// The spread of a customer of this kind.
    fn of(&self, kind: SpreadKind) -> &KindSpread {
        let found = self.of_kinds.iter().find(|one| one.kind == kind);
        found.expect("every customer's kind was noted with their history")
    }
}

fn row_spreads(
    grouped: &GroupedHistories,
    rows: &[RowForecast],
    spend: &SpendOutlook,
    uncertainty: &ParameterUncertainty,
    kinds: &[SpreadKind],
    levels: Option<&LevelPair>,
) -> Vec<RowSpread> {
    let histories = grouped.histories.histories();
    let mut kinds_of_row: Vec<Vec<SpreadKind>> = vec![Vec::new(); rows.len()];
    for (row, kind) in grouped.row_of_customer.iter().zip(kinds) {
        let known = &mut kinds_of_row[*row as usize];
        if !known.contains(kind) {
            known.push(*kind);
        }
    }
    rows.par_iter()
        .zip(histories)
        .zip(kinds_of_row)
        .with_min_len(1024)
        .map(|((row, history), kinds)| {
            let discount = if row.expected_purchases > 0.0 {
                row.discounted_purchases / row.expected_purchases
            } else {
                1.0
            };
            let interval = |law: &SpendForecast, group: usize, coverage: f64| {
                let level = level_of(levels, group, coverage);
                let (low, high) = level_ends(law.probability_none(), coverage, level);
                (law.quantile(low), law.quantile(high))
            };
            let of_kinds = kinds
                .into_iter()
                .map(|(group, band)| {
                    let seen = (history.repeat_purchases(), band);
                    let law = spend_forecast(row, seen, spend, uncertainty);
                    let intervals = COVERAGES.map(|coverage| interval(&law, group, coverage));
                    KindSpread { kind: (group, band), law, intervals }
                })
                .collect();
            RowSpread { of_kinds, discount }
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
