//! What to know before relying on an answer, as far as the days of the data tell.

use clv_engine::Intake;

use crate::backtest::BacktestOutcome;
use crate::error::StudyError;
use crate::snapshot::Snapshot;

/// A century, days.
const CENTURY_DAYS: i32 = 36_525;

/// A whole story needs more than one day, and no more than a century.
pub(super) fn check_span(snapshot: &Snapshot) -> Result<(), StudyError> {
    let Some((first_day, last_day, _)) = snapshot.days() else { return Ok(()) };
    match (first_day.iter().min(), last_day.iter().max()) {
        (Some(first), Some(last)) if last - first > CENTURY_DAYS => Err(StudyError::TooLong {
            first: crate::calendar::iso(*first),
            last: crate::calendar::iso(*last),
        }),
        (Some(first), Some(last)) if first == last => {
            Err(StudyError::OneDay { day: crate::calendar::iso(*first) })
        }
        _ => Ok(()),
    }
}

/// What to say where no season has come round twice within the data.
pub(super) fn season_caution(
    snapshot: &Snapshot,
    outcome: Option<&BacktestOutcome>,
) -> Option<String> {
    const YEAR_DAYS: i32 = 365;
    let tested = outcome?.origins.horizon_days;
    let (first_day, ..) = snapshot.days()?;
    let span = snapshot.end_day()? - *first_day.iter().min()?;
    (span < YEAR_DAYS + tested).then(|| {
        format!(
            "the data hold {span} days, in which no season has come round twice: what a season does to totals is in no \
             interval"
        )
    })
}

/// What to say where the day asked for lies beyond the data.
pub(super) fn silence_caution(until: Option<i32>, intake: &Intake) -> Option<String> {
    let (until, last) = (until?, intake.last_day?.0);
    (until > last).then(|| {
        format!(
            "the last order is dated {}: everyone counts as silent from then until {}",
            crate::calendar::iso(last),
            crate::calendar::iso(until)
        )
    })
}
