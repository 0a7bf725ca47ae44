//! How orders reached customers.

use crate::table::canonical_table;

canonical_table! {
    /// One parcel or delivery of an order: what was promised, and what became of it. What it cost the shop stands in `costs`.
    "shipments", Shipment, Shipments;
    key order_id shipment_id;
    owner order_id;
    check not_blank: order_id shipment_id;
    check not_before(shipped_on): delivered_on;
    /// The order.
    order_id: Text = "#1001";
    /// The shipment's id, or its place in its order where the source has none.
    shipment_id: Text = "1";
    /// The day on which it left.
    shipped_on: Option<Day> = "2024-03-10";
    /// The last day on which it was promised to arrive.
    promised_on: Option<Day> = "2024-03-13";
    /// The day on which it arrived; empty while it is under way.
    delivered_on: Option<Day> = "2024-03-14";
    /// Who carried it.
    carrier: Option<Text> = "DHL";
    /// How it was sent.
    service: Option<Text> = "standard";
    /// The carrier's number.
    tracking_number: Option<Text> = "00340434161094015902";
    /// The state in the source's own words, in lower case.
    status: Option<Text> = "delivered";
    /// The country that it went to, as ISO 3166 code where the source has one.
    country: Option<Text> = "DE";
    /// Postal code that it went to, as text.
    postal_code: Option<Text> = "10115";
    /// Whether it came back to the shop.
    is_returned: Option<Flag> = "false";
}
