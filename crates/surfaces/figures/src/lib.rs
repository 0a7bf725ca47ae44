#![doc = include_str!("../README.md")]

pub mod figure;
pub mod palette;
pub mod plotly;

pub mod names;
pub mod numbers;

mod frame;

pub mod backtest;
pub mod calibration;
pub mod cohort_retention;
pub mod concentration;
pub mod cumulative_value;
pub mod next_order;
pub mod tracking;
pub mod value_segments;

pub use figure::Figure;
