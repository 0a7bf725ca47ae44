//! What the calendar does to everybody's purchases on each day.

use super::settings::SeasonSettings;
use crate::calendar::date_of;

/// One multiplier of the purchase rate for each day from `first_day` on.
#[must_use]
pub(super) fn day_factors(season: &SeasonSettings, first_day: i32, n_days: i32) -> Vec<f64> {
    (0..n_days)
        .map(|offset| {
            let date = date_of(first_day.saturating_add(offset));
            let month = usize::from(date.month().unsigned_abs()) - 1;
            let weekday = usize::from(date.weekday().to_monday_zero_offset().unsigned_abs());
            season.month_factors[month] * season.weekday_factors[weekday]
        })
        .collect()
}
