//! Olist's leads: sellers who asked to be called.

use clv_tables::Rule;
use clv_tables::canonical::leads::{self, Lead};

use crate::cells::Cells;
use crate::importer::{Importer, Problem, RowReader, source_columns};
use crate::produced::Produced;

/// The importer.
pub static IMPORTER: Importer = Importer {
    id: "olist-leads",
    title: "Olist marketing qualified leads",
    signature: &["mql_id", "first_contact_date", "landing_page_id", "origin"],
    not: &[],
    columns: COLUMNS,
    tables: &[&leads::TABLE],
    caution: "which leads were won stands in olist-closed-deals",
    reader: || Box::new(Reader),
};

source_columns! {
    LEAD_ID "lead_id" Text needed ["mql_id"];
    CONTACTED_AT "created_at" Moment needed ["first_contact_date"];
    LANDING_PAGE "form" Text optional ["landing_page_id"];
    ORIGIN "channel" Text optional ["origin"];
}

#[derive(Debug)]
struct Reader;

impl RowReader for Reader {
    fn row(&mut self, cells: &Cells<'_>, out: &mut Produced) -> Result<(), Problem> {
        let lead_id = cells.needed_text(LEAD_ID, Rule::NoCustomer)?;
        let contacted = cells.needed_moment(CONTACTED_AT)?;
        out.rows.leads.push(
            Lead {
                lead_id: lead_id.into(),
                created_on: contacted.day,
                created_at: contacted.at,
                channel: cells.text(ORIGIN).map(Into::into),
                form: cells.text(LANDING_PAGE).map(Into::into),
                ..Lead::default()
            },
            &cells.origin,
        );
        Ok(())
    }
}
