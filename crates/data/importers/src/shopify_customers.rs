//! Shopify's customers export: who the customers are and what they agreed to.
//!
//! Its totals are another reckoning than the orders' and go to the `stated_` columns: they are shown beside the orders and never
//! count.

use clv_tables::Rule;
use clv_tables::canonical::customers::{self, Customer};

use crate::cells::Cells;
use crate::identity_keys::{email, phone};
use crate::importer::{Importer, Problem, RowReader, source_columns};
use crate::produced::Produced;

/// The importer.
pub static IMPORTER: Importer = Importer {
    id: "shopify-customers",
    title: "Shopify customers export",
    signature: &[
        "First Name",
        "Last Name",
        "Email",
        "Accepts Email Marketing|Accepts Marketing",
        "Total Spent",
        "Total Orders",
    ],
    not: &["Financial Status"],
    columns: COLUMNS,
    tables: &[&customers::TABLE],
    caution: "Total Spent and Total Orders are Shopify's own reckoning: they are compared with the orders and never used; when a consent was given is not told",
    reader: || Box::new(Reader),
};

source_columns! {
    CUSTOMER_ID "customer_id" Text optional ["Customer ID"];
    EMAIL "email" Text needed ["Email"];
    PHONE "phone" Text optional ["Phone", "Default Address Phone"];
    FIRST_NAME "first_name" Text optional ["First Name"];
    LAST_NAME "last_name" Text optional ["Last Name"];
    COMPANY "company" Text optional ["Default Address Company", "Company"];
    CITY "city" Text optional ["Default Address City", "City"];
    REGION "region" Text optional ["Default Address Province Code", "Province Code", "Province"];
    COUNTRY "country" Text optional ["Default Address Country Code", "Country Code", "Country"];
    POSTAL_CODE "postal_code" Text optional ["Default Address Zip", "Zip"];
    EMAIL_ALLOWED "is_email_allowed" Text optional ["Accepts Email Marketing", "Accepts Marketing"];
    SMS_ALLOWED "is_sms_allowed" Text optional ["Accepts SMS Marketing"];
    TOTAL_SPENT "stated_total" Number optional ["Total Spent"];
    TOTAL_ORDERS "stated_orders" Number optional ["Total Orders"];
    TAGS "tags" Text optional ["Tags"];
}

/// Labels that say that a customer is no person who buys for themselves.
const KINDS: [&str; 3] = ["staff", "wholesale", "test"];

#[derive(Debug)]
struct Reader;

impl RowReader for Reader {
    fn row(&mut self, cells: &Cells<'_>, out: &mut Produced) -> Result<(), Problem> {
        let address = cells.text(EMAIL).and_then(email);
        let number = cells.text(PHONE).and_then(phone);
        let customer_id = match (cells.text(CUSTOMER_ID), &address, &number) {
            (Some(id), _, _) => id.into(),
            (None, Some(key), _) | (None, None, Some(key)) => key.clone(),
            (None, None, None) => {
                return Err(Problem { rule: Rule::NoCustomer, column: EMAIL });
            }
        };
        let kind = cells.text(TAGS).and_then(|tags| {
            KINDS
                .into_iter()
                .find(|kind| tags.split(',').any(|tag| tag.trim().eq_ignore_ascii_case(kind)))
        });
        out.customer(
            Customer {
                customer_id,
                email: address,
                phone: number,
                first_name: cells.text(FIRST_NAME).map(Into::into),
                last_name: cells.text(LAST_NAME).map(Into::into),
                company: cells.text(COMPANY).map(Into::into),
                kind: kind.map(Into::into),
                country: cells.text(COUNTRY).map(Into::into),
                region: cells.text(REGION).map(Into::into),
                city: cells.text(CITY).map(Into::into),
                postal_code: cells.text(POSTAL_CODE).map(Into::into),
                is_email_allowed: cells.flag(EMAIL_ALLOWED),
                is_sms_allowed: cells.flag(SMS_ALLOWED),
                stated_orders: cells.whole(TOTAL_ORDERS).filter(|n| *n >= 0),
                stated_total: cells.money(TOTAL_SPENT)?,
                tags: cells.text(TAGS).map(Into::into),
                ..Customer::default()
            },
            &cells.origin,
        );
        Ok(())
    }
}
