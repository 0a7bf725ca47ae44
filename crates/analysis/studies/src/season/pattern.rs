//! How much more than on an ordinary day people buy: months of the year, campaigns and other windows.

use crate::calendar::month_of;

/// A window of days with a factor of its own, such as a campaign; windows of one name share it.
#[derive(Debug, Clone, PartialEq)]
pub struct SeasonWindow {
    /// Its name.
    pub name: String,
    /// First day.
    pub first_day: i32,
    /// Last day.
    pub last_day: i32,
}

/// How much more than on an ordinary day people buy: by month of the year, and in windows.
#[derive(Debug, Clone, PartialEq)]
pub struct SeasonPattern {
    /// One factor for each month, January first; their mean over a year's days is 1.
    pub month_factors: [f64; 12],
    /// The windows.
    pub windows: Vec<SeasonWindow>,
    /// One factor for each name among the windows, in order of first appearance.
    pub window_factors: Vec<f64>,
}

impl SeasonPattern {
    /// No season, and windows that change nothing.
    #[must_use]
    pub fn flat(windows: &[SeasonWindow]) -> Self {
        Self {
            month_factors: [1.0; 12],
            windows: windows.to_vec(),
            window_factors: vec![1.0; window_names(windows).len()],
        }
    }

    /// The names of the windows, each once.
    #[must_use]
    pub fn window_names(&self) -> Vec<&str> {
        window_names(&self.windows)
    }

    /// The factor of a day.
    #[must_use]
    pub fn factor(&self, day: i32) -> f64 {
        let of_windows: f64 =
            self.windows_of(day).into_iter().map(|name| self.window_factors[name]).product();
        self.month_factors[month_place(day)] * of_windows
    }

    /// The names of the windows that a day lies in, by their place among the names.
    pub(super) fn windows_of(&self, day: i32) -> Vec<usize> {
        let names = self.window_names();
        let is_within = |name: &&str| {
            self.windows.iter().any(|window| {
                window.name == **name && (window.first_day..=window.last_day).contains(&day)
            })
        };
        (0..names.len()).filter(|place| is_within(&names[*place])).collect()
    }

    /// Scales the months so that a year's days have a mean factor of 1.
    pub(super) fn normalise(&mut self) {
        const DAYS: [f64; 12] =
            [31.0, 28.25, 31.0, 30.0, 31.0, 30.0, 31.0, 31.0, 30.0, 31.0, 30.0, 31.0];
        let mean: f64 = self.month_factors.iter().zip(DAYS).map(|(f, n)| f * n / 365.25).sum();
        self.month_factors.iter_mut().for_each(|factor| *factor /= mean);
    }
}

fn window_names(windows: &[SeasonWindow]) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for window in windows {
        if !names.contains(&window.name.as_str()) {
            names.push(&window.name);
        }
    }
    names
}

pub(super) fn month_place(day: i32) -> usize {
    usize::try_from(month_of(day).rem_euclid(12)).expect("a month of the year is 0 to 11")
}
