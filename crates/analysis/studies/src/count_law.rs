//! The law of one customer's purchases in a period whose pace may not be known: what intervals of counts are taken from.

use clv_models::boosted::ZilnForecast;

use crate::forecaster::Forecaster;
use crate::handoff::GroupedHistories;
use crate::outlook::{Outlook, mixed_quantiles};
use crate::period::PeriodPace;

/// How many purchases a customer makes in a period.
#[derive(Debug, Clone)]
pub(crate) enum CountLaw {
    /// What processes say of a period of this length, at its paces.
    Processes(Outlook, f64),
    /// What boosted trees say of the customer at each pace, with the pace's weight.
    Boosted(Vec<(f64, ZilnForecast)>),
}

impl CountLaw {
    /// The law of a row of `grouped` over `length` in a period that runs at `period`, where its expected purchases, so many,
    /// are known to this relative variance.
    ///
    /// Of boosted trees a quicker period is a longer one, as it is of a process: between the horizons they learnt at they move
    /// as the probability model does that they stand on.
    pub(crate) fn of_row(
        forecaster: &Forecaster,
        (grouped, row): (&GroupedHistories, usize),
        length: f64,
        period: &PeriodPace,
        (expected, relative_variance): (f64, f64),
    ) -> Self {
        if let Forecaster::Boosted(boosted) = forecaster {
            let at_pace = |(weight, pace): (f64, f64)| {
                (weight, boosted.count_law(grouped, row, length * pace))
            };
            let paces = period.paces(relative_variance, expected);
            return Self::Boosted(paces.into_iter().map(at_pace).collect());
        }
        let own = forecaster.interval_outlook_of_row(grouped, row);
        Self::Processes(period.outlook(own, relative_variance, expected), length)
    }

    /// P(no purchase).
    pub(crate) fn probability_none(&self) -> f64 {
        match self {
            Self::Processes(outlook, length) => outlook.probability_none(*length),
            Self::Boosted(laws) => {
                laws.iter().map(|(weight, law)| weight * (1.0 - law.probability_buys)).sum()
            }
        }
    }

    /// P(exactly n purchases) for n = 0 ..= `n_max`.
    pub(crate) fn probability_mass(&self, n_max: usize) -> Vec<f64> {
        match self {
            Self::Processes(outlook, length) => outlook.probability_mass(*length, n_max),
            Self::Boosted(laws) => {
                let mut masses = vec![0.0; n_max + 1];
                for (weight, law) in laws {
                    for (sum, mass) in masses.iter_mut().zip(law.probability_mass(n_max)) {
                        *sum += weight * mass;
                    }
                }
                masses
            }
        }
    }

    /// For each level the smallest n with P(N <= n) at least that.
    pub(crate) fn count_quantiles(&self, levels: &[f64]) -> Vec<u64> {
        match self {
            Self::Processes(outlook, length) => outlook.count_quantiles(*length, levels),
            Self::Boosted(laws) => {
                let of_parts = laws
                    .iter()
                    .map(|(weight, law)| {
                        let quantiles = levels.iter().map(|level| law.count_quantile(*level));
                        (*weight, quantiles.collect())
                    })
                    .collect();
                mixed_quantiles(of_parts, levels, |n_max| self.probability_mass(n_max))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn law(expected_purchases: f64) -> ZilnForecast {
        ZilnForecast {
            probability_buys: 0.6,
            expected_purchases,
            expected_value: 0.0,
            value: None,
            count_shape: 1.4,
        }
    }

    #[test]
    fn quantiles_of_trees_over_paces_are_the_smallest_counts_with_the_mass_asked_for() {
        let laws = CountLaw::Boosted(vec![(0.3, law(1.0)), (0.7, law(6.0))]);
        let masses = laws.probability_mass(400);
        assert!((masses.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        assert!((laws.probability_none() - masses[0]).abs() < 1e-12);
        let levels = [0.05, 0.41, 0.5, 0.8, 0.95];
        for (n, level) in laws.count_quantiles(&levels).into_iter().zip(levels) {
            let upto = |n: u64| -> f64 { masses[..=n as usize].iter().sum() };
            assert!(upto(n) >= level && (n == 0 || upto(n - 1) < level), "{level}: {n}");
        }
        let alone = CountLaw::Boosted(vec![(1.0, law(6.0))]);
        assert_eq!(alone.count_quantiles(&[0.9]), [law(6.0).count_quantile(0.9)]);
    }
}
