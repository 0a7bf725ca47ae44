//! Whether a purchase model answers any legal history at any legal parameters with numbers that can be true.
//!
//! Parameters are drawn up to nine orders of magnitude apart, histories from a billionth of a period to a billion
//! periods: far beyond what a shop has, because an optimiser asks there.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::catalogue::PurchaseModelEntry;
use crate::purchase::{FutureProcess, PurchaseModel};
use crate::{ParameterKind, PurchaseHistory};

/// What a run over random histories and parameters found.
#[derive(Debug, Clone, PartialEq)]
pub struct Totality {
    /// Pairs of a history and parameters that were asked about.
    pub n_pairs: usize,
    /// Answers that were checked.
    pub n_answers: usize,
    /// Answers that cannot be true.
    pub n_violations: usize,
    /// The first of them with their histories and parameters, at most twenty.
    pub violations: Vec<String>,
}

impl Totality {
    /// Counts an answer; describes it where it cannot be true.
    fn check(&mut self, can_be_true: bool, describe: impl FnOnce() -> String) {
        self.n_answers += 1;
        if !can_be_true {
            self.n_violations += 1;
            if self.violations.len() < 20 {
                self.violations.push(describe());
            }
        }
    }
}

/// How far apart parameters and histories are drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Breadth {
    /// Parameters within a factor of a hundred of typical ones, ages to a thousand periods, to a thousand purchases.
    Ordinary,
    /// Parameters within a factor of 30,000 of typical ones, ages from a billionth of a period to a billion (or to a
    /// thousand whole ones), to a million purchases.
    Extreme,
}

/// Asks the model about a number of random legal histories, eight to each draw of parameters.
///
/// `(n_pairs, every)` are that number and how seldom everything is asked.
///
/// Checked of each pair are log-likelihood, P(alive), and over one of four horizons (the last is endless) or at one of three
/// discount rates expected purchases, P(none), P(next purchase) and discounted residual purchases. One pair in `every` is
/// asked everything: all horizons and rates, three quantiles of the wait, masses and quantiles of the count. Each
/// answer must be a number in its range; forecasts must not fall and P(none) must not rise with the horizon, and at
/// least one purchase cannot be likelier than purchases are expected.
///
/// ```
/// use clv_models::catalogue::purchase_model;
/// use clv_models::totality::{Breadth, totality};
/// let found = totality(purchase_model("bg-nbd").expect("it is in the catalogue"), Breadth::Extreme, (80, 8), 1);
/// assert_eq!((found.n_pairs, found.n_violations), (80, 0));
/// ```
#[must_use]
pub fn totality(
    entry: &PurchaseModelEntry,
    breadth: Breadth,
    (n_pairs, every): (usize, usize),
    seed: u64,
) -> Totality {
    let mut random = StdRng::seed_from_u64(seed);
    let mut found = Totality { n_pairs: 0, n_answers: 0, n_violations: 0, violations: Vec::new() };
    while found.n_pairs < n_pairs {
        let values = draw_parameters(entry, &mut random, breadth);
        let model = match (entry.build)(&values) {
            Ok(model) => model,
            Err(error) => {
                found.n_pairs += 1;
                found.check(false, || format!("{values:?} of {} are not legal: {error}", entry.id));
                continue;
            }
        };
        for _ in 0..8.min(n_pairs - found.n_pairs) {
            let history = draw_history(entry, &mut random, breadth);
            let is_thorough = found.n_pairs.is_multiple_of(every);
            ask(&mut found, model.as_ref(), &history, is_thorough, &mut random);
            found.n_pairs += 1;
        }
    }
    found
}

/// One history.
fn ask(
    found: &mut Totality,
    model: &dyn PurchaseModel,
    history: &PurchaseHistory,
    is_thorough: bool,
    random: &mut StdRng,
) {
    let of = || format!("{model:?} of {history:?}");
    let ln_likelihood = model.ln_likelihood(history);
    found.check(ln_likelihood.is_finite(), || format!("log-likelihood {ln_likelihood}: {}", of()));
    let alive = model.probability_alive(history);
    found.check(is_probability(alive), || format!("P(alive) {alive}: {}", of()));
    let process = model.if_alive(history);
    let unit = if process.is_discrete() { 1.0 } else { history.age().clamp(1e-6, 1e6) };
    let round = |time: f64| if process.is_discrete() { time.ceil() } else { time };
    let horizons = [0.01, 1.0, draw(random, 0.1, 300.0)].map(|of_unit: f64| round(unit * of_unit));
    let rates = [1e-4, 0.1, 10.0].map(|rate| rate / unit);
    if is_thorough {
        ask_process(found, &process, horizons, &rates, &of);
        ask_counts(found, &process, horizons[1], alive, &of);
    }
    let choice = random.random_range(0..4);
    if let Some(rate) = rates.get(choice) {
        let residual = model.discounted_residual_purchases(history, f64::INFINITY, *rate);
        found.check(is_amount(residual), || format!("discounted at {rate} {residual}: {}", of()));
    }
    let horizon = horizons.get(choice).copied().unwrap_or(f64::INFINITY);
    let next = model.probability_next_purchase(history, horizon);
    found.check(is_probability(next), || format!("P(next in {horizon}) {next}: {}", of()));
    let expected = model.expected_future_purchases(history, horizon);
    let is_legal = is_amount(expected) || (horizon.is_infinite() && expected > 0.0);
    found.check(is_legal && next <= expected * (1.0 + 1e-7) + 1e-12, || {
        format!("expected in {horizon} {expected}, P(next) {next}: {}", of())
    });
}

/// Forecasts of who is alive; the horizons need not be in order.
fn ask_process(
    found: &mut Totality,
    process: &FutureProcess,
    horizons: [f64; 3],
    rates: &[f64; 3],
    of: &dyn Fn() -> String,
) {
    let mut horizons = [horizons[0], horizons[1], horizons[2], f64::INFINITY];
    horizons.sort_by(f64::total_cmp);
    let (mut fewest, mut likeliest) = (0.0, 1.0);
    for horizon in horizons {
        let expected = process.expected_purchases(horizon);
        // Over an endless horizon the answer may be infinite.
        let is_legal = is_amount(expected) || (horizon.is_infinite() && expected > 0.0);
        found.check(is_legal && expected >= fewest * (1.0 - 1e-7), || {
            format!("expected in {horizon} {expected} after {fewest}: {}", of())
        });
        let none = process.probability_none(horizon);
        found.check(is_probability(none) && none <= likeliest + 1e-9, || {
            format!("P(none in {horizon}) {none} after {likeliest}: {}", of())
        });
        (fewest, likeliest) = (expected, none);
    }
    for rate in rates {
        let residual = process.discounted_purchases(f64::INFINITY, *rate);
        found.check(is_amount(residual) && residual <= fewest * (1.0 + 1e-7), || {
            format!("discounted at {rate} {residual}, undiscounted {fewest}: {}", of())
        });
    }
    let mut shortest = 0.0;
    for level in [0.05, 0.5, 0.95] {
        let wait = process.wait_quantile(level);
        found.check(is_amount(wait) && wait >= shortest, || {
            format!("{level}-quantile of the wait {wait} after {shortest}: {}", of())
        });
        shortest = wait;
    }
}

/// Masses and quantiles of the number of purchases.
fn ask_counts(
    found: &mut Totality,
    process: &FutureProcess,
    horizon: f64,
    alive: f64,
    of: &dyn Fn() -> String,
) {
    let masses = process.probability_mass(horizon, 20);
    let total: f64 = masses.iter().sum();
    found.check(masses.iter().all(|mass| is_probability(*mass)) && total <= 1.0 + 1e-9, || {
        format!("masses in {horizon} {masses:?}: {}", of())
    });
    let none = process.probability_none(horizon);
    found.check((masses[0] - none).abs() <= 1e-9, || {
        format!("mass at none {} but P(none in {horizon}) {none}: {}", masses[0], of())
    });
    let quantiles = process.count_quantiles(horizon, alive, &[0.05, 0.5, 0.95]);
    found
        .check(quantiles.is_sorted(), || format!("quantiles in {horizon} {quantiles:?}: {}", of()));
}

fn is_probability(value: f64) -> bool {
    (0.0..=1.0).contains(&value)
}

fn is_amount(value: f64) -> bool {
    value.is_finite() && value >= 0.0
}

/// A number between `lowest` and `highest`, uniform in its logarithm.
fn draw(random: &mut StdRng, lowest: f64, highest: f64) -> f64 {
    (lowest.ln() + random.random::<f64>() * (highest / lowest).ln()).exp()
}

/// Legal parameters; a whole one is anything from 1 to what the model allows.
fn draw_parameters(entry: &PurchaseModelEntry, random: &mut StdRng, breadth: Breadth) -> Vec<f64> {
    let factor: f64 = match breadth {
        Breadth::Ordinary => 100.0,
        Breadth::Extreme => 3e4,
    };
    entry
        .kinds
        .iter()
        .zip(entry.typical)
        .map(|(kind, typical)| match kind {
            ParameterKind::Whole => {
                draw(random, 1.0, f64::from(crate::purchase::MOST_PHASES) + 0.9).floor()
            }
            kind => kind.value(kind.free(*typical) + draw(random, 1.0 / factor, factor).ln()),
        })
        .collect()
}

/// A legal history for the model.
fn draw_history(
    entry: &PurchaseModelEntry,
    random: &mut StdRng,
    breadth: Breadth,
) -> PurchaseHistory {
    let (youngest, oldest, most) = match (entry.is_discrete(), breadth) {
        (true, _) => (0.7, 1e3, 1e3),
        (false, Breadth::Ordinary) => (0.01, 1e3, 1e3),
        (false, Breadth::Extreme) => (1e-9, 1e9, 1e6),
    };
    let age = draw(random, youngest, oldest);
    let share = match random.random::<f64>() {
        // At the very end, next to either end, or anywhere.
        sort if sort < 0.1 => 1.0,
        sort if sort < 0.15 => draw(random, 1e-12, 1.0),
        sort if sort < 0.2 => 1.0 - draw(random, 1e-15, 1.0),
        _ => random.random::<f64>(),
    };
    if entry.is_discrete() {
        let age = age.floor();
        let last = (age * share).ceil();
        let count = if last < 1.0 || random.random::<f64>() < 0.3 {
            0.0
        } else {
            draw(random, 1.0, most).floor().min(last)
        };
        let last = if count < 1.0 { 0.0 } else { last };
        return PurchaseHistory::new(count as u32, last, age).expect("last is at most age");
    }
    let count = if random.random::<f64>() < 0.2 { 0.0 } else { draw(random, 0.5, most).floor() };
    let last = if count < 1.0 { 0.0 } else { (age * share).max(f64::MIN_POSITIVE) };
    let history = PurchaseHistory::new(count as u32, last, age).expect("last is at most age");
    // Of half of the customers it is known how regular they are.
    if count < 1.0 || random.random::<f64>() < 0.5 {
        return history;
    }
    let sum = count * ((last / count).ln() - draw(random, 1e-6, 10.0));
    history.with_sum_ln_interpurchase_times(sum).expect("below that of equal times")
}
