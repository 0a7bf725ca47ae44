//! The report page as a reader and as a browser meet it.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod contrast;
mod escaping;
mod structure;
mod thin_data;

#[path = "../support/sample_report.rs"]
mod sample_report;
