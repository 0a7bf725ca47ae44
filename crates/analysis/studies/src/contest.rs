//! Everyone who could forecast, at every origin: what they foretold, beside what came.

use std::sync::Arc;

use clv_models::boosted::ZILN_ID;
use clv_models::catalogue::{PurchaseModelEntry, spend_model};
use clv_models::fit::{FitOptions, fit_purchase_model};

use crate::backtest::{BacktestOptions, FEWEST_REPEATERS};
use crate::base::CustomerBase;
use crate::blend::BlendRecipe;
use crate::boosted::{BoostedOptions, boosted_contestant};
use crate::calendar::iso;
use crate::covariates::{OriginTraits, id_with_covariates};
use crate::forecaster::{Forecaster, HorizonOptions, RowForecast};
use crate::handoff::GroupedHistories;
use crate::origins::{OriginData, Origins};
use crate::spend::{SpendOutlook, spend_observations};
use crate::spend_choice::{SpendModelChoice, SpendModelPick};
use crate::time::TimeUnit;

/// One forecaster at one origin.
#[derive(Debug, Clone)]
pub struct Contestant {
    /// The forecaster, fitted to what was known at the origin.
    pub forecaster: Forecaster,
    /// Covariance of the free coordinates of its parameters, where known.
    pub ln_covariance: Option<Vec<Vec<f64>>>,
    /// Its forecasts of the distinct histories.
    pub rows: Vec<RowForecast>,
    /// What it knows of each customer by itself; none where it knows their histories alone.
    pub own: Option<OwnView>,
}

/// What a forecaster of single customers knows of them.
#[derive(Debug, Clone)]
pub struct OwnView {
    /// Their histories, grouped by customer.
    pub grouped: GroupedHistories,
    /// Expected spend of one purchase within the horizon, money; one entry for each customer.
    pub spend_per_purchase: Vec<f64>,
}

impl Contestant {
    /// The forecaster's id.
    #[must_use]
    pub fn id(&self) -> &'static str {
        self.forecaster.id()
    }

    /// The histories that its forecasts are of.
    #[must_use]
    pub fn grouped<'a>(&'a self, data: &'a OriginData) -> &'a GroupedHistories {
        self.own.as_ref().map_or(&data.grouped, |own| &own.grouped)
    }

    /// Whether it may be blended: it is no blend itself and knows customers by their histories alone, as a blend carries
    /// neither traits nor what is known of single customers.
    #[must_use]
    pub fn is_blendable(&self) -> bool {
        !matches!(self.forecaster, Forecaster::Blend(_) | Forecaster::Traits(_))
            && self.own.is_none()
    }

    /// Whether it blends others.
    #[must_use]
    pub fn is_blend(&self) -> bool {
        matches!(self.forecaster, Forecaster::Blend(_))
    }
}

/// One origin and everyone's forecasts from it.
#[derive(Debug, Clone)]
pub struct OriginContest {
    /// What was known, and what came.
    pub data: OriginData,
    /// The contestants, in the same order at every origin.
    pub contestants: Vec<Contestant>,
    /// The horizon that they forecast, undiscounted.
    pub horizon: HorizonOptions,
    /// The spend model that values them, chosen and fitted by what was known at the origin; none where the data hold
    /// no money.
    pub spend: Option<SpendOutlook>,
}

impl OriginContest {
    /// Purchases that a contestant foretold of each customer.
    #[must_use]
    pub fn predicted(&self, contestant: usize) -> Vec<f64> {
        let rows = &self.contestants[contestant].rows;
        let customers = &self.contestants[contestant].grouped(&self.data).row_of_customer;
        customers.iter().map(|row| rows[*row as usize].expected_purchases).collect()
    }

    /// Adds the blend that a recipe makes of the contestants; nothing where a member took no part.
    pub(crate) fn add_blend(&mut self, recipe: &BlendRecipe) {
        if let Some(forecaster) = recipe.forecaster_at(self) {
            let rows = forecaster.forecast_rows(&self.data.grouped, &self.horizon);
            self.contestants.push(Contestant { forecaster, ln_covariance: None, rows, own: None });
        }
    }

    /// The contestant of this id.
    #[must_use]
    pub fn of(&self, id: &str) -> Option<&Contestant> {
        self.contestants.iter().find(|one| one.id() == id)
    }
}

/// Lets everyone forecast from every origin; whoever could not at one of them takes no part, with the reason.
pub(crate) fn hold(
    base: &CustomerBase,
    entries: &[&'static PurchaseModelEntry],
    origins: &Origins,
    options: &BacktestOptions,
) -> (Vec<OriginContest>, Vec<(String, String)>) {
    let unit = options.unit;
    let horizon = horizon_of(origins, unit);
    let mut left_out: Vec<(String, String)> = Vec::new();
    let mut at: Vec<OriginContest> = Vec::new();
    for origin in &origins.days {
        let mut data =
            OriginData::at(base, *origin, origins.horizon_days, unit, origins.has_last_year);
        let traits = OriginTraits::at(base, &mut data);
        let n_repeaters = data.customers.iter().filter(|known| known.n_days > 1).count();
        let mut contestants = Vec::new();
        for entry in entries {
            if n_repeaters < FEWEST_REPEATERS {
                let why = format!(
                    "only {n_repeaters} customers had bought again by {}, and it takes {FEWEST_REPEATERS}",
                    iso(*origin)
                );
                left_out.push((entry.id.to_owned(), why));
                continue;
            }
            if entry.is_discrete() {
                let why = "it counts whole periods, and orders are held out by the day".to_owned();
                left_out.push((entry.id.to_owned(), why));
                continue;
            }
            match fit_purchase_model(entry, &data.grouped.histories, &FitOptions::default()) {
                Ok(fitted) => {
                    let forecaster = Forecaster::Model(Arc::clone(fitted.model()));
                    let rows = forecaster.forecast_rows(&data.grouped, &horizon);
                    let ln_covariance = fitted.ln_covariance().cloned();
                    contestants.push(Contestant { forecaster, ln_covariance, rows, own: None });
                }
                Err(error) => left_out.push((entry.id.to_owned(), error.to_string())),
            }
        }
        for entry in entries.iter().filter(|_| n_repeaters >= FEWEST_REPEATERS) {
            let id = id_with_covariates(entry.id);
            let found = match &traits {
                None => continue,
                Some(Err(problem)) => Some(Err(problem.clone())),
                Some(Ok(traits)) if !entry.is_discrete() => traits.fitted(entry, &data, unit),
                Some(Ok(_)) => None,
            };
            match found {
                None => {}
                Some(Ok((forecaster, ln_covariance))) => {
                    let rows = forecaster.forecast_rows(&data.grouped, &horizon);
                    contestants.push(Contestant { forecaster, ln_covariance, rows, own: None });
                }
                Some(Err(problem)) => left_out.push((id.to_owned(), problem)),
            }
        }
        for forecaster in data.naive_forecasters(horizon.length) {
            let rows = forecaster.forecast_rows(&data.grouped, &horizon);
            contestants.push(Contestant { forecaster, ln_covariance: None, rows, own: None });
        }
        let spend = spend_at(&data, options.spend);
        if let Some(boosted) = &options.boosted {
            // The trees start from the spend model that values everyone else at this origin.
            let pick = spend.as_ref().and_then(|spend| spend_model(spend.model().id()));
            let boosted = BoostedOptions {
                spend: pick.map_or_else(|| boosted.spend.clone(), SpendModelPick::of),
                ..boosted.clone()
            };
            match boosted_contestant(base, *origin, &horizon, &boosted) {
                Ok(contestant) => contestants.push(contestant),
                Err(error) => left_out.push((ZILN_ID.to_owned(), error.to_string())),
            }
        }
        at.push(OriginContest { data, contestants, horizon, spend });
    }
    let is_everywhere = |id: &str| at.iter().all(|one| one.of(id).is_some());
    let kept: Vec<&'static str> = at
        .first()
        .map(|one| one.contestants.iter().map(Contestant::id).filter(|id| is_everywhere(id)))
        .into_iter()
        .flatten()
        .collect();
    for one in &mut at {
        one.contestants.retain(|contestant| kept.contains(&contestant.id()));
    }
    (at, left_out)
}

/// The spend model asked for, chosen among those customers and fitted to them; none where nobody has spent anything.
pub(crate) fn spend_at(data: &OriginData, choice: SpendModelChoice) -> Option<SpendOutlook> {
    let n_repeats: Vec<u32> = data.customers.iter().map(|known| known.n_days - 1).collect();
    let mean_spend: Vec<f64> = data.customers.iter().map(|known| known.mean_repeat_spend).collect();
    let first_spend: f64 = data.customers.iter().map(|known| known.first_spend).sum();
    if first_spend <= 0.0 && mean_spend.iter().all(|mean| *mean <= 0.0) {
        return None;
    }
    let mean_first_spend = first_spend / data.customers.len().max(1) as f64;
    let pick = choice.among(|| spend_observations(&n_repeats, &mean_spend, mean_first_spend));
    Some(SpendOutlook::fit_as(&pick, &n_repeats, &mean_spend, mean_first_spend))
}

/// The horizon of the origins in a unit, undiscounted.
pub(crate) fn horizon_of(origins: &Origins, unit: TimeUnit) -> HorizonOptions {
    HorizonOptions { length: f64::from(origins.horizon_days) / unit.days(), discount_rate: 0.0 }
}
