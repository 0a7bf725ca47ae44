//! Rules that turn an integral into a weighted sum.

pub mod gauss_jacobi;
pub mod gauss_legendre;
pub mod long_sum;

pub use gauss_jacobi::BetaMeanRule;
pub use gauss_legendre::{GaussLegendre, gauss_legendre};
pub use long_sum::LongSum;
