//! Standard errors and covariance from the curvature of the likelihood at its maximum.

use clv_numerics::linear_algebra::SymmetricMatrix;

/// What the curvature says about the parameters' logarithms.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Uncertainty {
    /// Standard error of each logarithm; `None` where the parameter is not identified.
    pub(super) ln_standard_errors: Vec<Option<f64>>,
    /// Covariance of the logarithms along the identified directions.
    pub(super) ln_covariance: Option<Vec<Vec<f64>>>,
    /// Parameters that run along a flat direction, by position; one list for each such direction.
    pub(super) ridges: Vec<Vec<usize>>,
}

/// A direction whose logarithm is uncertain by more than this (a factor of e^2 = 7) counts as a ridge.
const RIDGE_STANDARD_ERROR: f64 = 2.0;

/// A parameter belongs to a ridge if its share of the unit direction is at least this.
const RIDGE_SHARE: f64 = 0.2;

/// From the Hessian of the mean negative log-likelihood in the logarithms of the parameters.
///
/// `is_free` marks the parameters that are not held at a bound; the others get no standard error.
pub(super) fn uncertainty(
    hessian: &SymmetricMatrix,
    n_customers: f64,
    is_free: &[bool],
) -> Uncertainty {
    let n = hessian.size();
    let free: Vec<usize> = (0..n).filter(|&i| is_free[i]).collect();
    let eigen = SymmetricMatrix::from_fn(free.len(), |i, j| hessian.at(free[i], free[j])).eigen();
    let mut covariance = vec![vec![0.0; n]; n];
    let mut is_identified = is_free.to_vec();
    let mut ridges = Vec::new();
    let mut n_identified = 0;
    for (value, vector) in eigen.values.iter().zip(&eigen.vectors) {
        let variance = 1.0 / (value * n_customers);
        if value.is_finite() && *value > 0.0 && variance.sqrt() < RIDGE_STANDARD_ERROR {
            n_identified += 1;
            for (&i, vi) in free.iter().zip(vector) {
                for (&j, vj) in free.iter().zip(vector) {
                    covariance[i][j] += vi * vj * variance;
                }
            }
        } else {
            let members: Vec<usize> = free
                .iter()
                .zip(vector)
                .filter(|(_, share)| share.is_nan() || share.abs() >= RIDGE_SHARE)
                .map(|(&i, _)| i)
                .collect();
            members.iter().for_each(|&i| is_identified[i] = false);
            ridges.push(members);
        }
    }
    let ln_standard_errors =
        (0..n).map(|i| is_identified[i].then(|| covariance[i][i].sqrt())).collect();
    let ln_covariance = (n_identified > 0).then_some(covariance);
    Uncertainty { ln_standard_errors, ln_covariance, ridges }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail")]
mod tests {
    use super::*;

    #[test]
    fn a_flat_direction_is_a_ridge_and_gets_no_standard_error() {
        // Flat along (1, 1, 0), steep across and in the third parameter.
        let rows = [[1.0, -1.0, 0.0], [-1.0, 1.0, 0.0], [0.0, 0.0, 0.25]];
        let hessian = SymmetricMatrix::from_fn(3, |i, j| rows[i][j]);
        let found = uncertainty(&hessian, 100.0, &[true; 3]);
        assert_eq!(found.ridges, [[0, 1]]);
        assert!(found.ln_standard_errors[0].is_none() && found.ln_standard_errors[1].is_none());
        assert!((found.ln_standard_errors[2].unwrap() - 0.2).abs() < 1e-12);
    }

    #[test]
    fn what_is_held_at_a_bound_has_no_standard_error() {
        let hessian = SymmetricMatrix::from_fn(2, |i, j| if i == j { 1.0 } else { 0.9 });
        let found = uncertainty(&hessian, 100.0, &[true, false]);
        assert!((found.ln_standard_errors[0].unwrap() - 0.1).abs() < 1e-12);
        assert!(found.ln_standard_errors[1].is_none() && found.ridges.is_empty());
    }
}
