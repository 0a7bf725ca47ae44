//! A season as it is saved and told, and read back.

use clv_answers::season::{Season, Window, WindowFactor};

use super::{SeasonFit, SeasonPattern, SeasonWindow};
use crate::calendar::{day_of, iso};
use crate::error::StudyError;

/// Months that differ from an ordinary one by less than this are not worth a word.
const REMARKABLE: f64 = 1.1;

/// A season as it is saved; standard deviations of months are left out where only windows were fitted.
#[must_use]
pub fn season_answer(fit: &SeasonFit, has_months: bool) -> Season {
    let names = fit.pattern.window_names();
    let window_factors = names
        .iter()
        .enumerate()
        .map(|(place, name)| WindowFactor {
            name: (*name).to_owned(),
            factor: fit.pattern.window_factors[place],
            standard_deviation: fit.windows.standard_deviations.get(place).copied(),
        })
        .collect();
    let window = |window: &SeasonWindow| Window {
        name: window.name.clone(),
        from: iso(window.first_day),
        to: iso(window.last_day),
    };
    let mut season = Season {
        month_factors: fit.pattern.month_factors.to_vec(),
        month_standard_deviations: Vec::new(),
        windows: fit.pattern.windows.iter().map(window).collect(),
        window_factors,
        in_words: Vec::new(),
    };
    if has_months {
        season.month_standard_deviations.clone_from(&fit.months.standard_deviations);
    }
    season.in_words = season_in_words(&season);
    season
}

/// What a season says, in plain sentences: the months that stand out, then the windows.
///
/// ```
/// use clv_answers::season::Season;
/// use clv_studies::season::season_in_words;
/// let mut month_factors = vec![0.95; 12];
/// month_factors[11] = 1.6;
/// let season = Season {
///     month_factors,
///     month_standard_deviations: vec![0.02; 12],
///     windows: Vec::new(),
///     window_factors: Vec::new(),
///     in_words: Vec::new(),
/// };
/// assert_eq!(season_in_words(&season), ["December brings 1.60 times as many purchases as an ordinary month"]);
/// ```
#[must_use]
pub fn season_in_words(season: &Season) -> Vec<String> {
    let stands_out = |factor: f64| !(1.0 / REMARKABLE..=REMARKABLE).contains(&factor);
    let mut words: Vec<String> = season
        .month_factors
        .iter()
        .enumerate()
        .filter(|(_, factor)| stands_out(**factor))
        .map(|(place, factor)| {
            format!(
                "{} brings {factor:.2} times as many purchases as an ordinary month",
                month_name(place)
            )
        })
        .collect();
    if words.is_empty() && !season.month_standard_deviations.is_empty() {
        words.push("no month differs from an ordinary one by more than a tenth".to_owned());
    }
    words.extend(season.window_factors.iter().map(|one| {
        let error = one.standard_deviation.map_or_else(String::new, |sd| format!(" (± {sd:.2})"));
        format!(
            "the days of '{}' bring {:.2}{error} times as many purchases as they would without",
            one.name, one.factor
        )
    }));
    words
}

/// The pattern of a saved season.
///
/// # Errors
/// [`StudyError::SavedModel`] where there are not twelve months, a factor is not above 0, a date is none, or a window
/// has no factor.
pub fn saved_pattern(saved: &Season) -> Result<SeasonPattern, StudyError> {
    let wrong = |problem: String| StudyError::SavedModel { problem };
    let is_factor = |factor: &f64| *factor > 1e-3 && *factor < 1e3;
    let month_factors: [f64; 12] = saved
        .month_factors
        .clone()
        .try_into()
        .ok()
        .filter(|factors: &[f64; 12]| factors.iter().all(is_factor))
        .ok_or_else(|| {
            wrong("has a season without twelve month_factors from 0.001 to 1000".to_owned())
        })?;
    let day = |text: &str| {
        day_of(text).ok_or_else(|| {
            wrong(format!("has a window at '{text}', which is no date; expected year-month-day"))
        })
    };
    let mut pattern = SeasonPattern { month_factors, ..SeasonPattern::flat(&[]) };
    for window in &saved.windows {
        let (first_day, last_day) = (day(&window.from)?, day(&window.to)?);
        if last_day < first_day {
            return Err(wrong(format!(
                "has a window '{}' that ends before it begins",
                window.name
            )));
        }
        pattern.windows.push(SeasonWindow { name: window.name.clone(), first_day, last_day });
    }
    let factor_of = |name: &&str| {
        let found = saved.window_factors.iter().find(|one| one.name == **name);
        found.map(|one| one.factor).filter(is_factor).ok_or_else(|| {
            wrong(format!("has a window '{name}' without a factor from 0.001 to 1000"))
        })
    };
    pattern.window_factors =
        pattern.window_names().iter().map(factor_of).collect::<Result<_, _>>()?;
    Ok(pattern)
}

/// A month's name.
#[must_use]
pub fn month_name(place: usize) -> &'static str {
    const NAMES: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    NAMES[place % 12]
}
