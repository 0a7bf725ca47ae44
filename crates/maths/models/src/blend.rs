//! Weights under which several forecasts together err least: a stacked blend.
//!
//! Weights are at least 0 and sum to 1, for each segment of customers [Breiman1996]. They minimise what the blend errs by on
//! forecasts of the past, as a compromise of three errors on one scale: mean absolute error, root mean squared
//! error (twice) and the squared miss of the total. The first two are over the lowest that any single forecast
//! reaches there. Absolute error alone would favour forecasts of nothing for whoever buys seldom; the other two do not.

/// Steps of the search.
const MOST_STEPS: usize = 400;
/// What squared error counts for, where absolute error counts 1.
const WEIGHT_OF_SQUARED: f64 = 2.0;
/// What the squared relative miss of the total counts for.
const WEIGHT_OF_TOTAL: f64 = 1.0;
/// What pulls a segment's weights towards everyone's: the price of a squared difference of 1.
const PULL: f64 = 0.1;
/// Outcomes of one past forecast beyond this many are thinned evenly.
const MOST_OUTCOMES: usize = 5_000;

/// Forecasts of one holdout that is over.
#[derive(Debug, Clone)]
pub struct PastForecasts {
    /// For each forecaster, what it foretold of each customer.
    pub predicted: Vec<Vec<f64>>,
    /// What each customer did.
    pub actual: Vec<f64>,
    /// Each customer's segment, below the number of segments.
    pub segment: Vec<usize>,
}

/// For each segment, the weight of each forecaster; none without forecasts, forecasters or outcomes.
///
/// The search descends by exponentiated gradients, first with one set of weights for everyone, then with a set for
/// each segment that is pulled towards it: a segment with little to say keeps everyone's weights.
///
/// ```
/// use clv_models::blend::{PastForecasts, stack};
/// // The truth lies midway between two forecasts.
/// let past = PastForecasts {
///     predicted: vec![vec![0.0, 2.0, 4.0, 0.0], vec![2.0, 4.0, 6.0, 2.0]],
///     actual: vec![1.0, 3.0, 5.0, 1.0],
///     segment: vec![0; 4],
/// };
/// let weights = stack(&[past], 1).expect("there are outcomes");
/// assert!((weights[0][0] - 0.5).abs() < 0.02);
/// ```
#[must_use]
pub fn stack(past: &[PastForecasts], n_segments: usize) -> Option<Vec<Vec<f64>>> {
    let n_forecasters = past.first()?.predicted.len();
    let holdouts: Vec<Holdout> = past
        .iter()
        .filter(|one| one.predicted.len() == n_forecasters && !one.actual.is_empty())
        .map(Holdout::of)
        .collect();
    if n_forecasters == 0 || holdouts.is_empty() || n_segments == 0 {
        return None;
    }
    let even = vec![vec![1.0 / n_forecasters as f64; n_forecasters]; n_segments];
    let common = descend(&holdouts, &even, false);
    Some(descend(&holdouts, &common, true))
}

/// One holdout as the search reads it: a row for each customer.
struct Holdout {
    /// Customers x forecasters.
    rows: Vec<f64>,
    actual: Vec<f64>,
    segment: Vec<usize>,
    lowest_absolute: f64,
    lowest_squared: f64,
    total: f64,
}

impl Holdout {
    fn of(past: &PastForecasts) -> Self {
        let step = past.actual.len().div_ceil(MOST_OUTCOMES);
        let kept: Vec<usize> = (0..past.actual.len()).step_by(step).collect();
        let n = kept.len() as f64;
        let actual: Vec<f64> = kept.iter().map(|at| past.actual[*at]).collect();
        let lowest = |loss: &dyn Fn(f64) -> f64| {
            past.predicted
                .iter()
                .map(|of| kept.iter().map(|at| loss(of[*at] - past.actual[*at])).sum::<f64>() / n)
                .fold(f64::INFINITY, f64::min)
        };
        Self {
            lowest_absolute: lowest(&f64::abs).max(1e-12),
            lowest_squared: lowest(&|error| error * error).max(1e-24).sqrt(),
            total: actual.iter().sum::<f64>().max(1.0),
            rows: kept.iter().flat_map(|at| past.predicted.iter().map(move |of| of[*at])).collect(),
            segment: kept.iter().map(|at| past.segment[*at]).collect(),
            actual,
        }
    }

    /// The loss of the weights; its slope in each weight is added to `slope`.
    fn loss(&self, weights: &[Vec<f64>], slope: &mut [Vec<f64>]) -> f64 {
        let n_forecasters = weights[0].len();
        let n = self.actual.len() as f64;
        let errors: Vec<f64> = self
            .rows
            .chunks_exact(n_forecasters)
            .zip(&self.segment)
            .zip(&self.actual)
            .map(|((row, segment), actual)| {
                row.iter().zip(&weights[*segment]).map(|(f, w)| f * w).sum::<f64>() - actual
            })
            .collect();
        let absolute = errors.iter().map(|error| error.abs()).sum::<f64>() / n;
        let squared = (errors.iter().map(|e| e * e).sum::<f64>() / n).sqrt().max(1e-12);
        let miss = errors.iter().sum::<f64>() / self.total;
        let of_absolute = 1.0 / (n * self.lowest_absolute);
        let of_squared = WEIGHT_OF_SQUARED / (n * squared * self.lowest_squared);
        let of_total = 2.0 * WEIGHT_OF_TOTAL * miss / self.total;
        let rows = self.rows.chunks_exact(n_forecasters).zip(&self.segment).zip(&errors);
        for ((row, segment), error) in rows {
            let sign = if *error == 0.0 { 0.0 } else { error.signum() };
            let of_error = of_absolute * sign + of_squared * error + of_total;
            for (slope, forecast) in slope[*segment].iter_mut().zip(row) {
                *slope += of_error * forecast;
            }
        }
        absolute / self.lowest_absolute
            + WEIGHT_OF_SQUARED * squared / self.lowest_squared
            + WEIGHT_OF_TOTAL * miss * miss
    }
}

/// Exponentiated gradient descent from `start`, one set of weights for all segments or one for each, pulled towards
/// `start`; the best weights met.
fn descend(holdouts: &[Holdout], start: &[Vec<f64>], is_segmented: bool) -> Vec<Vec<f64>> {
    let mut weights = start.to_vec();
    let mut best = (f64::INFINITY, weights.clone());
    let mut since_best = 0;
    for step in 0..MOST_STEPS {
        let mut slope = vec![vec![0.0; start[0].len()]; start.len()];
        let mut loss: f64 = holdouts.iter().map(|one| one.loss(&weights, &mut slope)).sum();
        loss /= holdouts.len() as f64;
        slope.iter_mut().flatten().for_each(|slope| *slope /= holdouts.len() as f64);
        if is_segmented {
            for (of_segment, (now, common)) in slope.iter_mut().zip(weights.iter().zip(start)) {
                for (slope, (now, common)) in of_segment.iter_mut().zip(now.iter().zip(common)) {
                    loss += PULL * (now - common) * (now - common);
                    *slope += 2.0 * PULL * (now - common);
                }
            }
        } else {
            let sums: Vec<f64> = (0..start[0].len())
                .map(|forecaster| slope.iter().map(|of| of[forecaster]).sum())
                .collect();
            slope.iter_mut().for_each(|of| of.clone_from(&sums));
        }
        if loss < best.0 - 1e-7 {
            since_best = 0;
        } else {
            since_best += 1;
        }
        if loss < best.0 {
            best = (loss, weights.clone());
        }
        if since_best > 60 {
            break;
        }
        let pace = 3.0 / (1.0 + step as f64 / 10.0).sqrt();
        for (weights, slope) in weights.iter_mut().zip(&slope) {
            let mean: f64 = weights.iter().zip(slope).map(|(w, s)| w * s).sum();
            let steepest = slope.iter().map(|s| (s - mean).abs()).fold(1.0, f64::max);
            for (weight, slope) in weights.iter_mut().zip(slope) {
                // Nobody's weight may vanish for good.
                *weight = (*weight * (-pace * (slope - mean) / steepest).exp()).max(1e-9);
            }
            let sum: f64 = weights.iter().sum();
            weights.iter_mut().for_each(|weight| *weight /= sum);
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_shares_and_a_hopeless_forecaster_gets_none() {
        let actual: Vec<f64> = (0..400).map(|i| f64::from(i % 5)).collect();
        let good = actual.iter().map(|y| 1.2 * y + 0.1).collect();
        let past = PastForecasts {
            predicted: vec![vec![40.0; 400], good],
            segment: (0..400).map(|i| i % 2).collect(),
            actual,
        };
        let weights = stack(&[past], 2).expect("there are outcomes");
        for of_segment in &weights {
            assert!((of_segment.iter().sum::<f64>() - 1.0).abs() < 1e-12);
            assert!(of_segment[0] < 1e-3, "{weights:?}");
        }
    }
}
