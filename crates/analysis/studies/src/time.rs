//! Units of time and spans such as `39w`: read once, typed from then on.

use std::fmt;
use std::str::FromStr;

/// A unit of time for parameters and forecasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeUnit {
    /// An hour.
    Hour,
    /// A day.
    Day,
    /// Seven days.
    Week,
    /// A twelfth of 365.25 days.
    Month,
    /// 365.25 days.
    Year,
}

/// Days in a year, leap years averaged.
pub const DAYS_PER_YEAR: f64 = 365.25;

impl TimeUnit {
    /// How many days the unit lasts.
    #[must_use]
    pub fn days(self) -> f64 {
        match self {
            TimeUnit::Hour => 1.0 / 24.0,
            TimeUnit::Day => 1.0,
            TimeUnit::Week => 7.0,
            TimeUnit::Month => DAYS_PER_YEAR / 12.0,
            TimeUnit::Year => DAYS_PER_YEAR,
        }
    }

    /// How many years the unit lasts.
    #[must_use]
    pub fn years(self) -> f64 {
        self.days() / DAYS_PER_YEAR
    }

    /// The unit's name, as options and answers spell it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            TimeUnit::Hour => "hour",
            TimeUnit::Day => "day",
            TimeUnit::Week => "week",
            TimeUnit::Month => "month",
            TimeUnit::Year => "year",
        }
    }
}

/// A text that names no unit or no span.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// Not the name of a unit.
    #[error("'{0}' is no unit of time, expected hour, day, week, month or year")]
    Unit(String),
    /// Not a span.
    #[error(
        "'{0}' is no span of time, expected a number above 0 with its unit, such as 39w, 90d, 12mo or 2y"
    )]
    Span(String),
}

impl FromStr for TimeUnit {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        [TimeUnit::Hour, TimeUnit::Day, TimeUnit::Week, TimeUnit::Month, TimeUnit::Year]
            .into_iter()
            .find(|unit| text == unit.name())
            .ok_or_else(|| TimeError::Unit(text.to_owned()))
    }
}

impl fmt::Display for TimeUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A span of time as people write it: `39w`, `90d`, `12mo`, `2y`, `36h`.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    amount: f64,
    unit: &'static str,
    days: f64,
}

/// Suffix, singular and length in days of each unit a span may have.
const SPAN_UNITS: [(&str, &str, f64); 5] = [
    ("mo", "month", DAYS_PER_YEAR / 12.0),
    ("h", "hour", 1.0 / 24.0),
    ("d", "day", 1.0),
    ("w", "week", 7.0),
    ("y", "year", DAYS_PER_YEAR),
];

impl Span {
    /// A span of whole or part days.
    #[must_use]
    pub fn of_days(days: f64) -> Self {
        if (days / 7.0).fract().abs() < 1e-9 {
            Self { amount: days / 7.0, unit: "w", days }
        } else {
            Self { amount: days, unit: "d", days }
        }
    }

    /// Its length in days, above 0.
    #[must_use]
    pub fn days(&self) -> f64 {
        self.days
    }

    /// Its length in `unit`.
    #[must_use]
    pub fn in_unit(&self, unit: TimeUnit) -> f64 {
        self.days / unit.days()
    }

    /// In words, such as `39 weeks`.
    #[must_use]
    pub fn in_words(&self) -> String {
        let name = SPAN_UNITS.iter().find(|known| known.0 == self.unit).map_or("day", |k| k.1);
        let plural = if (self.amount - 1.0).abs() < 1e-9 { "" } else { "s" };
        format!("{} {name}{plural}", self.amount)
    }
}

impl FromStr for Span {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        let wrong = || TimeError::Span(text.to_owned());
        let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let (suffix, _, days) = SPAN_UNITS
            .into_iter()
            .find(|(suffix, ..)| compact.ends_with(suffix))
            .ok_or_else(wrong)?;
        let amount: f64 = compact[..compact.len() - suffix.len()].parse().map_err(|_| wrong())?;
        let days = amount * days;
        // A thousand years is beyond any use, and keeps every date representable.
        if !(days > 0.0 && days <= 1_000.0 * DAYS_PER_YEAR) {
            return Err(wrong());
        }
        Ok(Self { amount, unit: suffix, days })
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.amount, self.unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_in_every_unit_and_nothing_else_is() {
        for (text, days) in
            [("39w", 273.0), ("90d", 90.0), ("12mo", 365.25), ("2y", 730.5), ("36h", 1.5)]
        {
            let span: Span = text.parse().expect(text);
            assert!((span.days() - days).abs() < 1e-9, "{text}");
            assert_eq!(span.to_string(), text);
        }
        for text in ["", "39", "w", "-3w", "0d", "NaNd", "infw", "1e9y", "3 fortnights"] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }
}
