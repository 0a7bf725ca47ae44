//! Orders and refunds of WooCommerce's REST interface.
//!
//! A refund is an object of its own, negative and without a customer, that names its order as its parent. Orders name their
//! refunds too, but without a day: such a refund counts on its order's day unless its own object is in the file.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use clv_tables::canonical::order_lines::{self, OrderLine};
use clv_tables::canonical::orders::{self, Order};
use clv_tables::canonical::refunds::{self, Refund};
use clv_tables::{Money, Origin, Rule};
use serde_json::Value;

use crate::cells::Cells;
use crate::identity_keys::{email, phone};
use crate::importer::{Importer, Problem, RowReader, source_columns};
use crate::json_cell::{elements, money, number, text};
use crate::moment::Moment;
use crate::produced::Produced;

use super::{CANCELLED, account};

/// The importer.
pub static IMPORTER: Importer = Importer {
    id: "woocommerce-json",
    title: "WooCommerce orders of the REST interface",
    signature: &[
        "id",
        "status",
        "total",
        "date_created",
        "date_created_gmt",
        "customer_id",
        "billing.email",
        "line_items",
    ],
    not: &[],
    columns: COLUMNS,
    tables: &[&orders::TABLE, &order_lines::TABLE, &refunds::TABLE],
    caution: "a refund has its own day only where the file holds its own object",
    reader: || Box::new(Reader::default()),
};

source_columns! {
    ID "order_id" Text needed ["id"];
    PARENT_ID "parent_id" Text optional ["parent_id"];
    NUMBER "number" Text optional ["number"];
    STATUS "status" Text optional ["status"];
    CREATED "ordered_on" Moment needed ["date_created"];
    CREATED_GMT "ordered_at" MomentUtc optional ["date_created_gmt"];
    CUSTOMER_ID "customer_id" Text optional ["customer_id"];
    EMAIL "email" Text optional ["billing.email"];
    PHONE "phone" Text optional ["billing.phone"];
    CURRENCY "currency" Text optional ["currency"];
    TOTAL "total" Number optional ["total"];
    AMOUNT "amount" Number optional ["amount"];
    DISCOUNT "discount" Number optional ["discount_total"];
    SHIPPING "shipping" Number optional ["shipping_total"];
    TAX "tax" Number optional ["total_tax"];
    CREATED_VIA "channel" Text optional ["created_via"];
    SHIPPING_COUNTRY "country" Text optional ["shipping.country"];
    BILLING_COUNTRY "billing_country" Text optional ["billing.country"];
    REASON "reason" Text optional ["reason"];
    LINE_ITEMS "lines" Text optional ["line_items"];
    COUPON_LINES "coupons" Text optional ["coupon_lines"];
    REFUNDS "refunds" Text optional ["refunds"];
}

/// Id, e-mail address and telephone number.
type Keys = [Option<String>; 3];

#[derive(Debug, Default)]
struct Reader {
    /// Refunds that came as objects of their own, with their rows.
    own: Vec<(Refund<'static>, u64)>,
    /// Refunds that their orders name, with the rows of these.
    named: Vec<(Refund<'static>, u64)>,
    /// Who the orders are of: the objects of refunds do not say.
    customers: HashMap<String, Keys>,
    file: [String; 3],
}

impl RowReader for Reader {
    fn row(&mut self, cells: &Cells<'_>, out: &mut Produced) -> Result<(), Problem> {
        if self.file[0].is_empty() {
            let origin = &cells.origin;
            self.file = [origin.source, origin.shop, origin.file].map(str::to_owned);
        }
        let id = cells.needed_text(ID, Rule::NoOrder)?;
        let created = cells.needed_moment(CREATED)?;
        let at = cells.moment(CREATED_GMT)?.and_then(|moment| moment.at).or(created.at);
        let created = Moment { day: created.day, at };
        match cells.text(PARENT_ID).and_then(account) {
            Some(parent) => self.own_refund(cells, id, parent, created),
            None => self.order(cells, id, created, out),
        }
    }

    fn finish(&mut self, out: &mut Produced) {
        let [source, shop, file] = &self.file;
        let own: HashSet<String> =
            self.own.iter().map(|(refund, _)| refund.refund_id.to_string()).collect();
        let is_new = |(refund, _): &(Refund<'_>, u64)| !own.contains(refund.refund_id.as_ref());
        let named = self.named.drain(..).filter(is_new);
        for (mut refund, row) in self.own.drain(..).chain(named) {
            if let Some(keys) = self.customers.get(refund.order_id.as_ref()) {
                let [customer_id, email, phone] = keys.clone().map(|key| key.map(Into::into));
                (refund.customer_id, refund.email, refund.phone) = (customer_id, email, phone);
            }
            out.refund(refund, &Origin { source, shop, file, row });
        }
    }
}

impl Reader {
    fn own_refund(
        &mut self,
        cells: &Cells<'_>,
        id: &str,
        parent: &str,
        created: Moment,
    ) -> Result<(), Problem> {
        let amount = match cells.money(AMOUNT)? {
            Some(amount) => amount,
            None => cells.needed_money(TOTAL)?,
        };
        self.own.push((
            Refund {
                order_id: parent.to_owned().into(),
                refund_id: id.to_owned().into(),
                refunded_on: created.day,
                is_dated: true,
                refunded_at: created.at,
                amount: Money(amount.0.abs()),
                currency: cells.currency(CURRENCY).map(|code| code.into_owned().into()),
                reason: cells.text(REASON).map(|reason| reason.to_owned().into()),
                ..Refund::default()
            },
            cells.origin.row,
        ));
        Ok(())
    }

    fn order(
        &mut self,
        cells: &Cells<'_>,
        id: &str,
        created: Moment,
        out: &mut Produced,
    ) -> Result<(), Problem> {
        let total = cells.needed_money(TOTAL)?;
        let status = cells.text(STATUS).map(super::status);
        let is_cancelled = status.as_deref().is_some_and(|status| CANCELLED.contains(&status));
        let coupon =
            elements(cells.raw(COUPON_LINES)).first().and_then(|coupon| text(coupon, "code"));
        let customer_id = cells.text(CUSTOMER_ID).and_then(account);
        let address = cells.text(EMAIL).and_then(email);
        let number = cells.text(PHONE).and_then(phone);
        self.customers.insert(
            id.to_owned(),
            [customer_id.map(Into::into), address.clone(), number.clone()]
                .map(|key: Option<Cow<'_, str>>| key.map(Cow::into_owned)),
        );
        out.order(
            Order {
                order_id: id.into(),
                number: cells.text(NUMBER).filter(|number| *number != id).map(Into::into),
                ordered_on: created.day,
                ordered_at: created.at,
                customer_id: customer_id.map(Into::into),
                email: address,
                phone: number,
                currency: cells.currency(CURRENCY),
                total,
                discount: cells.money(DISCOUNT)?,
                shipping: cells.money(SHIPPING)?,
                tax: cells.money(TAX)?,
                status: status.map(Into::into),
                is_cancelled,
                channel: cells.text(CREATED_VIA).map(Into::into),
                country: cells
                    .text(SHIPPING_COUNTRY)
                    .or(cells.text(BILLING_COUNTRY))
                    .map(Into::into),
                coupon: coupon.map(Into::into),
                ..Order::default()
            },
            &cells.origin,
        );
        for (nth, line) in elements(cells.raw(LINE_ITEMS)).iter().enumerate() {
            push_line(cells, id, created, nth as i64 + 1, line, out);
        }
        if is_cancelled {
            return Ok(());
        }
        let origin = &cells.origin;
        for (nth, refund) in elements(cells.raw(REFUNDS)).iter().enumerate() {
            let Some(amount) = money(refund, "total").filter(|amount| amount.0 != 0) else {
                continue;
            };
            let refund_id = text(refund, "id").unwrap_or_else(|| (nth + 1).to_string());
            self.named.push((
                Refund {
                    order_id: id.to_owned().into(),
                    refund_id: refund_id.into(),
                    refunded_on: created.day,
                    is_dated: false,
                    amount: Money(amount.0.abs()),
                    currency: cells.currency(CURRENCY).map(|code| code.into_owned().into()),
                    reason: text(refund, "reason").map(Into::into),
                    ..Refund::default()
                },
                origin.row,
            ));
        }
        Ok(())
    }
}

fn push_line(
    cells: &Cells<'_>,
    order_id: &str,
    created: Moment,
    nth: i64,
    line: &Value,
    out: &mut Produced,
) {
    let Some(quantity) = number(line, "quantity").filter(|quantity| quantity.abs() > 0.0) else {
        return;
    };
    let (amount, before) = (money(line, "total"), money(line, "subtotal"));
    let discount = match (before, amount) {
        (Some(before), Some(amount)) if before > amount => Some(Money(before.0 - amount.0)),
        _ => None,
    };
    let name = text(line, "name");
    out.rows.order_lines.push(
        OrderLine {
            order_id: order_id.into(),
            line: nth,
            ordered_on: created.day,
            product_id: text(line, "sku")
                .or_else(|| text(line, "product_id"))
                .or_else(|| name.clone())
                .map(Into::into),
            product_name: name.map(Into::into),
            quantity,
            amount,
            discount,
            currency: cells.currency(CURRENCY),
            ..OrderLine::default()
        },
        &cells.origin,
    );
}
