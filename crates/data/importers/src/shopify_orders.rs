//! Shopify's orders export, and the order template of its Transporter.
//!
//! The export has one row per line item. The first row of an order carries its date, customer and total; the rows after it leave
//! them blank, or repeat them after some spreadsheets, so only the first row of each order counts. A refund has no date of its
//! own: it reduces value on the order's day. Voided, expired and cancelled orders are put aside and counted.
//! The template writes payments and refunds of an order as rows of their own, with date and customer on the first.

mod import;
mod json;
mod transporter;

pub use import::IMPORTER;
pub use json::JSON;
pub use transporter::TRANSPORTER_IMPORTER;

use crate::catalogue::{Overrides, Source, share_of};
use crate::error::ImportError;
use crate::plan::{OrderLayout, RowRules, ZeroOrders};
use crate::role::Role;
use crate::sample::Sample;

/// The orders export.
pub const ORDERS: Source = Source {
    id: "shopify-orders",
    title: "Shopify orders export",
    confidence: |sample| {
        share_of(
            sample,
            &[
                "Name",
                "Email",
                "Financial Status",
                "Total",
                "Created at",
                "Lineitem quantity",
                "Lineitem name",
            ],
        )
        .min(if sample.find("Total").is_some() { 1.0 } else { 0.5 })
    },
    roles: |sample, overrides| {
        assign(
            sample,
            overrides,
            &[
                (Role::OrderId, &["Name"], true),
                (Role::OrderNumber, &["Id"], false),
                (Role::CustomerId, &["Email"], true),
                (Role::CustomerFallback, &["Phone"], false),
                (Role::OrderedAt, &["Created at"], true),
                (Role::Amount, &["Total"], true),
                (Role::Currency, &["Currency"], false),
                (Role::Status, &["Financial Status"], false),
                (Role::CancelledAt, &["Cancelled at"], false),
                (Role::RefundedAmount, &["Refunded Amount"], false),
                (Role::ProductId, &["Lineitem sku", "Lineitem name"], false),
                (Role::Channel, &["Source"], false),
                (Role::Discount, &["Discount Amount"], false),
                (Role::Country, &["Shipping Country", "Billing Country"], false),
            ],
        )
    },
    rules: RowRules {
        layout: OrderLayout::FirstRowCounts,
        return_prefix: None,
        cancelled_statuses: &["voided", "expired", "cancelled"],
        zero_orders: ZeroOrders::Drop,
    },
};

/// The order template of the Transporter.
pub const TRANSPORTER: Source = Source {
    id: "shopify-transporter",
    title: "Shopify Transporter order template",
    confidence: |sample| {
        share_of(
            sample,
            &["Name", "Email", "Processed At", "Transaction amount", "Transaction kind"],
        )
    },
    roles: |sample, overrides| {
        assign(
            sample,
            overrides,
            &[
                (Role::OrderId, &["Name"], true),
                (Role::CustomerId, &["Email"], true),
                (Role::CustomerFallback, &["Phone"], false),
                (Role::OrderedAt, &["Processed At"], true),
                (Role::Amount, &["Transaction amount"], true),
                (Role::TransactionKind, &["Transaction kind"], false),
                (Role::Currency, &["Currency"], false),
                (Role::Status, &["Financial Status"], false),
                (Role::CancelledAt, &["Cancelled At"], false),
                (Role::ProductId, &["Lineitem sku", "Lineitem name"], false),
                (Role::Channel, &["Source name"], false),
                (Role::Country, &["Shipping Country", "Billing Country"], false),
            ],
        )
    },
    rules: RowRules {
        layout: OrderLayout::RowsAreEvents,
        return_prefix: None,
        cancelled_statuses: &["voided", "expired", "cancelled"],
        zero_orders: ZeroOrders::Drop,
    },
};

fn assign(
    sample: &Sample,
    overrides: &Overrides,
    names: &[(Role, &[&'static str], bool)],
) -> Result<Vec<(Role, usize)>, ImportError> {
    let mut roles = Vec::new();
    for (role, headings, is_needed) in names {
        let column =
            overrides.column(*role).or_else(|| headings.iter().find_map(|name| sample.find(name)));
        match column {
            Some(column) => roles.push((*role, column)),
            None if !is_needed => {}
            None => {
                return Err(ImportError::NoColumn {
                    file: sample.file.clone(),
                    what: role.id(),
                    headings: sample.heading_list(),
                    expected: headings[0],
                    role: *role,
                });
            }
        }
    }
    Ok(roles)
}
