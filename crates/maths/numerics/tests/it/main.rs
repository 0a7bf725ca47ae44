//! The tests of the numerics: each file is about one concept.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod accuracy;
mod boosted_trees;
mod distribution;
mod posterior;
