//! Rows of a source into canonical order rows, totals and complaints: the same step for every format and source.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{Array, RecordBatch};
use arrow::datatypes::SchemaRef;
use clv_tables::hash::{hash_bytes, hash_number};
use clv_tables::orders::order_schema;
use clv_tables::{ComplaintExample, ComplaintLog, Rule};

use crate::convert::{BAD_AMOUNT, BAD_DAY, LARGE_AMOUNT, NO_AMOUNT, NO_DAY, is_mark};
use crate::error::ImportError;
use crate::plan::{ImportPlan, OrderLayout, ZeroOrders};
use crate::role::Role;

mod columns;
mod customer;
mod first_orders;
mod order;
mod plain;
mod refusals;
mod rows;
mod totals;

pub use first_orders::{FirstOrderAttribute, FirstOrders};
pub use totals::RowTotals;

use columns::{Columns, Ids, cell};
use customer::own_customer;
use order::{Fates, OpenOrder};
use rows::{CanonicalRows, CustomerRef};

/// Where the rows of a batch stand in their file, the heading being row 1.
#[derive(Debug, Clone, Copy)]
pub enum RowNumbers<'a> {
    /// One after the other from here.
    From(u64),
    /// Each by itself.
    Listed(&'a [u64]),
    /// Not known; examples then carry row 0.
    Unknown,
}

impl RowNumbers<'_> {
    pub(crate) fn at(self, i: usize) -> u64 {
        match self {
            RowNumbers::From(first) => first + i as u64,
            RowNumbers::Listed(rows) => rows.get(i).copied().unwrap_or(0),
            RowNumbers::Unknown => 0,
        }
    }
}

/// What all files of one import must agree on or share.
#[derive(Debug, Default)]
pub struct Shared {
    seen_rows: Mutex<HashSet<u64>>,
    /// The file and row of each order of which a file holds one version; filled where several files are merged.
    versions: Mutex<HashMap<u64, (Arc<str>, u64)>>,
    currency: Mutex<Option<(&'static str, u64)>>,
    n_lone_orders: AtomicU64,
}

/// Turns batches of one file into canonical rows, in the order of the file.
#[derive(Debug)]
pub struct Canonicaliser {
    plan: Arc<ImportPlan>,
    file: Arc<str>,
    shared: Arc<Shared>,
    schema: SchemaRef,
    /// Complaints so far.
    pub complaints: ComplaintLog,
    /// Sums so far.
    pub totals: RowTotals,
    order: OpenOrder,
    fates: Fates,
    /// How often each row has stood in this file; filled where several files are merged.
    times: HashMap<u64, u64>,
    currency: Option<&'static str>,
    first_orders: Option<FirstOrders>,
}

impl Canonicaliser {
    /// A canonicaliser for one file; `shared` is the same for all files of an import.
    pub fn new(plan: Arc<ImportPlan>, file: &str, shared: Arc<Shared>) -> Canonicaliser {
        let schema = order_schema(plan.id_kind);
        Canonicaliser {
            plan,
            file: file.into(),
            shared,
            schema,
            complaints: ComplaintLog::default(),
            totals: RowTotals::default(),
            order: OpenOrder { day: NO_DAY, ..OpenOrder::default() },
            fates: Fates::default(),
            times: HashMap::new(),
            currency: None,
            first_orders: None,
        }
    }

    /// The same, taking note of what first orders tell: of those `known` so far and of the rows to come. The plan is one
    /// [with attributes](ImportPlan::with_attributes).
    #[must_use]
    pub fn noting_first_orders(mut self, known: FirstOrders) -> Canonicaliser {
        self.first_orders = Some(known);
        self
    }

    /// What first orders tell by now; empty where nobody asked.
    #[must_use]
    pub fn into_first_orders(self) -> FirstOrders {
        self.first_orders.unwrap_or_default()
    }

    /// Counts and complains about a row that the reader could not cut into cells.
    pub fn add_ragged(&mut self, row: u64, value: &str) {
        self.totals.rows_read += 1;
        let file = self.file.to_string();
        self.complaints.add(Rule::RaggedRow, 0, || ComplaintExample {
            file,
            row,
            column: String::new(),
            value: value.to_owned(),
        });
    }

    /// The canonical rows of a batch whose columns are the plan's, in its order. `row_hashes` are hashes of whole rows, for
    /// finding duplicates; empty where that is not asked for.
    ///
    /// # Errors
    /// When a row proves the plan wrong: another order of day and month, another currency; or a column has an unfit type.
    pub fn push(
        &mut self,
        batch: &RecordBatch,
        rows: RowNumbers<'_>,
        row_hashes: &[u64],
    ) -> Result<RecordBatch, ImportError> {
        let mut columns = Columns::convert(&self.plan, &self.file, batch)?;
        self.totals.rows_read += batch.num_rows() as u64;
        if let Some(done) = self.push_plain(&mut columns) {
            return Ok(done);
        }
        let has_orders = columns.order_ids.is_some();
        let mut out = CanonicalRows::new(self.plan.id_kind, batch.num_rows(), has_orders);
        for i in 0..batch.num_rows() {
            self.push_row(&columns, i, rows.at(i), row_hashes.get(i).copied(), &mut out)?;
        }
        if self.plan.zero_orders == ZeroOrders::Drop {
            let heading = self.amount_heading();
            let (file, complaints, totals) = (&self.file, &mut self.complaints, &mut self.totals);
            out.drop_zero_orders(|row, n_lines| {
                totals.rows_accepted -= u64::from(n_lines);
                for line in 0..n_lines {
                    complaints.add(Rule::ZeroOrder, 0, || ComplaintExample {
                        file: file.to_string(),
                        row: if row == 0 { 0 } else { row + u64::from(line) },
                        column: heading.clone(),
                        value: "0".into(),
                    });
                }
            });
        }
        Ok(out.finish(&self.schema))
    }

    fn push_row(
        &mut self,
        columns: &Columns,
        i: usize,
        row: u64,
        row_hash: Option<u64>,
        out: &mut CanonicalRows,
    ) -> Result<(), ImportError> {
        let order_id = cell(&columns.order_ids, i);
        let is_one_of_several = self.plan.source.rules.layout == OrderLayout::FirstRowCounts;
        if !is_one_of_several || order_id.is_empty() {
            return self.judge_row(columns, i, row, row_hash, out);
        }
        let order = hash_bytes(order_id.as_bytes());
        match self.fates.of(order) {
            // The line of an order that already counted shares its fate, wherever it stands.
            Some(None) => self.totals.rows_accepted += 1,
            Some(Some(rule)) => self.complain(rule, row, 0, Role::OrderId, order_id),
            None => {
                self.order.put_aside = None;
                self.judge_row(columns, i, row, row_hash, out)?;
                // A line that was sorted before the row with the money must not decide for it.
                if columns.amounts[i] != NO_AMOUNT {
                    if self.plan.merges_files && self.order.put_aside.is_none() {
                        self.refuse_other_version(order, row, order_id)?;
                    }
                    self.fates.settle(order, self.order.put_aside);
                }
            }
        }
        Ok(())
    }

    /// Takes a row in, or complains about it.
    fn judge_row(
        &mut self,
        columns: &Columns,
        i: usize,
        row: u64,
        row_hash: Option<u64>,
        out: &mut CanonicalRows,
    ) -> Result<(), ImportError> {
        let layout = self.plan.source.rules.layout;
        let order_id = cell(&columns.order_ids, i);
        let order_number = cell(&columns.order_numbers, i);
        let key = if columns.order_ids.is_none() {
            None
        } else if !order_number.is_empty() {
            Some(hash_bytes(order_number.as_bytes()))
        } else if !order_id.is_empty() {
            Some(hash_bytes(order_id.as_bytes()))
        } else {
            // A row without an order id is an order of its own.
            let nth = self.shared.n_lone_orders.fetch_add(1, Ordering::Relaxed);
            Some(hash_number(hash_bytes(b"order without an id") ^ nth))
        };
        let name = (!order_id.is_empty()).then(|| hash_bytes(order_id.as_bytes())).or(key);
        let continues = layout != OrderLayout::RowsAdd && name.is_some() && name == self.order.key;
        let mut amount = columns.amounts[i];
        let status = cell(&columns.statuses, i).to_lowercase();
        let is_cancelled = !cell(&columns.cancelled, i).is_empty()
            || (!status.is_empty()
                && self.plan.source.rules.cancelled_statuses.contains(&status.as_str()));
        let mut day = columns.days[i];
        if !continues {
            self.order.key = name;
            self.order.is_cancelled = is_cancelled;
            self.order.put_aside = None;
            self.order.day = day;
            self.order.customer.clear();
            self.order.total = 0;
            self.order.returned = 0;
        }
        let money = if is_mark(amount) { 0 } else { amount };
        if is_cancelled || (continues && self.order.is_cancelled) {
            let column = if status.is_empty() { Role::CancelledAt } else { Role::Status };
            let value =
                if status.is_empty() { cell(&columns.cancelled, i).to_owned() } else { status };
            self.complain(Rule::CancelledOrder, row, money, column, &value);
            return Ok(());
        }
        let mut customer = own_customer(columns, i);
        if layout == OrderLayout::RowsAreEvents {
            // A later row that names nobody belongs to the customer of the order's first row.
            match &customer {
                Some(own) => own.as_ref().clone_into(&mut self.order.customer),
                None if continues && !self.order.customer.is_empty() => {
                    customer = Some(self.order.customer.clone().into());
                }
                None => {}
            }
        }
        let customer_ref = match (&columns.customers, &customer) {
            (Ids::Integer(ids), _) if !ids.is_null(i) => CustomerRef::Integer(ids.value(i)),
            (Ids::Text(_), Some(text)) => CustomerRef::Text(text),
            _ => CustomerRef::Missing,
        };
        if layout == OrderLayout::RowsAreEvents {
            if continues && day == NO_DAY {
                day = self.order.day;
            }
            if amount == NO_AMOUNT && continues {
                // A line of products between the payments.
                self.totals.rows_accepted += 1;
                return Ok(());
            }
        }
        if !self.is_wanted_currency(columns, i, row, money)? {
            return Ok(());
        }
        if matches!(customer_ref, CustomerRef::Missing) {
            self.complain(Rule::NoCustomer, row, money, Role::CustomerId, "");
            return Ok(());
        }
        if day <= BAD_DAY {
            let value = cell(&columns.day_texts, i);
            self.refuse_other_order(row, value)?;
            self.complain(Rule::UnreadableDate, row, money, Role::OrderedAt, value);
            return Ok(());
        }
        if is_mark(amount) {
            let rule =
                if amount == LARGE_AMOUNT { Rule::AmountTooLarge } else { Rule::UnreadableAmount };
            debug_assert!(amount == LARGE_AMOUNT || amount == BAD_AMOUNT || amount == NO_AMOUNT);
            self.complain(rule, row, 0, Role::Amount, cell(&columns.amount_texts, i));
            return Ok(());
        }
        let refund = columns.refunds.as_ref().map_or(0, |refunds| refunds[i]);
        if refund == BAD_AMOUNT || refund == LARGE_AMOUNT {
            self.complain(Rule::UnreadableAmount, row, money, Role::RefundedAmount, order_id);
            return Ok(());
        }
        if self.plan.as_of.is_some_and(|as_of| day > as_of.0) {
            self.complain(
                Rule::AfterAsOf,
                row,
                money,
                Role::OrderedAt,
                &clv_tables::Day(day).to_string(),
            );
            return Ok(());
        }
        if let Some(hash) = row_hash
            && self.is_repeated(hash, order_id)
        {
            self.complain(Rule::DuplicateOrder, row, money, Role::OrderId, order_id);
            return Ok(());
        }
        let is_refund = cell(&columns.kinds, i).eq_ignore_ascii_case("refund");
        let is_return = amount < 0
            || is_refund
            || columns.pieces.as_ref().is_some_and(|pieces| pieces[i] < 0)
            || self
                .plan
                .source
                .rules
                .return_prefix
                .is_some_and(|prefix| order_id.starts_with(prefix));
        if is_return {
            amount = -amount.abs();
        }
        if out.last_key() == key && key.is_some() && !out.is_last_customer(&customer_ref) {
            self.complain(Rule::OrderOfTwoCustomers, row, money, Role::OrderId, order_id);
        }
        self.totals.accept(day, amount, is_return);
        let is_purchase = !is_return && (amount != 0 || self.plan.zero_orders == ZeroOrders::Keep);
        if let (Some(first_orders), true) = (&mut self.first_orders, is_purchase) {
            first_orders.note(&customer_ref, day, &columns.attributes, i);
        }
        out.push(&customer_ref, day, amount, is_return, key, row);
        if refund != 0 && !is_mark(refund) {
            let refund = refund.abs();
            self.totals.add_money(day, -refund, true);
            out.push(&customer_ref, day, -refund, true, key, row);
            if refund > amount {
                self.complain(
                    Rule::RefundExceedsOrder,
                    row,
                    -refund,
                    Role::RefundedAmount,
                    order_id,
                );
            }
        }
        if layout == OrderLayout::RowsAreEvents {
            let side = if is_return { &mut self.order.returned } else { &mut self.order.total };
            *side = side.saturating_add(amount.abs());
            if is_return && self.order.returned > self.order.total {
                self.complain(Rule::RefundExceedsOrder, row, amount, Role::Amount, order_id);
            }
        }
        Ok(())
    }

    /// Whether the row was read before: anywhere, or, where files are merged, as often in another file as now in this one.
    fn is_repeated(&mut self, row_hash: u64, order_id: &str) -> bool {
        let nth = if self.plan.drops_duplicates {
            row_hash
        } else if order_id.is_empty() {
            // A row without an order id is an order of its own.
            return false;
        } else {
            let times = self.times.entry(row_hash).or_insert(0);
            *times += 1;
            hash_number(row_hash ^ hash_number(*times))
        };
        !self.shared.seen_rows.lock().unwrap_or_else(PoisonError::into_inner).insert(nth)
    }

    fn amount_heading(&self) -> String {
        let amount = self.plan.heading(Role::Amount);
        if amount.is_empty() {
            self.plan.heading(Role::UnitPrice).to_owned()
        } else {
            amount.to_owned()
        }
    }

    fn complain(&mut self, rule: Rule, row: u64, money: i64, role: Role, value: &str) {
        let heading = match role {
            Role::Amount => self.amount_heading(),
            role => self.plan.heading(role).to_owned(),
        };
        if !rule.keeps_row() {
            self.order.put_aside = Some(rule);
        }
        let file = &self.file;
        self.complaints.add(rule, money, || ComplaintExample {
            file: file.to_string(),
            row,
            column: heading,
            value: value.to_owned(),
        });
    }
}
