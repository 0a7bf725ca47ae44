//! The clock that runs fast in season: calendar days turned into the time by which customers live, and back.

use super::SeasonPattern;

/// Calendar days and the time by which customers live, turned into each other.
#[derive(Debug, Clone, PartialEq)]
pub struct SeasonClock {
    first_day: i32,
    /// Clock time at the end of each day from the one before `first_day` on, days.
    elapsed: Vec<f64>,
}

impl SeasonClock {
    /// The clock of a pattern over the days from `first_day` to `last_day`; outside of them it runs like the
    /// calendar.
    #[must_use]
    pub fn new(pattern: &SeasonPattern, first_day: i32, last_day: i32) -> Self {
        let mut elapsed = vec![0.0];
        let mut total = 0.0;
        for day in first_day..=last_day {
            total += pattern.factor(day);
            elapsed.push(total);
        }
        Self { first_day, elapsed }
    }

    /// Clock time in days at the end of a day, from some fixed moment.
    #[must_use]
    pub fn at(&self, day: i32) -> f64 {
        let place = i64::from(day) - i64::from(self.first_day) + 1;
        let last = self.elapsed.len() - 1;
        match usize::try_from(place) {
            Err(_) => place as f64,
            Ok(place) if place > last => self.elapsed[last] + (place - last) as f64,
            Ok(place) => self.elapsed[place],
        }
    }

    /// Clock time in days from the end of one day to the end of another.
    #[must_use]
    pub fn between(&self, from: i32, to: i32) -> f64 {
        self.at(to) - self.at(from)
    }

    /// Calendar days after the end of `from` at which `clock_days` have gone by.
    #[must_use]
    pub fn calendar_days(&self, from: i32, clock_days: f64) -> f64 {
        let target = self.at(from) + clock_days;
        let last = self.elapsed.len() - 1;
        let offset = f64::from(from) - f64::from(self.first_day) + 1.0;
        if target <= 0.0 {
            return target - offset;
        }
        if target >= self.elapsed[last] {
            return last as f64 + (target - self.elapsed[last]) - offset;
        }
        let above = self.elapsed.partition_point(|upto| *upto <= target);
        let (before, after) = (self.elapsed[above - 1], self.elapsed[above]);
        (above - 1) as f64 + (target - before) / (after - before) - offset
    }
}
