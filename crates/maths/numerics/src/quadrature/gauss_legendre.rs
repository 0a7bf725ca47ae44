//! Gauss-Legendre rules: exact for polynomials of degree 2n - 1 on an interval.

use std::f64::consts::PI;
use std::sync::OnceLock;

/// Nodes and weights of a Gauss-Legendre rule on [-1, 1].
#[derive(Debug, Clone, PartialEq)]
pub struct GaussLegendre {
    nodes: Vec<f64>,
    weights: Vec<f64>,
}

/// The largest rule that [`gauss_legendre`] keeps.
pub const LARGEST_KEPT_RULE: usize = 64;

/// The rule with `n_nodes` nodes, computed once for each size and then kept.
///
/// Sizes from 1 to [`LARGEST_KEPT_RULE`] are kept; a smaller or larger request gets the nearest of them. For
/// more nodes build [`GaussLegendre::new`] and keep it.
///
/// ```
/// let rule = clv_numerics::quadrature::gauss_legendre(8);
/// let integral = rule.integrate(0.0, 1.0, f64::exp);
/// assert!((integral - (1f64.exp() - 1.0)).abs() < 1e-15);
/// ```
#[must_use]
pub fn gauss_legendre(n_nodes: usize) -> &'static GaussLegendre {
    static RULES: [OnceLock<GaussLegendre>; LARGEST_KEPT_RULE] =
        [const { OnceLock::new() }; LARGEST_KEPT_RULE];
    let n_nodes = n_nodes.clamp(1, LARGEST_KEPT_RULE);
    RULES[n_nodes - 1].get_or_init(|| GaussLegendre::new(n_nodes))
}

impl GaussLegendre {
    /// A rule with `n_nodes` nodes (at least 1), by Newton's method on the Legendre polynomial.
    ///
    /// Nodes are good to 1e-15 absolute, weights to 1e-14 relative.
    #[must_use]
    pub fn new(n_nodes: usize) -> Self {
        let n_nodes = n_nodes.max(1);
        let mut nodes = vec![0.0; n_nodes];
        let mut weights = vec![0.0; n_nodes];
        for half in 0..n_nodes.div_ceil(2) {
            let (node, weight) = nonnegative_node(n_nodes, half);
            (nodes[half], weights[half]) = (-node, weight);
            (nodes[n_nodes - 1 - half], weights[n_nodes - 1 - half]) = (node, weight);
        }
        Self { nodes, weights }
    }

    /// Nodes in [-1, 1], ascending.
    #[must_use]
    pub fn nodes(&self) -> &[f64] {
        &self.nodes
    }

    /// Weights, one for each node; they sum to 2.
    #[must_use]
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// Node and weight on [0, 1], one pair for each node; the weights sum to 1.
    pub fn on_unit_interval(&self) -> impl Iterator<Item = (f64, f64)> {
        self.nodes
            .iter()
            .zip(&self.weights)
            .map(|(node, weight)| (0.5 * (1.0 + node), 0.5 * weight))
    }

    /// The integral of `integrand` from `lower` to `upper`.
    pub fn integrate(&self, lower: f64, upper: f64, mut integrand: impl FnMut(f64) -> f64) -> f64 {
        let length = upper - lower;
        let sum: f64 = self
            .on_unit_interval()
            .map(|(node, weight)| weight * integrand(lower + length * node))
            .sum();
        length * sum
    }
}

/// The `half`-th largest node of the rule and its weight, with the middle node of an odd rule exactly 0.
fn nonnegative_node(n_nodes: usize, half: usize) -> (f64, f64) {
    let n = n_nodes as f64;
    // Tricomi's first approximation is good to O(n^-4): three Newton steps reach rounding.
    let theta = PI * (4.0 * half as f64 + 3.0) / (4.0 * n + 2.0);
    let mut node = (1.0 - (n - 1.0) / (8.0 * n * n * n)) * theta.cos();
    if 2 * half + 1 == n_nodes {
        node = 0.0;
    }
    for _ in 0..8 {
        let (value, derivative) = legendre(n_nodes, node);
        let step = value / derivative;
        node -= step;
        if step.abs() < 1e-16 {
            break;
        }
    }
    let (_, derivative) = legendre(n_nodes, node);
    (node, 2.0 / ((1.0 - node) * (1.0 + node) * derivative * derivative))
}

/// The Legendre polynomial of this degree and its derivative, for |x| < 1.
fn legendre(degree: usize, x: f64) -> (f64, f64) {
    let (mut previous, mut current) = (1.0, x);
    for k in 2..=degree {
        let k = k as f64;
        // Written as a correction, which loses fewer digits than the usual three-term form.
        let next = x * current + (1.0 - 1.0 / k) * (x * current - previous);
        (previous, current) = (current, next);
    }
    let derivative = degree as f64 * (previous - x * current) / ((1.0 - x) * (1.0 + x));
    (current, derivative)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_is_exact_for_polynomials_up_to_its_degree() {
        for n_nodes in 1..=LARGEST_KEPT_RULE {
            let rule = gauss_legendre(n_nodes);
            for degree in [0, 1, n_nodes, 2 * n_nodes - 2, 2 * n_nodes - 1] {
                let exact = 1.0 / (degree as f64 + 1.0);
                let sum = rule.integrate(0.0, 1.0, |x| x.powi(degree as i32));
                assert!(
                    (sum / exact - 1.0).abs() < 5e-14,
                    "{n_nodes} nodes, degree {degree}: {sum}"
                );
            }
        }
    }

    #[test]
    fn weights_sum_to_the_length_of_the_interval() {
        for n_nodes in [8, 12, 16, 24, 32, 64, 256] {
            let sum: f64 = GaussLegendre::new(n_nodes).weights().iter().sum();
            assert!((sum - 2.0).abs() < 1e-14, "{n_nodes} nodes: {sum}");
        }
    }
}
