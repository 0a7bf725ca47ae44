//! Studies on the sample that ships and on simulated shops with known truth.

mod blend;
mod cdnow;
mod holdout;
mod intervals;
mod season;
