//! Boosted trees as the answer to an inquiry: they need every customer's days, and what first orders tell.

use clv_engine::Orders;
use clv_models::boosted::ZILN_ID;

use super::InquiryOptions;
use crate::backtest::BacktestOutcome;
use crate::boosted::{BoostedOptions, serve_boosted, serve_saved_boosted, with_first_orders};
use crate::error::StudyError;
use crate::served::{ModelChoice, ServeOptions, Served, base_of};
use crate::snapshot::Snapshot;

/// Whether boosted trees are asked for, to be fitted or as saved.
pub(super) fn is_boosted(choice: &ModelChoice) -> bool {
    is_new_boosted(choice) || matches!(choice, ModelChoice::Saved(saved) if saved.model == ZILN_ID)
}

/// Whether boosted trees are asked for that have yet to be fitted.
pub(super) fn is_new_boosted(choice: &ModelChoice) -> bool {
    matches!(choice, ModelChoice::Id(id) if id == ZILN_ID)
}

/// Serves boosted trees: all customers' days are read for it, and what their first orders tell.
pub(super) fn serve_trees(
    snapshot: &Snapshot,
    orders: &Orders,
    bake_off: Option<&BacktestOutcome>,
    options: &InquiryOptions,
    asked: &ServeOptions,
) -> Result<Served, StudyError> {
    let base = with_first_orders(base_of(orders.purchase_occasions(None)?.0), orders)?;
    if let ModelChoice::Saved(saved) = &options.choice {
        return serve_saved_boosted(snapshot, &base, saved, asked);
    }
    let boosted = BoostedOptions {
        spend: asked.spend.clone(),
        ..BoostedOptions::usual(options.unit, options.seed)
    };
    serve_boosted(snapshot, &base, bake_off, &boosted, asked)
}
