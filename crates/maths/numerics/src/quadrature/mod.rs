//! Rules that turn an integral into a weighted sum.

pub mod gauss_jacobi;

pub use gauss_jacobi::BetaMeanRule;
