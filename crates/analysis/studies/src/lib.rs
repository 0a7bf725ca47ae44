#![doc = include_str!("../README.md")]

pub mod calendar;
pub mod error;
pub mod time;

pub mod base;
mod cohort_fits;
mod distinct;
pub mod features;
pub mod handoff;
mod histories_file;
mod newborns;
pub mod snapshot;
pub mod subscribers;
mod whole_periods;

pub mod blend;
pub mod contest;
pub mod covariates;
pub mod forecaster;
pub mod held_out;
mod lessons;
pub mod model_fit;
pub mod outlook;
pub mod period;
pub mod posterior;
mod processes;
pub mod saved_blend;
pub mod season;
pub mod served;
pub mod spend;
pub mod spend_choice;
pub mod spend_uncertainty;
pub mod uncertainty;
mod verdict;

pub mod import;
pub mod inquiry;
pub mod origins;

pub mod backtest;
pub mod boosted;
pub mod calibration;
pub mod cohorts;
pub mod concentration;
mod count_intervals;
mod count_law;
pub mod customer_value;
pub mod data_quality;
pub mod headline;
pub mod metrics;
pub mod model_card;
pub mod purchase_forecast;
pub mod reason;
pub mod report;
pub mod retention;
pub mod segments;
pub mod simulated_model;
pub mod simulated_shop;
pub mod tracking;

pub use error::StudyError;
