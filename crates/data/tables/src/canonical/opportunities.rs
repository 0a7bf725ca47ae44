//! Deals that are under way.

use crate::table::canonical_table;

canonical_table! {
    /// One deal that may be won: what it would bring, how far it is, and how it ended.
    "opportunities", Opportunity, Opportunities;
    key opportunity_id;
    owner opportunity_id;
    day created_on;
    check not_blank: opportunity_id;
    check not_negative: amount;
    check ratio: stated_win_ratio;
    check currency_code: currency;
    check not_before(created_on): closed_on;
    /// The opportunity's id.
    opportunity_id: Text = "OP-44";
    /// The name.
    name: Option<Text> = "Breakfast ware for 12 houses";
    /// The lead that it came from, see `leads`.
    lead_id: Option<Text> = "LD-301";
    /// The account, see `accounts`.
    account_id: Option<Text> = "ACME";
    /// The customer's id in the source.
    customer_id: Option<Text> = "5871";
    /// The e-mail address, in lower case.
    email: Option<Text> = "ada@example.com";
    /// The day on which it was opened.
    created_on: Day = "2024-02-20";
    /// The stage, in the source's words.
    stage: Option<Text> = "offer sent";
    /// What it would bring.
    amount: Option<Money> = "4800.00";
    /// The currency of the amount, as ISO 4217 code.
    currency: Option<Text> = "EUR";
    /// The chance of winning that the source states, 0 to 1.
    stated_win_ratio: Option<Real> = "0.6";
    /// The day on which it is expected to be decided.
    expected_on: Option<Day> = "2024-04-15";
    /// The day on which it was decided; empty while it is open.
    closed_on: Option<Day> = "2024-04-09";
    /// Whether it was won; empty while it is open.
    is_won: Option<Flag> = "true";
    /// Why it was lost.
    lost_reason: Option<Text> = "price";
    /// The product that it is about.
    product_id: Option<Text> = "MUG-BLUE";
    /// The campaign, see `campaigns`.
    campaign_id: Option<Text> = "C-17";
    /// Who works on it.
    agent: Option<Text> = "grace";
}
