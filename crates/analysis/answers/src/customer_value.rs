//! One customer's numbers, as the report shows them; the table of all customers has the same names.

use serde::{Deserialize, Serialize};

/// One customer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CustomerValue {
    /// The id in the data.
    pub customer_id: String,
    /// Purchase orders.
    pub orders: u64,
    /// First purchase, ISO 8601.
    pub first_order: String,
    /// Last purchase, ISO 8601.
    pub last_order: String,
    /// Mean spend per purchase occasion, the first included, money.
    pub mean_spend: f64,
    /// Net value so far, money.
    pub historic_value: f64,
    /// Expected purchases over the horizon.
    pub expected_purchases: f64,
    /// P(at least one order within the horizon).
    pub probability_next_order: f64,
    /// P(still a customer now).
    pub probability_alive: f64,
    /// Expected future value over the horizon, discounted, money.
    pub residual_value: f64,
    /// Lower end of its 80 % interval.
    pub residual_value_low: f64,
    /// Upper end of its 80 % interval.
    pub residual_value_high: f64,
    /// Lifetime value under the definition, money.
    pub lifetime_value: f64,
    /// Median date of the next order, ISO 8601; none where no further order is expected.
    pub next_order_date: Option<String>,
    /// The value segment.
    pub segment: String,
    /// The RFM scores, such as `5-4-5`.
    pub rfm: String,
    /// Why the forecast is what it is, in one plain sentence.
    #[serde(default)]
    pub reason: String,
}
