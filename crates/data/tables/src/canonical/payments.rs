//! Money that came in.

use crate::table::canonical_table;

canonical_table! {
    /// One payment or attempt at one; an order may be paid in several. What failed is kept and counts nowhere.
    "payments", Payment, Payments;
    key payment_id;
    owner payment_id;
    day paid_on;
    check not_blank: payment_id;
    check not_negative: amount refunded fee tip;
    check positive: n_instalments;
    check currency_code: currency;
    /// The payment's id, or the order's with the payment's place where the source has none.
    payment_id: Text = "ch_3Or2";
    /// The day in the shop's time zone; empty where the source tells it only with the order, and the order is not there.
    paid_on: Option<Day> = "2024-03-09";
    /// The moment, where the source tells the time and its zone.
    paid_at: Option<Instant> = "2024-03-09T13:05:12Z";
    /// The order that it is for.
    order_id: Option<Text> = "#1001";
    /// The invoice that it is for, see `invoices`.
    invoice_id: Option<Text> = "INV-2024-118";
    /// The subscription that it is for, see `subscriptions`.
    subscription_id: Option<Text> = "sub_1Or2";
    /// The customer's id in the source.
    customer_id: Option<Text> = "5871";
    /// The e-mail address, in lower case.
    email: Option<Text> = "ada@example.com";
    /// What was paid.
    amount: Money = "59.80";
    /// What was given back of it since, positive.
    refunded: Option<Money> = "12.50";
    /// What the payment cost the shop, positive.
    fee: Option<Money> = "2.03";
    /// The tip in the amount.
    tip: Option<Money> = "0.00";
    /// The currency of the amounts, as ISO 4217 code.
    currency: Option<Text> = "EUR";
    /// How it was paid.
    method: Option<Text> = "card";
    /// In how many instalments.
    n_instalments: Option<Integer> = "1";
    /// The state in the source's own words, in lower case.
    status: Option<Text> = "paid";
    /// Whether it failed, was voided or never captured.
    is_failed: Flag = "false";
    /// What it was for, in the source's words.
    description: Option<Text> = "Order #1001";
}
