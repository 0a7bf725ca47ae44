//! Periods in which everybody buys more or less: factors from counts and what a model expected, pulled towards 1 as
//! far as the counts are few.
//!
//! The count C of a period is Poisson with mean m E, where E is what the model expects without any season and the
//! factor m is gamma distributed over periods with mean 1 and shape κ. So C is negative binomial, κ follows from all
//! counts by maximum likelihood (empirical Bayes), and a period's factor is known by its posterior, gamma with shape
//! κ + C and rate κ + E. Without any season κ grows without bound and all factors become 1.

use clv_numerics::gamma::ln_gamma;

/// Factors of periods, with how sure they are.
#[derive(Debug, Clone, PartialEq)]
pub struct PeriodFactors {
    /// Posterior mean of each period's factor, above 0.
    pub factors: Vec<f64>,
    /// Posterior standard deviation of each.
    pub standard_deviations: Vec<f64>,
    /// The shape κ: how many expected purchases weigh as much as the belief that the factor is 1.
    pub strength: f64,
    /// Twice the log-likelihood gained over factors that are all 1.
    pub likelihood_ratio: f64,
}

/// Least and largest strength tried: factors that differ by hundreds, and factors that are 1 to three digits.
const STRENGTHS: [f64; 2] = [1e-2, 1e6];

/// The factors of periods with these counts and expectations, both at least 0 and finite, one for each period.
///
/// Counts of customers vary more than Poisson counts where purchases come in bursts; `overdispersion` (at least 1)
/// divides counts and expectations alike before they are weighed, so that bursts are not taken for seasons.
///
/// ```
/// use clv_models::season::period_factors;
/// let found = period_factors(&[50.0, 100.0, 210.0], &[100.0, 100.0, 100.0], 1.0);
/// assert!(found.factors[0] < 0.6 && found.factors[2] > 1.9);
/// let nothing = period_factors(&[99.0, 100.0, 101.0], &[100.0, 100.0, 100.0], 1.0);
/// assert!(nothing.factors.iter().all(|factor| (factor - 1.0).abs() < 0.01));
/// ```
#[must_use]
pub fn period_factors(counts: &[f64], expected: &[f64], overdispersion: f64) -> PeriodFactors {
    let weigh = |values: &[f64]| -> Vec<f64> {
        values.iter().map(|value| value.max(0.0) / overdispersion.max(1.0)).collect()
    };
    let (counts, expected) = (weigh(counts), weigh(expected));
    let gain = |ln_strength: f64| ln_gain(&counts, &expected, ln_strength.exp());
    let ln_strength = largest(gain, STRENGTHS.map(f64::ln));
    let strength = ln_strength.exp();
    let shape_and_rate =
        || counts.iter().zip(&expected).map(|(count, mean)| (strength + count, strength + mean));
    PeriodFactors {
        factors: shape_and_rate().map(|(shape, rate)| shape / rate).collect(),
        standard_deviations: shape_and_rate().map(|(shape, rate)| shape.sqrt() / rate).collect(),
        strength,
        likelihood_ratio: 2.0 * gain(ln_strength).max(0.0),
    }
}

/// Log-likelihood of the negative binomial with this shape over that of the Poisson law.
fn ln_gain(counts: &[f64], expected: &[f64], strength: f64) -> f64 {
    counts
        .iter()
        .zip(expected)
        .map(|(count, mean)| {
            // Γ(κ+C)/Γ(κ) κ^-C · (1 + E/κ)^-(κ+C) · e^E
            ln_gamma(strength + count)
                - ln_gamma(strength)
                - count * strength.ln()
                - (strength + count) * (mean / strength).ln_1p()
                + mean
        })
        .sum()
}

/// Where a function with one peak between two bounds is largest, by golden sections.
fn largest(of: impl Fn(f64) -> f64, [mut low, mut high]: [f64; 2]) -> f64 {
    let golden = 0.5 * (5.0_f64.sqrt() - 1.0);
    let mut left = high - golden * (high - low);
    let mut right = low + golden * (high - low);
    let (mut at_left, mut at_right) = (of(left), of(right));
    for _ in 0..60 {
        if at_left > at_right {
            (high, right, at_right) = (right, left, at_left);
            left = high - golden * (high - low);
            at_left = of(left);
        } else {
            (low, left, at_left) = (left, right, at_right);
            right = low + golden * (high - low);
            at_right = of(right);
        }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::StdRng;
    use rand_distr::{Distribution, Poisson};

    use super::*;

    #[test]
    fn factors_are_found_again_within_their_standard_deviations() {
        let truth = [0.5, 0.8, 0.9, 1.0, 1.0, 1.1, 1.2, 1.5];
        let mut random = StdRng::seed_from_u64(1);
        let (mut n_within, mut n) = (0, 0);
        for _ in 0..200 {
            let expected = [150.0; 8];
            let counts: Vec<f64> = truth
                .iter()
                .map(|factor| {
                    Poisson::new(factor * 150.0).map_or(0.0, |poisson| poisson.sample(&mut random))
                })
                .collect();
            let found = period_factors(&counts, &expected, 1.0);
            for (place, factor) in truth.iter().enumerate() {
                let error = (found.factors[place] - factor) / found.standard_deviations[place];
                n_within += i32::from(error.abs() < 1.645);
                n += 1;
            }
        }
        // 90 % of 1,600; the standard error of the share is 0.75 points, shrinkage costs a little.
        let share = f64::from(n_within) / f64::from(n);
        assert!((0.86..0.94).contains(&share), "{share}");
    }

    #[test]
    fn nothing_and_extremes_give_numbers() {
        for (counts, expected) in [
            (vec![], vec![]),
            (vec![0.0], vec![0.0]),
            (vec![0.0, 5.0], vec![0.0, 0.0]),
            (vec![1e9, 0.0], vec![1.0, 1e9]),
        ] {
            let found = period_factors(&counts, &expected, 1.0);
            assert!(found.factors.iter().all(|factor| factor.is_finite() && *factor > 0.0));
            assert!(found.likelihood_ratio.is_finite());
        }
    }
}
