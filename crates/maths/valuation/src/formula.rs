//! Lifetime value by the textbook formula: order value x frequency x lifespan x margin.
//!
//! It assumes that every customer is the average one and that nobody's leaving depends on anything. It is here
//! because people ask for it and compare with it; the inputs travel with the result.

use serde::{Deserialize, Serialize};

/// The inputs of the formula and its result.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SimpleLifetimeValue {
    /// Net sales per order, money.
    pub average_order_value: f64,
    /// Orders per customer and year.
    pub orders_per_year: f64,
    /// How long a customer stays, years.
    pub lifespan_years: f64,
    /// Share of sales that is margin.
    pub margin_ratio: f64,
    /// The product of the four, money.
    pub lifetime_value: f64,
}

impl SimpleLifetimeValue {
    /// The product of the four inputs, kept beside them.
    ///
    /// ```
    /// use clv_valuation::formula::SimpleLifetimeValue;
    /// let value = SimpleLifetimeValue::new(40.0, 3.0, 2.5, 0.5);
    /// assert_eq!(value.lifetime_value, 150.0);
    /// ```
    #[must_use]
    pub fn new(
        average_order_value: f64,
        orders_per_year: f64,
        lifespan_years: f64,
        margin_ratio: f64,
    ) -> Self {
        let lifetime_value = average_order_value * orders_per_year * lifespan_years * margin_ratio;
        Self { average_order_value, orders_per_year, lifespan_years, margin_ratio, lifetime_value }
    }
}
