//! Customers by the month of their first purchase: who came back, and what they have brought.

use serde::{Deserialize, Serialize};

/// One cohort: everyone whose first purchase fell into the same period.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cohort {
    /// The period, such as `2011-03`.
    pub cohort: String,
    /// Its customers.
    pub n_customers: u64,
    /// Share of its customers who bought again at all, by the end of the data.
    pub repeat_rate: f64,
    /// Share of its customers who bought in period 0, 1, 2, ... after the first; none where a period is not
    /// over for the whole cohort.
    pub retention: Vec<Option<f64>>,
    /// Net value per customer up to the end of period 0, 1, 2, ...; none where not over.
    pub cumulative_value: Vec<Option<f64>>,
}

/// All cohorts, the oldest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cohorts {
    /// The period: `month` or `quarter`.
    pub period: String,
    /// The cohorts, the oldest first; all vectors are `n_periods` long.
    pub cohorts: Vec<Cohort>,
    /// Number of periods after the first purchase, period 0 included.
    pub n_periods: usize,
    /// Retention over all cohorts that have lived through a period, weighted by customers; none where they hold
    /// less than a quarter of all customers.
    pub mean_retention: Vec<Option<f64>>,
    /// Cumulative value over all cohorts that have lived through a period, weighted by customers; none as above.
    pub mean_cumulative_value: Vec<Option<f64>>,
}
