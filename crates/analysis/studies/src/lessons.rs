//! What one origin may learn from: the other origins of the bake-off, or, where it is the only one, earlier days.

use clv_answers::backtest::BacktestCoverage;
use clv_models::catalogue::PurchaseModelEntry;
use clv_models::conformal::n_groups;

use crate::backtest::BacktestOptions;
use crate::base::CustomerBase;
use crate::blend::BlendRecipe;
use crate::calendar::iso;
use crate::contest::{Contestant, OriginContest, hold, horizon_of};
use crate::forecaster::HorizonOptions;
use crate::held_out::{HeldOut, IntervalLevels, LevelPair, held_out_purchases, held_out_value};
use crate::origins::{Origins, choose_origins};
use crate::time::Span;

/// The origin of rows that pool all of them.
const ALL_ORIGINS: &str = "all";

/// Origins within what the only origin of a bake-off was allowed to see.
const EARLIER_ORIGINS: usize = 3;

/// What is learnt from beside the other origins.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lessons {
    /// Contests that ended before the only origin; empty where there are several origins.
    earlier: Vec<OriginContest>,
    earlier_horizon: Option<HorizonOptions>,
}

impl Lessons {
    /// The lessons of a bake-off with these origins.
    pub(crate) fn of(
        base: &CustomerBase,
        entries: &[&'static PurchaseModelEntry],
        origins: &Origins,
        options: &BacktestOptions,
        at: &[OriginContest],
    ) -> Self {
        let [only] = origins.days.as_slice() else { return Self::default() };
        let known = base.until(*only);
        let Ok(wished_horizon) = format!("{}d", origins.horizon_days).parse::<Span>() else {
            return Self::default();
        };
        let asked = BacktestOptions {
            horizon: None,
            wished_horizon,
            until: None,
            n_origins: EARLIER_ORIGINS,
            ..options.clone()
        };
        let Ok(earlier) = choose_origins(&known, &asked) else { return Self::default() };
        // Whoever takes part now must have taken part then.
        let (contests, _) = hold(
            &known,
            entries,
            &earlier,
            options.unit,
            options.spend_model,
            options.boosted.as_ref(),
        );
        let is_same = |one: &OriginContest| {
            // The boosted forecast needs more past than the others, and is no reason to learn nothing of them.
            at.first().is_some_and(|now| {
                now.contestants.iter().all(|c| c.own.is_some() || one.of(c.id()).is_some())
            })
        };
        if !contests.iter().all(is_same) {
            return Self::default();
        }
        let earlier_horizon = Some(horizon_of(&earlier, options.unit));
        Self { earlier: contests, earlier_horizon }
    }

    /// Adds to every origin the blend that its lessons teach; gives the recipe that all of them teach.
    pub(crate) fn add_blends(
        &mut self,
        at: &mut [OriginContest],
        horizon: &HorizonOptions,
    ) -> Option<BlendRecipe> {
        if at.len() > 1 {
            let of_others = |origin: usize| -> Vec<&OriginContest> {
                let others = at.iter().enumerate().filter(|(other, _)| *other != origin);
                others.map(|(_, one)| one).collect()
            };
            let recipes: Option<Vec<BlendRecipe>> = (0..at.len())
                .map(|one| BlendRecipe::learn(&of_others(one), &at[one], horizon))
                .collect();
            let all: Vec<&OriginContest> = at.iter().collect();
            let recipe = BlendRecipe::learn(&all, at.last()?, horizon)?;
            for (one, recipe) in at.iter_mut().zip(recipes?) {
                one.add_blend(&recipe, horizon);
            }
            return Some(recipe);
        }
        let earlier_horizon = self.earlier_horizon?;
        let past: Vec<&OriginContest> = self.earlier.iter().collect();
        let recipe = BlendRecipe::learn(&past, at.first()?, &earlier_horizon)?;
        for one in &mut self.earlier {
            one.add_blend(&recipe, &earlier_horizon);
        }
        for one in at.iter_mut() {
            one.add_blend(&recipe, horizon);
        }
        Some(recipe)
    }
}

/// Into how many groups the forecasts of every origin go.
pub(crate) fn n_groups_of(at: &[OriginContest], lessons: &Lessons) -> usize {
    let sizes = at.iter().chain(&lessons.earlier).map(|one| one.data.customers.len());
    n_groups(sizes.min().unwrap_or(0))
}

/// The outcomes of one forecaster at every origin and in every lesson.
pub(crate) struct HeldOutEverywhere {
    pub(crate) at: Vec<Option<HeldOut>>,
    earlier: Vec<HeldOut>,
}

impl HeldOutEverywhere {
    pub(crate) fn of(
        at: &[OriginContest],
        lessons: &Lessons,
        id: &str,
        held_out: impl Fn(&OriginContest, &Contestant, &HorizonOptions) -> Option<HeldOut>,
        horizon: &HorizonOptions,
    ) -> Self {
        let earlier_horizon = lessons.earlier_horizon;
        Self {
            at: at.iter().map(|one| held_out(one, one.of(id)?, horizon)).collect(),
            earlier: lessons
                .earlier
                .iter()
                .filter_map(|one| held_out(one, one.of(id)?, earlier_horizon.as_ref()?))
                .collect(),
        }
    }

    /// The levels that an origin's lessons teach.
    pub(crate) fn levels_for(&self, origin: usize) -> Option<LevelPair> {
        let others = self.at.iter().enumerate().filter(|(other, _)| *other != origin);
        let past: Vec<&HeldOut> =
            others.filter_map(|(_, one)| one.as_ref()).chain(&self.earlier).collect();
        LevelPair::learn(&past)
    }

    /// The levels that everything teaches.
    fn levels(&self) -> Option<LevelPair> {
        let past: Vec<&HeldOut> = self.at.iter().flatten().chain(&self.earlier).collect();
        LevelPair::learn(&past)
    }
}

/// What is known of the intervals of one forecaster.
pub(crate) struct Judged {
    pub(crate) coverage: Vec<BacktestCoverage>,
    pub(crate) levels: IntervalLevels,
    pub(crate) levels_at_last: IntervalLevels,
    pub(crate) value_total_variance: Option<f64>,
}

/// Judges the intervals of one forecaster at each origin with the levels that its lessons teach.
pub(crate) fn judge(
    at: &[OriginContest],
    lessons: &Lessons,
    id: &str,
    horizon: &HorizonOptions,
) -> Judged {
    let n_groups = n_groups_of(at, lessons);
    let purchases = HeldOutEverywhere::of(
        at,
        lessons,
        id,
        |origin, one, horizon| Some(held_out_purchases(origin, one, horizon, n_groups)),
        horizon,
    );
    let value = HeldOutEverywhere::of(
        at,
        lessons,
        id,
        |origin, one, horizon| held_out_value(origin, one, horizon, n_groups),
        horizon,
    );
    let mut coverage = Vec::new();
    for (of, everywhere) in [("purchases", &purchases), ("value", &value)] {
        for (origin, held) in everywhere.at.iter().enumerate() {
            let Some(held) = held else { continue };
            let levels = everywhere.levels_for(origin);
            let day = iso(at[origin].data.origin);
            coverage.extend(coverage_rows(of, &day, held, levels.as_ref()));
        }
        coverage.extend(pooled(of, &coverage));
    }
    let misses: Vec<f64> = value
        .at
        .iter()
        .flatten()
        .filter_map(|held| {
            let (actual, foretold) =
                (held.actual.iter().sum::<f64>(), held.predicted.iter().sum::<f64>());
            (actual > 0.0 && foretold > 0.0).then(|| (actual / foretold).ln().powi(2))
        })
        .collect();
    let last = at.len().saturating_sub(1);
    Judged {
        coverage,
        levels: IntervalLevels { purchases: purchases.levels(), value: value.levels() },
        levels_at_last: IntervalLevels {
            purchases: purchases.levels_for(last),
            value: value.levels_for(last),
        },
        value_total_variance: (!misses.is_empty())
            .then(|| misses.iter().sum::<f64>() / misses.len() as f64),
    }
}

/// The rows of all origins together, for all customers and for each tenth.
fn pooled(of: &str, coverage: &[BacktestCoverage]) -> Vec<BacktestCoverage> {
    let of_decile = |decile: Option<u32>| {
        let rows: Vec<&BacktestCoverage> =
            coverage.iter().filter(|row| row.of == of && row.decile == decile).collect();
        let n_customers: u64 = rows.iter().map(|row| row.n_customers).sum();
        let mean = |value: fn(&BacktestCoverage) -> f64| {
            rows.iter().map(|row| row.n_customers as f64 * value(row)).sum::<f64>()
                / n_customers as f64
        };
        (n_customers > 0).then(|| BacktestCoverage {
            of: of.to_owned(),
            origin: ALL_ORIGINS.to_owned(),
            decile,
            n_customers,
            predicted: mean(|row| row.predicted),
            actual: mean(|row| row.actual),
            coverage_90: mean(|row| row.coverage_90),
            coverage_90_unadjusted: mean(|row| row.coverage_90_unadjusted),
            coverage_90_closed: mean(|row| row.coverage_90_closed),
            coverage_80: mean(|row| row.coverage_80),
            coverage_80_unadjusted: mean(|row| row.coverage_80_unadjusted),
        })
    };
    [None].into_iter().chain((1..=10).map(Some)).filter_map(of_decile).collect()
}

fn coverage_rows(
    of: &str,
    origin: &str,
    held: &HeldOut,
    levels: Option<&LevelPair>,
) -> Vec<BacktestCoverage> {
    let row = |decile: Option<u32>, held: &HeldOut| {
        let n = held.predicted.len().max(1) as f64;
        BacktestCoverage {
            of: of.to_owned(),
            origin: origin.to_owned(),
            decile,
            n_customers: held.predicted.len() as u64,
            predicted: held.predicted.iter().sum::<f64>() / n,
            actual: held.actual.iter().sum::<f64>() / n,
            coverage_90: held.coverage(levels, 0.9),
            coverage_90_unadjusted: held.coverage(None, 0.9),
            coverage_90_closed: held.closed_coverage(levels, 0.9),
            coverage_80: held.coverage(levels, 0.8),
            coverage_80_unadjusted: held.coverage(None, 0.8),
        }
    };
    let mut rows = vec![row(None, held)];
    for (decile, members) in held.deciles().iter().enumerate() {
        rows.push(row(u32::try_from(decile + 1).ok(), &held.of(members)));
    }
    rows
}
