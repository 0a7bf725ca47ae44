//! Campaigns and automations.

use crate::table::canonical_table;

canonical_table! {
    /// One campaign: a mailing, an automation, a promotion. Whom it reached stands in `messages`, what advertising cost in `ad_spend`.
    "campaigns", Campaign, Campaigns;
    key campaign_id;
    owner campaign_id;
    check not_blank: campaign_id;
    check one_of("reach" "acquisition" "conversion" "retention" "loyalty" "advocacy"): lifecycle_stage;
    check not_before(started_on): ended_on;
    check not_negative: cost;
    check ratio: control_ratio;
    check currency_code: currency;
    /// The campaign's id, or its name where it has none.
    campaign_id: Text = "C-17";
    /// The name.
    name: Option<Text> = "Second order, with thanks";
    /// What it is: mailing, automation, promotion, advertising, or the source's own word.
    kind: Option<Text> = "automation";
    /// How it reaches people.
    channel: Option<Text> = "email";
    /// The lifecycle stage that it works on: reach, acquisition, conversion, retention, loyalty or advocacy.
    lifecycle_stage: Option<Text> = "retention";
    /// The segment that it is for, by name.
    segment: Option<Text> = "one order";
    /// The subject line or the first words.
    subject: Option<Text> = "Thank you, Ada";
    /// The first day.
    started_on: Option<Day> = "2024-03-01";
    /// The last day; empty while it runs.
    ended_on: Option<Day> = "2024-05-31";
    /// What it cost in all, advertising aside.
    cost: Option<Money> = "150.00";
    /// The currency of the cost, as ISO 4217 code.
    currency: Option<Text> = "EUR";
    /// Share of customers who were left out as control, 0 to 1.
    control_ratio: Option<Real> = "0.1";
    /// What it is to achieve, in a few words.
    goal: Option<Text> = "second order within 60 days";
    /// The team that it belongs to.
    team: Option<Text> = "marketing";
}
