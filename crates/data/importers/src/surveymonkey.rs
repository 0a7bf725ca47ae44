//! SurveyMonkey's export of all responses: one row for each response, below two rows of headings.
//!
//! The second heading names the choices of a question, or says that the answer is open. It has no respondent, by which it is told
//! from a response.

use clv_tables::Rule;
use clv_tables::canonical::surveys::{self, SurveyAnswer};

use crate::cells::Cells;
use crate::identity_keys::email;
use crate::importer::{Importer, Problem, RowReader, source_columns};
use crate::produced::Produced;
use crate::survey_answers::{Question, score};

/// The importer.
pub static IMPORTER: Importer = Importer {
    id: "surveymonkey",
    title: "SurveyMonkey responses",
    signature: &["Respondent ID", "Collector ID", "Start Date", "End Date"],
    not: &[],
    columns: COLUMNS,
    tables: &[&surveys::TABLE],
    caution: "of the questions only the one with answers from 0 to 10 is read, and the reason given for it; name them with --columns score=... and comment=... where they are not found",
    reader: || Box::new(Reader::default()),
};

source_columns! {
    RESPONDENT "response_id" Text needed ["Respondent ID"];
    COLLECTOR "survey" Text optional ["Collector ID"];
    STARTED "started_at" Moment optional ["Start Date"];
    ENDED "answered_at" Moment needed ["End Date", "Date Modified", "Start Date"];
    EMAIL "email" Address optional ["Email Address", "Email"];
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
        let Some(response_id) = cells.text(RESPONDENT) else {
            let is_heading = cells.text(SCORE).and_then(score).is_none();
            let problem = Problem { rule: Rule::NoOrder, column: RESPONDENT };
            return if is_heading { Ok(()) } else { Err(problem) };
        };
        let answered = match cells.moment(ENDED)? {
            Some(ended) => ended,
            None => cells.needed_moment(STARTED)?,
        };
        let response = SurveyAnswer {
            response_id: response_id.into(),
            survey: cells.text(COLLECTOR).map(Into::into),
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
