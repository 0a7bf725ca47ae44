//! Studies on the sample that ships and on simulated shops with known truth.

#![allow(clippy::print_stderr, reason = "a test that skips says why")]

mod blend;
mod boosted;
mod cdnow;
mod holdout;
mod intervals;
mod known_then;
mod season;
