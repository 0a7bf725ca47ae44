//! The dashboard's export of subscriptions.
//!
//! Notice and end are two days: a subscription that was cancelled runs on to the end of what was paid for, and only `Ended At`
//! says that it is over. A customer may have several.

use clv_tables::canonical::subscriptions::{self, Subscription};
use clv_tables::{Day, Rule};

use crate::cells::Cells;
use crate::identity_keys::email;
use crate::importer::{Importer, Problem, RowReader, source_columns};
use crate::produced::Produced;

/// The importer.
pub static IMPORTER: Importer = Importer {
    id: "stripe-subscriptions",
    title: "Stripe subscriptions export",
    signature: &[
        "id",
        "Customer ID",
        "Plan",
        "Interval",
        "Amount",
        "Status",
        "Start (UTC)|Start Date (UTC)|Created (UTC)",
        "Current Period Start (UTC)",
        "Ended At (UTC)|Canceled At (UTC)",
    ],
    not: &["Amount Refunded"],
    columns: COLUMNS,
    tables: &[&subscriptions::TABLE],
    caution: "the export has the subscriptions as they are today: earlier plans and prices of one are not in it",
    reader: || Box::new(Reader),
};

source_columns! {
    ID "subscription_id" Text needed ["id"];
    CUSTOMER_ID "customer_id" Text optional ["Customer ID"];
    EMAIL "email" Text optional ["Customer Email"];
    PLAN "plan" Text optional ["Plan"];
    PRODUCT "product_id" Text optional ["Product"];
    QUANTITY "quantity" Number optional ["Quantity"];
    CURRENCY "currency" Text optional ["Currency"];
    INTERVAL "interval" Text optional ["Interval"];
    AMOUNT "amount" Number optional ["Amount"];
    STATUS "status" Text optional ["Status"];
    STARTED "started_on" MomentUtc needed ["Start (UTC)", "Start Date (UTC)", "Created (UTC)"];
    TRIAL_END "trial_ended_on" MomentUtc optional ["Trial End (UTC)"];
    PERIOD_START "period_from" MomentUtc optional ["Current Period Start (UTC)"];
    PERIOD_END "period_until" MomentUtc optional ["Current Period End (UTC)"];
    CANCELED "canceled_on" MomentUtc optional ["Canceled At (UTC)"];
    ENDED "ended_on" MomentUtc optional ["Ended At (UTC)"];
    CANCEL_AT_END "is_ending" Text optional ["Cancel At Period End"];
    REASON "cancel_reason" Text optional ["Cancellation Reason"];
}

#[derive(Debug)]
struct Reader;

impl RowReader for Reader {
    fn row(&mut self, cells: &Cells<'_>, out: &mut Produced) -> Result<(), Problem> {
        let id = cells.needed_text(ID, Rule::NoOrder)?;
        let (customer_id, address) = (cells.text(CUSTOMER_ID), cells.text(EMAIL).and_then(email));
        if customer_id.is_none() && address.is_none() {
            return Err(Problem { rule: Rule::NoCustomer, column: CUSTOMER_ID });
        }
        let started_on = cells.needed_moment(STARTED)?.day;
        let day = |column| cells.moment(column).map(|moment| moment.map(|moment| moment.day));
        // The moment at which a stretch is over opens the next one: its last day is the one before.
        let last_day = |column| Ok(day(column)?.map(|day: Day| Day(day.0 - 1)));
        let (canceled_on, ended_on) = (day(CANCELED)?, day(ENDED)?);
        if ended_on.is_some_and(|ended_on| ended_on < started_on) {
            return Err(Problem { rule: Rule::EndsBeforeStart, column: ENDED });
        }
        let period_from = day(PERIOD_START)?;
        let period_until: Option<Day> = last_day(PERIOD_END)?;
        let status = cells.text(STATUS).map(str::to_lowercase);
        let is_over =
            ended_on.is_some() || canceled_on.is_some() || cells.flag(CANCEL_AT_END) == Some(true);
        let runs = matches!(status.as_deref(), Some("active" | "trialing" | "past_due"));
        let (interval_unit, interval_count) = cells.text(INTERVAL).and_then(interval).unzip();
        out.rows.subscriptions.push(
            Subscription {
                subscription_id: id.into(),
                customer_id: customer_id.map(Into::into),
                email: address,
                plan: cells.text(PLAN).map(Into::into),
                product_id: cells.text(PRODUCT).map(Into::into),
                quantity: cells.number(QUANTITY).filter(|quantity| *quantity > 0.0),
                amount: cells.money(AMOUNT)?.filter(|amount| amount.0 >= 0),
                currency: cells.currency(CURRENCY),
                interval_unit: interval_unit.map(Into::into),
                interval_count,
                status: status.map(Into::into),
                started_on: Some(started_on),
                trial_ended_on: last_day(TRIAL_END)?.filter(|ended| *ended >= started_on),
                period_from,
                period_until: period_until
                    .filter(|until| period_from.is_none_or(|from| *until >= from)),
                canceled_on,
                ended_on,
                cancel_reason: cells.text(REASON).map(Into::into),
                is_renewing: if is_over { Some(false) } else { runs.then_some(true) },
                ..Subscription::default()
            },
            &cells.origin,
        );
        Ok(())
    }
}

/// `month`, `3 months`, `every 6 weeks`: the unit, and how many of it.
fn interval(cell: &str) -> Option<(&'static str, i64)> {
    let cell = cell.to_lowercase();
    let unit = ["day", "week", "month", "year"].into_iter().find(|unit| cell.contains(unit))?;
    let digits: String = cell.chars().filter(char::is_ascii_digit).collect();
    let count = if digits.is_empty() { 1 } else { digits.parse().ok()? };
    (count > 0).then_some((unit, count))
}
