//! Where a figure comes from: enough to compute it again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What an answer was computed from and with; the same provenance gives the same answer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// The definition of lifetime value the figures follow, such as `net-sales-1y@1`.
    pub definition_id: Option<String>,
    /// Each input with its version: a content hash for a file, a table version for a lake.
    pub table_versions: BTreeMap<String, String>,
    /// The id of the model served, such as `pareto-nbd`.
    pub model: Option<String>,
    /// The options in force, by their command-line names.
    pub options: BTreeMap<String, serde_json::Value>,
    /// The seed of every random choice.
    pub seed: Option<u64>,
    /// The last day observed, ISO 8601.
    pub as_of: Option<String>,
    /// The version of the program.
    pub clv_version: String,
}

/// A result and where it comes from; the shape of every JSON answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer<T> {
    /// The result itself.
    pub answer: T,
    /// What it was computed from and with.
    pub provenance: Provenance,
}
