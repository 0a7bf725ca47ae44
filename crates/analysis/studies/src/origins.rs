//! Where a bake-off cuts the data, and what is known at each cut.

use crate::backtest::BacktestOptions;
use crate::base::{CustomerAtOrigin, CustomerBase, RecentWindow};
use crate::calendar::iso;
use crate::error::StudyError;
use crate::forecaster::{Forecaster, NaiveRule};
use crate::handoff::{GroupedHistories, HistoryColumns, group_histories_by};
use crate::season::SeasonClock;
use crate::time::{Span, TimeUnit};

/// An origin counts where at least this share of the last one's customers are known.
const LEAST_SHARE_KNOWN: f64 = 0.1;

/// The origins of a bake-off, earliest first, and the days held out after each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origins {
    /// Last days seen.
    pub days: Vec<i32>,
    /// Length of the holdout, days.
    pub horizon_days: i32,
    /// Whether the data hold the same days a year before each holdout.
    pub has_last_year: bool,
}

/// Chooses the origins: the one asked for, or up to `n_origins` spaced by half a horizon, with at least a third of
/// the data and a tenth of the last origin's customers before the first.
///
/// # Errors
/// [`StudyError::TooShort`] where the data do not bear a single one.
pub fn choose_origins(
    base: &CustomerBase,
    options: &BacktestOptions,
) -> Result<Origins, StudyError> {
    let first = base.first_day().unwrap_or(base.end_day());
    let end = base.end_day();
    let span = end - first;
    let whole_days = |span: &Span| span.days().round().max(1.0) as i32;
    let horizon_days = match &options.horizon {
        Some(horizon) => whole_days(horizon),
        None => whole_days(&options.wished_horizon).min(span / 3).max(1),
    };
    if let Some(until) = options.until {
        if until < first {
            return Err(StudyError::NobodyYet { until: iso(until), first: iso(first) });
        }
        if until + horizon_days > end {
            return Err(StudyError::TooShort {
                problem: format!(
                    "the holdout would end on {}, after the last day of the data, {}",
                    iso(until + horizon_days),
                    iso(end)
                ),
            });
        }
        let has_last_year = RecentWindow::has_last_year(until, horizon_days, first);
        return Ok(Origins { days: vec![until], horizon_days, has_last_year });
    }
    let step = (horizon_days / 2).max(1);
    let mut days: Vec<i32> = (0..options.n_origins.max(1))
        .map(|origin| end - horizon_days - step * i32::try_from(origin).unwrap_or(i32::MAX / 4096))
        .take_while(|origin| *origin - first >= span / 3 && *origin > first)
        .collect();
    if days.is_empty() && end - horizon_days > first {
        days.push(end - horizon_days);
    }
    if days.is_empty() {
        return Err(StudyError::TooShort {
            problem: format!(
                "the data run from {} to {}, too short to hold out {horizon_days} days",
                iso(first),
                iso(end)
            ),
        });
    }
    days.reverse();
    leave_out_empty(&mut days, base);
    let has_last_year = RecentWindow::has_last_year(days[0], horizon_days, first);
    Ok(Origins { days, horizon_days, has_last_year })
}

/// Leaves out origins at which hardly anybody was a customer yet: they would count as much as the others and say nothing of
/// these customers.
fn leave_out_empty(days: &mut Vec<i32>, base: &CustomerBase) {
    let mut births: Vec<i32> = (0..base.n_customers()).map(|one| base.first_day_of(one)).collect();
    births.sort_unstable();
    let n_known = |day: i32| births.partition_point(|birth| *birth <= day) as f64;
    let most = days.last().map_or(0.0, |last| n_known(*last));
    days.retain(|day| n_known(*day) >= LEAST_SHARE_KNOWN * most);
}

/// The customers known at an origin, grouped for the models.
#[derive(Debug, Clone)]
pub struct OriginData {
    /// The origin.
    pub origin: i32,
    /// The customers and what they did afterwards.
    pub customers: Vec<CustomerAtOrigin>,
    /// Their histories.
    pub grouped: GroupedHistories,
    /// Their purchase days after the origin, within the horizon.
    pub actual: Vec<f64>,
    /// Whether the naive rule of the same period looks a year back.
    is_last_year: bool,
}

impl OriginData {
    /// The view of the base at an origin; `is_last_year` says which days the naive rule of the same period repeats.
    #[must_use]
    pub fn at(
        base: &CustomerBase,
        origin: i32,
        horizon_days: i32,
        unit: TimeUnit,
        is_last_year: bool,
    ) -> Self {
        Self::by_clock(base, (origin, horizon_days), unit, is_last_year, None)
    }

    /// As [`at`](Self::at), time told by a season's clock where there is one; the holdout is that many calendar days.
    #[must_use]
    pub fn by_clock(
        base: &CustomerBase,
        (origin, horizon_days): (i32, i32),
        unit: TimeUnit,
        is_last_year: bool,
        clock: Option<&SeasonClock>,
    ) -> Self {
        let window = RecentWindow::before(origin, horizon_days, is_last_year);
        let customers = base.at_origin(origin, horizon_days, window);
        let n_days: Vec<u32> = customers.iter().map(|known| known.n_days).collect();
        let first_day: Vec<i32> = customers.iter().map(|known| known.first_day).collect();
        let last_day: Vec<i32> = customers.iter().map(|known| known.last_day).collect();
        let sum_ln_days: Vec<f64> =
            customers.iter().map(|known| known.sum_ln_interpurchase_days).collect();
        let recent: Vec<u32> = customers.iter().map(|known| known.recent_purchases).collect();
        let columns = HistoryColumns {
            n_days: &n_days,
            first_day: &first_day,
            last_day: &last_day,
            // By a season's clock gaps have another length.
            sum_ln_interpurchase_days: clock.is_none().then_some(&sum_ln_days[..]),
            end_day: origin,
            recent_purchases: Some(&recent),
        };
        let grouped = group_histories_by(&columns, unit, clock);
        let actual = customers.iter().map(|known| f64::from(known.purchases_after)).collect();
        Self { origin, customers, grouped, actual, is_last_year }
    }

    /// The naive rules, with the mean rate known at the origin.
    #[must_use]
    pub fn naive_forecasters(&self, horizon: f64) -> [Forecaster; 3] {
        let histories = &self.grouped.histories;
        let (repeats, time) =
            histories.iter().fold((0.0, 0.0), |(repeats, time), (one, weight)| {
                (repeats + weight * f64::from(one.repeat_purchases()), time + weight * one.age())
            });
        let mean_rate = if time > 0.0 { repeats / time } else { 0.0 };
        [
            NaiveRule::MeanRate,
            NaiveRule::OwnRate,
            NaiveRule::SamePeriod { length: horizon, is_last_year: self.is_last_year },
        ]
        .map(|rule| Forecaster::Naive { rule, mean_rate })
    }
}
