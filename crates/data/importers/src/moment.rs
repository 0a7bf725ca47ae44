//! A cell that names a day and perhaps a time and an offset.

use clv_tables::{Day, Instant};
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use crate::date_format::DateFormat;

/// Microseconds of a day.
const MICROS_PER_DAY: i64 = 86_400_000_000;

/// When something happened, as far as its cell tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The day in the shop's time zone; as the cell writes it where the zone is not known.
    pub day: Day,
    /// The moment, where cell and zone tell the time.
    pub at: Option<Instant>,
}

/// What is known of the zones of a column.
#[derive(Debug, Clone, Default)]
pub struct Zones {
    /// Whether times without an offset are in UTC.
    pub is_utc: bool,
    /// The shop's time zone; `None` when nobody named it.
    pub shop: Option<TimeZone>,
}

impl Zones {
    /// Reads a cell in the format of its column; `None` when it does not read.
    ///
    /// A time with an offset, or in UTC, gives the moment; the day is then the shop's where its zone is known, else the day
    /// that the cell writes. A time without either is the shop's own.
    ///
    /// ```
    /// use clv_importers::{DateFormat, moment::Zones};
    /// let berlin = Zones { is_utc: true, shop: Some(jiff::tz::TimeZone::get("Europe/Berlin").expect("it is known")) };
    /// let moment = berlin.read(DateFormat::YearFirst, "2024-03-09 23:30").expect("it reads");
    /// assert_eq!(moment.day.to_string(), "2024-03-10");
    /// ```
    #[must_use]
    pub fn read(&self, format: DateFormat, cell: &str) -> Option<Moment> {
        let written = Day(format.parse(cell)?);
        let epoch = |per_second: i64| -> Option<i64> {
            let cell = cell.trim().trim_start_matches('\'');
            let whole = cell.strip_suffix(".0").unwrap_or(cell);
            whole.parse::<i64>().ok()?.checked_mul(1_000_000 / per_second)
        };
        let at = match format {
            DateFormat::EpochSeconds => epoch(1),
            DateFormat::EpochMillis => epoch(1_000),
            _ => match Clock::of(cell) {
                None => None,
                Some(clock) => {
                    let local = i64::from(written.0) * MICROS_PER_DAY + clock.micros;
                    match clock.offset_seconds {
                        Some(offset) => Some(local - offset * 1_000_000),
                        None if self.is_utc => Some(local),
                        None => self
                            .shop
                            .as_ref()
                            .and_then(|zone| instant_in(zone, written, clock.micros)),
                    }
                }
            },
        };
        let day = match (at, &self.shop) {
            (Some(at), Some(zone)) => day_in(zone, at).unwrap_or(written),
            _ => written,
        };
        Some(Moment { day, at: at.map(Instant) })
    }
}

/// The moment of a time of day in a zone, both from cells of their own; `None` when the time does not read.
///
/// ```
/// use clv_importers::moment::instant_at;
/// let zone = jiff::tz::TimeZone::get("America/New_York").expect("it is known");
/// let day = clv_tables::Day::parse_iso("1970-01-01").expect("it is a day");
/// assert_eq!(instant_at(&zone, day, "10:02:11").map(|at| at.0), Some(54_131_000_000));
/// ```
#[must_use]
pub fn instant_at(zone: &TimeZone, day: Day, time: &str) -> Option<Instant> {
    instant_in(zone, day, Clock::of(time)?.micros).map(Instant)
}

fn day_in(zone: &TimeZone, micros: i64) -> Option<Day> {
    let date = zone.to_datetime(Timestamp::from_microsecond(micros).ok()?).date();
    Day::from_date(
        i32::from(date.year()),
        date.month().unsigned_abs().into(),
        date.day().unsigned_abs().into(),
    )
}

fn instant_in(zone: &TimeZone, day: Day, micros: i64) -> Option<i64> {
    let (year, month, day) = day.date();
    let date = Date::new(year.try_into().ok()?, month as i8, day as i8).ok()?;
    let seconds = micros / 1_000_000;
    let time = Time::new(
        (seconds / 3600) as i8,
        (seconds / 60 % 60) as i8,
        (seconds % 60) as i8,
        ((micros % 1_000_000) * 1_000) as i32,
    )
    .ok()?;
    let at = zone.to_ambiguous_timestamp(date.to_datetime(time)).compatible().ok()?;
    Some(at.as_microsecond())
}

/// The time of day that a cell writes after its date, and the offset from UTC where it names one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Clock {
    micros: i64,
    offset_seconds: Option<i64>,
}

impl Clock {
    fn of(cell: &str) -> Option<Clock> {
        let colon = cell.find(':')?;
        let start = cell[..colon].rfind(|c: char| !c.is_ascii_digit()).map_or(0, |at| at + 1);
        let hour: i64 = cell[start..colon].parse().ok()?;
        let mut rest = &cell[colon + 1..];
        let minute = two_digits(&mut rest)?;
        let mut second = 0;
        let mut micros = 0;
        if let Some(after) = rest.strip_prefix(':') {
            rest = after;
            second = two_digits(&mut rest)?;
            if let Some(after) = rest.strip_prefix(['.', ',']) {
                let n = after.bytes().take_while(u8::is_ascii_digit).count();
                for (i, digit) in after.bytes().take(n.min(6)).enumerate() {
                    micros += i64::from(digit - b'0') * 10_i64.pow(5 - i as u32);
                }
                rest = &after[n..];
            }
        }
        let rest = rest.trim_start();
        let lower: String = rest.chars().take(4).flat_map(char::to_lowercase).collect();
        let (hour, rest) = match () {
            () if lower.starts_with("am") || lower.starts_with("a.m.") => {
                (hour % 12, after_half(rest))
            }
            () if lower.starts_with("pm") || lower.starts_with("p.m.") => {
                (hour % 12 + 12, after_half(rest))
            }
            () => (hour, rest),
        };
        if !(0..24).contains(&hour) || minute > 59 || second > 60 {
            return None;
        }
        let micros = ((hour * 60 + minute) * 60 + second.min(59)) * 1_000_000 + micros;
        Some(Clock { micros, offset_seconds: offset(rest.trim()) })
    }
}

fn after_half(rest: &str) -> &str {
    rest.trim_start_matches(|c: char| c.is_ascii_alphabetic() || c == '.')
}

fn two_digits(rest: &mut &str) -> Option<i64> {
    let n = rest.bytes().take(2).take_while(u8::is_ascii_digit).count();
    let number = rest[..n].parse().ok()?;
    *rest = &rest[n..];
    Some(number)
}

/// `Z`, `UTC`, `GMT`, `+0200`, `-05:30`, `+02`.
fn offset(text: &str) -> Option<i64> {
    if text.is_empty() {
        return None;
    }
    let text = text.strip_prefix("UTC").or_else(|| text.strip_prefix("GMT")).unwrap_or(text);
    match text.as_bytes().first() {
        None => Some(0),
        Some(b'Z' | b'z') if text.len() == 1 => Some(0),
        Some(sign @ (b'+' | b'-')) => {
            let digits: String = text[1..].chars().filter(|c| *c != ':').collect();
            if !matches!(digits.len(), 2 | 4) || !digits.bytes().all(|b| b.is_ascii_digit()) {
                return None;
            }
            let hours: i64 = digits[..2].parse().ok()?;
            let minutes: i64 = if digits.len() == 4 { digits[2..].parse().ok()? } else { 0 };
            let seconds = hours * 3600 + minutes * 60;
            Some(if *sign == b'+' { seconds } else { -seconds })
        }
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;
    use crate::date_format::DateOrder;

    fn read(zones: &Zones, format: DateFormat, cell: &str) -> (String, Option<i64>) {
        let moment = zones.read(format, cell).unwrap();
        (moment.day.to_string(), moment.at.map(|at| at.0 / 1_000_000))
    }

    #[test]
    fn an_offset_gives_the_moment_and_the_written_day_stays_where_no_zone_is_known() {
        let zones = Zones::default();
        let year_first = DateFormat::YearFirst;
        assert_eq!(
            read(&zones, year_first, "1970-01-02 00:30:00 +0100"),
            ("1970-01-02".into(), Some(84_600))
        );
        assert_eq!(
            read(&zones, year_first, "1970-01-02T00:30:00Z"),
            ("1970-01-02".into(), Some(88_200))
        );
        assert_eq!(read(&zones, year_first, "1970-01-02 00:30"), ("1970-01-02".into(), None));
        assert_eq!(read(&zones, year_first, "1970-01-02"), ("1970-01-02".into(), None));
        let american = DateFormat::Slashed(DateOrder::MonthFirst);
        let utc = Zones { is_utc: true, shop: None };
        assert_eq!(read(&utc, american, "1/2/1970 12:30 AM"), ("1970-01-02".into(), Some(88_200)));
        assert_eq!(
            read(&utc, american, "1/1/1970 1:00:00 PM"),
            ("1970-01-01".into(), Some(46_800))
        );
    }

    #[test]
    fn the_shop_s_zone_decides_on_which_day_a_moment_falls() {
        let shop = TimeZone::get("America/New_York").ok();
        let zones = Zones { is_utc: true, shop };
        assert_eq!(read(&zones, DateFormat::YearFirst, "2024-03-09 03:00").0, "2024-03-08");
        assert_eq!(read(&zones, DateFormat::EpochSeconds, "1709953200").0, "2024-03-08");
        let own = Zones { is_utc: false, ..zones };
        let (day, at) = read(&own, DateFormat::YearFirst, "2024-03-09 03:00");
        assert_eq!((day.as_str(), at), ("2024-03-09", Some(1_709_971_200)));
    }
}
