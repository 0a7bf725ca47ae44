//! Where marketing met people.

use crate::table::canonical_table;

canonical_table! {
    /// One meeting of a person with the shop's marketing: a click, a code that was used, an answer to "how did you hear of us".
    /// Several rules credit touchpoints differently; this table only says what is known.
    "touchpoints", Touchpoint, Touchpoints;
    key touchpoint_id;
    owner touchpoint_id;
    day touched_on;
    check not_blank: touchpoint_id;
    check one_of("click" "visit" "view" "code" "told" "referral"): kind;
    check some_of: customer_id email anonymous_id order_id;
    /// The touchpoint's id, or the order's where it was read from an order.
    touchpoint_id: Text = "1001-utm";
    /// The day in the shop's time zone.
    touched_on: Day = "2024-03-09";
    /// The moment, where the source tells the time and its zone.
    touched_at: Option<Instant> = "2024-03-09T12:58:00Z";
    /// What happened: click, visit, view, code, told or referral.
    kind: Text = "click";
    /// The customer's id in the source.
    customer_id: Option<Text> = "5871";
    /// The e-mail address, in lower case.
    email: Option<Text> = "ada@example.com";
    /// The id of a visitor who is not known by name.
    anonymous_id: Option<Text> = "9b1f.1709989080";
    /// The order that it led to, where the source says so.
    order_id: Option<Text> = "#1001";
    /// The channel, in the shop's words.
    channel: Option<Text> = "meta";
    /// Where the visit came from, as `utm_source` says.
    traffic_source: Option<Text> = "facebook";
    /// The means, as `utm_medium` says.
    medium: Option<Text> = "cpc";
    /// The campaign, as `utm_campaign` says or by id.
    campaign: Option<Text> = "23851";
    /// What was clicked, as `utm_content` says.
    content: Option<Text> = "mug-video";
    /// The words that were searched, as `utm_term` says.
    term: Option<Text> = "blue mug";
    /// The page that the visit began on.
    landing_page: Option<Text> = "/products/mug";
    /// The discount code that was used.
    coupon: Option<Text> = "SPRING";
    /// Whether the shop paid for the meeting.
    is_paid: Option<Flag> = "true";
}
