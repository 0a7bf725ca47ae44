//! Customers made up from a model, for tests of recovery and coverage and for sample data.
//!
//! Everything follows from the seed. A customer's first purchase is at time 0 of their own clock; observation
//! ends at their age, and the purchases of the `horizon` after it are counted as the holdout.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rand_distr::{Beta, Distribution, Exp1, Gamma};

use crate::purchase::FutureProcess;
use crate::spend::GammaGamma;
use crate::{PurchaseHistories, PurchaseHistory};

/// A simulation ends a customer's purchases at this many, so that extreme rates do not fill the memory.
const MOST_PURCHASES: usize = 1_000_000;

/// One simulated customer.
#[derive(Debug, Clone, PartialEq)]
pub struct SimulatedCustomer {
    /// Times of the repeat purchases since the first one, ascending, until age + horizon.
    pub purchase_times: Vec<f64>,
    /// From the first purchase to the end of observation.
    pub age: f64,
    /// The time at which the customer left; infinite where they never do.
    pub left_at: f64,
}

impl SimulatedCustomer {
    /// What a model may see of the customer.
    #[must_use]
    pub fn history(&self) -> PurchaseHistory {
        let seen = self.purchase_times.partition_point(|&time| time <= self.age);
        let last = if seen == 0 { 0.0 } else { self.purchase_times[seen - 1] };
        PurchaseHistory::new(u32::try_from(seen).unwrap_or(u32::MAX), last, self.age)
            .expect("times are ascending and the last one seen is at most the age")
    }

    /// Purchases after the end of observation, within the horizon simulated.
    #[must_use]
    pub fn holdout_purchases(&self) -> usize {
        self.purchase_times.len() - self.purchase_times.partition_point(|&time| time <= self.age)
    }

    /// Whether the customer is one still at the end of observation.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.left_at > self.age
    }
}

/// Customers of `process` (a model's `new_customer`), one for each age, followed for `horizon` beyond it.
///
/// The same seed gives the same customers on every platform. Parameters that are not finite and above 0 give
/// customers who never buy again.
///
/// ```
/// use clv_models::{purchase::FutureProcess, simulate::simulate_customers};
/// let process = FutureProcess::Lapsing { r: 0.55, alpha: 10.6, s: 0.61, beta: 11.7 };
/// let customers = simulate_customers(&process, &[39.0; 50], 39.0, 7);
/// assert_eq!(customers, simulate_customers(&process, &[39.0; 50], 39.0, 7));
/// ```
#[must_use]
pub fn simulate_customers(
    process: &FutureProcess,
    ages: &[f64],
    horizon: f64,
    seed: u64,
) -> Vec<SimulatedCustomer> {
    let mut random = StdRng::seed_from_u64(seed);
    ages.iter()
        .map(|&age| {
            let (purchase_times, left_at) = purchase_times(process, age + horizon, &mut random);
            SimulatedCustomer { purchase_times, age, left_at }
        })
        .collect()
}

/// The histories of simulated customers, one row each.
#[must_use]
pub fn histories(customers: &[SimulatedCustomer]) -> PurchaseHistories {
    let mut rows = PurchaseHistories::with_capacity(customers.len());
    for customer in customers {
        rows.push(customer.history(), 1.0).expect("a weight of one is positive");
    }
    rows
}

/// The amounts of `n_purchases` purchases of each customer, by a gamma-gamma model; money.
#[must_use]
pub fn simulate_spends(model: &GammaGamma, n_purchases: &[usize], seed: u64) -> Vec<Vec<f64>> {
    let mut random = StdRng::seed_from_u64(seed);
    let [p, q, gamma] = model.parameters().map(|parameter| parameter.value);
    n_purchases
        .iter()
        .map(|&n| {
            let rate = gamma_draw(q, gamma, &mut random);
            (0..n)
                .map(|_| gamma_draw(p, rate, &mut random).clamp(f64::MIN_POSITIVE, f64::MAX))
                .collect()
        })
        .collect()
}

/// Purchase times in (0, end] of one customer, and when they leave.
fn purchase_times(process: &FutureProcess, end: f64, random: &mut StdRng) -> (Vec<f64>, f64) {
    let (purchase_rate, mut left_at, dropout_probability) = match *process {
        FutureProcess::Steady { r, alpha } => (gamma_draw(r, alpha, random), f64::INFINITY, 0.0),
        FutureProcess::Lapsing { r, alpha, s, beta } => {
            let purchase_rate = gamma_draw(r, alpha, random);
            let dropout_rate = gamma_draw(s, beta, random);
            (purchase_rate, exponential_draw(random) / dropout_rate, 0.0)
        }
        FutureProcess::Aging { r, alpha, b, s, beta } => {
            let purchase_rate = gamma_draw(r, alpha, random);
            let level = gamma_draw(s, beta, random);
            // The cumulated rate of leaving, level (e^(b u) - 1), reaches an exponential draw.
            (purchase_rate, (exponential_draw(random) / level).ln_1p() / b, 0.0)
        }
        FutureProcess::LapsingAtPoints { ref points } => {
            let mut share = random.random::<f64>();
            let drawn = points.iter().find(|point| {
                share -= point.weight;
                share <= 0.0
            });
            // Rounding may leave a last trace of the share undrawn.
            let drawn = drawn.or(points.last()).map_or((0.0, 0.0), |point| {
                (point.purchase_rate, exponential_draw(random) / point.dropout_rate)
            });
            (drawn.0, drawn.1, 0.0)
        }
        FutureProcess::LeavingAfterPurchase { r, alpha, a, b } => {
            let purchase_rate = gamma_draw(r, alpha, random);
            (purchase_rate, f64::INFINITY, beta_draw(a, b, random))
        }
        FutureProcess::LeavingAtOnceOrAfterPurchase { r, alpha, a, b } => {
            let purchase_rate = gamma_draw(r, alpha, random);
            let dropout_probability = beta_draw(a, b, random);
            let leaves_now = random.random::<f64>() < dropout_probability;
            (purchase_rate, if leaves_now { 0.0 } else { f64::INFINITY }, dropout_probability)
        }
    };
    let mut times = Vec::new();
    let mut time = 0.0;
    while purchase_rate > 0.0 && times.len() < MOST_PURCHASES {
        time += exponential_draw(random) / purchase_rate;
        if time > end.min(left_at) {
            break;
        }
        times.push(time);
        if dropout_probability > 0.0 && random.random::<f64>() < dropout_probability {
            left_at = time;
        }
    }
    (times, left_at)
}

fn exponential_draw(random: &mut StdRng) -> f64 {
    Exp1.sample(random)
}

/// A gamma draw by shape and rate; 0 where they are not legal.
fn gamma_draw(shape: f64, rate: f64, random: &mut StdRng) -> f64 {
    Gamma::new(shape, 1.0).map_or(0.0, |gamma| gamma.sample(random) / rate)
}

/// A beta draw; 0 where the shapes are not legal.
fn beta_draw(a: f64, b: f64, random: &mut StdRng) -> f64 {
    Beta::new(a, b).map_or(0.0, |beta| beta.sample(random))
}
