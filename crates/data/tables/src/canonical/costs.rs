//! What orders and products cost the shop.

use crate::table::canonical_table;

canonical_table! {
    /// One cost: of an order, of a line, of each piece of a product, or by a rule for all orders that it fits. A cost of a line goes before
    /// one of its product, one of an order before a rule of the same kind. A cost that nobody stated is missing, and not zero.
    "costs", Cost, Costs;
    key scope target line kind valid_from;
    owner scope target line kind valid_from;
    check one_of("order" "line" "product" "rule"): scope;
    check one_of("unit_cost" "shipping" "fee" "service"): kind;
    check one_of("order" "line" "piece"): per;
    check not_blank: target;
    check not_negative: line amount;
    check some_of: amount sales_ratio;
    check ratio: sales_ratio;
    check currency_code: currency;
    check not_before(valid_from): valid_until;
    /// What the cost is of: order, line, product or rule.
    scope: Text = "product";
    /// The id of the order or product, or the name of the rule.
    target: Text = "MUG-BLUE";
    /// The line of the order; 0 where the cost is not of a line.
    line: Integer = "0";
    /// What it was spent on: unit_cost, shipping, fee or service.
    kind: Text = "unit_cost";
    /// What the amount is for: each order, each line or each piece.
    per: Text = "piece";
    /// The amount, positive; it and the ratio add up where both are given.
    amount: Option<Money> = "4.20";
    /// The currency of the amount, as ISO 4217 code.
    currency: Option<Text> = "EUR";
    /// The cost as a share of what was charged, 0 to 1.
    sales_ratio: Option<Real> = "0.029";
    /// The first day of orders that it holds for; 1970-01-01 where it always held.
    valid_from: Day = "2024-01-01";
    /// The last day of orders that it holds for; empty where it still holds.
    valid_until: Option<Day> = "2024-12-31";
    /// The rule holds for orders of this channel only.
    channel: Option<Text> = "web";
    /// The rule holds for orders to this country only.
    country: Option<Text> = "DE";
    /// The rule holds for products of this category only.
    category: Option<Text> = "kitchen > mugs";
    /// The rule holds for orders paid in this way only.
    payment_method: Option<Text> = "card";
}
