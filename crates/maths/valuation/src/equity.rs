//! Customer equity: what all present customers together will bring, and how sure that is.

use clv_numerics::distribution::normal_quantile;

/// A total over customers and the three sources of its uncertainty.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TotalForecast {
    /// The expected total, at least 0.
    pub expected: f64,
    /// Sum of the customers' own variances: they err independently, so that this part fades in a large base.
    pub variance_of_customers: f64,
    /// Relative variance from not knowing the parameters: common to all customers, it does not fade.
    pub relative_parameter_variance: f64,
    /// Relative variance from how far totals were off when the past was forecast: what no model knows, such as
    /// a season or a campaign. Common to all customers.
    pub relative_backtest_variance: f64,
}

impl TotalForecast {
    /// The central interval that holds `coverage` of the probability, as (low, high).
    ///
    /// The total is taken as log-normal around its expectation, so that the interval stays above 0 and is
    /// wider upwards, as relative errors are.
    ///
    /// ```
    /// use clv_valuation::equity::TotalForecast;
    /// let total = TotalForecast {
    ///     expected: 1_000.0,
    ///     variance_of_customers: 400.0,
    ///     relative_parameter_variance: 0.0,
    ///     relative_backtest_variance: 0.01,
    /// };
    /// let (low, high) = total.interval(0.8);
    /// assert!(low > 860.0 && low < 900.0 && high > 1_120.0 && high < 1_160.0);
    /// ```
    #[must_use]
    pub fn interval(&self, coverage: f64) -> (f64, f64) {
        if self.expected <= 0.0 {
            return (0.0, 0.0);
        }
        let relative_variance = self.variance_of_customers / (self.expected * self.expected)
            + self.relative_parameter_variance
            + self.relative_backtest_variance;
        let ln_deviation = relative_variance.max(0.0).ln_1p().sqrt();
        let z = normal_quantile(0.5 + 0.5 * coverage);
        (self.expected * (-z * ln_deviation).exp(), self.expected * (z * ln_deviation).exp())
    }
}
