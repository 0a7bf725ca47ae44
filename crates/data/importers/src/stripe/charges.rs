//! Charges of Stripe's interface as JSON: amounts in the smallest unit of the currency, times in seconds, refunds nested.

use clv_tables::canonical::{orders, payments, refunds};
use clv_tables::{Money, Rule};
use serde_json::Value;

use crate::cells::Cells;
use crate::currency::has_no_decimals;
use crate::identity_keys::email;
use crate::importer::{Importer, Problem, RowReader, source_columns};
use crate::json_cell::{elements, number, text};
use crate::produced::Produced;

use super::{Charge, ChargeRefund};

/// The importer.
pub static IMPORTER: Importer = Importer {
    id: "stripe-charges",
    title: "Stripe charges of the interface",
    signature: &[
        "id",
        "object",
        "amount",
        "amount_refunded",
        "captured",
        "created",
        "currency",
        "paid",
        "status",
    ],
    not: &["Customer Email"],
    columns: COLUMNS,
    tables: &[&payments::TABLE, &orders::TABLE, &refunds::TABLE],
    caution: "each charge counts as an order: leave the file out where the shop's own orders are imported; what was refunded without its refunds being listed counts on the day of the charge",
    reader: || Box::new(Reader),
};

source_columns! {
    ID "payment_id" Text needed ["id"];
    CREATED "ordered_at" MomentUtc needed ["created"];
    AMOUNT "amount" MinorUnits needed ["amount"];
    CAPTURED_AMOUNT "captured_amount" MinorUnits optional ["amount_captured"];
    REFUNDED "refunded_amount" MinorUnits optional ["amount_refunded"];
    CURRENCY "currency" Text needed ["currency"];
    STATUS "status" Text needed ["status"];
    PAID "is_paid" Text optional ["paid"];
    CAPTURED "is_captured" Text needed ["captured"];
    CUSTOMER_ID "customer_id" Text optional ["customer", "customer.id"];
    EMAIL "email" Text optional ["billing_details.email"];
    RECEIPT_EMAIL "receipt_email" Text optional ["receipt_email"];
    INVOICE_ID "invoice_id" Text optional ["invoice"];
    METHOD "method" Text optional ["payment_method_details.type"];
    DESCRIPTION "description" Text optional ["description"];
    REFUNDS "refunds" Text optional ["refunds.data", "refunds"];
}

#[derive(Debug)]
struct Reader;

impl RowReader for Reader {
    fn row(&mut self, cells: &Cells<'_>, out: &mut Produced) -> Result<(), Problem> {
        let id = cells.needed_text(ID, Rule::NoOrder)?;
        let created = cells.needed_moment(CREATED)?;
        let currency = cells.currency(CURRENCY);
        let minor = |column| cells.minor_money(column, currency.as_deref());
        let whole = minor(AMOUNT)?
            .filter(|whole| whole.0 >= 0)
            .ok_or(Problem { rule: Rule::UnreadableAmount, column: AMOUNT })?;
        let captured = minor(CAPTURED_AMOUNT)?.filter(|money| money.0 > 0);
        let refunded = minor(REFUNDED)?.filter(|money| money.0 > 0);
        let status = cells.text(STATUS).map(str::to_lowercase);
        let has_failed = status.as_deref() != Some("succeeded")
            || cells.flag(PAID) == Some(false)
            || cells.flag(CAPTURED) == Some(false);
        let listed = elements(cells.raw(REFUNDS));
        let mut refunds: Vec<ChargeRefund> =
            listed.iter().filter_map(|listed| refund(cells, listed, currency.as_deref())).collect();
        let known: i64 = refunds.iter().map(|refund| refund.amount.0).sum();
        if let Some(rest) = refunded.map(|refunded| refunded.0 - known).filter(|rest| *rest > 0) {
            let amount = Money(rest);
            refunds.push(ChargeRefund { id: "rest".into(), amount, at: None, reason: None });
        }
        Charge {
            id,
            created,
            amount: captured.unwrap_or(whole),
            customer_id: cells.text(CUSTOMER_ID),
            email: cells.text(EMAIL).or(cells.text(RECEIPT_EMAIL)).and_then(email),
            invoice_id: cells.text(INVOICE_ID),
            description: cells.text(DESCRIPTION),
            method: cells.text(METHOD),
            status,
            fee: None,
            has_failed,
            refunds,
            currency,
        }
        .produce(&cells.origin, out);
        Ok(())
    }
}

fn refund(cells: &Cells<'_>, refund: &Value, currency: Option<&str>) -> Option<ChargeRefund> {
    if text(refund, "status").is_some_and(|status| status != "succeeded") {
        return None;
    }
    let divisor = if currency.is_some_and(has_no_decimals) { 1.0 } else { 100.0 };
    let units = number(refund, "amount")? / divisor;
    let amount = Money(clv_tables::money::micros_from_units(units)?);
    let at = text(refund, "created").and_then(|created| cells.formats.moment(CREATED, &created));
    let id = text(refund, "id")?;
    (amount.0 > 0).then(|| ChargeRefund { id, amount, at, reason: text(refund, "reason") })
}
