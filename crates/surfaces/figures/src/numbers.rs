//! Numbers, money, shares and days as people read them.
//!
//! Thousands are set apart by commas, the minus sign is a true one, and what is not finite is a dash: nobody
//! should read "NaN" in a report. Spaces inside a number do not break.

const NO_BREAK: char = '\u{a0}';
const MINUS: char = '\u{2212}';
const UNKNOWN: &str = "\u{2013}";
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A count: `count(1234567)` is "1,234,567".
///
/// ```
/// assert_eq!(clv_figures::numbers::count(1_234_567), "1,234,567");
/// ```
#[must_use]
pub fn count(n: u64) -> String {
    grouped(&n.to_string())
}

/// A number with so many digits after the point: `decimal(-1234.5, 2)` is "−1,234.50".
#[must_use]
pub fn decimal(x: f64, digits: usize) -> String {
    if !x.is_finite() {
        return UNKNOWN.into();
    }
    let text = format!("{:.digits$}", x.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let is_zero = text.bytes().all(|byte| byte == b'0' || byte == b'.');
    let mut out = String::new();
    if x < 0.0 && !is_zero {
        out.push(MINUS);
    }
    out.push_str(&grouped(whole));
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

/// Money in full: cents below a thousand, whole units from there on; the sign or code of the currency in
/// front where it is known.
///
/// ```
/// use clv_figures::numbers::money;
/// assert_eq!(money(1234.4, Some("GBP")), "£1,234");
/// assert_eq!(money(12.3, None), "12.30");
/// ```
#[must_use]
pub fn money(x: f64, currency: Option<&str>) -> String {
    let digits = if x.abs() >= 999.995 { 0 } else { 2 };
    with_currency(x, &decimal(x.abs(), digits), currency)
}

/// Money at a glance, three significant digits: "£12.3k", "£4.56M".
#[must_use]
pub fn money_compact(x: f64, currency: Option<&str>) -> String {
    with_currency(x, &compact(x.abs()), currency)
}

/// A number at a glance, three significant digits from ten thousand on: "12.3k", "4.56M"; below that in full.
#[must_use]
pub fn compact(x: f64) -> String {
    let size = x.abs();
    let (scaled, suffix) = match size {
        s if s >= 999.5e9 => (x / 1e12, "tn"),
        s if s >= 999.5e6 => (x / 1e9, "bn"),
        s if s >= 999_500.0 => (x / 1e6, "M"),
        s if s >= 9_999.5 => (x / 1e3, "k"),
        s if s >= 999.5 => return decimal(x, 0),
        _ => return decimal(x, 2),
    };
    let digits = match scaled.abs() {
        s if s >= 99.95 => 0,
        s if s >= 9.995 => 1,
        _ => 2,
    };
    format!("{}{suffix}", decimal(scaled, digits))
}

/// A share in percent: whole percents from 10 to 99, one digit more towards the ends, where it matters.
///
/// ```
/// assert_eq!(clv_figures::numbers::share(0.7412), "74\u{a0}%");
/// assert_eq!(clv_figures::numbers::share(0.0312), "3.1\u{a0}%");
/// ```
#[must_use]
pub fn share(ratio: f64) -> String {
    let percent = ratio * 100.0;
    let is_whole = (percent - percent.round()).abs() < 1e-9;
    let digits = usize::from(!(is_whole || (9.95..=99.0).contains(&percent.abs())));
    format!("{}{NO_BREAK}%", decimal(percent, digits))
}

/// A difference in percent, its sign always shown: "+3.1 %".
#[must_use]
pub fn signed_share(ratio: f64) -> String {
    let text = format!("{}{NO_BREAK}%", decimal(ratio * 100.0, 1));
    if ratio > 0.0 && !text.starts_with("0.0") { format!("+{text}") } else { text }
}

/// A day as people write it: "1997-09-30" is "30 Sep 1997". What is no ISO 8601 day comes back unchanged.
///
/// ```
/// assert_eq!(clv_figures::numbers::day("1997-09-30"), "30\u{a0}Sep\u{a0}1997");
/// ```
#[must_use]
pub fn day(iso: &str) -> String {
    let parts: Vec<&str> = iso.get(..10).unwrap_or(iso).split('-').collect();
    let [year, month, day] = parts[..] else { return iso.to_owned() };
    match (year.parse::<u32>(), month.parse::<usize>(), day.parse::<u32>()) {
        (Ok(year), Ok(month @ 1..=12), Ok(day @ 1..=31)) => {
            format!("{day}{NO_BREAK}{}{NO_BREAK}{year}", MONTHS[month - 1])
        }
        _ => iso.to_owned(),
    }
}

/// The day so many days after 1970-01-01, in ISO 8601 and the Gregorian calendar.
///
/// ```
/// assert_eq!(clv_figures::numbers::iso_day(11_016), "2000-02-29");
/// ```
#[must_use]
pub fn iso_day(days: i32) -> String {
    // Counted from 1 March of the year 0, so that the leap day is a year's last: 719,468 days before 1970.
    let shifted = i64::from(days) + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

fn with_currency(x: f64, size: &str, currency: Option<&str>) -> String {
    if !x.is_finite() {
        return UNKNOWN.into();
    }
    let minus =
        if x < 0.0 && size.bytes().any(|b| (b'1'..=b'9').contains(&b)) { "\u{2212}" } else { "" };
    match currency.map(str::trim).filter(|code| !code.is_empty()) {
        None => format!("{minus}{size}"),
        Some(code) => match sign(code) {
            Some(sign) => format!("{minus}{sign}{size}"),
            None => format!("{minus}{code}{NO_BREAK}{size}"),
        },
    }
}

/// The sign of a currency that no other currency of a neighbour shares in everyday use.
fn sign(code: &str) -> Option<&'static str> {
    match code.to_ascii_uppercase().as_str() {
        "USD" | "$" => Some("$"),
        "EUR" | "€" => Some("€"),
        "GBP" | "£" => Some("£"),
        "JPY" | "¥" => Some("¥"),
        "INR" | "₹" => Some("₹"),
        "BRL" | "R$" => Some("R$"),
        _ => None,
    }
}

fn grouped(digits: &str) -> String {
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
