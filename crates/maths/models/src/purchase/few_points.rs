//! A law of many points in few: the Gauss rule that has the same moments.

/// The Gauss rule of `n` nodes for a law given as values with weights that sum to 1: nodes ascending, with their weights.
///
/// The mean of a smooth function of the value is that of the law, exactly so for polynomials of degree 2n - 1. The
/// recurrence of the orthogonal polynomials is by Stieltjes; their roots by bisection on the number of sign changes.
/// A law of at most `n` points is its own rule.
pub(super) fn few_points(law: &[(f64, f64)], n: usize) -> Vec<(f64, f64)> {
    if law.len() <= n {
        return law.to_vec();
    }
    let mean: f64 = law.iter().map(|(value, weight)| value * weight).sum();
    let variance: f64 = law.iter().map(|(value, weight)| weight * (value - mean).powi(2)).sum();
    let scale = variance.sqrt();
    if !scale.is_normal() {
        return vec![(mean, 1.0)];
    }
    let scaled: Vec<f64> = law.iter().map(|(value, _)| (value - mean) / scale).collect();
    // The polynomials at the law's values, orthonormal; centres and widths of their recurrence.
    let (mut before, mut at) = (vec![0.0; law.len()], vec![1.0; law.len()]);
    let (mut centres, mut widths) = (Vec::with_capacity(n), vec![0.0]);
    for _ in 0..n {
        let centre: f64 =
            law.iter().zip(&scaled).zip(&at).map(|(((_, w), x), p)| w * x * p * p).sum();
        let width = widths.last().copied().unwrap_or(0.0);
        let mut next: Vec<f64> = scaled
            .iter()
            .zip(at.iter().zip(&before))
            .map(|(x, (at, before))| (x - centre) * at - width * before)
            .collect();
        let norm: f64 = law.iter().zip(&next).map(|((_, w), p)| w * p * p).sum::<f64>().sqrt();
        centres.push(centre);
        if norm < 1e-12 {
            break;
        }
        next.iter_mut().for_each(|p| *p /= norm);
        widths.push(norm);
        before = std::mem::replace(&mut at, next);
    }
    let n = centres.len();
    let polynomials = |x: f64| {
        let mut values = vec![1.0];
        for j in 0..n {
            let before = if j > 0 { values[j - 1] } else { 0.0 };
            let next = (x - centres[j]) * values[j] - widths[j] * before;
            // The last one's scale is of no account.
            values.push(next / widths.get(j + 1).copied().unwrap_or(1.0));
        }
        values
    };
    let n_above = |x: f64| {
        let values = polynomials(x);
        values.windows(2).filter(|pair| pair[0] * pair[1] < 0.0).count()
    };
    let (first, last) =
        (scaled.iter().copied().fold(0.0, f64::min), scaled.iter().copied().fold(0.0, f64::max));
    let node = |i: usize| {
        let (mut low, mut high) = (first, last);
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            if n_above(middle) >= n - i { low = middle } else { high = middle }
        }
        0.5 * (low + high)
    };
    let rule: Vec<(f64, f64)> = (0..n)
        .map(|i| {
            let x = node(i);
            let values = polynomials(x);
            (mean + scale * x, 1.0 / values[..n].iter().map(|p| p * p).sum::<f64>())
        })
        .collect();
    let total: f64 = rule.iter().map(|(_, weight)| weight).sum();
    rule.into_iter().map(|(value, weight)| (value, weight / total)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_points_have_the_moments_of_many() {
        let many: Vec<(f64, f64)> =
            (0..50).map(|i| (0.1 * f64::from(i) - 1.0, 1.0 / 50.0)).collect();
        let few = few_points(&many, 6);
        assert_eq!(few.len(), 6);
        for degree in 0..12 {
            let moment = |law: &[(f64, f64)]| -> f64 {
                law.iter().map(|(value, weight)| weight * value.powi(degree)).sum()
            };
            let (found, expected) = (moment(&few), moment(&many));
            assert!(
                (found - expected).abs() < 1e-11 * expected.abs().max(1.0),
                "{degree}: {found} {expected}"
            );
        }
    }
}
