//! Orders that were found, understood and can be asked.

use std::hash::Hasher;
use std::io::Read;
use std::sync::Arc;

use arrow::datatypes::DataType;
use clv_importers::plan::{ImportPlan, is_text_type};
use clv_importers::{Decimal, Role};
use clv_tables::hash::hash_number;
use clv_tables::{ComplaintGroup, Day};
use twox_hash::XxHash64;

use crate::engine::Engine;
use crate::error::EngineError;
use crate::reader::Source;
use crate::stream::Outcome;

/// A column with the part it plays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DetectedColumn {
    /// The part, see `clv_importers::Role::id`.
    pub role: &'static str,
    /// The heading in the file.
    pub heading: String,
    /// How it is written: the format of dates, the decimal separator, or the type.
    pub format: String,
    /// Whether order rows are made from it; the others are only recognised.
    pub is_read: bool,
}

/// What was taken in and what was put aside; money in millionths of the currency unit.
#[derive(Debug, Clone, PartialEq)]
pub struct Intake {
    /// Rows in the files.
    pub rows_read: u64,
    /// Rows that were not put aside.
    pub rows_accepted: u64,
    /// Rows that were put aside.
    pub rows_put_aside: u64,
    /// Customers with a purchase within the question.
    pub customers: u64,
    /// Orders of these customers within the question.
    pub orders: u64,
    /// Money of all accepted purchases.
    pub gross: i64,
    /// Money of all accepted returns, positive.
    pub returns: i64,
    /// The part of the returns of customers without any purchase within the question.
    pub returns_without_purchase: i64,
    /// Earliest day of an accepted row.
    pub first_day: Option<Day>,
    /// Latest day of an accepted row.
    pub last_day: Option<Day>,
    /// The currency that the amounts carry, where they carry one: a code, or `$` for an unnamed dollar.
    pub currency: Option<String>,
    /// What was complained about, by rule.
    pub complaints: Vec<ComplaintGroup>,
}

/// Orders in files, with all decisions taken. Each question reads the files anew.
#[derive(Debug, Clone)]
pub struct Orders {
    pub(crate) engine: Engine,
    pub(crate) sources: Arc<Vec<Source>>,
    pub(crate) plan: Arc<ImportPlan>,
    columns: Vec<DetectedColumn>,
}

impl Orders {
    pub(crate) fn new(
        engine: Engine,
        sources: Vec<Source>,
        plan: Arc<ImportPlan>,
        types: &[DataType],
    ) -> Result<Orders, EngineError> {
        let columns = plan
            .columns
            .iter()
            .enumerate()
            .map(|(i, column)| DetectedColumn {
                role: column.role.id(),
                heading: column.heading.clone(),
                format: match (column.role, column.number, &types[column.position]) {
                    (Role::OrderedAt, _, data_type) if is_text_type(data_type) => {
                        plan.date.describe().into()
                    }
                    (_, Some(number), _) if number.decimal == Decimal::Comma => {
                        "decimal comma".into()
                    }
                    (_, Some(_), _) => "decimal point".into(),
                    (_, None, data_type) if is_text_type(data_type) => "text".into(),
                    (_, None, data_type) => data_type.to_string(),
                },
                is_read: i < plan.n_read,
            })
            .collect();
        Ok(Orders { engine, sources: Arc::new(sources), plan, columns })
    }

    /// The source that the files are read as.
    pub fn source_id(&self) -> &str {
        self.plan.source.id
    }

    /// How sure the headings made us of the source, 0 to 1.
    pub fn confidence(&self) -> f64 {
        self.plan.confidence
    }

    /// The columns that play a part, and how they are written.
    pub fn columns(&self) -> &[DetectedColumn] {
        &self.columns
    }

    /// The files, as the user gave them.
    pub fn files(&self) -> Vec<&str> {
        self.sources.iter().map(|source| source.file().shown.as_str()).collect()
    }

    /// A hash for each file by which a later run knows whether it reads the same: of the contents, or of size and time for
    /// files larger than 1 GB. Reads the files.
    ///
    /// ```
    /// use clv_engine::{Engine, EngineOptions, ReadOptions};
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("orders.csv");
    /// std::fs::write(&path, "customer,date,amount\na,2021-01-01,5\na,2021-03-01,7\nb,2021-02-01,9\n")?;
    /// let engine = Engine::new(EngineOptions::default())?;
    /// let read = ReadOptions { paths: vec![path.display().to_string()], ..ReadOptions::default() };
    /// let orders = engine.open(&read)?;
    /// let (file, hash) = orders.fingerprint()?.remove(0);
    /// assert!(file.ends_with("orders.csv") && hash.starts_with("xxh64:"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn fingerprint(&self) -> Result<Vec<(String, String)>, EngineError> {
        self.sources.iter().map(fingerprint).collect()
    }

    /// The first file and its headings, for messages.
    pub(crate) fn names(&self) -> (String, String) {
        let source = &self.sources[0];
        let headings = source.headings();
        let shown = if headings.is_empty() { "unknown".to_owned() } else { headings.join(", ") };
        (source.file().shown.clone(), shown)
    }

    pub(crate) fn intake(
        &self,
        outcome: Outcome,
        orders: u64,
        customers: u64,
        returns_without_purchase: i64,
    ) -> Intake {
        let totals = outcome.totals;
        let wanted = self.plan.currency.clone();
        Intake {
            rows_read: totals.rows_read,
            rows_accepted: totals.rows_accepted,
            rows_put_aside: outcome.complaints.rows_put_aside(),
            customers,
            orders,
            gross: totals.gross,
            returns: totals.returns,
            returns_without_purchase,
            first_day: totals.first_day.map(Day),
            last_day: totals.last_day.map(Day),
            currency: wanted.or_else(|| totals.currency.map(str::to_owned)),
            complaints: outcome.complaints.into_groups(),
        }
    }
}

/// Files larger than this are known by size and time.
const HASHED_BYTES: u64 = 1 << 30;

pub(crate) fn fingerprint(source: &Source) -> Result<(String, String), EngineError> {
    let file = source.file();
    let unreadable = |source| EngineError::Unreadable { path: file.shown.clone(), source };
    if file.size > HASHED_BYTES {
        let modified =
            file.modified.and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
        let nanos = modified.map_or(0, |time| time.as_nanos() as u64);
        let hash = hash_number(hash_number(file.size) ^ nanos);
        return Ok((file.shown.clone(), format!("size-and-time:{hash:016x}")));
    }
    let mut handle = std::fs::File::open(&file.path).map_err(unreadable)?;
    let mut block = vec![0_u8; 1 << 18];
    let mut hash = XxHash64::with_seed(0);
    loop {
        let n = handle.read(&mut block).map_err(unreadable)?;
        if n == 0 {
            return Ok((file.shown.clone(), format!("xxh64:{:016x}", hash.finish())));
        }
        hash.write(&block[..n]);
    }
}
