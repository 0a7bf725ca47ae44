//! Customers in groups that call for different treatment: value segments and RFM segments.

use serde::{Deserialize, Serialize};

/// One group of customers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Segment {
    /// The group's id, such as `top`, `champions`.
    pub segment: String,
    /// The group's name for people.
    pub name: String,
    /// Who is in it, in one plain sentence.
    pub rule: String,
    /// Its customers.
    pub n_customers: u64,
    /// Share of all customers.
    pub customer_share: f64,
    /// Net value so far, money.
    pub historic_value: f64,
    /// Expected future value, money.
    pub residual_value: f64,
    /// Share of all expected future value.
    pub residual_share: f64,
    /// Mean of P(next order within the horizon).
    pub mean_probability_next_order: f64,
    /// What to do about it, in one plain sentence.
    pub advice: String,
}

/// The groups of one scheme; each customer is in exactly one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Segments {
    /// The scheme: `value` or `rfm`.
    pub scheme: String,
    /// How the groups are made, ties included, in one or two plain sentences.
    pub how: String,
    /// The groups that have customers, the most valuable first.
    pub segments: Vec<Segment>,
}
