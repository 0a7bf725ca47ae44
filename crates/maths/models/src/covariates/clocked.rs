//! Pareto/NBD of customers who share the covariates along their lives: that model on the clocks these make.
//!
//! [`changing`](crate::purchase::changing) fits effects to customers with all their purchases. What it finds forecasts by counts
//! and ages alone, as any purchase model does, once the covariates along a life are given: they decide how fast the
//! clocks run, and nothing else.

use std::sync::Arc;

use crate::purchase::changing::{
    ChangingHistory, ChangingHistoryError, ChangingParetoNbd, merged_periods,
};
use crate::purchase::{FutureProcess, ParameterError, PurchaseModel, pareto_nbd};
use crate::{Parameter, PurchaseHistories, PurchaseHistory};

/// Pareto/NBD on the clocks of one set of covariates along a life.
///
/// Its likelihood leaves out the covariates at the moments of purchases, which counts and ages do not tell: a factor
/// that depends on the effects only. Periods count from the first purchase; the last one goes on for ever.
#[derive(Debug, Clone)]
pub struct ClockedParetoNbd {
    model: ChangingParetoNbd,
    periods: Arc<[(f64, Vec<f64>)]>,
}

impl ClockedParetoNbd {
    /// The model with `periods` given by their ends, as ages, and their covariates.
    ///
    /// # Errors
    /// [`ChangingHistoryError`] where periods do not ascend or values are missing.
    ///
    /// ```
    /// use clv_models::PurchaseHistory;
    /// use clv_models::purchase::PurchaseModel;
    /// use clv_models::purchase::changing::ChangingParetoNbd;
    /// use clv_models::covariates::clocked::ClockedParetoNbd;
    /// let effects = ChangingParetoNbd::new([0.6, 10.0, 0.7, 12.0], vec![1.0], vec![0.0])?;
    /// let of_season = |value: f64| ClockedParetoNbd::new(effects.clone(), &[(30.0, vec![0.0]), (40.0, vec![value])]);
    /// let history = PurchaseHistory::new(2, 20.0, 30.0)?;
    /// let (calm, season) = (of_season(0.0)?, of_season(1.0)?);
    /// assert!(season.expected_future_purchases(&history, 8.0) > calm.expected_future_purchases(&history, 8.0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(
        model: ChangingParetoNbd,
        periods: &[(f64, Vec<f64>)],
    ) -> Result<Self, ChangingHistoryError> {
        Ok(Self { model, periods: merged_periods(periods)?.into() })
    }

    /// The same covariates under another model, such as one at other parameters.
    #[must_use]
    pub fn under(&self, model: ChangingParetoNbd) -> Self {
        Self { model, periods: Arc::clone(&self.periods) }
    }

    fn customer(&self, history: &PurchaseHistory) -> ChangingHistory {
        ChangingHistory::without_moments(*history, &self.periods)
    }

    fn slopes(&self) -> Vec<f64> {
        let (purchase, dropout) = self.model.effects();
        vec![0.0; 4 + purchase.len() + dropout.len()]
    }
}

impl PurchaseModel for ClockedParetoNbd {
    fn id(&self) -> &'static str {
        pareto_nbd::ID
    }

    fn parameters(&self) -> Vec<Parameter> {
        let names = pareto_nbd::PARAMETER_NAMES.iter().zip(self.model.base());
        names.map(|(name, value)| Parameter { name, value }).collect()
    }

    fn with_parameters(&self, values: &[f64]) -> Result<Box<dyn PurchaseModel>, ParameterError> {
        let base = crate::purchase::positive_parameters(
            pareto_nbd::ID,
            pareto_nbd::PARAMETER_NAMES,
            values,
        )?;
        let (purchase, dropout) = self.model.effects();
        let model = ChangingParetoNbd::new(base, purchase.to_vec(), dropout.to_vec())?;
        Ok(Box::new(self.under(model)))
    }

    fn ln_likelihood(&self, history: &PurchaseHistory) -> f64 {
        self.model.ln_likelihood(&self.customer(history), &mut self.slopes())
    }

    fn ln_likelihood_sum(&self, histories: &PurchaseHistories, gradient: &mut [f64]) -> f64 {
        gradient.fill(0.0);
        let mut sum = 0.0;
        for (history, weight) in histories.iter() {
            let mut slopes = self.slopes();
            sum += weight * self.model.ln_likelihood(&self.customer(history), &mut slopes);
            for (to, slope) in gradient.iter_mut().zip(&slopes) {
                *to += weight * slope;
            }
        }
        sum
    }

    fn probability_alive(&self, history: &PurchaseHistory) -> f64 {
        self.model.probability_alive(&self.customer(history))
    }

    fn new_customer(&self) -> FutureProcess {
        self.if_alive(&PurchaseHistory::newborn())
    }

    fn if_alive(&self, history: &PurchaseHistory) -> FutureProcess {
        self.model.if_alive(&self.customer(history))
    }
}
