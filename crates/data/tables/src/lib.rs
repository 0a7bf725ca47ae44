#![doc = include_str!("../README.md")]

pub mod complaint;
pub mod day;
pub mod hash;
pub mod money;
pub mod orders;

pub use complaint::{ComplaintExample, ComplaintGroup, ComplaintLog, Rule};
pub use day::Day;
pub use orders::IdKind;
