//! The engine: a runtime, a memory limit and a place to spill to.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use clv_importers::date_format::DateOrder;
use clv_importers::plan::ZeroOrders;
use clv_tables::Day;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::prelude::{SessionConfig, SessionContext};

use crate::covariates_file::{CovariatesFile, read_covariates};
use crate::error::EngineError;
use crate::histories_file::{HistoriesFile, read_histories};
use crate::inspect::inspect;
use crate::lake::Lake;
use crate::orders::Orders;
use crate::progress::OnProgress;
use crate::subscriptions::{Subscriptions, read_subscriptions};
use crate::workspace_orders::{WorkspaceOptions, WorkspaceOrders};

/// How much of the machine the engine may use.
#[derive(Clone, Default)]
pub struct EngineOptions {
    /// Threads for reading and aggregating; `None` for as many as there are cores.
    pub threads: Option<usize>,
    /// Bytes that aggregations may hold before they spill; `None` for no limit.
    pub memory_limit_bytes: Option<usize>,
    /// Where spilled data goes; `None` for the system's folder for temporary files.
    pub spill_dir: Option<PathBuf>,
    /// Who hears of progress.
    pub on_progress: Option<OnProgress>,
}

impl std::fmt::Debug for EngineOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EngineOptions")
            .field("threads", &self.threads)
            .field("memory_limit_bytes", &self.memory_limit_bytes)
            .field("spill_dir", &self.spill_dir)
            .finish_non_exhaustive()
    }
}

/// What is to be read, and what the user settles about it.
#[derive(Debug, Clone, Default)]
pub struct ReadOptions {
    /// Files, folders or globs.
    pub paths: Vec<String>,
    /// The source, by its id; `None` to detect it.
    pub from: Option<String>,
    /// Headings by role, see `clv_importers::Role::id`; `amount=none` and `decimal=comma` are understood too.
    pub columns: BTreeMap<String, String>,
    /// Which of two small numbers in a date is the day; `None` to find out.
    pub date_format: Option<DateOrder>,
    /// The one currency to read; the rows of others are put aside.
    pub currency: Option<String>,
    /// Orders after this day are put aside.
    pub as_of: Option<Day>,
    /// What happens to orders of nothing; `None` for what suits the source.
    pub zero_orders: Option<ZeroOrders>,
}

/// Reads orders and answers questions about them. One engine serves any number of reads; clones share the runtime.
#[derive(Debug, Clone)]
pub struct Engine {
    pub(crate) options: EngineOptions,
    pub(crate) threads: usize,
    runtime: Arc<tokio::runtime::Runtime>,
}

impl Engine {
    /// An engine with a runtime of its own; all its functions block.
    ///
    /// # Errors
    /// When the system gives no threads.
    pub fn new(options: EngineOptions) -> Result<Engine, EngineError> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = options.threads.unwrap_or(cores).max(1);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(threads)
            .enable_all()
            .build()
            .map_err(|error| EngineError::Internal { detail: error.to_string() })?;
        Ok(Engine { options, threads, runtime: Arc::new(runtime) })
    }

    /// Looks at the files and decides how they are read; reads whole columns only where the first rows leave a question.
    ///
    /// ```
    /// use clv_engine::{Engine, EngineOptions, ReadOptions};
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("orders.csv");
    /// std::fs::write(&path, "customer,date,amount\na,2021-01-01,5\na,2021-03-01,7\nb,2021-02-01,9\n")?;
    /// let engine = Engine::new(EngineOptions::default())?;
    /// let read = ReadOptions { paths: vec![path.display().to_string()], ..ReadOptions::default() };
    /// let orders = engine.open(&read)?;
    /// assert_eq!(orders.source_id(), "generic");
    /// assert_eq!(orders.columns()[0].role, "customer_id");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When a file is missing, empty, damaged or of no known format, or when its columns are missing or ambiguous.
    pub fn open(&self, options: &ReadOptions) -> Result<Orders, EngineError> {
        inspect(self, options)
    }

    /// The orders of a workspace, as one of its imports left them.
    ///
    /// # Errors
    /// When the lake cannot be read, holds no orders, or holds orders in several currencies of which none was chosen.
    pub fn open_workspace(
        &self,
        lake: &Lake,
        options: &WorkspaceOptions,
    ) -> Result<Orders, EngineError> {
        Ok(Orders::of_workspace(self.clone(), WorkspaceOrders::open(lake, options)?))
    }

    /// Reads a histories file (`customer_id, repeat_purchases, last_purchase_age, age[, mean_spend]`); `None` when the file is
    /// none, so that it is to be read as orders.
    ///
    /// ```
    /// use clv_engine::{Engine, EngineOptions, ReadOptions};
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("histories.csv");
    /// std::fs::write(&path, "customer_id,repeat_purchases,last_purchase_age,age\na,2,30.4,38.9\n")?;
    /// let engine = Engine::new(EngineOptions::default())?;
    /// let read = ReadOptions { paths: vec![path.display().to_string()], ..ReadOptions::default() };
    /// let file = engine.open_histories(&read)?.expect("the columns are those of histories");
    /// assert_eq!(file.repeat_purchases, [2.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When the file cannot be read or holds a history that cannot be.
    pub fn open_histories(
        &self,
        options: &ReadOptions,
    ) -> Result<Option<HistoriesFile>, EngineError> {
        read_histories(options)
    }

    /// Reads subscriptions: a row for each with its start and end (blank where active) or its tenure and whether the
    /// customer has left, or a table of survivors by age with a column for each cohort.
    ///
    /// ```
    /// use clv_engine::{Engine, EngineOptions, ReadOptions, SubscriptionData};
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("plans.csv");
    /// std::fs::write(&path, "customer_id,tenure,churn\na,3,Yes\nb,8,No\n")?;
    /// let engine = Engine::new(EngineOptions::default())?;
    /// let read = ReadOptions { paths: vec![path.display().to_string()], ..ReadOptions::default() };
    /// let SubscriptionData::Rows(rows) = engine.open_subscriptions(&read)?.data else { panic!() };
    /// assert_eq!(rows.ids, ["a", "b"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When a file cannot be read, or its columns are missing or could mean several things.
    pub fn open_subscriptions(&self, options: &ReadOptions) -> Result<Subscriptions, EngineError> {
        read_subscriptions(options)
    }

    /// Reads a table of what is known of customers: a column of ids and any others.
    ///
    /// ```
    /// use clv_engine::{CovariateCells, Engine, EngineOptions, ReadOptions};
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("customers.csv");
    /// std::fs::write(&path, "customer_id,age,channel\na,31,web\nb,,shop\n")?;
    /// let engine = Engine::new(EngineOptions::default())?;
    /// let read = ReadOptions { paths: vec![path.display().to_string()], ..ReadOptions::default() };
    /// let file = engine.open_covariates(&read)?;
    /// assert_eq!(file.columns[0].cells, CovariateCells::Numbers(vec![Some(31.0), None]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When it cannot be read, has no column of ids, or names a customer twice or not at all.
    pub fn open_covariates(&self, options: &ReadOptions) -> Result<CovariatesFile, EngineError> {
        read_covariates(options)
    }

    /// A session with this engine's limits.
    pub(crate) fn session(&self) -> Result<SessionContext, EngineError> {
        let mode = match &self.options.spill_dir {
            Some(folder) => DiskManagerMode::Directories(vec![folder.clone()]),
            None => DiskManagerMode::OsTmpDirectory,
        };
        let mut runtime = RuntimeEnvBuilder::new()
            .with_disk_manager_builder(DiskManagerBuilder::default().with_mode(mode));
        if let Some(limit) = self.options.memory_limit_bytes {
            // Fair: no partition may take what the others need to spill and merge.
            runtime = runtime.with_memory_pool(Arc::new(FairSpillPool::new(limit)));
        }
        let runtime =
            runtime.build().map_err(|error| EngineError::Internal { detail: error.to_string() })?;
        let config = SessionConfig::new().with_target_partitions(self.threads);
        Ok(SessionContext::new_with_config_rt(config, Arc::new(runtime)))
    }

    pub(crate) fn run<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }
}
