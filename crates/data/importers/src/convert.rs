//! Whole columns of any type into the types of canonical rows, without a detour through strings for typed columns.
//!
//! A cell without a value is marked by a number that no value can have: [`NO_DAY`] and [`BAD_DAY`] for days, the three lowest i64
//! for amounts.

use arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, Date64Array, Decimal128Array, Float64Array, Int64Array,
    PrimitiveArray, StringArray,
};
use arrow::compute::{CastOptions, cast, cast_with_options};
use arrow::datatypes::{
    ArrowTimestampType, DataType, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType,
};
use clv_tables::day::{FIRST_DAY, LAST_DAY};
use clv_tables::money::{LARGEST_AMOUNT_MICROS, MICROS_PER_UNIT};

use crate::date_format::DateFormat;
use crate::number_format::{NumberFormat, NumberProblem};
use crate::plan::is_text_type;

/// A day cell with nothing in it.
pub const NO_DAY: i32 = i32::MIN;
/// A day cell that does not read.
pub const BAD_DAY: i32 = i32::MIN + 1;
/// An amount cell with nothing in it.
pub const NO_AMOUNT: i64 = i64::MIN;
/// An amount cell that does not read or is not finite.
pub const BAD_AMOUNT: i64 = i64::MIN + 1;
/// An amount larger than any may be.
pub const LARGE_AMOUNT: i64 = i64::MIN + 2;

/// A type that cannot play the part asked of it: what would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unfit(pub &'static str);

/// A column as text; numbers and dates in their shortest form.
///
/// # Errors
/// When the type has no text form.
pub fn texts(array: &ArrayRef) -> Result<StringArray, Unfit> {
    if let Some(strings) = array.as_string_opt::<i32>() {
        return Ok(strings.clone());
    }
    let strings = cast(array, &DataType::Utf8).map_err(|_| Unfit("text"))?;
    Ok(strings.as_string::<i32>().clone())
}

/// A column of whole numbers as Int64; null where a value does not fit.
///
/// # Errors
/// When the type is no number.
pub fn integers(array: &ArrayRef) -> Result<Int64Array, Unfit> {
    let integers = cast_with_options(
        array,
        &DataType::Int64,
        &CastOptions { safe: true, ..Default::default() },
    )
    .map_err(|_| Unfit("whole numbers"))?;
    Ok(integers.as_primitive().clone())
}

/// A date column as days since 1970-01-01.
///
/// Timestamps with a zone give the local day in that zone; without one, the day as it stands.
///
/// ```
/// use clv_importers::convert::{NO_DAY, days};
/// use clv_importers::DateFormat;
/// let dates: arrow::array::ArrayRef =
///     std::sync::Arc::new(arrow::array::Date32Array::from(vec![Some(18_600), None]));
/// assert_eq!(days(&dates, DateFormat::YearFirst), Ok(vec![18_600, NO_DAY]));
/// ```
///
/// # Errors
/// When the type holds no dates.
pub fn days(array: &ArrayRef, format: DateFormat) -> Result<Vec<i32>, Unfit> {
    let expected = Unfit("dates, timestamps or text");
    match array.data_type() {
        DataType::Date32 => {
            let dates: &Date32Array = array.as_primitive();
            Ok(with_nulls(dates, NO_DAY, |day| in_range(i64::from(day))))
        }
        DataType::Date64 => {
            let dates: &Date64Array = array.as_primitive();
            Ok(with_nulls(dates, NO_DAY, |ms| in_range(ms.div_euclid(86_400_000))))
        }
        DataType::Timestamp(unit, zone) => {
            let zone = zone.as_deref();
            match unit {
                TimeUnit::Second => timestamp_days::<TimestampSecondType, 86_400>(array, zone),
                TimeUnit::Millisecond => {
                    timestamp_days::<TimestampMillisecondType, 86_400_000>(array, zone)
                }
                TimeUnit::Microsecond => {
                    timestamp_days::<TimestampMicrosecondType, 86_400_000_000>(array, zone)
                }
                TimeUnit::Nanosecond => {
                    timestamp_days::<TimestampNanosecondType, 86_400_000_000_000>(array, zone)
                }
            }
        }
        text if is_text_type(text) => {
            let strings = texts(array)?;
            let mut last: (&str, i32) = ("", NO_DAY);
            Ok((0..strings.len())
                .map(|i| {
                    let cell = if strings.is_null(i) { "" } else { strings.value(i) };
                    // Rows of one order carry one date: the last answer is often this one.
                    if cell != last.0 {
                        let is_blank = cell.trim().is_empty();
                        last = (
                            cell,
                            if is_blank { NO_DAY } else { format.parse(cell).unwrap_or(BAD_DAY) },
                        );
                    }
                    last.1
                })
                .collect())
        }
        integer if integer.is_integer() => {
            // 20111209 or seconds or milliseconds since 1970: the text reader knows them all.
            let numbers = integers(array)?;
            let read = |number: i64| {
                let text = number.to_string();
                [DateFormat::Compact, DateFormat::EpochSeconds, DateFormat::EpochMillis]
                    .into_iter()
                    .find_map(|format| format.parse(&text))
                    .unwrap_or(BAD_DAY)
            };
            Ok(with_nulls(&numbers, NO_DAY, read))
        }
        _ => Err(expected),
    }
}

fn timestamp_days<T: ArrowTimestampType, const PER_DAY: i64>(
    array: &ArrayRef,
    zone: Option<&str>,
) -> Result<Vec<i32>, Unfit> {
    let stamps: &PrimitiveArray<T> = array.as_primitive();
    let per_second = PER_DAY / 86_400;
    let fixed = |seconds: i64| {
        let shift = seconds * per_second;
        with_nulls(stamps, NO_DAY, |stamp| {
            in_range(stamp.saturating_add(shift).div_euclid(PER_DAY))
        })
    };
    match zone {
        None | Some("UTC" | "utc" | "Z" | "Etc/UTC" | "+00:00" | "+00") => Ok(fixed(0)),
        Some(zone) => {
            if let Some(seconds) = offset_seconds(zone) {
                return Ok(fixed(seconds));
            }
            let zone = jiff::tz::TimeZone::get(zone)
                .map_err(|_| Unfit("timestamps in a known time zone"))?;
            Ok(with_nulls(stamps, NO_DAY, |stamp| {
                let seconds = stamp.div_euclid(per_second);
                match jiff::Timestamp::from_second(seconds) {
                    Ok(at) => in_range(
                        (seconds + i64::from(zone.to_offset(at).seconds())).div_euclid(86_400),
                    ),
                    Err(_) => BAD_DAY,
                }
            }))
        }
    }
}

/// Seconds of `+05:30`, `-08` and the like.
fn offset_seconds(zone: &str) -> Option<i64> {
    let sign = match zone.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let digits: String = zone[1..].chars().filter(|c| *c != ':').collect();
    if !matches!(digits.len(), 2 | 4) {
        return None;
    }
    let hours: i64 = digits[..2].parse().ok()?;
    let minutes: i64 = if digits.len() == 4 { digits[2..].parse().ok()? } else { 0 };
    Some(sign * (hours * 3600 + minutes * 60))
}

fn in_range(day: i64) -> i32 {
    if (i64::from(FIRST_DAY)..=i64::from(LAST_DAY)).contains(&day) { day as i32 } else { BAD_DAY }
}

fn with_nulls<T: arrow::datatypes::ArrowPrimitiveType, O: Copy>(
    array: &PrimitiveArray<T>,
    null: O,
    read: impl Fn(T::Native) -> O,
) -> Vec<O> {
    if array.null_count() == 0 {
        return array.values().iter().map(|value| read(*value)).collect();
    }
    array.iter().map(|value| value.map_or(null, &read)).collect()
}

/// Amounts of a column, and the currencies that its cells carry, where any does.
#[derive(Debug, Default)]
pub struct Amounts {
    /// Millionths, or one of the marks.
    pub micros: Vec<i64>,
    /// The currency in each cell; empty when no cell has one.
    pub currencies: Vec<Option<&'static str>>,
}

/// A number column as millionths.
///
/// ```
/// use clv_importers::convert::{NO_AMOUNT, amounts};
/// let reals: arrow::array::ArrayRef =
///     std::sync::Arc::new(arrow::array::Float64Array::from(vec![Some(29.33), None]));
/// assert_eq!(amounts(&reals, None).unwrap().micros, [29_330_000, NO_AMOUNT]);
/// ```
///
/// # Errors
/// When the type holds no numbers.
pub fn amounts(array: &ArrayRef, format: Option<NumberFormat>) -> Result<Amounts, Unfit> {
    let micros = match array.data_type() {
        DataType::Float64 => float_micros(array.as_primitive()),
        DataType::Float32 | DataType::Float16 => {
            // Through the shortest decimal form: 29.33_f32 is meant to be 29.33, not 29.33000011...
            let texts = texts(array)?;
            let read = |text: &str| text.parse::<f64>().map_or(BAD_AMOUNT, micros_of_float);
            texts.iter().map(|text| text.map_or(NO_AMOUNT, read)).collect()
        }
        DataType::Decimal128(_, scale) => {
            let scale = i32::from(*scale);
            let decimals: &Decimal128Array = array.as_primitive();
            with_nulls(decimals, NO_AMOUNT, |value| micros_of_decimal(value, scale))
        }
        DataType::Decimal32(_, scale)
        | DataType::Decimal64(_, scale)
        | DataType::Decimal256(_, scale) => {
            let wide = cast(array, &DataType::Decimal128(38, *scale))
                .map_err(|_| Unfit("decimals of 38 digits"))?;
            return amounts(&wide, format);
        }
        integer if integer.is_integer() => with_nulls(&integers(array)?, NO_AMOUNT, |value| {
            micros_of_decimal(i128::from(value), 0)
        }),
        text if is_text_type(text) => {
            let format = format.ok_or(Unfit("numbers"))?;
            return Ok(text_amounts(&texts(array)?, format));
        }
        _ => return Err(Unfit("numbers")),
    };
    Ok(Amounts { micros, currencies: Vec::new() })
}

fn float_micros(array: &Float64Array) -> Vec<i64> {
    with_nulls(array, NO_AMOUNT, micros_of_float)
}

#[inline]
fn micros_of_float(units: f64) -> i64 {
    let scaled = units * MICROS_PER_UNIT as f64;
    if scaled.abs() <= LARGEST_AMOUNT_MICROS as f64 {
        (scaled + 0.5_f64.copysign(scaled)) as i64
    } else if units.is_finite() {
        LARGE_AMOUNT
    } else {
        BAD_AMOUNT
    }
}

fn micros_of_decimal(value: i128, scale: i32) -> i64 {
    let micros = if scale <= 6 {
        10_i128.checked_pow((6 - scale) as u32).and_then(|factor| value.checked_mul(factor))
    } else {
        let divisor = 10_i128.checked_pow((scale - 6) as u32);
        divisor.map(|divisor| (value + value.signum() * (divisor / 2)) / divisor)
    };
    match micros {
        Some(micros) if micros.abs() <= i128::from(LARGEST_AMOUNT_MICROS) => micros as i64,
        _ => LARGE_AMOUNT,
    }
}

fn text_amounts(strings: &StringArray, format: NumberFormat) -> Amounts {
    let mut amounts = Amounts { micros: Vec::with_capacity(strings.len()), currencies: Vec::new() };
    for i in 0..strings.len() {
        let cell = if strings.is_null(i) { "" } else { strings.value(i) };
        amounts.micros.push(match format.parse(cell) {
            Ok(amount) => {
                if amount.currency.is_some() {
                    amounts.currencies.resize(strings.len(), None);
                    amounts.currencies[i] = amount.currency;
                }
                amount.micros
            }
            Err(NumberProblem::Missing) => NO_AMOUNT,
            Err(NumberProblem::Unreadable) => BAD_AMOUNT,
            Err(NumberProblem::TooLarge) => LARGE_AMOUNT,
        });
    }
    amounts
}

/// Pieces times price, rounded to millionths; a mark in either stays a mark.
///
/// ```
/// // Three pieces at 2.50.
/// assert_eq!(clv_importers::convert::product(&[3_000_000], &[2_500_000]), [7_500_000]);
/// ```
pub fn product(pieces: &[i64], prices: &[i64]) -> Vec<i64> {
    let times = |a: i64, b: i64| {
        if is_mark(a) || is_mark(b) {
            return a.min(b);
        }
        let exact = i128::from(a) * i128::from(b);
        let unit = i128::from(MICROS_PER_UNIT);
        let micros = (exact + exact.signum() * (unit / 2)) / unit;
        if micros.abs() <= i128::from(LARGEST_AMOUNT_MICROS) { micros as i64 } else { LARGE_AMOUNT }
    };
    pieces.iter().zip(prices).map(|(a, b)| times(*a, *b)).collect()
}

/// Whether an amount is one of the marks for a cell without a value.
#[inline]
pub fn is_mark(micros: i64) -> bool {
    micros <= LARGE_AMOUNT
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use std::sync::Arc;

    use arrow::array::{Float32Array, TimestampMicrosecondArray};

    use super::*;

    #[test]
    fn every_timestamp_gives_the_local_day() {
        // 2021-06-30 23:30 UTC.
        let stamps = TimestampMicrosecondArray::from(vec![Some(1_625_095_800_000_000), None]);
        let day = |zone: Option<&str>| {
            let array: ArrayRef = match zone {
                Some(zone) => Arc::new(stamps.clone().with_timezone(zone)),
                None => Arc::new(stamps.clone()),
            };
            days(&array, DateFormat::YearFirst).unwrap()
        };
        assert_eq!(day(None), [18_808, NO_DAY]);
        assert_eq!(day(Some("+02:00")), [18_809, NO_DAY]);
        assert_eq!(day(Some("-08:00")), [18_808, NO_DAY]);
        assert_eq!(day(Some("Europe/Berlin")), [18_809, NO_DAY]);
    }

    #[test]
    fn every_number_type_gives_the_same_amount() {
        let arrays: [ArrayRef; 4] = [
            Arc::new(Float64Array::from(vec![29.33])),
            Arc::new(Float32Array::from(vec![29.33])),
            Arc::new(Decimal128Array::from(vec![2933]).with_precision_and_scale(10, 2).unwrap()),
            Arc::new(
                Decimal128Array::from(vec![29_330_000_000])
                    .with_precision_and_scale(20, 9)
                    .unwrap(),
            ),
        ];
        for array in arrays {
            assert_eq!(
                amounts(&array, None).unwrap().micros,
                [29_330_000],
                "{}",
                array.data_type()
            );
        }
        let odd: ArrayRef = Arc::new(Float64Array::from(vec![
            Some(f64::NAN),
            Some(f64::INFINITY),
            Some(1e13),
            None,
        ]));
        assert_eq!(
            amounts(&odd, None).unwrap().micros,
            [BAD_AMOUNT, BAD_AMOUNT, LARGE_AMOUNT, NO_AMOUNT]
        );
    }
}
