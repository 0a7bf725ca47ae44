//! The sources that can be imported: one line each.

use std::collections::BTreeMap;

use crate::error::ImportError;
use crate::heading::nearest;
use crate::number_format::Decimal;
use crate::plan::{RowRules, ZeroOrders};
use crate::role::Role;
use crate::sample::Sample;

/// Every source, the particular ones before the general one.
pub const SOURCES: [&Source; 4] = [
    &crate::shopify_orders::ORDERS,
    &crate::shopify_orders::TRANSPORTER,
    &crate::online_retail::SOURCE,
    &crate::generic::SOURCE,
];

/// Gives the columns of a file their parts, by what the user settled and by their headings or content.
pub type AssignRoles = fn(&Sample, &Overrides) -> Result<Vec<(Role, usize)>, ImportError>;

/// A source of order files.
#[derive(Debug)]
pub struct Source {
    /// The name used in `--from`.
    pub id: &'static str,
    /// What it is, for people.
    pub title: &'static str,
    /// How sure the headings make us that a file is of this source, 0 to 1.
    pub confidence: fn(&Sample) -> f64,
    /// Which column plays which part, given what the user settled.
    pub roles: AssignRoles,
    /// What happens to each row.
    pub rules: RowRules,
}

/// What `--columns` settles.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// Columns by role.
    pub roles: Vec<(Role, usize)>,
    /// `amount=none`: the file has no money.
    pub has_no_money: bool,
    /// `decimal=comma` or `decimal=point`.
    pub decimal: Option<Decimal>,
}

impl Overrides {
    /// The column that the user gave for a role.
    pub fn column(&self, role: Role) -> Option<usize> {
        self.roles.iter().find(|(r, _)| *r == role).map(|(_, column)| *column)
    }

    /// Reads `--columns` against the headings of a file.
    ///
    /// # Errors
    /// When a role or a heading does not exist.
    pub fn read(
        columns: &BTreeMap<String, String>,
        sample: &Sample,
    ) -> Result<Overrides, ImportError> {
        let mut overrides = Overrides::default();
        for (role, heading) in columns {
            if role == "decimal" {
                overrides.decimal = Some(match heading.as_str() {
                    "comma" => Decimal::Comma,
                    "point" => Decimal::Point,
                    _ => {
                        return Err(ImportError::UnknownChoice {
                            option: "--columns decimal=",
                            given: heading.clone(),
                            known: "comma, point".into(),
                            nearest: nearest(heading, ["comma", "point"]),
                        });
                    }
                });
                continue;
            }
            let known = || Role::ALL.iter().map(|role| role.id());
            let Some(role) = Role::ALL.into_iter().find(|r| r.id() == role) else {
                return Err(ImportError::UnknownRole {
                    given: role.clone(),
                    known: known().collect::<Vec<_>>().join(", "),
                    nearest: nearest(role, known()),
                });
            };
            if role == Role::Amount && heading == "none" && sample.find(heading).is_none() {
                overrides.has_no_money = true;
                continue;
            }
            let exact = sample.headings.iter().position(|h| h == heading);
            let Some(column) = exact.or_else(|| sample.find(heading)) else {
                return Err(ImportError::UnknownHeading {
                    file: sample.file.clone(),
                    given: heading.clone(),
                    role: role.id(),
                    headings: sample.heading_list(),
                    nearest: nearest(heading, sample.headings.iter().map(String::as_str)),
                });
            };
            overrides.roles.push((role, column));
        }
        Ok(overrides)
    }
}

/// The source that a file is read as.
#[derive(Debug, Clone)]
pub struct Choice {
    /// The source.
    pub source: &'static Source,
    /// How sure the headings made us, 0 to 1; 1 when the user named the source.
    pub confidence: f64,
    /// Which column plays which part.
    pub roles: Vec<(Role, usize)>,
    /// What the user settled.
    pub overrides: Overrides,
}

/// Chooses the source of a file, the one asked for or the one with the highest confidence, and gives its columns their parts.
///
/// ```
/// use clv_importers::{Role, Sample, catalogue::choose};
/// let sample = Sample {
///     file: "orders.csv".into(),
///     headings: ["customer", "date", "amount"].map(String::from).to_vec(),
///     has_heading: true,
///     types: vec![arrow::datatypes::DataType::Utf8; 3],
///     rows: vec![["a", "2021-01-31", "5.00"].map(String::from).to_vec()],
///     first_row: 2,
/// };
/// let choice = choose(&sample, None, &Default::default()).unwrap();
/// assert!(choice.roles.contains(&(Role::CustomerId, 0)));
/// ```
///
/// # Errors
/// When the source asked for is unknown or does not fit, or when a needed column is missing or ambiguous.
pub fn choose(
    sample: &Sample,
    from: Option<&str>,
    columns: &BTreeMap<String, String>,
) -> Result<Choice, ImportError> {
    let overrides = Overrides::read(columns, sample)?;
    let (source, confidence) = match from {
        Some(asked) => {
            let known = || SOURCES.iter().map(|source| source.id);
            let Some(source) = SOURCES.into_iter().find(|source| source.id == asked) else {
                return Err(ImportError::UnknownChoice {
                    option: "--from",
                    given: asked.to_owned(),
                    known: known().collect::<Vec<_>>().join(", "),
                    nearest: nearest(asked, known()),
                });
            };
            if (source.confidence)(sample) < 0.3 && overrides.roles.is_empty() {
                return Err(ImportError::NotThatSource {
                    file: sample.file.clone(),
                    given: asked.to_owned(),
                    headings: sample.heading_list(),
                });
            }
            (source, 1.0)
        }
        None => SOURCES
            .into_iter()
            .map(|source| (source, (source.confidence)(sample)))
            .find(|(source, confidence)| {
                *confidence >= 0.8 || source.id == crate::generic::SOURCE.id
            })
            .expect("the general source is in the list"),
    };
    let mut roles = (source.roles)(sample, &overrides)?;
    for (role, column) in &overrides.roles {
        roles.retain(|(r, c)| r != role && c != column);
        roles.push((*role, *column));
    }
    // An amount that the user names is the amount of the row: pieces and prices no longer matter, and the other way round.
    if overrides.column(Role::Amount).is_some() || overrides.has_no_money {
        roles.retain(|(role, _)| !matches!(role, Role::Quantity | Role::UnitPrice));
    } else if overrides.column(Role::UnitPrice).is_some() {
        roles.retain(|(role, _)| *role != Role::Amount);
    }
    if overrides.has_no_money {
        roles.retain(|(role, _)| *role != Role::Amount);
    }
    Ok(Choice { source, confidence, roles, overrides })
}

/// The share of headings that a file has.
pub(crate) fn share_of(sample: &Sample, headings: &[&str]) -> f64 {
    let found = headings.iter().filter(|heading| sample.find(heading).is_some()).count();
    found as f64 / headings.len() as f64
}

/// Zero orders kept, nothing cancelled, each row an order or a line of one.
pub(crate) const PLAIN_RULES: RowRules = RowRules {
    layout: crate::plan::OrderLayout::RowsAdd,
    return_prefix: None,
    cancelled_statuses: &["cancelled", "canceled", "voided", "void", "failed"],
    zero_orders: ZeroOrders::Keep,
};
