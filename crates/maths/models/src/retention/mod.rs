//! Who renews a contract and who leaves, in whole periods, where the leaving is seen.
//!
//! A customer gained now decides after each period whether to renew. A [`RetentionModel`] gives the share of
//! customers who renew at least t times; everything else - renewal rates, time still to come, discounted
//! renewals - follows from that curve and is written once, for every model. [`KaplanMeier`] is the same curve
//! without a model: it says what was seen and nothing beyond.

use std::fmt::Debug;

use crate::Parameter;
use crate::purchase::ParameterError;

pub mod bdw;
mod beta_weibull;
pub mod conformance;
pub mod kaplan_meier;
mod renewals_to_come;
pub mod sbg;
pub mod simulate;
pub mod tenure;

pub use kaplan_meier::KaplanMeier;
pub use tenure::{Tenure, TenureError, Tenures};

/// Longest time that is told, periods: whoever stays longer stays for ever.
pub const LONGEST_PERIODS: u32 = 1_000_000_000;

/// A model of renewals with its parameters. Time is counted in whole periods.
pub trait RetentionModel: Debug + Send + Sync {
    /// The model's id, such as `bdw`.
    fn id(&self) -> &'static str;

    /// The parameters under the paper's names, in the order of the gradient; all positive, none bears time in a
    /// way that another unit could convert.
    fn parameters(&self) -> Vec<Parameter>;

    /// ln P(renews `more` times more, given `periods` renewals so far); never above 0, finite.
    ///
    /// Both are at least 0 and may be parts of periods, where the curve is the smooth one through the whole ones.
    fn ln_survival_given(&self, periods: f64, more: f64) -> f64;

    /// Weighted sum of the log-likelihoods of all tenures; its gradient in the logarithms of the parameters is
    /// written to `gradient`. Finite for every legal tenure.
    fn ln_likelihood_sum(&self, tenures: &Tenures, gradient: &mut [f64]) -> f64;

    /// P(renews at least `periods` times), the share of new customers still there then.
    fn survival(&self, periods: u32) -> f64 {
        self.conditional_survival(0, periods)
    }

    /// P(renews `more` times more, given `periods` renewals so far).
    fn conditional_survival(&self, periods: u32, more: u32) -> f64 {
        self.ln_survival_given(f64::from(periods), f64::from(more)).exp()
    }

    /// P(renews at the `renewal`-th occasion, given all before); the first occasion is 1, 0 counts as 1.
    fn renewal_rate(&self, renewal: u32) -> f64 {
        self.conditional_survival(renewal.max(1) - 1, 1)
    }

    /// P(leaves at the `renewal`-th occasion, given all renewals before); 1 minus the renewal rate without loss
    /// of digits.
    fn hazard(&self, renewal: u32) -> f64 {
        -self.ln_survival_given(f64::from(renewal.max(1) - 1), 1.0).exp_m1()
    }

    /// P(leaves exactly at the `renewal`-th occasion), for `renewal` of at least 1.
    fn probability_of_leaving_at(&self, renewal: u32) -> f64 {
        self.survival(renewal.max(1) - 1) * self.hazard(renewal)
    }

    /// Expected renewals still to come within the next `horizon` occasions, each worth (1 + `discount_ratio`)^-(k-1)
    /// at the k-th: the value of the coming renewals just before the first of them is due.
    ///
    /// No horizon takes all that ever come; the sum is exact to 1e-10 and infinite where customers stay too long for
    /// it to converge, which takes a `discount_ratio` of 0. Divide by 1 + `discount_ratio` where a whole period
    /// lies before the first renewal. Source: [FaderHardie2010], equation 6, for every curve.
    fn expected_renewals(&self, periods: u32, discount_ratio: f64, horizon: Option<u32>) -> f64 {
        renewals_to_come::renewals_to_come(self, periods, discount_ratio, horizon)
    }

    /// The number of renewals that half of the customers with `periods` so far do not exceed; at most
    /// [`LONGEST_PERIODS`].
    fn median_renewals_to_come(&self, periods: u32) -> u32 {
        self.renewals_quantile(periods, 0.5)
    }

    /// The `q`-quantile of the renewals still to come: the smallest k with P(at most k more) >= q.
    fn renewals_quantile(&self, periods: u32, q: f64) -> u32 {
        let from = f64::from(periods);
        // At most k more renewals: the (k + 1)-th does not come.
        let reached = |k: u32| -self.ln_survival_given(from, f64::from(k) + 1.0).exp_m1() >= q;
        if reached(0) {
            return 0;
        }
        let (mut low, mut high) = (0_u32, 1_u32);
        while high < LONGEST_PERIODS && !reached(high) {
            low = high;
            high = high.saturating_mul(2).min(LONGEST_PERIODS);
        }
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if reached(middle) { high = middle } else { low = middle }
        }
        high
    }
}

/// Builds a model at the values of its parameters.
pub type BuildRetentionModel = fn(&[f64]) -> Result<Box<dyn RetentionModel>, ParameterError>;

/// One retention model, not yet fitted.
#[derive(Debug, Clone, Copy)]
pub struct RetentionModelEntry {
    /// The id under which it is chosen, such as `bdw`.
    pub id: &'static str,
    /// The name the literature uses.
    pub name: &'static str,
    /// What it says about customers, in one plain sentence.
    pub story: &'static str,
    /// The parameters' names, in the order of every vector of values; all are positive.
    pub parameter_names: &'static [&'static str],
    /// What each of them says about customers, in plain words.
    pub parameter_meanings: &'static [&'static str],
    /// Parameters of an ordinary data set: what tests draw others around.
    pub typical: &'static [f64],
    /// The model at given values.
    pub build: BuildRetentionModel,
    /// Values to start a fit from.
    pub start: fn(&Tenures) -> Vec<f64>,
}
