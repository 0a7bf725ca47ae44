//! What was read, what was put aside and why: the reader's check that the numbers are theirs.

use serde::{Deserialize, Serialize};

/// A column of the file and the part it plays.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DetectedColumn {
    /// The part: `customer_id`, `ordered_at`, `amount`, `order_id`, `quantity`, `unit_price`, ...
    pub role: String,
    /// The heading in the file.
    pub column: String,
    /// How its values are read, such as `date, day before month` or `decimal comma, EUR`.
    pub reading: String,
}

/// One row that broke a rule, as an example.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ComplaintExample {
    /// The file, without its folder.
    pub file: String,
    /// The row, counting the heading as row 1; 0 where the format has no rows to count.
    pub row: u64,
    /// The column's heading.
    pub column: String,
    /// The value as it stands in the file.
    pub value: String,
}

/// All rows that broke one rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ComplaintGroup {
    /// The rule, such as `no_customer`.
    pub rule: String,
    /// The rule in plain words, such as "no customer id: the order cannot be given to anyone".
    pub meaning: String,
    /// How many rows broke it.
    pub rows: u64,
    /// The money on those rows, where it could be read.
    pub amount: f64,
    /// Whether the rows were put aside (true) or kept with a remark (false).
    pub put_aside: bool,
    /// The first few of them.
    pub examples: Vec<ComplaintExample>,
}

/// What was read from the files, to be compared with the shop's own totals.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DataQuality {
    /// The kind of file recognised, such as `shopify-orders`, `online-retail`, `generic`.
    pub source: String,
    /// The files read.
    pub files: Vec<String>,
    /// How each column is read.
    pub columns: Vec<DetectedColumn>,
    /// Rows read, the heading left out.
    pub rows_read: u64,
    /// Rows used.
    pub rows_accepted: u64,
    /// Purchase orders among them.
    pub orders: u64,
    /// Customers with at least one purchase.
    pub customers: u64,
    /// Money of purchases, before returns.
    pub gross: f64,
    /// Money of returns and cancellations, as a positive number.
    pub returns: f64,
    /// Gross less returns.
    pub net: f64,
    /// Returns of customers without any purchase in the data; part of `returns`, in no customer's value.
    pub returns_without_purchase: f64,
    /// The currency, where the data tell it.
    pub currency: Option<String>,
    /// The first day with an order, ISO 8601.
    pub first_date: String,
    /// The last day with an order, ISO 8601.
    pub last_date: String,
    /// What was put aside or remarked, the most frequent rule first.
    pub complaints: Vec<ComplaintGroup>,
}

impl DataQuality {
    /// Rows put aside under any rule.
    #[must_use]
    pub fn rows_put_aside(&self) -> u64 {
        self.complaints.iter().filter(|group| group.put_aside).map(|group| group.rows).sum()
    }
}
