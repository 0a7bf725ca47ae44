//! A normal law around a mode, and the coordinates in which it is the standard normal one.

use crate::linear_algebra::SymmetricMatrix;

/// A mode and the principal axes around it.
#[derive(Debug, Clone, PartialEq)]
pub struct NormalApproximation {
    centre: Vec<f64>,
    /// Each the unit eigenvector times the standard deviation along it.
    axes: Vec<Vec<f64>>,
}

impl NormalApproximation {
    /// The normal law around `centre` with this `precision` (the Hessian of the negative log-density there).
    ///
    /// Directions whose precision is below `least_precision`, above 0, are given that: at a mode that is not
    /// quite one a curvature can come out as nothing or less.
    #[must_use]
    pub fn new(centre: &[f64], precision: &SymmetricMatrix, least_precision: f64) -> Self {
        let eigen = precision.eigen();
        let axes = eigen
            .values
            .iter()
            .zip(&eigen.vectors)
            .map(|(value, vector)| {
                // Not a number counts as nothing known.
                let deviation = 1.0 / value.max(least_precision).sqrt();
                vector.iter().map(|share| share * deviation).collect()
            })
            .collect();
        Self { centre: centre.to_vec(), axes }
    }

    /// The number of variables.
    #[must_use]
    pub fn size(&self) -> usize {
        self.centre.len()
    }

    /// The point at standard normal coordinates, one for each axis.
    #[must_use]
    pub fn point(&self, standard: &[f64]) -> Vec<f64> {
        let mut point = self.centre.clone();
        for (axis, z) in self.axes.iter().zip(standard) {
            point.iter_mut().zip(axis).for_each(|(x, step)| *x += z * step);
        }
        point
    }

    /// A gradient with respect to points as one with respect to standard normal coordinates.
    #[must_use]
    pub fn slopes(&self, gradient: &[f64]) -> Vec<f64> {
        self.axes
            .iter()
            .map(|axis| axis.iter().zip(gradient).map(|(step, slope)| step * slope).sum())
            .collect()
    }
}
