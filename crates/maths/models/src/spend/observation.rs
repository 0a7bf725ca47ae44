//! What a spend model sees of a customer: how many purchases, and their mean.

/// One customer's purchases that count for spend (by custom the repeat purchases), validated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpendObservation {
    n_purchases: u32,
    mean_spend: f64,
}

/// Why numbers are not a spend observation.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SpendError {
    /// No purchase to take a mean of.
    #[error("no purchases, expected at least 1; hint: ask for the spend of nobody's history")]
    NoPurchases,
    /// A mean that is not a positive finite number.
    #[error("mean spend is {value}, expected a finite amount above 0; hint: put such rows aside")]
    MeanSpend {
        /// Its value.
        value: f64,
    },
    /// A weight that is not a positive finite number.
    #[error("weight is {value}, expected a finite number above 0")]
    Weight {
        /// Its value.
        value: f64,
    },
}

impl SpendObservation {
    /// An observation from the number of purchases and their mean (z), in money per purchase.
    ///
    /// # Errors
    /// [`SpendError`] unless there is a purchase and the mean is finite and above 0.
    ///
    /// ```
    /// use clv_models::spend::SpendObservation;
    /// assert!(SpendObservation::new(2, 22.345).is_ok());
    /// assert!(SpendObservation::new(2, 0.0).is_err());
    /// ```
    pub fn new(n_purchases: u32, mean_spend: f64) -> Result<Self, SpendError> {
        if n_purchases == 0 {
            return Err(SpendError::NoPurchases);
        }
        if !(mean_spend.is_finite() && mean_spend > 0.0) {
            return Err(SpendError::MeanSpend { value: mean_spend });
        }
        Ok(Self { n_purchases, mean_spend })
    }

    /// How many purchases the mean is of, at least 1.
    #[must_use]
    pub fn n_purchases(&self) -> u32 {
        self.n_purchases
    }

    /// Mean spend per purchase (z), money.
    #[must_use]
    pub fn mean_spend(&self) -> f64 {
        self.mean_spend
    }
}

/// Observations, each with the number of customers who share it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SpendObservations {
    observations: Vec<SpendObservation>,
    weights: Vec<f64>,
}

impl SpendObservations {
    /// No observations yet, with room for `capacity`.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self { observations: Vec::with_capacity(capacity), weights: Vec::with_capacity(capacity) }
    }

    /// Adds an observation shared by `weight` customers.
    ///
    /// # Errors
    /// [`SpendError::Weight`] unless `weight` is finite and above 0.
    pub fn push(&mut self, observation: SpendObservation, weight: f64) -> Result<(), SpendError> {
        if !(weight.is_finite() && weight > 0.0) {
            return Err(SpendError::Weight { value: weight });
        }
        self.observations.push(observation);
        self.weights.push(weight);
        Ok(())
    }

    /// The same observations in another unit of money, one of which is `factor` of the new; amounts stay finite
    /// and above 0.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        let in_unit = |seen: &SpendObservation| SpendObservation {
            mean_spend: (seen.mean_spend * factor).clamp(f64::MIN_POSITIVE, f64::MAX),
            ..*seen
        };
        Self {
            observations: self.observations.iter().map(in_unit).collect(),
            weights: self.weights.clone(),
        }
    }

    /// Observation and weight, row by row.
    pub fn iter(&self) -> impl Iterator<Item = (&SpendObservation, f64)> {
        self.observations.iter().zip(self.weights.iter().copied())
    }

    /// The number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.observations.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.observations.is_empty()
    }

    /// Customers: the sum of weights.
    #[must_use]
    pub fn n_customers(&self) -> f64 {
        self.weights.iter().sum()
    }

    /// Mean of the customers' mean spends, each customer counting once; 0 where there is none.
    #[must_use]
    pub fn mean_of_means(&self) -> f64 {
        let (mut sum, mut n) = (0.0, 0.0);
        for (observation, weight) in self.iter() {
            // A running mean: the sum of large amounts could overflow.
            n += weight;
            sum += (observation.mean_spend - sum) * (weight / n);
        }
        sum
    }
}
