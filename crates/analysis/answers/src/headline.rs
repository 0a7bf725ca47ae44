//! The few numbers at the top.

use serde::{Deserialize, Serialize};

/// A number and the interval it lies in.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The best guess.
    pub value: f64,
    /// The lower end of the 80 % interval.
    pub low_80: f64,
    /// The upper end of the 80 % interval.
    pub high_80: f64,
    /// The lower end of the 90 % interval.
    pub low_90: f64,
    /// The upper end of the 90 % interval.
    pub high_90: f64,
}

/// The business in a handful of numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Headline {
    /// Customers with at least one purchase.
    pub n_customers: u64,
    /// Purchase orders.
    pub n_orders: u64,
    /// Net value so far, money.
    pub historic_value: f64,
    /// What the present customers are expected to bring over the horizon, discounted: customer equity.
    pub customer_equity: Interval,
    /// Mean residual value of a customer, money.
    pub mean_residual_value: f64,
    /// Mean lifetime value of a customer under the definition, money.
    pub mean_lifetime_value: f64,
    /// Value of a customer gained today over the horizon, first purchase included, money.
    pub new_customer_value: f64,
    /// Share of customers who bought more than once.
    pub repeat_rate: f64,
    /// Mean net value per order.
    pub average_order_value: f64,
    /// Expected future value of customers who are silent for longer than their habit suggests, money.
    pub value_at_risk: f64,
    /// How many customers that is.
    pub customers_at_risk: u64,
    /// Who counts as at risk, in one plain sentence.
    pub at_risk_rule: String,
    /// Expected purchases over the horizon by the present customers, with its interval.
    pub expected_purchases: Interval,
    /// The horizon in words, such as "52 weeks".
    pub horizon: String,
    /// Annual discount rate, as a ratio.
    pub discount_rate: f64,
    /// The currency, where the data tell it.
    pub currency: Option<String>,
}
