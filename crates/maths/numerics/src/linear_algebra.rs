//! Small symmetric matrices: the Hessians and covariances of a handful of parameters.

/// A symmetric matrix of a few rows, stored in full.
#[derive(Debug, Clone, PartialEq)]
pub struct SymmetricMatrix {
    size: usize,
    values: Vec<f64>,
}

impl SymmetricMatrix {
    /// The matrix whose entry (i, j) is the mean of `entry(i, j)` and `entry(j, i)`.
    pub fn from_fn(size: usize, mut entry: impl FnMut(usize, usize) -> f64) -> Self {
        let mut values = vec![0.0; size * size];
        for i in 0..size {
            for j in 0..size {
                values[i * size + j] = entry(i, j);
            }
        }
        for i in 0..size {
            for j in 0..i {
                let mean = 0.5 * (values[i * size + j] + values[j * size + i]);
                (values[i * size + j], values[j * size + i]) = (mean, mean);
            }
        }
        Self { size, values }
    }

    /// Rows (and columns).
    #[must_use]
    pub fn size(&self) -> usize {
        self.size
    }

    /// The entry in row `i` and column `j`.
    #[must_use]
    pub fn at(&self, i: usize, j: usize) -> f64 {
        self.values[i * self.size + j]
    }

    /// The matrix as rows.
    #[must_use]
    pub fn rows(&self) -> Vec<Vec<f64>> {
        self.values.chunks(self.size.max(1)).map(<[f64]>::to_vec).collect()
    }

    /// Eigenvalues, ascending, and the unit eigenvector of each, by cyclic Jacobi rotations.
    #[must_use]
    pub fn eigen(&self) -> Eigen {
        let n = self.size;
        let mut a = self.values.clone();
        let mut vectors: Vec<f64> =
            (0..n * n).map(|k| if k / n == k % n { 1.0 } else { 0.0 }).collect();
        // Sixty sweeps are many times what any matrix needs: convergence is quadratic.
        for _ in 0..60 {
            let off_diagonal: f64 = (0..n)
                .flat_map(|i| (0..i).map(move |j| (i, j)))
                .map(|(i, j)| a[i * n + j].abs())
                .sum();
            if off_diagonal.is_nan() || off_diagonal <= f64::MIN_POSITIVE {
                break;
            }
            for p in 0..n {
                for q in p + 1..n {
                    rotate(&mut a, &mut vectors, n, p, q);
                }
            }
        }
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|&i, &j| a[i * n + i].total_cmp(&a[j * n + j]));
        Eigen {
            values: order.iter().map(|&i| a[i * n + i]).collect(),
            vectors: order.iter().map(|&i| (0..n).map(|k| vectors[k * n + i]).collect()).collect(),
        }
    }

    /// Its inverse if it is positive definite and not so ill-conditioned that the inverse is noise.
    ///
    /// `None` where the smallest eigenvalue is below `smallest_ratio` times the largest.
    #[must_use]
    pub fn inverse_if_positive_definite(&self, smallest_ratio: f64) -> Option<Self> {
        let eigen = self.eigen();
        let (smallest, largest) = (*eigen.values.first()?, *eigen.values.last()?);
        if !(smallest > 0.0 && largest.is_finite() && smallest >= smallest_ratio * largest) {
            return None;
        }
        Some(Self::from_fn(self.size, |i, j| {
            eigen.values.iter().zip(&eigen.vectors).map(|(value, v)| v[i] * v[j] / value).sum()
        }))
    }

    /// Solves `self · x = right` by Cholesky's method; `None` unless the matrix is positive definite.
    #[must_use]
    pub fn solve(&self, right: &[f64]) -> Option<Vec<f64>> {
        let n = self.size;
        let mut lower = vec![0.0; n * n];
        for i in 0..n {
            for j in 0..=i {
                let dot: f64 = (0..j).map(|k| lower[i * n + k] * lower[j * n + k]).sum();
                let rest = self.at(i, j) - dot;
                if i == j {
                    if rest.is_nan() || rest <= 0.0 {
                        return None;
                    }
                    lower[i * n + i] = rest.sqrt();
                } else {
                    lower[i * n + j] = rest / lower[j * n + j];
                }
            }
        }
        let mut x = right.to_vec();
        for i in 0..n {
            let dot: f64 = (0..i).map(|k| lower[i * n + k] * x[k]).sum();
            x[i] = (x[i] - dot) / lower[i * n + i];
        }
        for i in (0..n).rev() {
            let dot: f64 = (i + 1..n).map(|k| lower[k * n + i] * x[k]).sum();
            x[i] = (x[i] - dot) / lower[i * n + i];
        }
        Some(x)
    }
}

/// Eigenvalues and eigenvectors of a symmetric matrix.
#[derive(Debug, Clone, PartialEq)]
pub struct Eigen {
    /// Ascending.
    pub values: Vec<f64>,
    /// The unit vector of each value.
    pub vectors: Vec<Vec<f64>>,
}

/// One Jacobi rotation that zeroes entry (p, q).
fn rotate(a: &mut [f64], vectors: &mut [f64], n: usize, p: usize, q: usize) {
    let pivot = a[p * n + q];
    if pivot.abs() <= f64::MIN_POSITIVE {
        return;
    }
    let theta = (a[q * n + q] - a[p * n + p]) / (2.0 * pivot);
    let tangent = theta.signum() / (theta.abs() + theta.hypot(1.0));
    let cosine = 1.0 / tangent.hypot(1.0);
    let sine = tangent * cosine;
    for k in 0..n {
        let (kp, kq) = (a[k * n + p], a[k * n + q]);
        (a[k * n + p], a[k * n + q]) = (cosine * kp - sine * kq, sine * kp + cosine * kq);
    }
    for k in 0..n {
        let (pk, qk) = (a[p * n + k], a[q * n + k]);
        (a[p * n + k], a[q * n + k]) = (cosine * pk - sine * qk, sine * pk + cosine * qk);
        let (kp, kq) = (vectors[k * n + p], vectors[k * n + q]);
        (vectors[k * n + p], vectors[k * n + q]) =
            (cosine * kp - sine * kq, sine * kp + cosine * kq);
    }
    (a[p * n + q], a[q * n + p]) = (0.0, 0.0);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hilbert(size: usize) -> SymmetricMatrix {
        SymmetricMatrix::from_fn(size, |i, j| 1.0 / (i + j + 1) as f64)
    }

    #[test]
    fn a_matrix_times_its_inverse_is_the_identity() {
        let matrix = hilbert(4);
        let inverse = matrix.inverse_if_positive_definite(1e-12).expect("positive definite");
        for i in 0..4 {
            for j in 0..4 {
                let entry: f64 = (0..4).map(|k| matrix.at(i, k) * inverse.at(k, j)).sum();
                let expected = if i == j { 1.0 } else { 0.0 };
                assert!((entry - expected).abs() < 1e-10, "{i} {j}: {entry}");
            }
        }
    }

    #[test]
    fn solving_undoes_multiplying() {
        let matrix = hilbert(3);
        let x = [1.0, -2.0, 0.5];
        let right: Vec<f64> =
            (0..3).map(|i| (0..3).map(|j| matrix.at(i, j) * x[j]).sum()).collect();
        let solved = matrix.solve(&right).expect("positive definite");
        assert!(solved.iter().zip(x).all(|(found, x)| (found - x).abs() < 1e-11));
    }

    #[test]
    fn an_indefinite_or_singular_matrix_has_no_inverse() {
        let indefinite = SymmetricMatrix::from_fn(2, |i, j| if i == j { 1.0 } else { 2.0 });
        assert!(indefinite.solve(&[1.0, 1.0]).is_none());
        assert!(indefinite.inverse_if_positive_definite(0.0).is_none());
        assert!((indefinite.eigen().values[0] + 1.0).abs() < 1e-14);
        let singular = SymmetricMatrix::from_fn(2, |_, _| 1.0);
        assert!(singular.inverse_if_positive_definite(1e-10).is_none());
    }
}
