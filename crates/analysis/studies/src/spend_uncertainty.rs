//! What not knowing a spend model's parameters exactly does: the model at the sigma points of their law.

use std::sync::Arc;

use clv_models::catalogue::spend_model;
use clv_models::spend::SpendModel;
use clv_numerics::linear_algebra::SymmetricMatrix;
use clv_numerics::log_space::logistic;

/// The model at the 2k sigma points of the law of its k parameters, whose free coordinates (logarithms of positive ones,
/// log-odds of shares, real ones as they are) are normal with this covariance; none where it is of no use.
#[must_use]
pub fn sigma_points(
    model: &dyn SpendModel,
    free_covariance: &[Vec<f64>],
) -> Vec<Arc<dyn SpendModel>> {
    let Some(entry) = spend_model(model.id()) else { return Vec::new() };
    let parameters = model.parameters();
    let n = parameters.len();
    if free_covariance.len() != n || free_covariance.iter().any(|row| row.len() != n) {
        return Vec::new();
    }
    let centre: Vec<f64> = parameters.iter().map(|one| free(one.name, one.value)).collect();
    let eigen = SymmetricMatrix::from_fn(n, |row, column| free_covariance[row][column]).eigen();
    let mut points = Vec::with_capacity(2 * n);
    for (variance, direction) in eigen.values.iter().zip(&eigen.vectors) {
        // A step beyond e^2 would leave the range where the normal law means anything.
        let step = (n as f64 * variance.max(0.0)).sqrt().min(2.0);
        for sign in [-step, step] {
            let values: Vec<f64> = (0..n)
                .map(|row| value(parameters[row].name, centre[row] + sign * direction[row]))
                .collect();
            points.extend((entry.build)(&values).ok());
        }
    }
    points
}

/// The free coordinate of a parameter.
fn free(name: &str, value: f64) -> f64 {
    match name {
        "m" | "m_2" | "delta" => value,
        "share_2" => (value / (1.0 - value)).ln(),
        _ => value.ln(),
    }
}

/// The value at a free coordinate; the inverse of [`free`].
fn value(name: &str, free: f64) -> f64 {
    match name {
        "m" | "m_2" | "delta" => free,
        "share_2" => logistic(free),
        _ => free.exp(),
    }
}

#[cfg(test)]
mod tests {
    use clv_models::catalogue::spend_models;

    use super::*;

    #[test]
    fn sigma_points_lie_around_the_parameters_by_their_own_deviation() {
        for entry in spend_models() {
            let values = entry
                .parameter_names
                .iter()
                .map(|name| match *name {
                    "m" => 3.0,
                    "m_2" => 4.0,
                    "share_2" => 0.2,
                    "delta" => -0.1,
                    "q" => 4.0,
                    _ => 0.6,
                })
                .collect::<Vec<f64>>();
            let model = (entry.build)(&values).expect("in range");
            let n = values.len();
            let deviation = |row: usize| 0.02 * (row + 1) as f64;
            let covariance: Vec<Vec<f64>> = (0..n)
                .map(|row| {
                    (0..n)
                        .map(|column| if row == column { deviation(row).powi(2) } else { 0.0 })
                        .collect()
                })
                .collect();
            let points = sigma_points(model.as_ref(), &covariance);
            assert_eq!(points.len(), 2 * n, "{}", entry.id);
            for (row, name) in entry.parameter_names.iter().enumerate() {
                let at = |point: &Arc<dyn SpendModel>| free(name, point.parameters()[row].value);
                let centre = free(name, values[row]);
                let squares: f64 = points.iter().map(|one| (at(one) - centre).powi(2)).sum();
                let found = (squares / points.len() as f64).sqrt();
                assert!((found / deviation(row) - 1.0).abs() < 1e-9, "{} {name}", entry.id);
            }
        }
    }
}
