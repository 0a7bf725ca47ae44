//! Invoices and credit notes.

use crate::table::canonical_table;

canonical_table! {
    /// One invoice or credit note. A credit note names the invoice that it takes back; its amounts are positive, too.
    "invoices", Invoice, Invoices;
    key invoice_id;
    owner invoice_id;
    day invoiced_on;
    check not_blank: invoice_id;
    check one_of("invoice" "credit_note"): kind;
    check some_of: account_id customer_id email;
    check not_same(invoice_id): credited_invoice_id;
    check not_negative: total net tax paid;
    check currency_code: currency;
    check not_before(invoiced_on): due_on;
    /// The number of the invoice or credit note.
    invoice_id: Text = "INV-2024-118";
    /// What it is: invoice or credit_note.
    kind: Text = "invoice";
    /// The invoice that a credit note takes back.
    credited_invoice_id: Option<Text> = "INV-2024-101";
    /// The account, see `accounts`.
    account_id: Option<Text> = "ACME";
    /// The customer's id in the source.
    customer_id: Option<Text> = "5871";
    /// The e-mail address, in lower case.
    email: Option<Text> = "ada@example.com";
    /// The order that it is for.
    order_id: Option<Text> = "#1001";
    /// The contract that it is under, see `contracts`.
    contract_id: Option<Text> = "CT-12";
    /// The day of the invoice.
    invoiced_on: Day = "2024-03-31";
    /// The day by which it is to be paid.
    due_on: Option<Day> = "2024-05-15";
    /// The day on which the last of it was paid; empty while something is owed.
    paid_on: Option<Day> = "2024-05-10";
    /// The whole amount, with tax.
    total: Money = "1428.00";
    /// The amount without tax.
    net: Option<Money> = "1200.00";
    /// The tax.
    tax: Option<Money> = "228.00";
    /// What was paid so far.
    paid: Option<Money> = "1428.00";
    /// The currency of the amounts, as ISO 4217 code.
    currency: Option<Text> = "EUR";
    /// The state in the source's own words, in lower case.
    status: Option<Text> = "paid";
    /// Whether it was voided: such an invoice is kept and counts nowhere.
    is_cancelled: Flag = "false";
}
