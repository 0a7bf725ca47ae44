//! What a rule that repeats a period needs of every customer: their purchases of those days.

use clv_engine::Orders;
use clv_tables::Day;

use crate::backtest::BacktestOutcome;
use crate::base::{CustomerBase, RecentWindow};
use crate::blend::BLEND;
use crate::error::StudyError;
use crate::forecaster::NaiveRule;
use crate::newborns::same_id;
use crate::saved_blend::{repeated_period, saved_forecaster};
use crate::served::ModelChoice;
use crate::snapshot::Snapshot;

/// The days whose purchases whoever is served repeats; none where nobody does.
pub(super) fn window_to_repeat(
    choice: &ModelChoice,
    outcome: Option<&BacktestOutcome>,
    snapshot: &Snapshot,
) -> Result<Option<RecentWindow>, StudyError> {
    let Some(end) = snapshot.end_day() else { return Ok(None) };
    if let ModelChoice::Saved(saved) = choice {
        let (forecaster, unit) = saved_forecaster(saved)?;
        return Ok(repeated_period(&forecaster).and_then(|rule| match rule {
            NaiveRule::SamePeriod { length, is_last_year } => {
                let days = (length * unit.days()).round().max(1.0) as i32;
                Some(RecentWindow::before(end, days, is_last_year))
            }
            NaiveRule::MeanRate | NaiveRule::OwnRate => None,
        }));
    }
    let Some(found) = outcome else { return Ok(None) };
    let members = found.recipe.as_ref().map_or(&[][..], |recipe| recipe.members.as_slice());
    let mut rules = match &found.naive {
        Some(rule) => vec![*rule],
        None if found.answer.served == BLEND => {
            members.iter().filter_map(|id| found.naive_rule(id)).collect()
        }
        None => Vec::new(),
    };
    rules.retain(|rule| matches!(rule, NaiveRule::SamePeriod { .. }));
    Ok(rules.first().and_then(|rule| match rule {
        NaiveRule::SamePeriod { is_last_year, .. } => {
            Some(RecentWindow::before(end, found.origins.horizon_days, *is_last_year))
        }
        NaiveRule::MeanRate | NaiveRule::OwnRate => None,
    }))
}

/// Notes how many purchase days each customer had within a window.
pub(super) fn note_recent_purchases(
    window: RecentWindow,
    snapshot: &mut Snapshot,
    orders: &Orders,
    base: Option<&CustomerBase>,
) -> Result<(), StudyError> {
    // The bake-off has everyone's days in memory, unless it ran on a sample or some are not born yet.
    if let Some(base) = base
        && base.n_customers() == snapshot.n_customers()
        && (0..base.n_customers()).all(|at| same_id(base.ids(), at, snapshot.ids(), at))
    {
        let is_within = |day: i32| day > window.after && day <= window.upto;
        let recent = (0..base.n_customers())
            .map(|at| base.purchases_of(at).filter(|row| is_within(row.day)).count())
            .map(|n| u32::try_from(n).unwrap_or(u32::MAX))
            .collect();
        snapshot.set_recent_purchases(recent);
        return Ok(());
    }
    let before = purchase_days_until(snapshot, orders, window.after)?;
    let upto = purchase_days_until(snapshot, orders, window.upto)?;
    let recent = upto.iter().zip(&before).map(|(upto, before)| upto - before);
    snapshot.set_recent_purchases(recent.collect());
    Ok(())
}

/// Each customer's purchase days up to `day`, 0 for whoever had not bought by then.
pub(super) fn purchase_days_until(
    snapshot: &Snapshot,
    orders: &Orders,
    day: i32,
) -> Result<Vec<u32>, StudyError> {
    let n = snapshot.n_customers();
    let (until, _) = orders.purchase_histories(Some(Day(day)))?;
    // Both are ordered by id, and everyone known earlier is known now.
    let mut then = 0;
    Ok((0..n)
        .map(|now| {
            let is_known =
                then < until.n_days.len() && same_id(snapshot.ids(), now, &until.ids, then);
            if is_known {
                then += 1;
                until.n_days[then - 1]
            } else {
                0
            }
        })
        .collect())
}
