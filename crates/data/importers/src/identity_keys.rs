//! The keys by which a person is known, written in one way.

use std::borrow::Cow;

/// A customer's id without the traces that programs leave on it: the `.0` of a number column with gaps; `None` for the ways of
/// writing nothing.
///
/// ```
/// use clv_importers::identity_keys::customer_id;
/// assert_eq!(customer_id(" 17850.0"), Some("17850"));
/// assert_eq!(customer_id("NaN"), None);
/// ```
#[must_use]
pub fn customer_id(cell: &str) -> Option<&str> {
    let id = cell.trim().trim_start_matches('\'').trim();
    let id = match id.strip_suffix(".0") {
        Some(whole) if !whole.is_empty() && whole.bytes().all(|b| b.is_ascii_digit()) => whole,
        _ => id,
    };
    let says_nothing = ["null", "nan", "none", "n/a", "na", "nil", "-", ""];
    (!says_nothing.iter().any(|word| id.eq_ignore_ascii_case(word))).then_some(id)
}

/// An e-mail address without spaces and in lower case; `None` where it is none.
///
/// ```
/// use clv_importers::identity_keys::email;
/// assert_eq!(email(" Ada@Example.com ").as_deref(), Some("ada@example.com"));
/// assert_eq!(email("guest"), None);
/// ```
#[must_use]
pub fn email(cell: &str) -> Option<Cow<'_, str>> {
    let cell = cell.trim().trim_start_matches("mailto:");
    let (name, host) = cell.rsplit_once('@')?;
    let is_address = !name.is_empty()
        && host.contains('.')
        && !host.starts_with('.')
        && !cell.contains(char::is_whitespace);
    if !is_address {
        return None;
    }
    let is_plain = !cell.chars().any(char::is_uppercase);
    Some(if is_plain { Cow::Borrowed(cell) } else { Cow::Owned(cell.to_lowercase()) })
}

/// A telephone number as its digits, with a leading plus where it is international; `None` with fewer than six digits.
///
/// ```
/// use clv_importers::identity_keys::phone;
/// assert_eq!(phone("'+33 (0)6 12 34 56 78").as_deref(), Some("+330612345678"));
/// assert_eq!(phone("0044 20 7946 0000").as_deref(), Some("+442079460000"));
/// assert_eq!(phone("n/a"), None);
/// ```
#[must_use]
pub fn phone(cell: &str) -> Option<Cow<'_, str>> {
    let cell = cell.trim().trim_start_matches('\'').trim_start();
    let digits: String = cell.chars().filter(char::is_ascii_digit).collect();
    if digits.len() < 6 || cell.chars().any(char::is_alphabetic) {
        return None;
    }
    Some(Cow::Owned(match (cell.starts_with('+'), digits.strip_prefix("00")) {
        (true, _) => format!("+{digits}"),
        (false, Some(rest)) => format!("+{rest}"),
        (false, None) => digits,
    }))
}
