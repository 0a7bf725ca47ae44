//! The covariates as a search sees them: centred, in units of their standard deviation, and free of duplicates.

/// Why covariates do not go into a fit.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CovariateError {
    /// The same value for everyone.
    #[error(
        "covariate {name} is {value} for every customer, so that nothing can be learnt from it; hint: leave it out"
    )]
    Constant {
        /// The covariate.
        name: String,
        /// Its value.
        value: f64,
    },
    /// A covariate that follows from others.
    #[error(
        "covariate {name} follows from {} without error, so that their effects cannot be told apart; hint: leave one of them \
         out",
        with.join(", ")
    )]
    Collinear {
        /// The covariate.
        name: String,
        /// The others.
        with: Vec<String>,
    },
    /// A dropout effect in a model without dropout.
    #[error(
        "{model} knows no leaving, so that {name} has nothing to act on; hint: let covariates act on purchases only, or \
         choose a model with dropout"
    )]
    NoDropout {
        /// The covariate.
        name: String,
        /// The model's id.
        model: &'static str,
    },
    /// A model whose parameters do not answer to traits.
    #[error("{model} takes no covariates; hint: pareto-nbd and mbg-nbd do")]
    NoShifts {
        /// The model's id.
        model: &'static str,
    },
    /// A penalty that is none.
    #[error("the L2 penalty is {value}, expected a finite number of at least 0")]
    Penalty {
        /// Its value.
        value: f64,
    },
    /// Nobody to fit to.
    #[error("no customers to fit {model} to; hint: check that the ids of both files agree")]
    NoCustomers {
        /// The model's id.
        model: &'static str,
    },
    /// Fewer groups than a spread between them can be learnt from.
    #[error(
        "there is nothing to pool: {n_groups} group(s) with customers, expected at least 2; hint: pool by another column"
    )]
    TooFewGroups {
        /// How many have customers.
        n_groups: usize,
    },
}

/// Mean and standard deviation of each covariate over customers.
#[derive(Debug, Clone, PartialEq)]
pub struct CovariateScale {
    /// The means.
    pub mean: Vec<f64>,
    /// The standard deviations, above 0.
    pub deviation: Vec<f64>,
}

/// A spread this small beside the value is rounding.
const SMALLEST_RELATIVE_DEVIATION: f64 = 1e-10;

/// What is left of a covariate when the others are taken out, in its standard deviations, below which it follows from
/// them.
const SMALLEST_REMAINDER: f64 = 1e-6;

impl CovariateScale {
    /// The scale of the covariates of `rows`, each with its number of customers; one value for each of `names`.
    ///
    /// # Errors
    /// [`CovariateError::Constant`] where a covariate does not vary.
    ///
    /// ```
    /// use clv_models::covariates::CovariateScale;
    /// let names = ["age".to_owned()];
    /// let scale = CovariateScale::of(&names, &[(&[20.0], 1.0), (&[30.0], 1.0)])?;
    /// assert_eq!((scale.mean[0], scale.deviation[0]), (25.0, 5.0));
    /// # Ok::<(), clv_models::covariates::CovariateError>(())
    /// ```
    pub fn of(names: &[String], rows: &[(&[f64], f64)]) -> Result<Self, CovariateError> {
        let n: f64 = rows.iter().map(|(_, weight)| weight).sum();
        let over_customers = |of: &dyn Fn(&[f64]) -> f64| -> f64 {
            rows.iter().map(|(z, weight)| weight * of(z)).sum::<f64>() / n
        };
        let (mut mean, mut deviation) = (Vec::new(), Vec::new());
        for (at, name) in names.iter().enumerate() {
            let centre = over_customers(&|z| z[at]);
            let spread = over_customers(&|z| (z[at] - centre).powi(2)).sqrt();
            if spread.is_nan() || spread <= SMALLEST_RELATIVE_DEVIATION * centre.abs() {
                return Err(CovariateError::Constant { name: name.clone(), value: centre });
            }
            mean.push(centre);
            deviation.push(spread);
        }
        Ok(Self { mean, deviation })
    }

    /// A customer's covariates on this scale.
    #[must_use]
    pub fn standardised(&self, covariates: &[f64]) -> Vec<f64> {
        covariates
            .iter()
            .zip(self.mean.iter().zip(&self.deviation))
            .map(|(value, (mean, deviation))| (value - mean) / deviation)
            .collect()
    }

    /// Looks for a covariate among those at the positions `used` that follows from those before it.
    ///
    /// # Errors
    /// [`CovariateError::Collinear`] where there is one; it names those it follows from.
    pub fn check_independent(
        &self,
        names: &[String],
        rows: &[(&[f64], f64)],
        used: &[usize],
    ) -> Result<(), CovariateError> {
        let n: f64 = rows.iter().map(|(_, weight)| weight).sum();
        let weights: Vec<f64> = rows.iter().map(|(_, weight)| weight / n).collect();
        let columns: Vec<Vec<f64>> = used
            .iter()
            .map(|&at| {
                rows.iter().map(|(z, _)| (z[at] - self.mean[at]) / self.deviation[at]).collect()
            })
            .collect();
        let inner = |x: &[f64], y: &[f64]| -> f64 {
            weights.iter().zip(x.iter().zip(y)).map(|(weight, (x, y))| weight * x * y).sum()
        };
        // What is left of each covariate once those before it are taken out, and as which mix of covariates.
        let mut basis: Vec<(Vec<f64>, Vec<f64>)> = Vec::new();
        for (order, column) in columns.into_iter().enumerate() {
            let mut rest = column;
            let mut mix = vec![0.0; used.len()];
            mix[order] = 1.0;
            for (other, other_mix) in &basis {
                let share = inner(&rest, other) / inner(other, other);
                rest.iter_mut().zip(other).for_each(|(rest, other)| *rest -= share * other);
                mix.iter_mut().zip(other_mix).for_each(|(mix, other)| *mix -= share * other);
            }
            if inner(&rest, &rest).sqrt() < SMALLEST_REMAINDER {
                let with = used[..order].iter().zip(&mix).filter(|(_, part)| part.abs() > 1e-4);
                return Err(CovariateError::Collinear {
                    name: names[used[order]].clone(),
                    with: with.map(|(&at, _)| names[at].clone()).collect(),
                });
            }
            basis.push((rest, mix));
        }
        Ok(())
    }
}
