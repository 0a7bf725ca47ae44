//! Gumroad's export of sales: one row for each purchase, and a last row of totals.

use clv_tables::canonical::costs::{self, Cost};
use clv_tables::canonical::order_lines::{self, OrderLine};
use clv_tables::canonical::orders::{self, Order};
use clv_tables::canonical::refunds::{self, Refund};
use clv_tables::{Money, Rule};

use crate::cells::Cells;
use crate::identity_keys::email;
use crate::importer::{Importer, Problem, RowReader, source_columns};
use crate::produced::Produced;

/// The importer.
pub static IMPORTER: Importer = Importer {
    id: "gumroad",
    title: "Gumroad sales",
    signature: &[
        "Purchase ID",
        "Item Name",
        "Purchase Email",
        "Purchase Date",
        "Sale Price ($)",
        "Fees ($)",
        "Refunded?",
    ],
    not: &[],
    columns: COLUMNS,
    tables: &[&orders::TABLE, &order_lines::TABLE, &refunds::TABLE, &costs::TABLE],
    caution: "the export does not date refunds: they count on the day of the purchase; a dispute that was not won counts as refunded in full",
    reader: || Box::new(Reader),
};

source_columns! {
    PURCHASE_ID "order_id" Text needed ["Purchase ID"];
    ITEM_NAME "product_name" Text optional ["Item Name"];
    PRODUCT_ID "product_id" Text optional ["Product ID"];
    EMAIL "email" Text needed ["Purchase Email"];
    BUYER_EMAIL "buyer_email" Text optional ["Buyer Email"];
    DATE "ordered_on" Moment needed ["Purchase Date"];
    TIME "ordered_at" MomentUtc optional ["Purchase Time (UTC timezone)"];
    PRICE "total" Number needed ["Sale Price ($)"];
    SUBTOTAL "items" Number optional ["Subtotal ($)"];
    TAXES "tax" Number optional ["Taxes ($)"];
    SHIPPING "shipping" Number optional ["Shipping ($)"];
    TIP "tip" Number optional ["Tip ($)"];
    FEES "fee" Number optional ["Fees ($)"];
    PARTIAL_REFUND "refunded_amount" Number optional ["Partial Refund ($)"];
    IS_REFUNDED "is_refunded" Text needed ["Fully Refunded?"];
    IS_DISPUTED "is_disputed" Text optional ["Disputed?"];
    IS_WON "is_won" Text optional ["Dispute Won?"];
    QUANTITY "quantity" Number optional ["Quantity"];
    VARIANTS "options" Text optional ["Variants"];
    DISCOUNT_CODE "coupon" Text optional ["Discount Code"];
    COUNTRY "country" Text optional ["Country"];
    REFERRER "channel" Text optional ["Referrer"];
    RECURRING "is_recurring" Text optional ["Recurring Charge?"];
}

/// All amounts are in dollars, as the headings say.
const CURRENCY: &str = "USD";

/// What the first cell of the last row says.
const TOTALS: &str = "Totals";

#[derive(Debug)]
struct Reader;

impl RowReader for Reader {
    fn row(&mut self, cells: &Cells<'_>, out: &mut Produced) -> Result<(), Problem> {
        let order_id = cells.needed_text(PURCHASE_ID, Rule::NoOrder)?;
        if order_id == TOTALS && cells.text(EMAIL).is_none() {
            return Ok(());
        }
        let total = cells.needed_money(PRICE)?;
        let day = cells.needed_moment(DATE)?;
        let moment = cells.moment(TIME)?.unwrap_or(day);
        let address = cells.text(EMAIL).or(cells.text(BUYER_EMAIL)).and_then(email);
        let says = |column| cells.flag(column) == Some(true);
        let is_lost = says(IS_DISPUTED) && !says(IS_WON);
        let refunded =
            if says(IS_REFUNDED) || is_lost { Some(total) } else { cells.money(PARTIAL_REFUND)? };
        out.order(
            Order {
                order_id: order_id.into(),
                ordered_on: moment.day,
                ordered_at: moment.at,
                email: address.clone(),
                currency: Some(CURRENCY.into()),
                total,
                items: cells.money(SUBTOTAL)?,
                tax: cells.money(TAXES)?,
                shipping: cells.money(SHIPPING)?,
                tip: cells.money(TIP)?,
                channel: cells.text(REFERRER).map(Into::into),
                country: cells.text(COUNTRY).map(Into::into),
                coupon: cells.text(DISCOUNT_CODE).map(Into::into),
                tags: says(RECURRING).then_some("recurring".into()),
                ..Order::default()
            },
            &cells.origin,
        );
        if let Some(amount) = refunded.filter(|amount| amount.0 > 0) {
            out.refund(
                Refund {
                    order_id: order_id.into(),
                    refund_id: "1".into(),
                    refunded_on: moment.day,
                    is_dated: false,
                    amount,
                    currency: Some(CURRENCY.into()),
                    reason: is_lost.then_some("dispute".into()),
                    email: address,
                    ..Refund::default()
                },
                &cells.origin,
            );
        }
        let item = cells.text(ITEM_NAME);
        out.rows.order_lines.push(
            OrderLine {
                order_id: order_id.into(),
                line: 1,
                ordered_on: moment.day,
                product_id: cells.text(PRODUCT_ID).or(item).map(Into::into),
                product_name: item.map(Into::into),
                quantity: cells.number(QUANTITY).filter(|n| *n > 0.0).unwrap_or(1.0),
                amount: Some(total),
                currency: Some(CURRENCY.into()),
                options: cells.text(VARIANTS).map(Into::into),
                ..OrderLine::default()
            },
            &cells.origin,
        );
        if let Some(fee) = cells.money(FEES)?.filter(|fee| fee.0 > 0) {
            out.rows.costs.push(fee_of(order_id, fee), &cells.origin);
        }
        Ok(())
    }
}

/// What a marketplace kept of an order.
fn fee_of(order_id: &str, fee: Money) -> Cost<'_> {
    Cost {
        scope: "order".into(),
        target: order_id.into(),
        kind: "fee".into(),
        per: "order".into(),
        amount: Some(fee),
        currency: Some(CURRENCY.into()),
        ..Cost::default()
    }
}
