//! The few numbers at the top.

use clv_answers::headline::{Headline, Interval};
use clv_valuation::definition::Definition;
use clv_valuation::equity::TotalForecast;

use crate::customer_value::{CustomerValues, new_customer_value};
use crate::forecaster::{HorizonOptions, RowForecast};
use crate::inquiry::Inquiry;
use crate::reason::calendar_histories;
use crate::uncertainty::ParameterUncertainty;

/// A customer counts as at risk after this many of their own mean gaps in silence.
pub const GAPS_AT_RISK: f64 = 2.0;

/// What the headline is made from.
#[derive(Debug)]
pub struct HeadlineInputs<'a> {
    /// Customers, served forecaster and bake-off.
    pub inquiry: &'a Inquiry,
    /// Forecasts of the distinct histories.
    pub rows: &'a [RowForecast],
    /// The horizon they are for.
    pub horizon: &'a HorizonOptions,
    /// Parameter uncertainty.
    pub uncertainty: &'a ParameterUncertainty,
    /// Every customer's value.
    pub values: &'a CustomerValues,
    /// Which customers are at risk, one entry for each.
    pub is_at_risk: &'a [bool],
    /// The definition.
    pub definition: &'a Definition,
    /// The currency, where the data tell it.
    pub currency: Option<String>,
}

/// The headline.
#[must_use]
pub fn headline(inputs: &HeadlineInputs<'_>) -> Headline {
    let inquiry = inputs.inquiry;
    let columns = inquiry.snapshot.columns();
    let n = inquiry.snapshot.n_customers();
    let count = n as f64;
    let residual: f64 = inputs.values.residual.iter().sum();
    let historic: f64 = inputs.values.historic.iter().sum();
    let lifetime = inputs.definition.total_lifetime_value(inputs.values.lifetime.iter().sum(), n);
    let n_orders: u64 = columns.orders.iter().map(|orders| u64::from(*orders)).sum();
    let gross: f64 = columns.gross.iter().sum();
    let returns: f64 = columns.returns.iter().sum();
    // Where nothing was held out, nothing is known of how far whole periods stray.
    let judged = inquiry.bake_off.as_ref().and_then(|outcome| outcome.levels.period);
    let period = judged.or(inquiry.served.levels.period);
    let equity = TotalForecast {
        expected: residual,
        variance_of_customers: inputs.values.variance_of_total,
        relative_parameter_variance: inputs.uncertainty.of_total
            + inquiry.served.spend.relative_parameter_variance(),
        backtest_ln_variance: 0.0,
        n_backtests: 0,
    };
    let equity = period.map_or(equity, |period| period.of_value_total(equity));
    let weights = inquiry.served.grouped.histories.weights();
    let (purchases, purchase_variance) =
        inputs.rows.iter().zip(weights).fold((0.0, 0.0), |(sum, variance), (row, weight)| {
            let expected = row.expected_purchases;
            let own = (row.expected_pairs + expected - expected * expected).max(0.0);
            (sum + weight * expected, variance + weight * own)
        });
    let purchases = TotalForecast {
        expected: purchases,
        variance_of_customers: purchase_variance,
        relative_parameter_variance: inputs.uncertainty.of_total,
        backtest_ln_variance: 0.0,
        n_backtests: 0,
    };
    let purchases = period.map_or(purchases, |period| period.of_total(purchases));
    let at_risk = || inputs.is_at_risk.iter().enumerate().filter(|(_, is)| **is).map(|(at, _)| at);
    Headline {
        n_customers: n as u64,
        n_orders,
        historic_value: historic,
        customer_equity: interval(&equity),
        mean_residual_value: residual / count,
        mean_lifetime_value: lifetime / count,
        new_customer_value: new_customer_value(
            &inquiry.served.forecaster,
            inquiry.snapshot.mean_first_spend(),
            &inquiry.served.spend,
            inputs.definition,
            inquiry.snapshot.return_ratio(),
            inputs.horizon,
        ),
        repeat_rate: columns.n_repeats.iter().filter(|x| **x > 0).count() as f64 / count,
        average_order_value: (gross - returns) / (n_orders.max(1) as f64),
        value_at_risk: at_risk().map(|at| inputs.values.residual[at]).sum(),
        customers_at_risk: at_risk().count() as u64,
        at_risk_rule: format!(
            "These are customers with at least two purchases who have been silent for more than {GAPS_AT_RISK} \
             times their own usual gap between purchases."
        ),
        expected_purchases: interval(&purchases),
        horizon: inquiry.horizon.in_words(),
        discount_rate: inputs.definition.discount_rate().ratio(),
        currency: inputs.currency.clone(),
    }
}

/// Which customers have been silent for longer than their habit suggests; one entry for each.
#[must_use]
pub fn at_risk(inquiry: &Inquiry) -> Vec<bool> {
    let grouped = calendar_histories(&inquiry.snapshot, &inquiry.served);
    let of_row: Vec<bool> = grouped
        .histories
        .histories()
        .iter()
        .map(|history| {
            let repeats = f64::from(history.repeat_purchases());
            repeats > 0.0
                && history.time_since_last_purchase()
                    > GAPS_AT_RISK * history.last_purchase_age() / repeats
        })
        .collect();
    grouped.row_of_customer.iter().map(|row| of_row[*row as usize]).collect()
}

fn interval(total: &TotalForecast) -> Interval {
    let (low_80, high_80) = total.interval(0.8);
    let (low_90, high_90) = total.interval(0.9);
    Interval { value: total.expected, low_80, high_80, low_90, high_90 }
}
