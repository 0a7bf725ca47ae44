//! Where in its forecast law an outcome fell, and what share of it an interval holds.
//!
//! A count, or a spend that is often nothing, has atoms: one outcome takes a whole stretch of probability, from
//! that of anything below it to that of nothing above it. An interval that ends within the stretch holds that part of
//! the outcome. Counted so, a right forecast is held exactly as often as its interval says, which closed intervals of
//! whole numbers never are: the randomised probability integral transform, without drawing [Czado2009].

/// The stretch of probability that a forecast law gave to what happened.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ProbabilityIntegral {
    /// P(less than what happened).
    pub below: f64,
    /// P(at most what happened).
    pub upto: f64,
}

impl ProbabilityIntegral {
    /// The share of the stretch between two levels of probability, in [0, 1].
    ///
    /// ```
    /// use clv_models::scores::ProbabilityIntegral;
    /// // Nothing was bought, which had a chance of 0.95: an interval up to level 0.9 holds most of it.
    /// let nothing = ProbabilityIntegral { below: 0.0, upto: 0.95 };
    /// assert!((nothing.share_within(0.0, 0.9) - 0.9 / 0.95).abs() < 1e-15);
    /// ```
    #[must_use]
    pub fn share_within(&self, low: f64, high: f64) -> f64 {
        let length = self.upto - self.below;
        if length <= 1e-15 {
            return f64::from(u8::from(low <= self.upto && self.below <= high));
        }
        ((self.upto.min(high) - self.below.max(low)) / length).clamp(0.0, 1.0)
    }

    /// Whether the closed interval between the quantiles at two levels holds the outcome.
    #[must_use]
    pub fn is_within(&self, low: f64, high: f64) -> bool {
        self.upto >= low && (self.below < high || high >= 1.0)
    }
}
