//! The models' tests: each file is about one concept.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod future_process;
