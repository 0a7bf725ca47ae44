//! A customer who may leave at any moment, on clocks whose speeds change: the pieces of the future one after the other.
//!
//! Within a piece both clocks run straight, so that each piece is a [`Lapsing`] customer of its own: with the buying
//! scale of now for moments of the count, which look at everyone still there, and with that of someone who has not
//! bought since for the wait, which looks at those alone.

use super::ProcessSummary;
use super::count::{self, NegativeBinomial};
use super::lapsing::Lapsing;

/// How fast the clocks run for some time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClockPiece {
    /// The end of the piece, time from now; that of the last piece is not looked at, it goes on for ever.
    pub until: f64,
    /// How fast the buying clock runs, above 0; 1 where covariates are all 0.
    pub buying: f64,
    /// How fast the leaving clock runs, above 0.
    pub leaving: f64,
}

/// Shapes and rates now, and the pieces to come; one at least.
#[derive(Clone, Copy)]
pub(super) struct OnClocks<'a> {
    pub(super) r: f64,
    pub(super) alpha: f64,
    pub(super) s: f64,
    pub(super) beta: f64,
    pub(super) pieces: &'a [ClockPiece],
}

/// One piece with what the clocks show at its start.
struct Stretch {
    start: f64,
    length: f64,
    piece: ClockPiece,
    /// The buying clock.
    bought: f64,
    /// The leaving clock.
    left: f64,
}

impl OnClocks<'_> {
    /// The pieces that begin within the horizon, cut at it.
    fn stretches(&self, horizon: f64) -> impl Iterator<Item = Stretch> + '_ {
        let last = self.pieces.len() - 1;
        let (mut start, mut bought, mut left) = (0.0, 0.0, 0.0);
        self.pieces.iter().enumerate().filter_map(move |(at, piece)| {
            let end = if at == last { horizon } else { piece.until.min(horizon) };
            if end.is_nan() || end <= start {
                return None;
            }
            let stretch = Stretch { start, length: end - start, piece: *piece, bought, left };
            bought += piece.buying * stretch.length;
            left += piece.leaving * stretch.length;
            start = end;
            Some(stretch)
        })
    }

    /// Whoever is there at the start of a stretch, whatever they have bought since now, and the chance of being there.
    fn there(&self, at: &Stretch) -> (Lapsing, f64) {
        let one = Lapsing {
            r: self.r,
            alpha: self.alpha / at.piece.buying,
            s: self.s,
            beta: (self.beta + at.left) / at.piece.leaving,
        };
        (one, (-self.s * (at.left / self.beta).ln_1p()).exp())
    }

    /// Whoever is there and has not bought since now, and the chance of that.
    fn waiting(&self, at: &Stretch) -> (Lapsing, f64) {
        let (there, stays) = self.there(at);
        let alpha = (self.alpha + at.bought) / at.piece.buying;
        let silent = (-self.r * (at.bought / self.alpha).ln_1p()).exp();
        (Lapsing { alpha, ..there }, stays * silent)
    }

    pub(super) fn expected_purchases(self, horizon: f64) -> f64 {
        let of = |at: Stretch| {
            let (one, stays) = self.there(&at);
            stays * one.expected_purchases(at.length)
        };
        self.stretches(horizon).map(of).sum()
    }

    pub(super) fn expected_pairs(self, horizon: f64) -> f64 {
        // The clock at the end, squared, is what it showed before, twice that times what is new, and what is new squared.
        let of = |at: Stretch| {
            let (one, stays) = self.there(&at);
            let before = 2.0 * (at.bought / self.alpha) * (self.r + 1.0);
            stays * (before * one.expected_purchases(at.length) + one.expected_pairs(at.length))
        };
        self.stretches(horizon).map(of).sum()
    }

    pub(super) fn probability_none(self, horizon: f64) -> f64 {
        1.0 - self.probability_some(horizon)
    }

    /// P(at least one purchase within the horizon).
    fn probability_some(self, horizon: f64) -> f64 {
        let of = |at: Stretch| {
            let (one, chance) = self.waiting(&at);
            chance * (1.0 - one.probability_none(at.length))
        };
        self.stretches(horizon).map(of).sum()
    }

    pub(super) fn discounted_purchases(self, horizon: f64, discount_rate: f64) -> f64 {
        let of = |at: Stretch| {
            let (one, stays) = self.there(&at);
            let worth = (-discount_rate * at.start).exp();
            stays * worth * one.discounted_purchases(at.length, discount_rate)
        };
        self.stretches(horizon).map(of).sum()
    }

    pub(super) fn summary(self, horizon: f64, discount_rate: f64) -> ProcessSummary {
        ProcessSummary {
            expected_purchases: self.expected_purchases(horizon),
            expected_pairs: self.expected_pairs(horizon),
            probability_none: self.probability_none(horizon),
            discounted_purchases: if discount_rate > 0.0 {
                self.discounted_purchases(horizon, discount_rate)
            } else {
                self.expected_purchases(horizon)
            },
        }
    }

    pub(super) fn wait_quantile(self, q: f64) -> f64 {
        let target = q * self.probability_some(f64::INFINITY);
        let mut reached = 0.0;
        for at in self.stretches(f64::INFINITY) {
            let (one, chance) = self.waiting(&at);
            let here = chance * (1.0 - one.probability_none(at.length));
            if reached + here >= target || at.length.is_infinite() {
                // The piece as if it went on for ever: the same share of those who would buy in it some day.
                let some_day = chance * (1.0 - one.probability_none(f64::INFINITY));
                let share = ((target - reached) / some_day).clamp(0.0, 1.0);
                return at.start + one.wait_quantile(share);
            }
            reached += here;
        }
        f64::MAX
    }

    /// The negative binomial counts of each moment of leaving, with its probability.
    fn counts(self, horizon: f64, fineness: f64) -> Vec<(NegativeBinomial, f64)> {
        let mut counts = Vec::new();
        let mut at_end = (0.0, 1.0);
        for at in self.stretches(horizon) {
            let (one, there) = (self.waiting(&at).0, self.there(&at).1);
            let points = one.lifetimes(at.length, fineness);
            let odds = |time: f64| (at.bought + at.piece.buying * time) / self.alpha;
            let count = |time: f64| NegativeBinomial { shape: self.r, odds: odds(time) };
            counts.extend(points.0.into_iter().map(|(time, share)| (count(time), there * share)));
            at_end = (odds(at.length), there * points.1);
        }
        counts.push((NegativeBinomial { shape: self.r, odds: at_end.0 }, at_end.1));
        counts
    }

    pub(super) fn probability_mass(self, horizon: f64, n_max: usize) -> Vec<f64> {
        count::mixture_masses(&self.counts(horizon, 0.25)).take(n_max + 1).collect()
    }

    pub(super) fn count_quantiles(self, horizon: f64, targets: &[f64]) -> Vec<u64> {
        let counts = self.counts(horizon, 1.0);
        count::quantiles(targets, count::mixture_masses(&counts), |n| {
            counts.iter().map(|(counts, weight)| weight * counts.approximate_cdf(n)).sum()
        })
    }
}
