//! Rows that could not be used, whole.

use crate::table::canonical_table;

canonical_table! {
    /// One row of a file that was put aside, with the rule that it broke and all of its cells, so that it can be mended and imported again.
    /// A row that broke two rules stands here twice. The rows of a file go when the file comes again.
    "put_aside", PutAsideRow, PutAsideRows;
    key file row rule column fingerprint;
    owner file;
    check not_blank: table rule fingerprint raw_row;
    check currency_code: currency;
    /// The table that the row was meant for.
    table: Text = "orders";
    /// The rule that it broke, by id.
    rule: Text = "unreadable_date";
    /// The heading of the column that broke it, as the file writes it; empty where the row as a whole did.
    column: Text = "Created at";
    /// What stood there; empty where nothing did.
    value: Text = "31.02.2024";
    /// The money of the row, with sign; empty where it could not be read.
    amount: Option<Money> = "59.80";
    /// The currency of the money, as ISO 4217 code; empty where it could not be read.
    currency: Option<Text> = "EUR";
    /// The whole row, as JSON object from heading to cell.
    raw_row: Text = "{\"Name\":\"#1001\",\"Created at\":\"31.02.2024\",\"Total\":\"59.80\"}";
    /// The hash of the whole row, sixteen hexadecimal digits: it tells rows apart that have no number.
    fingerprint: Text = "5a1f09c3d2e47b80";
    /// The moment at which the row was mended and imported; empty while it is put aside.
    mended_at: Option<Instant> = "2024-03-10T07:45:00Z";
}
