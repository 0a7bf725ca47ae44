//! Order lines of the gift shop into the workspace: invoices, their lines, and what came back.

use clv_tables::canonical::order_lines::{self, OrderLine};
use clv_tables::canonical::orders::{self, Order};
use clv_tables::canonical::refunds::{self, Refund};
use clv_tables::{Money, Rule};

use crate::cells::Cells;
use crate::gathering::Gathering;
use crate::identity_keys::customer_id;
use crate::importer::{Importer, Problem, RowReader, source_columns};
use crate::produced::Produced;

use super::SOURCE;

/// The importer.
pub static IMPORTER: Importer = Importer {
    id: SOURCE.id,
    title: SOURCE.title,
    signature: &["InvoiceNo|Invoice", "StockCode", "Quantity", "InvoiceDate", "UnitPrice|Price"],
    not: &[],
    columns: COLUMNS,
    tables: &[&orders::TABLE, &order_lines::TABLE, &refunds::TABLE],
    caution: "returns do not say which invoice they are of: they count for the customer, on the day of the credit note",
    reader: || Box::new(Reader::default()),
};

source_columns! {
    INVOICE "order_id" Text needed ["InvoiceNo", "Invoice"];
    STOCK_CODE "product_id" Text optional ["StockCode"];
    DESCRIPTION "product_name" Text optional ["Description"];
    QUANTITY "quantity" Number needed ["Quantity"];
    INVOICE_DATE "ordered_at" Moment needed ["InvoiceDate"];
    PRICE "unit_price" Number needed ["UnitPrice", "Price"];
    CUSTOMER "customer_id" Text optional ["CustomerID"];
    COUNTRY "country" Text optional ["Country"];
}

/// Prices are in pounds sterling, as the description of the data set says; the file has no column for it.
const CURRENCY: &str = "GBP";

/// Codes that stand for what was charged for sending: postage, carriage, and postage booked by hand.
const SHIPPING_CODES: [&str; 3] = ["POST", "C2", "DOT"];

#[derive(Debug, Default)]
struct Reader {
    invoices: Gathering,
}

impl RowReader for Reader {
    fn row(&mut self, cells: &Cells<'_>, out: &mut Produced) -> Result<(), Problem> {
        let invoice = cells.needed_text(INVOICE, Rule::NoOrder)?;
        let moment = cells.needed_moment(INVOICE_DATE)?;
        let quantity = cells
            .number(QUANTITY)
            .ok_or(Problem { rule: Rule::UnreadableAmount, column: QUANTITY })?;
        cells.needed_money(PRICE)?;
        let amount = cells.product(QUANTITY, PRICE)?.unwrap_or_default();
        let customer = cells.text(CUSTOMER).and_then(customer_id);
        let code = cells.text(STOCK_CODE);
        let no_order = |rule| Problem { rule, column: INVOICE };
        if amount.0 < 0 || quantity < 0.0 || invoice.starts_with(['C', 'c']) {
            let number = self.invoices.add_refund(invoice, &cells.origin, out).map_err(no_order)?;
            out.refund(
                Refund {
                    order_id: invoice.into(),
                    refund_id: number.to_string().into(),
                    refunded_on: moment.day,
                    is_dated: true,
                    refunded_at: moment.at,
                    amount: Money(amount.0.abs()),
                    currency: Some(CURRENCY.into()),
                    product_id: code.map(Into::into),
                    quantity: (quantity.abs() > 0.0).then_some(quantity.abs()),
                    reason: cells.text(DESCRIPTION).map(Into::into),
                    customer_id: customer.map(Into::into),
                    email: None,
                    phone: None,
                },
                &cells.origin,
            );
            return Ok(());
        }
        let is_shipping = code.is_some_and(|code| SHIPPING_CODES.contains(&code));
        let place = self
            .invoices
            .add(
                Order {
                    order_id: invoice.into(),
                    ordered_on: moment.day,
                    ordered_at: moment.at,
                    customer_id: customer.map(Into::into),
                    currency: Some(CURRENCY.into()),
                    total: amount,
                    items: (!is_shipping).then_some(amount),
                    shipping: is_shipping.then_some(amount),
                    country: cells.text(COUNTRY).map(Into::into),
                    ..Order::default()
                },
                &cells.origin,
                out,
            )
            .map_err(no_order)?;
        if !is_shipping && quantity > 0.0 {
            out.rows.order_lines.push(
                OrderLine {
                    order_id: invoice.into(),
                    line: place.number,
                    ordered_on: moment.day,
                    product_id: code.map(Into::into),
                    product_name: cells.text(DESCRIPTION).map(Into::into),
                    quantity,
                    unit_price: cells.money(PRICE)?,
                    amount: Some(amount),
                    currency: Some(CURRENCY.into()),
                    ..OrderLine::default()
                },
                &cells.origin,
            );
        }
        match place.remark {
            Some(rule) => Err(Problem { rule, column: CUSTOMER }),
            None => Ok(()),
        }
    }

    fn finish(&mut self, out: &mut Produced) {
        self.invoices.finish(out);
    }
}
