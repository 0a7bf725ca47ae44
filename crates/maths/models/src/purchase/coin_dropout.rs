//! The likelihood that BG/NBD and MBG/NBD share: purchases at a gamma rate, and a coin tossed at each.
//!
//! A customer who is still there after k tosses has seen k tails; one who has left saw k - 1 tails and then the
//! head, at the last purchase. The two models differ in k alone: BG/NBD tosses at repeat purchases only (k = x,
//! and nobody can have left when x = 0), MBG/NBD tosses at the first purchase too (k = x + 1).
//!
//! With R_k = B(a, b+k)/B(a, b), the likelihood is
//! Γ(r+x)/Γ(r) · α^r (α+T)^-(r+x) · R_k · (1 + e^z), z = ln a - ln(b+k-1) + (r+x) ln((α+T)/(α+t_x)),
//! so that e^z is the odds of having left.

use clv_numerics::gamma::{BetaFallTable, RisingTable, ln_beta_fall, ln_rising};
use clv_numerics::log_space::{ln_1p_of_ratio, logistic, softplus};
use clv_numerics::vectorised;

use super::likelihood_pass::{
    LikelihoodOfMany, WithSlopes, most_repeat_purchases, weighted_sum_of_many,
};
use super::row_block::{BlockSums, LANES, Lanes, RowBlock};
use crate::{PurchaseHistories, PurchaseHistory};

/// Parameters, and whether the coin is tossed at the first purchase too.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct CoinDropout {
    /// Shape of the purchase rate.
    pub(super) r: f64,
    /// Rate of the purchase rate.
    pub(super) alpha: f64,
    /// First shape of the dropout probability.
    pub(super) a: f64,
    /// Second shape of the dropout probability.
    pub(super) b: f64,
    /// Tosses before any repeat purchase: 0 (BG/NBD) or 1 (MBG/NBD).
    pub(super) first_tosses: u32,
}

impl CoinDropout {
    /// Tosses of a customer with this many repeat purchases.
    pub(super) fn tosses(&self, repeat_purchases: u32) -> u32 {
        repeat_purchases.saturating_add(self.first_tosses)
    }

    /// ln of the odds of having left; `None` where nothing was tossed.
    fn ln_odds_left(&self, history: &PurchaseHistory) -> Option<f64> {
        let tosses = self.tosses(history.repeat_purchases());
        let tails_before = f64::from(tosses.checked_sub(1)?);
        let ln_silence = (history.time_since_last_purchase()
            / (self.alpha + history.last_purchase_age()))
        .ln_1p();
        let shape = self.r + f64::from(history.repeat_purchases());
        Some(self.a.ln() - (self.b + tails_before).ln() + shape * ln_silence)
    }

    pub(super) fn ln_likelihood(&self, history: &PurchaseHistory) -> f64 {
        let count = history.repeat_purchases();
        let x = f64::from(count);
        let ln_waiting = -(self.r + x) * (history.age() / self.alpha).ln_1p() - x * self.alpha.ln();
        let ln_tails = ln_beta_fall(self.a, self.b, self.tosses(count));
        let ln_either_way = self.ln_odds_left(history).map_or(0.0, softplus);
        ln_rising(self.r, count) + ln_waiting + ln_tails + ln_either_way
    }

    pub(super) fn probability_alive(&self, history: &PurchaseHistory) -> f64 {
        self.ln_odds_left(history).map_or(1.0, |ln_odds| logistic(-ln_odds))
    }

    /// The sum and its gradient in ln r, ln α, ln a, ln b.
    pub(super) fn ln_likelihood_sum(
        &self,
        histories: &PurchaseHistories,
        gradient: &mut [f64],
    ) -> f64 {
        let Self { r, alpha, a, b, .. } = *self;
        let largest = most_repeat_purchases(histories);
        let pass = CoinDropoutPass {
            of: *self,
            rising: RisingTable::new(r, largest),
            falls: BetaFallTable::new(a, b, self.tosses(largest)),
            ln_alpha: alpha.ln(),
        };
        weighted_sum_of_many(histories, gradient, &pass)
    }
}

/// The parameters, with what a pass needs of them once.
#[derive(Debug)]
struct CoinDropoutPass {
    of: CoinDropout,
    rising: RisingTable,
    falls: BetaFallTable,
    ln_alpha: f64,
}

impl LikelihoodOfMany<4> for CoinDropoutPass {
    #[inline(always)]
    fn sum(&self, rows: &[PurchaseHistory], weights: &[f64]) -> WithSlopes<4> {
        let mut sums = BlockSums::new();
        for (rows, weights) in rows.chunks(LANES).zip(weights.chunks(LANES)) {
            let block = RowBlock::new(rows.len(), |k| (&rows[k], weights[k]));
            let (ln_likelihood, slopes) = self.block(&block);
            sums.add_block(&block.weights, &ln_likelihood, &slopes, |k| self.row(&rows[k]));
        }
        sums.total()
    }
}

impl CoinDropoutPass {
    /// Log-likelihoods and slopes of a block of rows; no numbers where odds leave the range of a number.
    #[inline(always)]
    fn block(&self, block: &RowBlock) -> (Lanes, [Lanes; 4]) {
        let CoinDropout { r, alpha, a, b, .. } = self.of;
        let mut ln_likelihood = [0.0; LANES];
        let mut slopes = [[0.0; LANES]; 4];
        let (mut digamma_rise, mut b_then, mut prior_odds) =
            ([0.0; LANES], [0.0; LANES], [0.0; LANES]);
        for (k, count) in block.counts.iter().enumerate() {
            let (ln_rising, fall) = (self.rising.at(*count), self.falls.at(self.of.tosses(*count)));
            ln_likelihood[k] = ln_rising.0 + fall.ln;
            digamma_rise[k] = ln_rising.1;
            slopes[2][k] = fall.slope_ln_a;
            slopes[3][k] = fall.slope_ln_b;
            // Whoever has tossed nothing cannot have left: odds of 0.
            let tails_before = self.of.tosses(*count).checked_sub(1);
            b_then[k] = b + f64::from(tails_before.unwrap_or(0));
            prior_odds[k] = tails_before.map_or(0.0, |_| a);
        }
        for k in 0..LANES {
            let (x, last, age) = (block.x[k], block.last[k], block.age[k]);
            let (shape, silence) = (r + x, age - last);
            let ln_growth = vectorised::ln_1p(age / alpha);
            let ln_silence = vectorised::ln_1p(silence / (alpha + last));
            let odds = prior_odds[k] / b_then[k] * vectorised::exp(shape * ln_silence);
            let left = odds / (1.0 + odds);
            ln_likelihood[k] += vectorised::ln_1p(odds) - shape * ln_growth - x * self.ln_alpha;
            slopes[0][k] = r * (digamma_rise[k] - ln_growth) + left * r * ln_silence;
            slopes[1][k] = (r * age - x * alpha) / (alpha + age)
                - left * shape * alpha * (silence / ((alpha + age) * (alpha + last)));
            slopes[2][k] += left;
            slopes[3][k] -= left * b / b_then[k];
        }
        (ln_likelihood, slopes)
    }

    /// Log-likelihood and slopes of one row, whatever its odds.
    #[inline(never)]
    fn row(&self, history: &PurchaseHistory) -> WithSlopes<4> {
        let CoinDropout { r, alpha, a, b, .. } = self.of;
        let (count, age) = (history.repeat_purchases(), history.age());
        let (x, last) = (f64::from(count), history.last_purchase_age());
        let shape = r + x;
        let (ln_rising, digamma_rise) = self.rising.at(count);
        let fall = self.falls.at(self.of.tosses(count));
        let ln_growth = ln_1p_of_ratio(age / alpha);
        let mut ln_likelihood = ln_rising - shape * ln_growth - x * self.ln_alpha + fall.ln;
        let mut slopes = [
            r * (digamma_rise - ln_growth),
            (r * age - x * alpha) / (alpha + age),
            fall.slope_ln_a,
            fall.slope_ln_b,
        ];
        if let Some(tails_before) = self.of.tosses(count).checked_sub(1) {
            let silence = age - last;
            let ln_silence = ln_1p_of_ratio(silence / (alpha + last));
            let b_then = b + f64::from(tails_before);
            let ln_odds = a.ln() - b_then.ln() + shape * ln_silence;
            let left = logistic(ln_odds);
            ln_likelihood += softplus(ln_odds);
            slopes[0] += left * r * ln_silence;
            slopes[1] -= left * shape * alpha * (silence / ((alpha + age) * (alpha + last)));
            slopes[2] += left;
            slopes[3] -= left * b / b_then;
        }
        (ln_likelihood, slopes)
    }
}
