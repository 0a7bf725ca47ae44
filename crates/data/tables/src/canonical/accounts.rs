//! Firms that buy.

use crate::table::canonical_table;

canonical_table! {
    /// One firm, or part of one, with its buyers: the value of an account is the sum of its buyers', who stand in `customers`.
    "accounts", Account, Accounts;
    key account_id;
    owner account_id;
    check not_blank: account_id;
    check not_same(account_id): parent_account_id;
    check not_negative: n_employees payment_terms_days credit_limit;
    check currency_code: currency;
    /// The account's id.
    account_id: Text = "ACME";
    /// The name.
    name: Option<Text> = "Acme Hotels";
    /// The account that this one is part of.
    parent_account_id: Option<Text> = "ACME-GROUP";
    /// The industry, in the source's words.
    industry: Option<Text> = "hotels";
    /// The country, as ISO 3166 code where the source has one.
    country: Option<Text> = "DE";
    /// How many people work there.
    n_employees: Option<Integer> = "240";
    /// The tax number.
    tax_number: Option<Text> = "DE123456789";
    /// The day on which the account was opened.
    opened_on: Option<Day> = "2022-09-01";
    /// Days within which invoices are to be paid.
    payment_terms_days: Option<Integer> = "30";
    /// What the account may owe at most.
    credit_limit: Option<Money> = "20000.00";
    /// The currency of the limit, as ISO 4217 code.
    currency: Option<Text> = "EUR";
    /// Who looks after it.
    agent: Option<Text> = "grace";
    /// The state in the source's own words, in lower case.
    status: Option<Text> = "active";
    /// Labels, comma separated.
    tags: Option<Text> = "chain";
}
