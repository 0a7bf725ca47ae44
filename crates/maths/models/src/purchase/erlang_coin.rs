//! The likelihood that BG/CNBD-k and MBG/CNBD-k share: purchases by an Erlang clock at a gamma rate, and a coin
//! tossed at each.
//!
//! A clock ticks at random moments at the customer's own rate; every k-th tick is a purchase. Of a silence it is
//! known that it holds fewer than k ticks. Given x purchases until t_x, the rate is gamma with shape g = r + kx
//! and rate α + t_x, so the ticks in a silence s are negative binomial: j of them weigh
//! w_j = (g)_j / j! · q^j with q = s/(α+T). With S = w_0 + ... + w_(k-1) and m tosses, the likelihood is
//! Γ(g)/Γ(r) · α^r (α+T)^-g · R_m · S · (1 + e^z) times what the timing adds, R_m = B(a, b+m)/B(a, b) and
//! z = ln a - ln(b+m-1) + g ln((α+T)/(α+t_x)) - ln S, so that e^z is the odds of having left.
//!
//! The timing adds Π Δ^(k-1) / ((k-1)!)^x, a product over the interpurchase times Δ. Where these are not known, its
//! mean over all ways of placing x - 1 purchases at random between first and last stands in:
//! t_x^((k-1)x) · Γ(x)/Γ(kx). That is what (x, t_x, T) alone say, so likelihoods compare over k either way; at
//! k = 1 both are 1.

use clv_numerics::gamma::{BetaFallTable, RisingTable, ln_beta_fall, ln_gamma, ln_rising};
use clv_numerics::log_space::{ln_1p_of_ratio, logistic, softplus};

use super::erlang_clock::{MOST_PHASES, Silence};
use super::likelihood_pass::{most_repeat_purchases, weighted_sum};
use super::{FutureProcess, ParameterError, positive_parameters};
use crate::{Parameter, PurchaseHistories, PurchaseHistory};

/// The parameters' names, in order.
pub const PARAMETER_NAMES: [&str; 5] = ["k", "r", "alpha", "a", "b"];

/// What each of them says about customers, in plain words.
pub const PARAMETER_MEANINGS: [&str; 5] = [
    "how regular customers are: 1 is at random, more is more regular",
    "how alike customers are in how often they buy: the smaller, the more they differ",
    "the pace of buying: r / (k alpha) is the average customer\u{2019}s purchases per unit of time",
    "leaving: a / (a + b) is the average chance of leaving at a purchase",
    "staying: the counterpart of a",
];

/// Parameters, and whether the coin is tossed at the first purchase too.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct ErlangCoin {
    /// Ticks from one purchase to the next.
    k: u32,
    /// Shape of the rate of ticks.
    r: f64,
    /// Rate of the rate of ticks.
    alpha: f64,
    /// First shape of the dropout probability.
    a: f64,
    /// Second shape of the dropout probability.
    b: f64,
    /// Tosses before any repeat purchase: 0 or 1.
    first_tosses: u32,
}

impl ErlangCoin {
    pub(super) fn from_values(
        id: &'static str,
        values: &[f64],
        first_tosses: u32,
    ) -> Result<Self, ParameterError> {
        let [k, r, alpha, a, b] = positive_parameters(id, PARAMETER_NAMES, values)?;
        if k.fract() > 0.0 || k > f64::from(MOST_PHASES) {
            return Err(ParameterError::NotWhole {
                model: id,
                name: PARAMETER_NAMES[0],
                value: k,
                largest: MOST_PHASES,
            });
        }
        Ok(Self { k: k as u32, r, alpha, a, b, first_tosses })
    }

    pub(super) fn parameters(&self) -> Vec<Parameter> {
        let values = [f64::from(self.k), self.r, self.alpha, self.a, self.b];
        PARAMETER_NAMES.iter().zip(values).map(|(name, value)| Parameter { name, value }).collect()
    }

    fn tosses(&self, repeat_purchases: u32) -> u32 {
        repeat_purchases.saturating_add(self.first_tosses)
    }

    /// Ticks until the last purchase. Beyond 2^32 they saturate: no customer buys that often.
    fn ticks(&self, repeat_purchases: u32) -> u32 {
        repeat_purchases.saturating_mul(self.k)
    }

    /// What the times between purchases add to the log-likelihood; `ln_gamma_k` is ln Γ(k).
    fn ln_timing(&self, history: &PurchaseHistory, ln_gamma_k: f64) -> f64 {
        let count = history.repeat_purchases();
        if self.k == 1 || count == 0 {
            return 0.0;
        }
        let x = f64::from(count);
        let k_less_one = f64::from(self.k - 1);
        match history.sum_ln_interpurchase_times() {
            Some(sum) => k_less_one * sum - x * ln_gamma_k,
            None => k_less_one * x * history.last_purchase_age().ln() - self.ln_spacings(count),
        }
    }

    /// ln Γ(kx) - ln Γ(x) for x > 0.
    fn ln_spacings(&self, count: u32) -> f64 {
        ln_rising(f64::from(count), self.ticks(count) - count)
    }

    /// Shape of the rate of ticks once the purchases are known.
    fn shape(&self, repeat_purchases: u32) -> f64 {
        self.r + f64::from(self.ticks(repeat_purchases))
    }

    /// S of a history.
    fn silence_of(&self, history: &PurchaseHistory) -> Silence {
        let ratio = history.time_since_last_purchase() / (self.alpha + history.age());
        Silence::new(self.k, self.shape(history.repeat_purchases()), ratio)
    }

    /// ln of the odds of having left; `None` where nothing was tossed.
    fn ln_odds_left(&self, history: &PurchaseHistory, ln_silence_sum: f64) -> Option<f64> {
        let tosses = self.tosses(history.repeat_purchases());
        let tails_before = f64::from(tosses.checked_sub(1)?);
        let ln_silence = (history.time_since_last_purchase()
            / (self.alpha + history.last_purchase_age()))
        .ln_1p();
        let shape = self.shape(history.repeat_purchases());
        Some(self.a.ln() - (self.b + tails_before).ln() + shape * ln_silence - ln_silence_sum)
    }

    pub(super) fn ln_likelihood(&self, history: &PurchaseHistory) -> f64 {
        let count = history.repeat_purchases();
        let ticks = self.ticks(count);
        let shape = self.shape(count);
        let ln_waiting = -shape * (history.age() / self.alpha).ln_1p()
            - f64::from(ticks) * self.alpha.ln()
            + self.ln_timing(history, ln_gamma(f64::from(self.k)));
        let ln_tails = ln_beta_fall(self.a, self.b, self.tosses(count));
        let ln_silence_sum = self.silence_of(history).ln_sum;
        let ln_either_way = self.ln_odds_left(history, ln_silence_sum).map_or(0.0, softplus);
        ln_rising(self.r, ticks) + ln_waiting + ln_tails + ln_silence_sum + ln_either_way
    }

    pub(super) fn probability_alive(&self, history: &PurchaseHistory) -> f64 {
        let ln_silence_sum = self.silence_of(history).ln_sum;
        self.ln_odds_left(history, ln_silence_sum).map_or(1.0, |ln_odds| logistic(-ln_odds))
    }

    /// The sum and its gradient in ln r, ln α, ln a, ln b, behind the slot of k, which is 0.
    pub(super) fn ln_likelihood_sum(
        &self,
        histories: &PurchaseHistories,
        gradient: &mut [f64],
    ) -> f64 {
        let Self { k, r, alpha, a, b, .. } = *self;
        let largest = most_repeat_purchases(histories);
        let rising = RisingTable::new(r, self.ticks(largest));
        let falls = BetaFallTable::new(a, b, self.tosses(largest));
        let (ln_alpha, ln_a, ln_gamma_k) = (alpha.ln(), a.ln(), ln_gamma(f64::from(k)));
        weighted_sum(histories, gradient, |history| {
            let (count, age) = (history.repeat_purchases(), history.age());
            let (ticks, last) = (self.ticks(count), history.last_purchase_age());
            let ticks_real = f64::from(ticks);
            let shape = r + ticks_real;
            let (ln_rising, digamma_rise) = rising.at(ticks);
            let fall = falls.at(self.tosses(count));
            let ln_growth = ln_1p_of_ratio(age / alpha);
            let silence = age - last;
            let still = Silence::new(k, shape, silence / (alpha + age));
            let mut ln_likelihood = ln_rising - shape * ln_growth - ticks_real * ln_alpha
                + self.ln_timing(history, ln_gamma_k)
                + fall.ln
                + still.ln_sum;
            let per_age = alpha / (alpha + age);
            let mut slopes = [
                0.0,
                r * (digamma_rise - ln_growth + still.slope_shape),
                (r * age - ticks_real * alpha) / (alpha + age) - still.mean_ticks * per_age,
                fall.slope_ln_a,
                fall.slope_ln_b,
            ];
            if let Some(tails_before) = self.tosses(count).checked_sub(1) {
                let ln_silence = ln_1p_of_ratio(silence / (alpha + last));
                let b_then = b + f64::from(tails_before);
                let ln_odds = ln_a - b_then.ln() + shape * ln_silence - still.ln_sum;
                let left = logistic(ln_odds);
                ln_likelihood += softplus(ln_odds);
                slopes[1] += left * r * (ln_silence - still.slope_shape);
                slopes[2] += left
                    * (still.mean_ticks * per_age
                        - shape * alpha * (silence / ((alpha + age) * (alpha + last))));
                slopes[3] += left;
                slopes[4] -= left * b / b_then;
            }
            (ln_likelihood, slopes)
        })
    }

    pub(super) fn new_customer(&self) -> FutureProcess {
        let Self { k, r, alpha, a, b, first_tosses } = *self;
        match (k, first_tosses) {
            (1, 0) => FutureProcess::LeavingAfterPurchase { r, alpha, a, b },
            (1, _) => FutureProcess::LeavingAtOnceOrAfterPurchase { r, alpha, a, b },
            (_, 0) => {
                FutureProcess::RegularLeavingAfterPurchase { k, silence: 0.0, r, alpha, a, b }
            }
            _ => FutureProcess::RegularLeavingAtOnceOrAfterPurchase { k, r, alpha, a, b },
        }
    }

    pub(super) fn if_alive(&self, history: &PurchaseHistory) -> FutureProcess {
        let Self { k, alpha, a, .. } = *self;
        let count = history.repeat_purchases();
        let r = self.shape(count);
        let b = self.b + f64::from(self.tosses(count));
        if k == 1 {
            return FutureProcess::LeavingAfterPurchase { r, alpha: alpha + history.age(), a, b };
        }
        FutureProcess::RegularLeavingAfterPurchase {
            k,
            silence: history.time_since_last_purchase(),
            r,
            alpha: alpha + history.last_purchase_age(),
            a,
            b,
        }
    }
}
