//! WooCommerce: the exports of its plugins, the objects of its REST interface, and the download of its Analytics pages.

pub mod analytics;
pub mod export;
pub mod json;

/// States in which nothing was sold or nobody paid.
const CANCELLED: [&str; 5] = ["cancelled", "failed", "pending", "trash", "checkout-draft"];

/// A state without the prefix under which WordPress keeps it, in lower case.
fn status(cell: &str) -> String {
    let status = cell.to_lowercase();
    status.strip_prefix("wc-").map_or(status.clone(), str::to_owned)
}

/// The id of a customer with an account; guests have 0.
fn account(id: &str) -> Option<&str> {
    crate::identity_keys::customer_id(id).filter(|id| *id != "0")
}
