#![doc = include_str!("../README.md")]

pub mod catalogue;
pub mod generic;
pub mod online_retail;
pub mod shopify_orders;

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
pub use date_format::{DateEvidence, DateFormat, DateOrder};
pub use error::ImportError;
pub use number_format::{Decimal, NumberEvidence, NumberFormat};
pub use plan::{ImportPlan, RoleColumn, ZeroOrders};
pub use role::Role;
pub use sample::Sample;
