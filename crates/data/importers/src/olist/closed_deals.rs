//! Olist's closed deals: leads that became sellers.

use clv_tables::Rule;
use clv_tables::canonical::opportunities::{self, Opportunity};

use crate::cells::Cells;
use crate::importer::{Importer, Problem, RowReader, source_columns};
use crate::produced::Produced;

/// The importer.
pub static IMPORTER: Importer = Importer {
    id: "olist-closed-deals",
    title: "Olist closed deals",
    signature: &["mql_id", "seller_id", "sdr_id", "sr_id", "won_date"],
    not: &[],
    columns: COLUMNS,
    tables: &[&opportunities::TABLE],
    caution: "the file has won deals only and does not tell when they were opened: each counts as opened on the day on which it was won",
    reader: || Box::new(Reader),
};

source_columns! {
    LEAD_ID "lead_id" Text needed ["mql_id"];
    SELLER_ID "account_id" Text needed ["seller_id"];
    AGENT "agent" Text optional ["sr_id"];
    WON_AT "closed_on" Moment needed ["won_date"];
    SEGMENT "name" Text optional ["business_segment"];
}

#[derive(Debug)]
struct Reader;

impl RowReader for Reader {
    fn row(&mut self, cells: &Cells<'_>, out: &mut Produced) -> Result<(), Problem> {
        let lead_id = cells.needed_text(LEAD_ID, Rule::NoCustomer)?;
        let won = cells.needed_moment(WON_AT)?;
        out.rows.opportunities.push(
            Opportunity {
                opportunity_id: lead_id.into(),
                name: cells.text(SEGMENT).map(Into::into),
                lead_id: Some(lead_id.into()),
                account_id: cells.text(SELLER_ID).map(Into::into),
                created_on: won.day,
                stage: Some("won".into()),
                closed_on: Some(won.day),
                is_won: Some(true),
                agent: cells.text(AGENT).map(Into::into),
                ..Opportunity::default()
            },
            &cells.origin,
        );
        Ok(())
    }
}
