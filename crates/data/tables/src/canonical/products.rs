//! What the shop sells.

use crate::table::canonical_table;

canonical_table! {
    /// One product as it can be bought: a variant where the shop has variants. What it costs the shop stands in `costs`.
    "products", Product, Products;
    key product_id;
    owner product_id;
    check not_blank: product_id;
    check not_negative: unit_price warranty_months;
    check currency_code: currency;
    check not_before(offered_from): offered_until;
    /// The product's id or stock keeping unit, as lines of orders name it.
    product_id: Text = "MUG-BLUE";
    /// The name that customers see.
    name: Option<Text> = "Mug, blue";
    /// The family that the product is a variant or a size of; what a dearer product of the same family is an upsell to.
    family: Option<Text> = "MUG";
    /// The category, from the widest to the narrowest.
    category: Option<Text> = "kitchen > mugs";
    /// Brand or supplier.
    vendor: Option<Text> = "Northwind";
    /// The price of one piece today, before discounts.
    unit_price: Option<Money> = "12.50";
    /// The currency of the price, as ISO 4217 code.
    currency: Option<Text> = "EUR";
    /// Pieces that can be delivered now.
    stock_quantity: Option<Real> = "140";
    /// Whether it can be bought now.
    is_offered: Option<Flag> = "true";
    /// The first day on which it was offered.
    offered_from: Option<Day> = "2023-05-01";
    /// The last day on which it was offered.
    offered_until: Option<Day> = "2026-12-31";
    /// Months of warranty, from the day of the order.
    warranty_months: Option<Integer> = "24";
    /// What the warranty covers, in the words that a decision may cite.
    warranty_terms: Option<Text> = "material and workmanship";
    /// What the product is like, as JSON object.
    attributes: Option<Text> = "{\"colour\":\"blue\"}";
    /// Labels of the shop, comma separated.
    tags: Option<Text> = "gift";
}
