//! How much of the value comes from how few customers, measured on the user's own data.

use serde::{Deserialize, Serialize};

/// The concentration of one kind of value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Concentration {
    /// What is concentrated: `historic_value` or `residual_value`.
    pub of: String,
    /// Customers counted.
    pub n_customers: u64,
    /// The total, money.
    pub total: f64,
    /// Gini coefficient, 0 where all are equal, towards 1 where one has all. Above 1 where some values are
    /// negative.
    pub gini: f64,
    /// Share of the total from the top 1, 5, 10, 20 and 50 % of customers, as (share of customers, share of
    /// value).
    pub top_shares: Vec<(f64, f64)>,
    /// The share of customers, best first, that brings 80 % of the total.
    pub customers_for_80_percent: f64,
    /// The curve, best customers first: (share of customers, share of value), from (0, 0) to (1, 1), at most
    /// 201 points.
    pub curve: Vec<(f64, f64)>,
}
