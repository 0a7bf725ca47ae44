//! What is remembered of orders while their rows come by.

use std::collections::{HashMap, HashSet};

use clv_tables::Rule;

/// The order that the last row belonged to.
#[derive(Debug, Default)]
pub(super) struct OpenOrder {
    pub(super) key: Option<u64>,
    pub(super) day: i32,
    pub(super) customer: String,
    pub(super) is_cancelled: bool,
    pub(super) put_aside: Option<Rule>,
    pub(super) total: i64,
    pub(super) returned: i64,
}

/// What became of the orders of a file whose money stands on one row: ten to twenty bytes for each, so that rows of an order may
/// stand far apart.
#[derive(Debug, Default)]
pub(super) struct Fates {
    settled: HashSet<u64>,
    put_aside: HashMap<u64, Rule>,
}

impl Fates {
    /// The rule that the order broke, if any; `None` for an order whose money has not come by.
    pub(super) fn of(&self, order: u64) -> Option<Option<Rule>> {
        self.settled.contains(&order).then(|| self.put_aside.get(&order).copied())
    }

    pub(super) fn settle(&mut self, order: u64, put_aside: Option<Rule>) {
        self.settled.insert(order);
        if let Some(rule) = put_aside {
            self.put_aside.insert(order, rule);
        }
    }
}
