//! Subscriptions.

use crate::table::canonical_table;

canonical_table! {
    /// One subscription, from its start to its end. A customer may have several. The day of the notice and the day on which it ends are two.
    "subscriptions", Subscription, Subscriptions;
    key subscription_id;
    owner subscription_id;
    day started_on;
    check not_blank: subscription_id;
    check some_of: customer_id email account_id;
    check some_of: started_on n_intervals;
    check positive: quantity interval_count;
    check one_of("day" "week" "month" "year"): interval_unit;
    check not_negative: amount;
    check currency_code: currency;
    check not_before(started_on): ended_on;
    check not_before(period_from): period_until;
    /// The subscription's id.
    subscription_id: Text = "sub_1Or2";
    /// The customer's id in the source.
    customer_id: Option<Text> = "5871";
    /// The e-mail address, in lower case.
    email: Option<Text> = "ada@example.com";
    /// The account that pays, see `accounts`.
    account_id: Option<Text> = "ACME";
    /// What was subscribed to, by name.
    plan: Option<Text> = "Coffee, monthly";
    /// The product that was subscribed to.
    product_id: Option<Text> = "COFFEE-1KG";
    /// How many of it.
    quantity: Option<Real> = "1";
    /// What one interval costs.
    amount: Option<Money> = "18.00";
    /// The currency of the amount, as ISO 4217 code.
    currency: Option<Text> = "EUR";
    /// The unit of the interval between payments: day, week, month or year.
    interval_unit: Option<Text> = "month";
    /// How many units one interval has.
    interval_count: Option<Integer> = "1";
    /// The state in the source's own words, in lower case.
    status: Option<Text> = "active";
    /// The first day, of the trial where there was one; empty where the source tells only how long it ran.
    started_on: Option<Day> = "2024-03-01";
    /// The last day of the trial.
    trial_ended_on: Option<Day> = "2024-03-14";
    /// The first day of the interval that is running or ran last.
    period_from: Option<Day> = "2024-06-01";
    /// The last day of that interval.
    period_until: Option<Day> = "2024-06-30";
    /// The day on which notice was given; the subscription may run on after it.
    canceled_on: Option<Day> = "2024-06-12";
    /// The day on which it ended; empty while it runs.
    ended_on: Option<Day> = "2024-06-30";
    /// Why it was ended, in the source's words.
    cancel_reason: Option<Text> = "moved away";
    /// Whether it renews unless somebody objects.
    is_renewing: Option<Flag> = "true";
    /// How many intervals it has run, where the source tells no days.
    n_intervals: Option<Integer> = "4";
    /// Whether it has ended, where the source tells no day of it.
    is_ended: Option<Flag> = "false";
}
