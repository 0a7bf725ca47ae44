#![doc = include_str!("../README.md")]

pub mod discounting;
pub mod formula;

pub mod definition;
pub mod predictive;

pub mod concentration;
pub mod equity;
