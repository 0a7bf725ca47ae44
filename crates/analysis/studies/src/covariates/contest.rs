//! Models with covariates among the contestants of a bake-off, with what was known at each origin.
//!
//! A table with one row for each customer is taken as known from their first purchase on. Of a table with values from day
//! to day an origin sees the rows up to it; what it says of the days held out is not looked at.

use std::sync::Arc;

use clv_engine::CustomerIds;
use clv_models::catalogue::PurchaseModelEntry;
use clv_models::purchase::pareto_nbd;

use super::coding::{Coded, code};
use super::days::{DayCoded, Take, code_days};
use super::serve::{fit_traits, strata_of};
use super::serve_changing::{Lives, check_model, fit_to, models_of};
use super::{CovariateOptions, CovariateRequest};
use crate::base::CustomerBase;
use crate::error::StudyError;
use crate::forecaster::Forecaster;
use crate::origins::OriginData;
use crate::time::TimeUnit;

/// A forecaster with the covariance of its estimates, where that is known.
pub(crate) type WithCovariance = (Forecaster, Option<Vec<Vec<f64>>>);

/// That the table can be used as asked, before anything is fitted.
pub(crate) fn check(request: &CovariateRequest, ids: &CustomerIds) -> Result<(), StudyError> {
    let Some(options) = request.options() else { return Ok(()) };
    // Everything that any model takes.
    let options = options.of_model(pareto_nbd::ID);
    if request.is_changing() {
        code_days(&request.file, Take::Options(&options), ids, None)?;
        return Ok(());
    }
    let n = match ids {
        CustomerIds::Integer(ids) => ids.len(),
        CustomerIds::Text(ids) => ids.len(),
    };
    code(&request.file, &options, ids, &vec![true; n])?;
    Ok(())
}

/// What is known of the customers at an origin.
pub(crate) struct OriginTraits<'a> {
    request: &'a CovariateRequest,
    known: Known,
    ids: CustomerIds,
    first_day: Vec<i32>,
    purchase_days: Vec<Vec<i32>>,
    origin: i32,
}

enum Known {
    Still(Coded),
    Changing(DayCoded),
}

impl<'a> OriginTraits<'a> {
    /// What is known at the origin of `data`, whose histories are from then on told apart by it; none where nothing was
    /// given. Why it cannot be used is for each model to say.
    pub(crate) fn at(
        base: &'a CustomerBase,
        data: &mut OriginData,
    ) -> Option<Result<Self, String>> {
        let request = base.covariates()?;
        let options = request.options()?.of_model(pareto_nbd::ID);
        Some(Self::of(base, request, &options, data).map_err(|error| error.to_string()))
    }

    fn of(
        base: &'a CustomerBase,
        request: &'a CovariateRequest,
        options: &CovariateOptions,
        data: &mut OriginData,
    ) -> Result<Self, StudyError> {
        let customers = || data.customers.iter().map(|known| known.customer);
        let ids = match base.ids() {
            CustomerIds::Integer(ids) => {
                CustomerIds::Integer(customers().map(|at| ids[at]).collect())
            }
            CustomerIds::Text(ids) => {
                CustomerIds::Text(customers().map(|at| ids[at].clone()).collect())
            }
        };
        let first_day: Vec<i32> = data.customers.iter().map(|known| known.first_day).collect();
        let (mut purchase_days, known, of_customer) = if request.is_changing() {
            let coded = code_days(&request.file, Take::Options(options), &ids, Some(data.origin))?;
            let days = |at: usize| base.purchases_of(at).map(|row| row.day).collect();
            let all: Vec<Vec<i32>> = customers().map(days).collect();
            // Customers of one life share a stratum, whatever the effects.
            let of_customer = coded.strata(&first_day);
            (all, Known::Changing(coded), of_customer)
        } else {
            let coded = code(&request.file, options, &ids, &vec![true; first_day.len()])?;
            let of_customer = strata_of(&coded).0;
            (Vec::new(), Known::Still(coded), of_customer)
        };
        purchase_days.iter_mut().for_each(|days| days.retain(|day| *day <= data.origin));
        data.grouped = data.grouped.by_strata(&of_customer);
        let origin = data.origin;
        Ok(Self { request, known, ids, first_day, purchase_days, origin })
    }

    /// The model with covariates, fitted at the origin, with its covariance; none where it takes none.
    pub(crate) fn fitted(
        &self,
        entry: &'static PurchaseModelEntry,
        data: &OriginData,
        unit: TimeUnit,
    ) -> Option<Result<WithCovariance, String>> {
        let options = self.request.options()?.of_model(entry.id);
        let path = &self.request.file.path;
        if entry.shifts.is_none()
            || (self.request.is_changing() && check_model(entry.id, path).is_err())
        {
            return None;
        }
        Some(self.fit(entry, &options, data, unit).map_err(|error| error.to_string()))
    }

    fn fit(
        &self,
        entry: &'static PurchaseModelEntry,
        options: &CovariateOptions,
        data: &OriginData,
        unit: TimeUnit,
    ) -> Result<WithCovariance, StudyError> {
        let everyone = vec![true; self.first_day.len()];
        let (models, covariance) = match &self.known {
            Known::Still(coded) => {
                let path = &self.request.file.path;
                let of = (&data.grouped, &everyone[..]);
                let found = fit_traits(entry, options, coded, of, unit, path)?;
                (found.models, found.covariance)
            }
            Known::Changing(coded) => {
                let lives = Lives {
                    ids: &self.ids,
                    first_day: &self.first_day,
                    purchase_days: &self.purchase_days,
                    end_day: self.origin,
                };
                let found = fit_to(entry, options, coded, &lives, &everyone, unit)?.fitted;
                let estimates = found.estimates.iter().map(|one| one.name.clone()).collect();
                let models = models_of(&found.model, coded, &lives, estimates, unit)?.0;
                (models, found.covariance)
            }
        };
        Ok((Forecaster::Traits(Arc::new(models)), covariance))
    }
}
