//! Cells that hold a JSON array: the parts of an order that an interface nests in it.

use clv_tables::Money;
use clv_tables::table::LARGEST_MONEY_MICROS;
use serde_json::Value;

use crate::number_format::{Decimal, NumberFormat};

/// The elements of the array in a cell; none where the cell is blank or no array.
pub(crate) fn elements(cell: &str) -> Vec<Value> {
    match serde_json::from_str(cell) {
        Ok(Value::Array(elements)) => elements,
        _ => Vec::new(),
    }
}

/// What stands at a path of keys, `line_item.sku`.
pub(crate) fn at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(value, |value, key| value.get(key)).filter(|value| !value.is_null())
}

/// Text or a number at a path, as text; `None` where it is blank.
pub(crate) fn text(value: &Value, path: &str) -> Option<String> {
    let text = match at(value, path)? {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

/// An amount of money at a path, written as text or as a number; `None` where there is none that a table holds.
pub(crate) fn money(value: &Value, path: &str) -> Option<Money> {
    let amount = NumberFormat { decimal: Decimal::Point }.parse(&text(value, path)?).ok()?;
    (amount.micros.abs() <= LARGEST_MONEY_MICROS).then_some(Money(amount.micros))
}

/// A number at a path, written as text or as a number.
pub(crate) fn number(value: &Value, path: &str) -> Option<f64> {
    text(value, path)?.parse().ok().filter(|number: &f64| number.is_finite())
}

/// The sum of amounts; `None` where there are none.
pub(crate) fn sum(amounts: impl Iterator<Item = Money>) -> Option<Money> {
    amounts.reduce(|sum, amount| Money(sum.0.saturating_add(amount.0)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    #[test]
    fn amounts_read_the_same_as_text_and_as_numbers() {
        let rows = elements(r#"[{"a": {"price": "1.10"}}, {"a": {"price": 1.1}}, {"a": null}]"#);
        assert_eq!(money(&rows[0], "a.price"), Some(Money(1_100_000)));
        assert_eq!(money(&rows[0], "a.price"), money(&rows[1], "a.price"));
        assert_eq!((money(&rows[2], "a.price"), elements("[").len()), (None, 0));
    }
}
