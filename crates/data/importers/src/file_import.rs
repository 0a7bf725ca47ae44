//! One file on its way into canonical tables: positions and formats of its columns, then row by row through its importer.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::StringArray;
use clv_tables::canonical::put_aside::PutAsideRow;
use clv_tables::hash::hash_bytes;
use clv_tables::{ComplaintExample, ComplaintLog, Origin};

use crate::canonicalise::RowNumbers;
use crate::cells::Cells;
use crate::column_formats::ColumnFormats;
use crate::error::ImportError;
use crate::heading::nearest;
use crate::importer::{Importer, Problem, Reading, RowReader};
use crate::order_heads::OrderHeads;
use crate::produced::Produced;
use crate::sample::Sample;
use crate::survey_answers::found_by_content;

/// Where the columns of an importer stand in a file: those that `--columns` names by the importer's ids, else those with a
/// heading of theirs; an importer without a signature finds its columns itself. `decimal=` settles a format and is no column.
///
/// # Errors
/// When an id is none of the importer's, a heading is not there, or a column that is needed is not.
pub fn positions(
    importer: &'static Importer,
    sample: &Sample,
    named: &BTreeMap<String, String>,
) -> Result<Vec<Option<usize>>, ImportError> {
    if importer.signature.is_empty() {
        return crate::generic::positions(sample, named);
    }
    let mut positions = vec![None; importer.columns.len()];
    for (id, heading) in named.iter().filter(|(id, _)| *id != "decimal") {
        let known = || importer.columns.iter().map(|column| column.id);
        let Some(column) = importer.column(id) else {
            return Err(ImportError::UnknownRole {
                given: id.clone(),
                known: known().collect::<Vec<_>>().join(", "),
                nearest: nearest(id, known()),
            });
        };
        let exact = sample.headings.iter().position(|h| h == heading);
        positions[column] = exact.or_else(|| sample.find(heading));
        if positions[column].is_none() {
            return Err(ImportError::UnknownHeading {
                file: sample.file.clone(),
                given: heading.clone(),
                role: importer.columns[column].id,
                headings: sample.heading_list(),
                nearest: nearest(heading, sample.headings.iter().map(String::as_str)),
            });
        }
    }
    for (at, column) in positions.iter_mut().zip(importer.columns) {
        if !matches!(column.reading, Reading::Score | Reading::Address) {
            *at = at.or_else(|| column.headings.iter().find_map(|heading| sample.find(heading)));
        }
    }
    found_by_content(importer, sample, &mut positions);
    for (at, column) in positions.iter().zip(importer.columns) {
        if at.is_none() && column.is_needed {
            return Err(ImportError::NoSourceColumn {
                file: sample.file.clone(),
                importer: importer.title,
                id: column.id,
                expected: match column.reading {
                    Reading::Score => "of answers from 0 to 10".into(),
                    _ => column.headings.join(" or "),
                },
                headings: sample.heading_list(),
            });
        }
    }
    Ok(positions)
}

/// A reader that knows its headings.
fn reader(importer: &Importer, headings: &[Option<String>]) -> Box<dyn RowReader> {
    let mut reader = (importer.reader)();
    reader.take_headings(headings);
    reader
}

/// One file being imported.
#[derive(Debug)]
pub struct FileImport {
    importer: &'static Importer,
    headings: Vec<Option<String>>,
    formats: ColumnFormats,
    file: String,
    shop: String,
    reader: Box<dyn RowReader>,
    /// The rows that were put aside so far.
    pub complaints: ComplaintLog,
}

impl FileImport {
    /// A file whose columns stand at these positions and are written in these formats.
    #[must_use]
    pub fn new(
        importer: &'static Importer,
        positions: &[Option<usize>],
        formats: ColumnFormats,
        sample: &Sample,
        shop: &str,
    ) -> FileImport {
        let headings: Vec<Option<String>> =
            positions.iter().map(|at| at.map(|at| sample.headings[at].clone())).collect();
        FileImport {
            importer,
            reader: reader(importer, &headings),
            headings,
            formats,
            file: sample.file.clone(),
            shop: shop.to_owned(),
            complaints: ComplaintLog::default(),
        }
    }

    /// Takes rows in: for each column of the importer its cells, `None` where the file has no such column. `row_hashes` are of
    /// the whole rows, by which rows that came before are known; empty where there are none.
    pub fn push(
        &mut self,
        columns: &[Option<StringArray>],
        n_rows: usize,
        rows: RowNumbers<'_>,
        row_hashes: &[u64],
        out: &mut Produced,
    ) {
        debug_assert_eq!(columns.len(), self.importer.columns.len());
        for at in 0..n_rows {
            let origin = Origin {
                source: self.importer.source(),
                shop: &self.shop,
                file: &self.file,
                row: rows.at(at),
            };
            let cells = Cells {
                columns,
                formats: &self.formats,
                at,
                origin,
                row_hash: row_hashes.get(at).copied(),
            };
            out.totals.rows += 1;
            if let Err(problem) = self.reader.row(&cells, out) {
                if !problem.rule.keeps_row() {
                    self.put_aside(&cells, &problem, out);
                }
                self.complaints.add(problem.rule, 0, || ComplaintExample {
                    file: origin.file.to_owned(),
                    row: origin.row,
                    column: self.headings[problem.column].clone().unwrap_or_default(),
                    value: cells.raw(problem.column).to_owned(),
                });
            }
        }
    }

    /// Keeps the cells of a row that cannot be used, so that it can be mended and imported again.
    fn put_aside(&self, cells: &Cells<'_>, problem: &Problem, out: &mut Produced) {
        out.totals.rows_put_aside += 1;
        let mut raw_row = serde_json::Map::new();
        for (column, heading) in self.headings.iter().enumerate() {
            if let Some(heading) = heading {
                raw_row.insert(heading.clone(), cells.raw(column).into());
            }
        }
        let raw_row = serde_json::Value::Object(raw_row).to_string();
        out.rows.put_aside.push(
            PutAsideRow {
                table: self.importer.tables.first().map_or("", |table| table.name).into(),
                rule: problem.rule.id().into(),
                column: self.headings[problem.column].as_deref().unwrap_or_default().into(),
                value: cells.raw(problem.column).into(),
                fingerprint: format!("{:016x}", hash_bytes(raw_row.as_bytes())).into(),
                raw_row: raw_row.into(),
                ..PutAsideRow::default()
            },
            &cells.origin,
        );
    }

    /// The importer whose file must be read first, where there is one.
    #[must_use]
    pub fn companion(&self) -> Option<&'static str> {
        self.reader.companion()
    }

    /// Gives the reader the heads of its companion; to be called before the first row.
    pub fn take_heads(&mut self, heads: Arc<OrderHeads>) {
        self.reader.take_heads(heads);
    }

    /// What the file tells of its orders to the readers of other files; to be called after [`FileImport::finish`].
    pub fn heads(&mut self) -> Option<OrderHeads> {
        self.reader.heads()
    }

    /// Ends the file: what the reader still holds is produced.
    pub fn finish(&mut self, out: &mut Produced) {
        self.reader.finish(out);
    }
}
