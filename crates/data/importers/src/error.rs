//! Why an import is refused as a whole. Single bad rows are complaints, not errors.

use crate::role::Role;

/// A file that cannot be imported as it stands.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ImportError {
    /// No column plays a part that is needed.
    #[error("{file}: no {what} column among the headings {headings}; expected {expected}")]
    NoColumn {
        /// File as the user gave it.
        file: String,
        /// The part that nothing plays.
        what: &'static str,
        /// Headings seen.
        headings: String,
        /// What it may be called.
        expected: &'static str,
        /// The role to name in `--columns`.
        role: Role,
    },
    /// Two columns could play one part.
    #[error("{file}: columns {first:?} and {second:?} could both be the {what}; expected one")]
    AmbiguousColumns {
        /// File as the user gave it.
        file: String,
        /// The part that both could play.
        what: &'static str,
        /// One heading.
        first: String,
        /// The other heading.
        second: String,
        /// The role to name in `--columns`.
        role: Role,
    },
    /// `--columns` names a role that there is not.
    #[error("--columns names the role {given:?}; expected one of {known}")]
    UnknownRole {
        /// What was given.
        given: String,
        /// The roles there are.
        known: String,
        /// The nearest of them.
        nearest: Option<String>,
    },
    /// `--columns` names a heading that there is not.
    #[error("{file}: no column {given:?} for {role}; the headings are {headings}")]
    UnknownHeading {
        /// File as the user gave it.
        file: String,
        /// What was given.
        given: String,
        /// Role it was given for.
        role: &'static str,
        /// Headings seen.
        headings: String,
        /// The nearest of them.
        nearest: Option<String>,
    },
    /// `--from` names a source that there is not, or `decimal=` something else than comma and point.
    #[error("{option} {given:?} is unknown; expected one of {known}")]
    UnknownChoice {
        /// The option.
        option: &'static str,
        /// What was given.
        given: String,
        /// What there is.
        known: String,
        /// The nearest of them.
        nearest: Option<String>,
    },
    /// `--from` names a source whose columns the file does not have.
    #[error("{file}: does not look like {given}; its headings are {headings}")]
    NotThatSource {
        /// File as the user gave it.
        file: String,
        /// The source asked for.
        given: String,
        /// Headings seen.
        headings: String,
    },
    /// No importer knows the headings.
    #[error("{file}: no importer knows its headings {headings}; expected a file of {known}")]
    UnknownSource {
        /// File as the user gave it.
        file: String,
        /// Headings seen.
        headings: String,
        /// The importers there are.
        known: String,
    },
    /// A column that the importer cannot do without is not there.
    #[error("{file}: no column {expected} among the headings {headings}; {importer} needs it")]
    NoSourceColumn {
        /// File as the user gave it.
        file: String,
        /// The importer.
        importer: &'static str,
        /// Its name for the column.
        id: &'static str,
        /// The headings that the column may have.
        expected: String,
        /// Headings seen.
        headings: String,
    },
    /// Nothing in the date column reads as a date.
    #[error(
        "{file}: column {column:?}, row {row}: {value:?} is not a date; expected one like 2011-12-09, 20111209, 09/12/2011 or 9 Dec 2011"
    )]
    NoDates {
        /// File as the user gave it.
        file: String,
        /// Heading.
        column: String,
        /// First row with something in it.
        row: u64,
        /// What stands there.
        value: String,
    },
    /// Every date reads both ways.
    #[error(
        "{file}: column {column:?} could be day/month or month/day everywhere, e.g. row {row} value {value}; expected one row that settles it"
    )]
    AmbiguousDates {
        /// File as the user gave it.
        file: String,
        /// Heading.
        column: String,
        /// A row that reads both ways.
        row: u64,
        /// What stands there.
        value: String,
    },
    /// Two rows prove two orders of day and month.
    #[error(
        "{file}: column {column:?} has two date orders: row {day_first_row} value {day_first} is day/month and row {month_first_row} value {month_first} is month/day; expected one"
    )]
    TwoDateOrders {
        /// File as the user gave it.
        file: String,
        /// Heading.
        column: String,
        /// A row that only reads with the day first; zero where rows are not known.
        day_first_row: u64,
        /// What stands there.
        day_first: String,
        /// A row that only reads with the month first.
        month_first_row: u64,
        /// What stands there.
        month_first: String,
    },
    /// Every amount reads with a decimal comma and with a thousands comma (or point).
    #[error(
        "{file}: column {column:?}: {value:?} in row {row} could be with decimals or with thousands, and no row settles it"
    )]
    AmbiguousDecimals {
        /// File as the user gave it.
        file: String,
        /// Heading.
        column: String,
        /// A row that reads both ways.
        row: u64,
        /// What stands there.
        value: String,
    },
    /// Two rows prove two decimal separators.
    #[error(
        "{file}: column {column:?} has two decimal separators: a comma in row {comma_row} value {comma:?} and a point in row {point_row} value {point:?}; expected one"
    )]
    TwoDecimals {
        /// File as the user gave it.
        file: String,
        /// Heading.
        column: String,
        /// A row with a decimal comma.
        comma_row: u64,
        /// What stands there.
        comma: String,
        /// A row with a decimal point.
        point_row: u64,
        /// What stands there.
        point: String,
    },
    /// Nothing in an amount column reads as a number.
    #[error("{file}: column {column:?}, row {row}: {value:?} is not a number")]
    NoNumbers {
        /// File as the user gave it.
        file: String,
        /// Heading.
        column: String,
        /// First row with something in it.
        row: u64,
        /// What stands there.
        value: String,
    },
    /// Amounts in more than one currency.
    #[error(
        "{file}: mixed currencies: {first} in row {first_row} and {second} in row {second_row}; expected one, since amounts of two currencies cannot be added"
    )]
    MixedCurrencies {
        /// File as the user gave it.
        file: String,
        /// One currency.
        first: String,
        /// A row that has it; zero where rows are not known.
        first_row: u64,
        /// Another currency.
        second: String,
        /// A row that has it.
        second_row: u64,
    },
    /// Two files hold one order and do not agree on it.
    #[error(
        "{second_file}: row {second_row} holds the order {order:?} otherwise than {file} in row {row}; expected one version of each order"
    )]
    TwoVersions {
        /// One file as the user gave it.
        file: String,
        /// Its row of the order; zero where rows are not known.
        row: u64,
        /// The other file.
        second_file: String,
        /// Its row of the order.
        second_row: u64,
        /// The order's id.
        order: String,
    },
    /// A column of a type that cannot play its part.
    #[error("{file}: column {column:?} has the type {found}; expected {expected}")]
    WrongType {
        /// File as the user gave it.
        file: String,
        /// Heading.
        column: String,
        /// Its type.
        found: String,
        /// What would do.
        expected: &'static str,
    },
}

impl ImportError {
    /// What to try next.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            ImportError::NoColumn { role: Role::Amount, .. } => {
                "name it with --columns amount=HEADING, or say --columns amount=none when the file has no money".into()
            }
            ImportError::NoColumn { role, .. } => format!("name it with --columns {}=HEADING", role.id()),
            ImportError::AmbiguousColumns { role, first, second, .. } => {
                format!("say which with --columns {0}={first:?} or --columns {0}={second:?}", role.id())
            }
            ImportError::UnknownRole { nearest: Some(nearest), .. }
            | ImportError::UnknownHeading { nearest: Some(nearest), .. }
            | ImportError::UnknownChoice { nearest: Some(nearest), .. } => {
                format!("did you mean {nearest:?}?")
            }
            ImportError::UnknownRole { .. } => {
                "--columns customer_id=cust,ordered_at=date,amount=sales".into()
            }
            ImportError::UnknownHeading { role, .. } => {
                format!("--columns {role}=HEADING with one of these headings, or leave {role} out to have it detected")
            }
            ImportError::UnknownChoice { .. } => "leave it out to have it detected".into(),
            ImportError::NotThatSource { .. } => {
                "leave --from out to have the source detected, or use --from generic".into()
            }
            ImportError::UnknownSource { .. } => {
                "name the source with --from, or its columns with --from generic --columns order_id=HEADING,ordered_at=HEADING,amount=HEADING,customer_id=HEADING".into()
            }
            ImportError::NoSourceColumn { id, .. } => format!("name it with --columns {id}=HEADING"),
            ImportError::NoDates { .. } => "name the date column with --columns ordered_at=HEADING".into(),
            ImportError::AmbiguousDates { .. } => {
                "settle it with --date-format dmy or --date-format mdy, or name another column with --columns ordered_at=HEADING".into()
            }
            ImportError::TwoDateOrders { .. } => {
                "split the file, or settle it with --date-format dmy or mdy: what does not read is then put aside and counted".into()
            }
            ImportError::AmbiguousDecimals { .. } | ImportError::TwoDecimals { .. } => {
                "settle it with --columns decimal=comma or --columns decimal=point".into()
            }
            ImportError::NoNumbers { .. } => "name the amount column with --columns amount=HEADING".into(),
            ImportError::MixedCurrencies { first, .. } => {
                format!("keep one with --currency {first}: the others are put aside and counted")
            }
            ImportError::TwoVersions { .. } => {
                "export the whole period once more into one file, or take the order out of the older file".into()
            }
            ImportError::WrongType { .. } => "name another column with --columns ROLE=HEADING".into(),
        })
    }
}
