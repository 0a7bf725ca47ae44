//! Importers from the text of a file to canonical rows.
#![allow(
    clippy::unwrap_used,
    missing_docs,
    unreachable_pub,
    reason = "a test may stop at the first surprise, and nobody reads its documentation"
)]

mod advertising;
mod business;
mod ga4;
mod generic_orders;
mod list;
mod marketplaces;
mod nasty_cells;
mod olist;
mod online_retail;
mod read;
mod services;
mod shop_platforms;
mod shopify_customers;
mod shopify_json;
mod shopify_orders;
mod shopify_transporter;
mod square;
mod stripe;
mod woocommerce;
