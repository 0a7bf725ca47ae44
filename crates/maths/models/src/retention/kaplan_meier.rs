//! Kaplan-Meier: the share still there at each age, as it was seen, with no model behind it.
//!
//! At each renewal occasion the share who renewed is taken among those who were there to decide; their product is the
//! survival curve. Customers who have not lived to see an occasion are not counted there, so cohorts of all
//! ages go in together. It says nothing beyond the longest tenure seen. Source: [KaplanMeier1958]; variance by
//! [Greenwood1926]; intervals on the scale ln(-ln S) as in [KalbfleischPrentice2002].

use clv_numerics::distribution::normal_quantile;

use super::{Tenure, Tenures};

/// The id under which it is chosen.
pub const ID: &str = "kaplan-meier";

/// The curve ends here, however long anybody has stayed.
pub const MOST_STEPS: u32 = 1_000_000;

/// What was seen at one renewal occasion.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SurvivalStep {
    /// The occasion: 1 is the first renewal.
    pub renewal: u32,
    /// Customers who were there to decide.
    pub n_at_risk: f64,
    /// Customers who left at it.
    pub n_lost: f64,
    /// Share of new customers who are still there after it.
    pub survival: f64,
    /// Standard error of that share, by Greenwood's formula.
    pub standard_error: f64,
    /// Lower end of its interval.
    pub survival_low: f64,
    /// Upper end of its interval.
    pub survival_high: f64,
}

/// The survival curve as seen.
#[derive(Debug, Clone, PartialEq)]
pub struct KaplanMeier {
    steps: Vec<SurvivalStep>,
    log_likelihood: f64,
}

impl KaplanMeier {
    /// The curve of `tenures` with intervals that hold `level` each, such as 0.95.
    ///
    /// Where nobody has left yet, or everybody has, the interval is the exact binomial one of a share of all or none;
    /// there Greenwood's variance is 0 and would pretend certainty.
    ///
    /// ```
    /// use clv_models::retention::{KaplanMeier, Tenures};
    /// let mut tenures = Tenures::default();
    /// tenures.add_cohort(&[100.0, 80.0, 60.0])?;
    /// let curve = KaplanMeier::new(&tenures, 0.95);
    /// assert!((curve.steps()[1].survival - 0.6).abs() < 1e-15);
    /// # Ok::<(), clv_models::retention::TenureError>(())
    /// ```
    #[must_use]
    pub fn new(tenures: &Tenures, level: f64) -> Self {
        let level = level.clamp(0.0, 1.0 - 1e-12);
        let z = normal_quantile(0.5 + 0.5 * level);
        let longest = tenures.longest().min(MOST_STEPS);
        let rows: Vec<(Tenure, f64)> = tenures.iter().collect();
        let mut n_at_risk: f64 = tenures.n_customers();
        let (mut survival, mut variance_of_ln) = (1.0, 0.0);
        let mut log_likelihood = 0.0;
        let mut steps = Vec::new();
        let mut row = 0;
        for renewal in 1..=longest {
            // Whoever was seen for fewer occasions, or left before, is not at this one.
            let mut n_lost = 0.0;
            while row < rows.len() && periods_of(rows[row].0) <= renewal {
                match rows[row].0 {
                    Tenure::LeftAt(at) if at == renewal => n_lost += rows[row].1,
                    Tenure::LeftAt(_) => {}
                    Tenure::StillThereAfter(after) if after == renewal => break,
                    Tenure::StillThereAfter(_) => n_at_risk -= rows[row].1,
                }
                row += 1;
            }
            if n_at_risk <= 0.0 {
                break;
            }
            let n_left = (n_at_risk - n_lost).max(0.0);
            survival *= n_left / n_at_risk;
            if n_lost > 0.0 && n_left > 0.0 {
                variance_of_ln += n_lost / (n_at_risk * n_left);
                log_likelihood += n_lost * (n_lost / n_at_risk).ln();
                log_likelihood += n_left * (n_left / n_at_risk).ln();
            }
            let (survival_low, survival_high) = if n_lost <= 0.0 && survival >= 1.0 {
                ((0.5 - 0.5 * level).powf(1.0 / n_at_risk), 1.0)
            } else if n_left <= 0.0 {
                (0.0, 1.0 - (0.5 - 0.5 * level).powf(1.0 / n_at_risk))
            } else {
                let spread = z * variance_of_ln.sqrt() / -survival.ln();
                (survival.powf(spread.exp()), survival.powf((-spread).exp()))
            };
            steps.push(SurvivalStep {
                renewal,
                n_at_risk,
                n_lost,
                survival,
                standard_error: survival * variance_of_ln.sqrt(),
                survival_low,
                survival_high,
            });
            n_at_risk = n_left;
        }
        Self { steps, log_likelihood }
    }

    /// Every occasion seen, from the first.
    #[must_use]
    pub fn steps(&self) -> &[SurvivalStep] {
        &self.steps
    }

    /// The log-likelihood at the curve: of every decision that was seen.
    #[must_use]
    pub fn log_likelihood(&self) -> f64 {
        self.log_likelihood
    }

    /// The share of customers still there after `periods` renewals; `None` beyond what was seen.
    #[must_use]
    pub fn survival(&self, periods: u32) -> Option<f64> {
        match periods.checked_sub(1) {
            None => Some(1.0),
            Some(before) => self.steps.get(before as usize).map(|step| step.survival),
        }
    }

    /// Expected renewals within the next `horizon` occasions of a customer with `periods` so far, each discounted by
    /// (1 + `discount_ratio`)^-(k-1) at the k-th; occasions beyond what was seen count for nothing, so that this
    /// is a lower bound. The number of occasions that count comes with it.
    #[must_use]
    pub fn expected_renewals(
        &self,
        periods: u32,
        discount_ratio: f64,
        horizon: Option<u32>,
    ) -> (f64, u32) {
        let now = self.survival(periods).unwrap_or(0.0);
        let seen = u32::try_from(self.steps.len()).unwrap_or(u32::MAX).saturating_sub(periods);
        let n_occasions = horizon.map_or(seen, |horizon| horizon.min(seen));
        if now <= 0.0 {
            return (0.0, n_occasions);
        }
        let (mut sum, mut discount) = (0.0, 1.0);
        let after = self.steps.iter().skip(periods as usize).take(n_occasions as usize);
        for step in after {
            sum += step.survival / now * discount;
            discount /= 1.0 + discount_ratio.max(0.0);
        }
        (sum, n_occasions)
    }
}

fn periods_of(tenure: Tenure) -> u32 {
    match tenure {
        Tenure::LeftAt(periods) | Tenure::StillThereAfter(periods) => periods,
    }
}
