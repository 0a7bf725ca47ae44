//! Covariates that change: what is known of each customer from day to day, and the periods of a life that it makes.
//!
//! A row holds from its day on to the day before the next row of the same customer, or of the table where it is of all
//! customers; the last one holds on. Rows of which something is missing are passed over, as are weeks that are not there: what
//! was known last holds on, and that is said.

use std::collections::{BTreeMap, HashMap};

use clv_answers::covariates::CovariateUsed;
use clv_engine::{CovariatesFile, CustomerIds};

use super::coding::{columns_of, found_of, used_covariates, value};
use super::{CovariateOptions, refused};
use crate::calendar::iso;
use crate::error::StudyError;
use crate::time::TimeUnit;

/// Steps may be this much longer than the usual one before something is missing: months are not equal.
const LONGEST_STEP: f64 = 1.5;

/// What is known of the customers from day to day.
#[derive(Debug, Clone)]
pub(super) struct DayCoded {
    /// The covariates; means are over the rows.
    pub(super) used: Vec<CovariateUsed>,
    /// The courses: values from each day on, days ascending.
    courses: Vec<Vec<(i32, Vec<f64>)>>,
    /// The course of each customer; none where the table has none.
    pub(super) course_of: Vec<Option<usize>>,
    /// The day after which nothing new is told of somebody.
    pub(super) last_day: i32,
    /// What to know about the table.
    pub(super) cautions: Vec<String>,
}

/// A covariate's course along one customer's life: ends of periods as ages, and values.
pub(super) type Periods = Vec<(f64, Vec<f64>)>;

/// What is taken from a dated table.
pub(super) enum Take<'a> {
    /// What a fit asks for.
    Options(&'a CovariateOptions),
    /// What a model that was fitted needs.
    Used(Vec<CovariateUsed>),
}

/// Codes a dated table for the customers `ids`; rows from days after `known_until` are left out where that is given.
pub(super) fn code_days(
    file: &CovariatesFile,
    take: Take<'_>,
    ids: &CustomerIds,
    known_until: Option<i32>,
) -> Result<DayCoded, StudyError> {
    let days = file.days.as_deref().unwrap_or_default();
    // The rows of each course, by day.
    let mut names: HashMap<&str, usize> = HashMap::new();
    let mut rows: Vec<BTreeMap<i32, usize>> = Vec::new();
    for (row, day) in days.iter().enumerate() {
        let id = file.ids.get(row).map_or("", String::as_str);
        let at = *names.entry(id).or_insert_with(|| {
            rows.push(BTreeMap::new());
            rows.len() - 1
        });
        if known_until.is_none_or(|until| *day <= until) {
            rows[at].insert(*day, row);
        }
    }
    let n = match ids {
        CustomerIds::Integer(ids) => ids.len(),
        CustomerIds::Text(ids) => ids.len(),
    };
    let course_of =
        if file.ids.is_empty() { vec![Some(0); n] } else { found_of(file, ids, &names)? };
    let mut is_counted = vec![false; rows.len()];
    course_of.iter().flatten().for_each(|at| is_counted[*at] = true);
    let counted: Vec<usize> = rows
        .iter()
        .zip(&is_counted)
        .filter(|(_, counted)| **counted)
        .flat_map(|(rows, _)| rows.values().copied())
        .collect();
    let mut used = match take {
        Take::Options(options) => {
            if options.pool.is_some() || !options.equal.is_empty() || options.l2 > 0.0 {
                return Err(refused(
                    format!(
                        "{} has values from day to day, and --pool, --constrain and --l2 are for values that stay",
                        file.path
                    ),
                    Some("leave them out, or give one row for each customer"),
                ));
            }
            used_covariates(file, options, &counted)?
        }
        Take::Used(used) => used,
    };
    let columns = columns_of(file, &used)?;
    let values_of = |row: usize| -> Option<Vec<f64>> {
        let pairs = used.iter().zip(&columns);
        pairs.map(|(one, column)| value(&column.cells, one.level.as_deref(), row)).collect()
    };
    let step = usual_step(&rows);
    let (mut n_missing, mut n_gaps, mut first_gap) = (0_usize, 0_usize, None);
    let mut last_day = i32::MAX;
    let mut courses = Vec::with_capacity(rows.len());
    for (at, rows) in rows.iter().enumerate() {
        let mut course: Vec<(i32, Vec<f64>)> = Vec::with_capacity(rows.len());
        for (day, row) in rows {
            match values_of(*row) {
                Some(values) => course.push((*day, values)),
                None => n_missing += usize::from(is_counted[at]),
            }
        }
        let days: Vec<i32> = rows.keys().copied().collect();
        let gap = days.windows(2).find(|pair| is_gap(pair[1] - pair[0], step));
        if let (Some(gap), true) = (gap, is_counted[at]) {
            n_gaps += 1;
            first_gap.get_or_insert((gap[0], gap[1]));
        }
        if let (Some((last, _)), true) = (course.last(), is_counted[at]) {
            last_day = last_day.min(last + step.unwrap_or(1) - 1);
        }
        courses.push(course);
    }
    let mut cautions = Vec::new();
    if let Some((from, to)) = first_gap {
        let whose = if file.ids.is_empty() {
            "the table lacks days".to_owned()
        } else {
            format!("{n_gaps} customers lack days")
        };
        cautions.push(format!(
            "{}: {whose} between rows, the first between {} and {}: what was known before holds on",
            file.path,
            iso(from),
            iso(to)
        ));
    }
    if n_missing > 0 {
        cautions.push(format!(
            "{}: {n_missing} rows lack a value and are passed over: what was known before holds on",
            file.path
        ));
    }
    let n_rows: usize = courses.iter().map(Vec::len).sum();
    for (at, one) in used.iter_mut().enumerate() {
        let values = courses.iter().flatten().map(|(_, values)| values[at]);
        one.mean = if n_rows > 0 { values.sum::<f64>() / n_rows as f64 } else { one.mean };
    }
    Ok(DayCoded { used, courses, course_of, last_day, cautions })
}

/// The most common number of days from one row to the next; none where no course has two rows.
fn usual_step(rows: &[BTreeMap<i32, usize>]) -> Option<i32> {
    let mut counts: BTreeMap<i32, usize> = BTreeMap::new();
    for rows in rows {
        let days: Vec<i32> = rows.keys().copied().collect();
        for pair in days.windows(2) {
            *counts.entry(pair[1] - pair[0]).or_insert(0) += 1;
        }
    }
    counts.into_iter().max_by_key(|(step, n)| (*n, -step)).map(|(step, _)| step)
}

fn is_gap(step: i32, usual: Option<i32>) -> bool {
    usual.is_some_and(|usual| f64::from(step) > LONGEST_STEP * f64::from(usual))
}

impl DayCoded {
    /// The periods of a customer's life that begins on `first_day`, ages in `unit`; none where the table says nothing of
    /// that day.
    pub(super) fn periods(
        &self,
        customer: usize,
        first_day: i32,
        unit: TimeUnit,
    ) -> Option<Periods> {
        let course = &self.courses[self.course_of[customer]?];
        // The row that holds on the first day, then each one's end on the evening before the next.
        let begin = course.partition_point(|(day, _)| *day <= first_day).checked_sub(1)?;
        let age = |day: i32| f64::from(day - 1 - first_day) / unit.days();
        let mut periods: Periods = Vec::with_capacity(course.len() - begin);
        for (at, (_, values)) in course.iter().enumerate().skip(begin) {
            let end = course.get(at + 1).map_or(f64::MAX, |(next, _)| age(*next));
            if end > 0.0 {
                periods.push((end, values.clone()));
            }
        }
        Some(periods)
    }

    /// Each customer's stratum, counted by first appearance: one for each course and first day, and one for all of whom the
    /// table says nothing on their first day.
    pub(super) fn strata(&self, first_day: &[i32]) -> Vec<u32> {
        let mut known: HashMap<Option<(usize, i32)>, u32> = HashMap::new();
        let of = |(customer, first): (usize, &i32)| {
            let course = self.course_of[customer];
            let is_told =
                |at: &usize| self.courses[*at].first().is_some_and(|(day, _)| day <= first);
            let key = course.filter(is_told).map(|course| (course, *first));
            let n = u32::try_from(known.len()).expect("there are fewer customers than 2^32");
            *known.entry(key).or_insert(n)
        };
        first_day.iter().enumerate().map(of).collect()
    }

    /// The life of a customer of whom only the mean is known.
    pub(super) fn mean_periods(&self) -> Periods {
        vec![(f64::MAX, self.used.iter().map(|one| one.mean).collect())]
    }
}
