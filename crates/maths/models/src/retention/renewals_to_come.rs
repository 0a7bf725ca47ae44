//! Expected renewals still to come, discounted: a sum over the survival curve, finite or endless.

use clv_numerics::quadrature::LongSum;

use super::RetentionModel;

/// What is left of an endless sum may be left out below this share of it.
const NEGLIGIBLE: f64 = 1e-14;
/// Logarithms below this are of numbers that f64 does not have.
const LN_NOTHING: f64 = -740.0;
/// Beyond this place a curve that has not vanished is a power of time to all digits.
const POWER_LAW_FROM: f64 = 1e60;

/// See [`RetentionModel::expected_renewals`].
pub(super) fn renewals_to_come<M: RetentionModel + ?Sized>(
    model: &M,
    periods: u32,
    discount_ratio: f64,
    horizon: Option<u32>,
) -> f64 {
    let from = f64::from(periods);
    let ln_discount = if discount_ratio > 0.0 { discount_ratio.ln_1p() } else { 0.0 };
    // The first renewal, at place 0, is due now.
    let ln_term = |place: f64| model.ln_survival_given(from, place + 1.0) - ln_discount * place;
    let mut long = LongSum::new(horizon.map_or(f64::INFINITY, f64::from));
    let mut sum = 0.0;
    while let Some(batch) = long.next_batch() {
        sum += batch.iter().map(|(place, weight)| weight * ln_term(*place).exp()).sum::<f64>();
        let place = long.reached();
        let ln_now = ln_term(place);
        if ln_now < LN_NOTHING {
            return sum;
        }
        // The curve falls at least as steeply beyond as it does over the next doubling.
        let exponent = (ln_now - ln_term(2.0 * place)) / std::f64::consts::LN_2;
        let tail = place * ln_now.exp() / (exponent - 1.0);
        if exponent > 1.0 && tail < NEGLIGIBLE * sum {
            return sum;
        }
        if horizon.is_none() && place > POWER_LAW_FROM {
            return if exponent > 1.0 + 1e-9 { sum + tail } else { f64::INFINITY };
        }
    }
    sum
}
