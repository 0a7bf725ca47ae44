//! Histories by whole periods, where a model that counts those is to answer.

use clv_engine::Orders;
use clv_models::boosted::ZILN_ID;

use super::InquiryOptions;
use crate::covariates::CovariateChoice;
use crate::error::StudyError;
use crate::model_fit::{model_entry, saved_purchase_model};
use crate::served::ModelChoice;
use crate::snapshot::Snapshot;

/// Where a model of whole periods is to answer, histories are counted so; what that leaves out is said.
pub(super) fn count_whole_periods(
    snapshot: &mut Snapshot,
    orders: &Orders,
    options: &InquiryOptions,
) -> Result<Option<String>, StudyError> {
    let (id, unit) = match &options.choice {
        // No model of whole periods wins a bake-off or is part of a blend.
        ModelChoice::Auto | ModelChoice::Blend => return Ok(None),
        ModelChoice::Covariates(request) => match &request.choice {
            CovariateChoice::Fit(of) => (of.model.as_str(), options.unit),
            CovariateChoice::Auto(_) => return Ok(None),
            CovariateChoice::Saved(saved) => (saved.model.as_str(), saved_purchase_model(saved)?.1),
        },
        ModelChoice::Id(id) => (id.as_str(), options.unit),
        ModelChoice::Saved(saved) if saved.blend.is_some() || saved.boosted.is_some() => {
            return Ok(None);
        }
        ModelChoice::Saved(saved) => (saved.model.as_str(), saved_purchase_model(saved)?.1),
    };
    // Boosted trees go by days; a table of covariates for them is refused where they are served.
    if id == ZILN_ID || !model_entry(id)?.is_discrete() {
        return Ok(None);
    }
    let n_unfinished = snapshot.count_periods(orders, unit)?;
    Ok((n_unfinished > 0).then(|| {
        format!(
            "{id} counts whole periods: the purchases that {n_unfinished} customers made in a {unit} not over by the \
             end of the data are left out"
        )
    }))
}
