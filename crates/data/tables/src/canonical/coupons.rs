//! Discount codes and gifts.

use crate::table::canonical_table;

canonical_table! {
    /// One code that gives a discount or a gift, and to whom it was given. Orders name the code that they used.
    "coupons", Coupon, Coupons;
    key code;
    owner code;
    check not_blank: code;
    check one_of("ratio" "amount" "free_shipping" "gift"): kind;
    check ratio: discount_ratio;
    check not_negative: discount minimum_total;
    check positive: allowed_uses;
    check currency_code: currency;
    check not_before(valid_from): valid_until;
    /// The code, as it is typed in.
    code: Text = "SPRING";
    /// What it gives: ratio, amount, free_shipping or gift.
    kind: Option<Text> = "ratio";
    /// The share of the price that it takes off, 0 to 1.
    discount_ratio: Option<Real> = "0.1";
    /// The amount that it takes off, positive.
    discount: Option<Money> = "5.00";
    /// The smallest order that it holds for.
    minimum_total: Option<Money> = "40.00";
    /// The currency of the amounts, as ISO 4217 code.
    currency: Option<Text> = "EUR";
    /// The product that is given, for gifts.
    product_id: Option<Text> = "MUG-MINI";
    /// The first day on which it holds.
    valid_from: Option<Day> = "2024-03-01";
    /// The last day on which it holds.
    valid_until: Option<Day> = "2024-03-31";
    /// How often it may be used in all; empty where as often as one likes.
    allowed_uses: Option<Integer> = "1";
    /// The customer it was given to, by id in the source; empty where anybody may use it.
    customer_id: Option<Text> = "5871";
    /// The e-mail address that it was given to, in lower case.
    email: Option<Text> = "ada@example.com";
    /// The campaign that gave it, see `campaigns`.
    campaign_id: Option<Text> = "C-17";
    /// Why it was given, in the shop's words.
    reason: Option<Text> = "thanks for the first order";
}
