//! What was given back.

use crate::table::canonical_table;

canonical_table! {
    /// One refund, return or credit note.
    "refunds", Refund, Refunds;
    key order_id refund_id;
    owner order_id;
    day refunded_on;
    check not_blank: refund_id;
    check not_negative: amount;
    check positive: quantity;
    check currency_code: currency;
    /// The order that it is of; the refund's own document, such as a credit note, where the source does not tell.
    order_id: Text = "#1001";
    /// The refund's id, or its place in its order where the source has none.
    refund_id: Text = "1";
    /// The day of the refund in the shop's time zone; the order's day where the source dates no refunds.
    refunded_on: Day = "2024-03-20";
    /// Whether the source dated the refund itself.
    is_dated: Flag = "true";
    /// The moment of the refund, where the source tells the time and its zone.
    refunded_at: Option<Instant> = "2024-03-20T08:00:00Z";
    /// What was given back, positive.
    amount: Money = "12.50";
    /// The currency of the amount, as ISO 4217 code.
    currency: Option<Text> = "EUR";
    /// The product that came back, where the refund is of one.
    product_id: Option<Text> = "MUG-BLUE";
    /// Pieces that came back, positive.
    quantity: Option<Real> = "1";
    /// The reason, in the source's words.
    reason: Option<Text> = "damaged";
    /// The customer's id in the source, as on the order.
    customer_id: Option<Text> = "5871";
    /// The e-mail address as on the order, in lower case.
    email: Option<Text> = "ada@example.com";
    /// The telephone number as on the order, digits with a leading plus.
    phone: Option<Text> = "+4930123456";
}
