//! The ledger of loyalty points.

use crate::table::canonical_table;

canonical_table! {
    /// One posting of the ledger of points. An entry has two postings at least, and they sum to zero: points go from an account to another,
    /// and none appear or vanish. What the account `held` of a customer sums to is what they may spend.
    "loyalty_entries", LoyaltyEntry, LoyaltyEntries;
    key entry_id posting;
    owner entry_id;
    day booked_on;
    check not_blank: entry_id;
    check positive: posting;
    check one_of("held" "issued" "redeemed" "expired" "adjusted"): points_account;
    check not_zero: points;
    check balanced(entry_id): points;
    check not_negative: reward_value;
    check currency_code: currency;
    check not_before(booked_on): expires_on;
    /// The entry.
    entry_id: Text = "L-400";
    /// The posting's place in its entry, from 1.
    posting: Integer = "1";
    /// The day in the shop's time zone.
    booked_on: Day = "2024-03-09";
    /// The moment, where the source tells the time and its zone.
    booked_at: Option<Instant> = "2024-03-09T13:05:00Z";
    /// The account of the ledger: held by the customer, or issued, redeemed, expired or adjusted by the shop.
    points_account: Text = "held";
    /// The customer whose points they are, by id in the source.
    customer_id: Option<Text> = "5871";
    /// The e-mail address, in lower case.
    email: Option<Text> = "ada@example.com";
    /// Points, with sign: what the account gains.
    points: Integer = "50";
    /// What for, in the source's words.
    reason: Option<Text> = "order";
    /// The order that earned or used the points.
    order_id: Option<Text> = "#1001";
    /// The day on which points that were earned lapse.
    expires_on: Option<Day> = "2025-03-09";
    /// The tier of the customer after the entry.
    tier: Option<Text> = "silver";
    /// What the reward that was taken cost the shop.
    reward_value: Option<Money> = "5.00";
    /// The currency of the reward's value, as ISO 4217 code.
    currency: Option<Text> = "EUR";
}
