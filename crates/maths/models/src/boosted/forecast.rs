//! What the heads say of one customer: whether, how often and how much.

use clv_numerics::distribution::{negative_binomial_cdf, normal_quantile};

/// A value that is 0 with some probability and log-normal otherwise; money.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ZeroInflatedLogNormal {
    /// P(value above 0), in [0, 1].
    pub probability: f64,
    /// Mean of the logarithm of a value above 0.
    pub mean_ln: f64,
    /// Standard deviation of that logarithm, at least 0.
    pub sd_ln: f64,
}

impl ZeroInflatedLogNormal {
    /// The mean, money.
    ///
    /// ```
    /// use clv_models::boosted::ZeroInflatedLogNormal;
    /// let law = ZeroInflatedLogNormal { probability: 0.5, mean_ln: 3.0, sd_ln: 0.0 };
    /// assert!((law.mean() - 0.5 * 3.0_f64.exp()).abs() < 1e-12);
    /// ```
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.probability * (self.mean_ln + 0.5 * self.sd_ln * self.sd_ln).exp()
    }

    /// The smallest value v with P(value <= v) of at least `level`; 0 up to the share of zeros.
    ///
    /// Levels are cut to [0, 1 - 1e-9].
    #[must_use]
    pub fn quantile(&self, level: f64) -> f64 {
        let level = level.clamp(0.0, 1.0 - 1e-9);
        let above = 1.0 - level;
        if self.probability <= 0.0 || above >= self.probability {
            return 0.0;
        }
        (self.mean_ln + self.sd_ln * normal_quantile(1.0 - above / self.probability)).exp()
    }
}

/// The forecast of one customer over one horizon.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ZilnForecast {
    /// P(at least one purchase), in [0, 1] and not above the expected purchases.
    pub probability_buys: f64,
    /// Expected purchases, at least 0.
    pub expected_purchases: f64,
    /// Expected value, money; 0 where no values were given to fit to.
    pub expected_value: f64,
    /// The law of the value around it; none where no values were given to fit to.
    pub value: Option<ZeroInflatedLogNormal>,
    /// Shape of the negative binomial law of the purchases of a buyer after their first; infinite for Poisson.
    pub count_shape: f64,
}

impl ZilnForecast {
    /// The smallest n with P(N <= n) of at least `level`, N being the number of purchases: none with probability
    /// 1 - P(buys), else one more than a negative binomial count. Levels are cut to [0, 1 - 1e-9].
    #[must_use]
    pub fn count_quantile(&self, level: f64) -> u64 {
        let above = 1.0 - level.clamp(0.0, 1.0 - 1e-9);
        if self.probability_buys <= 0.0 || above >= self.probability_buys {
            return 0;
        }
        let level_of_buyers = 1.0 - above / self.probability_buys;
        let further = self.expected_purchases / self.probability_buys - 1.0;
        if further <= 0.0 {
            return 1;
        }
        // A shape this large is a Poisson law to all digits that matter for an interval.
        let shape = self.count_shape.clamp(1e-6, 1e6);
        let cdf = |n: u64| negative_binomial_cdf(shape, further / shape, n as f64);
        let mut high = 1_u64;
        while cdf(high) < level_of_buyers && high < 1 << 40 {
            high *= 2;
        }
        let (mut low, mut n) = (0, high);
        while low < n {
            let middle = low + (n - low) / 2;
            if cdf(middle) >= level_of_buyers {
                n = middle;
            } else {
                low = middle + 1;
            }
        }
        n + 1
    }

    /// E[N (N - 1)] of that law.
    #[must_use]
    pub fn expected_pairs(&self) -> f64 {
        let further = self.expected_further();
        let spread = 1.0 + self.count_shape.clamp(1e-6, 1e6).recip();
        self.probability_buys * (2.0 * further + spread * further * further)
    }

    /// P(N = n) for n = 0 ..= `n_max`.
    #[must_use]
    pub fn probability_mass(&self, n_max: usize) -> Vec<f64> {
        let further = self.expected_further();
        let shape = self.count_shape.clamp(1e-6, 1e6);
        let upto = |n: usize| {
            if further > 0.0 {
                negative_binomial_cdf(shape, further / shape, n as f64)
            } else {
                1.0
            }
        };
        let mut before = 0.0;
        std::iter::once(1.0 - self.probability_buys)
            .chain((0..n_max).map(|n| {
                let cumulative = upto(n);
                let mass = self.probability_buys * (cumulative - before);
                before = cumulative;
                mass.max(0.0)
            }))
            .collect()
    }

    /// Expected purchases of a buyer after the first one in the horizon.
    fn expected_further(&self) -> f64 {
        if self.probability_buys <= 0.0 {
            return 0.0;
        }
        (self.expected_purchases / self.probability_buys - 1.0).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_value_invert_its_law() {
        let law = ZeroInflatedLogNormal { probability: 0.4, mean_ln: 2.0, sd_ln: 0.7 };
        assert!(law.quantile(0.6).abs() < 1e-300);
        // Half of the buyers lie below exp(mean_ln).
        assert!((law.quantile(0.8) - 2.0_f64.exp()).abs() < 1e-9);
        assert!(law.quantile(0.9) > law.quantile(0.85));
        assert!(law.quantile(1.0).is_finite());
    }

    #[test]
    fn quantiles_of_the_count_hold_the_mass_they_promise() {
        let forecast = ZilnForecast {
            probability_buys: 0.5,
            expected_purchases: 2.0,
            expected_value: 0.0,
            value: None,
            count_shape: 1.0,
        };
        // A buyer's further purchases are geometric with mean 3: P(n) = 0.25 * 0.75^n.
        let cdf = |n: u64| if n == 0 { 0.5 } else { 1.0 - 0.5 * 0.75_f64.powi(n as i32) };
        for level in [0.1, 0.5, 0.51, 0.7, 0.9, 0.95, 0.999] {
            let n = forecast.count_quantile(level);
            assert!(cdf(n) >= level - 1e-12 && (n == 0 || cdf(n - 1) < level), "{level}: {n}");
        }
        let masses = forecast.probability_mass(200);
        assert!((masses[3] - 0.5 * 0.25 * 0.75 * 0.75).abs() < 1e-12, "{}", masses[3]);
        let moment = |of: fn(f64) -> f64| -> f64 {
            masses.iter().enumerate().map(|(n, mass)| mass * of(n as f64)).sum()
        };
        assert!((moment(|n| n) - 2.0).abs() < 1e-9);
        assert!((moment(|n| n * (n - 1.0)) - forecast.expected_pairs()).abs() < 1e-6);
        let never = ZilnForecast { probability_buys: 0.0, expected_purchases: 0.0, ..forecast };
        assert_eq!(never.count_quantile(0.999), 0);
    }
}
