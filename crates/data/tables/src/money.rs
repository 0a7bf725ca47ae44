//! Money as a whole number of millionths of the currency unit: exact for every price that a shop writes.

/// Millionths in one currency unit.
pub const MICROS_PER_UNIT: i64 = 1_000_000;

/// The largest amount that one row may carry, in currency units; beyond is a complaint.
pub const LARGEST_AMOUNT_UNITS: i64 = 9_000_000_000_000;

/// The largest amount that one row may carry, in millionths.
pub const LARGEST_AMOUNT_MICROS: i64 = LARGEST_AMOUNT_UNITS * MICROS_PER_UNIT;

/// Millionths as currency units, the nearest f64.
///
/// ```
/// assert!((clv_tables::money::units_from_micros(29_330_000) - 29.33).abs() < 1e-12);
/// ```
pub fn units_from_micros(micros: i64) -> f64 {
    micros as f64 / MICROS_PER_UNIT as f64
}

/// Currency units as millionths, rounded half away from zero; `None` for what is not finite or larger than
/// [`LARGEST_AMOUNT_UNITS`].
///
/// ```
/// use clv_tables::money::micros_from_units;
/// assert_eq!(micros_from_units(29.33), Some(29_330_000));
/// assert_eq!(micros_from_units(1e13), None);
/// ```
pub fn micros_from_units(units: f64) -> Option<i64> {
    let micros = (units * MICROS_PER_UNIT as f64).round();
    (micros.abs() <= LARGEST_AMOUNT_MICROS as f64).then_some(micros as i64)
}
