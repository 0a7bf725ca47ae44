//! What was spent on advertising.

use crate::table::canonical_table;

canonical_table! {
    /// What one advertisement, or one campaign where nothing finer is told, cost on one day or in one stretch of days.
    /// A campaign's day is replaced as a whole, so that the same spend, told by campaign and again by advertisement, counts once.
    "ad_spend", AdSpend, AdSpendRows;
    key spent_on last_on channel campaign ad_set ad;
    owner spent_on channel campaign;
    day spent_on;
    check not_blank: channel;
    check not_before(spent_on): last_on;
    check not_negative: amount impressions clicks stated_conversions stated_value;
    check currency_code: currency;
    /// The day, or the first day of the stretch.
    spent_on: Day = "2024-03-01";
    /// The last day of the stretch; the same day where days are told apart.
    last_on: Day = "2024-03-01";
    /// The channel that was paid.
    channel: Text = "meta";
    /// The campaign's id, or its name where it has none; empty where the source tells no campaigns.
    campaign: Text = "23851";
    /// The campaign's name.
    campaign_name: Option<Text> = "Spring";
    /// The group of advertisements; empty where the source tells none.
    ad_set: Text = "Berlin, 25 to 40";
    /// The advertisement; empty where the source tells none.
    ad: Text = "Mug, video";
    /// What was spent.
    amount: Money = "84.10";
    /// The currency of the amounts, as ISO 4217 code.
    currency: Option<Text> = "EUR";
    /// How often it was shown.
    impressions: Option<Integer> = "12040";
    /// How often it was clicked.
    clicks: Option<Integer> = "311";
    /// How many orders the channel claims.
    stated_conversions: Option<Real> = "6";
    /// What these orders are worth, as the channel claims.
    stated_value: Option<Money> = "290.00";
}
