//! How much a customer spends at a purchase.

mod by_count;
mod gamma_gamma;
mod observation;

pub(crate) use by_count::SpendsByCount;
pub use gamma_gamma::{GammaGamma, SpendMoments, SpendParameterError};
pub use observation::{SpendError, SpendObservation, SpendObservations};
