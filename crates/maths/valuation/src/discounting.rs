//! Money later is worth less than money now: one annual rate, converted once.

/// An annual discount rate: 0.1 means that 1.10 in a year is worth 1.00 now.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct AnnualDiscountRate(f64);

/// A rate that cannot discount.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("discount rate {0} is not a number from 0 up, such as 0.1 for 10 % a year")]
pub struct DiscountRateError(pub f64);

impl AnnualDiscountRate {
    /// A rate as a ratio per year, at least 0 and finite.
    ///
    /// # Errors
    /// [`DiscountRateError`] otherwise.
    ///
    /// ```
    /// use clv_valuation::discounting::AnnualDiscountRate;
    /// let rate = AnnualDiscountRate::new(0.1)?;
    /// let per_week = rate.continuous_per(7.0 / 365.25);
    /// assert!((per_week * 365.25 / 7.0 - 1.1_f64.ln()).abs() < 1e-15);
    /// # Ok::<(), clv_valuation::discounting::DiscountRateError>(())
    /// ```
    pub fn new(ratio: f64) -> Result<Self, DiscountRateError> {
        if ratio.is_finite() && ratio >= 0.0 {
            Ok(Self(ratio))
        } else {
            Err(DiscountRateError(ratio))
        }
    }

    /// The ratio per year.
    #[must_use]
    pub fn ratio(self) -> f64 {
        self.0
    }

    /// The continuous rate per unit of time, for a unit that lasts `years`: ln(1 + d) x years.
    #[must_use]
    pub fn continuous_per(self, years: f64) -> f64 {
        self.0.ln_1p() * years
    }
}

/// Present value of `payment` at the end of each of `n_periods` periods, at `rate` per period.
///
/// payment x (1 - (1 + rate)^-n) / rate, and payment x n where the rate is 0. `n_periods` may be fractional;
/// infinite gives the perpetuity payment / rate.
///
/// ```
/// use clv_valuation::discounting::present_value_of_level_payments as present_value;
/// assert_eq!(present_value(100.0, 3.0, 0.0), 300.0);
/// let by_hand = 100.0 / 1.1 + 100.0 / 1.21 + 100.0 / 1.331;
/// assert!((present_value(100.0, 3.0, 0.1) - by_hand).abs() < 1e-12);
/// ```
#[must_use]
pub fn present_value_of_level_payments(payment: f64, n_periods: f64, rate: f64) -> f64 {
    if rate.abs() < f64::EPSILON {
        return payment * n_periods;
    }
    payment * -(-n_periods * rate.ln_1p()).exp_m1() / rate
}
