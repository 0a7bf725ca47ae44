//! The boosted forecast in a bake-off.

use std::sync::Arc;

use clv_models::boosted::ZILN_ID;

use super::lesson::View;
use super::{BoostedOptions, Ladder};
use crate::base::CustomerBase;
use crate::contest::{Contestant, OwnView};
use crate::error::StudyError;
use crate::forecaster::{Forecaster, HorizonOptions};
use crate::handoff::GroupedHistories;
use crate::time::TimeUnit;

impl BoostedOptions {
    /// How it takes part where it is among `models`; none where it is not. `seed` draws the rows that its trees see. At each
    /// origin of a bake-off its value starts from the spend model that the others are valued with.
    #[must_use]
    pub fn among(models: &[String], unit: TimeUnit, seed: u64) -> Option<Self> {
        models.iter().any(|id| id == ZILN_ID).then(|| Self::usual(unit, seed))
    }
}

/// Each customer's history by itself: the strata are the customers.
pub(super) fn by_customer(grouped: &GroupedHistories) -> GroupedHistories {
    let n =
        u32::try_from(grouped.row_of_customer.len()).expect("there are fewer customers than 2^32");
    grouped.by_strata(&(0..n).collect::<Vec<u32>>())
}

/// The boosted forecast from one origin, learnt from what was known there.
pub(crate) fn boosted_contestant(
    base: &CustomerBase,
    origin: i32,
    horizon: &HorizonOptions,
    options: &BoostedOptions,
) -> Result<Contestant, StudyError> {
    let known = base.until(origin);
    let ladder = Ladder::learn(&known, origin, options)?;
    if !ladder.has_heads() {
        return Err(StudyError::TooShort {
            problem: "too few customers bought, or did not, within earlier stretches to learn from"
                .to_owned(),
        });
    }
    let view = View::at(&known, origin, 1, options)?;
    let ln_covariance = view.fitted.as_ref().and_then(|fit| fit.ln_covariance().cloned());
    let grouped = by_customer(&view.grouped);
    let boosted = ladder.forecaster(&known, &view, options);
    let spend_per_purchase = boosted.spend_per_purchase(&grouped, horizon.length);
    let forecaster = Forecaster::Boosted(Arc::new(boosted));
    let rows = forecaster.forecast_rows(&grouped, horizon);
    Ok(Contestant {
        forecaster,
        ln_covariance,
        rows,
        own: Some(OwnView { grouped, spend_per_purchase }),
    })
}
