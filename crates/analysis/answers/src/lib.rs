#![doc = include_str!("../README.md")]

pub mod joined_texts;
pub mod provenance;
pub mod table;

pub mod backtest;
pub mod boosted;
pub mod calibration;
pub mod cohorts;
pub mod concentration;
pub mod covariates;
pub mod customer_value;
pub mod data_quality;
pub mod headline;
pub mod import;
pub mod metric;
pub mod model_card;
pub mod model_fit;
pub mod posterior;
pub mod report;
pub mod retention;
pub mod season;
pub mod segments;
pub mod spend;
pub mod tracking;

pub use joined_texts::JoinedTexts;
pub use provenance::{Answer, Provenance};
pub use table::{Column, Table, Values};
