//! Points spread around a mode by a multivariate Student's law: proposals for importance sampling.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::NormalApproximation;
use crate::distribution::{gamma_quantile, normal_quantile};

/// A point and the law it comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct StudentProposal {
    /// The point.
    pub point: Vec<f64>,
    /// Logarithm of the proposing density there, up to a constant that all points share.
    pub ln_density: f64,
}

/// `n_points` points of the multivariate Student's law with `degrees_of_freedom` around a normal approximation.
///
/// The points fill the law evenly: they are a randomly shifted additive sequence in as many dimensions as there are
/// variables and one more for the scale [Roberts2018], so that means over them converge faster than over independent
/// draws. `seed` gives the shift. Heavier tails than the normal law's keep importance ratios bounded where the
/// target's tails are a little heavier than normal.
///
/// ```
/// use clv_numerics::linear_algebra::SymmetricMatrix;
/// use clv_numerics::posterior::{NormalApproximation, student_proposals};
/// let precision = SymmetricMatrix::from_fn(1, |_, _| 4.0);
/// let normal = NormalApproximation::new(&[3.0], &precision, 1e-9);
/// let points = student_proposals(&normal, 1000, 5.0, 7);
/// let mean: f64 = points.iter().map(|proposal| proposal.point[0]).sum::<f64>() / 1000.0;
/// assert!((mean - 3.0).abs() < 0.01);
/// ```
#[must_use]
pub fn student_proposals(
    normal: &NormalApproximation,
    n_points: usize,
    degrees_of_freedom: f64,
    seed: u64,
) -> Vec<StudentProposal> {
    let n = normal.size();
    let steps = additive_steps(n + 1);
    let mut random = StdRng::seed_from_u64(seed);
    let shifts: Vec<f64> = (0..=n).map(|_| random.random::<f64>()).collect();
    (0..n_points)
        .map(|i| {
            let uniform = |dimension: usize| {
                let place = (shifts[dimension] + i as f64 * steps[dimension]).fract();
                place.clamp(1e-12, 1.0 - 1e-12)
            };
            let chi_squared = gamma_quantile(0.5 * degrees_of_freedom, 0.5, uniform(n));
            let stretch = (degrees_of_freedom / chi_squared).sqrt();
            let standard: Vec<f64> =
                (0..n).map(|k| stretch * normal_quantile(uniform(k))).collect();
            let distance: f64 = standard.iter().map(|z| z * z).sum();
            let ln_density =
                -0.5 * (degrees_of_freedom + n as f64) * (distance / degrees_of_freedom).ln_1p();
            StudentProposal { point: normal.point(&standard), ln_density }
        })
        .collect()
}

/// The powers of 1/g, where g solves g^(d+1) = g + 1 for d dimensions: the golden ratio's kin.
fn additive_steps(n_dimensions: usize) -> Vec<f64> {
    let exponent = 1.0 / (n_dimensions as f64 + 1.0);
    let mut ratio: f64 = 2.0;
    // A contraction by at least one half: sixty steps reach rounding.
    for _ in 0..60 {
        ratio = (1.0 + ratio).powf(exponent);
    }
    (1..=n_dimensions).map(|k| ratio.powi(-(k as i32)).fract()).collect()
}
