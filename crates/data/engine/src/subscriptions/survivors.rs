//! Tables of survivors: one row for each age, one column for each cohort.

use super::cells::{Cells, real};
use crate::error::EngineError;

/// Survivors of one or more cohorts at ages 0, 1, 2, ...
#[derive(Debug, Clone, PartialEq)]
pub struct SurvivorTable {
    /// The heading of the column of ages.
    pub age_heading: String,
    /// The first age in the file: 0, or 1 where the file leaves the beginning out.
    pub first_age: u32,
    /// Each cohort's heading and its survivors from the first age on, as written; younger cohorts have fewer.
    pub cohorts: Vec<(String, Vec<f64>)>,
}

impl SurvivorTable {
    /// The table from its cells, the ages first.
    pub(super) fn of(
        path: &str,
        headings: &[String],
        cells: &Cells,
    ) -> Result<SurvivorTable, EngineError> {
        let refuse = |i: usize, at: usize, why: &'static str| EngineError::AmbiguousSubscriptions {
            path: path.to_owned(),
            row: cells.rows.get(i).copied().unwrap_or(0),
            column: headings[at].clone(),
            value: cells.columns[at].get(i).cloned().unwrap_or_default(),
            why,
        };
        let mut first_age = 0;
        for (i, cell) in cells.columns[0].iter().enumerate() {
            let age = real(cell).filter(|age| *age >= 0.0 && age.fract() <= 0.0);
            let Some(age) = age else {
                return Err(refuse(i, 0, "an age is a whole number from 0 up"));
            };
            if i == 0 && age <= 1.0 {
                first_age = age as u32;
            }
            if (age - f64::from(first_age) - i as f64).abs() > 0.0 {
                return Err(refuse(i, 0, "ages run from 0 or 1 up without a gap, in order"));
            }
        }
        let mut cohorts = Vec::new();
        for (at, heading) in headings.iter().enumerate().skip(1) {
            let mut survivors: Vec<f64> = Vec::new();
            for (i, cell) in cells.columns[at].iter().enumerate() {
                if cell.is_empty() {
                    continue;
                }
                let value = real(cell)
                    .ok_or_else(|| refuse(i, at, "survivors are a number of zero or more"))?;
                if survivors.len() != i {
                    return Err(refuse(
                        i,
                        at,
                        "survivors after a blank cell; a cohort has no gaps",
                    ));
                }
                if value < 0.0 || survivors.last().is_some_and(|before| value > *before) {
                    return Err(refuse(i, at, "survivors never become more, nor fewer than none"));
                }
                survivors.push(value);
            }
            cohorts.push((heading.clone(), survivors));
        }
        Ok(SurvivorTable { age_heading: headings[0].clone(), first_age, cohorts })
    }
}
