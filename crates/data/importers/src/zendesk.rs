//! Zendesk's export of tickets, whose minutes come twice: by the calendar and within business hours.

use clv_tables::Rule;
use clv_tables::canonical::tickets::{self, Ticket};

use crate::cells::Cells;
use crate::identity_keys::email;
use crate::importer::{Importer, Problem, RowReader, source_columns};
use crate::produced::Produced;

/// The importer.
pub static IMPORTER: Importer = Importer {
    id: "zendesk",
    title: "Zendesk tickets",
    signature: &[
        "Id",
        "Requester",
        "Requester email",
        "Subject",
        "Status",
        "Created at",
        "Solved at",
        "Satisfaction Score",
    ],
    not: &[],
    columns: COLUMNS,
    tables: &[&tickets::TABLE],
    caution: "times are taken for the shop's own; satisfaction is in words and never becomes a number",
    reader: || Box::new(Reader),
};

source_columns! {
    ID "ticket_id" Text needed ["Id", "Ticket ID"];
    REQUESTER_ID "customer_id" Text optional ["Requester id"];
    EMAIL "email" Text optional ["Requester email"];
    SUBJECT "subject" Text optional ["Subject"];
    TAGS "tags" Text optional ["Tags"];
    STATUS "status" Text optional ["Status"];
    PRIORITY "priority" Text optional ["Priority"];
    VIA "channel" Text optional ["Via"];
    TYPE "kind" Text optional ["Ticket type"];
    GROUP "team" Text optional ["Group"];
    ASSIGNEE "agent" Text optional ["Assignee"];
    CREATED "opened_at" Moment needed ["Created at"];
    SOLVED "solved_at" Moment optional ["Solved at"];
    SATISFACTION "satisfaction" Text optional ["Satisfaction Score"];
    REOPENS "reopens" Number optional ["Reopens"];
    REPLIES "replies" Number optional ["Replies"];
    FIRST_REPLY "first_reply_minutes" Number optional ["First reply time in minutes", "First reply time (in minutes)"];
    FIRST_REPLY_BUSINESS "first_reply_business_minutes" Number optional ["First reply time in minutes within business hours"];
    SOLVED_MINUTES "solved_minutes" Number optional ["Full resolution time in minutes"];
}

#[derive(Debug)]
struct Reader;

impl RowReader for Reader {
    fn row(&mut self, cells: &Cells<'_>, out: &mut Produced) -> Result<(), Problem> {
        let ticket_id = cells.needed_text(ID, Rule::NoOrder)?;
        let opened = cells.needed_moment(CREATED)?;
        let solved_at = cells.moment(SOLVED)?.and_then(|solved| solved.at);
        if let (Some(solved), Some(opened)) = (solved_at, opened.at)
            && solved < opened
        {
            return Err(Problem { rule: Rule::EndsBeforeStart, column: SOLVED });
        }
        let minutes = |column| cells.number(column).filter(|minutes| *minutes >= 0.0);
        let count = |column| cells.whole(column).filter(|count| *count >= 0);
        let (customer_id, address) = (cells.text(REQUESTER_ID), cells.text(EMAIL).and_then(email));
        if let (Some(id), Some(address)) = (customer_id, address.as_deref()) {
            out.link(("customer_id", id), ("email", address), "same_row", &cells.origin);
        }
        let lower = |column| cells.text(column).map(|text| text.to_lowercase().into());
        out.rows.tickets.push(
            Ticket {
                ticket_id: ticket_id.into(),
                opened_on: opened.day,
                opened_at: opened.at,
                solved_at,
                customer_id: customer_id.map(Into::into),
                email: address,
                kind: lower(TYPE),
                channel: lower(VIA),
                subject: cells.text(SUBJECT).map(Into::into),
                status: lower(STATUS),
                priority: lower(PRIORITY),
                team: cells.text(GROUP).map(Into::into),
                agent: cells.text(ASSIGNEE).map(Into::into),
                tags: cells.text(TAGS).map(Into::into),
                first_reply_minutes: minutes(FIRST_REPLY),
                first_reply_business_minutes: minutes(FIRST_REPLY_BUSINESS),
                solved_minutes: minutes(SOLVED_MINUTES),
                reopens: count(REOPENS),
                replies: count(REPLIES),
                satisfaction: lower(SATISFACTION),
                ..Ticket::default()
            },
            &cells.origin,
        );
        Ok(())
    }
}
