//! How a customer's traits move the parameters of a model: by a purchase shift and a dropout shift.
//!
//! A shift of η multiplies the mean of what it acts on by e^η, so that effects read alike in every model: a purchase
//! effect of 0.1 is about 10 % more purchases a week, a dropout effect of 0.1 about 10 % sooner gone. Rates that
//! are gamma distributed keep their shape ([FaderHardie2007]): α_i = α e^-η. The mean
//! dropout probability of the BG kind moves on the logit scale and keeps a + b, the certainty about it.

use clv_numerics::log_space::{logistic, softplus};

/// How a rate answers to a shift; the parameter is given by its position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateShift {
    /// The rate of the gamma law that customers' rates follow (α, β) is divided by e^shift.
    Divided(usize),
    /// The mean of the logarithm of customers' rates: the shift is added.
    Added(usize),
}

/// How leaving answers to a shift; above 0 customers leave sooner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DropoutShift {
    /// The dropout rate.
    Rate(RateShift),
    /// The logit of the mean dropout probability a / (a + b), with a + b held.
    MeanProbability {
        /// Position of the first shape.
        a: usize,
        /// Position of the second shape.
        b: usize,
    },
}

/// How a model's parameters answer to traits of customers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shifts {
    /// How the purchase rate does.
    pub purchase: RateShift,
    /// How leaving does; none where nobody leaves.
    pub dropout: Option<DropoutShift>,
}

/// A purchase shift and a dropout shift.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Shift {
    /// Added to the logarithm of the purchase rate.
    pub purchase: f64,
    /// Added to the logarithm of the dropout rate, or to the logit of the mean dropout probability.
    pub dropout: f64,
}

/// Free coordinates stay within this much of 0, so that a far-fetched trait gives a model still.
const LARGEST_FREE: f64 = 600.0;

impl RateShift {
    fn position(self) -> usize {
        match self {
            Self::Divided(position) | Self::Added(position) => position,
        }
    }

    fn sign(self) -> f64 {
        match self {
            Self::Divided(_) => -1.0,
            Self::Added(_) => 1.0,
        }
    }
}

impl Shifts {
    /// What stands in for a model whose parameters answer to nothing.
    pub(crate) const NONE: Self = Self { purchase: RateShift::Added(0), dropout: None };

    /// The free coordinates of a customer's own parameters, from those of the customer with no shift.
    ///
    /// ```
    /// use clv_models::covariates::{RateShift, Shift, Shifts};
    /// let shifts = Shifts { purchase: RateShift::Divided(1), dropout: None };
    /// let moved = shifts.moved(&[0.6_f64.ln(), 10.0_f64.ln()], Shift { purchase: 2.0_f64.ln(), dropout: 0.0 });
    /// assert!((moved[1].exp() - 5.0).abs() < 1e-12);
    /// ```
    #[must_use]
    pub fn moved(&self, free: &[f64], shift: Shift) -> Vec<f64> {
        let mut moved = free.to_vec();
        moved[self.purchase.position()] += self.purchase.sign() * shift.purchase;
        match self.dropout {
            Some(DropoutShift::Rate(rate)) => {
                moved[rate.position()] += rate.sign() * shift.dropout;
            }
            Some(DropoutShift::MeanProbability { a, b }) => {
                let ln_both = free[a] + softplus(free[b] - free[a]);
                let logit = free[a] - free[b] + shift.dropout;
                moved[a] = ln_both - softplus(-logit);
                moved[b] = ln_both - softplus(logit);
            }
            None => {}
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
        let purchase = self.purchase.sign() * at_moved[self.purchase.position()];
        let mut dropout = 0.0;
        for (slope, moved) in gradient.iter_mut().zip(at_moved) {
            *slope += moved;
        }
        match self.dropout {
            Some(DropoutShift::Rate(rate)) => dropout = rate.sign() * at_moved[rate.position()],
            Some(DropoutShift::MeanProbability { a, b }) => {
                let logit = free[a] - free[b];
                let (mean, mean_moved) = (logistic(logit), logistic(logit + shift.dropout));
                let (rest, rest_moved) = (logistic(-logit), logistic(-logit - shift.dropout));
                // Both were added as if nothing moved; the differences make up for that.
                let (along_a, along_b) = (at_moved[a], at_moved[b]);
                gradient[a] += along_a * (mean - mean_moved) + along_b * (mean - mean_moved);
                gradient[b] += along_a * (rest - rest_moved) + along_b * (rest - rest_moved);
                dropout = along_a * rest_moved - along_b * mean_moved;
            }
            None => {}
        }
        Shift { purchase, dropout }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COIN: Shifts = Shifts {
        purchase: RateShift::Divided(1),
        dropout: Some(DropoutShift::MeanProbability { a: 2, b: 3 }),
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
            purchase: RateShift::Added(0),
            dropout: Some(DropoutShift::Rate(RateShift::Divided(3))),
        };
        let (free, step) = ([0.3, 2.0, -0.2, 0.9], 1e-6);
        for shifts in [COIN, rates] {
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
