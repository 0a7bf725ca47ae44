//! What one origin may learn from: the other origins of the bake-off, or, where it is the only one, earlier days.

use clv_answers::backtest::{BacktestCoverage, BacktestTotal};
use clv_models::catalogue::PurchaseModelEntry;
use clv_models::conformal::n_groups;
use clv_valuation::equity::TotalForecast;

use crate::backtest::BacktestOptions;
use crate::base::CustomerBase;
use crate::blend::BlendRecipe;
use crate::calendar::iso;
use crate::contest::{OriginContest, hold};
use crate::held_out::{Examined, HeldOut, IntervalLevels, LevelPair};
use crate::origins::{Origins, choose_origins};
use crate::period::{PeriodMiss, PeriodPace, PeriodSpread};
use crate::time::Span;

/// The origin of rows that pool all of them.
const ALL_ORIGINS: &str = "all";

/// Origins within what the only origin of a bake-off was allowed to see.
const EARLIER_ORIGINS: usize = 3;

/// What is learnt from beside the other origins.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lessons {
    /// Contests that ended before the only origin; empty where there are several origins.
    pub(crate) earlier: Vec<OriginContest>,
    /// Models that could not take part in them, with the reason.
    pub(crate) left_out: Vec<(String, String)>,
    /// Where they were cut; none where there are none.
    pub(crate) origins: Option<Origins>,
    /// The blend that they teach.
    recipe: Option<BlendRecipe>,
}

impl Lessons {
    /// The lessons of a bake-off with these origins.
    pub(crate) fn of(
        base: &CustomerBase,
        entries: &[&'static PurchaseModelEntry],
        origins: &Origins,
        options: &BacktestOptions,
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
        let (mut contests, left_out) = hold(&known, entries, &earlier, options);
        let recipe = blend_of_others(&mut contests);
        Self { earlier: contests, left_out, origins: Some(earlier), recipe }
    }

    /// Adds to every origin the blend that its lessons teach; gives the recipe that all of them teach.
    pub(crate) fn add_blends(&self, at: &mut [OriginContest]) -> Option<BlendRecipe> {
        if at.len() > 1 {
            return blend_of_others(at);
        }
        let recipe = self.recipe.as_ref()?;
        at.iter_mut().for_each(|one| one.add_blend(recipe));
        Some(recipe.clone())
    }
}

/// Adds to every origin the blend that the others teach; gives the recipe that all of them teach. None where there is
/// nothing to blend or to learn from.
fn blend_of_others(at: &mut [OriginContest]) -> Option<BlendRecipe> {
    if at.len() < 2 {
        return None;
    }
    let of_others = |origin: usize| -> Vec<&OriginContest> {
        let others = at.iter().enumerate().filter(|(other, _)| *other != origin);
        others.map(|(_, one)| one).collect()
    };
    let recipes: Option<Vec<BlendRecipe>> =
        (0..at.len()).map(|one| BlendRecipe::learn(&of_others(one), &at[one])).collect();
    let all: Vec<&OriginContest> = at.iter().collect();
    let recipe = BlendRecipe::learn(&all, at.last()?)?;
    for (one, recipe) in at.iter_mut().zip(recipes?) {
        one.add_blend(&recipe);
    }
    Some(recipe)
}

/// Into how many groups the forecasts of every origin go.
fn n_groups_of<'a>(contests: impl Iterator<Item = &'a OriginContest>) -> usize {
    n_groups(contests.map(|one| one.data.customers.len()).min().unwrap_or(0))
}

/// A period that is over: what came of one forecaster's forecasts, told by the pace at which it ran.
struct Past<'a> {
    examined: Examined<'a>,
    purchases: HeldOut,
    value: Option<HeldOut>,
}

/// The forecasts of one forecaster at every origin, and in every lesson.
pub(crate) struct Forecasts<'a> {
    /// At the origins, none where it took no part.
    at: Vec<Option<Past<'a>>>,
    earlier: Vec<Past<'a>>,
}

impl<'a> Forecasts<'a> {
    /// The forecasts of whoever has this id; those of value where that is wanted.
    pub(crate) fn of(
        at: &'a [OriginContest],
        earlier: &'a [OriginContest],
        id: &str,
        wants_value: bool,
    ) -> Self {
        let n_groups = n_groups_of(at.iter().chain(earlier));
        let past = |origin: &'a OriginContest| {
            let examined = Examined::new(origin, origin.of(id)?, n_groups);
            let pace = examined.pace();
            let purchases = examined.purchases(&pace);
            let value = if wants_value { examined.value(&pace) } else { None };
            Some(Past { examined, purchases, value })
        };
        Self {
            at: at.iter().map(past).collect(),
            earlier: earlier.iter().filter_map(past).collect(),
        }
    }

    /// What everything but one origin teaches about intervals.
    fn levels_without(&self, origin: Option<usize>) -> IntervalLevels {
        let others = self.at.iter().enumerate().filter(|(other, _)| Some(*other) != origin);
        let past: Vec<&Past> =
            others.filter_map(|(_, one)| one.as_ref()).chain(&self.earlier).collect();
        let purchases: Vec<&HeldOut> = past.iter().map(|one| &one.purchases).collect();
        let value: Vec<&HeldOut> = past.iter().filter_map(|one| one.value.as_ref()).collect();
        let misses = |of: fn(&Examined) -> Option<PeriodMiss>| -> Vec<PeriodMiss> {
            past.iter().filter_map(|one| of(&one.examined)).collect()
        };
        let elasticity =
            past.iter().map(|one| one.examined.elasticity).sum::<f64>() / past.len().max(1) as f64;
        IntervalLevels {
            purchases: LevelPair::learn(&purchases),
            value: LevelPair::learn(&value),
            period: PeriodSpread::learn(
                &misses(|one| one.miss),
                &misses(|one| one.value_miss),
                elasticity,
            ),
        }
    }

    /// How the intervals of purchases held at an origin, with what everything else teaches; none where it took no part.
    pub(crate) fn purchases_at(&self, origin: usize) -> Option<HeldAt> {
        let levels = self.levels_without(Some(origin));
        let examined = &self.at.get(origin)?.as_ref()?.examined;
        Some(HeldAt {
            adjusted: examined.purchases(&PeriodPace::to_come(levels.period.as_ref())),
            plain: examined.purchases(&PeriodPace::usual()),
            levels: levels.purchases,
        })
    }

    /// The same of value; none where the data hold no money.
    fn value_at(&self, origin: usize) -> Option<HeldAt> {
        let levels = self.levels_without(Some(origin));
        let examined = &self.at.get(origin)?.as_ref()?.examined;
        Some(HeldAt {
            adjusted: examined.value(&PeriodPace::to_come(levels.period.as_ref()))?,
            plain: examined.value(&PeriodPace::usual())?,
            levels: levels.value,
        })
    }

    /// The totals at an origin, with what everything else teaches of periods.
    fn totals_at(&self, origin: usize, day: &str) -> Vec<BacktestTotal> {
        let Some(one) = self.at.get(origin).and_then(Option::as_ref) else { return Vec::new() };
        let period = self.levels_without(Some(origin)).period;
        let total = |of: &str, total: TotalForecast, actual: f64| {
            let ((low_80, high_80), (low_90, high_90)) = (total.interval(0.8), total.interval(0.9));
            BacktestTotal {
                of: of.to_owned(),
                origin: day.to_owned(),
                predicted: total.expected,
                actual,
                low_80,
                high_80,
                low_90,
                high_90,
            }
        };
        let examined = &one.examined;
        let of_purchases = period.map_or(examined.total, |it| it.of_total(examined.total));
        let of_value =
            period.map_or(examined.value_total, |it| it.of_value_total(examined.value_total));
        let mut totals = vec![total("purchases", of_purchases, one.purchases.actual.iter().sum())];
        totals.extend(
            one.value.as_ref().map(|held| total("value", of_value, held.actual.iter().sum())),
        );
        totals
    }
}

/// What came at an origin, under the laws of a period to come and under those of one like any other.
pub(crate) struct HeldAt {
    pub(crate) adjusted: HeldOut,
    pub(crate) plain: HeldOut,
    pub(crate) levels: Option<LevelPair>,
}

/// What is known of the intervals of one forecaster.
pub(crate) struct Judged {
    pub(crate) coverage: Vec<BacktestCoverage>,
    pub(crate) totals: Vec<BacktestTotal>,
    pub(crate) levels: IntervalLevels,
    pub(crate) levels_at_last: IntervalLevels,
}

/// Judges the intervals of one forecaster at each origin with what its lessons teach.
pub(crate) fn judge(at: &[OriginContest], earlier: &[OriginContest], id: &str) -> Judged {
    let forecasts = Forecasts::of(at, earlier, id, true);
    let mut coverage = Vec::new();
    for of in ["purchases", "value"] {
        for (origin, contest) in at.iter().enumerate() {
            let held = match of {
                "value" => forecasts.value_at(origin),
                _ => forecasts.purchases_at(origin),
            };
            let Some(held) = held else { continue };
            coverage.extend(coverage_rows(of, &iso(contest.data.origin), &held));
        }
        coverage.extend(pooled(of, &coverage));
    }
    let totals = |(origin, contest): (usize, &OriginContest)| {
        forecasts.totals_at(origin, &iso(contest.data.origin))
    };
    Judged {
        coverage,
        totals: at.iter().enumerate().flat_map(totals).collect(),
        levels: forecasts.levels_without(None),
        levels_at_last: forecasts.levels_without(at.len().checked_sub(1)),
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

fn coverage_rows(of: &str, origin: &str, held: &HeldAt) -> Vec<BacktestCoverage> {
    let levels = held.levels.as_ref();
    let row = |decile: Option<u32>, adjusted: &HeldOut, plain: &HeldOut| {
        let n = plain.predicted.len().max(1) as f64;
        BacktestCoverage {
            of: of.to_owned(),
            origin: origin.to_owned(),
            decile,
            n_customers: plain.predicted.len() as u64,
            predicted: plain.predicted.iter().sum::<f64>() / n,
            actual: plain.actual.iter().sum::<f64>() / n,
            coverage_90: adjusted.coverage(levels, 0.9),
            coverage_90_unadjusted: plain.coverage(None, 0.9),
            coverage_90_closed: adjusted.closed_coverage(levels, 0.9),
            coverage_80: adjusted.coverage(levels, 0.8),
            coverage_80_unadjusted: plain.coverage(None, 0.8),
        }
    };
    let mut rows = vec![row(None, &held.adjusted, &held.plain)];
    for (decile, members) in held.plain.deciles().iter().enumerate() {
        let (adjusted, plain) = (held.adjusted.of(members), held.plain.of(members));
        rows.push(row(u32::try_from(decile + 1).ok(), &adjusted, &plain));
    }
    rows
}
