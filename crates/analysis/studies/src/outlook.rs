//! What one customer will do from now on, as whoever forecasts sees it: one law, or a mixture of several.

use clv_models::PurchaseHistory;
use clv_models::purchase::{FutureProcess, PurchaseModel};

use crate::forecaster::{HorizonOptions, RowForecast};

/// Beyond this many purchases the quantiles of a mixture are the weighted mean of its parts'.
pub(crate) const MOST_MIXED: u64 = 4_000;

/// One part of an outlook.
#[derive(Debug, Clone)]
pub struct OutlookPart {
    /// Its weight; the parts' sum to 1.
    pub weight: f64,
    /// P(still a customer); 1 for a naive rule, which knows no leaving.
    pub probability_alive: f64,
    /// Whether it can tell who has left.
    pub knows_leaving: bool,
    /// What a customer does who still is one; none where no purchase is expected.
    pub process: Option<FutureProcess>,
}

impl OutlookPart {
    /// What a purchase model says of a customer with this history.
    pub(crate) fn of_model(
        model: &dyn PurchaseModel,
        weight: f64,
        history: &PurchaseHistory,
    ) -> Self {
        Self {
            weight,
            probability_alive: model.probability_alive(history),
            knows_leaving: true,
            process: Some(model.if_alive(history)),
        }
    }
}

/// The law of a customer's purchases to come.
#[derive(Debug, Clone)]
pub struct Outlook {
    parts: Vec<OutlookPart>,
    /// How much faster time runs than the parts say.
    pace: f64,
    /// The weights of the paces at which a period to come may run, over that; dates of next orders do not know them.
    paces: Vec<(f64, f64)>,
}

impl Outlook {
    /// A mixture of `parts`, whose time runs `pace` times as fast as they say.
    #[must_use]
    pub fn new(parts: Vec<OutlookPart>, pace: f64) -> Self {
        Self { parts, pace, paces: vec![(1.0, 1.0)] }
    }

    /// The same in a period that runs at one of these paces, each with its weight; weights sum to 1. Counts and forecasts
    /// are mixed over them.
    #[must_use]
    pub fn at_paces(mut self, paces: Vec<(f64, f64)>) -> Self {
        self.paces = paces;
        self
    }

    /// Every part at every pace: its weight, the part, and how much faster its time runs.
    fn mixed(&self) -> impl Iterator<Item = (f64, &OutlookPart, f64)> {
        self.paces.iter().flat_map(move |(weight, pace)| {
            self.parts.iter().map(move |part| (weight * part.weight, part, self.pace * pace))
        })
    }

    /// The parts.
    #[must_use]
    pub fn parts(&self) -> &[OutlookPart] {
        &self.parts
    }

    /// P(still a customer), by the parts that know leaving; 1 where none does.
    #[must_use]
    pub fn probability_alive(&self) -> f64 {
        let knowing = || self.parts.iter().filter(|part| part.knows_leaving);
        let weight: f64 = knowing().map(|part| part.weight).sum();
        if weight <= 0.0 {
            return 1.0;
        }
        knowing().map(|part| part.weight * part.probability_alive).sum::<f64>() / weight
    }

    /// Whether any purchase is expected at all.
    #[must_use]
    pub fn expects_any(&self) -> bool {
        self.parts.iter().any(|part| part.process.is_some())
    }

    /// The forecast over a horizon.
    #[must_use]
    pub fn forecast(&self, horizon: &HorizonOptions) -> RowForecast {
        let mut row = RowForecast {
            probability_alive: self.probability_alive(),
            expected_purchases: 0.0,
            expected_pairs: 0.0,
            probability_none: 0.0,
            discounted_purchases: 0.0,
            sd_ln_spend: None,
        };
        for (weight, part, pace) in self.mixed() {
            let Some(process) = &part.process else {
                row.probability_none += weight;
                continue;
            };
            let summary = process.summary(horizon.length * pace, horizon.discount_rate / pace);
            let of_alive = weight * part.probability_alive;
            row.expected_purchases += of_alive * summary.expected_purchases;
            row.expected_pairs += of_alive * summary.expected_pairs;
            row.probability_none += weight - of_alive * (1.0 - summary.probability_none);
            row.discounted_purchases += of_alive * summary.discounted_purchases;
        }
        row
    }

    /// Discounted expected purchases over the whole future (DERT), at a continuous rate above 0 per unit of the study's
    /// time.
    #[must_use]
    pub fn discounted_residual(&self, discount_rate: f64) -> f64 {
        let of = |part: &OutlookPart| {
            let process = part.process.as_ref()?;
            let worth = process.discounted_purchases(f64::INFINITY, discount_rate / self.pace);
            Some(part.weight * part.probability_alive * worth)
        };
        self.parts.iter().filter_map(of).sum()
    }

    /// Expected purchases within `length` (the study's unit).
    #[must_use]
    pub fn expected_purchases(&self, length: f64) -> f64 {
        let of = |(weight, part, pace): (f64, &OutlookPart, f64)| {
            let expected = part.process.as_ref()?.expected_purchases(length * pace);
            Some(weight * part.probability_alive * expected)
        };
        self.mixed().filter_map(of).sum()
    }

    /// P(no purchase within `length`).
    #[must_use]
    pub fn probability_none(&self, length: f64) -> f64 {
        let of = |(weight, part, pace): (f64, &OutlookPart, f64)| match &part.process {
            None => weight,
            Some(process) => {
                let some = 1.0 - process.probability_none(length * pace);
                weight * (1.0 - part.probability_alive * some)
            }
        };
        self.mixed().map(of).sum()
    }

    /// P(exactly n purchases within `length`) for n = 0 ..= `n_max`.
    #[must_use]
    pub fn probability_mass(&self, length: f64, n_max: usize) -> Vec<f64> {
        let mut masses = vec![0.0; n_max + 1];
        for (weight, part, pace) in self.mixed() {
            let Some(process) = &part.process else {
                masses[0] += weight;
                continue;
            };
            let of_alive = weight * part.probability_alive;
            masses[0] += weight - of_alive;
            let of_process = process.probability_mass(length * pace, n_max);
            for (mass, of_process) in masses.iter_mut().zip(of_process) {
                *mass += of_alive * of_process;
            }
        }
        masses
    }

    /// Quantiles of the number of purchases within `length`: for each level the smallest n with P(N <= n) at least that.
    ///
    /// Of a mixture they are exact up to 4,000 purchases.
    #[must_use]
    pub fn count_quantiles(&self, length: f64, levels: &[f64]) -> Vec<u64> {
        let of_parts = self
            .mixed()
            .map(|(weight, part, pace)| match &part.process {
                None => (weight, vec![0; levels.len()]),
                Some(process) => {
                    let alive = part.probability_alive;
                    (weight, process.count_quantiles(length * pace, alive, levels))
                }
            })
            .collect();
        mixed_quantiles(of_parts, levels, |n_max| self.probability_mass(length, n_max))
    }

    /// The `q`-quantile of the time to the next purchase, given that there will be one; none where none is expected.
    #[must_use]
    pub fn wait_quantile(&self, q: f64) -> Option<f64> {
        let parts: Vec<(f64, &FutureProcess)> = self
            .parts
            .iter()
            .filter_map(|part| {
                let process = part.process.as_ref()?;
                let of_alive = part.weight * part.probability_alive;
                (of_alive > 0.0).then_some((of_alive, process))
            })
            .collect();
        match parts.as_slice() {
            [] => None,
            [(_, only)] => Some(only.wait_quantile(q) / self.pace),
            several => Some(mixed_wait(several, q) / self.pace),
        }
    }
}

/// Quantiles of a mixture of counts: for each level the smallest n with P(N <= n) at least that. `of_parts` are the parts'
/// weights and their own quantiles at these levels, `masses` gives P(N = n) of the mixture for n up to a bound.
///
/// Beyond 4,000 purchases they are the weighted mean of the parts'.
pub(crate) fn mixed_quantiles(
    mut of_parts: Vec<(f64, Vec<u64>)>,
    levels: &[f64],
    masses: impl FnOnce(usize) -> Vec<f64>,
) -> Vec<u64> {
    if of_parts.len() == 1
        && let Some((_, only)) = of_parts.pop()
    {
        return only;
    }
    // A quantile of a mixture lies between the smallest and the largest of its parts'.
    let most = of_parts.iter().flat_map(|(_, of)| of).copied().max().unwrap_or(0);
    if most > MOST_MIXED {
        let mean = |level: usize| -> f64 {
            of_parts.iter().map(|(weight, of)| weight * of[level] as f64).sum()
        };
        return (0..levels.len()).map(|level| mean(level).round() as u64).collect();
    }
    let masses = masses(usize::try_from(most).unwrap_or(usize::MAX));
    levels
        .iter()
        .map(|level| {
            let mut sum = 0.0;
            let reached = masses.iter().position(|mass| {
                sum += mass;
                sum >= *level
            });
            reached.map_or(most, |n| n as u64)
        })
        .collect()
}

/// The quantile of the mixed wait, which lies between the smallest and the largest of the parts', to a thousandth.
fn mixed_wait(parts: &[(f64, &FutureProcess)], q: f64) -> f64 {
    let came_by = |time: f64| -> f64 {
        parts.iter().map(|(weight, one)| weight * (1.0 - one.probability_none(time))).sum()
    };
    let ever = came_by(f64::INFINITY);
    let ends = parts.iter().map(|(_, process)| process.wait_quantile(q));
    let (mut low, mut high) =
        ends.fold((f64::INFINITY, 0.0_f64), |(low, high), one| (low.min(one), high.max(one)));
    low = low.max(1e-9);
    while high > low * 1.001 && high < f64::MAX {
        let middle = (low * high).sqrt();
        if came_by(middle) < q * ever { low = middle } else { high = middle }
    }
    high
}
