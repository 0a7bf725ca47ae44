//! Stripe: payments and subscriptions of the dashboard's exports, and charges of its interface.

pub mod charges;
pub mod payments;
pub mod subscriptions;

use std::borrow::Cow;

use clv_tables::canonical::orders::Order;
use clv_tables::canonical::payments::Payment;
use clv_tables::canonical::refunds::Refund;
use clv_tables::{Money, Origin};

use crate::moment::Moment;
use crate::produced::Produced;

/// One payment, whichever way Stripe told it; amounts in units of the currency.
#[derive(Debug, Clone)]
struct Charge<'a> {
    id: &'a str,
    created: Moment,
    amount: Money,
    currency: Option<Cow<'a, str>>,
    customer_id: Option<&'a str>,
    email: Option<Cow<'a, str>>,
    invoice_id: Option<&'a str>,
    description: Option<&'a str>,
    method: Option<&'a str>,
    status: Option<String>,
    fee: Option<Money>,
    has_failed: bool,
    refunds: Vec<ChargeRefund>,
}

/// What was given back of it, and when, where that is told.
#[derive(Debug, Clone)]
struct ChargeRefund {
    id: String,
    amount: Money,
    at: Option<Moment>,
    reason: Option<String>,
}

impl Charge<'_> {
    /// Produces the payment and, where money moved, the order that it stands for with its refunds.
    fn produce(self, origin: &Origin<'_>, out: &mut Produced) {
        let refunded: i64 = self.refunds.iter().map(|refund| refund.amount.0).sum();
        out.rows.payments.push(
            Payment {
                payment_id: self.id.into(),
                paid_on: Some(self.created.day),
                paid_at: self.created.at,
                order_id: Some(self.id.into()),
                invoice_id: self.invoice_id.map(Into::into),
                customer_id: self.customer_id.map(Into::into),
                email: self.email.clone(),
                amount: self.amount,
                refunded: (refunded > 0).then_some(Money(refunded)),
                fee: self.fee,
                currency: self.currency.clone(),
                method: self.method.map(Into::into),
                status: self.status.as_deref().map(Into::into),
                is_failed: self.has_failed,
                description: self.description.map(Into::into),
                ..Payment::default()
            },
            origin,
        );
        if self.has_failed {
            return;
        }
        out.order(
            Order {
                order_id: self.id.into(),
                ordered_on: self.created.day,
                ordered_at: self.created.at,
                customer_id: self.customer_id.map(Into::into),
                email: self.email.clone(),
                currency: self.currency.clone(),
                total: self.amount,
                status: self.status.as_deref().map(Into::into),
                is_cancelled: false,
                ..Order::default()
            },
            origin,
        );
        for refund in self.refunds {
            let when = refund.at.unwrap_or(self.created);
            out.refund(
                Refund {
                    order_id: self.id.into(),
                    refund_id: refund.id.into(),
                    refunded_on: when.day,
                    is_dated: refund.at.is_some(),
                    refunded_at: when.at.filter(|_| refund.at.is_some()),
                    amount: refund.amount,
                    currency: self.currency.clone(),
                    reason: refund.reason.map(Into::into),
                    customer_id: self.customer_id.map(Into::into),
                    email: self.email.clone(),
                    ..Refund::default()
                },
                origin,
            );
        }
    }
}
