//! Whether predicted value comes true, tenth by tenth, and whether the intervals hold what they promise.

use clv_answers::calibration::{Calibration, CalibrationDecile};

use crate::calendar::iso;
use crate::contest::{Contestant, OriginContest};
use crate::forecaster::HorizonOptions;
use crate::held_out::{HeldOut, LevelPair, held_out_purchases, held_out_value};

/// Calibration of gross spend over the holdout, undiscounted, by tenths of predicted spend; none where the data hold
/// no money. `levels` are what other holdouts taught about its intervals.
#[must_use]
pub fn calibration(
    origin: &OriginContest,
    contestant: &Contestant,
    horizon: &HorizonOptions,
    horizon_days: i32,
    levels: Option<&LevelPair>,
) -> Option<Calibration> {
    let n_groups = levels.map_or(1, LevelPair::n_groups);
    let value = held_out_value(origin, contestant, horizon, n_groups)?;
    let purchases = held_out_purchases(origin, contestant, horizon, n_groups);
    let mean = |of: &[f64]| of.iter().sum::<f64>() / of.len().max(1) as f64;
    let decile = |(at, members): (usize, &Vec<usize>)| {
        let (value, purchases): (HeldOut, HeldOut) = (value.of(members), purchases.of(members));
        CalibrationDecile {
            decile: u32::try_from(at + 1).expect("there are at most ten"),
            n_customers: members.len() as u64,
            predicted: mean(&value.predicted),
            actual: mean(&value.actual),
            predicted_purchases: mean(&purchases.predicted),
            actual_purchases: mean(&purchases.actual),
            coverage_80: value.coverage(levels, 0.8),
            coverage_90: value.coverage(levels, 0.9),
            coverage_90_unadjusted: value.coverage(None, 0.9),
        }
    };
    Some(Calibration {
        model: contestant.id().to_owned(),
        origin: iso(origin.data.origin),
        holdout_end: iso(origin.data.origin + horizon_days),
        deciles: value.deciles().iter().enumerate().map(decile).collect(),
        predicted_total: value.predicted.iter().sum(),
        actual_total: value.actual.iter().sum(),
        coverage_80: value.coverage(levels, 0.8),
        coverage_90: value.coverage(levels, 0.9),
        coverage_90_unadjusted: value.coverage(None, 0.9),
    })
}
