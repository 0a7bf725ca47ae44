//! What people did on the site and elsewhere, orders aside.

use crate::table::canonical_table;

canonical_table! {
    /// One thing that somebody did: viewed a product, searched, sent a form, joined a meeting.
    /// Events of a visitor without a name become a customer's once `identities` links the visitor's id.
    "events", Event, Events;
    key event_id;
    owner event_id;
    day happened_on;
    check not_blank: event_id kind;
    check some_of: anonymous_id customer_id email phone;
    check currency_code: currency;
    /// The event's id.
    event_id: Text = "e-77120";
    /// The day in the shop's time zone.
    happened_on: Day = "2024-03-09";
    /// The moment, where the source tells the time and its zone.
    happened_at: Option<Instant> = "2024-03-09T12:59:10Z";
    /// What was done, in lower case: visit, view, search, form, cart, or the source's own word.
    kind: Text = "view";
    /// The id of a visitor who is not known by name.
    anonymous_id: Option<Text> = "9b1f.1709989080";
    /// The customer's id in the source.
    customer_id: Option<Text> = "5871";
    /// The e-mail address, in lower case.
    email: Option<Text> = "ada@example.com";
    /// The telephone number, digits with a leading plus.
    phone: Option<Text> = "+4930123456";
    /// The visit that it was part of.
    session_id: Option<Text> = "1709989080";
    /// The page, without its host.
    page: Option<Text> = "/products/mug";
    /// The page that led here.
    referrer: Option<Text> = "https://www.example.org/";
    /// The product that it was about.
    product_id: Option<Text> = "MUG-BLUE";
    /// Pieces, for carts.
    quantity: Option<Real> = "1";
    /// The words that were searched.
    search_text: Option<Text> = "blue mug";
    /// The form that was sent.
    form: Option<Text> = "back in stock";
    /// The order that it was about.
    order_id: Option<Text> = "#1001";
    /// The money that it was about.
    amount: Option<Money> = "12.50";
    /// The currency of the amount, as ISO 4217 code.
    currency: Option<Text> = "EUR";
    /// What else is known of it, as JSON object.
    attributes: Option<Text> = "{\"device\":\"phone\"}";
}
