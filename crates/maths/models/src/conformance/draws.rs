//! Random legal parameters and histories.

use rand::RngExt;
use rand::rngs::StdRng;

use crate::catalogue::PurchaseModelEntry;
use crate::{ParameterKind, PurchaseHistory};

/// A number between `lowest` and `highest`, uniform in its logarithm.
pub(super) fn draw(random: &mut StdRng, lowest: f64, highest: f64) -> f64 {
    (lowest.ln() + random.random::<f64>() * (highest / lowest).ln()).exp()
}

/// Parameters within a factor of 3 of the typical ones, widened by `width` on both sides.
pub(super) fn draw_parameters(
    entry: &PurchaseModelEntry,
    random: &mut StdRng,
    width: f64,
) -> Vec<f64> {
    let range = 3.0 * width;
    entry
        .kinds
        .iter()
        .zip(entry.typical)
        .map(|(kind, typical)| match kind {
            // Up to nine phases for a typical three.
            ParameterKind::Whole => (*typical * draw(random, 0.2, 3.0)).floor().max(1.0),
            kind => kind.value(kind.free(*typical) + draw(random, 1.0 / range, range).ln()),
        })
        .collect()
}

/// A legal history of a customer with age up to `oldest` and up to `most` repeat purchases.
pub(super) fn draw_history(random: &mut StdRng, oldest: f64, most: f64) -> PurchaseHistory {
    let age = draw(random, 1e-3 * oldest.min(1.0), oldest);
    let count = (draw(random, 0.5, most)).floor() as u32;
    // Some customers bought last at the very end.
    let share = if random.random::<f64>() < 0.1 { 1.0 } else { random.random::<f64>() };
    let last = if count == 0 { 0.0 } else { (age * share).max(f64::MIN_POSITIVE) };
    let history = PurchaseHistory::new(count, last, age).expect("last is at most age");
    // Of half of the customers it is known how regular they are.
    if count == 0 || random.random::<f64>() < 0.5 {
        return history;
    }
    let x = f64::from(count);
    let sum = x * ((last / x).ln() - draw(random, 1e-3, 3.0));
    history.with_sum_ln_interpurchase_times(sum).expect("below that of equal times")
}

/// A legal history for the model: in whole periods, at most one purchase in each, where it counts so.
pub(super) fn draw_history_for(
    entry: &PurchaseModelEntry,
    random: &mut StdRng,
    oldest: f64,
    most: f64,
) -> PurchaseHistory {
    if !entry.is_discrete() {
        return draw_history(random, oldest, most);
    }
    let age = draw(random, 0.7, oldest).floor();
    let last = (age * random.random::<f64>().powi(2) + 0.5).floor().min(age);
    let last = if random.random::<f64>() < 0.2 { age } else { last };
    let count = if last < 1.0 { 0.0 } else { draw(random, 1.0, most).floor().min(last) };
    PurchaseHistory::new(count as u32, last, age).expect("last is at most age")
}
