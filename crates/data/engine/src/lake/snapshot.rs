//! Reading a lake as a commit left it, whatever is committed meanwhile.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::RecordBatch;
use arrow::datatypes::{Field, Schema, SchemaRef};
use clv_tables::{Day, Instant, Table};
use futures::TryStreamExt;
use futures::stream::BoxStream;

use super::Lake;
use super::commit::{Commit, CommitInfo};
use super::data_file::OpenFile;
use super::delta::{self, TableState};
use super::error::LakeError;
use super::hidden;

/// As of when a lake is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AsOf {
    /// As it is.
    #[default]
    Latest,
    /// As the commit of this number left it.
    Commit(u64),
    /// As the last commit at or before this moment left it.
    Time(Instant),
}

/// All tables of a lake, as one commit left them.
#[derive(Debug)]
pub struct LakeSnapshot {
    lake: Lake,
    commit: Option<Commit>,
    states: Mutex<BTreeMap<String, Option<Arc<TableState>>>>,
}

/// A part of a table that is read on its own: rows of one file, in their order.
#[derive(Debug, Clone)]
pub struct LakePiece {
    lake: Lake,
    file: OpenFile,
    row_group: usize,
    schema: SchemaRef,
    n_rows: u64,
}

impl LakeSnapshot {
    pub(crate) async fn take(lake: &Lake, as_of: AsOf) -> Result<LakeSnapshot, LakeError> {
        let place = &lake.place;
        let none = |asked: String, found: String| LakeError::NoSuchCommit {
            location: place.shown.clone(),
            asked,
            found,
        };
        let commit = match as_of {
            AsOf::Latest => Commit::last(place).await?,
            AsOf::Commit(number) => {
                let found = Commit::read(place, number).await?;
                if found.is_none() {
                    let numbers = Commit::numbers(place).await?;
                    let found = match (numbers.first(), numbers.last()) {
                        (Some(first), Some(last)) => format!("{first} to {last}"),
                        _ => "none, as nothing was committed yet".to_owned(),
                    };
                    return Err(none(number.to_string(), found));
                }
                found
            }
            AsOf::Time(moment) => {
                let mut found = None;
                for number in Commit::numbers(place).await?.into_iter().rev() {
                    let commit = Commit::read(place, number).await?;
                    if let Some(commit) = commit.filter(|commit| commit.committed_at <= moment.0) {
                        found = Some(commit);
                        break;
                    }
                }
                if found.is_none() {
                    let day = Day(moment.0.div_euclid(86_400_000_000) as i32);
                    let first = match Commit::numbers(place).await?.first() {
                        Some(first) => Commit::read(place, *first).await?,
                        None => None,
                    };
                    let found = first.map_or_else(
                        || "none, as nothing was committed yet".to_owned(),
                        |first| {
                            let day = Day(first.committed_at.div_euclid(86_400_000_000) as i32);
                            format!("{} of {day} or later", first.number)
                        },
                    );
                    return Err(none(format!("as early as {day}"), found));
                }
                found
            }
        };
        Ok(LakeSnapshot { lake: lake.clone(), commit, states: Mutex::default() })
    }

    /// The number of the commit; 0 before the first.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.commit.as_ref().map_or(0, |commit| commit.number)
    }

    /// The commit; `None` before the first.
    #[must_use]
    pub fn info(&self) -> Option<CommitInfo> {
        self.commit.as_ref().map(Commit::info)
    }

    /// The Delta version of each table, for those who read it with another program, and for provenance.
    #[must_use]
    pub fn versions(&self) -> BTreeMap<String, u64> {
        self.commit.as_ref().map_or_else(BTreeMap::new, |commit| commit.versions.clone())
    }

    /// Rows of a table; 0 for one that never had any. Reads no data.
    ///
    /// # Errors
    /// When the table's log cannot be read.
    pub fn rows(&self, table: &str) -> Result<u64, LakeError> {
        let state = self.lake.run(self.state(table))?;
        Ok(state.map_or(0, |state| state.files.iter().map(|file| file.rows).sum()))
    }

    /// The table in pieces of at most some 260,000 rows, with these columns (of the table, of origin or hidden); together
    /// they are the table, in the same order each time.
    ///
    /// # Errors
    /// When a column is unknown, or a file's end cannot be read.
    pub fn pieces(&self, table: &Table, columns: &[&str]) -> Result<Vec<LakePiece>, LakeError> {
        let schema = selected(table, columns)?;
        self.lake.run(async {
            let Some(state) = self.state(table.name).await? else { return Ok(Vec::new()) };
            let mut pieces = Vec::new();
            for file in &state.files {
                let file = OpenFile::open(&self.lake.place, table.name, file).await?;
                for (row_group, n_rows) in file.group_rows().into_iter().enumerate() {
                    let (lake, file, schema) =
                        (self.lake.clone(), file.clone(), Arc::clone(&schema));
                    pieces.push(LakePiece { lake, file, row_group, schema, n_rows });
                }
            }
            Ok(pieces)
        })
    }

    /// Gives all rows of a table in batches with these columns, one after the other.
    ///
    /// # Errors
    /// Those of [`LakeSnapshot::pieces`], those of reading, and those of `each`, which ends the reading.
    pub fn read<E: From<LakeError>>(
        &self,
        table: &Table,
        columns: &[&str],
        mut each: impl FnMut(RecordBatch) -> Result<(), E>,
    ) -> Result<(), E> {
        self.pieces(table, columns)?.iter().try_for_each(|piece| piece.read(&mut each))
    }

    async fn state(&self, table: &str) -> Result<Option<Arc<TableState>>, LakeError> {
        let known = |snapshot: &LakeSnapshot| {
            let states = snapshot.states.lock().unwrap_or_else(PoisonError::into_inner);
            states.get(table).cloned()
        };
        if let Some(known) = known(self) {
            return Ok(known);
        }
        let state = match &self.commit {
            Some(commit) => delta::state_at(&self.lake.place, table, commit).await?.map(Arc::new),
            None => None,
        };
        let mut states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        states.insert(table.to_owned(), state.clone());
        Ok(state)
    }
}

impl LakePiece {
    /// Rows of the piece.
    #[must_use]
    pub fn n_rows(&self) -> u64 {
        self.n_rows
    }

    /// The columns that were asked for, in that order.
    #[must_use]
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Batches of at most some 16,000 rows, for those who read in a runtime.
    ///
    /// # Errors
    /// When the file's layout is not what its end says.
    pub fn stream(&self) -> Result<BoxStream<'static, Result<RecordBatch, LakeError>>, LakeError> {
        self.file.stream(vec![self.row_group], &self.schema)
    }

    /// Gives the rows in batches of at most some 16,000; blocks, so that a thread reads one piece at a time.
    ///
    /// # Errors
    /// Those of reading and those of `each`, which ends the reading.
    pub fn read<E: From<LakeError>>(
        &self,
        each: &mut impl FnMut(RecordBatch) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut batches = self.stream()?;
        while let Some(batch) = self.lake.run(batches.try_next())? {
            each(batch)?;
        }
        Ok(())
    }
}

/// The schema of some columns of a table.
fn selected(table: &Table, columns: &[&str]) -> Result<SchemaRef, LakeError> {
    let hidden = hidden::fields();
    let fields = columns.iter().map(|name| {
        let own = table.column(name).map(|column| {
            Arc::new(Field::new(*name, column.kind.data_type(), !column.is_required))
        });
        own.or_else(|| hidden.iter().find(|field| field.name() == name).cloned()).ok_or_else(|| {
            LakeError::Schema {
                table: table.name.to_owned(),
                column: (*name).to_owned(),
                found: "no such column".to_owned(),
                expected: "one of the table's, of origin, or a hidden one".to_owned(),
            }
        })
    });
    Ok(Arc::new(Schema::new(fields.collect::<Result<Vec<_>, _>>()?)))
}
