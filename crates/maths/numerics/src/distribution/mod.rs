//! Distribution functions and quantiles, total: NaN in or parameters outside their range give NaN out.
//!
//! | function | stated error |
//! | --- | --- |
//! | `normal_cdf` | 1e-14 relative, 1e-12 beyond 30 standard deviations |
//! | `normal_quantile` | 1e-13 relative, or absolute near 0 |
//! | `gamma_cdf`, `gamma_survival` | 1e-12 relative while above 1e-280 and the shape is below 1e6 |
//! | `gamma_quantile` | 1e-11 relative |
//! | `beta_cdf` | 1e-11 relative while above 1e-280 and the shapes are below 1e5 |
//! | `student_quantile` | 1e-11 relative |
//! | `negative_binomial_*` | 1e-11 relative while above 1e-280 and the shape is below 1e5 |

mod beta;
mod gamma;
mod negative_binomial;
mod normal;
mod student;

pub use beta::beta_cdf;
pub use gamma::{gamma_cdf, gamma_quantile, gamma_survival};
pub use negative_binomial::{
    negative_binomial_cdf, negative_binomial_masses, negative_binomial_survival,
};
pub use normal::{normal_cdf, normal_quantile};
pub use student::student_quantile;
