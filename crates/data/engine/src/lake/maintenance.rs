//! Looking after a lake: small files are joined when that pays, and what nobody can ask for any more is removed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arrow::buffer::BooleanBuffer;
use clv_tables::Instant;
use serde_json::json;
use uuid::Uuid;

use super::Lake;
use super::commit::{self, Commit, CommitInfo, CommitKind, FORMAT, TableChanges, TouchedTable};
use super::data_file::{FILE_BYTES, FILE_ROWS, FileWriter};
use super::delta::{self, DataFile, TableState};
use super::error::LakeError;
use super::import::copy_rows;
use super::place::is_data_file;

/// Joining pays from so many small files on: each costs a reader two requests, and rewriting costs reading all of them once.
const WORTH_JOINING: usize = 8;

/// How often a compaction is tried again when others commit meanwhile.
const ATTEMPTS: u32 = 3;

/// Files that no commit names are left alone for this long, as an import may still be writing them.
const UNDISTURBED: Duration = Duration::from_hours(24);

/// What a vacuum removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Vacuumed {
    /// Commits that can no longer be asked for.
    pub commits: u64,
    /// Data files that none of the kept commits reads.
    pub files: u64,
    /// Bytes of these files.
    pub bytes: u64,
}

impl Lake {
    /// Joins small files where that pays, and says what it did; `None` when it does not pay. A file is small below half the
    /// rows (about 500,000) and half the bytes (64 MiB) of a full one. At least eight are joined, and none that has more rows
    /// than the others together: so a row is written again only when its file at least doubles. No row changes.
    ///
    /// # Errors
    /// When the lake cannot be read or written, or others keep committing.
    pub fn compact(&self, now: Instant) -> Result<Option<CommitInfo>, LakeError> {
        self.run(async {
            for _ in 0..ATTEMPTS {
                let Some(base) = self.published().await? else { return Ok(None) };
                let mut commit = Commit {
                    format: FORMAT,
                    id: Uuid::new_v4().to_string(),
                    number: base.number + 1,
                    kind: CommitKind::Compaction,
                    committed_at: now.0,
                    note: json!(null),
                    touched: BTreeMap::new(),
                    versions: base.versions.clone(),
                };
                let mut written = Vec::new();
                let joined = self.join_tables(&base, &mut commit, &mut written).await;
                if joined.is_ok() && commit.touched.is_empty() {
                    return Ok(None);
                }
                if commit::settle(&self.place, &commit, joined, written).await?.stands() {
                    return Ok(Some(commit.info()));
                }
            }
            Err(LakeError::Conflict { location: self.place.shown.clone(), attempts: ATTEMPTS })
        })
    }

    async fn join_tables(
        &self,
        base: &Commit,
        commit: &mut Commit,
        written: &mut Vec<String>,
    ) -> Result<(), LakeError> {
        let now_ms = commit.committed_at.div_euclid(1_000);
        for name in base.versions.keys() {
            let Some(state) = delta::state_at(&self.place, name, base).await? else { continue };
            let joined = worth_joining(&state);
            if joined.is_empty() {
                continue;
            }
            let version = state.version + 1;
            delta::refuse_foreign(&self.place, name, version, commit.number).await?;
            let mut writer =
                FileWriter::new(&self.place, name, commit.number, Arc::clone(&state.schema));
            let mut result = Ok(());
            for file in &joined {
                let all = BooleanBuffer::new_set(file.rows as usize);
                result = copy_rows(self, name, file, &all, None, &mut writer).await;
                if result.is_err() {
                    break;
                }
            }
            if result.is_ok() {
                result = writer.close().await;
            }
            written.extend(writer.closed.iter().map(|file| format!("{name}/{}", file.path)));
            result?;
            let mut actions = delta::opening(commit.number, now_ms, "OPTIMIZE");
            actions.extend(joined.iter().map(|file| file.remove(now_ms, false)));
            actions.extend(writer.closed.iter().map(|file| file.add(now_ms, false)));
            commit.versions.insert(name.clone(), version);
            let changes = TableChanges::default();
            commit.touched.insert(name.clone(), TouchedTable { version, changes, actions });
        }
        Ok(())
    }

    /// Removes the commits that nobody can ask for within `keep` before `now`, and the data files that only they read; also
    /// files of imports that never ended, a day after they were written. What is read meanwhile from an older commit breaks off.
    ///
    /// # Errors
    /// When the lake cannot be read or written; running it again goes on where it stopped.
    pub fn vacuum(&self, now: Instant, keep: Duration) -> Result<Vacuumed, LakeError> {
        self.run(async {
            let Some(last) = self.published().await? else { return Ok(Vacuumed::default()) };
            let keep = i64::try_from(keep.as_micros()).unwrap_or(i64::MAX);
            let oldest_asked = now.0.saturating_sub(keep);
            // The oldest kept commit is the one that answers for the oldest moment that may be asked for.
            let mut kept = vec![last];
            let mut gone = Vec::new();
            for number in Commit::numbers(&self.place).await?.into_iter().rev() {
                let oldest = kept.last().expect("the last commit is kept");
                if number >= oldest.number {
                    continue;
                }
                if oldest.committed_at <= oldest_asked {
                    gone.push(commit::file_of(number));
                } else if let Some(commit) = Commit::read(&self.place, number).await? {
                    kept.push(commit);
                }
            }
            // Oldest first, so that what is left is without gaps wherever this stops.
            gone.reverse();
            for file in &gone {
                self.place.delete(vec![file.clone()]).await?;
            }
            let mut vacuumed = Vacuumed { commits: gone.len() as u64, ..Vacuumed::default() };
            let before = now.0.saturating_sub(UNDISTURBED.as_micros() as i64).max(0);
            let before = SystemTime::UNIX_EPOCH + Duration::from_micros(before.cast_unsigned());
            self.place.delete_half_written(commit::COMMITS, before)?;
            for table in self.place.folders().await? {
                self.vacuum_table(&table, &kept, now, &mut vacuumed).await?;
                for below in [table.clone(), format!("{table}/_delta_log")] {
                    self.place.delete_half_written(&below, before)?;
                }
            }
            Ok(vacuumed)
        })
    }

    async fn vacuum_table(
        &self,
        table: &str,
        kept: &[Commit],
        now: Instant,
        vacuumed: &mut Vacuumed,
    ) -> Result<(), LakeError> {
        let mut live: BTreeSet<String> = BTreeSet::new();
        if let Some(oldest) = kept.last() {
            let state = delta::state_at(&self.place, table, oldest).await?;
            live.extend(state.into_iter().flat_map(|state| state.files).map(|file| file.path));
        }
        for touched in kept.iter().filter_map(|commit| commit.touched.get(table)) {
            let added = touched.actions.iter().filter_map(|action| action.get("add"));
            live.extend(added.filter_map(|add| Some(add["path"].as_str()?.to_owned())));
        }
        let undisturbed = UNDISTURBED.as_micros() as i64;
        let mut dead = Vec::new();
        for (name, meta) in self.place.list(table).await? {
            let age = now.0.saturating_sub(meta.last_modified.timestamp_micros());
            if is_data_file(&name) && !live.contains(&name) && age >= undisturbed {
                dead.push(format!("{table}/{name}"));
                vacuumed.bytes += meta.size;
            }
        }
        vacuumed.files += dead.len() as u64;
        self.place.delete(dead).await?;
        Ok(())
    }
}

/// The small files of a table if joining them pays, in their order.
fn worth_joining(state: &TableState) -> Vec<&DataFile> {
    let mut small: Vec<&DataFile> = state
        .files
        .iter()
        .filter(|file| file.rows < FILE_ROWS / 2 && file.size < FILE_BYTES / 2)
        .collect();
    small.sort_by_key(|file| file.rows);
    let mut rows: u64 = small.iter().map(|file| file.rows).sum();
    while let Some(largest) = small.last().filter(|file| file.rows > rows - file.rows) {
        rows -= largest.rows;
        small.pop();
    }
    if small.len() < WORTH_JOINING {
        return Vec::new();
    }
    small.sort_by(|a, b| a.path.cmp(&b.path));
    small
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::datatypes::Schema;

    fn joined(rows: &[u64]) -> usize {
        let file = |(i, rows): (usize, &u64)| DataFile {
            path: format!("{i}"),
            size: 1,
            rows: *rows,
            stats: None,
        };
        let state = TableState {
            version: 0,
            id: String::new(),
            schema: Arc::new(Schema::empty()),
            files: rows.iter().enumerate().map(file).collect(),
        };
        worth_joining(&state).len()
    }

    #[test]
    fn eight_small_files_are_joined_and_a_larger_one_is_left_until_the_others_outgrow_it() {
        assert_eq!(joined(&[10; 7]), 0);
        assert_eq!(joined(&[10; 8]), 8);
        assert_eq!(joined(&[10, 10, 10, 10, 10, 10, 10, 10, 81]), 8);
        assert_eq!(joined(&[10, 10, 10, 10, 10, 10, 10, 10, 80]), 9);
        assert_eq!(joined(&[FILE_ROWS; 20]), 0);
    }
}
