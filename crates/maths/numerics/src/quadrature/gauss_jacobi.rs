//! Means under a beta distribution by Gauss-Jacobi quadrature.
//!
//! The rule of `n` points is exact for polynomials of degree `2n - 1`. It comes from the symmetric tridiagonal
//! matrix of the Jacobi polynomials' recurrence [GolubWelsch1969]: its eigenvalues are the points, and the
//! squared first components of its eigenvectors are the weights. With both shapes 1 it is Gauss-Legendre on
//! [0, 1].

/// Points in (0, 1) and weights that sum to one: the mean of a smooth function of a beta variable.
#[derive(Debug, Clone, PartialEq)]
pub struct BetaMeanRule {
    points: Vec<f64>,
    weights: Vec<f64>,
}

impl BetaMeanRule {
    /// The Gauss rule of `n` points for the beta distribution with shapes `a` and `b`, both above 0.
    ///
    /// Points are accurate to about 1e-16 of the interval, weights to about 1e-14 relative to the largest.
    ///
    /// ```
    /// use clv_numerics::quadrature::gauss_jacobi::BetaMeanRule;
    /// let rule = BetaMeanRule::new(8, 2.0, 3.0);
    /// assert!((rule.mean(|p| p) - 0.4).abs() < 1e-14);
    /// ```
    #[must_use]
    pub fn new(n: usize, a: f64, b: f64) -> Self {
        let (mut diagonal, mut beside) = jacobi_recurrence(n, a, b);
        let mut first = vec![0.0; n];
        if let Some(entry) = first.first_mut() {
            *entry = 1.0;
        }
        diagonalise(&mut diagonal, &mut beside, &mut first);
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|&i, &j| diagonal[i].total_cmp(&diagonal[j]));
        let points = order.iter().map(|&i| (0.5 * (1.0 + diagonal[i])).clamp(0.0, 1.0)).collect();
        let weights = order.iter().map(|&i| first[i] * first[i]).collect();
        Self { points, weights }
    }

    /// The points, ascending in [0, 1].
    #[must_use]
    pub fn points(&self) -> &[f64] {
        &self.points
    }

    /// The weight of each point; they sum to one.
    #[must_use]
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// The mean of `function` over the distribution.
    #[must_use]
    pub fn mean(&self, function: impl Fn(f64) -> f64) -> f64 {
        self.points
            .iter()
            .zip(&self.weights)
            .map(|(&point, &weight)| weight * function(point))
            .sum()
    }
}

/// Diagonal and off-diagonal of the Jacobi matrix on [-1, 1] for weight (1-x)^(b-1) (1+x)^(a-1).
fn jacobi_recurrence(n: usize, a: f64, b: f64) -> (Vec<f64>, Vec<f64>) {
    let (at_one, at_minus_one) = (b - 1.0, a - 1.0);
    let sum = at_one + at_minus_one;
    let mut diagonal = Vec::with_capacity(n);
    let mut beside = Vec::with_capacity(n);
    for k in 0..n {
        let kf = k as f64;
        let twice = 2.0 * kf + sum;
        diagonal.push(if k == 0 {
            (a - b) / (a + b)
        } else {
            (at_minus_one - at_one) * sum / (twice * (twice + 2.0))
        });
        let m = kf + 1.0;
        let twice = 2.0 * m + sum;
        let squared = if k == 0 {
            4.0 * a * b / ((a + b) * (a + b) * (a + b + 1.0))
        } else {
            4.0 * m * (m + at_one) * (m + at_minus_one) * (m + sum)
                / (twice * twice * (twice + 1.0) * (twice - 1.0))
        };
        beside.push(squared.sqrt());
    }
    (diagonal, beside)
}

/// Eigenvalues of a symmetric tridiagonal matrix into `diagonal`, and the first components of its normalised
/// eigenvectors into `first`: implicit shifted QL, at most 60 sweeps for each value.
fn diagonalise(diagonal: &mut [f64], beside: &mut [f64], first: &mut [f64]) {
    let n = diagonal.len();
    if n == 0 {
        return;
    }
    beside[n - 1] = 0.0;
    for low in 0..n {
        for _ in 0..60 {
            let mut high = low;
            while high + 1 < n {
                let scale = diagonal[high].abs() + diagonal[high + 1].abs();
                if beside[high].abs() <= f64::EPSILON * scale {
                    break;
                }
                high += 1;
            }
            if high == low {
                break;
            }
            let mut g = (diagonal[low + 1] - diagonal[low]) / (2.0 * beside[low]);
            let mut r = g.hypot(1.0);
            g = diagonal[high] - diagonal[low] + beside[low] / (g + r.copysign(g));
            let (mut sine, mut cosine, mut shift) = (1.0, 1.0, 0.0);
            let mut is_split = false;
            for i in (low..high).rev() {
                let f = sine * beside[i];
                let c = cosine * beside[i];
                r = f.hypot(g);
                beside[i + 1] = r;
                if r <= 0.0 {
                    diagonal[i + 1] -= shift;
                    is_split = true;
                    break;
                }
                sine = f / r;
                cosine = g / r;
                g = diagonal[i + 1] - shift;
                r = (diagonal[i] - g) * sine + 2.0 * cosine * c;
                shift = sine * r;
                diagonal[i + 1] = g + shift;
                g = cosine * r - c;
                let upper = first[i + 1];
                first[i + 1] = sine * first[i] + cosine * upper;
                first[i] = cosine * first[i] - sine * upper;
            }
            if is_split {
                beside[high] = 0.0;
                continue;
            }
            diagonal[low] -= shift;
            beside[low] = g;
            beside[high] = 0.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::BetaMeanRule;

    fn rising(shape: f64, k: usize) -> f64 {
        (0..k).map(|i| shape + i as f64).product()
    }

    #[test]
    fn the_rule_gives_the_moments_of_the_beta_distribution() {
        for (a, b) in [(1.0, 1.0), (0.5, 0.5), (1e-3, 2.0), (0.79, 2.4), (30.0, 0.01), (1e4, 1e4)] {
            for n in [1, 2, 5, 16, 32] {
                let rule = BetaMeanRule::new(n, a, b);
                for k in 0..(2 * n).min(9) {
                    let exact = rising(a, k) / rising(a + b, k);
                    let got = rule.mean(|p| p.powi(k as i32));
                    assert!(
                        ((got - exact) / exact).abs() < 1e-11,
                        "{a} {b} {n} {k}: {got} {exact}"
                    );
                }
            }
        }
    }
}
