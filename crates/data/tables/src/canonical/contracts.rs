//! Contracts with accounts.

use crate::table::canonical_table;

canonical_table! {
    /// One contract with an account or a customer: how long it runs, how it is renewed, and what was agreed.
    "contracts", Contract, Contracts;
    key contract_id;
    owner contract_id;
    day started_on;
    check not_blank: contract_id;
    check some_of: account_id customer_id;
    check not_negative: amount minimum_amount notice_days payment_terms_days;
    check positive: interval_months;
    check ratio: discount_ratio;
    check currency_code: currency;
    check not_before(started_on): ended_on;
    /// The contract's id.
    contract_id: Text = "CT-12";
    /// The account, see `accounts`.
    account_id: Option<Text> = "ACME";
    /// The customer, for contracts with one person.
    customer_id: Option<Text> = "5871";
    /// The day on which it was signed.
    signed_on: Option<Day> = "2023-12-12";
    /// The first day.
    started_on: Day = "2024-01-01";
    /// The last day; empty where none was agreed.
    ended_on: Option<Day> = "2024-12-31";
    /// Whether it renews unless somebody objects.
    is_renewing: Option<Flag> = "true";
    /// Days of notice before the end.
    notice_days: Option<Integer> = "90";
    /// What one interval brings.
    amount: Option<Money> = "1200.00";
    /// Months in one interval.
    interval_months: Option<Integer> = "3";
    /// What is to be bought at least in one interval.
    minimum_amount: Option<Money> = "800.00";
    /// The currency of the amounts, as ISO 4217 code.
    currency: Option<Text> = "EUR";
    /// The share of the list price that was taken off, 0 to 1.
    discount_ratio: Option<Real> = "0.15";
    /// Days within which invoices are to be paid.
    payment_terms_days: Option<Integer> = "45";
    /// What it is about.
    plan: Option<Text> = "Breakfast ware";
    /// The state in the source's own words, in lower case.
    status: Option<Text> = "running";
    /// What else was agreed, in a few words.
    terms: Option<Text> = "two deliveries a week";
}
