//! The canonical tables as a whole: their descriptions, their examples, their checks and their page.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod batches;
mod checks;
mod descriptions;
mod page;
