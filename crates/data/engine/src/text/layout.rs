//! How a text file is cut: the delimiter, where the heading is, whether there is one.

use clv_importers::date_format::{DateEvidence, DateVerdict};
use clv_importers::number_format::{Decimal, NumberFormat};

/// What stands between cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delimiter {
    /// One byte, cells may be quoted.
    Byte(u8),
    /// Runs of spaces and tabs, cells are never quoted.
    Spaces,
}

/// The cut of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) delimiter: Delimiter,
    /// Rows before the heading, or before the first row where there is no heading.
    pub(crate) n_preamble: usize,
    pub(crate) has_heading: bool,
    pub(crate) headings: Vec<String>,
}

/// How many rows the heading may be preceded by.
const MAX_PREAMBLE: usize = 15;

/// Cuts the beginning of a file into rows.
pub(crate) fn cut(text: &[u8], delimiter: Delimiter, max_rows: usize) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    match delimiter {
        Delimiter::Spaces => {
            for line in String::from_utf8_lossy(text)
                .lines()
                .filter(|line| !line.trim().is_empty())
                .take(max_rows)
            {
                rows.push(line.split_whitespace().map(str::to_owned).collect());
            }
        }
        Delimiter::Byte(byte) => {
            let mut reader = csv_core::ReaderBuilder::new().delimiter(byte).build();
            let (mut cells, mut ends) =
                (vec![0_u8; text.len() + 16], vec![0_usize; text.len() + 16]);
            let mut at = 0;
            while rows.len() < max_rows {
                let (mut n_out, mut n_ends) = (0, 0);
                loop {
                    let (result, n_in, out, n) =
                        reader.read_record(&text[at..], &mut cells[n_out..], &mut ends[n_ends..]);
                    at += n_in;
                    n_out += out;
                    n_ends += n;
                    match result {
                        csv_core::ReadRecordResult::InputEmpty => {}
                        csv_core::ReadRecordResult::Record => break,
                        _ => return rows,
                    }
                }
                let mut start = 0;
                let mut row = Vec::with_capacity(n_ends);
                for end in &ends[..n_ends] {
                    row.push(String::from_utf8_lossy(&cells[start..*end]).into_owned());
                    start = *end;
                }
                rows.push(row);
            }
        }
    }
    rows
}

/// Decides the cut from the beginning of a file; `None` when there is no row at all.
pub(crate) fn detect(text: &[u8]) -> Option<Layout> {
    let candidates = [
        Delimiter::Byte(b','),
        Delimiter::Byte(b';'),
        Delimiter::Byte(b'\t'),
        Delimiter::Byte(b'|'),
        Delimiter::Spaces,
    ];
    // A hundred rows are enough to tell delimiters apart.
    let mut best: Option<(f64, Layout)> = None;
    for delimiter in candidates {
        let rows = cut(text, delimiter, 100);
        let Some((n_columns, share)) = usual_width(&rows) else { continue };
        let is_spaces = delimiter == Delimiter::Spaces;
        if is_spaces
            && (n_columns < 3
                || share < 0.95
                || best.as_ref().is_some_and(|(_, l)| l.headings.len() > 1))
        {
            continue;
        }
        // Consistent rows first, then more columns; one column is what every wrong delimiter gives.
        let score = if n_columns == 1 {
            0.01
        } else {
            (10.0 * share * share).floor() + (n_columns as f64).min(90.0) / 100.0
        };
        if best.as_ref().is_none_or(|(so_far, _)| score > *so_far) {
            best = Some((score, with_heading(delimiter, &rows, n_columns)));
        }
    }
    best.map(|(_, layout)| layout)
}

/// The most frequent number of cells, and the share of rows that have it.
fn usual_width(rows: &[Vec<String>]) -> Option<(usize, f64)> {
    let widest = rows.iter().map(Vec::len).max()?;
    let mut counts = vec![0_usize; widest + 1];
    rows.iter().for_each(|row| counts[row.len()] += 1);
    // Among equals the wider: a heading with one row below it must not lose to a title line.
    let (width, count) =
        counts.iter().enumerate().max_by_key(|(width, count)| (**count, *width))?;
    Some((width, *count as f64 / rows.len() as f64))
}

fn with_heading(delimiter: Delimiter, rows: &[Vec<String>], n_columns: usize) -> Layout {
    let n_preamble =
        rows.iter().take(MAX_PREAMBLE).position(|row| row.len() == n_columns).unwrap_or(0);
    let first = rows.get(n_preamble).map_or(&[][..], Vec::as_slice);
    let has_heading = !first.iter().any(|cell| is_value(cell))
        && first.iter().any(|cell| !cell.trim().is_empty());
    let headings = first
        .iter()
        .enumerate()
        .map(|(i, cell)| {
            let name = cell.trim().trim_start_matches('\u{feff}').trim();
            if has_heading && !name.is_empty() {
                name.to_owned()
            } else {
                format!("column_{}", i + 1)
            }
        })
        .collect();
    Layout { delimiter, n_preamble, has_heading, headings }
}

/// Whether a cell is a number or a date, which no heading is.
fn is_value(cell: &str) -> bool {
    let mut date = DateEvidence::default();
    date.observe(0, cell);
    date.verdict(None) != DateVerdict::NoDates
        || [Decimal::Point, Decimal::Comma]
            .into_iter()
            .any(|decimal| NumberFormat { decimal }.parse(cell).is_ok())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    #[test]
    fn the_delimiter_is_the_one_that_cuts_all_rows_alike() {
        for (text, delimiter, headings) in [
            ("a,b\nx y,1\nz,2\n", Delimiter::Byte(b','), vec!["a", "b"]),
            ("a;b;c\nx;1,5;3\nz;2,5;3\n", Delimiter::Byte(b';'), vec!["a", "b", "c"]),
            ("a\tb\nx\t1\n", Delimiter::Byte(b'\t'), vec!["a", "b"]),
            (
                " 4 1 19970101  2  29.33\n 4 1 19970118 12 9.73\n",
                Delimiter::Spaces,
                vec!["column_1", "column_2", "column_3", "column_4", "column_5"],
            ),
            ("My shop\n\na,b,c\n1,2,3\n4,5,6\n", Delimiter::Byte(b','), vec!["a", "b", "c"]),
        ] {
            let layout = detect(text.as_bytes()).unwrap();
            assert_eq!(
                (layout.delimiter, layout.headings),
                (delimiter, headings.iter().map(|h| h.to_string()).collect())
            );
        }
        assert_eq!(detect(b""), None);
    }
}
