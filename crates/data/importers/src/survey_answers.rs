//! Answers to surveys: which column holds the score from 0 to 10 and which the address, where only the cells tell.
//!
//! A survey's questions are headings in somebody's own words. A column of scores is one whose cells are whole numbers from 0 to 10
//! and that cannot be an answer on a shorter scale: its question asks for a recommendation, or some answer is 0 or more than 5.

use clv_tables::Rule;
use clv_tables::canonical::surveys::SurveyAnswer;

use crate::cells::Cells;
use crate::heading::{fits, plain};
use crate::identity_keys::email;
use crate::importer::{Importer, Problem, Reading};
use crate::sample::Sample;

/// Headings of questions for a recommendation, in several languages.
pub(crate) const RECOMMENDS: [&str; 5] =
    ["*recommend*", "*empfehlen*", "*recommand*", "*recomend*", "*consigli*"];

/// The question under whose heading the scores stand.
#[derive(Debug, Default)]
pub(crate) struct Question {
    words: String,
    kind: &'static str,
}

impl Question {
    /// The question of a heading.
    pub(crate) fn of(heading: Option<&str>) -> Question {
        let words = heading.unwrap_or_default().trim();
        let asks = RECOMMENDS.iter().any(|pattern| fits(pattern, &plain(words)));
        Question {
            words: words.to_owned(),
            kind: if asks { "net_promoter_score" } else { "other" },
        }
    }

    /// An answer to it, of a response with what is known of it; `None` where nothing was answered.
    ///
    /// # Errors
    /// When the score is none from 0 to 10.
    pub(crate) fn answer<'a>(
        &self,
        cells: &Cells<'a>,
        score_column: usize,
        comment: Option<&'a str>,
        response: SurveyAnswer<'a>,
    ) -> Result<Option<SurveyAnswer<'a>>, Problem> {
        let problem = Problem { rule: Rule::UnreadableAmount, column: score_column };
        let value = match cells.text(score_column) {
            Some(cell) => Some(score(cell).ok_or(problem)?),
            None => None,
        };
        let is_answered = value.is_some() || comment.is_some();
        Ok(is_answered.then(|| SurveyAnswer {
            question: self.words.clone().into(),
            kind: self.kind.into(),
            score: value,
            scale_low: value.map(|_| 0.0),
            scale_high: value.map(|_| 10.0),
            comment: comment.map(Into::into),
            ..response
        }))
    }
}

/// A score from 0 to 10, alone or beside its label: `9`, `9.0`, `Extremely likely - 10`, `0 - Not at all likely`.
pub(crate) fn score(cell: &str) -> Option<f64> {
    let whole = |text: &str| -> Option<f64> {
        let text = text.trim();
        let text = text.strip_suffix(".0").unwrap_or(text);
        text.parse::<u8>().ok().filter(|score| *score <= 10).map(f64::from)
    };
    whole(cell).or_else(|| {
        let (first, _) = cell.split_once(" - ")?;
        let (_, last) = cell.rsplit_once(" - ")?;
        whole(last).or_else(|| whole(first))
    })
}

/// Finds the columns of scores and of addresses that no heading named.
pub(crate) fn found_by_content(
    importer: &Importer,
    sample: &Sample,
    positions: &mut [Option<usize>],
) {
    for (at, column) in importer.columns.iter().enumerate() {
        if positions[at].is_some() {
            continue;
        }
        let free = |place: &usize| !positions.contains(&Some(*place));
        let places = || (0..sample.headings.len()).filter(free);
        let is_named = |place: &usize| {
            let heading = plain(&sample.headings[*place]);
            column.headings.iter().any(|pattern| fits(pattern, &heading))
        };
        positions[at] = match column.reading {
            Reading::Score => places()
                .find(|place| is_named(place) && scores(sample, *place).is_some())
                .or_else(|| {
                    let mut long = places().filter(|place| scores(sample, *place) == Some(true));
                    // Of several nobody knows which is meant.
                    long.next().filter(|_| long.next().is_none())
                }),
            // The column for it may be blank, and the address stand in a field that somebody added.
            Reading::Address => places()
                .find(|place| is_named(place) && holds_addresses(sample, *place))
                .or_else(|| places().find(|place| holds_addresses(sample, *place)))
                .or_else(|| places().find(is_named)),
            _ => None,
        };
    }
}

/// Whether the cells of a column are scores, and if so, whether one of them is off every shorter scale.
fn scores(sample: &Sample, place: usize) -> Option<bool> {
    let mut is_long = false;
    let mut n_scores = 0;
    for (row, cell) in sample.column(place) {
        match (cell.trim(), score(cell)) {
            ("", _) => {}
            (_, Some(score)) => {
                n_scores += 1;
                is_long |= !(0.5..5.5).contains(&score);
            }
            // The first row may be a second heading.
            (_, None) if row == sample.first_row => {}
            _ => return None,
        }
    }
    (n_scores > 0).then_some(is_long)
}

/// Whether at least half of the cells of a column that are not blank are addresses.
fn holds_addresses(sample: &Sample, place: usize) -> bool {
    let cells = sample.column(place).map(|(_, cell)| cell.trim()).filter(|cell| !cell.is_empty());
    let (mut n_cells, mut n_addresses) = (0, 0);
    for cell in cells {
        n_cells += 1;
        n_addresses += usize::from(email(cell).is_some());
    }
    n_addresses > 0 && 2 * n_addresses >= n_cells
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_reads_with_and_without_its_label() {
        for (cell, expected) in [
            ("9", Some(9.0)),
            ("10.0", Some(10.0)),
            ("Extremely likely - 10", Some(10.0)),
            ("0 - Not at all likely", Some(0.0)),
            ("11", None),
            ("8.5", None),
            ("good", None),
        ] {
            assert_eq!(score(cell), expected, "{cell}");
        }
    }
}
