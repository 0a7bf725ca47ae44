//! Who a row belongs to.

use std::borrow::Cow;

use arrow::array::Array;

use super::columns::{Columns, Ids, cell};

/// The text id of a row, cleaned.
pub(super) fn own_customer(columns: &Columns, i: usize) -> Option<Cow<'_, str>> {
    let Ids::Text(ids) = &columns.customers else { return None };
    let own = clean_id(if ids.is_null(i) { "" } else { ids.value(i) });
    own.or_else(|| clean_id(cell(&columns.fallback, i)))
}

/// An id without the traces that programs leave on it: spaces, a spreadsheet's apostrophe, the `.0` of a number column with gaps;
/// e-mail addresses in lower case. `None` for the ways of writing nothing.
fn clean_id(cell: &str) -> Option<Cow<'_, str>> {
    let mut id = cell.trim().trim_start_matches('\'').trim();
    if let Some(whole) = id.strip_suffix(".0")
        && !whole.is_empty()
        && whole.bytes().all(|b| b.is_ascii_digit())
    {
        id = whole;
    }
    let is_nothing = id.is_empty()
        || (id.len() <= 4
            && ["null", "nan", "none", "n/a", "na", "nil", "-"]
                .contains(&id.to_lowercase().as_str()));
    if is_nothing {
        return None;
    }
    Some(if id.contains('@') { id.to_lowercase().into() } else { id.into() })
}
