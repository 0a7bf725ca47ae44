//! What a purchase model sees of a customer: how often, until when, for how long.

/// One customer's purchase history, validated.
///
/// Time is in one unit throughout, the unit the model's parameters are in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PurchaseHistory {
    repeat_purchases: u32,
    last_purchase_age: f64,
    age: f64,
    sum_ln_interpurchase_times: Option<f64>,
}

/// How far, for each interpurchase time, a sum of logarithms may be above what is possible and counts as that: ages
/// that were written to three digits.
const SUM_SLACK: f64 = 1e-3;

/// Why three numbers are not a purchase history.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum HistoryError {
    /// An age or a last purchase age that is negative, infinite or not a number.
    #[error("{what} is {value}, expected a finite number of at least 0")]
    NotATime {
        /// Which of the two.
        what: &'static str,
        /// Its value.
        value: f64,
    },
    /// The last purchase lies after the end of observation.
    #[error("last purchase age {last_purchase_age} is beyond the age {age}")]
    LastPurchaseAfterEnd {
        /// From first to last purchase.
        last_purchase_age: f64,
        /// From first purchase to the end of observation.
        age: f64,
    },
    /// No repeat purchase, yet a last purchase after the first; or the other way round.
    #[error(
        "{repeat_purchases} repeat purchases do not go with a last purchase age of {last_purchase_age}"
    )]
    CountAgainstTime {
        /// Purchases after the first.
        repeat_purchases: u32,
        /// From first to last purchase.
        last_purchase_age: f64,
    },
    /// A sum of logarithms of interpurchase times that no purchase times have.
    #[error(
        "the logarithms of the interpurchase times sum to {sum}, expected a finite number of at most {largest} for \
         {repeat_purchases} of them within {last_purchase_age}"
    )]
    InterpurchaseTimes {
        /// The sum.
        sum: f64,
        /// What equal interpurchase times have, the largest sum there is.
        largest: f64,
        /// Purchases after the first.
        repeat_purchases: u32,
        /// From first to last purchase.
        last_purchase_age: f64,
    },
    /// A weight that is not a positive finite number.
    #[error("weight {value} is not a positive number")]
    Weight {
        /// Its value.
        value: f64,
    },
}

impl PurchaseHistory {
    /// A history from `repeat_purchases` (x), `last_purchase_age` (t_x) and `age` (T).
    ///
    /// # Errors
    /// [`HistoryError`] unless 0 <= t_x <= T, both finite, and t_x = 0 exactly when x = 0.
    pub fn new(
        repeat_purchases: u32,
        last_purchase_age: f64,
        age: f64,
    ) -> Result<Self, HistoryError> {
        for (what, value) in [("last purchase age", last_purchase_age), ("age", age)] {
            if !(value.is_finite() && value >= 0.0) {
                return Err(HistoryError::NotATime { what, value });
            }
        }
        if last_purchase_age > age {
            return Err(HistoryError::LastPurchaseAfterEnd { last_purchase_age, age });
        }
        if (repeat_purchases == 0) != (last_purchase_age <= 0.0) {
            return Err(HistoryError::CountAgainstTime { repeat_purchases, last_purchase_age });
        }
        Ok(Self { repeat_purchases, last_purchase_age, age, sum_ln_interpurchase_times: None })
    }

    /// A customer of this moment: no repeat purchase, age 0.
    #[must_use]
    pub fn newborn() -> Self {
        Self {
            repeat_purchases: 0,
            last_purchase_age: 0.0,
            age: 0.0,
            sum_ln_interpurchase_times: None,
        }
    }

    /// The same history with what is known of its rhythm: the sum of the natural logarithms of the times between
    /// neighbouring purchases, one for each repeat purchase; or the mean of that sum over the customers who share
    /// the history.
    ///
    /// # Errors
    /// [`HistoryError::InterpurchaseTimes`] where the sum is not finite or larger than that of equal times by more
    /// than ages written to three digits explain: such times would not fit between first and last purchase.
    ///
    /// ```
    /// use clv_models::PurchaseHistory;
    /// let history = PurchaseHistory::new(2, 6.0, 9.0)?.with_sum_ln_interpurchase_times(8f64.ln())?;
    /// assert_eq!(history.sum_ln_interpurchase_times(), Some(8f64.ln()));
    /// # Ok::<(), clv_models::history::HistoryError>(())
    /// ```
    pub fn with_sum_ln_interpurchase_times(mut self, sum: f64) -> Result<Self, HistoryError> {
        let largest = self.largest_sum_ln();
        let slack = SUM_SLACK * f64::from(self.repeat_purchases);
        // One-time buyers have no such times, and the sum over none is 0.
        let is_possible =
            if self.repeat_purchases == 0 { sum.abs() <= 0.0 } else { sum <= largest + slack };
        if !(sum.is_finite() && is_possible) {
            return Err(HistoryError::InterpurchaseTimes {
                sum,
                largest,
                repeat_purchases: self.repeat_purchases,
                last_purchase_age: self.last_purchase_age,
            });
        }
        self.sum_ln_interpurchase_times = Some(sum.min(largest));
        Ok(self)
    }

    /// The sum of logarithms that equal interpurchase times have; 0 without any.
    fn largest_sum_ln(&self) -> f64 {
        let count = f64::from(self.repeat_purchases);
        if self.repeat_purchases == 0 { 0.0 } else { count * (self.last_purchase_age / count).ln() }
    }

    /// The same history with time counted in units of `unit` of the present ones.
    #[must_use]
    pub fn in_unit(&self, unit: f64) -> Self {
        let count = f64::from(self.repeat_purchases);
        // Dividing keeps the order; what was positive must not vanish by underflow.
        let least = if self.repeat_purchases > 0 { f64::MIN_POSITIVE } else { 0.0 };
        let last_purchase_age = (self.last_purchase_age / unit).max(least);
        Self {
            last_purchase_age,
            age: (self.age / unit).max(last_purchase_age),
            sum_ln_interpurchase_times: self
                .sum_ln_interpurchase_times
                .map(|sum| sum - count * unit.ln()),
            ..*self
        }
    }

    /// Sum of the natural logarithms of the interpurchase times, or its mean over the customers who share the
    /// history; in the unit of the ages, 0 without a repeat purchase. None where it is not known.
    #[must_use]
    pub fn sum_ln_interpurchase_times(&self) -> Option<f64> {
        self.sum_ln_interpurchase_times
    }

    /// Purchase occasions after the first (x).
    #[must_use]
    pub fn repeat_purchases(&self) -> u32 {
        self.repeat_purchases
    }

    /// Time from the first to the last purchase (t_x).
    #[must_use]
    pub fn last_purchase_age(&self) -> f64 {
        self.last_purchase_age
    }

    /// Time from the first purchase to the end of observation (T).
    #[must_use]
    pub fn age(&self) -> f64 {
        self.age
    }

    /// Time since the last purchase (T - t_x).
    #[must_use]
    pub fn time_since_last_purchase(&self) -> f64 {
        self.age - self.last_purchase_age
    }
}

/// Distinct histories, each with the number of customers who share it.
///
/// Row order carries no meaning; a weight of 2 equals the row twice.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PurchaseHistories {
    histories: Vec<PurchaseHistory>,
    weights: Vec<f64>,
}

impl PurchaseHistories {
    /// No histories yet, with room for `capacity`.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self { histories: Vec::with_capacity(capacity), weights: Vec::with_capacity(capacity) }
    }

    /// Adds a history shared by `weight` customers.
    ///
    /// # Errors
    /// [`HistoryError::Weight`] unless `weight` is positive and finite.
    pub fn push(&mut self, history: PurchaseHistory, weight: f64) -> Result<(), HistoryError> {
        if !(weight.is_finite() && weight > 0.0) {
            return Err(HistoryError::Weight { value: weight });
        }
        self.histories.push(history);
        self.weights.push(weight);
        Ok(())
    }

    /// The histories, in the order they were added.
    #[must_use]
    pub fn histories(&self) -> &[PurchaseHistory] {
        &self.histories
    }

    /// The weight of each history.
    #[must_use]
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// History and weight, row by row.
    pub fn iter(&self) -> impl Iterator<Item = (&PurchaseHistory, f64)> {
        self.histories.iter().zip(self.weights.iter().copied())
    }

    /// The number of distinct histories.
    #[must_use]
    pub fn len(&self) -> usize {
        self.histories.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.histories.is_empty()
    }

    /// Customers: the sum of weights.
    #[must_use]
    pub fn n_customers(&self) -> f64 {
        self.weights.iter().sum()
    }
}
