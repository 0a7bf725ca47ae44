//! Invoices and credit notes of bookkeeping and planning systems, their columns by the names that such files use.
//!
//! A file may have a row for each line of an invoice. Where it has the invoice's total it stands on every one of them and counts
//! once; else the lines' amounts are added up.

use std::collections::BTreeMap;

use clv_tables::canonical::invoices::{self, Invoice};
use clv_tables::canonical::refunds::{self, Refund};
use clv_tables::{Money, Origin, Rule};

use crate::cells::Cells;
use crate::identity_keys::{customer_id, email};
use crate::importer::{Importer, Problem, RowReader, source_columns};
use crate::produced::Produced;

/// The importer.
pub static IMPORTER: Importer = Importer {
    id: "erp-invoices",
    title: "Invoices and credit notes, by their columns' names",
    signature: &[
        "Invoice number|Invoice no.|Invoice ID|Document number|Rechnungsnummer|Belegnummer",
        "Invoice date|Document date|Posting date|Rechnungsdatum|Belegdatum",
        "Due date|Fälligkeitsdatum|Fällig am|Status|Type|Document type|Belegart",
        "Total|Amount|Line amount|Invoice total|Gross amount|Gross|Bruttobetrag|Gesamtbetrag",
        "Customer|Customer name|Customer code|Customer number|Customer ID|Contact name|Account number|Kundennummer|Kunde|Debitor",
    ],
    not: &["StockCode", "Financial Status"],
    columns: COLUMNS,
    tables: &[&invoices::TABLE, &refunds::TABLE],
    caution: "invoices are no orders; a credit note that names its order is a refund of it, so leave credit notes out where the shop's own refunds are imported; drafts and voided ones count nowhere",
    reader: || Box::new(Reader::default()),
};

source_columns! {
    ID "invoice_id" Text needed ["Invoice number", "Invoice no.", "Invoice ID", "Document number", "Rechnungsnummer", "Belegnummer"];
    TYPE "kind" Text optional ["Document type", "Invoice type", "Type", "Belegart"];
    CREDITED "credited_invoice_id" Text optional ["Credited invoice", "Original invoice", "Applies to invoice", "Storno zu"];
    ACCOUNT_ID "account_id" Text optional ["Account ID", "Account number"];
    CUSTOMER_ID "customer_id" Text optional ["Customer ID", "Customer code", "Customer number", "Kundennummer", "Debitor"];
    NAME "customer_name" Text optional ["Customer name", "Contact name", "Customer", "Kunde"];
    EMAIL "email" Text optional ["Customer email", "Email address", "Email", "E-Mail"];
    ORDER_ID "order_id" Text optional ["Order ID", "Order number", "Sales order", "Auftragsnummer"];
    DATE "invoiced_on" Moment needed ["Invoice date", "Document date", "Posting date", "Rechnungsdatum", "Belegdatum"];
    DUE "due_on" Moment optional ["Due date", "Fälligkeitsdatum", "Fällig am"];
    PAID_ON "paid_on" Moment optional ["Paid date", "Payment date", "Paid on", "Bezahlt am"];
    TOTAL "total" Number optional ["Invoice total", "Total", "Gross amount", "Gross", "Bruttobetrag", "Gesamtbetrag"];
    AMOUNT "line_amount" Number optional ["Line amount", "Amount"];
    NET "net" Number optional ["Subtotal", "Net amount", "Net", "Nettobetrag"];
    TAX "tax" Number optional ["Tax total", "VAT", "Tax", "MwSt"];
    PAID "paid" Number optional ["Invoice amount paid", "Amount paid", "Paid amount"];
    CURRENCY "currency" Text optional ["Currency", "Currency code", "Währung"];
    STATUS "status" Text optional ["Status"];
}

/// States in which nothing is owed and nothing was sold.
const CANCELLED: [&str; 8] =
    ["void", "voided", "deleted", "cancelled", "canceled", "draft", "storniert", "entwurf"];

/// Words that a credit note is called by.
const CREDIT_NOTES: [&str; 6] = ["credit", "gutschrift", "avoir", "abono", "storno", "crédito"];

#[derive(Debug, Default)]
struct Reader {
    open: BTreeMap<String, Open>,
    file: Option<[String; 3]>,
}

/// An invoice that may still get lines; its amounts have their sign.
#[derive(Debug)]
struct Open {
    invoice: Invoice<'static>,
    names_credit: bool,
    row: u64,
}

impl RowReader for Reader {
    fn row(&mut self, cells: &Cells<'_>, _: &mut Produced) -> Result<(), Problem> {
        let id = cells.needed_text(ID, Rule::NoOrder)?;
        let amount_column = if cells.has(TOTAL) { TOTAL } else { AMOUNT };
        let total = cells.needed_money(amount_column)?;
        if let Some(open) = self.open.get_mut(id) {
            if amount_column == AMOUNT {
                open.invoice.total = Money(open.invoice.total.0.saturating_add(total.0));
            } else if open.invoice.total != total {
                return Err(Problem { rule: Rule::DuplicateOrder, column: TOTAL });
            }
            return Ok(());
        }
        let day = |column| cells.moment(column).map(|moment| moment.map(|moment| moment.day));
        let invoiced_on = cells.needed_moment(DATE)?.day;
        let due_on = day(DUE)?;
        if due_on.is_some_and(|due| due < invoiced_on) {
            return Err(Problem { rule: Rule::EndsBeforeStart, column: DUE });
        }
        let who = cells.text(CUSTOMER_ID).and_then(customer_id).map(str::to_owned);
        let address = cells.text(EMAIL).and_then(email).map(std::borrow::Cow::into_owned);
        let mut account_id = cells.text(ACCOUNT_ID).map(str::to_owned);
        if who.is_none() && address.is_none() && account_id.is_none() {
            account_id = cells.text(NAME).map(str::to_owned);
            if account_id.is_none() {
                return Err(Problem { rule: Rule::NoCustomer, column: CUSTOMER_ID });
            }
        }
        let kind = cells.text(TYPE).unwrap_or_default().to_lowercase();
        let status = cells.text(STATUS).map(str::to_lowercase);
        let text = |column| cells.text(column).map(|text| text.to_owned().into());
        let size = |column| Ok(cells.money(column)?.map(|money: Money| Money(money.0.abs())));
        // Totals of the lines of an invoice are told on each of them; amounts of lines are not.
        let has_parts = amount_column == TOTAL;
        let (net, tax): (Option<Money>, Option<Money>) = (size(NET)?, size(TAX)?);
        let paid: Option<Money> = size(PAID)?;
        let invoice = Invoice {
            invoice_id: id.to_owned().into(),
            credited_invoice_id: text(CREDITED).filter(|credited| credited != id),
            account_id: account_id.map(Into::into),
            customer_id: who.map(Into::into),
            email: address.map(Into::into),
            order_id: text(ORDER_ID),
            invoiced_on,
            due_on,
            paid_on: day(PAID_ON)?,
            total,
            net: net.filter(|_| has_parts),
            tax: tax.filter(|_| has_parts),
            paid,
            currency: cells
                .currency(CURRENCY)
                .map(std::borrow::Cow::into_owned)
                .or_else(|| cells.money_currency(amount_column).map(Into::into))
                .map(Into::into),
            is_cancelled: status.as_deref().is_some_and(|status| CANCELLED.contains(&status)),
            status: status.map(Into::into),
            ..Invoice::default()
        };
        let names_credit = CREDIT_NOTES.iter().any(|word| kind.contains(word));
        let origin = &cells.origin;
        self.file.get_or_insert_with(|| [origin.source, origin.shop, origin.file].map(Into::into));
        self.open.insert(id.to_owned(), Open { invoice, names_credit, row: origin.row });
        Ok(())
    }

    fn finish(&mut self, out: &mut Produced) {
        let Some([source, shop, file]) = self.file.take() else { return };
        for (_, Open { mut invoice, names_credit, row }) in std::mem::take(&mut self.open) {
            let origin = Origin { source: &source, shop: &shop, file: &file, row };
            let is_credit = names_credit || invoice.total.0 < 0;
            invoice.kind = if is_credit { "credit_note" } else { "invoice" }.into();
            invoice.total = Money(invoice.total.0.abs());
            if let (true, false, Some(order_id)) =
                (is_credit, invoice.is_cancelled, invoice.order_id.clone())
            {
                out.refund(
                    Refund {
                        order_id,
                        refund_id: invoice.invoice_id.clone(),
                        refunded_on: invoice.invoiced_on,
                        is_dated: true,
                        amount: invoice.total,
                        currency: invoice.currency.clone(),
                        customer_id: invoice.customer_id.clone(),
                        email: invoice.email.clone(),
                        ..Refund::default()
                    },
                    &origin,
                );
            }
            out.rows.invoices.push(invoice, &origin);
        }
    }
}
