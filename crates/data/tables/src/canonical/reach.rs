//! How many people the shop reached.

use crate::table::canonical_table;

canonical_table! {
    /// One count of one day or stretch of days: how often the shop was shown, searched by name, or visited.
    "reach", ReachCount, ReachCounts;
    key seen_on last_on channel measure subject;
    owner seen_on channel measure;
    day seen_on;
    check not_blank: channel;
    check one_of("impressions" "people" "searches" "branded_searches" "clicks" "visits" "visitors" "followers"): measure;
    check not_negative: count;
    check not_before(seen_on): last_on;
    /// The day, or the first day of the stretch.
    seen_on: Day = "2024-03-01";
    /// The last day of the stretch; the same day where days are told apart.
    last_on: Day = "2024-03-01";
    /// Where it was counted.
    channel: Text = "google";
    /// What was counted: impressions, people, searches, branded_searches, clicks, visits, visitors or followers.
    measure: Text = "branded_searches";
    /// What it was counted for: a query, a page, a campaign; empty for all of the channel.
    subject: Text = "northwind mugs";
    /// The country, as ISO 3166 code where the source has one.
    country: Option<Text> = "DE";
    /// How often; people and visitors are counted once, and must not be added up over days.
    count: Integer = "318";
}
