//! An import: rows of several tables that become part of the lake together, or not at all.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{Int32Array, RecordBatch};
use arrow::buffer::BooleanBuffer;
use arrow::compute::filter_record_batch;
use arrow::datatypes::SchemaRef;
use clv_tables::{Instant, Table};
use futures::TryStreamExt;
use serde_json::Value;
use uuid::Uuid;

use super::Lake;
use super::commit::{self, Commit, CommitInfo, CommitKind, FORMAT, TableChanges, TouchedTable};
use super::data_file::{FileWriter, OpenFile};
use super::delta::{self, DataFile, TableState};
use super::error::LakeError;
use super::hidden::{self, IMPORT};
use super::merge::{Merge, StagedFile, merge};

/// How often a commit is tried again when others commit meanwhile.
const ATTEMPTS: u32 = 8;

/// Rows on their way into a lake. Nothing of it is seen by others before [`Import::commit`]; dropping it leaves the lake
/// as it was.
#[derive(Debug)]
pub struct Import {
    lake: Lake,
    /// The number that the commit gets if nobody else commits before.
    number: u64,
    staging: Mutex<BTreeMap<&'static str, Staging>>,
    prepared: Option<Prepared>,
    /// Whether a commit was sent of which nobody knows whether it will arrive: its files are not to be touched.
    is_unsure: bool,
}

/// What was written into one table.
#[derive(Debug)]
struct Staging {
    table: &'static Table,
    /// Writers that no thread uses right now.
    idle: Vec<StagedWriter>,
    files: Vec<StagedFile>,
}

/// A writer with the input file of every row.
struct StagedWriter {
    writer: FileWriter,
    runs: Vec<(u64, u32)>,
    files: Vec<StagedFile>,
}

impl std::fmt::Debug for StagedWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StagedWriter").field("files", &self.files).finish_non_exhaustive()
    }
}

/// What the import changes after a certain commit.
#[derive(Debug)]
struct Prepared {
    base: Option<Commit>,
    tables: BTreeMap<&'static str, PreparedTable>,
}

#[derive(Debug)]
struct PreparedTable {
    table: &'static Table,
    staged: Vec<StagedFile>,
    stored: Option<TableState>,
    merge: Merge,
}

impl Import {
    pub(crate) fn new(lake: Lake, number: u64) -> Import {
        Import { lake, number, staging: Mutex::default(), prepared: None, is_unsure: false }
    }

    /// Adds rows of a table, in its schema. Threads may write at once. `input` is the number of the input file that they are
    /// of: where several input files hold an owner, such as an order, the rows of the last one count.
    ///
    /// # Errors
    /// When the rows are not in the table's schema, or cannot be written.
    pub fn write(
        &self,
        table: &'static Table,
        input: u32,
        rows: &RecordBatch,
    ) -> Result<(), LakeError> {
        if rows.num_rows() == 0 {
            return Ok(());
        }
        let mut columns = rows.columns().to_vec();
        columns.extend(hidden::columns(table, rows, self.number as i32)?);
        let schema = delta::stored_schema(table);
        let rows = RecordBatch::try_new(Arc::clone(&schema), columns).map_err(|error| {
            LakeError::Schema {
                table: table.name.to_owned(),
                column: "of this table".to_owned(),
                found: error.to_string(),
                expected: "a value wherever the table demands one".to_owned(),
            }
        })?;
        let idle = self.staging_of(table, |staging| staging.idle.pop());
        let mut writer = idle.unwrap_or_else(|| StagedWriter {
            writer: FileWriter::new(&self.lake.place, table.name, self.number, schema),
            runs: Vec::new(),
            files: Vec::new(),
        });
        self.lake.run(writer.write(input, &rows))?;
        self.staging_of(table, |staging| staging.idle.push(writer));
        Ok(())
    }

    fn staging_of<T>(&self, table: &'static Table, act: impl FnOnce(&mut Staging) -> T) -> T {
        let mut staging = self.staging.lock().unwrap_or_else(PoisonError::into_inner);
        let of_table = staging.entry(table.name).or_insert_with(|| Staging {
            table,
            idle: Vec::new(),
            files: Vec::new(),
        });
        act(of_table)
    }

    /// What a commit would change now, by table: the preview of an import.
    ///
    /// # Errors
    /// When the lake cannot be read or the rows cannot be written.
    pub fn changes(&mut self) -> Result<BTreeMap<String, TableChanges>, LakeError> {
        let lake = self.lake.clone();
        lake.run(self.prepare())?;
        Ok(self.prepared.iter().flat_map(Prepared::changes).collect())
    }

    /// Makes the rows part of the lake: all tables at once. `None` when everything is there already, and then nothing is
    /// written. The note says where the rows come from; `now` is the time of the commit.
    ///
    /// # Errors
    /// When the lake cannot be read or written, or others keep committing. The lake is then as it was.
    pub fn commit(mut self, note: &Value, now: Instant) -> Result<Option<CommitInfo>, LakeError> {
        let lake = self.lake.clone();
        lake.run(async {
            for _ in 0..ATTEMPTS {
                self.prepare().await?;
                let Some(prepared) = self.prepared.take() else { continue };
                if prepared.tables.values().all(|table| table.merge.changes.is_nothing()) {
                    return Ok(None);
                }
                if let Some(commit) = self.try_commit(&prepared, note, now).await? {
                    return Ok(Some(commit.info()));
                }
            }
            Err(LakeError::Conflict { location: lake.place.shown.clone(), attempts: ATTEMPTS })
        })
    }

    /// Gives the import up and removes what was written for it.
    pub fn abandon(self) {
        drop(self);
    }

    /// Ends the files that are open and compares them with the lake's last commit.
    async fn prepare(&mut self) -> Result<(), LakeError> {
        let place = &self.lake.place;
        let staging = self.staging.get_mut().unwrap_or_else(PoisonError::into_inner);
        for of_table in staging.values_mut() {
            for mut writer in std::mem::take(&mut of_table.idle) {
                writer.close().await?;
                of_table.files.append(&mut writer.files);
            }
            of_table.files.sort_by(|a, b| a.file.path.cmp(&b.file.path));
        }
        let base = self.lake.published().await?;
        if let Some(prepared) = &self.prepared {
            let is_as_before = prepared.base == base
                && staging.len() == prepared.tables.len()
                && prepared.tables.iter().all(|(name, table)| {
                    staging.get(name).is_some_and(|s| s.files.len() == table.staged.len())
                });
            if is_as_before {
                return Ok(());
            }
        }
        let mut tables = BTreeMap::new();
        for (name, Staging { table, files, .. }) in staging.iter() {
            let stored = match &base {
                Some(base) => delta::state_at(place, name, base).await?,
                None => None,
            };
            if let Some(stored) = &stored {
                delta::merged_schema(table, &stored.schema)?;
            }
            let limit = self.lake.engine.options.memory_limit_bytes;
            let merge = merge(place, table, files, stored.as_ref(), limit).await?;
            tables.insert(*name, PreparedTable { table, staged: files.clone(), stored, merge });
        }
        self.prepared = Some(Prepared { base, tables });
        Ok(())
    }

    /// One attempt at what was prepared; `None` when somebody else was first.
    async fn try_commit(
        &mut self,
        prepared: &Prepared,
        note: &Value,
        now: Instant,
    ) -> Result<Option<Commit>, LakeError> {
        let lake = self.lake.clone();
        let place = &lake.place;
        let number = prepared.base.as_ref().map_or(1, |base| base.number + 1);
        let mut commit = Commit {
            format: FORMAT,
            id: Uuid::new_v4().to_string(),
            number,
            kind: CommitKind::Import,
            committed_at: now.0,
            note: note.clone(),
            touched: BTreeMap::new(),
            versions: prepared
                .base
                .as_ref()
                .map_or_else(BTreeMap::new, |base| base.versions.clone()),
        };
        let mut written = Vec::new();
        let actions = self.fill(prepared, &mut commit, &mut written).await;
        let is_prepared = actions.is_ok();
        let settled = commit::settle(place, &commit, actions, written).await;
        self.is_unsure |= is_prepared && settled.is_err() && place.is_remote();
        Ok(settled?.stands().then_some(commit))
    }

    /// What the commit does to each table.
    async fn fill(
        &self,
        prepared: &Prepared,
        commit: &mut Commit,
        written: &mut Vec<String>,
    ) -> Result<(), LakeError> {
        let place = &self.lake.place;
        let now_ms = commit.committed_at.div_euclid(1_000);
        for (name, table) in &prepared.tables {
            if table.merge.changes.is_nothing() {
                continue;
            }
            let version = table.stored.as_ref().map_or(0, |stored| stored.version + 1);
            delta::refuse_foreign(place, name, version, commit.number).await?;
            let is_numbered = commit.number == self.number;
            let actions =
                table.actions(&self.lake, commit.number, is_numbered, written, now_ms).await?;
            commit.versions.insert((*name).to_owned(), version);
            let changes = table.merge.changes;
            commit.touched.insert((*name).to_owned(), TouchedTable { version, changes, actions });
        }
        Ok(())
    }
}

impl Drop for Import {
    /// Removes the files that no commit took, as far as that can be done now; what stays is left to the vacuum.
    fn drop(&mut self) {
        let staging =
            std::mem::take(self.staging.get_mut().unwrap_or_else(PoisonError::into_inner));
        let mut files: Vec<(String, String)> = Vec::new();
        for (name, of_table) in staging {
            let idle = of_table.idle.iter().flat_map(|writer| &writer.files);
            files.extend(
                of_table.files.iter().chain(idle).map(|f| (name.to_owned(), f.file.path.clone())),
            );
        }
        if files.is_empty() || self.is_unsure {
            return;
        }
        let lake = self.lake.clone();
        lake.run(async {
            // Only what the last commit is known not to hold may go.
            let Ok(last) = Commit::last(&lake.place).await else { return };
            let mut unused = Vec::new();
            for (name, path) in files {
                let is_taken = match &last {
                    Some(last) => delta::state_at(&lake.place, &name, last).await.map(|state| {
                        state.is_some_and(|state| state.files.iter().any(|file| file.path == path))
                    }),
                    None => Ok(false),
                };
                if matches!(is_taken, Ok(false)) {
                    unused.push(format!("{name}/{path}"));
                }
            }
            lake.place.delete(unused).await.ok();
        });
    }
}

impl StagedWriter {
    async fn write(&mut self, input: u32, rows: &RecordBatch) -> Result<(), LakeError> {
        let before = self.runs.last().map_or(0, |(end, _)| *end);
        let end = before + rows.num_rows() as u64;
        match self.runs.last_mut() {
            Some(last) if last.1 == input => last.0 = end,
            _ => self.runs.push((end, input)),
        }
        self.writer.write(rows).await?;
        self.take_closed();
        Ok(())
    }

    async fn close(&mut self) -> Result<(), LakeError> {
        self.writer.close().await?;
        self.take_closed();
        Ok(())
    }

    fn take_closed(&mut self) {
        for file in self.writer.closed.drain(..) {
            self.files.push(StagedFile { file, runs: std::mem::take(&mut self.runs) });
        }
    }
}

impl Prepared {
    fn changes(&self) -> impl Iterator<Item = (String, TableChanges)> {
        self.tables.iter().map(|(name, table)| ((*name).to_owned(), table.merge.changes))
    }
}

impl PreparedTable {
    /// The lines of the Delta log that make the change, after writing the files that only hold a part of others.
    async fn actions(
        &self,
        lake: &Lake,
        number: u64,
        is_numbered: bool,
        written: &mut Vec<String>,
        now_ms: i64,
    ) -> Result<Vec<Value>, LakeError> {
        let (place, name) = (&lake.place, self.table.name);
        let mut actions = delta::opening(number, now_ms, "MERGE");
        let schema = match &self.stored {
            Some(stored) => delta::merged_schema(self.table, &stored.schema)?,
            None => delta::stored_schema(self.table),
        };
        match &self.stored {
            Some(stored) if stored.schema == schema => {}
            Some(stored) => actions.push(delta::metadata(name, &stored.id, &schema, now_ms)),
            None => {
                actions.push(delta::protocol());
                actions.push(delta::metadata(name, &Uuid::new_v4().to_string(), &schema, now_ms));
            }
        }
        let mut writer = FileWriter::new(place, name, number, Arc::clone(&schema));
        let result = self.copy(lake, number, is_numbered, &mut writer).await;
        written.extend(writer.closed.iter().map(|file| format!("{name}/{}", file.path)));
        let (whole, gone) = result?;
        actions.extend(gone.iter().map(|file| file.remove(now_ms, true)));
        actions.extend(whole.into_iter().chain(&writer.closed).map(|file| file.add(now_ms, true)));
        Ok(actions)
    }

    /// Copies what stays and what comes in where a file is not to be taken as it is; gives the staged files that are, and
    /// the stored ones that go.
    async fn copy(
        &self,
        lake: &Lake,
        number: u64,
        is_numbered: bool,
        writer: &mut FileWriter,
    ) -> Result<(Vec<&DataFile>, Vec<&DataFile>), LakeError> {
        let (mut whole, mut gone) = (Vec::new(), Vec::new());
        let stored = self.stored.iter().flat_map(|stored| &stored.files);
        for (file, staying) in stored.zip(&self.merge.staying) {
            let n = staying.count_set_bits() as u64;
            if n < file.rows {
                gone.push(file);
                if n > 0 {
                    copy_rows(lake, self.table.name, file, staying, None, writer).await?;
                }
            }
        }
        for (StagedFile { file, .. }, incoming) in self.staged.iter().zip(&self.merge.incoming) {
            let n = incoming.count_set_bits() as u64;
            if n == file.rows && is_numbered {
                whole.push(file);
            } else if n > 0 {
                let import = Some(number as i32);
                copy_rows(lake, self.table.name, file, incoming, import, writer).await?;
            }
        }
        writer.close().await?;
        Ok((whole, gone))
    }
}

/// Writes some rows of a file once more, under another import's number if one is given.
pub(crate) async fn copy_rows(
    lake: &Lake,
    table: &str,
    file: &DataFile,
    rows: &BooleanBuffer,
    import: Option<i32>,
    writer: &mut FileWriter,
) -> Result<(), LakeError> {
    let open = OpenFile::open(&lake.place, table, file).await?;
    let schema: SchemaRef = Arc::clone(writer.schema());
    let mut batches = open.stream((0..open.group_rows().len()).collect(), &schema)?;
    let mut at = 0;
    while let Some(batch) = batches.try_next().await? {
        let kept = rows.slice(at, batch.num_rows());
        at += batch.num_rows();
        if kept.count_set_bits() == 0 {
            continue;
        }
        let damaged = |error: arrow::error::ArrowError| LakeError::Damaged {
            path: lake.place.shown(&format!("{table}/{}", file.path)),
            detail: error.to_string(),
        };
        let mut batch = filter_record_batch(&batch, &kept.into()).map_err(damaged)?;
        if let Some(number) = import {
            let mut columns = batch.columns().to_vec();
            if let Ok(i) = schema.index_of(IMPORT) {
                columns[i] = Arc::new(Int32Array::from_value(number, batch.num_rows()));
            }
            batch = RecordBatch::try_new(Arc::clone(&schema), columns).map_err(damaged)?;
        }
        writer.write(&batch).await?;
    }
    Ok(())
}
