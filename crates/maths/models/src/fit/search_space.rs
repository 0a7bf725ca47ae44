//! The free coordinates that a search moves: all of a model's but those of whole numbers, which it holds.

use crate::ParameterKind;
use crate::catalogue::PurchaseModelEntry;

/// A model whose whole numbers are held.
pub(super) struct SearchSpace {
    pub(super) entry: &'static PurchaseModelEntry,
    /// Positions of the parameters that move.
    pub(super) moved: Vec<usize>,
    /// Values of all parameters; those that move are overwritten.
    held: Vec<f64>,
}

impl SearchSpace {
    /// Whole numbers are held at `values`.
    pub(super) fn new(entry: &'static PurchaseModelEntry, values: &[f64]) -> Self {
        let is_moved = |i: &usize| entry.kinds[*i] != ParameterKind::Whole;
        Self { entry, moved: (0..values.len()).filter(is_moved).collect(), held: values.to_vec() }
    }

    /// The coordinates that move, at the values of all parameters.
    pub(super) fn free(&self, values: &[f64]) -> Vec<f64> {
        self.moved.iter().map(|&i| self.entry.kinds[i].free(values[i])).collect()
    }

    /// The values of all parameters at the coordinates that move.
    pub(super) fn values(&self, free: &[f64]) -> Vec<f64> {
        let mut values = self.held.clone();
        for (&i, free) in self.moved.iter().zip(free) {
            values[i] = self.entry.kinds[i].value(*free);
        }
        values
    }

    /// One entry for each parameter from one for each that moves, `held` for the others.
    pub(super) fn spread<T: Clone>(&self, of_moved: &[T], held: T) -> Vec<T> {
        let mut all = vec![held; self.held.len()];
        for (&i, of_one) in self.moved.iter().zip(of_moved) {
            all[i] = of_one.clone();
        }
        all
    }
}
