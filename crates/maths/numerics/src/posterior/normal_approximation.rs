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

    /// The normal law with the mean and covariance of weighted points, one weight above or at 0 for each; weights
    /// sum to 1.
    ///
    /// ```
    /// use clv_numerics::posterior::NormalApproximation;
    /// let normal = NormalApproximation::of_weighted(&[vec![1.0], vec![5.0]], &[0.5, 0.5]);
    /// assert_eq!(normal.point(&[0.0]), [3.0]);
    /// assert_eq!((normal.point(&[1.0])[0] - 3.0).abs(), 2.0);
    /// ```
    #[must_use]
    pub fn of_weighted(points: &[Vec<f64>], weights: &[f64]) -> Self {
        let n = points.first().map_or(0, Vec::len);
        let mean_of = |value: &dyn Fn(&Vec<f64>) -> f64| -> f64 {
            points.iter().zip(weights).map(|(point, weight)| weight * value(point)).sum()
        };
        let centre: Vec<f64> = (0..n).map(|i| mean_of(&|point| point[i])).collect();
        let covariance = SymmetricMatrix::from_fn(n, |i, j| {
            mean_of(&|point| (point[i] - centre[i]) * (point[j] - centre[j]))
        });
        let eigen = covariance.eigen();
        let axes = eigen
            .values
            .iter()
            .zip(&eigen.vectors)
            .map(|(value, vector)| {
                // Rounding may leave a variance below nothing where points lie in a plane.
                let deviation = value.max(f64::MIN_POSITIVE).sqrt();
                vector.iter().map(|share| share * deviation).collect()
            })
            .collect();
        Self { centre, axes }
    }

    /// The same law with all standard deviations `factor` times as large.
    #[must_use]
    pub fn widened(mut self, factor: f64) -> Self {
        self.axes.iter_mut().flatten().for_each(|step| *step *= factor);
        self
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
