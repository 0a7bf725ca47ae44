//! Klaviyo's profiles, as it exports lists and segments and as it takes them in: consent, and its own forecasts.
//!
//! The forecasts go to the `stated_` columns, where they stand beside ours. A consent without a time counts from midnight in UTC.

use clv_tables::canonical::customers::{self, Customer};
use clv_tables::{Instant, Rule};
use serde_json::{Map, Value};

use crate::cells::Cells;
use crate::identity_keys::{email, phone};
use crate::importer::{Importer, Problem, RowReader, source_columns};
use crate::produced::Produced;

/// The importer.
pub static IMPORTER: Importer = Importer {
    id: "klaviyo",
    title: "Klaviyo profiles",
    signature: &[
        "Email|Email Address|Phone Number",
        "Email Marketing Consent|SMS Marketing Consent|Klaviyo ID",
        "Klaviyo ID|Email Marketing Consent Timestamp|Historic Customer Lifetime Value|Email Suppressions|First Name|SMS Marketing Consent",
    ],
    not: &["Total Spent", "Financial Status"],
    columns: COLUMNS,
    tables: &[&customers::TABLE],
    caution: "its values and numbers of orders are Klaviyo's own reckoning: they are shown beside ours and never used; they name no currency",
    reader: || Box::new(Reader),
};

source_columns! {
    ID "customer_id" Text optional ["Klaviyo ID"];
    EMAIL "email" Text optional ["Email", "Email Address"];
    PHONE "phone" Text optional ["Phone Number"];
    FIRST_NAME "first_name" Text optional ["First Name"];
    LAST_NAME "last_name" Text optional ["Last Name"];
    COMPANY "company" Text optional ["Organization"];
    CITY "city" Text optional ["City"];
    REGION "region" Text optional ["State / Region"];
    COUNTRY "country" Text optional ["Country"];
    POSTAL_CODE "postal_code" Text optional ["Zip Code"];
    SOURCE "channel" Text optional ["Source", "Initial Source"];
    CREATED "known_from" MomentUtc optional ["Profile Created On", "Date Added"];
    CONSENT "is_email_allowed" Text optional ["Email Marketing Consent"];
    CONSENTED_AT "consented_at" MomentUtc optional ["Email Marketing Consent Timestamp"];
    SMS_CONSENT "is_sms_allowed" Text optional ["SMS Marketing Consent"];
    SUPPRESSIONS "suppressions" Text optional ["Email Suppressions"];
    HISTORIC "stated_total" Number optional ["Historic Customer Lifetime Value"];
    PREDICTED "stated_residual_value" Number optional ["Predicted Customer Lifetime Value"];
    TOTAL "stated_lifetime_value" Number optional ["Total Customer Lifetime Value"];
    ORDERS "stated_orders" Number optional ["Historic Number Of Orders"];
    PREDICTED_ORDERS "predicted_orders" Number optional ["Predicted Number Of Orders"];
    GAP "days_between_orders" Number optional ["Average Days Between Orders"];
    CHURN_RISK "churn_risk" Number optional ["Churn Risk Prediction"];
}

/// Reasons of a suppression that the person gave, and not a mailbox that does not exist.
const REFUSALS: [&str; 3] = ["unsubscribe", "spam", "user_suppressed"];

/// Microseconds of a day.
const MICROS_PER_DAY: i64 = 86_400_000_000;

#[derive(Debug)]
struct Reader;

impl RowReader for Reader {
    fn row(&mut self, cells: &Cells<'_>, out: &mut Produced) -> Result<(), Problem> {
        let address = cells.text(EMAIL).and_then(email);
        let number = cells.text(PHONE).and_then(phone);
        let customer_id = match (cells.text(ID), &address, &number) {
            (Some(id), _, _) => id.into(),
            (None, Some(key), _) | (None, None, Some(key)) => key.clone(),
            (None, None, None) => return Err(Problem { rule: Rule::NoCustomer, column: EMAIL }),
        };
        let suppressions = cells.text(SUPPRESSIONS).map(str::to_lowercase);
        let has_refused = suppressions
            .as_deref()
            .is_some_and(|reasons| REFUSALS.iter().any(|reason| reasons.contains(reason)));
        let consented_at = cells
            .moment(CONSENTED_AT)?
            .map(|moment| moment.at.unwrap_or(Instant(i64::from(moment.day.0) * MICROS_PER_DAY)));
        let customer = Customer {
            customer_id,
            email: address,
            phone: number,
            first_name: cells.text(FIRST_NAME).map(Into::into),
            last_name: cells.text(LAST_NAME).map(Into::into),
            company: cells.text(COMPANY).map(Into::into),
            known_from: cells.moment(CREATED)?.map(|moment| moment.day),
            country: cells.text(COUNTRY).map(Into::into),
            region: cells.text(REGION).map(Into::into),
            city: cells.text(CITY).map(Into::into),
            postal_code: cells.text(POSTAL_CODE).map(Into::into),
            channel: cells.text(SOURCE).map(Into::into),
            is_email_allowed: if has_refused { Some(false) } else { consent(cells, CONSENT) },
            is_sms_allowed: consent(cells, SMS_CONSENT),
            consented_at,
            stated_orders: cells.whole(ORDERS).filter(|n| *n >= 0),
            stated_total: cells.money(HISTORIC)?,
            stated_residual_value: cells.money(PREDICTED)?,
            stated_lifetime_value: cells.money(TOTAL)?,
            attributes: attributes(cells, suppressions).map(Into::into),
            ..Customer::default()
        };
        out.customer(customer, &cells.origin);
        Ok(())
    }
}

/// What a consent says; `None` where nobody asked, `NEVER_SUBSCRIBED`.
fn consent(cells: &Cells<'_>, column: usize) -> Option<bool> {
    let cell = cells.text(column)?.to_lowercase();
    match cell.as_str() {
        "subscribed" | "subscribe" | "true" | "yes" => Some(true),
        "unsubscribed" | "unsubscribe" | "false" | "no" => Some(false),
        _ => None,
    }
}

/// What has no column of its own, as JSON object.
fn attributes(cells: &Cells<'_>, suppressions: Option<String>) -> Option<String> {
    let mut rest = Map::new();
    for (name, column) in [
        ("predicted_orders", PREDICTED_ORDERS),
        ("days_between_orders", GAP),
        ("churn_risk", CHURN_RISK),
    ] {
        if let Some(number) = cells.number(column) {
            rest.insert(name.into(), number.into());
        }
    }
    if let Some(reasons) = suppressions {
        rest.insert("email_suppressions".into(), reasons.into());
    }
    (!rest.is_empty()).then(|| Value::Object(rest).to_string())
}
