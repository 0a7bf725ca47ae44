//! Customer equity: what all present customers together will bring, and how sure that is.

use clv_numerics::distribution::student_quantile;

/// A total over customers and the three sources of its uncertainty.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TotalForecast {
    /// The expected total, at least 0.
    pub expected: f64,
    /// Sum of the customers' own variances: they err independently, so that this part fades in a large base.
    pub variance_of_customers: f64,
    /// Relative variance from not knowing the parameters: common to all customers, it does not fade.
    pub relative_parameter_variance: f64,
    /// Mean squared logarithm of what came over what was foretold when the past was forecast: what no model knows,
    /// such as a season or a campaign. Common to all customers.
    pub backtest_ln_variance: f64,
    /// How many forecasts of the past that variance rests on.
    pub n_backtests: usize,
}

impl TotalForecast {
    /// The central interval that holds `coverage` of the probability, as (low, high).
    ///
    /// The logarithm of the total is taken as symmetric around that of the best guess, so that the interval stays
    /// above 0 and is wider upwards, as relative errors are. A variance learnt from few forecasts of the past calls
    /// for Student's quantiles, with the degrees of freedom of Satterthwaite's formula.
    ///
    /// ```
    /// use clv_valuation::equity::TotalForecast;
    /// let total = TotalForecast {
    ///     expected: 1_000.0,
    ///     variance_of_customers: 400.0,
    ///     relative_parameter_variance: 0.0,
    ///     backtest_ln_variance: 0.01,
    ///     n_backtests: 100,
    /// };
    /// let (low, high) = total.interval(0.8);
    /// assert!(low > 860.0 && low < 900.0 && high > 1_120.0 && high < 1_160.0);
    /// ```
    #[must_use]
    pub fn interval(&self, coverage: f64) -> (f64, f64) {
        if self.expected <= 0.0 {
            return (0.0, 0.0);
        }
        let known = (self.variance_of_customers / (self.expected * self.expected)
            + self.relative_parameter_variance)
            .max(0.0)
            .ln_1p();
        let learnt = if self.n_backtests > 0 { self.backtest_ln_variance.max(0.0) } else { 0.0 };
        let ln_deviation = (known + learnt).sqrt();
        let freedom = self.n_backtests as f64 * ((known + learnt) / learnt).powi(2);
        let z = student_quantile(freedom, 0.5 + 0.5 * coverage);
        (self.expected * (-z * ln_deviation).exp(), self.expected * (z * ln_deviation).exp())
    }
}
