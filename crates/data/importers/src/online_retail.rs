//! The Online Retail files of a British gift shop (2009 to 2011), in the column names of both releases.
//!
//! One row per line. Invoices that begin with C and lines with a negative quantity are returns. Lines without customer are put
//! aside and counted. Lines at a price of zero are kept: someone did order on that day; with `zero_orders=drop` orders that
//! come to nothing are put aside.

mod import;

pub use import::IMPORTER;

use crate::catalogue::{Overrides, Source, share_of};
use crate::error::ImportError;
use crate::plan::{OrderLayout, RowRules, ZeroOrders};
use crate::role::Role;
use crate::sample::Sample;

/// The source.
pub const SOURCE: Source = Source {
    id: "online-retail",
    title: "Online Retail and Online Retail II order lines",
    confidence: |sample| {
        let first = share_of(
            sample,
            &["InvoiceNo", "StockCode", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID"],
        );
        let second = share_of(
            sample,
            &["Invoice", "StockCode", "Quantity", "InvoiceDate", "Price", "Customer ID"],
        );
        first.max(second)
    },
    roles,
    rules: RowRules {
        layout: OrderLayout::RowsAdd,
        return_prefix: Some("C"),
        cancelled_statuses: &[],
        zero_orders: ZeroOrders::Keep,
    },
};

fn roles(sample: &Sample, overrides: &Overrides) -> Result<Vec<(Role, usize)>, ImportError> {
    let names: [(Role, &[&str], &'static str); 7] = [
        (Role::OrderId, &["InvoiceNo", "Invoice"], "invoice"),
        (Role::ProductId, &["StockCode"], "product"),
        (Role::Quantity, &["Quantity"], "quantity"),
        (Role::OrderedAt, &["InvoiceDate"], "date"),
        (Role::UnitPrice, &["UnitPrice", "Price"], "price"),
        (Role::CustomerId, &["CustomerID"], "customer"),
        (Role::Country, &["Country"], "country"),
    ];
    let mut roles = Vec::new();
    for (role, headings, what) in names {
        let column =
            overrides.column(role).or_else(|| headings.iter().find_map(|name| sample.find(name)));
        match column {
            Some(column) => roles.push((role, column)),
            None if !role.is_read() => {}
            None => {
                return Err(ImportError::NoColumn {
                    file: sample.file.clone(),
                    what,
                    headings: sample.heading_list(),
                    expected: headings[0],
                    role,
                });
            }
        }
    }
    Ok(roles)
}
