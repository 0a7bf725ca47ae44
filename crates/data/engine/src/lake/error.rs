//! Why a lake could not be read or changed.

use std::error::Error;
use std::io::ErrorKind;

/// Everything that can stop work on a lake. Whatever stops it, the last commit stays whole.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LakeError {
    /// An address that names no lake.
    #[error(
        "{location}: not the address of a lake: {why}; expected a folder, file:// or s3://bucket/prefix"
    )]
    BadLocation {
        /// The address as given.
        location: String,
        /// What is wrong with it.
        why: String,
    },
    /// There is no lake at the address.
    #[error("{location}: there is no lake here; expected {location}/_clv/lake.json")]
    NoLake {
        /// The address as given.
        location: String,
    },
    /// A lake of a later version of the program.
    #[error("{location}: the lake is of format {found}; expected at most {known}")]
    NewerFormat {
        /// The address as given.
        location: String,
        /// The format that the lake names.
        found: u32,
        /// The latest format that is understood.
        known: u32,
    },
    /// The folder or object store said no.
    #[error("{path}: cannot be {doing}: {detail}")]
    Storage {
        /// The file or object.
        path: String,
        /// What was tried, as in "written".
        doing: &'static str,
        /// What kind of answer the system gave, where it was the system.
        kind: Option<ErrorKind>,
        /// The answer.
        detail: String,
    },
    /// A file of the lake that is not what it should be.
    #[error("{path}: damaged: {detail}")]
    Damaged {
        /// The file or object.
        path: String,
        /// What was found.
        detail: String,
    },
    /// Somebody else wrote into a table of the lake.
    #[error(
        "{path}: another program has written version {version} of this table; expected the lake's own commits only"
    )]
    ForeignCommit {
        /// The log file of the table.
        path: String,
        /// The version that it wrote.
        version: u64,
    },
    /// Others kept committing while this import tried to.
    #[error("{location}: others committed {attempts} times while this commit was prepared")]
    Conflict {
        /// The lake.
        location: String,
        /// How often the commit was tried.
        attempts: u32,
    },
    /// No commit has this number or is as old as this.
    #[error("{location}: there is no commit {asked}; expected {found}")]
    NoSuchCommit {
        /// The lake.
        location: String,
        /// What was asked for.
        asked: String,
        /// What there is.
        found: String,
    },
    /// Rows that do not fit the table.
    #[error("table {table}, column {column}: {found}; expected {expected}")]
    Schema {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// What came or is stored.
        found: String,
        /// What would do.
        expected: String,
    },
}

impl LakeError {
    /// What to try next, where that can be said.
    ///
    /// ```
    /// use clv_engine::lake::LakeError;
    /// let error = LakeError::Conflict { location: "shop".into(), attempts: 8 };
    /// assert_eq!(error.hint().as_deref(), Some("run the command again; nothing was changed or lost"));
    /// ```
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            LakeError::BadLocation { .. } => None,
            LakeError::NoLake { .. } => Some("an import makes one".into()),
            LakeError::NewerFormat { .. } => Some("update the program".into()),
            LakeError::Storage { kind, .. } => Some(
                match kind {
                    Some(ErrorKind::StorageFull | ErrorKind::QuotaExceeded) => {
                        "free space and run the command again; the last commit is whole"
                    }
                    Some(ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem) => {
                        "check who may write here; reading needs no such right"
                    }
                    _ => "run the command again; the last commit is whole",
                }
                .into(),
            ),
            LakeError::Damaged { .. } => {
                Some("restore the file from a backup; earlier commits may still be read".into())
            }
            LakeError::ForeignCommit { .. } => Some(
                "remove that log file, or copy the table before other programs write to it".into(),
            ),
            LakeError::Conflict { .. } => {
                Some("run the command again; nothing was changed or lost".into())
            }
            LakeError::NoSuchCommit { .. } => Some("the lake's history lists them".into()),
            LakeError::Schema { .. } => {
                Some("columns may be added where they may be empty; others stay as they are".into())
            }
        }
    }

    /// What a store, a file or the Parquet writer said, with the system's own words where they are inside.
    pub(crate) fn storage(
        path: impl Into<String>,
        doing: &'static str,
        error: &(dyn Error + 'static),
    ) -> LakeError {
        let (mut kind, mut detail) = (None, error.to_string());
        let mut inner = Some(error);
        while let Some(error) = inner {
            if let Some(error) = error.downcast_ref::<std::io::Error>() {
                kind = Some(error.kind());
                detail = error.to_string();
            }
            inner = error.source();
        }
        LakeError::Storage { path: path.into(), doing, kind, detail }
    }

    /// Whether the place refuses to be written to, though it can be read.
    pub(crate) fn is_read_only(&self) -> bool {
        matches!(
            self,
            LakeError::Storage {
                kind: Some(ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem),
                ..
            }
        )
    }
}
