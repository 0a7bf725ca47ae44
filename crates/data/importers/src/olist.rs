//! The files of the Brazilian marketplace Olist: orders, payments, lines, customers, products, reviews, sellers, leads, deals.
//!
//! An order is spread over files: its day, customer and state stand in `orders`, its money in `payments`, its lines in `items`.
//! So the orders' file is read first and its heads are given to the readers of the others, see [`crate::order_heads`]; orders
//! come out with their payments. A `customer_id` is of one order: `customers` links it to the person's `customer_unique_id`.

pub mod closed_deals;
pub mod customers;
pub mod items;
pub mod leads;
pub mod orders;
pub mod payments;
pub mod products;
pub mod reviews;
pub mod sellers;

/// All amounts are in Brazilian reais; the files have no column for it.
const CURRENCY: &str = "BRL";

/// States in which nothing was sold.
const CANCELLED: [&str; 2] = ["canceled", "unavailable"];

/// Postal codes begin with five digits, of which a program that took them for numbers lost the leading noughts.
fn postal_code(cell: &str) -> String {
    format!("{:0>5}", cell.strip_suffix(".0").unwrap_or(cell))
}
