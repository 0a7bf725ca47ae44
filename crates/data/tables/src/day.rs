//! A calendar day as a count, so that the plans can do arithmetic with it.

use std::fmt;

/// A local calendar day: whole days since 1970-01-01, negative before.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    serde::Serialize,
    serde::Deserialize,
)]
pub struct Day(pub i32);

/// The days that an order may carry: years 1000 to 9999, so that four digits write every one of them.
pub const FIRST_DAY: i32 = -354_285;
/// The last day that an order may carry, 9999-12-31.
pub const LAST_DAY: i32 = 2_932_896;

impl Day {
    /// The day of a proleptic Gregorian date; `None` when there is no such day or the year is not 1000 to 9999.
    ///
    /// ```
    /// use clv_tables::Day;
    /// assert_eq!(Day::from_date(1970, 1, 2), Some(Day(1)));
    /// assert_eq!(Day::from_date(2023, 2, 29), None);
    /// ```
    pub fn from_date(year: i32, month: u32, day: u32) -> Option<Day> {
        if !(1000..=9999).contains(&year) || !(1..=12).contains(&month) {
            return None;
        }
        if day < 1 || day > days_in_month(year, month) {
            return None;
        }
        // March-based years put the leap day last, so that every month length is a linear formula.
        let shifted = if month <= 2 { year - 1 } else { year };
        let era = shifted.div_euclid(400);
        let year_of_era = shifted.rem_euclid(400);
        let march_month = (month as i32 + 9) % 12;
        let day_of_year = (153 * march_month + 2) / 5 + day as i32 - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        Some(Day(era * 146_097 + day_of_era - 719_468))
    }

    /// Year, month and day of month.
    ///
    /// ```
    /// assert_eq!(clv_tables::Day(11_016).date(), (2000, 2, 29));
    /// ```
    pub fn date(self) -> (i32, u32, u32) {
        let shifted = i64::from(self.0) + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let march_month = (5 * day_of_year + 2) / 153;
        let day = (day_of_year - (153 * march_month + 2) / 5 + 1) as u32;
        let month = if march_month < 10 { march_month + 3 } else { march_month - 9 } as u32;
        let year = (year_of_era + era * 400) as i32 + i32::from(month <= 2);
        (year, month, day)
    }

    /// Reads `2011-12-09`; `None` for anything else.
    ///
    /// ```
    /// use clv_tables::Day;
    /// assert_eq!(Day::parse_iso("2011-12-09"), Day::from_date(2011, 12, 9));
    /// assert_eq!(Day::parse_iso("09.12.2011"), None);
    /// ```
    pub fn parse_iso(text: &str) -> Option<Day> {
        let bytes = text.as_bytes();
        if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' || !text.is_ascii() {
            return None;
        }
        let number = |part: &str| {
            part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse::<u32>().ok()).flatten()
        };
        Day::from_date(number(&text[..4])? as i32, number(&text[5..7])?, number(&text[8..])?)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.date();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

fn days_in_month(year: i32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    #[test]
    fn known_dates_have_their_day_numbers() {
        assert_eq!(Day::from_date(1970, 1, 1), Some(Day(0)));
        assert_eq!(Day::from_date(2000, 2, 29), Some(Day(11_016)));
        assert_eq!(Day::from_date(1000, 1, 1), Some(Day(FIRST_DAY)));
        assert_eq!(Day::from_date(9999, 12, 31), Some(Day(LAST_DAY)));
        assert_eq!(Day::from_date(1900, 2, 29), None);
    }

    #[test]
    fn every_day_reads_back_as_written() {
        for number in (FIRST_DAY..=LAST_DAY).step_by(97) {
            let day = Day(number);
            assert_eq!(Day::parse_iso(&day.to_string()), Some(day));
        }
    }
}
