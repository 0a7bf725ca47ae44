//! How a failure is told: what happened, where, what was expected, a hint; and its exit status.

use std::fmt;

use clv_engine::EngineError;
use clv_studies::StudyError;

/// A failure, ready to be printed.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    hint: Option<String>,
    status: u8,
}

/// A way of asking that cannot be answered, found before any file was read.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct UsageError {
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

/// Something that was looked for and is not there.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct NotFound {
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

impl Failure {
    /// The failure that `error` is.
    pub(crate) fn of(error: &anyhow::Error) -> Self {
        let message = error.chain().map(ToString::to_string).fold(String::new(), |text, part| {
            // A transparent error repeats its source word for word.
            if text.ends_with(&part) || text.is_empty() {
                if text.is_empty() { part } else { text }
            } else {
                format!("{text}: {part}")
            }
        });
        let engine = error.chain().find_map(|cause| cause.downcast_ref::<EngineError>());
        let study = error.chain().find_map(|cause| cause.downcast_ref::<StudyError>());
        let usage = error.chain().find_map(|cause| cause.downcast_ref::<UsageError>());
        let missing = error.chain().find_map(|cause| cause.downcast_ref::<NotFound>());
        let hint = usage
            .and_then(|error| error.hint.clone())
            .or_else(|| missing.and_then(|error| error.hint.clone()))
            .or_else(|| study.and_then(StudyError::hint))
            .or_else(|| engine.and_then(EngineError::hint));
        let status = if missing.is_some() { 4 } else { 2 };
        Self { message, hint, status }
    }

    /// The exit status: 4 for what does not exist by name, else 2, could not run as asked.
    pub(crate) fn exit_status(&self) -> u8 {
        self.status
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "error: {}", self.message)?;
        if let Some(hint) = &self.hint {
            writeln!(f, "hint: {hint}")?;
        }
        Ok(())
    }
}

/// Whether whoever read our output has gone: no failure of ours.
pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<std::io::Error>()
            .is_some_and(|io| io.kind() == std::io::ErrorKind::BrokenPipe)
    })
}
