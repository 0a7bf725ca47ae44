//! Delimited text through an importer, as rows of text by table.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, TimestampMicrosecondType};
use clv_importers::canonicalise::RowNumbers;
use clv_importers::file_import::positions;
use clv_importers::importers::recognise;
use clv_importers::{
    FileImport, FormatEvidence, FormatWishes, ImportError, ImportTotals, Produced, Sample,
};
use clv_tables::ComplaintGroup;

/// A canonical row: its cells by column, those that are null left out.
pub type Row = BTreeMap<String, String>;

/// What an import gave.
#[derive(Debug)]
pub struct Imported {
    /// The importer that recognised the file.
    pub importer: &'static str,
    /// Rows by table.
    pub tables: BTreeMap<&'static str, Vec<Row>>,
    pub totals: ImportTotals,
    pub complaints: Vec<ComplaintGroup>,
}

impl Imported {
    /// The rows of a table; none where it got none.
    pub fn rows(&self, table: &str) -> &[Row] {
        self.tables.get(table).map_or(&[], Vec::as_slice)
    }

    /// One cell; blank where it is null.
    pub fn cell(&self, table: &str, row: usize, column: &str) -> &str {
        self.rows(table)[row].get(column).map_or("", String::as_str)
    }

    /// How many rows broke each rule.
    pub fn put_aside(&self) -> Vec<(&'static str, u64)> {
        self.complaints.iter().map(|group| (group.rule.id(), group.count)).collect()
    }
}

/// Imports the text of one comma separated file; its first row is the heading.
pub fn import(text: &str) -> Result<Imported, ImportError> {
    import_with(text, b',', &FormatWishes::default())
}

/// The same with another delimiter and with what the user settled.
pub fn import_with(
    text: &str,
    delimiter: u8,
    wishes: &FormatWishes,
) -> Result<Imported, ImportError> {
    let mut reader =
        csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(text.as_bytes());
    let headings: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let rows: Vec<Vec<String>> = reader
        .records()
        .map(|record| {
            let mut row: Vec<String> = record.unwrap().iter().map(str::to_owned).collect();
            row.resize(headings.len(), String::new());
            row
        })
        .collect();
    let sample = Sample {
        file: "export.csv".into(),
        types: vec![DataType::Utf8; headings.len()],
        headings,
        has_heading: true,
        rows,
        first_row: 2,
    };
    let importer = recognise(&sample, None)?.importer;
    let positions = positions(importer, &sample, &BTreeMap::new())?;
    let formats = FormatEvidence::new(importer, &positions, &sample).decide(importer, wishes)?;
    let mut import = FileImport::new(importer, &positions, formats, &sample, "");
    let cells =
        |at: usize| StringArray::from_iter_values(sample.rows.iter().map(|row| row[at].as_str()));
    let columns: Vec<Option<StringArray>> = positions.iter().map(|at| at.map(cells)).collect();
    let mut out = Produced::default();
    import.push(&columns, sample.rows.len(), RowNumbers::From(2), &mut out);
    import.finish(&mut out);
    let tables =
        out.rows.take().into_iter().map(|(table, batch)| (table.name, as_text(&batch))).collect();
    Ok(Imported {
        importer: importer.id,
        tables,
        totals: out.totals,
        complaints: import.complaints.into_groups(),
    })
}

fn as_text(batch: &RecordBatch) -> Vec<Row> {
    let mut rows = vec![Row::new(); batch.num_rows()];
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        // Text of moments needs a zone that is an offset.
        let moments = column.as_primitive_opt::<TimestampMicrosecondType>();
        let moments = moments.map(|moments| moments.clone().with_timezone("+00:00"));
        let column = moments.map_or(column.clone(), |moments| Arc::new(moments));
        let cells = cast(&column, &DataType::Utf8).unwrap();
        for (row, cell) in rows.iter_mut().zip(cells.as_string::<i32>()) {
            if let Some(cell) = cell {
                row.insert(field.name().clone(), cell.to_owned());
            }
        }
    }
    rows
}
