#![doc = include_str!("../README.md")]

pub mod breach;
pub mod canonical;
pub mod check;
pub mod complaint;
pub mod day;
pub mod hash;
pub mod money;
pub mod orders;
pub mod page;
pub mod table;

pub use breach::{Breach, CheckError};
pub use check::{Check, CheckRule};
pub use complaint::{ComplaintExample, ComplaintGroup, ComplaintLog, Rule};
pub use day::Day;
pub use orders::IdKind;
pub use table::{Column, Instant, Kind, Money, Origin, Table, Text};
