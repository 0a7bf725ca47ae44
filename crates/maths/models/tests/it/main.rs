//! Integration tests of the models: each file is about one concept.
#![allow(clippy::unwrap_used, reason = "a test may fail")]
#![allow(clippy::print_stdout, reason = "a skipped test says so")]

mod apparel;
mod bg_bb;
mod boosted;
mod cdnow;
mod changing;
mod conformance;
mod covariates;
mod fifty_digits;
mod future_process;
mod log_normal_spend;
mod pooling;
mod posterior;
mod purchase_golden;
mod regular;
mod retention;
mod retention_covariates;
mod scores;
mod simulate;
mod spend;
mod spend_covariates;
mod totality;
mod what_breaks_elsewhere;
