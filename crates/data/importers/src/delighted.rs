//! Delighted's survey responses, as its interface lists them or as a table with the same names.

use clv_tables::Rule;
use clv_tables::canonical::surveys::{self, SurveyAnswer};

use crate::cells::Cells;
use crate::identity_keys::email;
use crate::importer::{Importer, Problem, RowReader, source_columns};
use crate::produced::Produced;

/// The importer.
pub static IMPORTER: Importer = Importer {
    id: "delighted",
    title: "Delighted survey responses",
    signature: &["score", "comment", "created_at", "person_properties*|survey_type|permalink"],
    not: &[],
    columns: COLUMNS,
    tables: &[&surveys::TABLE],
    caution: "where no type of survey is told the scores are taken for answers from 0 to 10; scores of types other than nps, enps, csat, ces and pmf have no scale",
    reader: || Box::new(Reader),
};

source_columns! {
    ID "response_id" Text optional ["id", "response_id"];
    PERSON "customer_id" Text optional ["person.id", "person", "person_id"];
    EMAIL "email" Address optional ["person.email", "email", "person_properties.email"];
    TYPE "survey_type" Text optional ["survey_type"];
    SCORE "score" Number needed ["score"];
    COMMENT "comment" Text optional ["comment"];
    CREATED "answered_at" MomentUtc needed ["created_at"];
    ORDER_ID "order_id" Text optional ["person_properties.order_id", "person_properties.order_number"];
    SOURCE "channel" Text optional ["person_properties.Delighted Source"];
}

#[derive(Debug)]
struct Reader;

impl RowReader for Reader {
    fn row(&mut self, cells: &Cells<'_>, out: &mut Produced) -> Result<(), Problem> {
        let answered = cells.needed_moment(CREATED)?;
        let address = cells.text(EMAIL).and_then(email);
        let score = cells.money(SCORE)?.and_then(|_| cells.number(SCORE));
        let survey = cells.text(TYPE).unwrap_or("nps").to_lowercase();
        let (kind, scale) = match survey.as_str() {
            "nps" => ("net_promoter_score", Some((0.0, 10.0))),
            "enps" => ("other", Some((0.0, 10.0))),
            "csat" => ("customer_satisfaction", Some((1.0, 5.0))),
            "ces" => ("customer_effort", Some((1.0, 5.0))),
            "pmf" => ("other", Some((1.0, 3.0))),
            _ => ("other", None),
        };
        let scale = scale.filter(|_| score.is_some());
        if let (Some((low, high)), Some(score)) = (scale, score)
            && !(low..=high).contains(&score)
        {
            return Err(Problem { rule: Rule::UnreadableAmount, column: SCORE });
        }
        let comment = cells.text(COMMENT);
        if score.is_none() && comment.is_none() {
            return Err(Problem { rule: Rule::UnreadableAmount, column: SCORE });
        }
        let response_id = match (cells.text(ID), cells.row_hash) {
            (Some(id), _) => id.to_owned(),
            (None, Some(hash)) => format!("{hash:016x}"),
            (None, None) => format!("{}/{}", cells.origin.file, cells.origin.row),
        };
        out.rows.surveys.push(
            SurveyAnswer {
                response_id: response_id.into(),
                question: survey.into(),
                kind: kind.into(),
                answered_on: answered.day,
                answered_at: answered.at,
                customer_id: cells.text(PERSON).map(Into::into),
                email: address,
                order_id: cells.text(ORDER_ID).map(Into::into),
                score,
                scale_low: scale.map(|scale| scale.0),
                scale_high: scale.map(|scale| scale.1),
                comment: comment.map(Into::into),
                channel: cells.text(SOURCE).map(Into::into),
                ..SurveyAnswer::default()
            },
            &cells.origin,
        );
        Ok(())
    }
}
