//! Olist's reviews: one to five stars for an order, and what was written.

use clv_tables::Rule;
use clv_tables::canonical::surveys::{self, SurveyAnswer};

use crate::cells::Cells;
use crate::importer::{Importer, Problem, RowReader, source_columns};
use crate::produced::Produced;

/// The importer.
pub static IMPORTER: Importer = Importer {
    id: "olist-reviews",
    title: "Olist reviews",
    signature: &["review_id", "order_id", "review_score", "review_answer_timestamp"],
    not: &[],
    columns: COLUMNS,
    tables: &[&surveys::TABLE],
    caution: "a review may stand for several orders: it is an answer to each of them",
    reader: || Box::new(Reader),
};

source_columns! {
    REVIEW_ID "response_id" Text needed ["review_id"];
    ORDER_ID "order_id" Text needed ["order_id"];
    SCORE "score" Number needed ["review_score"];
    TITLE "title" Text optional ["review_comment_title"];
    MESSAGE "comment" Text optional ["review_comment_message"];
    ASKED_AT "asked_at" Moment optional ["review_creation_date"];
    ANSWERED_AT "answered_at" Moment needed ["review_answer_timestamp"];
}

#[derive(Debug)]
struct Reader;

impl RowReader for Reader {
    fn row(&mut self, cells: &Cells<'_>, out: &mut Produced) -> Result<(), Problem> {
        let review_id = cells.needed_text(REVIEW_ID, Rule::NoOrder)?;
        let order_id = cells.needed_text(ORDER_ID, Rule::NoOrder)?;
        let score = cells.number(SCORE).filter(|score| (1.0..=5.0).contains(score));
        let score = score.ok_or(Problem { rule: Rule::UnreadableAmount, column: SCORE })?;
        let answered = cells.needed_moment(ANSWERED_AT)?;
        let comment: Vec<&str> =
            [cells.text(TITLE), cells.text(MESSAGE)].into_iter().flatten().collect();
        out.rows.surveys.push(
            SurveyAnswer {
                response_id: format!("{review_id}/{order_id}").into(),
                question: "review".into(),
                kind: "customer_satisfaction".into(),
                asked_at: cells.moment(ASKED_AT)?.and_then(|asked| asked.at),
                answered_on: answered.day,
                answered_at: answered.at,
                order_id: Some(order_id.into()),
                score: Some(score),
                scale_low: Some(1.0),
                scale_high: Some(5.0),
                comment: (!comment.is_empty()).then(|| comment.join(": ").into()),
                ..SurveyAnswer::default()
            },
            &cells.origin,
        );
        Ok(())
    }
}
