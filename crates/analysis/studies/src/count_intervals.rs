//! Intervals of the number of purchases to come, one for each distinct history.

use clv_models::conformal::ends;
use clv_models::purchase::FutureProcess;
use rayon::prelude::*;

use crate::count_law::CountLaw;
use crate::forecaster::RowForecast;
use crate::held_out::{groups_of, level_of};
use crate::period::PeriodPace;
use crate::processes::DistinctProcesses;
use crate::served::Served;
use crate::uncertainty::ParameterUncertainty;

/// For each row an interval of the count that holds at least `coverage`: from 0 where no purchase is likelier than a
/// tail, else the central one.
///
/// It is taken from the customer's law with what is not known of the parameters and of the period to come, at the level that
/// earlier holdouts taught for forecasts of its size. Histories whose law neither of them changes share the work of
/// their process.
pub(crate) fn count_intervals(
    served: &Served,
    rows: &[RowForecast],
    uncertainty: &ParameterUncertainty,
    horizon: f64,
    coverage: f64,
) -> Vec<(f64, f64)> {
    let (forecaster, grouped) = (&served.forecaster, &served.grouped);
    let levels = served.levels.purchases.as_ref();
    let period = PeriodPace::to_come(served.levels.period.as_ref());
    let customers = &grouped.row_of_customer;
    let mut group_of_row = vec![0; rows.len()];
    if levels.is_some() {
        let expected: Vec<f64> =
            customers.iter().map(|row| rows[*row as usize].expected_purchases).collect();
        for (row, group) in customers.iter().zip(groups_of(levels, &expected)) {
            group_of_row[*row as usize] = group;
        }
    }
    let ends_of = |row: usize, probability_none: f64| {
        ends(probability_none, coverage, level_of(levels, group_of_row[row], coverage))
    };
    let is_usual = |row: usize| {
        let expected = rows[row].expected_purchases;
        period.is_usual(uncertainty.at(expected), expected)
    };
    let distinct =
        if forecaster.is_naive() { None } else { DistinctProcesses::of(forecaster, grouped) };
    let shared = distinct.map(|distinct| {
        let of_process = |process: &FutureProcess, of: &[u32]| {
            let usual = of.iter().filter(|row| is_usual(**row as usize));
            let asked: Vec<(f64, f64)> = usual
                .flat_map(|row| {
                    let forecast = &rows[*row as usize];
                    let (low, high) = ends_of(*row as usize, forecast.probability_none);
                    let alive = forecast.probability_alive;
                    [(alive, low), (alive, high)]
                })
                .collect();
            let counts = process.count_quantiles_each(horizon, &asked);
            let mut counts = counts.chunks_exact(2).map(|both| (both[0] as f64, both[1] as f64));
            let of_row = |row: &u32| is_usual(*row as usize).then(|| counts.next()).flatten();
            of.iter().map(of_row).collect()
        };
        distinct.for_rows(of_process, Some((0.0, 0.0)))
    });
    (0..rows.len())
        .into_par_iter()
        .with_min_len(256)
        .map(|row| {
            if let Some(counts) = shared.as_ref().and_then(|shared| shared[row]) {
                return counts;
            }
            let expected = rows[row].expected_purchases;
            let known = (expected, uncertainty.at(expected));
            let law = CountLaw::of_row(forecaster, (grouped, row), horizon, &period, known);
            let (low, high) = ends_of(row, law.probability_none());
            let counts = law.count_quantiles(&[low, high]);
            (counts[0] as f64, counts[1] as f64)
        })
        .collect()
}
