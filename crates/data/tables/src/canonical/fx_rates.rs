//! What one currency is worth in another.

use crate::table::canonical_table;

canonical_table! {
    /// One rate of exchange of one day. Amounts in several currencies are added up by these rates, and never without.
    "fx_rates", FxRate, FxRates;
    key quoted_on from_currency to_currency;
    owner quoted_on from_currency to_currency;
    day quoted_on;
    check currency_code: from_currency to_currency;
    check not_same(from_currency): to_currency;
    check positive: rate;
    /// The day that the rate is of; it holds until the next one.
    quoted_on: Day = "2024-03-08";
    /// The currency that is changed, as ISO 4217 code.
    from_currency: Text = "USD";
    /// The currency that it is changed into, as ISO 4217 code.
    to_currency: Text = "EUR";
    /// Units of the second currency for one unit of the first.
    rate: Real = "0.9137";
    /// Who published the rate.
    publisher: Option<Text> = "European Central Bank";
}
