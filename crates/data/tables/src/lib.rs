#![doc = include_str!("../README.md")]

pub mod canonical;
pub mod complaint;
pub mod day;
pub mod hash;
pub mod money;
pub mod orders;
pub mod table;

pub use complaint::{ComplaintExample, ComplaintGroup, ComplaintLog, Rule};
pub use day::Day;
pub use orders::IdKind;
pub use table::{Column, Instant, Kind, Money, Origin, Table, Text};
