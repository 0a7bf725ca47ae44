//! What a retention model sees of a customer: how often they renewed, and whether they have left.

use std::collections::BTreeMap;

/// One customer's renewals so far, in whole periods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tenure {
    /// Left at the n-th renewal occasion, having renewed n - 1 times; n is at least 1.
    LeftAt(u32),
    /// Still there after n renewals; n may be 0.
    StillThereAfter(u32),
}

/// Why something is no tenure or no cohort.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum TenureError {
    /// Nobody can leave before the first renewal occasion.
    #[error("a customer leaves at renewal occasion 1 at the earliest, not at 0")]
    LeftAtZero,
    /// A weight that is not a positive finite number.
    #[error("weight {value} is not a positive number")]
    Weight {
        /// Its value.
        value: f64,
    },
    /// A cohort that grows, or a number of survivors that is none.
    #[error(
        "{survivors} survivors at age {age} after {before} before; expected a number from 0 to {before}"
    )]
    Survivors {
        /// Periods since the cohort began.
        age: usize,
        /// Survivors at that age.
        survivors: f64,
        /// Survivors one period before.
        before: f64,
    },
    /// A cohort without anybody, or followed for no period.
    #[error("a cohort needs its size above 0 and survivors at one age at least")]
    NoCohort,
}

/// Customers by tenure: how many left at each occasion, how many are still there after each number of renewals.
///
/// Cohorts of any age go in together; only counts by tenure are kept, so the cost of a fit follows the number of
/// distinct tenures. Counts may be fractional.
///
/// ```
/// use clv_models::retention::Tenures;
/// let mut tenures = Tenures::default();
/// tenures.add_cohort(&[1000.0, 631.0, 468.0])?;
/// tenures.add_cohort(&[500.0, 300.0])?;
/// assert_eq!(tenures.n_customers(), 1500.0);
/// assert_eq!(tenures.n_lost(), 732.0);
/// # Ok::<(), clv_models::retention::TenureError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tenures {
    /// Customers who left and who are still there, by tenure.
    by_periods: BTreeMap<u32, (f64, f64)>,
}

impl Tenures {
    /// Adds customers of one tenure.
    ///
    /// # Errors
    /// [`TenureError`] unless `weight` is positive and finite and nobody left at occasion 0.
    pub fn push(&mut self, tenure: Tenure, weight: f64) -> Result<(), TenureError> {
        if !(weight.is_finite() && weight > 0.0) {
            return Err(TenureError::Weight { value: weight });
        }
        match tenure {
            Tenure::LeftAt(0) => return Err(TenureError::LeftAtZero),
            Tenure::LeftAt(renewal) => self.by_periods.entry(renewal).or_default().0 += weight,
            Tenure::StillThereAfter(periods) => {
                self.by_periods.entry(periods).or_default().1 += weight;
            }
        }
        Ok(())
    }

    /// Adds a cohort by its survivors at ages 0, 1, 2, ...; the first is its size. Whoever is there at the last age
    /// is still there.
    ///
    /// # Errors
    /// [`TenureError`] where survivors increase, are negative or not numbers, or there are fewer than two ages.
    pub fn add_cohort(&mut self, survivors: &[f64]) -> Result<(), TenureError> {
        match survivors {
            [size, _, ..] if size.is_finite() && *size > 0.0 => {}
            _ => return Err(TenureError::NoCohort),
        }
        for (age, pair) in survivors.windows(2).enumerate() {
            let (before, now) = (pair[0], pair[1]);
            if !(0.0..=before).contains(&now) {
                return Err(TenureError::Survivors { age: age + 1, survivors: now, before });
            }
        }
        for (age, pair) in (1_u32..).zip(survivors.windows(2)) {
            if pair[0] > pair[1] {
                self.by_periods.entry(age).or_default().0 += pair[0] - pair[1];
            }
        }
        let last = u32::try_from(survivors.len() - 1).unwrap_or(u32::MAX);
        let still_there = survivors[survivors.len() - 1];
        if still_there > 0.0 {
            self.by_periods.entry(last).or_default().1 += still_there;
        }
        Ok(())
    }

    /// The same customers as they were seen after `renewals` occasions: whoever was there for more is still there.
    #[must_use]
    pub fn seen_through(&self, renewals: u32) -> Self {
        let mut by_periods: BTreeMap<u32, (f64, f64)> = BTreeMap::new();
        for (periods, (left, still_there)) in &self.by_periods {
            if *periods <= renewals {
                let counts = by_periods.entry(*periods).or_default();
                *counts = (counts.0 + left, counts.1 + still_there);
            } else {
                by_periods.entry(renewals).or_default().1 += left + still_there;
            }
        }
        Self { by_periods }
    }

    /// The distinct tenures with their weights, shortest first; at one length those who left come first.
    pub fn iter(&self) -> impl Iterator<Item = (Tenure, f64)> {
        self.by_periods.iter().flat_map(|(periods, (left, still_there))| {
            [(Tenure::LeftAt(*periods), *left), (Tenure::StillThereAfter(*periods), *still_there)]
                .into_iter()
                .filter(|(_, weight)| *weight > 0.0)
        })
    }

    /// Whether there is nobody.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_periods.is_empty()
    }

    /// Customers: the sum of weights.
    #[must_use]
    pub fn n_customers(&self) -> f64 {
        self.by_periods.values().map(|(left, still_there)| left + still_there).sum()
    }

    /// Customers who have left.
    #[must_use]
    pub fn n_lost(&self) -> f64 {
        self.by_periods.values().map(|(left, _)| left).sum()
    }

    /// The number of distinct tenures.
    #[must_use]
    pub fn n_distinct(&self) -> usize {
        self.iter().count()
    }

    /// The longest tenure seen, whole periods; 0 where there is nobody.
    #[must_use]
    pub fn longest(&self) -> u32 {
        self.by_periods.keys().next_back().copied().unwrap_or(0)
    }

    /// Renewal occasions that customers have met, and the renewals among them.
    #[must_use]
    pub fn occasions(&self) -> (f64, f64) {
        self.by_periods.iter().fold((0.0, 0.0), |(met, renewed), (periods, (left, there))| {
            let n = f64::from(*periods);
            (met + n * (left + there), renewed + n * there + (n - 1.0).max(0.0) * left)
        })
    }
}
