//! Draws from a posterior that is known up to a constant, and how far they are to be trusted.
//!
//! Two ways lead to draws. [`student_proposals`] around a [`NormalApproximation`] with [`smoothed_weights`] is quick
//! and says by k-hat whether it is good enough; [`nuts_chain`] follows any shape and is judged by [`split_r_hat`]
//! and the effective sample sizes.

mod effective_sample_size;
mod generalised_pareto;
mod normal_approximation;
mod nuts;
mod pareto_smoothing;
mod r_hat;
mod ranks;
mod student_proposals;
mod weighted;

pub use effective_sample_size::{bulk_effective_sample_size, tail_effective_sample_size};
pub use generalised_pareto::GeneralisedPareto;
pub use normal_approximation::NormalApproximation;
pub use nuts::{NutsChain, NutsError, NutsOptions, nuts_chain};
pub use pareto_smoothing::{SmoothedWeights, largest_good_k_hat, smoothed_weights};
pub use r_hat::split_r_hat;
pub use student_proposals::{StudentProposal, student_proposals};
pub use weighted::{effective_sample_size_of_mean, equalised};
