//! Orders as the shop booked them.

use crate::table::canonical_table;

canonical_table! {
    /// One order as the shop booked it; what was given back stands in `refunds`.
    "orders", Order, Orders;
    key order_id;
    owner order_id;
    day ordered_on;
    check not_blank: order_id;
    check not_negative: total discount shipping tax tip;
    check currency_code: currency;
    /// The order's id or number, unique within its shop.
    order_id: Text = "450789469";
    /// The number that the customer sees, where it is not the id.
    number: Option<Text> = "#1001";
    /// The day of the order in the shop's time zone.
    ordered_on: Day = "2024-03-09";
    /// The moment of the order, where the source tells the time and its zone.
    ordered_at: Option<Instant> = "2024-03-09T13:05:00Z";
    /// The customer's id in the source; see `identities` for who that is.
    customer_id: Option<Text> = "5871";
    /// The e-mail address on the order, in lower case.
    email: Option<Text> = "ada@example.com";
    /// The telephone number on the order, digits with a leading plus.
    phone: Option<Text> = "+4930123456";
    /// The currency of every amount of the order, as ISO 4217 code.
    currency: Option<Text> = "EUR";
    /// What the customer paid or owes for the whole order, with shipping and tax, before refunds.
    total: Money = "59.80";
    /// The items at the prices that were charged, after discounts, without shipping.
    items: Option<Money> = "54.90";
    /// Discounts that were given, positive.
    discount: Option<Money> = "5.00";
    /// Shipping that the customer was charged.
    shipping: Option<Money> = "4.90";
    /// Tax of the order, whether the prices hold it or not.
    tax: Option<Money> = "9.55";
    /// Tips and other gratuities.
    tip: Option<Money> = "0.00";
    /// The state in the source's own words, in lower case.
    status: Option<Text> = "paid";
    /// Whether the order was cancelled, voided or never paid: such an order is kept and counts nowhere.
    is_cancelled: Flag = "false";
    /// Where the order came from.
    channel: Option<Text> = "web";
    /// The country that it was sent or billed to, as ISO 3166 code where the source has one.
    country: Option<Text> = "DE";
    /// The discount code that was used first.
    coupon: Option<Text> = "SPRING";
    /// Labels of the shop, comma separated.
    tags: Option<Text> = "wholesale";
}
