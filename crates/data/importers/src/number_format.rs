//! How a column writes its numbers, decided once for the whole column.

use clv_tables::money::{LARGEST_AMOUNT_MICROS, MICROS_PER_UNIT, micros_from_units};

use crate::currency::currency_of;

/// The decimal separator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decimal {
    /// 1,234.56.
    Point,
    /// 1.234,56.
    Comma,
}

/// The format of a text number column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NumberFormat {
    /// The decimal separator; the other one, spaces and apostrophes stand between thousands.
    pub decimal: Decimal,
}

/// A number as it stood in a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amount {
    /// Millionths.
    pub micros: i64,
    /// The currency sign or code in the cell.
    pub currency: Option<&'static str>,
}

/// Why a cell is no amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberProblem {
    /// Nothing in it.
    Missing,
    /// Not a finite number in this format.
    Unreadable,
    /// Larger than any amount may be.
    TooLarge,
}

impl NumberFormat {
    /// Reads a cell: signs before or after, parentheses for negatives, currency signs and codes, thousands separators,
    /// exponents. More than six decimals are rounded half away from zero.
    ///
    /// ```
    /// use clv_importers::{Decimal, NumberFormat};
    /// let comma = NumberFormat { decimal: Decimal::Comma };
    /// let amount = comma.parse("1.234,56 €").unwrap();
    /// assert_eq!((amount.micros, amount.currency), (1_234_560_000, Some("EUR")));
    /// ```
    ///
    /// # Errors
    /// [`NumberProblem`] says what is wrong with the cell.
    pub fn parse(self, cell: &str) -> Result<Amount, NumberProblem> {
        if self.decimal == Decimal::Point
            && let Some(micros) = plain_micros(cell.as_bytes())
        {
            return Ok(Amount { micros, currency: None });
        }
        let parts = Parts::of(cell)?;
        let (point, comma) = match self.decimal {
            Decimal::Point => ('.', ','),
            Decimal::Comma => (',', '.'),
        };
        let (whole, fraction) = match parts.body.rsplit_once(point) {
            Some((whole, fraction)) => (whole, fraction),
            None => (parts.body, ""),
        };
        let (fraction, exponent) = match fraction.find(['e', 'E']) {
            Some(at) => (&fraction[..at], &fraction[at + 1..]),
            None => (fraction, ""),
        };
        let (whole, exponent) = match whole.find(['e', 'E']) {
            Some(at) if exponent.is_empty() => (&whole[..at], &whole[at + 1..]),
            _ => (whole, exponent),
        };
        if !are_digits(fraction) || (whole.is_empty() && fraction.is_empty()) {
            return Err(NumberProblem::Unreadable);
        }
        let whole = without_thousands(whole, comma).ok_or(NumberProblem::Unreadable)?;
        let magnitude = if exponent.is_empty() {
            decimal_micros(&whole, fraction)?
        } else {
            let number: f64 = format!("{whole}.{fraction}e{exponent}")
                .parse()
                .map_err(|_| NumberProblem::Unreadable)?;
            micros_from_units(number).ok_or(NumberProblem::TooLarge)?
        };
        let micros = if parts.is_negative { -magnitude } else { magnitude };
        Ok(Amount { micros, currency: parts.currency })
    }
}

/// The usual case, `-123.45`, without looking at anything twice.
fn plain_micros(cell: &[u8]) -> Option<i64> {
    let (is_negative, cell) = match cell {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, cell),
    };
    if cell.is_empty() || cell.len() > 17 || !cell[0].is_ascii_digit() {
        return None;
    }
    let (mut number, mut n_fraction, mut seen_point, mut n_whole) = (0_i64, 0_u32, false, 0);
    for byte in cell {
        match byte {
            b'0'..=b'9' => {
                number = number * 10 + i64::from(byte - b'0');
                n_fraction += u32::from(seen_point);
                n_whole += u32::from(!seen_point);
            }
            b'.' if !seen_point => seen_point = true,
            _ => return None,
        }
    }
    if n_fraction > 6 || n_whole > 12 {
        return None;
    }
    let micros = number * 10_i64.pow(6 - n_fraction);
    Some(if is_negative { -micros } else { micros })
}

/// A cell taken apart: sign, currency, and the digits with their separators.
struct Parts<'a> {
    is_negative: bool,
    currency: Option<&'static str>,
    body: &'a str,
}

impl<'a> Parts<'a> {
    fn of(cell: &'a str) -> Result<Parts<'a>, NumberProblem> {
        let mut text = cell.trim().trim_start_matches('\'').trim();
        if text.is_empty() {
            return Err(NumberProblem::Missing);
        }
        let mut is_negative = false;
        if let Some(inner) = text.strip_prefix('(').and_then(|text| text.strip_suffix(')')) {
            is_negative = true;
            text = inner.trim();
        }
        let first = text.find(|c: char| c.is_ascii_digit()).ok_or(NumberProblem::Unreadable)?;
        let last = text.rfind(|c: char| c.is_ascii_digit()).ok_or(NumberProblem::Unreadable)?;
        let mut start = first;
        // A separator that opens the number (".5") belongs to it, one that closes a sign ("Fr.5") does not.
        if matches!(text.as_bytes()[..first].last(), Some(b'.' | b','))
            && !text[..first - 1].ends_with(|c: char| c.is_alphabetic())
        {
            start -= 1;
        }
        let mut currency = None;
        let after = text[last + 1..].strip_prefix(['.', ',']).unwrap_or(&text[last + 1..]);
        for outside in [&text[..start], after] {
            let is_sign = |c: char| matches!(c, '-' | '+' | '\u{2212}');
            let minuses = outside.chars().filter(|c| matches!(c, '-' | '\u{2212}')).count();
            if minuses > 1 || (minuses == 1 && is_negative) {
                return Err(NumberProblem::Unreadable);
            }
            is_negative |= minuses == 1;
            let token = outside.trim_matches(|c: char| c.is_whitespace() || is_sign(c));
            if !token.is_empty() {
                currency = Some(currency_of(token).ok_or(NumberProblem::Unreadable)?);
            }
        }
        Ok(Parts { is_negative, currency, body: &text[start..=last] })
    }
}

fn are_digits(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

/// Digits without their separators; `None` when something else is in there or the groups are no thousands.
fn without_thousands(whole: &str, separator: char) -> Option<String> {
    let is_mark = |c: char| c == separator || c.is_whitespace() || c == '\'' || c == '’';
    if are_digits(whole) {
        return Some(whole.to_owned());
    }
    let mut groups = whole.split(is_mark).peekable();
    let mut digits = String::with_capacity(whole.len());
    let first = groups.next()?;
    if first.is_empty() || first.len() > 3 || !are_digits(first) {
        return None;
    }
    digits.push_str(first);
    while let Some(group) = groups.next() {
        // Indian amounts have groups of two before the last three (12,34,567).
        let fits = group.len() == 3 || (group.len() == 2 && groups.peek().is_some());
        if !fits || !are_digits(group) {
            return None;
        }
        digits.push_str(group);
    }
    Some(digits)
}

fn decimal_micros(whole: &str, fraction: &str) -> Result<i64, NumberProblem> {
    let whole = whole.trim_start_matches('0');
    if whole.len() > 13 {
        return Err(NumberProblem::TooLarge);
    }
    let units: i64 =
        if whole.is_empty() { 0 } else { whole.parse().map_err(|_| NumberProblem::Unreadable)? };
    let mut micros = 0_i64;
    for at in 0..6 {
        let digit = fraction.as_bytes().get(at).map_or(0, |byte| byte - b'0');
        micros = micros * 10 + i64::from(digit);
    }
    let rounds_up = fraction.as_bytes().get(6).is_some_and(|byte| *byte >= b'5');
    let total = i128::from(units) * i128::from(MICROS_PER_UNIT)
        + i128::from(micros)
        + i128::from(rounds_up);
    if total > i128::from(LARGEST_AMOUNT_MICROS) {
        return Err(NumberProblem::TooLarge);
    }
    Ok(total as i64)
}

/// What the cells of a column say about its format.
///
/// ```
/// let mut evidence = clv_importers::NumberEvidence::default();
/// evidence.observe(2, "1,234");
/// assert!(evidence.open.is_some());
/// evidence.observe(3, "1,50");
/// assert!(evidence.comma.is_some() && evidence.point.is_none());
/// ```
#[derive(Debug, Clone, Default)]
pub struct NumberEvidence {
    /// A row that only reads with a decimal comma.
    pub comma: Option<(u64, String)>,
    /// A row that only reads with a decimal point.
    pub point: Option<(u64, String)>,
    /// A row that reads with decimals and with thousands.
    pub open: Option<(u64, String)>,
    /// The first row with something in it.
    pub first: Option<(u64, String)>,
    /// Cells that read as numbers one way or the other.
    pub n_numbers: u64,
    /// Cells with something in them.
    pub n_cells: u64,
}

impl NumberEvidence {
    /// Takes one cell in; empty cells say nothing.
    pub fn observe(&mut self, row: u64, cell: &str) {
        if cell.trim().is_empty() {
            return;
        }
        self.n_cells += 1;
        if self.first.is_none() {
            self.first = Some((row, cell.to_owned()));
        }
        let as_point = NumberFormat { decimal: Decimal::Point }.parse(cell).ok();
        let as_comma = NumberFormat { decimal: Decimal::Comma }.parse(cell).ok();
        let place = match (as_point, as_comma) {
            (None, None) => return,
            (Some(a), Some(b)) if a == b => None,
            (Some(_), None) => Some(&mut self.point),
            (None, Some(_)) => Some(&mut self.comma),
            // 0.125 and 0,125: nobody writes a thousand with a leading nought.
            (Some(_), Some(_)) => {
                let digits = cell.trim_start_matches(|c: char| !c.is_ascii_digit());
                match digits.as_bytes() {
                    [b'0', b'.', ..] => Some(&mut self.point),
                    [b'0', b',', ..] => Some(&mut self.comma),
                    _ => Some(&mut self.open),
                }
            }
        };
        self.n_numbers += 1;
        if let Some(place) = place
            && place.is_none()
        {
            *place = Some((row, cell.to_owned()));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    fn units(decimal: Decimal, cell: &str) -> Option<f64> {
        NumberFormat { decimal }
            .parse(cell)
            .ok()
            .map(|a| clv_tables::money::units_from_micros(a.micros))
    }

    #[test]
    fn amounts_read_as_people_write_them() {
        for (cell, expected) in [
            ("29.33", 29.33),
            ("-1", -1.0),
            ("1,234.56", 1234.56),
            ("$1,234.50", 1234.5),
            ("-$12.00", -12.0),
            ("(12.00)", -12.0),
            ("12.00-", -12.0),
            ("USD 5", 5.0),
            ("5 €", 5.0),
            ("1'234.5", 1234.5),
            ("1 234.5", 1234.5),
            ("'7.5", 7.5),
            ("5E-05", 0.00005),
            ("1e3", 1000.0),
            (".5", 0.5),
            ("12,34,567", 1_234_567.0),
            ("5.", 5.0),
        ] {
            assert_eq!(units(Decimal::Point, cell), Some(expected), "{cell}");
        }
        for (cell, expected) in
            [("1.234,56 €", 1234.56), ("12,5", 12.5), ("1 234,56", 1234.56), ("1.234", 1234.0)]
        {
            assert_eq!(units(Decimal::Comma, cell), Some(expected), "{cell}");
        }
    }

    #[test]
    fn what_is_no_number_is_said_to_be_none() {
        let format = NumberFormat { decimal: Decimal::Point };
        for cell in ["NaN", "inf", "abc", "12,5", "--5", "1.2.3", "5 apples", "12,3456", "-", "N/A"]
        {
            assert_eq!(format.parse(cell), Err(NumberProblem::Unreadable), "{cell}");
        }
        assert_eq!(format.parse(" "), Err(NumberProblem::Missing));
        assert_eq!(format.parse("1e30"), Err(NumberProblem::TooLarge));
        assert_eq!(format.parse("10000000000000"), Err(NumberProblem::TooLarge));
        assert_eq!(format.parse("1000000000000").unwrap().micros, 1_000_000_000_000_000_000);
    }
}
