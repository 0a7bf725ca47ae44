//! How much a customer spends at a purchase.

mod gamma_gamma;
mod observation;

pub use gamma_gamma::{GammaGamma, SpendMoments, SpendParameterError};
pub use observation::{SpendError, SpendObservation, SpendObservations};
