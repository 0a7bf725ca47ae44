//! What one file of a source tells of its orders to the readers of its other files.
//!
//! Some sources write the day and the customer of an order to one file, and its payments and lines to others. The importer of
//! the first hands heads over; the others name it as their companion and are given them before their first row.

use std::collections::HashMap;

use clv_tables::{Day, Instant};

/// What is known of an order without its money.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OrderHead {
    /// The day of the order in the shop's time zone.
    pub ordered_on: Day,
    /// The moment, where it is known.
    pub ordered_at: Option<Instant>,
    /// The customer's id in the source.
    pub customer_id: Option<String>,
    /// The state in the source's own words, in lower case.
    pub status: Option<String>,
    /// Whether the order was cancelled.
    pub is_cancelled: bool,
    /// The row of the file that told it.
    pub row: u64,
}

/// Heads by the id of their order; some 300 bytes each.
pub type OrderHeads = HashMap<String, OrderHead>;
