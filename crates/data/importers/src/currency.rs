//! Currency signs and codes, as far as amounts must not be added across them.

use std::borrow::Cow;

/// The currency that a sign or code stands for: an ISO 4217 code where the sign is plain, `$` for the many dollars;
/// `None` when the token is no currency.
///
/// ```
/// use clv_importers::currency::currency_of;
/// assert_eq!(currency_of("€"), Some("EUR"));
/// assert_eq!(currency_of("x"), None);
/// ```
pub fn currency_of(token: &str) -> Option<&'static str> {
    SIGNS.iter().find(|(sign, _)| sign.eq_ignore_ascii_case(token)).map(|(_, code)| *code)
}

/// Whether a currency read from a file is the one asked for; a bare `$` goes for every dollar and for the peso.
///
/// ```
/// use clv_importers::currency::is_currency;
/// assert!(is_currency("$", "CAD"));
/// assert!(!is_currency("EUR", "USD"));
/// ```
pub fn is_currency(found: &str, wanted: &str) -> bool {
    let wanted_code = currency_of(wanted).unwrap_or(wanted);
    let dollars = ["USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN", "CLP", "ARS", "COP"];
    found.eq_ignore_ascii_case(wanted_code)
        || (found == "$" && dollars.iter().any(|code| code.eq_ignore_ascii_case(wanted_code)))
        || (wanted_code == "$" && dollars.iter().any(|code| code.eq_ignore_ascii_case(found)))
}

/// Whether the currency has no decimals in use, so that a separator can only stand between thousands (ISO 4217).
///
/// ```
/// assert!(clv_importers::currency::has_no_decimals("JPY"));
/// ```
pub fn has_no_decimals(code: &str) -> bool {
    ["JPY", "KRW", "CLP", "VND", "ISK", "PYG", "UGX", "XAF", "XOF"].contains(&code)
}

/// A cell as ISO 4217 code in capital letters; `None` where it is none.
///
/// ```
/// use clv_importers::currency::code;
/// assert_eq!(code("usd").as_deref(), Some("USD"));
/// assert_eq!(code("$"), None);
/// ```
#[must_use]
pub fn code(cell: &str) -> Option<Cow<'_, str>> {
    let cell = cell.trim();
    if cell.len() != 3 || !cell.bytes().all(|b| b.is_ascii_alphabetic()) {
        return None;
    }
    let is_upper = cell.bytes().all(|b| b.is_ascii_uppercase());
    Some(if is_upper { Cow::Borrowed(cell) } else { Cow::Owned(cell.to_uppercase()) })
}

/// Signs first, then codes as themselves.
const SIGNS: &[(&str, &str)] = &[
    ("$", "$"),
    ("€", "EUR"),
    ("£", "GBP"),
    ("¥", "JPY"),
    ("₹", "INR"),
    ("₩", "KRW"),
    ("₽", "RUB"),
    ("₺", "TRY"),
    ("₪", "ILS"),
    ("฿", "THB"),
    ("₫", "VND"),
    ("৳", "BDT"),
    ("₴", "UAH"),
    ("₱", "PHP"),
    ("₦", "NGN"),
    ("zł", "PLN"),
    ("Kč", "CZK"),
    ("R$", "BRL"),
    ("US$", "USD"),
    ("CA$", "CAD"),
    ("A$", "AUD"),
    ("C$", "CAD"),
    ("NZ$", "NZD"),
    ("HK$", "HKD"),
    ("S$", "SGD"),
    ("MX$", "MXN"),
    ("Ft", "HUF"),
    ("lei", "RON"),
    ("kr", "kr"),
    ("kr.", "kr"),
    ("Fr.", "CHF"),
    ("Rs", "INR"),
    ("Rs.", "INR"),
    ("Rp", "IDR"),
    ("RM", "MYR"),
    ("R", "ZAR"),
    ("USD", "USD"),
    ("EUR", "EUR"),
    ("GBP", "GBP"),
    ("JPY", "JPY"),
    ("CNY", "CNY"),
    ("INR", "INR"),
    ("KRW", "KRW"),
    ("CAD", "CAD"),
    ("AUD", "AUD"),
    ("NZD", "NZD"),
    ("CHF", "CHF"),
    ("SEK", "SEK"),
    ("NOK", "NOK"),
    ("DKK", "DKK"),
    ("PLN", "PLN"),
    ("CZK", "CZK"),
    ("HUF", "HUF"),
    ("RON", "RON"),
    ("BGN", "BGN"),
    ("TRY", "TRY"),
    ("RUB", "RUB"),
    ("UAH", "UAH"),
    ("ILS", "ILS"),
    ("AED", "AED"),
    ("SAR", "SAR"),
    ("ZAR", "ZAR"),
    ("NGN", "NGN"),
    ("KES", "KES"),
    ("EGP", "EGP"),
    ("BRL", "BRL"),
    ("MXN", "MXN"),
    ("ARS", "ARS"),
    ("CLP", "CLP"),
    ("COP", "COP"),
    ("PEN", "PEN"),
    ("SGD", "SGD"),
    ("HKD", "HKD"),
    ("TWD", "TWD"),
    ("THB", "THB"),
    ("MYR", "MYR"),
    ("IDR", "IDR"),
    ("PHP", "PHP"),
    ("VND", "VND"),
    ("BDT", "BDT"),
    ("PKR", "PKR"),
    ("ISK", "ISK"),
    ("PYG", "PYG"),
    ("UGX", "UGX"),
    ("XAF", "XAF"),
    ("XOF", "XOF"),
    ("MAD", "MAD"),
];
