//! What an import brings: totals to compare with the shop, and what changes in the workspace.

use serde::{Deserialize, Serialize};

use crate::data_quality::{ComplaintGroup, DetectedColumn};

/// Files of one kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImportedGroup {
    /// The importer that reads them, such as `shopify-orders`.
    pub source: String,
    /// What it is, for people.
    pub title: String,
    /// How sure the headings make us, 0 to 1.
    pub confidence: f64,
    /// The files, without their folders.
    pub files: Vec<String>,
    /// How each column is read.
    pub columns: Vec<DetectedColumn>,
    /// What the source cannot tell; empty where there is nothing to say.
    pub caution: String,
}

/// A file that was not imported.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FileLeftAlone {
    /// The file, without its folder.
    pub file: String,
    /// Why.
    pub reason: String,
}

/// The sums of one currency, in its units.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CurrencyTotals {
    /// ISO 4217 code; empty for amounts that name none.
    pub currency: String,
    /// Orders that count; cancelled ones do not.
    pub orders: u64,
    /// Their totals.
    pub gross: f64,
    /// What was given back, positive.
    pub refunds: f64,
    /// Gross less refunds.
    pub net: f64,
}

/// How a table changes; the unit of replacement is an order with all its lines, a customer, a day of an advertisement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableChange {
    /// The canonical table.
    pub table: String,
    /// Rows that were not there.
    pub rows_new: u64,
    /// Rows that take the place of others.
    pub rows_changed: u64,
    /// Rows that are there already.
    pub rows_unchanged: u64,
    /// Stored rows that give way.
    pub rows_replaced: u64,
    /// Units that several files of this import hold, not all alike: the last file counts.
    pub repeated_differing: u64,
    /// Units that several files of this import hold alike.
    pub repeated_alike: u64,
}

/// An import, or what it would do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Import {
    /// The number of the import; null where nothing was committed.
    pub import: Option<u64>,
    /// Whether it was only looked at.
    pub is_dry_run: bool,
    /// The files by kind.
    pub groups: Vec<ImportedGroup>,
    /// Files that no importer knows.
    pub left_alone: Vec<FileLeftAlone>,
    /// Rows of the files, without headings.
    pub rows: u64,
    /// Rows that were put aside.
    pub rows_put_aside: u64,
    /// Different customers with an order.
    pub customers: u64,
    /// Orders that name nobody.
    pub orders_without_customer: u64,
    /// Orders that were cancelled, voided or never paid.
    pub cancelled_orders: u64,
    /// The sums by currency.
    pub currencies: Vec<CurrencyTotals>,
    /// The first day of an order; empty without orders.
    pub first_date: String,
    /// The last day of an order; empty without orders.
    pub last_date: String,
    /// What changes in the workspace, by table.
    pub tables: Vec<TableChange>,
    /// What was complained about, by rule.
    pub complaints: Vec<ComplaintGroup>,
}
