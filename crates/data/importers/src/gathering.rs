//! Orders from their lines: what the rows of a file tell of an order, put together until the order is whole.
//!
//! The rows of an order need not be neighbours, so orders stay open until the file ends. Lines and refunds are produced as they
//! come; only the order itself waits, in 500 to 1,000 bytes each. No more than [`MOST_OPEN_ORDERS`] wait at a time: where a file has
//! more, the half that was not added to for the longest time is produced, and a row that comes for one of these later is put
//! aside.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use clv_tables::canonical::orders::Order;
use clv_tables::hash::hash_bytes;
use clv_tables::{Money, Origin, Rule};

use crate::produced::Produced;

/// Orders that are open at a time; they take half a gigabyte at most.
pub const MOST_OPEN_ORDERS: usize = 500_000;

/// The place of a row in its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Its number in the order, from 1.
    pub number: i64,
    /// What is to be remarked upon: the row names another customer than the order.
    pub remark: Option<Rule>,
}

/// The keys of an order's customer, for its refunds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CustomerKeys<'a> {
    /// The customer's id in the source.
    pub customer_id: Option<&'a str>,
    /// The e-mail address.
    pub email: Option<&'a str>,
    /// The telephone number.
    pub phone: Option<&'a str>,
}

/// The orders of one file that may still get rows.
#[derive(Debug)]
pub struct Gathering {
    open: HashMap<u64, Open>,
    produced: HashSet<u64>,
    most_open: usize,
    n_rows: u64,
    file: Option<[String; 3]>,
}

#[derive(Debug, Default)]
struct Open {
    order: Option<Order<'static>>,
    n_lines: i64,
    n_refunds: i64,
    row: u64,
    last_added: u64,
}

impl Default for Gathering {
    fn default() -> Gathering {
        Gathering::of(MOST_OPEN_ORDERS)
    }
}

impl Gathering {
    /// A gathering that keeps so many orders open.
    #[must_use]
    pub fn of(most_open: usize) -> Gathering {
        Gathering {
            open: HashMap::new(),
            produced: HashSet::new(),
            most_open: most_open.max(2),
            n_rows: 0,
            file: None,
        }
    }

    /// Adds what a row tells of its order: amounts add up, anything else counts where no row before has told it, and the
    /// earliest row dates the order. Cancelled rows add nothing to an order that has others.
    ///
    /// # Errors
    /// [`Rule::NoOrder`] when the order had to be produced before.
    pub fn add(
        &mut self,
        part: Order<'_>,
        origin: &Origin<'_>,
        out: &mut Produced,
    ) -> Result<Place, Rule> {
        let open = self.entry(&part.order_id, origin, out)?;
        open.n_lines += 1;
        let mut remark = None;
        match &mut open.order {
            None => {
                open.order = Some(owned(part));
                open.row = origin.row;
            }
            Some(order) => {
                if let (Some(one), Some(other)) = (who(order), who(&part))
                    && one != other
                {
                    remark = Some(Rule::OrderOfTwoCustomers);
                }
                join(order, part);
            }
        }
        Ok(Place { number: open.n_lines, remark })
    }

    /// Counts a refund of an order, or of nothing where `order_id` is a credit note's own.
    ///
    /// # Errors
    /// [`Rule::NoOrder`] when the order had to be produced before.
    pub fn add_refund(
        &mut self,
        order_id: &str,
        origin: &Origin<'_>,
        out: &mut Produced,
    ) -> Result<i64, Rule> {
        let open = self.entry(order_id, origin, out)?;
        open.n_refunds += 1;
        Ok(open.n_refunds)
    }

    /// What is known of an order so far.
    #[must_use]
    pub fn order(&self, order_id: &str) -> Option<&Order<'static>> {
        self.open.get(&hash_bytes(order_id.as_bytes()))?.order.as_ref()
    }

    /// Who an order is of, as far as its rows have told; nobody where they have not.
    #[must_use]
    pub fn keys(&self, order_id: &str) -> CustomerKeys<'_> {
        self.order(order_id).map_or(CustomerKeys::default(), |order| CustomerKeys {
            customer_id: order.customer_id.as_deref(),
            email: order.email.as_deref(),
            phone: order.phone.as_deref(),
        })
    }

    /// Produces what is open, in the order of the first rows.
    pub fn finish(&mut self, out: &mut Produced) {
        let open = std::mem::take(&mut self.open).into_values().collect();
        self.produce(open, out);
        self.produced.clear();
    }

    fn entry(
        &mut self,
        order_id: &str,
        origin: &Origin<'_>,
        out: &mut Produced,
    ) -> Result<&mut Open, Rule> {
        let key = hash_bytes(order_id.as_bytes());
        if self.produced.contains(&key) {
            return Err(Rule::NoOrder);
        }
        if self.open.len() >= self.most_open && !self.open.contains_key(&key) {
            self.close_half(out);
        }
        if self.file.is_none() {
            self.file = Some([origin.source, origin.shop, origin.file].map(str::to_owned));
        }
        self.n_rows += 1;
        let open = self.open.entry(key).or_default();
        open.last_added = self.n_rows;
        Ok(open)
    }

    fn close_half(&mut self, out: &mut Produced) {
        let mut ages: Vec<u64> = self.open.values().map(|open| open.last_added).collect();
        let middle = ages.len() / 2;
        let (_, &mut youngest, _) = ages.select_nth_unstable(middle);
        let closing: Vec<u64> = self
            .open
            .iter()
            .filter(|(_, open)| open.last_added < youngest)
            .map(|(key, _)| *key)
            .collect();
        let closed = closing.iter().filter_map(|key| self.open.remove(key)).collect();
        self.produced.extend(closing);
        self.produce(closed, out);
    }

    fn produce(&mut self, open: Vec<Open>, out: &mut Produced) {
        let Some([source, shop, file]) = &self.file else { return };
        let mut orders: Vec<(u64, Order<'static>)> =
            open.into_iter().filter_map(|open| Some((open.row, open.order?))).collect();
        orders.sort_by_key(|(row, _)| *row);
        for (row, order) in orders {
            out.order(order, &Origin { source, shop, file, row });
        }
    }
}

fn who<'a>(order: &'a Order<'_>) -> Option<&'a str> {
    order.customer_id.as_deref().or(order.email.as_deref())
}

fn join(order: &mut Order<'static>, part: Order<'_>) {
    let adds = match (order.is_cancelled, part.is_cancelled) {
        (false, true) => false,
        (true, false) => {
            order.is_cancelled = false;
            order.total = Money(0);
            for amount in amounts(order) {
                *amount = None;
            }
            true
        }
        _ => true,
    };
    if adds {
        order.total = Money(order.total.0.saturating_add(part.total.0));
        let added = [part.items, part.discount, part.shipping, part.tax, part.tip];
        for (sum, added) in amounts(order).into_iter().zip(added) {
            *sum = match (*sum, added) {
                (Some(sum), Some(added)) => Some(Money(sum.0.saturating_add(added.0))),
                (sum, added) => sum.or(added),
            };
        }
    }
    if part.ordered_on < order.ordered_on {
        (order.ordered_on, order.ordered_at) = (part.ordered_on, part.ordered_at);
    }
    let tells = [
        part.number,
        part.customer_id,
        part.email,
        part.phone,
        part.currency,
        part.status,
        part.channel,
        part.country,
        part.coupon,
        part.tags,
    ];
    for (told, tells) in texts(order).into_iter().zip(tells) {
        if told.is_none() {
            *told = tells.map(|text| Cow::Owned(text.into_owned()));
        }
    }
}

fn amounts<'a>(order: &'a mut Order<'static>) -> [&'a mut Option<Money>; 5] {
    [&mut order.items, &mut order.discount, &mut order.shipping, &mut order.tax, &mut order.tip]
}

fn texts<'a>(order: &'a mut Order<'static>) -> [&'a mut Option<Cow<'static, str>>; 10] {
    [
        &mut order.number,
        &mut order.customer_id,
        &mut order.email,
        &mut order.phone,
        &mut order.currency,
        &mut order.status,
        &mut order.channel,
        &mut order.country,
        &mut order.coupon,
        &mut order.tags,
    ]
}

fn owned(order: Order<'_>) -> Order<'static> {
    fn own(text: Option<Cow<'_, str>>) -> Option<Cow<'static, str>> {
        text.map(|text| Cow::Owned(text.into_owned()))
    }
    Order {
        order_id: Cow::Owned(order.order_id.into_owned()),
        number: own(order.number),
        customer_id: own(order.customer_id),
        email: own(order.email),
        phone: own(order.phone),
        currency: own(order.currency),
        status: own(order.status),
        channel: own(order.channel),
        country: own(order.country),
        coupon: own(order.coupon),
        tags: own(order.tags),
        ordered_on: order.ordered_on,
        ordered_at: order.ordered_at,
        total: order.total,
        items: order.items,
        discount: order.discount,
        shipping: order.shipping,
        tax: order.tax,
        tip: order.tip,
        is_cancelled: order.is_cancelled,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    fn part(order_id: &str, total: i64) -> Order<'_> {
        Order { order_id: order_id.into(), total: Money(total), ..Order::default() }
    }

    #[test]
    fn lines_of_one_order_add_up_wherever_they_stand() {
        let (mut gathering, mut out) = (Gathering::default(), Produced::default());
        for (i, (order, total)) in [("a", 1), ("b", 10), ("a", 2)].into_iter().enumerate() {
            let origin = Origin { row: i as u64 + 2, ..Origin::default() };
            gathering.add(part(order, total), &origin, &mut out).unwrap();
        }
        assert_eq!(gathering.order("a").unwrap().total, Money(3));
        assert!(out.rows.is_empty());
        gathering.finish(&mut out);
        assert_eq!((out.totals.currencies[""].orders, out.totals.currencies[""].gross), (2, 13));
    }

    #[test]
    fn a_full_gathering_produces_the_oldest_orders_and_refuses_their_later_lines() {
        let (mut gathering, mut out) = (Gathering::of(4), Produced::default());
        let origin = Origin::default();
        for order in ["a", "b", "c", "a", "d", "e"] {
            gathering.add(part(order, 1), &origin, &mut out).unwrap();
        }
        assert_eq!(out.totals.currencies[""].orders, 2);
        assert_eq!(gathering.add(part("b", 1), &origin, &mut out), Err(Rule::NoOrder));
        assert_eq!(gathering.add(part("a", 1), &origin, &mut out).unwrap().number, 3);
        gathering.finish(&mut out);
        assert_eq!((out.totals.currencies[""].orders, out.totals.currencies[""].gross), (5, 7));
    }

    #[test]
    fn an_open_order_takes_the_room_that_is_promised() {
        // With its key, and the slots that a hash map leaves free: at most one in two.
        let slot = std::mem::size_of::<(u64, Open)>() + 1;
        assert!(2 * slot <= 1_000, "{slot}");
    }

    #[test]
    fn a_cancelled_line_adds_nothing_to_an_order_that_has_others() {
        let (mut gathering, mut out) = (Gathering::default(), Produced::default());
        let origin = Origin::default();
        for (total, is_cancelled) in [(5, true), (7, false), (11, true)] {
            let part = Order { is_cancelled, ..part("a", total) };
            gathering.add(part, &origin, &mut out).unwrap();
        }
        gathering.finish(&mut out);
        assert_eq!((out.totals.cancelled_orders, out.totals.currencies[""].gross), (0, 7));
    }
}
