//! Delimited text through an importer, as rows of text by table.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, TimestampMicrosecondType};
use clv_importers::canonicalise::RowNumbers;
use clv_importers::file_import::positions;
use clv_importers::importers::recognise;
use clv_importers::order_heads::OrderHeads;
use clv_importers::{
    FileImport, FormatEvidence, FormatWishes, ImportError, ImportTotals, Produced, Sample,
};
use clv_tables::ComplaintGroup;
use csv::StringRecord;
use serde_json::Value;

/// A canonical row: its cells by column, those that are null left out.
pub type Row = BTreeMap<String, String>;

/// Rows that go through an importer at a time.
const BATCH: usize = 8192;

/// What an import gave.
#[derive(Debug)]
pub struct Imported {
    /// The importer that recognised the file.
    pub importer: &'static str,
    /// How sure it was.
    pub confidence: f64,
    /// Rows by table.
    pub tables: BTreeMap<&'static str, Vec<Row>>,
    /// How many rows each table got.
    pub n_rows: BTreeMap<&'static str, usize>,
    pub totals: ImportTotals,
    /// What it hands to the readers of other files.
    pub heads: Option<OrderHeads>,
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

    /// Some cells of every row of a table, joined by bars.
    pub fn list(&self, table: &str, columns: &str) -> Vec<String> {
        let cells = |row: &Row| -> Vec<String> {
            columns.split(' ').map(|c| row.get(c).cloned().unwrap_or_default()).collect()
        };
        self.rows(table).iter().map(|row| cells(row).join("|")).collect()
    }

    /// How many rows broke each rule.
    pub fn put_aside(&self) -> Vec<(&'static str, u64)> {
        self.complaints.iter().map(|group| (group.rule.id(), group.count)).collect()
    }

    /// Orders, gross and refunds of a currency, amounts in millionths.
    pub fn sums(&self, currency: &str) -> (u64, i128, i128) {
        let totals = self.totals.currencies[currency];
        (totals.orders, totals.gross, totals.refunds)
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
    TextFile::cut(text.as_bytes(), delimiter).import(&Wish { formats: wishes, ..Wish::default() })
}

/// A file of the shared data, where it is there; prints why nothing is tested where it is not.
#[allow(clippy::print_stderr, reason = "a test that tests nothing says so")]
pub fn shared(path: &str) -> Option<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(4)?.join("shared/data");
    let Ok(bytes) = std::fs::read(root.join(path)) else {
        eprintln!("not tested: the shared data has no {path}");
        return None;
    };
    let mut text = String::new();
    if path.ends_with(".gz") {
        flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap();
    } else {
        text = String::from_utf8(bytes).unwrap();
    }
    Some(text.trim_start_matches('\u{feff}').to_owned())
}

/// What the user says of an import.
#[derive(Debug, Clone)]
pub struct Wish<'a> {
    pub from: Option<&'a str>,
    pub columns: &'a [(&'a str, &'a str)],
    pub formats: &'a FormatWishes,
    /// Whether rows are only counted: a large file has too many to keep.
    pub only_counts: bool,
    /// What the companion of the file tells.
    pub heads: Option<Arc<OrderHeads>>,
    /// Whether rows may break the checks of their tables.
    pub allows_breaches: bool,
}

impl Default for Wish<'_> {
    fn default() -> Self {
        static NONE: FormatWishes =
            FormatWishes { date_order: None, decimal: None, shop_zone: None };
        Wish {
            from: None,
            columns: &[],
            formats: &NONE,
            only_counts: false,
            heads: None,
            allows_breaches: false,
        }
    }
}

/// A file that was cut into cells.
#[derive(Debug)]
pub struct TextFile {
    headings: Vec<String>,
    has_heading: bool,
    rows: Vec<StringRecord>,
}

impl TextFile {
    /// Cuts delimited text whose first row is the heading.
    pub fn cut(text: &[u8], delimiter: u8) -> TextFile {
        let mut reader =
            csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(text);
        let headings = reader.headers().unwrap().iter().map(str::to_owned).collect();
        TextFile {
            headings,
            has_heading: true,
            rows: reader.records().map(Result::unwrap).collect(),
        }
    }

    /// Cuts lines at runs of spaces; there is no heading.
    pub fn cut_at_spaces(text: &str) -> TextFile {
        let rows: Vec<StringRecord> =
            text.lines().map(|line| line.split_whitespace().collect()).collect();
        let headings = (1..=rows[0].len()).map(|n| format!("column_{n}")).collect();
        TextFile { headings, has_heading: false, rows }
    }

    /// Lays JSON objects out as rows: nested objects become headings with dots, arrays stay JSON in their cell.
    pub fn json(documents: &[Value]) -> TextFile {
        let rows: Vec<BTreeMap<String, String>> = documents
            .iter()
            .map(|document| {
                let mut row = BTreeMap::new();
                flatten("", document, &mut row);
                row
            })
            .collect();
        let headings: BTreeSet<String> = rows.iter().flat_map(|row| row.keys().cloned()).collect();
        let cell = |row: &BTreeMap<String, String>, heading: &String| {
            row.get(heading).cloned().unwrap_or_default()
        };
        TextFile {
            rows: rows.iter().map(|row| headings.iter().map(|h| cell(row, h)).collect()).collect(),
            headings: headings.into_iter().collect(),
            has_heading: true,
        }
    }

    /// Takes it through the importer that it is for.
    pub fn import(&self, wish: &Wish<'_>) -> Result<Imported, ImportError> {
        let first_row = 1 + u64::from(self.has_heading);
        let cell = |row: &StringRecord, at: usize| row.get(at).unwrap_or_default().to_owned();
        let whole = |row: &StringRecord| -> Vec<String> {
            (0..self.headings.len()).map(|at| cell(row, at)).collect()
        };
        let sample = Sample {
            file: "export.csv".into(),
            types: vec![DataType::Utf8; self.headings.len()],
            headings: self.headings.clone(),
            has_heading: self.has_heading,
            rows: self.rows.iter().take(1000).map(whole).collect(),
            first_row,
        };
        let named = wish.columns.iter().map(|(id, heading)| ((*id).into(), (*heading).into()));
        let recognised = recognise(&sample, wish.from)?;
        let importer = recognised.importer;
        let positions = positions(importer, &sample, &named.collect())?;
        let mut evidence = FormatEvidence::new(importer, &positions, &sample);
        for (i, row) in self.rows.iter().enumerate().skip(1000) {
            if !evidence.is_open(wish.formats) {
                break;
            }
            evidence.observe(first_row + i as u64, |column| {
                positions[column].and_then(|at| row.get(at)).unwrap_or_default()
            });
        }
        let formats = evidence.decide(importer, wish.formats)?;
        let mut import = FileImport::new(importer, &positions, formats, &sample, "");
        if let Some(heads) = &wish.heads {
            import.take_heads(Arc::clone(heads));
        }
        let mut out = Produced::default();
        let mut kept = Kept {
            only_counts: wish.only_counts,
            allows_breaches: wish.allows_breaches,
            ..Kept::default()
        };
        for (nth, rows) in self.rows.chunks(BATCH).enumerate() {
            let cells = |at: usize| {
                StringArray::from_iter_values(
                    rows.iter().map(|row| row.get(at).unwrap_or_default()),
                )
            };
            let columns: Vec<_> = positions.iter().map(|at| at.map(cells)).collect();
            let first = RowNumbers::From(first_row + (nth * BATCH) as u64);
            import.push(&columns, rows.len(), first, &[], &mut out);
            kept.take(&mut out);
        }
        import.finish(&mut out);
        kept.take(&mut out);
        kept.check_refunds();
        Ok(Imported {
            importer: importer.id,
            confidence: recognised.confidence,
            tables: kept.tables,
            n_rows: kept.n_rows,
            totals: out.totals,
            heads: import.heads(),
            complaints: import.complaints.into_groups(),
        })
    }
}

fn flatten(path: &str, value: &Value, row: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                flatten(&path, value, row);
            }
        }
        Value::Null => {}
        Value::String(text) => drop(row.insert(path.to_owned(), text.clone())),
        other => drop(row.insert(path.to_owned(), other.to_string())),
    }
}

#[derive(Default)]
struct Kept {
    only_counts: bool,
    allows_breaches: bool,
    tables: BTreeMap<&'static str, Vec<Row>>,
    n_rows: BTreeMap<&'static str, usize>,
}

impl Kept {
    /// A refund of an order is of its customer.
    fn check_refunds(&self) {
        let rows = |table: &str| self.tables.get(table).map_or(&[][..], Vec::as_slice);
        let orders: BTreeMap<&str, &Row> =
            rows("orders").iter().map(|order| (order["order_id"].as_str(), order)).collect();
        for refund in rows("refunds") {
            let Some(order) = orders.get(refund["order_id"].as_str()) else { continue };
            for key in ["customer_id", "email", "phone"] {
                assert_eq!(refund.get(key), order.get(key), "{key} of {}", refund["order_id"]);
            }
        }
    }

    /// Takes what was produced; every row must pass the checks of its table.
    fn take(&mut self, out: &mut Produced) {
        for (table, batch) in out.rows.take() {
            let n_rows = self.n_rows.entry(table.name).or_default();
            // Checks take their time: of a file that is only counted the first rows are looked at.
            if !self.allows_breaches && (!self.only_counts || *n_rows == 0) {
                let breaches = table.breaches(&batch).unwrap();
                assert!(breaches.is_empty(), "{}: {:?}", table.name, &breaches[..1]);
            }
            *n_rows += batch.num_rows();
            if !self.only_counts {
                self.tables.entry(table.name).or_default().extend(as_text(&batch));
            }
        }
    }
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
