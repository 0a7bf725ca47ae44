//! What a customer will spend, as a distribution: how many purchases, times how much each, with what is not
//! known about the parameters on top.
//!
//! Future spend S is the sum of N purchases. N is 0 with probability p0 (never alive again, or simply silent);
//! purchases scatter around the customer's own mean spend M, which is itself known only up to its posterior.
//! The first two moments of S are exact:
//!
//! - E[S] = E[N] E[M]
//! - E[S^2] = E[N] V + E[N^2] E[M^2], where V is the variance of one purchase around M
//!
//! Given that there is any spend at all, S is taken as gamma distributed with those moments. The point mass
//! at 0 is exact, so that the lower end of most intervals is exactly 0, as it is in truth.

use clv_numerics::distribution::{gamma_cdf, gamma_quantile, normal_cdf, normal_quantile};

/// The number of purchases to come of one customer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CountForecast {
    /// P(no purchase at all), in [0, 1].
    pub probability_none: f64,
    /// E[N].
    pub expected: f64,
    /// E[N (N - 1)].
    pub expected_pairs: f64,
}

/// The spend per purchase of one customer, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpendPerPurchase {
    /// Posterior mean of the customer's mean spend, money.
    pub mean: f64,
    /// Posterior variance of the customer's mean spend, money squared.
    pub variance_of_mean: f64,
    /// Variance of one purchase around the customer's mean spend, money squared.
    pub variance_of_purchase: f64,
}

/// Future spend of one customer: a point mass at 0 and a gamma or a log-normal law above it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpendForecast {
    probability_none: f64,
    mean: f64,
    variance: f64,
    /// Standard deviation of the logarithm of spend, given any, where its law is log-normal.
    sd_ln: Option<f64>,
}

impl SpendForecast {
    /// The distribution of future spend. `relative_parameter_variance` is the variance of the estimated E[S]
    /// over its square that comes from not knowing the parameters exactly (0 where it is not known).
    ///
    /// ```
    /// use clv_valuation::predictive::{CountForecast, SpendForecast, SpendPerPurchase};
    /// // Exactly Poisson purchases of exactly 10.00: mean 2 x 10, variance 2 x 100.
    /// let count = CountForecast { probability_none: (-2.0_f64).exp(), expected: 2.0, expected_pairs: 4.0 };
    /// let spend = SpendPerPurchase { mean: 10.0, variance_of_mean: 0.0, variance_of_purchase: 0.0 };
    /// let forecast = SpendForecast::new(&count, &spend, 0.0);
    /// assert!((forecast.mean() - 20.0).abs() < 1e-12);
    /// assert!((forecast.variance() - 200.0).abs() < 1e-9);
    /// assert_eq!(forecast.quantile(0.1), 0.0);
    /// ```
    #[must_use]
    pub fn new(
        count: &CountForecast,
        spend: &SpendPerPurchase,
        relative_parameter_variance: f64,
    ) -> Self {
        let mean = count.expected * spend.mean;
        let second_moment_of_mean_spend = spend.mean * spend.mean + spend.variance_of_mean;
        let second_moment_of_count = count.expected_pairs + count.expected;
        let second_moment = count.expected * spend.variance_of_purchase
            + second_moment_of_count * second_moment_of_mean_spend;
        let variance = (second_moment - mean * mean).max(0.0)
            + relative_parameter_variance.max(0.0) * mean * mean;
        Self {
            probability_none: count.probability_none.clamp(0.0, 1.0),
            mean,
            variance,
            sd_ln: None,
        }
    }

    /// Spend that is 0 with `probability_none` and otherwise log-normal: `mean` is E[S], money, the zeros included, and
    /// `sd_ln` the standard deviation of the logarithm of spend, given any.
    ///
    /// ```
    /// use clv_valuation::predictive::SpendForecast;
    /// let forecast = SpendForecast::log_normal(0.5, 10.0, 0.4);
    /// // Half of those who spend at all spend less than exp(mu), where exp(mu + 0.08) = 20.
    /// assert!((forecast.quantile(0.75) - 20.0 * (-0.08_f64).exp()).abs() < 1e-9);
    /// assert!((forecast.cumulative(forecast.quantile(0.9)) - 0.9).abs() < 1e-9);
    /// ```
    #[must_use]
    pub fn log_normal(probability_none: f64, mean: f64, sd_ln: f64) -> Self {
        let probability_none = probability_none.clamp(0.0, 1.0);
        let any = (1.0 - probability_none).max(f64::MIN_POSITIVE);
        let second_moment = mean * mean / any * (sd_ln * sd_ln).exp();
        let variance = (second_moment - mean * mean).max(0.0);
        Self { probability_none, mean, variance, sd_ln: Some(sd_ln) }
    }

    /// E[S], money.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// Var[S], money squared.
    #[must_use]
    pub fn variance(&self) -> f64 {
        self.variance
    }

    /// P(no spend at all).
    #[must_use]
    pub fn probability_none(&self) -> f64 {
        self.probability_none
    }

    /// Mean and standard deviation of the logarithm of spend, given that there is any; none where its law is a gamma law
    /// or there never is any.
    fn ln_if_any(&self) -> Option<(f64, f64)> {
        let sd_ln = self.sd_ln.filter(|_| self.probability_none < 1.0 && self.mean > 0.0)?;
        Some(((self.mean / (1.0 - self.probability_none)).ln() - 0.5 * sd_ln * sd_ln, sd_ln))
    }

    /// Shape and rate of the gamma law of spend, given that there is any; none where there never is.
    fn if_any(&self) -> Option<(f64, f64)> {
        let probability_any = 1.0 - self.probability_none;
        if probability_any <= 0.0 || self.mean <= 0.0 {
            return None;
        }
        let mean_if_any = self.mean / probability_any;
        let second_moment_if_any = (self.variance + self.mean * self.mean) / probability_any;
        let variance_if_any = second_moment_if_any - mean_if_any * mean_if_any;
        // A tenth of a percent of spread stands for none at all and keeps the gamma law proper.
        let variance_if_any = variance_if_any.max(1e-6 * mean_if_any * mean_if_any);
        Some((mean_if_any * mean_if_any / variance_if_any, mean_if_any / variance_if_any))
    }

    /// P(spend of at most `amount`), money; the point mass at 0 included from 0 on.
    ///
    /// ```
    /// use clv_valuation::predictive::{CountForecast, SpendForecast, SpendPerPurchase};
    /// let count = CountForecast { probability_none: 0.5, expected: 1.0, expected_pairs: 1.0 };
    /// let spend = SpendPerPurchase { mean: 10.0, variance_of_mean: 4.0, variance_of_purchase: 9.0 };
    /// let forecast = SpendForecast::new(&count, &spend, 0.0);
    /// assert_eq!(forecast.cumulative(0.0), 0.5);
    /// assert!((forecast.cumulative(forecast.quantile(0.8)) - 0.8).abs() < 1e-9);
    /// ```
    #[must_use]
    pub fn cumulative(&self, amount: f64) -> f64 {
        if amount < 0.0 {
            return 0.0;
        }
        if let (Some((mean_ln, sd_ln)), true) = (self.ln_if_any(), amount > 0.0) {
            let any = 1.0 - self.probability_none;
            return self.probability_none + any * normal_cdf((amount.ln() - mean_ln) / sd_ln);
        }
        match self.if_any() {
            Some((shape, rate)) if amount > 0.0 => {
                let any = 1.0 - self.probability_none;
                self.probability_none + any * gamma_cdf(shape, rate, amount)
            }
            Some(_) => self.probability_none,
            None => 1.0,
        }
    }

    /// The amount that spend stays below with probability `level`, in [0, 1); money.
    #[must_use]
    pub fn quantile(&self, level: f64) -> f64 {
        if level <= self.probability_none {
            return 0.0;
        }
        let level_if_any = (level - self.probability_none) / (1.0 - self.probability_none);
        if let Some((mean_ln, sd_ln)) = self.ln_if_any() {
            return (mean_ln + sd_ln * normal_quantile(level_if_any)).exp();
        }
        let Some((shape, rate)) = self.if_any() else { return 0.0 };
        gamma_quantile(shape, rate, level_if_any)
    }

    /// An interval that holds `coverage` of the probability, as (low, high); money.
    ///
    /// Where no spend at all is less likely than either tail it is the central interval. Else it begins at 0 and
    /// ends where it holds `coverage`, the point mass at 0 included: a central interval would hold more than it
    /// says. Where no spend is likelier than `coverage` both ends are 0, and the interval holds more.
    #[must_use]
    pub fn interval(&self, coverage: f64) -> (f64, f64) {
        let tail = 0.5 * (1.0 - coverage);
        if self.probability_none >= tail {
            (0.0, self.quantile(coverage))
        } else {
            (self.quantile(tail), self.quantile(1.0 - tail))
        }
    }
}
