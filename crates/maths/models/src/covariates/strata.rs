//! Histories together with what is known of the customers: one stratum for each distinct set of traits.

use std::collections::HashMap;

use crate::history::HistoryError;
use crate::{PurchaseHistories, PurchaseHistory};

/// Customers with the same traits, and their histories.
#[derive(Debug, Clone, PartialEq)]
pub struct Stratum {
    covariates: Vec<f64>,
    group: Option<usize>,
    histories: PurchaseHistories,
}

impl Stratum {
    /// The covariates' values, in the order of [`CovariateHistories::names`].
    #[must_use]
    pub fn covariates(&self) -> &[f64] {
        &self.covariates
    }

    /// The position of the customers' group in [`CovariateHistories::groups`], where they have one.
    #[must_use]
    pub fn group(&self) -> Option<usize> {
        self.group
    }

    /// The histories of these customers.
    #[must_use]
    pub fn histories(&self) -> &PurchaseHistories {
        &self.histories
    }
}

/// Histories by the customers' covariates and, for partial pooling, their group.
///
/// The order of strata is that of first appearance and carries no meaning.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CovariateHistories {
    names: Vec<String>,
    groups: Vec<String>,
    strata: Vec<Stratum>,
    known: HashMap<(Vec<u64>, Option<usize>), usize>,
}

/// Why a customer cannot be taken in.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum StratumError {
    /// As many finite values as covariates are needed.
    #[error("covariate {name} is {value}, expected a finite number")]
    NotFinite {
        /// The covariate.
        name: String,
        /// Its value.
        value: f64,
    },
    /// Too few or too many values.
    #[error("{expected} covariates are named, {given} values were given")]
    Count {
        /// How many are named.
        expected: usize,
        /// How many were given.
        given: usize,
    },
    /// A group that was not named.
    #[error("group {group} is beyond the {n_groups} groups that were named")]
    Group {
        /// The position given.
        group: usize,
        /// How many there are.
        n_groups: usize,
    },
    /// A weight that is none.
    #[error(transparent)]
    Weight(#[from] HistoryError),
}

impl CovariateHistories {
    /// No customers yet, of whom these covariates will be known; `groups` are the levels of the column by which they
    /// are pooled, empty where they are not.
    #[must_use]
    pub fn new(names: Vec<String>, groups: Vec<String>) -> Self {
        Self { names, groups, strata: Vec::new(), known: HashMap::new() }
    }

    /// Adds a history shared by `weight` customers with these covariates.
    ///
    /// # Errors
    /// [`StratumError`] where the values are not one finite number for each name, the group is unknown or the weight
    /// is not positive.
    ///
    /// ```
    /// use clv_models::{PurchaseHistory, covariates::CovariateHistories};
    /// let mut histories = CovariateHistories::new(vec!["age".to_owned()], Vec::new());
    /// histories.push(&[31.0], None, PurchaseHistory::new(2, 3.0, 8.0)?, 1.0)?;
    /// histories.push(&[31.0], None, PurchaseHistory::new(0, 0.0, 9.0)?, 1.0)?;
    /// assert_eq!(histories.strata().len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn push(
        &mut self,
        covariates: &[f64],
        group: Option<usize>,
        history: PurchaseHistory,
        weight: f64,
    ) -> Result<(), StratumError> {
        if covariates.len() != self.names.len() {
            let (expected, given) = (self.names.len(), covariates.len());
            return Err(StratumError::Count { expected, given });
        }
        if let Some(at) = covariates.iter().position(|value| !value.is_finite()) {
            let (name, value) = (self.names[at].clone(), covariates[at]);
            return Err(StratumError::NotFinite { name, value });
        }
        if let Some(group) = group.filter(|group| *group >= self.groups.len()) {
            return Err(StratumError::Group { group, n_groups: self.groups.len() });
        }
        // Adding 0 makes -0 the same as 0.
        let key = (covariates.iter().map(|value| (value + 0.0).to_bits()).collect(), group);
        let at = *self.known.entry(key).or_insert_with(|| {
            self.strata.push(Stratum {
                covariates: covariates.to_vec(),
                group,
                histories: PurchaseHistories::default(),
            });
            self.strata.len() - 1
        });
        Ok(self.strata[at].histories.push(history, weight)?)
    }

    /// The covariates' names.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The groups' names.
    #[must_use]
    pub fn groups(&self) -> &[String] {
        &self.groups
    }

    /// Customers by their traits.
    #[must_use]
    pub fn strata(&self) -> &[Stratum] {
        &self.strata
    }

    /// Customers: the sum of weights.
    #[must_use]
    pub fn n_customers(&self) -> f64 {
        self.strata.iter().map(|stratum| stratum.histories.n_customers()).sum()
    }

    /// Distinct histories within strata.
    #[must_use]
    pub fn n_histories(&self) -> usize {
        self.strata.iter().map(|stratum| stratum.histories.len()).sum()
    }

    /// All histories, whatever the traits.
    #[must_use]
    pub fn without_covariates(&self) -> PurchaseHistories {
        let mut all = PurchaseHistories::with_capacity(self.n_histories());
        for (history, weight) in self.strata.iter().flat_map(|stratum| stratum.histories.iter()) {
            all.push(*history, weight).expect("a weight of these histories is one");
        }
        all
    }

    /// Covariates and number of customers of each stratum.
    pub(crate) fn rows(&self) -> Vec<(&[f64], f64)> {
        let strata = self.strata.iter();
        strata.map(|one| (one.covariates.as_slice(), one.histories.n_customers())).collect()
    }

    /// The customers of each group.
    #[must_use]
    pub fn customers_of_groups(&self) -> Vec<f64> {
        let mut customers = vec![0.0; self.groups.len()];
        for stratum in &self.strata {
            if let Some(group) = stratum.group {
                customers[group] += stratum.histories.n_customers();
            }
        }
        customers
    }

    /// The same customers with other histories for each stratum, such as in another unit of time.
    pub(crate) fn map(&self, of: impl Fn(&PurchaseHistories) -> PurchaseHistories) -> Self {
        let strata = self
            .strata
            .iter()
            .map(|stratum| Stratum { histories: of(&stratum.histories), ..stratum.clone() })
            .collect();
        Self { strata, ..self.clone() }
    }
}
