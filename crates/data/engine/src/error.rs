//! Why the engine could not do what was asked.

use clv_importers::ImportError;

use crate::archive::{MAX_RATIO, MAX_UNPACKED, SMALL_UNPACKED};
use crate::lake::LakeError;

/// Everything that can stop a read or a write. Single bad rows are complaints, not errors.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// There is no such file or folder.
    #[error("{path}: no such file or folder")]
    NotFound {
        /// Path as given.
        path: String,
        /// The nearest name beside it.
        nearest: Option<String>,
    },
    /// A folder or a glob without a file that could be read.
    #[error(
        "{path}: no readable file here; expected csv, tsv, txt, json, ndjson, jsonl or parquet, also .gz, .zst or .zip"
    )]
    NoFiles {
        /// Path as given.
        path: String,
    },
    /// No path was given.
    #[error("no path was given; expected a file, a folder or a glob of orders")]
    NoPath,
    /// A glob that cannot be read.
    #[error("{pattern}: not a readable pattern: {detail}")]
    BadPattern {
        /// Pattern as given.
        pattern: String,
        /// What is wrong with it.
        detail: String,
    },
    /// Files that cannot be read as one table.
    #[error(
        "{second} does not go with {first}: {why}; expected files of one kind with the same columns"
    )]
    MixedFiles {
        /// One file.
        first: String,
        /// Another file.
        second: String,
        /// What differs.
        why: String,
    },
    /// A workspace into which no orders were imported.
    #[error("{location}: the workspace holds no orders")]
    NoOrders {
        /// The workspace.
        location: String,
    },
    /// Orders in several currencies, of which none was chosen.
    #[error(
        "{location}: orders in several currencies ({}); expected one",
        shown_counts(currencies)
    )]
    SeveralCurrencies {
        /// The workspace.
        location: String,
        /// Orders by currency; under the empty name those that name none.
        currencies: std::collections::BTreeMap<String, u64>,
    },
    /// The file could not be opened or read.
    #[error("{path}: cannot be read: {source}")]
    Unreadable {
        /// File as given.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// Nothing in the file.
    #[error("{path}: the file is empty; expected a heading and rows of orders")]
    EmptyFile {
        /// File as given.
        path: String,
    },
    /// A heading and nothing below it.
    #[error("{path}: there is a heading but no row of data; the heading is {headings}")]
    HeaderOnly {
        /// File as given.
        path: String,
        /// The headings.
        headings: String,
    },
    /// A format that is recognised and not read.
    #[error(
        "{path}: this is {what}, which is not read; expected csv, tsv, json, ndjson or parquet, also .gz, .zst or .zip"
    )]
    Unsupported {
        /// File as given.
        path: String,
        /// What it is.
        what: &'static str,
        /// What to do about it.
        hint: &'static str,
    },
    /// A packed file that claims to be larger than any that is unpacked.
    #[error(
        "{path}: {n_packed} packed bytes claim to unpack to {n_unpacked}; expected at most {MAX_UNPACKED} in an archive, and from \
         {SMALL_UNPACKED} on at most {MAX_RATIO} times the packed size"
    )]
    UnpacksTooLarge {
        /// File as given.
        path: String,
        /// Bytes in the archive.
        n_packed: u64,
        /// Bytes that the archive declares.
        n_unpacked: u64,
    },
    /// A JSON document with several lists that could each be the rows.
    #[error(
        "{path}: arrays of objects under {first:?} and under {second:?}; expected one, whose objects are the rows"
    )]
    SeveralArrays {
        /// File as given.
        path: String,
        /// Keys to the one, joined by dots.
        first: String,
        /// Keys to the other.
        second: String,
    },
    /// Bytes that are no text.
    #[error(
        "{path}: not text: a zero byte or another byte that no text has, within the first {n_bytes} bytes"
    )]
    BinaryFile {
        /// File as given.
        path: String,
        /// Bytes looked at.
        n_bytes: usize,
    },
    /// A file that breaks off or is corrupt.
    #[error("{path}: damaged or cut off: {detail}")]
    Damaged {
        /// File as given.
        path: String,
        /// What the reader said.
        detail: String,
    },
    /// A file whose size or time changed between looking and reading.
    #[error("{path}: changed while it was read, so its rows cannot be trusted to belong together")]
    Changed {
        /// File as given.
        path: String,
    },
    /// Rows, but none that could be used.
    #[error("{path}: all {rows} rows were put aside: {reasons}")]
    AllPutAside {
        /// File as given.
        path: String,
        /// Rows read.
        rows: u64,
        /// Rules with counts.
        reasons: String,
    },
    /// The importer refused the file.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// The lake could not be read or changed.
    #[error(transparent)]
    Lake(#[from] LakeError),
    /// A histories file with a value that cannot be.
    #[error("{path}: row {row}, column {column}: {value:?}; expected {expected}")]
    BadHistory {
        /// File as given.
        path: String,
        /// Row number, the heading being row 1.
        row: u64,
        /// Heading.
        column: String,
        /// The cell.
        value: String,
        /// What would do.
        expected: &'static str,
    },
    /// A customer with two histories.
    #[error(
        "{path}: row {row}, column {column}: {value:?}; expected one row for each customer, and this one stands in row \
         {first_row} of {first_path} too"
    )]
    TwoHistories {
        /// File as given.
        path: String,
        /// Row number, the heading being row 1.
        row: u64,
        /// Heading.
        column: String,
        /// The customer's id.
        value: String,
        /// The file of the first row that names the customer.
        first_path: String,
        /// That row.
        first_row: u64,
    },
    /// A file that holds no subscriptions.
    #[error(
        "{path}: no subscriptions: {why}; expected start and end dates, or tenure and churned, or an age and survivors, \
         found {headings}"
    )]
    NoSubscriptions {
        /// File as given.
        path: String,
        /// The headings.
        headings: String,
        /// What is missing.
        why: String,
    },
    /// A file of subscriptions that could mean several things, or what none can.
    #[error("{path}: row {row}, column {column}: {value:?}: {why}")]
    AmbiguousSubscriptions {
        /// File as given.
        path: String,
        /// Row number, the heading being row 1.
        row: u64,
        /// Heading.
        column: String,
        /// The cell.
        value: String,
        /// Why it is refused.
        why: &'static str,
    },
    /// A table of customers without a column of their ids.
    #[error("{path}: no column of customers' ids; the heading is {headings}")]
    NoIdColumn {
        /// File as given.
        path: String,
        /// The headings.
        headings: String,
    },
    /// A table of customers with a cell that cannot be.
    #[error("{path}: row {row}, column {column}: {value:?}; expected {expected}")]
    BadCovariates {
        /// File as given.
        path: String,
        /// Row number, the heading being row 1.
        row: u64,
        /// Heading.
        column: String,
        /// The cell.
        value: String,
        /// What would do.
        expected: String,
    },
    /// Money that adds up to more than a sum can hold.
    #[error(
        "the {what} of {whose} add up to more than 9,223,372,036,854 currency units, the most that a sum can hold"
    )]
    SumTooLarge {
        /// The customer, or all of them.
        whose: String,
        /// Purchases or returns.
        what: &'static str,
    },
    /// Memory or spill space ran out.
    #[error("the aggregation ran out of memory or spill space: {detail}")]
    OutOfMemory {
        /// What DataFusion said.
        detail: String,
    },
    /// The result could not be written; nothing is left behind.
    #[error("{path}: cannot be written: {source}")]
    Unwritable {
        /// File as given.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A result file with an extension that names no format.
    #[error(
        "{path}: the extension names no table format; expected csv, tsv, json, ndjson or parquet, the text ones also .gz or .zst"
    )]
    UnknownFormat {
        /// File as given.
        path: String,
    },
    /// Something that should not happen.
    #[error("internal error: {detail}")]
    Internal {
        /// What was said.
        detail: String,
    },
}

impl EngineError {
    /// What to try next, where that can be said.
    ///
    /// ```
    /// let error = clv_engine::EngineError::NotFound {
    ///     path: "order.csv".into(),
    ///     nearest: Some("orders.csv".into()),
    /// };
    /// assert_eq!(error.to_string(), "order.csv: no such file or folder");
    /// assert_eq!(error.hint().as_deref(), Some("did you mean orders.csv?"));
    /// ```
    pub fn hint(&self) -> Option<String> {
        match self {
            EngineError::NotFound { path, nearest } => {
                Some(match nearest {
                    Some(name) => format!("did you mean {name}?"),
                    None if path == "-" => "standard input is not read; name a file".into(),
                    None => "check the spelling and the folder; clv demo shows a report without any file".into(),
                })
            }
            EngineError::NoFiles { .. } => {
                Some("name the file itself, or a glob like 'orders/*.csv'".into())
            }
            EngineError::NoOrders { .. } => Some("import some: clv import orders_export.csv".into()),
            EngineError::SeveralCurrencies { currencies, .. } => {
                let most = currencies.iter().filter(|(code, _)| !code.is_empty()).max_by_key(|(_, n)| **n);
                most.map(|(code, _)| format!("ask for one with --currency {code}: the others are put aside and counted"))
            }
            EngineError::NoPath => Some("try clv report orders.csv".into()),
            EngineError::BadPattern { .. } => {
                Some("use * and ? within names and ** for folders".into())
            }
            EngineError::MixedFiles { .. } => {
                Some("name the files that belong together, e.g. with a glob".into())
            }
            EngineError::Unreadable { .. } => Some("check that the file may be read".into()),
            EngineError::EmptyFile { .. } | EngineError::HeaderOnly { .. } => {
                Some("export the orders again and check that the period has orders".into())
            }
            EngineError::Unsupported { hint, .. } => Some((*hint).into()),
            EngineError::UnpacksTooLarge { .. } => {
                Some("unpack it yourself if you trust it, and read what comes out".into())
            }
            EngineError::SeveralArrays { first, .. } => {
                Some(format!("write one of them as a file of its own, e.g. with jq '.{first}'"))
            }
            EngineError::BinaryFile { .. } => Some("export the orders as csv".into()),
            EngineError::Damaged { .. } => Some("copy or export the file again".into()),
            EngineError::Changed { .. } => {
                Some("wait until the export is finished, or read a copy".into())
            }
            EngineError::AllPutAside { reasons, .. } if reasons.ends_with("after_as_of") => {
                Some("choose a later day for --as-of".into())
            }
            EngineError::AllPutAside { .. } => Some(
                "check that the columns are the right ones; --columns ROLE=HEADING settles them"
                    .into(),
            ),
            EngineError::Import(error) => error.hint(),
            EngineError::TwoHistories { .. } => {
                Some("keep one of the rows, or write the file with clv histories".into())
            }
            EngineError::Lake(error) => error.hint(),
            EngineError::BadHistory { .. } => Some("write the file with clv histories".into()),
            EngineError::NoSubscriptions { .. } | EngineError::AmbiguousSubscriptions { .. } => Some(
                "settle it with --columns customer_id=ID,start=BEGIN,end=END or customer_id=ID,tenure=MONTHS,churned=LEFT \
                 or age=YEAR,survivors=ALIVE"
                    .into(),
            ),
            EngineError::NoIdColumn { .. } => {
                Some("name it customer_id, or settle it with --columns customer_id=HEADING".into())
            }
            EngineError::BadCovariates { .. } => Some(
                "the file holds one row for each customer, or one for each customer and day where it changes: customer_id, \
                 date and what is known of them"
                    .into(),
            ),
            EngineError::SumTooLarge { .. } => Some(
                "check that --columns amount=HEADING names the money, or give amounts in thousands"
                    .into(),
            ),
            EngineError::OutOfMemory { .. } => {
                Some("raise --memory-limit, or free disk space for spilling".into())
            }
            EngineError::Unwritable { .. } => {
                Some("check the folder, its permissions and the free space".into())
            }
            EngineError::UnknownFormat { .. } => {
                Some("try -o customers.csv or -o customers.parquet".into())
            }
            EngineError::Internal { .. } => None,
        }
    }
}

fn shown_counts(counts: &std::collections::BTreeMap<String, u64>) -> String {
    let shown = counts.iter().map(|(code, n)| match code.as_str() {
        "" => format!("{n} without a currency"),
        code => format!("{n} in {code}"),
    });
    shown.collect::<Vec<_>>().join(", ")
}
