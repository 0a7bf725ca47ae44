//! Days since 1970-01-01 as people write them.

use jiff::civil::{Date, date};

/// The date of a day, clamped to the years jiff can hold.
#[must_use]
pub fn date_of(day: i32) -> Date {
    let span = jiff::Span::new().days(i64::from(day));
    date(1970, 1, 1).checked_add(span).unwrap_or(if day < 0 { Date::MIN } else { Date::MAX })
}

/// A day in ISO 8601, such as `1997-09-30`.
#[must_use]
pub fn iso(day: i32) -> String {
    date_of(day).to_string()
}

/// The day of an ISO 8601 date; none where the text is no date.
#[must_use]
pub fn day_of(text: &str) -> Option<i32> {
    let parsed: Date = text.trim().parse().ok()?;
    Some(day_of_date(parsed))
}

/// The day of a date.
#[must_use]
pub fn day_of_date(of: Date) -> i32 {
    date(1970, 1, 1).until(of).map_or(0, |span| span.get_days())
}

/// Months since year 0, so that months can be counted.
#[must_use]
pub fn month_of(day: i32) -> i32 {
    let date = date_of(day);
    i32::from(date.year()) * 12 + i32::from(date.month()) - 1
}

/// The last day of a month counted by [`month_of`].
#[must_use]
pub fn last_day_of_month(month: i32) -> i32 {
    let year = i16::try_from(month.div_euclid(12)).unwrap_or(i16::MAX).min(Date::MAX.year());
    let of_year = i8::try_from(month.rem_euclid(12) + 1).expect("a month of the year fits");
    day_of_date(date(year, of_year, 1).last_of_month())
}

/// A month as people write it, such as `1997-09`.
#[must_use]
pub fn month_label(month: i32) -> String {
    format!("{:04}-{:02}", month.div_euclid(12), month.rem_euclid(12) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_dates_turn_into_each_other() {
        for (day, text) in [(0, "1970-01-01"), (10_134, "1997-09-30"), (-1, "1969-12-31")] {
            assert_eq!(iso(day), text);
            assert_eq!(day_of(text), Some(day));
        }
        assert_eq!(month_label(month_of(10_134)), "1997-09");
        assert_eq!(iso(last_day_of_month(month_of(10_100))), "1997-08-31");
        assert_eq!(day_of("1997-13-01"), None);
    }
}
