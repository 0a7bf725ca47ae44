//! The lake's own log: one file for each commit, whose appearance is the one moment at which all its tables change.

use std::collections::BTreeMap;

use clv_tables::Instant;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::delta;
use super::error::LakeError;
use super::place::LakePlace;

/// The format of the lake's files that this version writes; it reads no later one.
pub(crate) const FORMAT: u32 = 1;
/// The file that makes a folder a lake.
pub(crate) const MARKER: &str = "_clv/lake.json";
/// Where commits are.
pub(crate) const COMMITS: &str = "_clv/commits";

/// What a commit did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommitKind {
    /// Rows came in.
    Import,
    /// Small files were joined; no row changed.
    Compaction,
}

/// How an import changes a table; rows in the table's own terms, owners in its unit of replacement, as an order with
/// all its lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TableChanges {
    /// Rows of owners that were not there.
    pub rows_new: u64,
    /// Rows of owners whose rows were others before, as they are now.
    pub rows_changed: u64,
    /// Rows that are there already.
    pub rows_unchanged: u64,
    /// Stored rows that give way to those of `rows_changed`.
    pub rows_replaced: u64,
    /// Owners that were not there.
    pub owners_new: u64,
    /// Owners whose rows differ from the stored ones.
    pub owners_changed: u64,
    /// Owners whose rows are stored already.
    pub owners_unchanged: u64,
    /// Owners that came several times in this import, alike each time.
    pub owners_repeated_alike: u64,
    /// Owners that came several times in this import, not alike: the last one counts.
    pub owners_repeated_differing: u64,
}

impl TableChanges {
    /// Whether the table stays as it is.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.owners_new == 0 && self.owners_changed == 0
    }
}

/// What is known of a commit.
#[derive(Debug, Clone, PartialEq)]
pub struct CommitInfo {
    /// Its number, from 1; imports and compactions count alike.
    pub number: u64,
    /// What it did.
    pub kind: CommitKind,
    /// When, as the caller said.
    pub committed_at: Instant,
    /// What the caller noted: source, files, totals.
    pub note: Value,
    /// How each table that it touched changed.
    pub changes: BTreeMap<String, TableChanges>,
    /// The version of every Delta table after it.
    pub versions: BTreeMap<String, u64>,
}

/// A commit as it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Commit {
    pub(crate) format: u32,
    /// Tells a commit of one's own from that of another who took the same number.
    pub(crate) id: String,
    pub(crate) number: u64,
    pub(crate) kind: CommitKind,
    /// Microseconds since 1970.
    pub(crate) committed_at: i64,
    pub(crate) note: Value,
    pub(crate) touched: BTreeMap<String, TouchedTable>,
    pub(crate) versions: BTreeMap<String, u64>,
}

/// What a commit does to a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct TouchedTable {
    /// The Delta version that the actions make.
    pub(crate) version: u64,
    pub(crate) changes: TableChanges,
    /// The lines of the Delta log's file of that version.
    pub(crate) actions: Vec<Value>,
}

impl Commit {
    pub(crate) fn info(&self) -> CommitInfo {
        CommitInfo {
            number: self.number,
            kind: self.kind,
            committed_at: Instant(self.committed_at),
            note: self.note.clone(),
            changes: self.touched.iter().map(|(name, t)| (name.clone(), t.changes)).collect(),
            versions: self.versions.clone(),
        }
    }

    /// The data files that the commit brings, below the lake's root.
    fn added_files(&self) -> Vec<String> {
        let of_table = |(name, touched): (&String, &TouchedTable)| -> Vec<String> {
            let added = touched.actions.iter().filter_map(|action| action.get("add"));
            added.filter_map(|add| Some(format!("{name}/{}", add["path"].as_str()?))).collect()
        };
        self.touched.iter().flat_map(of_table).collect()
    }

    /// Puts the commit into the log; `false` when its number is taken by another.
    pub(crate) async fn put(&self, place: &LakePlace) -> Result<bool, LakeError> {
        let bytes = serde_json::to_vec_pretty(self).expect("names are text and numbers are finite");
        if place.put_new(&file_of(self.number), bytes).await? {
            return Ok(true);
        }
        // A store may answer a repeated request with "there already" though it was this commit that got through.
        Ok(Commit::read(place, self.number).await?.is_some_and(|there| there.id == self.id))
    }

    pub(crate) async fn read(place: &LakePlace, number: u64) -> Result<Option<Commit>, LakeError> {
        let file = file_of(number);
        let Some(bytes) = place.get(&file).await? else { return Ok(None) };
        let commit: Commit = serde_json::from_slice(&bytes).map_err(|error| {
            LakeError::Damaged { path: place.shown(&file), detail: error.to_string() }
        })?;
        if commit.format > FORMAT {
            return Err(LakeError::NewerFormat {
                location: place.shown.clone(),
                found: commit.format,
                known: FORMAT,
            });
        }
        Ok(Some(commit))
    }

    /// The numbers of all commits that are kept, rising.
    pub(crate) async fn numbers(place: &LakePlace) -> Result<Vec<u64>, LakeError> {
        let files = place.list(COMMITS).await?;
        Ok(files.iter().filter_map(|(name, _)| name.strip_suffix(".json")?.parse().ok()).collect())
    }

    /// The last commit; `None` before the first.
    pub(crate) async fn last(place: &LakePlace) -> Result<Option<Commit>, LakeError> {
        match Commit::numbers(place).await?.last() {
            Some(number) => Commit::read(place, *number).await,
            None => Ok(None),
        }
    }
}

/// What became of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Settled {
    /// It is in the log.
    Stands,
    /// Another has taken its number.
    Lost,
}

impl Settled {
    pub(crate) fn stands(self) -> bool {
        self == Settled::Stands
    }
}

/// Puts a commit that is `prepared` into the log and then into the Delta logs; where it does not stand, the files written for
/// it alone are removed.
///
/// # Errors
/// What stopped the preparation or the writing of the commit. Once it stands there is no error any more: what publishing it
/// lacks, the next one who opens the lake does.
pub(crate) async fn settle(
    place: &LakePlace,
    commit: &Commit,
    prepared: Result<(), LakeError>,
    written: Vec<String>,
) -> Result<Settled, LakeError> {
    let prepared = match prepared {
        Ok(()) => place.settle(&commit.added_files()).await,
        error => error,
    };
    let put = match prepared {
        Ok(()) => commit.put(place).await,
        Err(error) => {
            place.delete(written).await.ok();
            return Err(error);
        }
    };
    let stands = match put {
        Ok(stands) => stands,
        Err(error) => match Commit::read(place, commit.number).await {
            Ok(Some(there)) if there.id == commit.id => true,
            // A request on its way may still arrive: its files are left to the vacuum.
            _ if place.is_remote() => return Err(error),
            _ => {
                place.delete(written).await.ok();
                return Err(error);
            }
        },
    };
    if !stands {
        place.delete(written).await.ok();
        return Ok(Settled::Lost);
    }
    if delta::publish(place, commit).await.is_ok() {
        delta::checkpoint(place, commit).await.ok();
    }
    Ok(Settled::Stands)
}

pub(crate) fn file_of(number: u64) -> String {
    format!("{COMMITS}/{number:020}.json")
}
