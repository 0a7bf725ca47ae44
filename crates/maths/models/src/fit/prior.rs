//! What is taken as known of parameters before any customer is seen.

use crate::ParameterKind;

/// Independent normal laws of the free coordinates of a model's parameters, times in units of the mean age.
///
/// A time of 1 is then as long as customers were observed on average, and no unit of time or number of customers
/// changes what the prior says.
#[derive(Debug, Clone, PartialEq)]
pub struct Prior {
    /// The mean of each free coordinate.
    pub centres: Vec<f64>,
    /// The standard deviation of each, above 0.
    pub standard_deviations: Vec<f64>,
}

/// Standard deviation of the logarithm of a positive parameter: 95 % of the prior lie within a factor of 360 of 1.
///
/// Shapes fitted to real shops lie between 0.05 and 20 and times between a hundredth and ten times the mean age, all
/// within one and a half standard deviations; what lies beyond four hardly changes a forecast, and that is where
/// ridges run to.
const LN_DEVIATION: f64 = 3.0;

/// Standard deviation of the inverse hyperbolic tangent of a correlation: nearly uniform on (-1, 1).
const CORRELATION_DEVIATION: f64 = 0.9;

impl Prior {
    /// Weakly informative: around 1 for what is positive (the mean age for a time), around 0 for a real number or a
    /// correlation, and wide enough that a few hundred customers outweigh it.
    ///
    /// ```
    /// use clv_models::{ParameterKind, fit::Prior};
    /// let prior = Prior::weakly_informative(&[ParameterKind::Positive, ParameterKind::Time]);
    /// assert_eq!(prior.centres, [0.0, 0.0]);
    /// ```
    #[must_use]
    pub fn weakly_informative(kinds: &[ParameterKind]) -> Self {
        let deviation = |kind: &ParameterKind| match kind {
            ParameterKind::Positive
            | ParameterKind::Time
            | ParameterKind::Rate
            | ParameterKind::Real
            | ParameterKind::LnRate => LN_DEVIATION,
            ParameterKind::Correlation => CORRELATION_DEVIATION,
            // Held at its value: the prior says nothing of it.
            ParameterKind::Whole => 1.0,
        };
        Self {
            centres: vec![0.0; kinds.len()],
            standard_deviations: kinds.iter().map(deviation).collect(),
        }
    }

    /// The prior of some of the parameters, by position.
    pub(super) fn of(&self, positions: &[usize]) -> Self {
        let picked = |values: &[f64]| positions.iter().map(|&i| values[i]).collect();
        Self {
            centres: picked(&self.centres),
            standard_deviations: picked(&self.standard_deviations),
        }
    }

    /// Whether it is a prior of this many parameters.
    #[must_use]
    pub fn is_for(&self, n_parameters: usize) -> bool {
        self.centres.len() == n_parameters
            && self.standard_deviations.len() == n_parameters
            && self.centres.iter().all(|centre| centre.is_finite())
            && self.standard_deviations.iter().all(|sd| sd.is_finite() && *sd > 0.0)
    }

    /// Adds the slopes of the log-density at `free` to `gradient` and gives the log-density, up to a constant.
    pub(super) fn add_to(&self, free: &[f64], gradient: &mut [f64]) -> f64 {
        let laws = self.centres.iter().zip(&self.standard_deviations);
        free.iter()
            .zip(laws)
            .zip(gradient)
            .map(|((x, (centre, deviation)), slope)| {
                let standard = (x - centre) / deviation;
                *slope -= standard / deviation;
                -0.5 * standard * standard
            })
            .sum()
    }
}
