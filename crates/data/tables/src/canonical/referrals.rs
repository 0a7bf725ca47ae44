//! Who brought whom.

use crate::table::canonical_table;

canonical_table! {
    /// One recommendation: who gave it, and who came. Nobody recommends the shop to themselves.
    "referrals", Referral, Referrals;
    key referral_id;
    owner referral_id;
    day referred_on;
    check not_blank: referral_id;
    check some_of: customer_id email;
    check not_same(customer_id): friend_customer_id;
    check not_same(email): friend_email;
    check not_negative: reward friend_reward;
    check currency_code: currency;
    /// The referral's id, or the friend's order where it was read from an order.
    referral_id: Text = "ref-51";
    /// The day in the shop's time zone.
    referred_on: Day = "2024-04-02";
    /// The customer who recommended, by id in the source.
    customer_id: Option<Text> = "5871";
    /// The e-mail address of the one who recommended, in lower case.
    email: Option<Text> = "ada@example.com";
    /// The friend who came, by id in the source; empty while nobody came.
    friend_customer_id: Option<Text> = "6012";
    /// The friend's e-mail address, in lower case.
    friend_email: Option<Text> = "charles@example.com";
    /// The code or link that was used.
    code: Option<Text> = "ADA-FRIENDS";
    /// The friend's first order.
    order_id: Option<Text> = "#1088";
    /// The state in the source's own words, in lower case.
    status: Option<Text> = "ordered";
    /// What the one who recommended got, in money.
    reward: Option<Money> = "10.00";
    /// What the friend got, in money.
    friend_reward: Option<Money> = "5.00";
    /// The currency of the rewards, as ISO 4217 code.
    currency: Option<Text> = "EUR";
}
