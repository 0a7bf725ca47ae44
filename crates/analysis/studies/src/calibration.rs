//! Whether predicted value comes true, tenth by tenth, and whether the intervals hold what they promise.

use clv_answers::calibration::{Calibration, CalibrationDecile};

use crate::calendar::iso;
use crate::contest::{Contestant, OriginContest};
use crate::held_out::{Examined, HeldOut, IntervalLevels, LevelPair};
use crate::period::PeriodPace;

/// Calibration of gross spend over the holdout, undiscounted, by tenths of predicted spend; none where the data hold
/// no money. `levels` are what other holdouts taught about its intervals.
#[must_use]
pub fn calibration(
    origin: &OriginContest,
    contestant: &Contestant,
    horizon_days: i32,
    levels: &IntervalLevels,
) -> Option<Calibration> {
    let period = PeriodPace::to_come(levels.period.as_ref());
    let levels = levels.value.as_ref();
    let examined = Examined::new(origin, contestant, levels.map_or(1, LevelPair::n_groups));
    let value = examined.value(&period)?;
    let plain = examined.value(&PeriodPace::usual())?;
    let purchases = examined.purchases(&PeriodPace::usual());
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
            coverage_90_unadjusted: plain.of(members).coverage(None, 0.9),
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
        coverage_90_unadjusted: plain.coverage(None, 0.9),
    })
}
