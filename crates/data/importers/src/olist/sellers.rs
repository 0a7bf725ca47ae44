//! Olist's sellers: the firms whose leads were won.

use clv_tables::Rule;
use clv_tables::canonical::accounts::{self, Account};

use crate::cells::Cells;
use crate::importer::{Importer, Problem, RowReader, source_columns};
use crate::produced::Produced;

/// The importer.
pub static IMPORTER: Importer = Importer {
    id: "olist-sellers",
    title: "Olist sellers",
    signature: &["seller_id", "seller_zip_code_prefix", "seller_city", "seller_state"],
    not: &["order_id"],
    columns: COLUMNS,
    tables: &[&accounts::TABLE],
    caution: "sellers have no names, and their towns have no place in the table",
    reader: || Box::new(Reader),
};

source_columns! {
    SELLER_ID "account_id" Text needed ["seller_id"];
}

#[derive(Debug)]
struct Reader;

impl RowReader for Reader {
    fn row(&mut self, cells: &Cells<'_>, out: &mut Produced) -> Result<(), Problem> {
        let seller_id = cells.needed_text(SELLER_ID, Rule::NoCustomer)?;
        out.rows.accounts.push(
            Account {
                account_id: seller_id.into(),
                country: Some("BR".into()),
                ..Account::default()
            },
            &cells.origin,
        );
        Ok(())
    }
}
