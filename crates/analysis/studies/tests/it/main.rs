//! Studies on the sample that ships and on simulated shops with known truth.

mod boosted;
mod cdnow;
mod holdout;
mod intervals;
mod season;
