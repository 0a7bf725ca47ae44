#![doc = include_str!("../README.md")]

pub mod amazon;
pub mod bigcommerce;
pub mod catalogue;
pub mod ebay;
pub mod etsy;
pub mod generic;
pub mod generic_ads;
pub mod google_ads;
pub mod gumroad;
pub mod magento_grid;
pub mod meta_ads;
pub mod olist;
pub mod online_retail;
pub mod shopify_customers;
pub mod shopify_orders;
pub mod square;
mod spend_gathering;
mod survey_answers;
pub mod stripe;
pub mod woocommerce;

pub mod cells;
pub mod column_formats;
pub mod file_import;
pub mod gathering;
pub mod identity_keys;
pub mod importer;
pub mod importers;
mod json_cell;
pub mod moment;
pub mod order_heads;
pub mod produced;

pub mod canonicalise;
pub mod convert;
pub mod currency;
pub mod date_format;
pub mod error;
pub mod heading;
pub mod number_format;
pub mod plan;
pub mod role;
pub mod sample;

pub use canonicalise::{Canonicaliser, RowNumbers, RowTotals};
pub use cells::Cells;
pub use column_formats::{ColumnFormats, FormatEvidence, FormatWishes};
pub use date_format::{DateEvidence, DateFormat, DateOrder};
pub use error::ImportError;
pub use file_import::FileImport;
pub use importer::{Importer, Problem, Reading, RowReader, SourceColumn};
pub use number_format::{Decimal, NumberEvidence, NumberFormat};
pub use plan::{ImportPlan, RoleColumn, ZeroOrders};
pub use produced::{CurrencyTotals, ImportTotals, Produced, ProducedRows};
pub use role::Role;
pub use sample::Sample;
