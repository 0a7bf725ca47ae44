//! What others reach, as somebody published it.

use crate::table::canonical_table;

canonical_table! {
    /// One number of an industry or a competitor, with who published it and when. None ships with the program: all are the user's.
    "benchmarks", Benchmark, Benchmarks;
    key metric peer publisher published_on;
    owner metric peer publisher published_on;
    day published_on;
    check not_blank: metric peer publisher;
    check not_negative: standard_deviation;
    check positive: n;
    check currency_code: currency;
    check not_before(period_from): period_until;
    /// The metric, by the name that `clv metric` knows.
    metric: Text = "retention-rate";
    /// Whom it is of: an industry or a competitor.
    peer: Text = "kitchen ware, online";
    /// The number, in the metric's unit.
    value: Real = "0.62";
    /// How far the peers lie from it, as standard deviation in the metric's unit.
    standard_deviation: Option<Real> = "0.06";
    /// How many firms or customers the number rests on.
    n: Option<Integer> = "140";
    /// The currency, for metrics in money, as ISO 4217 code.
    currency: Option<Text> = "EUR";
    /// The country that it holds for, as ISO 3166 code.
    country: Option<Text> = "DE";
    /// The first day that the number is about.
    period_from: Option<Day> = "2023-01-01";
    /// The last day that the number is about.
    period_until: Option<Day> = "2023-12-31";
    /// Who published it.
    publisher: Text = "Trade association";
    /// The day on which it was published.
    published_on: Day = "2024-02-01";
    /// Where it can be read.
    link: Option<Text> = "https://www.example.org/report";
    /// How the peers define the metric, where that differs.
    note: Option<Text> = "still buying after 12 months";
}
