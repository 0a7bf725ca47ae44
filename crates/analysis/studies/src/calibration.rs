//! Whether predicted value comes true, tenth by tenth, and whether the intervals hold what they promise.

use clv_answers::calibration::{Calibration, CalibrationDecile};

use crate::calendar::iso;
use crate::customer_value::spend_forecast;
use crate::forecaster::{Forecaster, HorizonOptions};
use crate::origins::OriginData;
use crate::spend::SpendOutlook;
use crate::uncertainty::ParameterUncertainty;

/// One customer's prediction and what came.
struct Outcome {
    predicted: f64,
    actual: f64,
    predicted_purchases: f64,
    actual_purchases: f64,
    is_within_80: bool,
    is_within_90: bool,
}

/// Calibration of gross spend over the holdout, undiscounted, by tenths of predicted spend.
#[must_use]
pub fn calibration(
    forecaster: &Forecaster,
    ln_covariance: Option<&[Vec<f64>]>,
    data: &OriginData,
    horizon: &HorizonOptions,
    horizon_days: i32,
) -> Calibration {
    let rows = forecaster.forecast_rows(&data.grouped, horizon);
    let expected: Vec<f64> = rows.iter().map(|row| row.expected_purchases).collect();
    let uncertainty = crate::uncertainty::parameter_uncertainty(
        forecaster,
        ln_covariance,
        &data.grouped,
        &expected,
        horizon,
    );
    let mut outcomes = outcomes(data, &rows, &uncertainty);
    outcomes.sort_by(|a, b| b.predicted.total_cmp(&a.predicted));
    let n = outcomes.len();
    let n_deciles = n.min(10);
    let deciles = (0..n_deciles)
        .map(|decile| {
            let members = &outcomes[decile * n / n_deciles..(decile + 1) * n / n_deciles];
            let mean = |of: &dyn Fn(&Outcome) -> f64| {
                members.iter().map(of).sum::<f64>() / members.len() as f64
            };
            CalibrationDecile {
                decile: u32::try_from(decile + 1).expect("there are at most ten"),
                n_customers: members.len() as u64,
                predicted: mean(&|one| one.predicted),
                actual: mean(&|one| one.actual),
                predicted_purchases: mean(&|one| one.predicted_purchases),
                actual_purchases: mean(&|one| one.actual_purchases),
                coverage_80: mean(&|one| f64::from(u8::from(one.is_within_80))),
                coverage_90: mean(&|one| f64::from(u8::from(one.is_within_90))),
            }
        })
        .collect();
    let share = |is_within: &dyn Fn(&Outcome) -> bool| {
        outcomes.iter().filter(|one| is_within(one)).count() as f64 / n.max(1) as f64
    };
    Calibration {
        model: forecaster.id().to_owned(),
        origin: iso(data.origin),
        holdout_end: iso(data.origin + horizon_days),
        deciles,
        predicted_total: outcomes.iter().map(|one| one.predicted).sum(),
        actual_total: outcomes.iter().map(|one| one.actual).sum(),
        coverage_80: share(&|one| one.is_within_80),
        coverage_90: share(&|one| one.is_within_90),
    }
}

fn outcomes(
    data: &OriginData,
    rows: &[crate::forecaster::RowForecast],
    uncertainty: &ParameterUncertainty,
) -> Vec<Outcome> {
    let n_repeats: Vec<u32> = data.customers.iter().map(|known| known.n_days - 1).collect();
    let mean_spend: Vec<f64> = data.customers.iter().map(|known| known.mean_repeat_spend).collect();
    let first_spend: f64 = data.customers.iter().map(|known| known.first_spend).sum();
    let mean_first_spend = first_spend / data.customers.len().max(1) as f64;
    let spend = SpendOutlook::fit(&n_repeats, &mean_spend, mean_first_spend);
    let intervals: Vec<[(f64, f64); 2]> = rows
        .iter()
        .zip(data.grouped.histories.histories())
        .map(|(row, history)| {
            let forecast = spend_forecast(row, history.repeat_purchases(), &spend, uncertainty);
            [forecast.interval(0.8), forecast.interval(0.9)]
        })
        .collect();
    data.customers
        .iter()
        .enumerate()
        .map(|(position, known)| {
            let row = data.grouped.row_of_customer[position] as usize;
            let per_purchase = spend.expected_spend(n_repeats[position], mean_spend[position]);
            let within = |(low, high): (f64, f64)| {
                (low * per_purchase..=high * per_purchase).contains(&known.spend_after)
            };
            Outcome {
                predicted: rows[row].expected_purchases * per_purchase,
                actual: known.spend_after,
                predicted_purchases: rows[row].expected_purchases,
                actual_purchases: f64::from(known.purchases_after),
                is_within_80: within(intervals[row][0]),
                is_within_90: within(intervals[row][1]),
            }
        })
        .collect()
}
