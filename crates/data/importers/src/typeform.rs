//! Typeform's export of responses: one row for each, a column for each question in its own words.

use clv_tables::Rule;
use clv_tables::canonical::surveys::{self, SurveyAnswer};

use crate::cells::Cells;
use crate::identity_keys::email;
use crate::importer::{Importer, Problem, RowReader, source_columns};
use crate::produced::Produced;
use crate::survey_answers::Question;

/// The importer.
pub static IMPORTER: Importer = Importer {
    id: "typeform",
    title: "Typeform responses",
    signature: &["#|Token", "Start Date (UTC)", "Submit Date (UTC)", "Network ID"],
    not: &[],
    columns: COLUMNS,
    tables: &[&surveys::TABLE],
    caution: "of the questions only the one with answers from 0 to 10 is read, and the reason given for it; name them with --columns score=... and comment=... where they are not found",
    reader: || Box::new(Reader::default()),
};

source_columns! {
    ID "response_id" Text needed ["#", "Token"];
    STARTED "started_at" MomentUtc needed ["Start Date (UTC)"];
    STAGED "staged_at" MomentUtc optional ["Stage Date (UTC)"];
    SUBMITTED "answered_at" MomentUtc optional ["Submit Date (UTC)"];
    EMAIL "email" Address optional ["email", "*email*", "*e-mail*"];
    SCORE "score" Score needed ["*recommend*", "*empfehlen*", "*recommand*", "*recomend*", "*consigli*"];
    COMMENT "comment" Text optional ["*reason for your score*", "*reason for your rating*", "*why did you*", "*comment*"];
}

#[derive(Debug, Default)]
struct Reader {
    question: Question,
}

impl RowReader for Reader {
    fn take_headings(&mut self, headings: &[Option<String>]) {
        self.question = Question::of(headings[SCORE].as_deref());
    }

    fn row(&mut self, cells: &Cells<'_>, out: &mut Produced) -> Result<(), Problem> {
        let response_id = cells.needed_text(ID, Rule::NoOrder)?;
        // A response that was broken off has no day of submission, and may have an answer all the same.
        let answered = match (cells.moment(SUBMITTED)?, cells.moment(STAGED)?) {
            (Some(at), _) | (None, Some(at)) => at,
            (None, None) => cells.needed_moment(STARTED)?,
        };
        let response = SurveyAnswer {
            response_id: response_id.into(),
            answered_on: answered.day,
            answered_at: answered.at,
            email: cells.text(EMAIL).and_then(email),
            ..SurveyAnswer::default()
        };
        if let Some(answer) = self.question.answer(cells, SCORE, cells.text(COMMENT), response)? {
            out.rows.surveys.push(answer, &cells.origin);
        }
        Ok(())
    }
}
