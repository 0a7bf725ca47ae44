//! People who might buy.

use crate::table::canonical_table;

canonical_table! {
    /// One person or firm that showed interest, and how far they came.
    "leads", Lead, Leads;
    key lead_id;
    owner lead_id;
    day created_on;
    check not_blank: lead_id;
    check not_before(created_on): qualified_on converted_on lost_on;
    check not_before(consented_at): confirmed_at;
    /// The lead's id.
    lead_id: Text = "LD-301";
    /// The day on which the lead came, in the shop's time zone.
    created_on: Day = "2024-02-11";
    /// The moment at which the lead came, where the source tells the time and its zone.
    created_at: Option<Instant> = "2024-02-11T09:30:00Z";
    /// The customer's id in the source, once there is one.
    customer_id: Option<Text> = "5871";
    /// The e-mail address, in lower case.
    email: Option<Text> = "ada@example.com";
    /// The telephone number, digits with a leading plus.
    phone: Option<Text> = "+4930123456";
    /// The name.
    name: Option<Text> = "Ada Lovelace";
    /// The firm, by name.
    company: Option<Text> = "Acme Hotels";
    /// The account, see `accounts`.
    account_id: Option<Text> = "ACME";
    /// The channel, in the shop's words.
    channel: Option<Text> = "fair";
    /// The campaign, see `campaigns`.
    campaign_id: Option<Text> = "C-17";
    /// The form that brought the lead.
    form: Option<Text> = "catalogue by post";
    /// The state in the source's own words, in lower case.
    status: Option<Text> = "qualified";
    /// Who works on it.
    agent: Option<Text> = "grace";
    /// The source's own score.
    stated_score: Option<Real> = "72";
    /// The day on which somebody found the lead worth an offer.
    qualified_on: Option<Day> = "2024-02-13";
    /// The day on which the lead became an opportunity or a customer.
    converted_on: Option<Day> = "2024-02-20";
    /// The day on which the lead was given up.
    lost_on: Option<Day> = "2024-04-30";
    /// Why the lead was given up.
    lost_reason: Option<Text> = "no budget";
    /// The text that was agreed to.
    consent_text: Option<Text> = "Send me the catalogue.";
    /// The moment at which it was agreed to.
    consented_at: Option<Instant> = "2024-02-11T09:30:00Z";
    /// The moment at which the address was confirmed; empty where nobody answered.
    confirmed_at: Option<Instant> = "2024-02-11T09:34:00Z";
}
