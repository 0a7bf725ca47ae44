//! The dashboard's export of payments: amounts in units of the currency, failed and uncaptured ones among them.

use clv_tables::canonical::{orders, payments, refunds};
use clv_tables::{Money, Rule};

use crate::cells::Cells;
use crate::identity_keys::email;
use crate::importer::{Importer, Problem, RowReader, source_columns};
use crate::produced::Produced;

use super::{Charge, ChargeRefund};

/// The importer.
pub static IMPORTER: Importer = Importer {
    id: "stripe-payments",
    title: "Stripe payments export",
    signature: &[
        "id",
        "Created (UTC)|Created date (UTC)",
        "Amount",
        "Amount Refunded",
        "Currency",
        "Status",
        "Captured",
    ],
    not: &["Interval"],
    columns: COLUMNS,
    tables: &[&payments::TABLE, &orders::TABLE, &refunds::TABLE],
    caution: "each payment counts as an order: leave the file out where the shop's own orders are imported; without a column of refund dates refunds count on the day of their payment",
    reader: || Box::new(Reader),
};

source_columns! {
    ID "payment_id" Text needed ["id"];
    CREATED "ordered_at" MomentUtc needed ["Created (UTC)", "Created date (UTC)"];
    AMOUNT "amount" Number needed ["Amount"];
    REFUNDED "refunded_amount" Number optional ["Amount Refunded"];
    REFUNDED_AT "refunded_at" MomentUtc optional ["Refunded date (UTC)"];
    CURRENCY "currency" Text needed ["Currency"];
    STATUS "status" Text needed ["Status"];
    CAPTURED "is_captured" Text optional ["Captured"];
    FEE "fee" Number optional ["Fee"];
    CUSTOMER_ID "customer_id" Text optional ["Customer ID"];
    EMAIL "email" Text optional ["Customer Email"];
    INVOICE_ID "invoice_id" Text optional ["Invoice ID"];
    METHOD "method" Text optional ["Payment Source Type", "Card Brand"];
    DESCRIPTION "description" Text optional ["Description"];
}

/// States in which money moved, whether or not it was given back later.
const PAID: [&str; 5] = ["paid", "succeeded", "refunded", "partially refunded", "disputed"];

#[derive(Debug)]
struct Reader;

impl RowReader for Reader {
    fn row(&mut self, cells: &Cells<'_>, out: &mut Produced) -> Result<(), Problem> {
        let id = cells.needed_text(ID, Rule::NoOrder)?;
        let created = cells.needed_moment(CREATED)?;
        let amount = cells.needed_money(AMOUNT)?;
        let refunded = cells.money(REFUNDED)?.filter(|money| money.0 > 0);
        let refunded_at = cells.moment(REFUNDED_AT)?;
        let status = cells.text(STATUS).map(str::to_lowercase);
        let is_paid = status.as_deref().is_none_or(|status| PAID.contains(&status));
        Charge {
            id,
            created,
            amount: Money(amount.0.abs()),
            currency: cells.currency(CURRENCY),
            customer_id: cells.text(CUSTOMER_ID),
            email: cells.text(EMAIL).and_then(email),
            invoice_id: cells.text(INVOICE_ID),
            description: cells.text(DESCRIPTION),
            method: cells.text(METHOD),
            status,
            fee: cells.money(FEE)?.map(|fee| Money(fee.0.abs())),
            has_failed: !is_paid || cells.flag(CAPTURED) == Some(false),
            refunds: refunded
                .map(|amount| ChargeRefund {
                    id: "1".into(),
                    amount,
                    at: refunded_at,
                    reason: None,
                })
                .into_iter()
                .collect(),
        }
        .produce(&cells.origin, out);
        Ok(())
    }
}
