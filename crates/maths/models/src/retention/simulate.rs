//! Subscribers made up from a model, for tests of recovery and coverage.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::{LONGEST_PERIODS, RetentionModel, Tenure, Tenures};

/// One subscriber for each of `ages`, the number of renewal occasions that they have lived to see if they stayed.
///
/// The same seed gives the same subscribers on every platform.
///
/// ```
/// use clv_models::retention::{sbg::Sbg, simulate::simulate_tenures};
/// let model = Sbg::new(0.7, 1.2)?;
/// let tenures = simulate_tenures(&model, &[8; 100], 1);
/// assert_eq!(tenures.n_customers(), 100.0);
/// # Ok::<(), clv_models::purchase::ParameterError>(())
/// ```
#[must_use]
pub fn simulate_tenures(model: &dyn RetentionModel, ages: &[u32], seed: u64) -> Tenures {
    let mut random = StdRng::seed_from_u64(seed);
    let mut tenures = Tenures::default();
    for &age in ages {
        let age = age.min(LONGEST_PERIODS);
        // Whoever is at this quantile of all customers renews so often.
        let renewals = model.renewals_quantile(0, random.random::<f64>());
        let tenure = if renewals < age {
            Tenure::LeftAt(renewals + 1)
        } else {
            Tenure::StillThereAfter(age)
        };
        tenures.push(tenure, 1.0).expect("a weight of one is positive and occasions start at 1");
    }
    tenures
}
