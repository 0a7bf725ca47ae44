//! How customers under contract renew: the fitted curve, what is still to come, and rates by period.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::covariates::Test;
use crate::model_fit::ModelFit;

/// A retention model fitted to tenures, with what follows from it. Its first fields are those of any fit, so that it
/// can be saved and read back as one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Retention {
    /// The fit; `n_histories` counts distinct tenures.
    #[serde(flatten)]
    pub fit: ModelFit,
    /// Customers who have left.
    pub n_lost: f64,
    /// The longest tenure seen, periods.
    pub longest_tenure: u32,
    /// The cohorts that went in, where the data name them.
    pub cohorts: Vec<String>,
    /// Each cohort's own fit, where several went in and a model was fitted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cohort_fits: Vec<CohortFit>,
    /// Whether the cohorts differ: their own fits together against the one curve for all; none where fewer than two can be
    /// fitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cohort_test: Option<Test>,
    /// The annual discount rate of `to_come`.
    pub discount_rate: f64,
    /// Survival and renewal rate at each occasion.
    pub curve: Vec<RetentionPoint>,
    /// What customers of each tenure still have before them.
    pub to_come: Vec<RenewalsToCome>,
}

/// A model fitted to one cohort alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CohortFit {
    /// The cohort.
    pub cohort: String,
    /// Its customers.
    pub n_customers: f64,
    /// Those of them who have left.
    pub n_lost: f64,
    /// The parameters by the papers' names.
    pub parameters: BTreeMap<String, f64>,
    /// Standard errors on the same scale; a parameter without one is missing here.
    pub standard_errors: BTreeMap<String, f64>,
    /// The log-likelihood at the parameters.
    pub log_likelihood: f64,
    /// Whether the optimum was reached.
    pub converged: bool,
    /// The renewals expected of its new customer, discounted as in `to_come`.
    pub discounted_renewals: f64,
}

/// The curve at one renewal occasion; intervals hold 95 %, of the parameters' uncertainty alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RetentionPoint {
    /// The occasion: 1 is the first renewal.
    pub renewal: u32,
    /// Share of new customers still there after it.
    pub survival: f64,
    /// Lower end of its interval.
    pub survival_low: Option<f64>,
    /// Upper end of its interval.
    pub survival_high: Option<f64>,
    /// The same share as it was seen (Kaplan-Meier); none beyond the data.
    pub survival_seen: Option<f64>,
    /// Share of those there before who renew at it; none where nobody was seen to be.
    pub renewal_rate: Option<f64>,
    /// Lower end of its interval.
    pub renewal_rate_low: Option<f64>,
    /// Upper end of its interval.
    pub renewal_rate_high: Option<f64>,
}

/// What a customer with so many renewals still has before them, just before the next renewal is due.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RenewalsToCome {
    /// Renewals so far.
    pub renewals: u32,
    /// The number of further renewals that half of such customers do not exceed; none where it is beyond a billion.
    pub median_renewals: Option<u32>,
    /// Expected further renewals; none where the curve falls too slowly for a limit.
    pub expected_renewals: Option<f64>,
    /// Expected further renewals, each discounted to now: times the price of a period, the residual value.
    pub discounted_renewals: f64,
    /// Lower end of its 95 % interval.
    pub discounted_renewals_low: Option<f64>,
    /// Upper end of its 95 % interval.
    pub discounted_renewals_high: Option<f64>,
}

/// A rate by period, such as the renewal rate, with the counts it is made from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RetentionMetric {
    /// Its name.
    pub metric: String,
    /// The definition it follows.
    pub definition_id: String,
    /// What it is, in one plain sentence.
    pub meaning: String,
    /// The kind of business it is about: always `contractual`, where leaving is seen.
    pub setting: String,
    /// The rate of the last whole period that has one; none where there is none.
    pub value: Option<f64>,
    /// Its period.
    pub period: Option<String>,
    /// Its unit.
    pub unit: String,
    /// Every period, in order.
    pub by_period: Vec<PeriodRate>,
}

/// One period.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PeriodRate {
    /// The period, such as `2021-03`, or `renewal 3` where the data bear no dates.
    pub period: String,
    /// What the rate is a share of: renewals due, or customers at the start.
    pub n: f64,
    /// Customers who began in the period and are there at its end; 0 where the rate does not know them.
    pub new: f64,
    /// Renewals made, or customers at the end, the new ones included.
    pub end: f64,
    /// The rate: (end - new) / n; none where n is 0.
    pub rate: Option<f64>,
    /// Lower end of its 95 % interval (Wilson).
    pub rate_low: Option<f64>,
    /// Upper end of its 95 % interval (Wilson).
    pub rate_high: Option<f64>,
}
