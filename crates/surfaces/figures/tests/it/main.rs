//! The figures against small answers.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod answers;
mod drawings;
mod numbers;
mod truths;
