//! What customers asked and complained about.

use crate::table::canonical_table;

canonical_table! {
    /// One request to the service: a question, a complaint, a return, a claim under warranty. Scores given to it stand in `surveys`.
    "tickets", Ticket, Tickets;
    key ticket_id;
    owner ticket_id;
    day opened_on;
    check not_blank: ticket_id;
    check not_negative: first_reply_minutes first_reply_business_minutes solved_minutes reply_target_minutes reopens replies goodwill;
    check not_before(opened_at): solved_at;
    check currency_code: currency;
    /// The ticket's id.
    ticket_id: Text = "T-2207";
    /// The day on which it was opened, in the shop's time zone.
    opened_on: Day = "2024-03-15";
    /// The moment at which it was opened, where the source tells the time and its zone.
    opened_at: Option<Instant> = "2024-03-15T08:10:00Z";
    /// The moment at which it was solved last; empty while it is open.
    solved_at: Option<Instant> = "2024-03-15T16:40:00Z";
    /// The customer's id in the source.
    customer_id: Option<Text> = "5871";
    /// The e-mail address, in lower case.
    email: Option<Text> = "ada@example.com";
    /// The telephone number, digits with a leading plus.
    phone: Option<Text> = "+4930123456";
    /// The order that it is about.
    order_id: Option<Text> = "#1001";
    /// The product that it is about.
    product_id: Option<Text> = "MUG-BLUE";
    /// The serial number of the piece that it is about.
    serial_number: Option<Text> = "SN-0042";
    /// What it is: question, complaint, return, warranty, or the source's own word.
    kind: Option<Text> = "warranty";
    /// How it came in.
    channel: Option<Text> = "email";
    /// What it is about, in a line.
    subject: Option<Text> = "Handle broke off";
    /// The state in the source's own words, in lower case.
    status: Option<Text> = "solved";
    /// How urgent it is, in the source's words.
    priority: Option<Text> = "normal";
    /// The team that works on it.
    team: Option<Text> = "service";
    /// Who works on it.
    agent: Option<Text> = "grace";
    /// Labels, comma separated.
    tags: Option<Text> = "breakage";
    /// Minutes to the first reply, by the calendar.
    first_reply_minutes: Option<Real> = "42";
    /// Minutes to the first reply, in business hours.
    first_reply_business_minutes: Option<Real> = "42";
    /// Minutes to the last solution, by the calendar.
    solved_minutes: Option<Real> = "510";
    /// Minutes within which the first reply was promised.
    reply_target_minutes: Option<Real> = "240";
    /// How often it was opened again.
    reopens: Option<Integer> = "0";
    /// How many replies the service wrote.
    replies: Option<Integer> = "2";
    /// How satisfied the customer was, in the source's words.
    satisfaction: Option<Text> = "good";
    /// What was decided on a claim: accepted or refused, or the source's own word.
    decision: Option<Text> = "accepted";
    /// Why it was decided so, with the term that it rests on.
    decision_reason: Option<Text> = "material, within 24 months";
    /// What was given out of goodwill, positive.
    goodwill: Option<Money> = "5.00";
    /// The currency of the goodwill, as ISO 4217 code.
    currency: Option<Text> = "EUR";
}
