//! How spend models compare on customers they have not seen.

use serde::{Deserialize, Serialize};

/// How well one spend model foretold the mean spend of customers left out of its fit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SpendModelScore {
    /// The model's id, such as `log-normal`.
    pub model: String,
    /// Mean log-density of the left-out customers' mean spends, per customer; higher is better.
    pub held_out_log_score: f64,
    /// Standard error of its difference to the best model's; 0 for the best itself.
    pub standard_error: f64,
}
