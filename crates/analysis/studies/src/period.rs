//! How far whole periods stray: before Christmas everybody buys more than any customer's own law says.
//!
//! What customers do independently fades in a total; what a period does to all of them does not. Each origin of a
//! bake-off shows one period: the logarithm of what came over what was foretold, less what chance alone would do. From
//! those few the variance between periods is estimated, as that between the studies of a meta-analysis
//! [DerSimonianLaird1986], together with what periods of other shops showed, and every
//! customer's law is widened by it: in the period to come all of them run at one pace that is not known yet.

use clv_valuation::equity::TotalForecast;

use crate::forecaster::{Forecaster, HorizonOptions, RowForecast};
use crate::handoff::GroupedHistories;
use crate::outlook::Outlook;

/// The mean squared logarithm of what came over what was foretold in other shops: twelve holdouts of CDNOW, a grocery, a
/// gift shop and an apparel shop, each forecast by whoever `auto` served; 0.12 squared.
const USUAL_VARIANCE: f64 = 0.0148;

/// The same of spend, over the nine of those holdouts that have amounts; 0.2 squared.
const USUAL_VALUE_VARIANCE: f64 = 0.0385;

/// How many periods of its own a shop's estimate weighs that against.
const USUAL_COUNTS_FOR: f64 = 1.0;

/// Doubt that changes the variance of a count by less than this share is left out: no interval of whole purchases shows it.
const NEGLIGIBLE: f64 = 0.01;

/// The elasticity of totals to time lies within these: below it pace says nothing of totals.
const ELASTICITIES: (f64, f64) = (0.3, 1.0);

/// No period is taken to run at more than e^2 times the usual pace, or less than its inverse.
const MOST_LN_PACE: f64 = 2.0;

/// Neighbouring holdouts share half their days, so that n of them say what (n + 1) / 2 would.
#[must_use]
pub fn effective_periods(n: usize) -> f64 {
    if n == 0 { 0.0 } else { 0.5 * (n as f64 + 1.0) }
}

/// One total that came, against its forecast.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PeriodMiss {
    /// Ln of what came over what was foretold.
    pub ln_ratio: f64,
    /// Relative variance of the total by chance and from not knowing the parameters.
    pub chance: f64,
}

impl PeriodMiss {
    /// The miss of a total whose interval knows nothing of periods; none where nothing came or nothing was foretold.
    #[must_use]
    pub fn of(actual: f64, foretold: &TotalForecast) -> Option<Self> {
        let expected = foretold.expected;
        let chance = foretold.variance_of_customers / (expected * expected)
            + foretold.relative_parameter_variance;
        let is_known = actual > 0.0 && expected > 0.0 && chance.is_finite();
        is_known.then(|| Self { ln_ratio: (actual / expected).ln(), chance: chance.max(0.0) })
    }

    /// The part of it that is the period's and not chance's, as far as periods usually stray.
    ///
    /// ```
    /// use clv_studies::period::PeriodMiss;
    /// let sure = PeriodMiss { ln_ratio: 0.2, chance: 0.0 };
    /// let doubtful = PeriodMiss { ln_ratio: 0.2, chance: 0.5 };
    /// assert!((sure.of_period() - 0.2).abs() < 1e-12 && doubtful.of_period() < 0.01);
    /// ```
    #[must_use]
    pub fn of_period(&self) -> f64 {
        self.ln_ratio * USUAL_VARIANCE / (USUAL_VARIANCE + self.chance)
    }
}

/// How far a shop's periods stray from their forecasts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PeriodSpread {
    /// Variance of the logarithm of a period's purchases over their forecast.
    pub of_purchases: f64,
    /// The same of spend; that of purchases where the data hold no money.
    pub of_value: f64,
    /// By how much one per cent more time changes the total of purchases, in per cent.
    pub elasticity: f64,
    /// Independent periods that it rests on, the usual ones among them.
    pub n_periods: f64,
}

impl PeriodSpread {
    /// Learns it from the periods of the past; none where there is none.
    #[must_use]
    pub fn learn(purchases: &[PeriodMiss], value: &[PeriodMiss], elasticity: f64) -> Option<Self> {
        if purchases.is_empty() {
            return None;
        }
        let of_purchases = variance(purchases, USUAL_VARIANCE);
        Some(Self {
            of_purchases,
            of_value: if value.is_empty() {
                of_purchases
            } else {
                variance(value, USUAL_VALUE_VARIANCE)
            },
            elasticity: elasticity.clamp(ELASTICITIES.0, ELASTICITIES.1),
            n_periods: USUAL_COUNTS_FOR + effective_periods(purchases.len()),
        })
    }

    /// A total of purchases that carries what is not known of its period.
    #[must_use]
    pub fn of_total(&self, total: TotalForecast) -> TotalForecast {
        let n_backtests = self.n_periods.floor() as usize;
        TotalForecast { backtest_ln_variance: self.of_purchases, n_backtests, ..total }
    }

    /// The same of a total of money.
    #[must_use]
    pub fn of_value_total(&self, total: TotalForecast) -> TotalForecast {
        TotalForecast { backtest_ln_variance: self.of_value, ..self.of_total(total) }
    }

    /// One that was learnt before; none where a number is out of range.
    #[must_use]
    pub fn of(of_purchases: f64, of_value: f64, elasticity: f64, n_periods: f64) -> Option<Self> {
        let is_variance = |value: f64| (0.0..=100.0).contains(&value);
        let is_legal = is_variance(of_purchases)
            && is_variance(of_value)
            && (ELASTICITIES.0..=ELASTICITIES.1).contains(&elasticity)
            && n_periods >= 0.0
            && n_periods.is_finite();
        is_legal.then_some(Self { of_purchases, of_value, elasticity, n_periods })
    }
}

/// The squared misses beyond chance, the usual ones among them.
fn variance(misses: &[PeriodMiss], usual: f64) -> f64 {
    let n = misses.len() as f64;
    let beyond_chance =
        misses.iter().map(|miss| miss.ln_ratio * miss.ln_ratio - miss.chance).sum::<f64>() / n;
    let n_effective = effective_periods(misses.len());
    (USUAL_COUNTS_FOR * usual + n_effective * beyond_chance.max(0.0))
        / (USUAL_COUNTS_FOR + n_effective)
}

/// The pace of a period: known for one that is over, a law for one to come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PeriodPace {
    /// Ln of the total over its forecast, as far as it is known.
    ln_ratio: f64,
    /// The variance of what is not.
    variance: f64,
    elasticity: f64,
}

impl PeriodPace {
    /// A period like any other, as every customer's own law takes it.
    #[must_use]
    pub fn usual() -> Self {
        Self { ln_ratio: 0.0, variance: 0.0, elasticity: 1.0 }
    }

    /// A period that is over, in which so many purchases came; the usual one where nothing came or was foretold.
    #[must_use]
    pub fn known(miss: Option<&PeriodMiss>, elasticity: f64) -> Self {
        Self {
            ln_ratio: miss.map_or(0.0, PeriodMiss::of_period),
            variance: 0.0,
            elasticity: elasticity.clamp(ELASTICITIES.0, ELASTICITIES.1),
        }
    }

    /// A period to come in a shop whose periods stray so; the usual one where nothing is known of it.
    #[must_use]
    pub fn to_come(spread: Option<&PeriodSpread>) -> Self {
        spread.map_or_else(Self::usual, |spread| Self {
            ln_ratio: 0.0,
            variance: spread.of_purchases,
            elasticity: spread.elasticity,
        })
    }

    /// Weights and paces whose totals have the period's mean and variance, and `relative_variance` on top, which is
    /// what not knowing the parameters adds: the nodes of a three-point Gauss-Hermite rule in the logarithm. One pace where that
    /// makes no difference to counts of this expectation.
    #[must_use]
    pub fn paces(&self, relative_variance: f64, expected_purchases: f64) -> Vec<(f64, f64)> {
        let pace =
            |ln_ratio: f64| (ln_ratio / self.elasticity).clamp(-MOST_LN_PACE, MOST_LN_PACE).exp();
        let variance = self.variance + relative_variance.max(0.0);
        if variance * expected_purchases < NEGLIGIBLE {
            return vec![(1.0, pace(self.ln_ratio))];
        }
        let variance = variance.ln_1p();
        let centre = self.ln_ratio - 0.5 * variance;
        let step = (3.0 * variance).sqrt();
        [(1.0 / 6.0, -step), (2.0 / 3.0, 0.0), (1.0 / 6.0, step)]
            .map(|(weight, by)| (weight, pace(centre + by)))
            .to_vec()
    }

    /// Whether counts of this expectation, known to this relative variance, are those of a period like any other.
    #[must_use]
    pub fn is_usual(&self, relative_variance: f64, expected_purchases: f64) -> bool {
        let variance = self.variance + relative_variance.max(0.0);
        self.ln_ratio.abs() < f64::EPSILON && variance * expected_purchases < NEGLIGIBLE
    }

    /// The outlook of a customer with so many expected purchases, whose expectation is known to this relative variance.
    #[must_use]
    pub fn outlook(
        &self,
        outlook: Outlook,
        relative_variance: f64,
        expected_purchases: f64,
    ) -> Outlook {
        outlook.at_paces(self.paces(relative_variance, expected_purchases))
    }

    /// Forecasts of every distinct history in this period, without what the parameters add: what the intervals of value
    /// are made from. `rows` are those of a period like any other.
    #[must_use]
    pub fn forecast_rows(
        &self,
        forecaster: &Forecaster,
        grouped: &GroupedHistories,
        horizon: &HorizonOptions,
        rows: &[RowForecast],
    ) -> Vec<RowForecast> {
        let most = rows.iter().map(|row| row.expected_purchases).fold(0.0, f64::max);
        let paces = self.paces(0.0, most);
        let mut mixed = match paces.as_slice() {
            [(_, pace)] if (pace - 1.0).abs() < f64::EPSILON => rows.to_vec(),
            _ => mixed_rows(&paces, forecaster, grouped, horizon),
        };
        if forecaster.is_naive() {
            for (row, forecast) in mixed.iter_mut().enumerate() {
                if forecast.expected_purchases <= 0.0 {
                    *forecast = forecaster.interval_outlook_of_row(grouped, row).forecast(horizon);
                }
            }
        }
        mixed
    }
}

/// The forecasts mixed over paces, each with its weight.
fn mixed_rows(
    paces: &[(f64, f64)],
    forecaster: &Forecaster,
    grouped: &GroupedHistories,
    horizon: &HorizonOptions,
) -> Vec<RowForecast> {
    let mut mixed: Vec<RowForecast> = Vec::new();
    // Of those who know the law of spend its square is mixed too: paces widen it.
    let mut squares: Vec<f64> = Vec::new();
    for (weight, pace) in paces {
        let horizon = HorizonOptions { length: horizon.length * pace, ..*horizon };
        let at_pace = forecaster.forecast_rows(grouped, &horizon);
        if matches!(forecaster, Forecaster::Boosted(_)) {
            squares.resize(at_pace.len(), 0.0);
            for (sum, row) in squares.iter_mut().zip(&at_pace) {
                *sum += weight * row.spend_square().unwrap_or(0.0);
            }
        }
        if mixed.is_empty() {
            mixed = at_pace.iter().map(|row| row.scaled(*weight)).collect();
        } else {
            mixed.iter_mut().zip(&at_pace).for_each(|(sum, row)| sum.add(&row.scaled(*weight)));
        }
    }
    for (row, square) in mixed.iter_mut().zip(squares).filter(|(row, _)| row.sd_ln_spend.is_some())
    {
        *row = row.with_spend_square(square);
    }
    mixed
}

/// By how much one per cent more time changes the total of purchases, in per cent; 1 where nothing is expected.
#[must_use]
pub fn elasticity_of_total(
    forecaster: &Forecaster,
    grouped: &GroupedHistories,
    horizon: &HorizonOptions,
    rows: &[RowForecast],
) -> f64 {
    const LONGER: f64 = 1.1;
    let weights = grouped.histories.weights();
    let total = |rows: &[RowForecast]| -> f64 {
        rows.iter().zip(weights).map(|(row, weight)| weight * row.expected_purchases).sum()
    };
    let longer = HorizonOptions { length: LONGER * horizon.length, ..*horizon };
    let (now, then) = (total(rows), total(&forecaster.forecast_rows(grouped, &longer)));
    if now > 0.0 && then > 0.0 { (then / now).ln() / LONGER.ln() } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn miss(ln_ratio: f64, chance: f64) -> PeriodMiss {
        PeriodMiss { ln_ratio, chance }
    }

    #[test]
    fn a_shop_whose_periods_hardly_stray_is_taken_to_stray_less_than_others() {
        let of = |ln_ratio: f64| {
            let misses = [miss(ln_ratio, 1e-4), miss(-ln_ratio, 1e-4), miss(ln_ratio, 1e-4)];
            PeriodSpread::learn(&misses, &[], 0.9).expect("there are periods")
        };
        assert!(of(0.01).of_purchases < 0.4 * USUAL_VARIANCE);
        assert!(of(0.3).of_purchases > 3.0 * USUAL_VARIANCE);
        assert!(PeriodSpread::learn(&[], &[], 0.9).is_none());
    }

    #[test]
    fn chance_alone_is_no_period() {
        let by_chance = [miss(0.2, 0.04), miss(-0.2, 0.04)];
        let spread = PeriodSpread::learn(&by_chance, &[], 1.0).expect("there are periods");
        assert!(spread.of_purchases < USUAL_VARIANCE);
    }

    #[test]
    fn paces_keep_the_mean_and_carry_both_variances() {
        let spread =
            PeriodSpread { of_purchases: 0.03, of_value: 0.05, elasticity: 1.0, n_periods: 3.0 };
        let paces = PeriodPace::to_come(Some(&spread)).paces(0.02, 5.0);
        let mean: f64 = paces.iter().map(|(weight, pace)| weight * pace).sum();
        let squares: f64 = paces.iter().map(|(weight, pace)| weight * pace * pace).sum();
        assert!((mean - 1.0).abs() < 1e-4, "{mean}");
        assert!((squares - 1.05).abs() < 1e-3, "{squares}");
        assert_eq!(PeriodPace::to_come(Some(&spread)).paces(0.0, 0.01).len(), 1);
    }
}
