//! The lake: canonical tables as Delta tables in a folder or an object store, changed by whole imports.
//!
//! `<root>/<table>/` is a Delta table each, which Spark, DuckDB and others read. `<root>/_clv/commits/<number>.json` is the lake's own
//! log: the appearance of such a file, which the store grants to one writer only, is the moment at which all tables change
//! together. The Delta logs are brought up to it afterwards; whoever opens the lake does what a killed writer could not.
//! So a commit is there wholly or not at all, and at most the last one is missing in the Delta logs.
//!
//! The unit of replacement is the table's owner: an order comes with all its lines. What comes again is compared by two hashes
//! for each row (see [`OWNER`] and [`CONTENT`]): alike, it is dropped; otherwise it takes the place of what is stored.

mod commit;
mod data_file;
mod delta;
mod error;
mod hidden;
mod import;
mod maintenance;
mod merge;
mod place;
mod snapshot;

pub use commit::{CommitInfo, CommitKind, TableChanges};
pub use error::LakeError;
pub use hidden::{CONTENT, IMPORT, OWNER};
pub use import::Import;
pub use maintenance::Vacuumed;
pub use place::LakePlace;
pub use snapshot::{AsOf, LakePiece, LakeSnapshot};

use commit::{Commit, FORMAT, MARKER};

use crate::engine::Engine;

/// A lake that is open. Clones share the runtime; nothing is held that others could be kept from.
#[derive(Debug, Clone)]
pub struct Lake {
    pub(crate) engine: Engine,
    pub(crate) place: LakePlace,
}

impl Lake {
    /// Opens a lake, and ends the publishing of its last commit where its writer was stopped; a lake that may only be read is
    /// read all the same.
    ///
    /// # Errors
    /// When there is no lake, or it cannot be read.
    pub fn open(engine: &Engine, place: LakePlace) -> Result<Lake, LakeError> {
        let lake = Lake { engine: engine.clone(), place };
        lake.run(async {
            let Some(bytes) = lake.place.get(MARKER).await? else {
                return Err(LakeError::NoLake { location: lake.place.shown.clone() });
            };
            let damaged =
                |detail: String| LakeError::Damaged { path: lake.place.shown(MARKER), detail };
            let marker: serde_json::Value =
                serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
            let found = marker["format"].as_u64().and_then(|format| u32::try_from(format).ok());
            let found = found.ok_or_else(|| damaged("no number of a format".to_owned()))?;
            if found > FORMAT {
                let location = lake.place.shown.clone();
                return Err(LakeError::NewerFormat { location, found, known: FORMAT });
            }
            match lake.published().await {
                Err(error) if !error.is_read_only() => Err(error),
                _ => Ok(()),
            }
        })?;
        Ok(lake)
    }

    /// Opens a lake, or makes an empty one where there is none.
    ///
    /// ```
    /// use clv_engine::lake::{AsOf, Lake, LakePlace};
    /// use clv_engine::{Engine, EngineOptions};
    /// use clv_tables::canonical::orders::{Order, Orders, TABLE};
    /// use clv_tables::{Instant, Money, Origin};
    /// let folder = tempfile::tempdir()?;
    /// let engine = Engine::new(EngineOptions::default())?;
    /// let place = LakePlace::new(&folder.path().display().to_string(), &Default::default())?;
    /// let lake = Lake::create_or_open(&engine, place)?;
    ///
    /// let origin = Origin { source: "generic", file: "orders.csv", row: 2, ..Origin::default() };
    /// let mut rows = Orders::default();
    /// rows.push(Order { order_id: "#1".into(), total: Money(5_000_000), ..Order::default() }, &origin);
    /// let import = lake.begin()?;
    /// import.write(&TABLE, 0, &rows.take())?;
    /// let commit = import.commit(&"orders.csv".into(), Instant(0))?.expect("the order is new");
    /// assert_eq!((commit.number, commit.changes["orders"].rows_new), (1, 1));
    ///
    /// let mut ids = Vec::new();
    /// lake.snapshot(AsOf::Latest)?.read(&TABLE, &["order_id"], |batch| {
    ///     ids.push(batch.num_rows());
    ///     Ok::<(), clv_engine::lake::LakeError>(())
    /// })?;
    /// assert_eq!(ids, [1]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When the place cannot be written, or there is a lake that cannot be read.
    pub fn create_or_open(engine: &Engine, place: LakePlace) -> Result<Lake, LakeError> {
        let lake = Lake { engine: engine.clone(), place };
        lake.run(async {
            if !lake.place.exists(MARKER).await? {
                let marker = serde_json::json!({ "format": FORMAT }).to_string();
                lake.place.put_new(MARKER, marker.into_bytes()).await?;
            }
            Ok(())
        })?;
        Lake::open(engine, lake.place)
    }

    /// Where the lake is.
    #[must_use]
    pub fn place(&self) -> &LakePlace {
        &self.place
    }

    /// All commits that are kept, the first one first.
    ///
    /// # Errors
    /// When the lake cannot be read.
    pub fn history(&self) -> Result<Vec<CommitInfo>, LakeError> {
        self.run(async {
            let mut commits = Vec::new();
            for number in Commit::numbers(&self.place).await? {
                commits
                    .extend(Commit::read(&self.place, number).await?.map(|commit| commit.info()));
            }
            Ok(commits)
        })
    }

    /// All tables as a commit left them.
    ///
    /// # Errors
    /// When there is no such commit, or the lake cannot be read.
    pub fn snapshot(&self, as_of: AsOf) -> Result<LakeSnapshot, LakeError> {
        self.run(LakeSnapshot::take(self, as_of))
    }

    /// Begins an import.
    ///
    /// # Errors
    /// When the lake cannot be read, or its last commit cannot be published.
    pub fn begin(&self) -> Result<Import, LakeError> {
        let last = self.run(self.published())?;
        Ok(Import::new(self.clone(), last.map_or(1, |last| last.number + 1)))
    }

    /// The last commit, in the Delta logs too.
    pub(crate) async fn published(&self) -> Result<Option<Commit>, LakeError> {
        let last = Commit::last(&self.place).await?;
        if let Some(last) = &last {
            delta::publish(&self.place, last).await?;
        }
        Ok(last)
    }

    /// Waits for what is done in the engine's runtime; from within it, others take over the thread's work.
    pub(crate) fn run<F: Future>(&self, future: F) -> F::Output {
        tokio::task::block_in_place(|| self.engine.run(future))
    }
}
