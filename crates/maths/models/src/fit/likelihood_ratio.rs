//! Whether a larger model's better likelihood is more than chance gives it.

use clv_numerics::distribution::gamma_survival;

/// What two nested fits are compared by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LikelihoodOfFit {
    /// Sum of the log-likelihoods of all customers, without any penalty.
    pub log_likelihood: f64,
    /// Parameters that were free.
    pub n_parameters: usize,
    /// Customers it was fitted to.
    pub n_customers: f64,
}

/// A likelihood-ratio test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LikelihoodRatio {
    /// Twice the difference of the log-likelihoods, at least 0.
    pub statistic: f64,
    /// Parameters that the larger model has more.
    pub degrees_of_freedom: usize,
    /// The chance of as large a statistic were the smaller model true.
    pub p_value: f64,
}

/// Why two fits are not compared.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum NotNested {
    /// The larger model must have more parameters.
    #[error(
        "a model of {larger} parameters does not contain one of {smaller}; expected more parameters in the larger one"
    )]
    Parameters {
        /// Parameters of the smaller model.
        smaller: usize,
        /// Parameters of the larger one.
        larger: usize,
    },
    /// Fits to other customers do not compare.
    #[error(
        "one fit is to {smaller} customers and the other to {larger}, expected the same customers"
    )]
    Customers {
        /// Customers of the smaller model.
        smaller: f64,
        /// Customers of the larger one.
        larger: f64,
    },
    /// The larger model fits worse, so that it does not contain the smaller one or was not fitted to the end.
    #[error(
        "the larger model's log-likelihood {larger:.4} lies below the smaller one's {smaller:.4}; expected at least as much, \
         as where the smaller is a special case of the larger and both are at their maximum"
    )]
    Worse {
        /// Log-likelihood of the smaller model.
        smaller: f64,
        /// Log-likelihood of the larger one.
        larger: f64,
    },
}

/// What two maxima of one likelihood may differ by from rounding, relative to it.
const ROUNDING: f64 = 1e-9;

/// Tests `larger` against `smaller`, which must be a special case of it, fitted to the same customers by maximum
/// likelihood without penalty. The statistic is chi-squared where the smaller model is true ([Wilks1938]).
///
/// # Errors
/// [`NotNested`] where the two cannot be nested.
///
/// ```
/// use clv_models::fit::{LikelihoodOfFit, likelihood_ratio};
/// let smaller = LikelihoodOfFit { log_likelihood: -102.0, n_parameters: 4, n_customers: 50.0 };
/// let larger = LikelihoodOfFit { log_likelihood: -100.0, n_parameters: 5, n_customers: 50.0 };
/// let test = likelihood_ratio(&smaller, &larger)?;
/// assert!((test.statistic - 4.0).abs() < 1e-12 && (test.p_value - 0.0455).abs() < 1e-4);
/// # Ok::<(), clv_models::fit::NotNested>(())
/// ```
pub fn likelihood_ratio(
    smaller: &LikelihoodOfFit,
    larger: &LikelihoodOfFit,
) -> Result<LikelihoodRatio, NotNested> {
    if larger.n_parameters <= smaller.n_parameters {
        let (smaller, larger) = (smaller.n_parameters, larger.n_parameters);
        return Err(NotNested::Parameters { smaller, larger });
    }
    if (larger.n_customers - smaller.n_customers).abs() > 1e-6 * smaller.n_customers {
        let (smaller, larger) = (smaller.n_customers, larger.n_customers);
        return Err(NotNested::Customers { smaller, larger });
    }
    let statistic = 2.0 * (larger.log_likelihood - smaller.log_likelihood);
    if statistic.is_nan() || statistic < -ROUNDING * smaller.log_likelihood.abs() {
        let (smaller, larger) = (smaller.log_likelihood, larger.log_likelihood);
        return Err(NotNested::Worse { smaller, larger });
    }
    let statistic = statistic.max(0.0);
    let degrees_of_freedom = larger.n_parameters - smaller.n_parameters;
    let p_value = if statistic > 0.0 {
        gamma_survival(0.5 * degrees_of_freedom as f64, 0.5, statistic)
    } else {
        1.0
    };
    Ok(LikelihoodRatio { statistic, degrees_of_freedom, p_value })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail")]
mod tests {
    use super::*;

    fn fit(log_likelihood: f64, n_parameters: usize, n_customers: f64) -> LikelihoodOfFit {
        LikelihoodOfFit { log_likelihood, n_parameters, n_customers }
    }

    #[test]
    fn p_values_are_those_of_the_tables() {
        // Critical values at 5 % and 1 % of chi-squared with 1, 2 and 4 degrees of freedom.
        for (statistic, n, p) in [(3.841_459, 1, 0.05), (9.210_34, 2, 0.01), (9.487_729, 4, 0.05)] {
            let test =
                likelihood_ratio(&fit(-10.0, 4, 5.0), &fit(-10.0 + 0.5 * statistic, 4 + n, 5.0));
            assert!((test.unwrap().p_value - p).abs() < 1e-7);
        }
    }

    #[test]
    fn fits_that_are_not_nested_are_refused() {
        let small = fit(-10.0, 4, 5.0);
        assert!(matches!(
            likelihood_ratio(&small, &fit(-9.0, 4, 5.0)),
            Err(NotNested::Parameters { .. })
        ));
        assert!(matches!(
            likelihood_ratio(&small, &fit(-9.0, 5, 6.0)),
            Err(NotNested::Customers { .. })
        ));
        assert!(matches!(
            likelihood_ratio(&small, &fit(-11.0, 5, 5.0)),
            Err(NotNested::Worse { .. })
        ));
        assert!(likelihood_ratio(&small, &fit(-10.0, 5, 5.0)).unwrap().p_value >= 1.0);
    }
}
