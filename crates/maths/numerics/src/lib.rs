//! Special functions, quadrature and optimisers, each with its stated accuracy.

pub mod distribution;
pub mod quadrature;
