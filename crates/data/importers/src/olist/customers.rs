//! Olist's customers: a key for each order, and the person behind it.

use clv_tables::Rule;
use clv_tables::canonical::customers::{self, Customer};
use clv_tables::canonical::identities;

use crate::cells::Cells;
use crate::importer::{Importer, Problem, RowReader, source_columns};
use crate::produced::Produced;

/// The importer.
pub static IMPORTER: Importer = Importer {
    id: "olist-customers",
    title: "Olist customers",
    signature: &["customer_id", "customer_unique_id", "customer_zip_code_prefix"],
    not: &["order_id"],
    columns: COLUMNS,
    tables: &[&identities::TABLE, &customers::TABLE],
    caution: "",
    reader: || Box::new(Reader),
};

source_columns! {
    CUSTOMER_ID "customer_id" Text needed ["customer_id"];
    UNIQUE_ID "customer_unique_id" Text needed ["customer_unique_id"];
    POSTAL_CODE "postal_code" Text optional ["customer_zip_code_prefix"];
    CITY "city" Text optional ["customer_city"];
    STATE "region" Text optional ["customer_state"];
}

#[derive(Debug)]
struct Reader;

impl RowReader for Reader {
    fn row(&mut self, cells: &Cells<'_>, out: &mut Produced) -> Result<(), Problem> {
        let customer_id = cells.needed_text(CUSTOMER_ID, Rule::NoCustomer)?;
        let unique_id = cells.needed_text(UNIQUE_ID, Rule::NoCustomer)?;
        let (person, key) = (("customer_unique_id", unique_id), ("customer_id", customer_id));
        out.link(person, key, "same_row", &cells.origin);
        out.customer(
            Customer {
                customer_id: customer_id.into(),
                country: Some("BR".into()),
                region: cells.text(STATE).map(Into::into),
                city: cells.text(CITY).map(Into::into),
                postal_code: cells.text(POSTAL_CODE).map(|code| super::postal_code(code).into()),
                ..Customer::default()
            },
            &cells.origin,
        );
        Ok(())
    }
}
