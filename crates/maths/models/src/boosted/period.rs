//! How far a whole period lies above or below what the probability models expect.

use super::losses::logistic;
use super::ziln::{ModelScores, Outcome, logit};

/// A shift of everybody's forecast: a good season, a campaign, a strike. Trees could only mistake it for a trait of
/// the customers who were there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PeriodShift {
    /// Added to the logarithm of the expected purchases.
    pub ln_purchases: f64,
    /// Added to the logit of P(buys).
    pub logit_buys: f64,
}

impl PeriodShift {
    /// No shift.
    pub const NONE: Self = Self { ln_purchases: 0.0, logit_buys: 0.0 };

    /// The shift that brings what was expected of a period to what came; one entry for each customer. None where
    /// nothing was expected or nothing came.
    #[must_use]
    pub fn between(scores: &[ModelScores], outcomes: &[Outcome]) -> Self {
        let expected: f64 = scores.iter().map(|one| one.expected_purchases).sum();
        let came: f64 = outcomes.iter().map(|one| one.purchases).sum();
        let buyers = outcomes.iter().filter(|one| one.purchases > 0.0).count() as f64;
        if expected <= 0.0 || came <= 0.0 || buyers >= outcomes.len() as f64 {
            return Self::NONE;
        }
        let logits: Vec<f64> = scores.iter().map(|one| logit(one.probability_buys)).collect();
        // The sum of probabilities rises with the shift, so that halving finds it; 60 halvings leave 1e-16 of the range.
        let (mut low, mut high) = (-20.0, 20.0);
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            let sum: f64 = logits.iter().map(|logit| logistic(logit + middle)).sum();
            if sum < buyers { low = middle } else { high = middle }
        }
        Self { ln_purchases: (came / expected).ln(), logit_buys: 0.5 * (low + high) }
    }

    /// What to expect of the next period after these, each half overlapping the next: their mean, drawn towards none by
    /// as much as its error is of its square. One period alone says nothing of the next.
    #[must_use]
    pub fn expected(periods: &[Self]) -> Self {
        Self {
            ln_purchases: drawn_mean(periods.iter().map(|one| one.ln_purchases)),
            logit_buys: drawn_mean(periods.iter().map(|one| one.logit_buys)),
        }
    }

    /// The forecast after the shift.
    #[must_use]
    pub fn of(&self, scores: ModelScores) -> ModelScores {
        if *self == Self::NONE {
            return scores;
        }
        ModelScores {
            probability_buys: logistic(logit(scores.probability_buys) + self.logit_buys),
            expected_purchases: scores.expected_purchases * self.ln_purchases.exp(),
            ..scores
        }
    }
}

fn drawn_mean(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let n = values.clone().count() as f64;
    if n < 2.0 {
        return 0.0;
    }
    let mean = values.clone().sum::<f64>() / n;
    let variance = values.map(|value| (value - mean) * (value - mean)).sum::<f64>() / (n - 1.0);
    // Periods that overlap by half are worth little more than every second of them.
    let n_apart = 0.5 * (n + 1.0);
    let square = mean * mean;
    if square > 0.0 { mean * square / (square + variance / n_apart) } else { 0.0 }
}
