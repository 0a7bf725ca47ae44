//! Customers made up from a model, for tests of recovery and coverage and for sample data.
//!
//! Everything follows from the seed. A customer's first purchase is at time 0 of their own clock; observation
//! ends at their age, and the purchases of the `horizon` after it are counted as the holdout.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rand_distr::{Beta, Distribution, Exp1, Gamma};

use crate::purchase::future::Regular;
use crate::purchase::{ClockPiece, FutureProcess};
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
        let mut before = 0.0;
        let sum_ln = self.purchase_times[..seen].iter().map(|&time| {
            let ln = (time - before).max(f64::MIN_POSITIVE).ln();
            before = time;
            ln
        });
        let sum_ln: f64 = sum_ln.sum();
        PurchaseHistory::new(u32::try_from(seen).unwrap_or(u32::MAX), last, self.age)
            .and_then(|history| history.with_sum_ln_interpurchase_times(sum_ln))
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
    let mut clock = Clock { ticks_to_first: 1, ticks_between: 1 };
    let (purchase_rate, mut left_at, dropout_probability) = match *process {
        FutureProcess::Occasions { alpha, beta, gamma, delta } => {
            return occasions((alpha, beta), (gamma, delta), false, end, random);
        }
        FutureProcess::OccasionsLeavingAtOnce { alpha, beta, gamma, delta } => {
            return occasions((alpha, beta), (gamma, delta), true, end, random);
        }
        FutureProcess::LapsingOnClocks { r, alpha, s, beta, ref pieces } => {
            let rates = (gamma_draw(r, alpha, random), gamma_draw(s, beta, random));
            return on_clocks(rates, pieces, end, random);
        }
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
        FutureProcess::RegularLeavingAfterPurchase { k, silence, r, alpha, a, b } => {
            let regular = Regular::new(k, silence, (r, alpha), (a, b));
            let (rate, its_clock) = regular_draw(&regular, k, random);
            clock = its_clock;
            (rate, f64::INFINITY, beta_draw(a, b, random))
        }
        FutureProcess::RegularLeavingAtOnceOrAfterPurchase { k, r, alpha, a, b } => {
            clock = Clock { ticks_to_first: k, ticks_between: k };
            let rate = gamma_draw(r, alpha, random);
            let dropout_probability = beta_draw(a, b, random);
            let leaves_now = random.random::<f64>() < dropout_probability;
            (rate, if leaves_now { 0.0 } else { f64::INFINITY }, dropout_probability)
        }
    };
    let mut times = Vec::new();
    let mut time = 0.0;
    while purchase_rate > 0.0 && times.len() < MOST_PURCHASES {
        let ticks = if times.is_empty() { clock.ticks_to_first } else { clock.ticks_between };
        // The time of one tick is exponential, of several gamma distributed.
        let wait = if ticks > 1 {
            gamma_draw(f64::from(ticks), 1.0, random)
        } else {
            exponential_draw(random)
        };
        time += wait / purchase_rate;
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

/// The same of a customer with these rates of buying and leaving on clocks.
fn on_clocks(
    (purchase_rate, dropout_rate): (f64, f64),
    pieces: &[ClockPiece],
    end: f64,
    random: &mut StdRng,
) -> (Vec<f64>, f64) {
    // The moment at which a clock shows so much.
    let moment = |shown: f64, speed: &dyn Fn(&ClockPiece) -> f64| -> f64 {
        let (mut start, mut shown_before) = (0.0, 0.0);
        for piece in &pieces[..pieces.len() - 1] {
            let shown_after = shown_before + speed(piece) * (piece.until - start);
            if shown_after >= shown {
                return start + (shown - shown_before) / speed(piece);
            }
            (start, shown_before) = (piece.until, shown_after);
        }
        start + (shown - shown_before) / speed(&pieces[pieces.len() - 1])
    };
    let left_at = moment(exponential_draw(random) / dropout_rate, &|piece| piece.leaving);
    let mut times = Vec::new();
    let mut shown = 0.0;
    while purchase_rate > 0.0 && times.len() < MOST_PURCHASES {
        shown += exponential_draw(random) / purchase_rate;
        let time = moment(shown, &|piece| piece.buying);
        if time > end.min(left_at) {
            break;
        }
        times.push(time);
    }
    (times, left_at)
}

/// How many ticks of a customer's clock make a purchase.
struct Clock {
    ticks_to_first: u32,
    ticks_between: u32,
}

/// Rate of ticks and clock of a customer who buys at every k-th tick, given a silence.
fn regular_draw(clock: &Regular, k: u32, random: &mut StdRng) -> (f64, Clock) {
    let mut left = random.random::<f64>();
    let mut drawn = (0, clock.phases().next().map_or(0.0, |(.., shape)| shape));
    for (phase, weight, shape) in clock.phases() {
        drawn = (phase as u32, shape);
        left -= weight;
        if left < 0.0 {
            break;
        }
    }
    let rate = gamma_draw(drawn.1, clock.alpha_now(), random);
    (rate, Clock { ticks_to_first: k - drawn.0, ticks_between: k })
}

/// Purchases at the occasions 1, 2, ... up to `end`, one a period. Whoever leaves before an occasion left right after the
/// one before it.
fn occasions(
    (alpha, beta): (f64, f64),
    (gamma, delta): (f64, f64),
    may_leave_at_once: bool,
    end: f64,
    random: &mut StdRng,
) -> (Vec<f64>, f64) {
    let buys = beta_draw(alpha, beta, random);
    let leaves = beta_draw(gamma, delta, random);
    let mut times = Vec::new();
    let mut occasion = 1.0;
    loop {
        let may_leave = may_leave_at_once || occasion > 1.0;
        if may_leave && random.random::<f64>() < leaves {
            return (times, occasion - 1.0);
        }
        // One occasion beyond the end is told apart: whether the customer would be there for it.
        if occasion > end || times.len() >= MOST_PURCHASES {
            return (times, f64::INFINITY);
        }
        if random.random::<f64>() < buys {
            times.push(occasion);
        }
        occasion += 1.0;
    }
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
