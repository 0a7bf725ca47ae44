//! How a customer's traits move the parameters of a model: by a purchase shift and a dropout shift.
//!
//! A shift of η multiplies the mean of what it acts on by e^η, so that effects read alike in every model: a purchase
//! effect of 0.1 is about 10 % more purchases a week, a dropout effect of 0.1 about 10 % sooner gone. Rates that
//! are gamma distributed keep their shape ([FaderHardie2007]): α_i = α e^-η. The mean
//! dropout probability of the BG kind moves on the logit scale and keeps a + b, the certainty about it; so does the mean
//! probability of buying at an occasion.

use clv_numerics::log_space::{logistic, softplus};

/// How parameters answer to a shift; they are given by their positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterShift {
    /// The rate of the gamma law that customers' rates follow (α, β) is divided by e^shift.
    Divided(usize),
    /// The mean of the logarithm of customers' rates: the shift is added.
    Added(usize),
    /// The logit of the mean probability a / (a + b) of a beta law: the shift is added, with a + b held.
    MeanProbability {
        /// Position of the first shape.
        a: usize,
        /// Position of the second shape.
        b: usize,
    },
}

/// How a model's parameters answer to traits of customers; what the two move is disjoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shifts {
    /// How buying does: the purchase rate, or the probability of buying at an occasion.
    pub purchase: ParameterShift,
    /// How leaving does, where customers can leave; above 0 they leave sooner.
    pub dropout: Option<ParameterShift>,
}

/// A purchase shift and a dropout shift.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Shift {
    /// Added to the logarithm of the purchase rate, or to the logit of the mean buying probability.
    pub purchase: f64,
    /// Added to the logarithm of the dropout rate, or to the logit of the mean dropout probability.
    pub dropout: f64,
}

/// Free coordinates stay within this much of 0, so that a far-fetched trait gives a model still.
const LARGEST_FREE: f64 = 600.0;

impl ParameterShift {
    /// Moves free coordinates by `by`.
    fn apply(self, free: &mut [f64], by: f64) {
        match self {
            Self::Divided(at) => free[at] -= by,
            Self::Added(at) => free[at] += by,
            Self::MeanProbability { a, b } => {
                let ln_both = free[a] + softplus(free[b] - free[a]);
                let logit = free[a] - free[b] + by;
                free[a] = ln_both - softplus(-logit);
                free[b] = ln_both - softplus(logit);
            }
        }
    }

    /// The slope in the shift from the slopes `at_moved`; what the unshifted coordinates' slopes differ from those by is
    /// added to `gradient`.
    fn pull_back(self, free: &[f64], by: f64, at_moved: &[f64], gradient: &mut [f64]) -> f64 {
        match self {
            Self::Divided(at) => -at_moved[at],
            Self::Added(at) => at_moved[at],
            Self::MeanProbability { a, b } => {
                let logit = free[a] - free[b];
                let (mean, mean_moved) = (logistic(logit), logistic(logit + by));
                let (rest, rest_moved) = (logistic(-logit), logistic(-logit - by));
                let (along_a, along_b) = (at_moved[a], at_moved[b]);
                gradient[a] += (along_a + along_b) * (mean - mean_moved);
                gradient[b] += (along_a + along_b) * (rest - rest_moved);
                along_a * rest_moved - along_b * mean_moved
            }
        }
    }
}

impl Shifts {
    /// What stands in for a model whose parameters answer to nothing.
    pub(crate) const NONE: Self = Self { purchase: ParameterShift::Added(0), dropout: None };

    /// The free coordinates of a customer's own parameters, from those of the customer with no shift.
    ///
    /// ```
    /// use clv_models::covariates::{ParameterShift, Shift, Shifts};
    /// let shifts = Shifts { purchase: ParameterShift::Divided(1), dropout: None };
    /// let moved = shifts.moved(&[0.6_f64.ln(), 10.0_f64.ln()], Shift { purchase: 2.0_f64.ln(), dropout: 0.0 });
    /// assert!((moved[1].exp() - 5.0).abs() < 1e-12);
    /// ```
    #[must_use]
    pub fn moved(&self, free: &[f64], shift: Shift) -> Vec<f64> {
        let mut moved = free.to_vec();
        self.purchase.apply(&mut moved, shift.purchase);
        if let Some(dropout) = self.dropout {
            dropout.apply(&mut moved, shift.dropout);
        }
        moved.iter_mut().for_each(|value| *value = value.clamp(-LARGEST_FREE, LARGEST_FREE));
        moved
    }

    /// The gradient in the unshifted free coordinates, added to `gradient`, and in the two shifts, returned, from the
    /// gradient `at_moved` in the coordinates that [`moved`](Self::moved) gives.
    #[must_use]
    pub fn pull_back(
        &self,
        free: &[f64],
        shift: Shift,
        at_moved: &[f64],
        gradient: &mut [f64],
    ) -> Shift {
        for (slope, moved) in gradient.iter_mut().zip(at_moved) {
            *slope += moved;
        }
        let purchase = self.purchase.pull_back(free, shift.purchase, at_moved, gradient);
        let dropout =
            self.dropout.map_or(0.0, |one| one.pull_back(free, shift.dropout, at_moved, gradient));
        Shift { purchase, dropout }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COIN: Shifts = Shifts {
        purchase: ParameterShift::Divided(1),
        dropout: Some(ParameterShift::MeanProbability { a: 2, b: 3 }),
    };

    #[test]
    fn a_coin_keeps_its_certainty_and_moves_its_logit() {
        let free = [0.3_f64, 2.0, -0.2, 0.9];
        let moved = COIN.moved(&free, Shift { purchase: 0.4, dropout: 0.7 });
        let (before, after) = (free.map(f64::exp), [moved[2].exp(), moved[3].exp()]);
        assert!((after[0] + after[1] - before[2] - before[3]).abs() < 1e-12);
        assert!((moved[2] - moved[3] - (free[2] - free[3]) - 0.7).abs() < 1e-12);
        assert!((moved[1] - 1.6).abs() < 1e-12);
    }

    #[test]
    fn pulling_back_is_the_transposed_derivative() {
        let rates = Shifts {
            purchase: ParameterShift::Added(0),
            dropout: Some(ParameterShift::Divided(3)),
        };
        let occasions = Shifts {
            purchase: ParameterShift::MeanProbability { a: 0, b: 1 },
            dropout: Some(ParameterShift::MeanProbability { a: 2, b: 3 }),
        };
        let (free, step) = ([0.3, 2.0, -0.2, 0.9], 1e-6);
        for shifts in [COIN, rates, occasions] {
            let shift = Shift { purchase: 0.4, dropout: -0.7 };
            let weights = [0.7, -1.3, 0.4, 2.1];
            let value = |free: &[f64], shift: Shift| -> f64 {
                shifts.moved(free, shift).iter().zip(weights).map(|(x, w)| x * w).sum()
            };
            let mut gradient = [0.0; 4];
            let along = shifts.pull_back(&free, shift, &weights, &mut gradient);
            for i in 0..4 {
                let at = |by: f64| {
                    let mut free = free;
                    free[i] += by;
                    value(&free, shift)
                };
                let slope = (at(step) - at(-step)) / (2.0 * step);
                assert!((slope - gradient[i]).abs() < 1e-8, "{shifts:?} {i}: {slope}");
            }
            let bump = |purchase: f64, dropout: f64| Shift {
                purchase: shift.purchase + purchase,
                dropout: shift.dropout + dropout,
            };
            let purchase =
                (value(&free, bump(step, 0.0)) - value(&free, bump(-step, 0.0))) / (2.0 * step);
            let dropout =
                (value(&free, bump(0.0, step)) - value(&free, bump(0.0, -step))) / (2.0 * step);
            assert!((purchase - along.purchase).abs() < 1e-8);
            assert!((dropout - along.dropout).abs() < 1e-8);
        }
    }
}
