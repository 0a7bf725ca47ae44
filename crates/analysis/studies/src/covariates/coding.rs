//! From the columns of a table to numbers: which covariates there are, and each customer's values.

use std::collections::{BTreeMap, HashMap};

use clv_answers::covariates::CovariateUsed;
use clv_answers::model_fit::ModelFit;
use clv_engine::{CovariateCells, CovariateColumn, CovariatesFile, CustomerIds};

use super::{CovariateOptions, Target, refused};
use crate::error::StudyError;

/// A text column with more levels than this is no covariate but a name.
const MOST_LEVELS: usize = 30;

/// The covariates and what each customer has of them; one entry of each vector for each customer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Coded {
    /// The covariates; means are over the customers of the fit.
    pub(super) used: Vec<CovariateUsed>,
    /// The values in the order of `used`; none where something is missing.
    pub(super) values: Vec<Option<Vec<f64>>>,
    /// The groups' names.
    pub(super) groups: Vec<String>,
    /// The group of each customer, where there are groups and it is known.
    pub(super) group_of: Vec<Option<usize>>,
    /// Customers without a row in the table.
    pub(super) n_without_row: usize,
}

impl Coded {
    /// Whether everything that a fit needs of a customer is known.
    pub(super) fn is_known(&self, customer: usize) -> bool {
        self.values[customer].is_some()
            && (self.groups.is_empty() || self.group_of[customer].is_some())
    }

    /// A customer's values, those of the mean customer where something is missing.
    pub(super) fn values_of(&self, customer: usize) -> Vec<f64> {
        match &self.values[customer] {
            Some(values) => values.clone(),
            None => self.used.iter().map(|one| one.mean).collect(),
        }
    }
}

/// Each customer's row in the table.
fn rows_of(file: &CovariatesFile, ids: &CustomerIds) -> Result<Vec<Option<usize>>, StudyError> {
    let row_of: HashMap<&str, usize> =
        file.ids.iter().enumerate().map(|(row, id)| (id.as_str(), row)).collect();
    found_of(file, ids, &row_of)
}

/// What the table has of each customer.
pub(super) fn found_of(
    file: &CovariatesFile,
    ids: &CustomerIds,
    row_of: &HashMap<&str, usize>,
) -> Result<Vec<Option<usize>>, StudyError> {
    let rows: Vec<Option<usize>> = match ids {
        CustomerIds::Integer(ids) => {
            ids.iter().map(|id| row_of.get(id.to_string().as_str()).copied()).collect()
        }
        CustomerIds::Text(ids) => ids.iter().map(|id| row_of.get(id.as_str()).copied()).collect(),
    };
    if rows.iter().all(Option::is_none) {
        let first = match ids {
            CustomerIds::Integer(ids) => ids.first().map(ToString::to_string),
            CustomerIds::Text(ids) => ids.first().cloned(),
        };
        return Err(refused(
            format!(
                "{}: none of the customers has a row in it; the first customer is {:?}, the first row {:?}",
                file.path,
                first.unwrap_or_default(),
                file.ids.first().map_or("", String::as_str)
            ),
            Some("settle the column of ids with --columns customer_id=HEADING"),
        ));
    }
    Ok(rows)
}

pub(super) fn column<'a>(file: &'a CovariatesFile, name: &str) -> Option<&'a CovariateColumn> {
    file.columns.iter().find(|column| column.heading == name)
}

/// A cell as text.
fn text(cells: &CovariateCells, row: usize) -> Option<String> {
    match cells {
        CovariateCells::Numbers(numbers) => numbers[row].map(|number| number.to_string()),
        CovariateCells::Texts(texts) => texts[row].clone(),
    }
}

/// A covariate's value in a row.
pub(super) fn value(cells: &CovariateCells, level: Option<&str>, row: usize) -> Option<f64> {
    match (level, cells) {
        (Some(level), _) => text(cells, row).map(|own| if own == level { 1.0 } else { 0.0 }),
        (None, CovariateCells::Numbers(numbers)) => numbers[row],
        (None, CovariateCells::Texts(_)) => None,
    }
}

pub(super) fn unknown(file: &CovariatesFile, option: &str, name: &str) -> StudyError {
    let known: Vec<&str> = file.columns.iter().map(|column| column.heading.as_str()).collect();
    let nearest = known.iter().find(|known| known.eq_ignore_ascii_case(name));
    refused(
        format!(
            "{option} names '{name}', which is no column of {}; expected one of {}",
            file.path,
            known.join(", ")
        ),
        nearest.map(|nearest| format!("did you mean {nearest}?")).as_deref(),
    )
}

/// Codes the columns for a fit to the customers that `is_fitted` marks.
pub(super) fn code(
    file: &CovariatesFile,
    options: &CovariateOptions,
    ids: &CustomerIds,
    is_fitted: &[bool],
) -> Result<Coded, StudyError> {
    let rows = rows_of(file, ids)?;
    let fitted_rows: Vec<usize> = rows
        .iter()
        .zip(is_fitted)
        .filter(|(_, fitted)| **fitted)
        .filter_map(|(row, _)| *row)
        .collect();
    let mut groups = Vec::new();
    let mut group_of = vec![None; rows.len()];
    if let Some(pool) = &options.pool {
        let pooled = column(file, pool).ok_or_else(|| unknown(file, "--pool", pool))?;
        let levels = levels(&pooled.cells, &fitted_rows);
        groups = levels.into_keys().collect();
        let position: HashMap<&str, usize> = groups
            .iter()
            .enumerate()
            .map(|(at, name): (usize, &String)| (name.as_str(), at))
            .collect();
        for (group, row) in group_of.iter_mut().zip(&rows) {
            *group = row
                .and_then(|row| text(&pooled.cells, row))
                .and_then(|level| position.get(level.as_str()).copied());
        }
    }
    let used = used_covariates(file, options, &fitted_rows)?;
    let mut coded = with_values(file, used, &rows)?;
    (coded.groups, coded.group_of) = (groups, group_of);
    let fitted: Vec<usize> =
        (0..is_fitted.len()).filter(|&at| is_fitted[at] && coded.is_known(at)).collect();
    if fitted.is_empty() {
        return Err(refused(
            format!(
                "{}: something is missing of every customer, so that nobody is left to fit to",
                file.path
            ),
            Some(
                "leave the column with gaps out: --covariates-on purchase.NAME names what goes in",
            ),
        ));
    }
    for (at, one) in coded.used.iter_mut().enumerate() {
        let sum: f64 = fitted
            .iter()
            .filter_map(|&customer| coded.values[customer].as_ref().map(|values| values[at]))
            .sum();
        one.mean = sum / fitted.len() as f64;
    }
    Ok(coded)
}

/// The covariates that the columns make, with levels as the rows `counted` have them; their means are not known yet.
pub(super) fn used_covariates(
    file: &CovariatesFile,
    options: &CovariateOptions,
    counted: &[usize],
) -> Result<Vec<CovariateUsed>, StudyError> {
    let mut used = Vec::new();
    for one in file.columns.iter().filter(|one| Some(&one.heading) != options.pool.as_ref()) {
        let plain = |name: String, level, reference| CovariateUsed {
            name,
            column: one.heading.clone(),
            level,
            reference,
            mean: 0.0,
        };
        if matches!(one.cells, CovariateCells::Numbers(_)) {
            let mut candidates = vec![plain(one.heading.clone(), None, None)];
            candidates.retain(|candidate| is_placed(options, candidate));
            used.extend(candidates);
            continue;
        }
        let levels = levels(&one.cells, counted);
        let is_used = options.on.iter().any(|placement| {
            placement.name.as_ref().is_none_or(|name| {
                *name == one.heading || name.starts_with(&format!("{}=", one.heading))
            })
        });
        if !is_used {
            continue;
        }
        if levels.len() < 2 {
            let level = levels.into_keys().next().unwrap_or_default();
            return Err(refused(
                format!(
                    "column {} of {} is '{level}' for every customer, so that nothing can be learnt from it",
                    one.heading, file.path
                ),
                Some("leave it out: --covariates-on names what acts on what"),
            ));
        }
        if levels.len() > MOST_LEVELS {
            return Err(refused(
                format!(
                    "column {} of {} has {} different texts, more than the {MOST_LEVELS} that go into effects of their own",
                    one.heading,
                    file.path,
                    levels.len()
                ),
                Some(
                    "pool it with --pool COLUMN, or leave it out with --covariates-on purchase.OTHER",
                ),
            ));
        }
        let most = levels.values().max().copied().unwrap_or(0);
        let reference = levels
            .iter()
            .find(|(_, n)| **n == most)
            .map(|(level, _)| level.clone())
            .unwrap_or_default();
        let candidates = levels
            .into_keys()
            .filter(|level| *level != reference)
            .map(|level| {
                let name = format!("{}={level}", one.heading);
                plain(name, Some(level), Some(reference.clone()))
            })
            .filter(|candidate| is_placed(options, candidate));
        used.extend(candidates);
    }
    check_names(file, options, &used)?;
    Ok(used)
}

/// The levels of a column among these rows, each with its number.
fn levels(cells: &CovariateCells, rows: &[usize]) -> BTreeMap<String, usize> {
    let mut levels = BTreeMap::new();
    for level in rows.iter().filter_map(|&row| text(cells, row)) {
        *levels.entry(level).or_insert(0) += 1;
    }
    levels
}

/// Whether a name given on the command line means this covariate: its own name or its column's.
pub(super) fn is_named(name: &str, covariate: &CovariateUsed) -> bool {
    name == covariate.name || name == covariate.column
}

/// Whether a covariate acts on a target.
pub(super) fn acts_on(
    options: &CovariateOptions,
    covariate: &CovariateUsed,
    target: Target,
) -> bool {
    options.on.iter().any(|placement| {
        placement.target == target
            && placement.name.as_ref().is_none_or(|name| is_named(name, covariate))
    })
}

fn is_placed(options: &CovariateOptions, covariate: &CovariateUsed) -> bool {
    [Target::Purchase, Target::Dropout, Target::Spend]
        .into_iter()
        .any(|target| acts_on(options, covariate, target))
}

/// Names on the command line must mean something.
fn check_names(
    file: &CovariatesFile,
    options: &CovariateOptions,
    used: &[CovariateUsed],
) -> Result<(), StudyError> {
    let placed = options.on.iter().filter_map(|placement| placement.name.as_ref());
    let named = placed.map(|name| ("--covariates-on", name));
    for (option, name) in named.chain(options.equal.iter().map(|name| ("--constrain", name))) {
        if !used.iter().any(|one| is_named(name, one)) {
            return Err(unknown(file, option, name));
        }
    }
    if used.is_empty() && options.pool.is_none() {
        return Err(refused(
            format!("{}: there is no column besides the ids", file.path),
            Some("give a table of customer_id and what is known of each customer"),
        ));
    }
    Ok(())
}

/// The column of each covariate.
pub(super) fn columns_of<'a>(
    file: &'a CovariatesFile,
    used: &[CovariateUsed],
) -> Result<Vec<&'a CovariateColumn>, StudyError> {
    used.iter()
        .map(|one| {
            let found =
                column(file, &one.column).ok_or_else(|| unknown(file, "the model", &one.column))?;
            if one.level.is_none() && matches!(found.cells, CovariateCells::Texts(_)) {
                return Err(refused(
                    format!(
                        "column {} of {} holds text, and the model takes it as a number",
                        one.column, file.path
                    ),
                    None,
                ));
            }
            Ok(found)
        })
        .collect()
}

fn with_values(
    file: &CovariatesFile,
    used: Vec<CovariateUsed>,
    rows: &[Option<usize>],
) -> Result<Coded, StudyError> {
    let columns = columns_of(file, &used)?;
    let values = rows
        .iter()
        .map(|row| {
            let row = (*row)?;
            used.iter()
                .zip(&columns)
                .map(|(one, column)| value(&column.cells, one.level.as_deref(), row))
                .collect()
        })
        .collect();
    let n_without_row = rows.iter().filter(|row| row.is_none()).count();
    Ok(Coded { used, values, groups: Vec::new(), group_of: vec![None; rows.len()], n_without_row })
}

/// Target and covariate of a parameter's name, where it is the effect of one, such as `purchase.gender`.
pub(crate) fn effect_of(parameter: &str) -> Option<(Target, &str)> {
    let (target, name) = parameter.split_once('.')?;
    [Target::Purchase, Target::Dropout, Target::Spend]
        .into_iter()
        .find(|known| known.id() == target)
        .map(|target| (target, name))
}

/// The covariates of a saved model. Where it was written by hand, names say all: `channel=web` is a level of a column.
pub(super) fn saved_covariates(saved: &ModelFit) -> Vec<CovariateUsed> {
    let mut used = saved.covariates.as_ref().map_or_else(Vec::new, |fit| fit.covariates.clone());
    let of_spend = saved.spend.iter().flat_map(|spend| spend.parameters.keys());
    for (_, name) in saved.parameters.keys().chain(of_spend).filter_map(|name| effect_of(name)) {
        if used.iter().any(|known| known.name == name) {
            continue;
        }
        let (column, level) = match name.split_once('=') {
            Some((column, level)) => (column, Some(level.to_owned())),
            None => (name, None),
        };
        used.push(CovariateUsed {
            name: name.to_owned(),
            column: column.to_owned(),
            level,
            reference: None,
            mean: 0.0,
        });
    }
    used
}

/// Codes the columns as a saved model needs them, and says what it has not seen.
pub(super) fn code_as_saved(
    file: &CovariatesFile,
    saved: &ModelFit,
    ids: &CustomerIds,
) -> Result<(Coded, Vec<String>), StudyError> {
    let mut cautions = Vec::new();
    let rows = rows_of(file, ids)?;
    let used = saved_covariates(saved);
    for one in used.iter().filter(|one| one.reference.is_some()) {
        let levels_of = |name: &str| -> Vec<&str> {
            let same = used.iter().filter(|other| other.column == name);
            same.flat_map(|other| other.level.iter().chain(&other.reference))
                .map(String::as_str)
                .collect()
        };
        let is_first = used.iter().find(|other| other.column == one.column) == Some(one);
        if let (true, Some(column)) = (is_first, column(file, &one.column)) {
            let known = levels_of(&one.column);
            let strange = rows.iter().flatten().filter(|row| {
                text(&column.cells, **row).is_some_and(|level| !known.contains(&level.as_str()))
            });
            let n = strange.count();
            if n > 0 {
                cautions.push(format!(
                    "{n} customers have a text in {} that the model has not seen; they count as '{}'",
                    one.column,
                    one.reference.as_deref().unwrap_or_default()
                ));
            }
        }
    }
    let pooling = saved.covariates.as_ref().and_then(|fit| fit.pooling.as_ref());
    let mut coded = with_values(file, used, &rows)?;
    if let Some(pooling) = pooling {
        let pooled = column(file, &pooling.column)
            .ok_or_else(|| unknown(file, "the model", &pooling.column))?;
        coded.groups = pooling.groups.iter().map(|group| group.group.clone()).collect();
        for (group, row) in coded.group_of.iter_mut().zip(&rows) {
            let level = row.and_then(|row| text(&pooled.cells, row));
            *group = level.and_then(|level| coded.groups.iter().position(|name| *name == level));
        }
        let n = coded.group_of.iter().filter(|group| group.is_none()).count();
        if n > 0 {
            cautions.push(format!(
                "{n} customers are of no group of {} that the model has seen; they count as the population",
                pooling.column
            ));
        }
    }
    Ok((coded, cautions))
}
