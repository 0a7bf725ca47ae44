//! What one customer will do from now on, as whoever forecasts sees it: one law, or a mixture of several.

use clv_models::PurchaseHistory;
use clv_models::purchase::{FutureProcess, PurchaseModel};

use crate::forecaster::{HorizonOptions, RowForecast};

/// Beyond this many purchases the quantiles of a mixture are the weighted mean of its parts'.
const MOST_MIXED: u64 = 4_000;

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
}

impl Outlook {
    /// A mixture of `parts`, whose time runs `pace` times as fast as they say.
    #[must_use]
    pub fn new(parts: Vec<OutlookPart>, pace: f64) -> Self {
        Self { parts, pace }
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
        for part in &self.parts {
            let Some(process) = &part.process else {
                row.probability_none += part.weight;
                continue;
            };
            let length = horizon.length * self.pace;
            let summary = process.summary(length, horizon.discount_rate / self.pace);
            let of_alive = part.weight * part.probability_alive;
            row.expected_purchases += of_alive * summary.expected_purchases;
            row.expected_pairs += of_alive * summary.expected_pairs;
            row.probability_none += part.weight - of_alive * (1.0 - summary.probability_none);
            row.discounted_purchases += of_alive * summary.discounted_purchases;
        }
        row
    }

    /// Expected purchases within `length` (the study's unit).
    #[must_use]
    pub fn expected_purchases(&self, length: f64) -> f64 {
        let of = |part: &OutlookPart| {
            let process = part.process.as_ref()?;
            let expected = process.expected_purchases(length * self.pace);
            Some(part.weight * part.probability_alive * expected)
        };
        self.parts.iter().filter_map(of).sum()
    }

    /// P(exactly n purchases within `length`) for n = 0 ..= `n_max`.
    #[must_use]
    pub fn probability_mass(&self, length: f64, n_max: usize) -> Vec<f64> {
        let mut masses = vec![0.0; n_max + 1];
        for part in &self.parts {
            let Some(process) = &part.process else {
                masses[0] += part.weight;
                continue;
            };
            let of_alive = part.weight * part.probability_alive;
            masses[0] += part.weight - of_alive;
            let of_process = process.probability_mass(length * self.pace, n_max);
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
        let of_parts: Vec<Vec<u64>> = self
            .parts
            .iter()
            .map(|part| match &part.process {
                None => vec![0; levels.len()],
                Some(process) => {
                    process.count_quantiles(length * self.pace, part.probability_alive, levels)
                }
            })
            .collect();
        if let [only] = of_parts.as_slice() {
            return only.clone();
        }
        // A quantile of a mixture lies between the smallest and the largest of its parts'.
        let most = of_parts.iter().flatten().copied().max().unwrap_or(0);
        if most > MOST_MIXED {
            return (0..levels.len())
                .map(|level| {
                    let mean: f64 = self
                        .parts
                        .iter()
                        .zip(&of_parts)
                        .map(|(part, of)| part.weight * of[level] as f64)
                        .sum();
                    mean.round() as u64
                })
                .collect();
        }
        let masses = self.probability_mass(length, usize::try_from(most).unwrap_or(usize::MAX));
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
