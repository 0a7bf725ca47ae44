//! The canonical rows that an import produces, table by table, with their totals and the rows put aside.

use std::collections::{BTreeMap, HashSet};

use arrow::array::RecordBatch;
use clv_tables::canonical::identities::IdentityLink;
use clv_tables::canonical::{
    accounts, ad_spend, benchmarks, campaigns, contracts, costs, coupons, customers, events,
    fx_rates, identities, invoices, leads, loyalty_entries, memberships, messages, opportunities,
    order_lines, orders, payments, products, put_aside, reach, referrals, refunds, shipments,
    subscriptions, surveys, tickets, touchpoints,
};
use clv_tables::hash::hash_bytes;
use clv_tables::{Day, Origin, Table};

/// Sums of one currency, millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CurrencyTotals {
    /// Orders that count, cancelled ones not.
    pub orders: u64,
    /// Their totals.
    pub gross: i128,
    /// What was given back, positive.
    pub refunds: i128,
}

impl CurrencyTotals {
    /// Gross less refunds.
    #[must_use]
    pub fn net(&self) -> i128 {
        self.gross - self.refunds
    }
}

/// What the user compares with their shop before an import is committed.
#[derive(Debug, Clone, Default)]
pub struct ImportTotals {
    /// Rows of the files, without headings.
    pub rows: u64,
    /// Rows that were put aside.
    pub rows_put_aside: u64,
    /// Orders that were cancelled, voided or never paid.
    pub cancelled_orders: u64,
    /// Orders that name nobody.
    pub orders_without_customer: u64,
    /// By currency; under the empty name what names none.
    pub currencies: BTreeMap<String, CurrencyTotals>,
    /// The first day of an order.
    pub first_day: Option<Day>,
    /// The last day of an order.
    pub last_day: Option<Day>,
    customers: HashSet<u64>,
}

impl ImportTotals {
    /// Different customers, by the strongest key of each order: id, else e-mail address, else telephone number.
    #[must_use]
    pub fn customers(&self) -> u64 {
        self.customers.len() as u64
    }

    fn currency(&mut self, code: Option<&str>) -> &mut CurrencyTotals {
        let code = code.unwrap_or_default();
        if !self.currencies.contains_key(code) {
            self.currencies.insert(code.to_owned(), CurrencyTotals::default());
        }
        self.currencies.get_mut(code).expect("it was put there")
    }
}

macro_rules! produced {
    ($($(#[$meta:meta])* $table:ident: $rows:ident;)*) => {
        /// Rows of every table that importers fill.
        #[derive(Debug, Default)]
        pub struct ProducedRows {
            $($(#[$meta])* pub $table: $table::$rows,)*
        }

        impl ProducedRows {
            /// Rows that wait, over all tables.
            #[must_use]
            pub fn len(&self) -> usize {
                0 $(+ self.$table.len())*
            }

            /// Whether no row waits.
            #[must_use]
            pub fn is_empty(&self) -> bool {
                self.len() == 0
            }

            /// The rows so far, a batch for each table that has some; none are left here.
            pub fn take(&mut self) -> Vec<(&'static Table, RecordBatch)> {
                let mut batches = Vec::new();
                $(if !self.$table.is_empty() {
                    batches.push((&$table::TABLE, self.$table.take()));
                })*
                batches
            }
        }
    };
}

produced! {
    /// Orders; see [`Produced::order`].
    orders: Orders;
    /// Rows of the table `order_lines`.
    order_lines: OrderLines;
    /// Refunds; see [`Produced::refund`].
    refunds: Refunds;
    /// Rows of the table `payments`.
    payments: Payments;
    /// Rows of the table `shipments`.
    shipments: Shipments;
    /// Rows of the table `products`.
    products: Products;
    /// Rows of the table `costs`.
    costs: Costs;
    /// Rows of the table `customers`.
    customers: Customers;
    /// Rows of the table `identities`.
    identities: Identities;
    /// Rows of the table `accounts`.
    accounts: Accounts;
    /// Rows of the table `contracts`.
    contracts: Contracts;
    /// Rows of the table `invoices`.
    invoices: Invoices;
    /// Rows of the table `leads`.
    leads: Leads;
    /// Rows of the table `opportunities`.
    opportunities: Opportunities;
    /// Rows of the table `subscriptions`.
    subscriptions: Subscriptions;
    /// Rows of the table `memberships`.
    memberships: Memberships;
    /// Rows of the table `coupons`.
    coupons: Coupons;
    /// Rows of the table `referrals`.
    referrals: Referrals;
    /// Rows of the table `loyalty_entries`.
    loyalty_entries: LoyaltyEntries;
    /// Rows of the table `campaigns`.
    campaigns: Campaigns;
    /// Rows of the table `messages`.
    messages: Messages;
    /// Rows of the table `ad_spend`.
    ad_spend: AdSpendRows;
    /// Rows of the table `touchpoints`.
    touchpoints: Touchpoints;
    /// Rows of the table `events`.
    events: Events;
    /// Rows of the table `reach`.
    reach: ReachCounts;
    /// Rows of the table `tickets`.
    tickets: Tickets;
    /// Rows of the table `surveys`.
    surveys: Surveys;
    /// Rows of the table `benchmarks`.
    benchmarks: Benchmarks;
    /// Rows of the table `fx_rates`.
    fx_rates: FxRates;
    /// Rows of the table `put_aside`.
    put_aside: PutAsideRows;
}

/// What an importer makes of the rows it reads.
#[derive(Debug, Default)]
pub struct Produced {
    /// The rows, by table.
    pub rows: ProducedRows,
    /// Their totals.
    pub totals: ImportTotals,
    /// Hashes of the links that were given.
    linked: HashSet<u64>,
}

impl Produced {
    /// Adds an order and counts it. Keys that stand on one order are one person's.
    pub fn order(&mut self, order: orders::Order<'_>, origin: &Origin<'_>) {
        self.one_person(
            order.customer_id.as_deref(),
            order.email.as_deref(),
            order.phone.as_deref(),
            origin,
        );
        if order.is_cancelled {
            self.totals.cancelled_orders += 1;
        } else {
            let totals = self.totals.currency(order.currency.as_deref());
            totals.orders += 1;
            totals.gross += i128::from(order.total.0);
            let keys = [&order.customer_id, &order.email, &order.phone];
            match keys.into_iter().find_map(|key| key.as_deref()) {
                Some(key) => {
                    self.totals.customers.insert(hash_bytes(key.as_bytes()));
                }
                None => self.totals.orders_without_customer += 1,
            }
            let day = order.ordered_on;
            let totals = &mut self.totals;
            totals.first_day = Some(totals.first_day.map_or(day, |first| first.min(day)));
            totals.last_day = Some(totals.last_day.map_or(day, |last| last.max(day)));
        }
        self.rows.orders.push(order, origin);
    }

    /// Adds a refund and counts it.
    pub fn refund(&mut self, refund: refunds::Refund<'_>, origin: &Origin<'_>) {
        self.totals.currency(refund.currency.as_deref()).refunds += i128::from(refund.amount.0);
        self.rows.refunds.push(refund, origin);
    }

    /// Adds a customer. Their keys are one person's.
    pub fn customer(&mut self, customer: customers::Customer<'_>, origin: &Origin<'_>) {
        self.one_person(
            Some(&customer.customer_id),
            customer.email.as_deref(),
            customer.phone.as_deref(),
            origin,
        );
        self.rows.customers.push(customer, origin);
    }

    /// Links the keys that stand in one row.
    fn one_person(
        &mut self,
        id: Option<&str>,
        email: Option<&str>,
        phone: Option<&str>,
        origin: &Origin<'_>,
    ) {
        if let (Some(id), Some(email)) = (id, email) {
            self.link(("customer_id", id), ("email", email), "same_row", origin);
        }
        match (id, email, phone) {
            (_, Some(email), Some(phone)) => {
                self.link(("email", email), ("phone", phone), "same_row", origin);
            }
            (Some(id), None, Some(phone)) => {
                self.link(("customer_id", id), ("phone", phone), "same_row", origin);
            }
            _ => {}
        }
    }

    /// Says that two keys, each with its kind, are one person's; once for each pair of an import.
    pub fn link(
        &mut self,
        one: (&str, &str),
        other: (&str, &str),
        rule: &str,
        origin: &Origin<'_>,
    ) {
        let text = [origin.source, origin.shop, one.0, one.1, other.0, other.1].join("\0");
        if one == other || !self.linked.insert(hash_bytes(text.as_bytes())) {
            return;
        }
        self.rows.identities.push(
            IdentityLink {
                key_kind: one.0.into(),
                key: one.1.into(),
                other_kind: other.0.into(),
                other_key: other.1.into(),
                rule: rule.into(),
                is_valid: true,
                ..IdentityLink::default()
            },
            origin,
        );
    }
}
