#![doc = include_str!("../README.md")]

pub mod accuracy;
pub mod beta_fall;
pub mod boosted_trees;
pub mod distribution;
pub mod gamma;
pub mod linear_algebra;
pub mod log_space;
pub mod optimise;
pub mod posterior;
pub mod quadrature;
pub mod vectorised;
