//! Intervals that hold what they promise on forecasts of the past: conformal adjustment of their levels.
//!
//! A forecast law gives nested intervals, one for each level. Which level holds a share of 90 % is learnt from outcomes
//! that are over: the smallest level whose intervals held (n + 1) / n of that share of them, in a group of customers
//! with like forecasts [Chernozhukov2021] [Vovk2005]. The promise rests on the next outcomes coming from the same
//! source as those: a season or a campaign that no earlier holdout had is not covered by it.

use crate::scores::ProbabilityIntegral;

/// Fewer outcomes than this for each group, and groups are merged.
const FEWEST_PER_GROUP: usize = 50;

/// Customers are put into at most this many groups by forecast.
pub const MOST_GROUPS: usize = 10;

/// What a group's neighbours count for, so that levels change smoothly from group to group.
const WEIGHT_OF_NEIGHBOUR: f64 = 0.5;

/// The highest level, as minus the logarithm of what lies above it.
const MOST_LEVEL: f64 = 27.0;

/// One outcome that is over, under its forecast.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PastOutcome {
    /// Where it fell.
    pub integral: ProbabilityIntegral,
    /// P(nothing), which decides whether the interval begins at nothing.
    pub probability_none: f64,
    /// The group of the forecast, 0 for the lowest.
    pub group: usize,
}

impl PastOutcome {
    /// The share of the outcome that the interval at `level` holds.
    #[must_use]
    pub fn share_within(&self, coverage: f64, level: f64) -> f64 {
        let (low, high) = ends(self.probability_none, coverage, level);
        self.integral.share_within(low, high)
    }

    /// The share within as a line in the level, by its value at 0 and its rise, for levels between `low` and `high`; none
    /// where it has a corner or a step there.
    fn line_between(&self, coverage: f64, (low, high): (f64, f64)) -> Option<(f64, f64)> {
        let begins_at_nothing = ends(self.probability_none, coverage, coverage).0 <= 0.0;
        let corner = |end: f64| if begins_at_nothing { end } else { (2.0 * end - 1.0).abs() };
        let is_within = |end: f64| (low..=high).contains(&corner(end));
        if is_within(self.integral.below) || is_within(self.integral.upto) {
            return None;
        }
        let (at_low, at_high) =
            (self.share_within(coverage, low), self.share_within(coverage, high));
        let rise = if high > low { (at_high - at_low) / (high - low) } else { 0.0 };
        Some((at_low - rise * low, rise))
    }

    /// Whether the closed interval at `level` holds it.
    #[must_use]
    pub fn is_within(&self, coverage: f64, level: f64) -> bool {
        let (low, high) = ends(self.probability_none, coverage, level);
        self.integral.is_within(low, high)
    }
}

/// The two levels of probability between which an interval lies: from nothing up where nothing is likelier than a tail of
/// the promised `coverage`, else as much below as above. The interval as it was forecast is the one at the level `coverage`.
#[must_use]
pub fn ends(probability_none: f64, coverage: f64, level: f64) -> (f64, f64) {
    if probability_none >= 0.5 * (1.0 - coverage) {
        (0.0, level)
    } else {
        (0.5 * (1.0 - level), 0.5 * (1.0 + level))
    }
}

/// For each group of forecasts, the level at which intervals hold the promised share.
#[derive(Debug, Clone, PartialEq)]
pub struct ConformalLevels {
    coverage: f64,
    levels: Vec<f64>,
}

impl ConformalLevels {
    /// Learns the levels from `outcomes`; none where there is none.
    #[must_use]
    pub fn learn(outcomes: &[PastOutcome], coverage: f64) -> Option<Self> {
        let n_groups = outcomes.iter().map(|one| one.group).max()? + 1;
        let levels = (0..n_groups).map(|group| level_of(outcomes, group, coverage)).collect();
        Some(Self { coverage, levels })
    }

    /// Levels that were learnt before, each in (0, 1]; none where there is none or one is out of range.
    #[must_use]
    pub fn of(coverage: f64, levels: Vec<f64>) -> Option<Self> {
        let is_legal = |level: &f64| *level > 0.0 && *level <= 1.0;
        (!levels.is_empty() && levels.iter().all(is_legal)).then_some(Self { coverage, levels })
    }

    /// The share they promise to hold.
    #[must_use]
    pub fn coverage(&self) -> f64 {
        self.coverage
    }

    /// The levels, lowest forecasts first.
    #[must_use]
    pub fn levels(&self) -> &[f64] {
        &self.levels
    }

    /// The level of a group; the last group's beyond it.
    #[must_use]
    pub fn level(&self, group: usize) -> f64 {
        self.levels[group.min(self.levels.len() - 1)]
    }
}

/// The smallest level that held the promised share of the group's outcomes and, at half weight, of its neighbours'.
fn level_of(outcomes: &[PastOutcome], group: usize, coverage: f64) -> f64 {
    let mut near: Vec<(&PastOutcome, f64)> = outcomes
        .iter()
        .filter_map(|one| match one.group.abs_diff(group) {
            0 => Some((one, 1.0)),
            1 => Some((one, WEIGHT_OF_NEIGHBOUR)),
            _ => None,
        })
        .collect();
    let n: f64 = near.iter().map(|(_, weight)| weight).sum();
    if n <= 0.0 {
        return coverage;
    }
    let wanted = (coverage * (n + 1.0)).min(n);
    let level_at = |depth: f64| -(-depth).exp_m1();
    // An outcome whose share is a line throughout the bracket is settled: lines add up to one. What is left halves with
    // the bracket, so that the whole search costs little more than two passes.
    let (mut low, mut high) = (0.0, MOST_LEVEL);
    let (mut constant, mut slope) = (0.0, 0.0);
    for _ in 0..48 {
        let middle = 0.5 * (low + high);
        let level = level_at(middle);
        let open: f64 = near.iter().map(|(one, w)| w * one.share_within(coverage, level)).sum();
        if constant + slope * level + open < wanted {
            low = middle;
        } else {
            high = middle;
        }
        let bracket = (level_at(low), level_at(high));
        near.retain(|(one, weight)| {
            let line = one.line_between(coverage, bracket);
            if let Some((at_zero, rise)) = line {
                constant += weight * at_zero;
                slope += weight * rise;
            }
            line.is_none()
        });
    }
    level_at(high)
}

/// Into how many groups so many customers go.
#[must_use]
pub fn n_groups(n_customers: usize) -> usize {
    (n_customers / FEWEST_PER_GROUP).clamp(1, MOST_GROUPS)
}

/// Puts customers into `n_groups` equal groups by forecast, 0 for the lowest; equal forecasts share a group.
///
/// ```
/// use clv_models::conformal::groups_by_forecast;
/// assert_eq!(groups_by_forecast(&[5.0, 1.0, 1.0, 9.0], 2), [1, 0, 0, 1]);
/// ```
#[must_use]
pub fn groups_by_forecast(forecasts: &[f64], n_groups: usize) -> Vec<usize> {
    let mut parted = forecasts.to_vec();
    let mut bounds = Vec::with_capacity(n_groups);
    // From the highest bound down, each among what lies below the one before: cheaper than to sort.
    let mut below = parted.len();
    for place in (1..n_groups.max(1)).rev().map(|group| group * forecasts.len() / n_groups) {
        if place < below {
            parted[..below].select_nth_unstable_by(place, f64::total_cmp);
            below = place;
        }
        bounds.extend(parted.get(place).copied());
    }
    bounds.reverse();
    forecasts.iter().map(|one| bounds.partition_point(|bound| bound <= one)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn even(n: usize, squeeze: f64) -> Vec<PastOutcome> {
        (0..n)
            .map(|i| {
                let at = ((i as f64 + 0.5) / n as f64 - 0.5) * squeeze + 0.5;
                PastOutcome {
                    integral: ProbabilityIntegral { below: at, upto: at },
                    probability_none: 0.0,
                    group: 0,
                }
            })
            .collect()
    }

    #[test]
    fn a_right_forecast_keeps_its_level_and_a_wide_one_is_narrowed() {
        let right = ConformalLevels::learn(&even(10_000, 1.0), 0.9).expect("there are outcomes");
        assert!((right.level(0) - 0.9).abs() < 1e-3, "{right:?}");
        let wide = ConformalLevels::learn(&even(10_000, 0.5), 0.9).expect("there are outcomes");
        assert!((wide.level(0) - 0.45).abs() < 1e-3, "{wide:?}");
    }

    #[test]
    fn what_never_happened_within_any_level_takes_the_whole_law() {
        let lost = PastOutcome {
            integral: ProbabilityIntegral { below: 1.0, upto: 1.0 },
            probability_none: 1.0,
            group: 0,
        };
        let levels = ConformalLevels::learn(&[lost; 20], 0.9).expect("there are outcomes");
        assert!(levels.level(3) > 1.0 - 1e-11);
    }
}
