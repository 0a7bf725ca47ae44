//! Memberships that are paid for.

use crate::table::canonical_table;

canonical_table! {
    /// One membership of one customer, from its start to its end: what they pay for it, and what its benefits cost the shop.
    "memberships", Membership, Memberships;
    key membership_id;
    owner membership_id;
    day started_on;
    check not_blank: membership_id;
    check some_of: customer_id email;
    check not_negative: fee benefit_cost;
    check positive: period_months;
    check currency_code: currency;
    check not_before(started_on): ended_on;
    /// The membership's id.
    membership_id: Text = "MB-9";
    /// The customer's id in the source.
    customer_id: Option<Text> = "5871";
    /// The e-mail address, in lower case.
    email: Option<Text> = "ada@example.com";
    /// The programme or its tier, by name.
    plan: Option<Text> = "Plus";
    /// The first day.
    started_on: Day = "2024-03-09";
    /// The last day; empty while it runs.
    ended_on: Option<Day> = "2025-03-08";
    /// The day on which notice was given.
    canceled_on: Option<Day> = "2025-01-20";
    /// The fee of one period.
    fee: Option<Money> = "49.00";
    /// Months that one fee pays for.
    period_months: Option<Integer> = "12";
    /// What the benefits cost the shop since the start, where it keeps count.
    benefit_cost: Option<Money> = "31.40";
    /// The currency of the amounts, as ISO 4217 code.
    currency: Option<Text> = "EUR";
    /// The state in the source's own words, in lower case.
    status: Option<Text> = "active";
}
