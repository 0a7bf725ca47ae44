//! The lines of orders.

use crate::table::canonical_table;

canonical_table! {
    /// One line of an order: a product, how many pieces, and what was charged.
    "order_lines", OrderLine, OrderLines;
    key order_id line;
    owner order_id;
    day ordered_on;
    check not_blank: order_id;
    check positive: line;
    check not_zero: quantity;
    check not_negative: discount;
    check currency_code: currency;
    /// The order that the line is of.
    order_id: Text = "#1001";
    /// The line's place in its order, from 1.
    line: Integer = "1";
    /// The day of the order in the shop's time zone.
    ordered_on: Day = "2024-03-09";
    /// The product's id, stock keeping unit or, where there is none, its name.
    product_id: Option<Text> = "MUG-BLUE";
    /// The product's name as it stood on the order.
    product_name: Option<Text> = "Mug, blue";
    /// Pieces; negative for what came back.
    quantity: Real = "2";
    /// Price of one piece before discounts.
    unit_price: Option<Money> = "12.50";
    /// What was charged for the line, after discounts.
    amount: Option<Money> = "22.50";
    /// Discount on the line, positive.
    discount: Option<Money> = "2.50";
    /// The currency of the line, as ISO 4217 code.
    currency: Option<Text> = "EUR";
    /// Brand or supplier of the product.
    vendor: Option<Text> = "Northwind";
    /// What the customer had changed about the product, as the source writes it.
    options: Option<Text> = "engraving: A. L.";
}
