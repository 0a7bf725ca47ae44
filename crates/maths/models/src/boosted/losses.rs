//! The losses of the heads and their derivatives with respect to the score.

use clv_numerics::boosted_trees::Derivatives;

/// Scores of the logarithmic heads stay within this of 0, so that no exponential overflows.
pub(super) const LARGEST_SCORE: f64 = 50.0;

/// Bernoulli: `score` is the logit of P(outcome); `outcome` is 0 or 1.
pub(super) fn bernoulli(score: f64, outcome: f64) -> Derivatives {
    let probability = logistic(score);
    let loss = score.max(0.0) + (-score.abs()).exp().ln_1p() - outcome * score;
    Derivatives {
        loss,
        gradient: probability - outcome,
        hessian: probability * (1.0 - probability),
    }
}

/// Poisson: `score` is the logarithm of the mean of the count.
pub(super) fn poisson(score: f64, count: f64) -> Derivatives {
    let mean = score.min(LARGEST_SCORE).exp();
    Derivatives { loss: mean - count * score, gradient: mean - count, hessian: mean }
}

/// Half the squared miss.
pub(super) fn squared(score: f64, target: f64) -> Derivatives {
    let miss = score - target;
    Derivatives { loss: 0.5 * miss * miss, gradient: miss, hessian: 1.0 }
}

/// Normal with known mean: `score` is the logarithm of the standard deviation, `residual` the miss of the mean. The
/// Hessian is its expectation, 2, because the observed one vanishes where the miss is small.
pub(super) fn ln_spread(score: f64, residual: f64) -> Derivatives {
    let score = score.clamp(-LARGEST_SCORE, LARGEST_SCORE);
    let square = residual * residual * (-2.0 * score).exp();
    Derivatives { loss: score + 0.5 * square, gradient: 1.0 - square, hessian: 2.0 }
}

/// 1 / (1 + exp(-x)).
pub(super) fn logistic(x: f64) -> f64 {
    if x >= 0.0 {
        1.0 / (1.0 + (-x).exp())
    } else {
        let odds = x.exp();
        odds / (1.0 + odds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gradients_are_the_slopes_of_the_losses() {
        let step = 1e-5;
        let heads: [fn(f64, f64) -> Derivatives; 4] = [bernoulli, poisson, squared, ln_spread];
        for head in heads {
            for score in [-3.0, -0.4, 0.0, 1.7] {
                for target in [0.0, 1.0] {
                    let slope = (head(score + step, target).loss - head(score - step, target).loss)
                        / (2.0 * step);
                    let at = head(score, target);
                    assert!((slope - at.gradient).abs() < 1e-6, "{score} {target}: {slope} {at:?}");
                    assert!(at.hessian > 0.0);
                }
            }
        }
    }
}
