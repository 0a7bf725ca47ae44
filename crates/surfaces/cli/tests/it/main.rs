//! The program as a user meets it: what is typed, what is printed, which exit status.
#![allow(clippy::print_stdout, reason = "a skipped test says so")]

mod bad_input;
mod boosted;
mod contract;
mod covariates;
mod covariates_by_day;
mod import;
mod posterior;
mod real_files;
mod report;
mod retention;
mod run;
mod season;
mod simulate;
mod spend;
mod wrong_use;
