//! Any file with a row for each subscription, its columns by the names that such files use; those that tell how long a customer
//! has stayed instead of days are read, too.

use clv_tables::canonical::customers::{self, Customer};
use clv_tables::canonical::subscriptions::{self, Subscription};
use clv_tables::{Rule, Table};

use crate::cells::Cells;
use crate::heading::plain;
use crate::identity_keys::{customer_id, email};
use crate::importer::{Importer, Problem, RowReader, source_columns};
use crate::produced::Produced;

static TABLES: [&Table; 2] = [&subscriptions::TABLE, &customers::TABLE];

/// The importer.
pub static IMPORTER: Importer = Importer {
    id: "generic-subscriptions",
    title: "Subscriptions, by their columns' names",
    signature: &[
        "Customer ID|Customer|Email|Account ID|Subscription ID",
        "Start date|Started at|Started on|Subscription start|Tenure|Tenure months",
        "Churn|Churned|End date|Ended at|Ended on|Cancelled at|Canceled at|Status",
        "Plan|Contract|Monthly charges|MRR|Price|Amount|Interval",
    ],
    not: &["Order ID", "Impressions", "Collector ID"],
    columns: COLUMNS,
    tables: &TABLES,
    caution: "a customer with several subscriptions needs a column of their ids; where only the length is told it is in intervals, and no day is made up",
    reader: || Box::new(Reader::default()),
};

source_columns! {
    ID "subscription_id" Text optional ["Subscription ID", "Subscription"];
    CUSTOMER_ID "customer_id" Text optional ["Customer ID", "Customer"];
    EMAIL "email" Text optional ["Email", "Customer email"];
    ACCOUNT_ID "account_id" Text optional ["Account ID", "Account"];
    PLAN "plan" Text optional ["Plan", "Plan name", "Contract", "Product"];
    AMOUNT "amount" Number optional ["Monthly charges", "MRR", "Monthly price", "Price", "Amount"];
    CURRENCY "currency" Text optional ["Currency"];
    INTERVAL "interval" Text optional ["Interval", "Billing interval", "Billing period"];
    STATUS "status" Text optional ["Status"];
    STARTED "started_on" Moment optional ["Start date", "Started at", "Started on", "Subscription start"];
    TENURE "n_intervals" Number optional ["Tenure", "Tenure months"];
    NOTICE "canceled_on" Moment optional ["Cancelled at", "Canceled at", "Cancellation date"];
    ENDED "ended_on" Moment optional ["End date", "Ended at", "Ended on", "Churn date"];
    CHURNED "is_ended" Text optional ["Churn", "Churned"];
    REASON "cancel_reason" Text optional ["Cancellation reason", "Churn reason"];
    GENDER "gender" Text optional ["Gender"];
    TOTAL "stated_total" Number optional ["Total charges", "Total paid", "Total revenue"];
}

#[derive(Debug, Default)]
struct Reader {
    is_monthly: bool,
}

impl RowReader for Reader {
    fn take_headings(&mut self, headings: &[Option<String>]) {
        let says_month = |column: usize| {
            let heading = plain(headings[column].as_deref().unwrap_or_default());
            heading.contains("month") || heading == "mrr"
        };
        self.is_monthly = says_month(AMOUNT) || says_month(TENURE);
    }

    fn row(&mut self, cells: &Cells<'_>, out: &mut Produced) -> Result<(), Problem> {
        let who = cells.text(CUSTOMER_ID).and_then(customer_id);
        let (address, account_id) = (cells.text(EMAIL).and_then(email), cells.text(ACCOUNT_ID));
        let someone = who.or(address.as_deref()).or(account_id);
        let someone = someone.ok_or(Problem { rule: Rule::NoCustomer, column: CUSTOMER_ID })?;
        let id = cells.text(ID).unwrap_or(someone);
        let day = |column| cells.moment(column).map(|moment| moment.map(|moment| moment.day));
        let (started_on, ended_on, canceled_on) = (day(STARTED)?, day(ENDED)?, day(NOTICE)?);
        let n_intervals = cells.whole(TENURE).filter(|n| *n >= 0);
        if started_on.is_none() && n_intervals.is_none() {
            let rule =
                if cells.has(STARTED) { Rule::UnreadableDate } else { Rule::UnreadableTenure };
            let column = if cells.has(STARTED) { STARTED } else { TENURE };
            return Err(Problem { rule, column });
        }
        if let (Some(started), Some(ended)) = (started_on, ended_on)
            && ended < started
        {
            return Err(Problem { rule: Rule::EndsBeforeStart, column: ENDED });
        }
        let interval = cells.text(INTERVAL).and_then(interval);
        let (unit, count) = interval.or(self.is_monthly.then_some(("month", 1))).unzip();
        let (amount, stated_total) = (cells.money(AMOUNT)?, cells.money(TOTAL)?);
        if amount.is_some_and(|amount| amount.0 < 0) {
            return Err(Problem { rule: Rule::UnreadableAmount, column: AMOUNT });
        }
        out.rows.subscriptions.push(
            Subscription {
                subscription_id: id.into(),
                customer_id: who.map(Into::into),
                email: address.clone(),
                account_id: account_id.map(Into::into),
                plan: cells.text(PLAN).map(Into::into),
                amount,
                currency: cells.currency(CURRENCY),
                interval_unit: unit.map(Into::into),
                interval_count: count,
                status: cells.text(STATUS).map(|status| status.to_lowercase().into()),
                started_on,
                canceled_on,
                ended_on,
                cancel_reason: cells.text(REASON).map(Into::into),
                n_intervals,
                is_ended: cells.flag(CHURNED).or(ended_on.map(|_| true)),
                ..Subscription::default()
            },
            &cells.origin,
        );
        if let (Some(who), true) = (who, cells.has(TOTAL) || cells.has(GENDER)) {
            let customer = Customer {
                customer_id: who.into(),
                email: address,
                gender: cells.text(GENDER).map(|gender| gender.to_lowercase().into()),
                stated_total,
                currency: cells.currency(CURRENCY),
                ..Customer::default()
            };
            out.customer(customer, &cells.origin);
        }
        Ok(())
    }
}

/// `monthly`, `3 months`, `yearly`: the unit, and how many of it.
fn interval(cell: &str) -> Option<(&'static str, i64)> {
    let cell = cell.to_lowercase();
    let unit = match () {
        () if cell.contains("week") => "week",
        () if cell.contains("month") || cell.contains("quarter") => "month",
        () if cell.contains("year") || cell.contains("annual") => "year",
        () if cell.contains("day") || cell.contains("daily") => "day",
        () => return None,
    };
    let digits: String = cell.chars().filter(char::is_ascii_digit).collect();
    let count = if digits.is_empty() { 1 } else { digits.parse().ok()? };
    let count = if cell.contains("quarter") { 3 * count } else { count };
    (count > 0).then_some((unit, count))
}
