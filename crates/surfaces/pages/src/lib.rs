#![doc = include_str!("../README.md")]

pub mod html;
pub mod page;

pub mod heat;
pub mod report;

mod figure;
mod table;

pub use page::{Page, Section};
pub use report::report_page;
