//! A Hessian in the shape of an arrow: parameters go with every group, groups go with none but their own effects.

use clv_numerics::linear_algebra::SymmetricMatrix;

/// The slopes' differences along one number: those in the parameters, and those in each group's effects.
type Differences = (Vec<f64>, Vec<Vec<f64>>);

/// The curvature of the negative log-likelihood, without priors.
#[derive(Debug, Clone)]
pub(super) struct Curvature {
    point: SymmetricMatrix,
    /// For each group, for each of its effects, the mixed derivatives with the parameters.
    mixed: Vec<Vec<Vec<f64>>>,
    /// Each group's own block, without directions of negative curvature.
    groups: Vec<SymmetricMatrix>,
}

impl Curvature {
    /// From the differences along each parameter and along each effect of all groups at once.
    pub(super) fn new(along_point: &[Differences], along_effects: &[Vec<Vec<f64>>]) -> Self {
        let n_effects = along_effects.len();
        let n_groups = along_effects.first().map_or(0, Vec::len);
        let point = SymmetricMatrix::from_fn(along_point.len(), |i, j| along_point[i].0[j]);
        let mixed = (0..n_groups)
            .map(|group| {
                (0..n_effects)
                    .map(|effect| along_point.iter().map(|along| along.1[group][effect]).collect())
                    .collect()
            })
            .collect();
        let groups = (0..n_groups)
            .map(|group| {
                without_negative(&SymmetricMatrix::from_fn(n_effects, |i, j| {
                    along_effects[i][group][j]
                }))
            })
            .collect();
        Self { point, mixed, groups }
    }

    /// The block of one group.
    pub(super) fn of_group(&self, group: usize) -> &SymmetricMatrix {
        &self.groups[group]
    }
}

fn without_negative(matrix: &SymmetricMatrix) -> SymmetricMatrix {
    let eigen = matrix.eigen();
    SymmetricMatrix::from_fn(matrix.size(), |i, j| {
        let parts = eigen.values.iter().zip(&eigen.vectors);
        parts.map(|(value, v)| value.max(0.0) * v[i] * v[j]).sum()
    })
}

/// The curvature with the priors, its groups taken out.
#[derive(Debug, Clone)]
pub(super) struct Arrow {
    mixed: Vec<Vec<Vec<f64>>>,
    /// For each group the inverse of its block with its prior: the variance of its effects, parameters given.
    left: Vec<SymmetricMatrix>,
    /// What is left for the parameters once the groups are taken out, with the penalty and without.
    reduced: SymmetricMatrix,
    marginal: SymmetricMatrix,
    half_ln_spread: f64,
}

impl Arrow {
    /// `n_base` parameters come before the penalised effects of covariates.
    pub(super) fn new(curvature: &Curvature, spreads: &[f64], n_base: usize, l2: f64) -> Self {
        let n_effects = spreads.len();
        let mut half_ln_spread = 0.0;
        let left: Vec<SymmetricMatrix> = curvature
            .groups
            .iter()
            .map(|block| {
                // With σ taken out, I + σDσ has no eigenvalue below 1 whatever the spread.
                let scaled = SymmetricMatrix::from_fn(n_effects, |i, j| {
                    let unit = if i == j { 1.0 } else { 0.0 };
                    unit + spreads[i] * block.at(i, j) * spreads[j]
                });
                let eigen = scaled.eigen();
                half_ln_spread += eigen.values.iter().map(|value| 0.5 * value.ln()).sum::<f64>();
                SymmetricMatrix::from_fn(n_effects, |i, j| {
                    let parts = eigen.values.iter().zip(&eigen.vectors);
                    let inverse: f64 = parts.map(|(value, v)| v[i] * v[j] / value).sum();
                    spreads[i] * inverse * spreads[j]
                })
            })
            .collect();
        let n = curvature.point.size();
        let mut taken_out = vec![0.0; n * n];
        for (mixed, left) in curvature.mixed.iter().zip(&left) {
            for (k, along_k) in mixed.iter().enumerate() {
                for (l, along_l) in mixed.iter().enumerate() {
                    let variance = left.at(k, l);
                    for i in 0..n {
                        for j in 0..n {
                            taken_out[i * n + j] += along_k[i] * variance * along_l[j];
                        }
                    }
                }
            }
        }
        let marginal =
            SymmetricMatrix::from_fn(n, |i, j| curvature.point.at(i, j) - taken_out[i * n + j]);
        let reduced = SymmetricMatrix::from_fn(n, |i, j| {
            let penalty = if i == j && i >= n_base { 2.0 * l2 } else { 0.0 };
            marginal.at(i, j) + penalty
        });
        Self { mixed: curvature.mixed.clone(), left, reduced, marginal, half_ln_spread }
    }

    /// Half the sum over groups of ln |I + σDσ|: what Laplace's approximation takes off the joint likelihood.
    pub(super) fn half_ln_spread(&self) -> f64 {
        self.half_ln_spread
    }

    /// The curvature that the parameters have with the groups' effects integrated out, a customer.
    pub(super) fn marginal(&self, n_customers: f64) -> SymmetricMatrix {
        SymmetricMatrix::from_fn(self.marginal.size(), |i, j| self.marginal.at(i, j) / n_customers)
    }

    /// Variances of a group's effects, parameters given.
    pub(super) fn variance_left(&self, group: usize) -> Vec<f64> {
        let left = &self.left[group];
        (0..left.size()).map(|k| left.at(k, k)).collect()
    }

    /// Variances of a group's effects with the parameters' own `covariance`.
    pub(super) fn variance(&self, group: usize, covariance: &[Vec<f64>]) -> Vec<f64> {
        let (left, mixed) = (&self.left[group], &self.mixed[group]);
        let n = covariance.len();
        (0..left.size())
            .map(|k| {
                let along: Vec<f64> = (0..n)
                    .map(|i| (0..left.size()).map(|l| left.at(k, l) * mixed[l][i]).sum())
                    .collect();
                let from_parameters: f64 = (0..n)
                    .map(|i| (0..n).map(|j| along[i] * covariance[i][j] * along[j]).sum::<f64>())
                    .sum();
                left.at(k, k) + from_parameters
            })
            .collect()
    }

    /// The Newton step uphill from slopes of the penalised log-likelihood; no parameter moves by more than 1.
    pub(super) fn step(
        &self,
        of_point: &[f64],
        of_effects: &[Vec<f64>],
    ) -> (Vec<f64>, Vec<Vec<f64>>) {
        let mut right = of_point.to_vec();
        for ((mixed, left), slopes) in self.mixed.iter().zip(&self.left).zip(of_effects) {
            for (k, along) in mixed.iter().enumerate() {
                let pull: f64 = slopes.iter().enumerate().map(|(l, s)| left.at(k, l) * s).sum();
                right.iter_mut().zip(along).for_each(|(right, along)| *right -= along * pull);
            }
        }
        let mut point = downhill(&self.reduced, &right);
        let longest = point.iter().fold(0.0_f64, |most, by| most.max(by.abs()));
        if longest > 1.0 {
            point.iter_mut().for_each(|by| *by /= longest);
        }
        let effects = self
            .mixed
            .iter()
            .zip(&self.left)
            .zip(of_effects)
            .map(|((mixed, left), slopes)| {
                let rest: Vec<f64> = slopes
                    .iter()
                    .zip(mixed)
                    .map(|(slope, along)| {
                        slope - along.iter().zip(&point).map(|(a, by)| a * by).sum::<f64>()
                    })
                    .collect();
                (0..left.size())
                    .map(|k| rest.iter().enumerate().map(|(l, rest)| left.at(k, l) * rest).sum())
                    .collect()
            })
            .collect();
        (point, effects)
    }
}

/// Solves for a step, following directions of negative or vanishing curvature the way the slope points.
fn downhill(matrix: &SymmetricMatrix, right: &[f64]) -> Vec<f64> {
    let eigen = matrix.eigen();
    let most = eigen.values.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
    let mut step = vec![0.0; right.len()];
    for (value, vector) in eigen.values.iter().zip(&eigen.vectors) {
        let along: f64 = vector.iter().zip(right).map(|(v, r)| v * r).sum();
        let stiffness = value.abs().max(1e-10 * most).max(f64::MIN_POSITIVE);
        step.iter_mut().zip(vector).for_each(|(step, v)| *step += along / stiffness * v);
    }
    step
}
