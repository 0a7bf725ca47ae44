#![doc = include_str!("../README.md")]

mod archive;
mod covariates_file;
mod customer_days;
mod engine;
mod error;
mod files;
mod first_orders;
mod histories_file;
mod import;
mod inspect;
pub mod lake;
mod orders;
mod parquet_file;
mod people;
mod plans;
mod progress;
mod reader;
mod stream;
mod subscriptions;
mod text;
mod workspace_orders;
mod write;

pub use clv_importers::date_format::DateOrder;
pub use clv_importers::plan::ZeroOrders;
pub use clv_tables::{ComplaintExample, ComplaintGroup, Day, Instant, Rule};

pub use covariates_file::{CovariateCells, CovariateColumn, CovariatesFile};
pub use engine::{Engine, EngineOptions, ReadOptions};
pub use error::EngineError;
pub use first_orders::CustomerAttribute;
pub use histories_file::HistoriesFile;
pub use import::{ImportFiles, ImportGroup, ImportOptions, ImportedFiles};
pub use orders::{DetectedColumn, Intake, Orders};
pub use plans::{CustomerHistories, CustomerIds, PurchaseOccasions};
pub use progress::{OnProgress, Progress};
pub use subscriptions::{
    SubscriptionData, SubscriptionRows, SubscriptionSpans, Subscriptions, SurvivorTable,
};
pub use workspace_orders::WorkspaceOptions;
pub use write::{
    MadeTexts, OutColumn, TableFormat, WriteOptions, is_table_path, write_table, write_table_to,
};
