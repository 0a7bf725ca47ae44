//! Pareto/NBD with covariates that change over time: clocks that run faster and slower.
//!
//! A customer buys at the rate λ e^(γ·z(t)) and leaves at the rate μ e^(δ·z(t)), with z constant within periods. So
//! they are a Pareto/NBD customer on two clocks, B(t) = ∫ e^(γ·z) for purchases and D(t) = ∫ e^(δ·z) for leaving,
//! which run straight within a period: the integral over the moment of leaving is a sum of that model's own
//! integrals, one for each period of silence, with their ends rescaled. With effects of 0, or covariates that never
//! change, it is the model with static covariates to rounding.
//!
//! Model: [BachmannMeiererNaf2021]. The covariates of a period hold after its start up to and including its end.

use clv_numerics::gamma::{digamma, ln_rising};

use super::dropout_integral::DropoutIntegral;
use super::{ClockPiece, FutureProcess};
use crate::PurchaseHistory;
use crate::history::HistoryError;

/// One customer's purchases and the covariates along their life.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangingHistory {
    history: PurchaseHistory,
    /// Ends of periods as ages, ascending, and the covariates of each.
    periods: Vec<(f64, Vec<f64>)>,
    /// Sum over repeat purchases of the covariates at their moment.
    at_purchases: Vec<f64>,
}

/// Why purchases and periods are no history with changing covariates.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ChangingHistoryError {
    /// The purchases are no history.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// Purchases in disorder or before the first one.
    #[error("purchase ages must ascend from above 0, and {later} follows {earlier}")]
    Purchases {
        /// One age.
        earlier: f64,
        /// The age after it.
        later: f64,
    },
    /// Periods that do not ascend.
    #[error("periods must end one after the other, and {later} follows {earlier}")]
    Periods {
        /// The end of one.
        earlier: f64,
        /// The end of the next.
        later: f64,
    },
    /// Periods that end before the customer's age does.
    #[error("the periods end at {end}, expected at least the age {age}")]
    TooShort {
        /// The end of the last period.
        end: f64,
        /// The customer's age.
        age: f64,
    },
    /// Values that are not one finite number for each covariate.
    #[error("the period that ends at {end} has {given} values, expected {expected} finite ones")]
    Values {
        /// The end of the period.
        end: f64,
        /// How many it has.
        given: usize,
        /// How many the first period has.
        expected: usize,
    },
}

impl ChangingHistory {
    /// A customer with repeat purchases at these ages, observed until `age`, and periods given by their end, as an
    /// age, and their covariates; the last one must reach the age, those beyond it are the future.
    ///
    /// # Errors
    /// [`ChangingHistoryError`] where purchases or periods do not ascend, or values are missing.
    ///
    /// ```
    /// use clv_models::purchase::changing::ChangingHistory;
    /// let season = [(5.0, vec![0.0]), (9.0, vec![1.0]), (30.0, vec![0.0])];
    /// let customer = ChangingHistory::new(&[3.0, 7.5], 20.0, &season)?;
    /// assert_eq!(customer.history().repeat_purchases(), 2);
    /// # Ok::<(), clv_models::purchase::changing::ChangingHistoryError>(())
    /// ```
    pub fn new(
        purchase_ages: &[f64],
        age: f64,
        periods: &[(f64, Vec<f64>)],
    ) -> Result<Self, ChangingHistoryError> {
        let mut earlier = 0.0;
        for &later in purchase_ages {
            if later.is_nan() || later <= earlier {
                return Err(ChangingHistoryError::Purchases { earlier, later });
            }
            earlier = later;
        }
        let history = PurchaseHistory::new(purchase_ages.len() as u32, earlier, age)?;
        let merged = merged_periods(periods)?;
        let end = merged.last().map_or(0.0, |period| period.0);
        if end < age {
            return Err(ChangingHistoryError::TooShort { end, age });
        }
        let n_covariates = merged.first().map_or(0, |period| period.1.len());
        let mut at_purchases = vec![0.0; n_covariates];
        for bought in purchase_ages {
            let at = merged.partition_point(|period| period.0 < *bought);
            at_purchases.iter_mut().zip(&merged[at].1).for_each(|(sum, value)| *sum += value);
        }
        Ok(Self { history, periods: merged, at_purchases })
    }

    /// A history of which the moments between first and last purchase are not known, on periods that are checked: enough
    /// for forecasts, which do not look at them.
    pub(crate) fn without_moments(history: PurchaseHistory, periods: &[(f64, Vec<f64>)]) -> Self {
        let n_covariates = periods.first().map_or(0, |period| period.1.len());
        Self { history, periods: periods.to_vec(), at_purchases: vec![0.0; n_covariates] }
    }

    /// Counts and ages.
    #[must_use]
    pub fn history(&self) -> &PurchaseHistory {
        &self.history
    }

    /// Covariates with the time they held before the end of observation.
    pub fn observed_periods(&self) -> impl Iterator<Item = (&[f64], f64)> {
        self.pieces(0.0, self.history.age()).map(|(length, values)| (values, length))
    }

    /// The same with time counted in units of `unit`.
    #[must_use]
    pub(crate) fn in_unit(&self, unit: f64) -> Self {
        let (x, last) = (self.history.repeat_purchases(), self.history.last_purchase_age() / unit);
        let history = PurchaseHistory::new(x, last, (self.history.age() / unit).max(last))
            .expect("a history stays one in another unit");
        let periods =
            self.periods.iter().map(|(end, values)| (end / unit, values.clone())).collect();
        Self { history, periods, at_purchases: self.at_purchases.clone() }
    }

    /// Lengths and covariates of the periods between two ages; the last period goes on for ever.
    fn pieces(&self, from: f64, to: f64) -> impl Iterator<Item = (f64, &[f64])> {
        let last = self.periods.len().saturating_sub(1);
        let mut start = from;
        self.periods.iter().enumerate().filter_map(move |(at, (end, values))| {
            let end = if at == last { to } else { end.min(to) };
            let length = end - start;
            if length <= 0.0 {
                return None;
            }
            start = end;
            Some((length, values.as_slice()))
        })
    }
}

/// The periods, neighbours of equal covariates made one.
///
/// # Errors
/// [`ChangingHistoryError`] where they do not ascend, or values are missing.
pub(crate) fn merged_periods(
    periods: &[(f64, Vec<f64>)],
) -> Result<Vec<(f64, Vec<f64>)>, ChangingHistoryError> {
    let expected = periods.first().map_or(0, |period| period.1.len());
    let mut merged: Vec<(f64, Vec<f64>)> = Vec::new();
    let mut earlier = 0.0;
    for (later, values) in periods {
        if later.is_nan() || *later <= earlier {
            return Err(ChangingHistoryError::Periods { earlier, later: *later });
        }
        if values.len() != expected || values.iter().any(|value| !value.is_finite()) {
            let (end, given) = (*later, values.len());
            return Err(ChangingHistoryError::Values { end, given, expected });
        }
        earlier = *later;
        match merged.last_mut() {
            Some(last) if last.1 == *values => last.0 = *later,
            _ => merged.push((*later, values.clone())),
        }
    }
    Ok(merged)
}

/// Pareto/NBD with effects of changing covariates.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangingParetoNbd {
    /// r, alpha, s and beta where all covariates are 0.
    base: [f64; 4],
    /// Effects on the purchase rate, per unit of each covariate.
    purchase: Vec<f64>,
    /// Effects on the dropout rate.
    dropout: Vec<f64>,
}

/// One clock at some moment: its time, and the slopes of that in the effects.
#[derive(Debug, Clone)]
struct Clock {
    time: f64,
    slopes: Vec<f64>,
}

impl Clock {
    fn new(n: usize) -> Self {
        Self { time: 0.0, slopes: vec![0.0; n] }
    }

    fn run(&mut self, by: f64, values: &[f64]) {
        self.time += by;
        self.slopes.iter_mut().zip(values).for_each(|(slope, value)| *slope += by * value);
    }
}

/// How fast a clock runs; bounded, so that far-fetched covariates leave numbers numbers.
fn speed(effects: &[f64], values: &[f64]) -> f64 {
    let shift: f64 = effects.iter().zip(values).map(|(effect, value)| effect * value).sum();
    shift.clamp(-100.0, 100.0).exp()
}

/// The likelihood's parts at one customer.
struct Sweep {
    ln_likelihood: f64,
    probability_alive: f64,
    /// In ln r, ln alpha, ln s, ln beta, then effects on purchases, then on dropout.
    slopes: Vec<f64>,
    purchase_clock: f64,
    dropout_clock: f64,
}

impl ChangingParetoNbd {
    /// The model at `[r, alpha, s, beta]`, all finite and above 0, and one effect on each target for each covariate.
    ///
    /// # Errors
    /// [`ParameterError`](super::ParameterError) where a parameter is out of range.
    pub fn new(
        base: [f64; 4],
        purchase: Vec<f64>,
        dropout: Vec<f64>,
    ) -> Result<Self, super::ParameterError> {
        let base = super::positive_parameters(
            super::pareto_nbd::ID,
            super::pareto_nbd::PARAMETER_NAMES,
            &base,
        )?;
        Ok(Self { base, purchase, dropout })
    }

    /// r, alpha, s and beta where all covariates are 0.
    #[must_use]
    pub fn base(&self) -> [f64; 4] {
        self.base
    }

    /// Effects on purchases and on dropout, per unit of each covariate.
    #[must_use]
    pub fn effects(&self) -> (&[f64], &[f64]) {
        (&self.purchase, &self.dropout)
    }

    /// Log-likelihood of one customer; its slopes in ln r, ln alpha, ln s, ln beta, the effects on purchases and those on
    /// dropout are added to `gradient`.
    pub fn ln_likelihood(&self, customer: &ChangingHistory, gradient: &mut [f64]) -> f64 {
        let sweep = self.sweep(customer);
        gradient.iter_mut().zip(&sweep.slopes).for_each(|(sum, slope)| *sum += slope);
        sweep.ln_likelihood
    }

    /// P(still a customer at the end of observation).
    #[must_use]
    pub fn probability_alive(&self, customer: &ChangingHistory) -> f64 {
        self.sweep(customer).probability_alive
    }

    /// What a customer does from the end of observation on who is one then, under the periods to come; the last one goes
    /// on for ever.
    #[must_use]
    pub fn if_alive(&self, customer: &ChangingHistory) -> FutureProcess {
        let sweep = self.sweep(customer);
        let [r, alpha, s, beta] = self.base;
        let age = customer.history.age();
        let mut pieces: Vec<ClockPiece> = Vec::new();
        for (length, values) in customer.pieces(age, f64::INFINITY) {
            let start = pieces.last().map_or(0.0, |piece| piece.until);
            pieces.push(ClockPiece {
                until: start + length,
                buying: speed(&self.purchase, values),
                leaving: speed(&self.dropout, values),
            });
        }
        if pieces.is_empty() {
            pieces.push(ClockPiece { until: f64::INFINITY, buying: 1.0, leaving: 1.0 });
        }
        FutureProcess::LapsingOnClocks {
            r: r + f64::from(customer.history.repeat_purchases()),
            alpha: alpha + sweep.purchase_clock,
            s,
            beta: beta + sweep.dropout_clock,
            pieces: pieces.into(),
        }
    }

    /// Expected purchases within `horizon` from the end of observation on, under the periods to come; where they end
    /// earlier the last one goes on.
    #[must_use]
    pub fn expected_future_purchases(&self, customer: &ChangingHistory, horizon: f64) -> f64 {
        self.probability_alive(customer) * self.if_alive(customer).expected_purchases(horizon)
    }

    fn sweep(&self, customer: &ChangingHistory) -> Sweep {
        let [r, alpha, s, beta] = self.base;
        let count = customer.history.repeat_purchases();
        let (last, age) = (customer.history.last_purchase_age(), customer.history.age());
        let shape = r + f64::from(count);
        let n = self.purchase.len();
        let (mut buying, mut leaving) = (Clock::new(n), Clock::new(n));
        for (length, values) in customer.pieces(0.0, last) {
            buying.run(speed(&self.purchase, values) * length, values);
            leaving.run(speed(&self.dropout, values) * length, values);
        }
        // All weights are relative to the state at the last purchase.
        let (at_last_buying, at_last_leaving) = (alpha + buying.time, beta + leaving.time);
        let still_there = |buying: &Clock, leaving: &Clock| -> f64 {
            (-shape * ((alpha + buying.time) / at_last_buying).ln()
                - s * ((beta + leaving.time) / at_last_leaving).ln())
            .exp()
        };
        let mut total = 0.0;
        let mut slopes = vec![0.0; 4 + 2 * n];
        // Each period of silence is a share of the likelihood, with the means that the logarithm's slopes need.
        for (length, values) in customer.pieces(last, age) {
            let (fast, soon) = (speed(&self.purchase, values), speed(&self.dropout, values));
            let (scale_buying, scale_leaving) = (alpha + buying.time, beta + leaving.time);
            let integral = DropoutIntegral::new(
                (shape, scale_buying * (soon / fast)),
                (s, scale_leaving),
                soon * length,
            )
            .left_with_means();
            let at_start = s * still_there(&buying, &leaving);
            let weight = at_start * integral.value;
            total += weight;
            let (kept_buying, kept_leaving) =
                (at_start * integral.purchase_shrinkage, at_start * integral.dropout_shrinkage);
            slopes[0] -= weight * scale_buying.ln() + at_start * integral.ln_purchase_growth;
            slopes[1] -= shape * kept_buying / scale_buying;
            slopes[2] +=
                weight / s - weight * scale_leaving.ln() - at_start * integral.ln_dropout_growth;
            slopes[3] -= (s + 1.0) * kept_leaving / scale_leaving;
            for k in 0..n {
                slopes[4 + k] -= shape
                    * (buying.slopes[k] * kept_buying / scale_buying
                        + values[k] * (weight - kept_buying));
                slopes[4 + n + k] += values[k] * weight
                    - (s + 1.0)
                        * (leaving.slopes[k] * kept_leaving / scale_leaving
                            + values[k] * (weight - kept_leaving));
            }
            buying.run(fast * length, values);
            leaving.run(soon * length, values);
        }
        let alive = still_there(&buying, &leaving);
        total += alive;
        slopes[0] -= alive * (alpha + buying.time).ln();
        slopes[1] -= alive * shape / (alpha + buying.time);
        slopes[2] -= alive * (beta + leaving.time).ln();
        slopes[3] -= alive * s / (beta + leaving.time);
        for k in 0..n {
            slopes[4 + k] -= alive * shape * buying.slopes[k] / (alpha + buying.time);
            slopes[4 + n + k] -= alive * s * leaving.slopes[k] / (beta + leaving.time);
        }
        slopes.iter_mut().for_each(|slope| *slope /= total);
        slopes[0] = r * (digamma(shape) - digamma(r) + alpha.ln() + slopes[0]);
        slopes[1] = r + alpha * slopes[1];
        slopes[2] = s * (beta.ln() + slopes[2]);
        slopes[3] = s + beta * slopes[3];
        let mut bought_at = 0.0;
        for k in 0..n {
            bought_at += self.purchase[k] * customer.at_purchases[k];
            slopes[4 + k] += customer.at_purchases[k];
        }
        let ln_likelihood = ln_rising(r, count) + bought_at + r * alpha.ln() + s * beta.ln()
            - shape * at_last_buying.ln()
            - s * at_last_leaving.ln()
            + total.ln();
        Sweep {
            ln_likelihood,
            probability_alive: alive / total,
            slopes,
            purchase_clock: buying.time,
            dropout_clock: leaving.time,
        }
    }
}
