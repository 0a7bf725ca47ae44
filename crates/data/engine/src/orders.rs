//! Orders that were found, understood and can be asked.

use std::hash::Hasher;
use std::io::Read;
use std::sync::Arc;

use arrow::datatypes::DataType;
use clv_importers::plan::{ImportPlan, is_text_type};
use clv_importers::{Decimal, Role};
use clv_tables::hash::hash_number;
use clv_tables::{ComplaintGroup, Day, IdKind};
use twox_hash::XxHash64;

use crate::engine::Engine;
use crate::error::EngineError;
use crate::progress::ProgressCounter;
use crate::reader::Source;
use crate::stream::Outcome;
use crate::text::decode::{read_error, unpack};
use crate::workspace_orders::WorkspaceOrders;

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

/// Orders in files or in a workspace, with all decisions taken. Each question reads them anew.
#[derive(Debug, Clone)]
pub struct Orders {
    pub(crate) engine: Engine,
    pub(crate) content: OrdersContent,
    columns: Vec<DetectedColumn>,
}

/// Where orders stand.
#[derive(Debug, Clone)]
pub(crate) enum OrdersContent {
    /// In files that are read as they are.
    Files { sources: Arc<Vec<Source>>, plan: Arc<ImportPlan> },
    /// In a workspace, as an import left it.
    Workspace(Arc<WorkspaceOrders>),
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
        let content = OrdersContent::Files { sources: Arc::new(sources), plan };
        Ok(Orders { engine, content, columns })
    }

    pub(crate) fn of_workspace(engine: Engine, orders: WorkspaceOrders) -> Orders {
        let content = OrdersContent::Workspace(Arc::new(orders));
        Orders { engine, content, columns: Vec::new() }
    }

    /// The source that the files are read as; `workspace` for what was imported.
    pub fn source_id(&self) -> &str {
        match &self.content {
            OrdersContent::Files { plan, .. } => plan.source.id,
            OrdersContent::Workspace(_) => "workspace",
        }
    }

    /// How sure the headings made us of the source, 0 to 1.
    pub fn confidence(&self) -> f64 {
        match &self.content {
            OrdersContent::Files { plan, .. } => plan.confidence,
            OrdersContent::Workspace(_) => 1.0,
        }
    }

    pub(crate) fn id_kind(&self) -> IdKind {
        match &self.content {
            OrdersContent::Files { plan, .. } => plan.id_kind,
            OrdersContent::Workspace(_) => IdKind::Text,
        }
    }

    /// Whether rows name the order that they are of.
    pub(crate) fn has_order_ids(&self) -> bool {
        match &self.content {
            OrdersContent::Files { plan, .. } => plan.column(Role::OrderId).is_some(),
            OrdersContent::Workspace(_) => true,
        }
    }

    /// The columns that play a part, and how they are written.
    pub fn columns(&self) -> &[DetectedColumn] {
        &self.columns
    }

    /// The files, as the user gave them; the place of a workspace.
    pub fn files(&self) -> Vec<&str> {
        match &self.content {
            OrdersContent::Files { sources, .. } => {
                sources.iter().map(|source| source.file().shown.as_str()).collect()
            }
            OrdersContent::Workspace(orders) => vec![&orders.location],
        }
    }

    /// A hash for each file by which a later run knows whether it reads the same: of the contents, or of size and time for
    /// files larger than 1 GB. Reads the files. Of a workspace the number of the import and the version of each table.
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
        match &self.content {
            OrdersContent::Files { sources, .. } => sources.iter().map(fingerprint).collect(),
            OrdersContent::Workspace(orders) => {
                let (import, versions) = orders.versions();
                let of_tables = versions
                    .into_iter()
                    .map(|(table, version)| (table, format!("version:{version}")));
                Ok(std::iter::once((orders.location.clone(), format!("import:{import}")))
                    .chain(of_tables)
                    .collect())
            }
        }
    }

    /// The first file and its headings, for messages.
    pub(crate) fn names(&self) -> (String, String) {
        match &self.content {
            OrdersContent::Files { sources, .. } => {
                let headings = sources[0].headings();
                let shown =
                    if headings.is_empty() { "unknown".to_owned() } else { headings.join(", ") };
                (sources[0].file().shown.clone(), shown)
            }
            OrdersContent::Workspace(orders) => {
                (orders.location.clone(), "those of the table orders".to_owned())
            }
        }
    }

    pub(crate) fn intake(
        &self,
        outcome: Outcome,
        orders: u64,
        customers: u64,
        returns_without_purchase: i64,
    ) -> Intake {
        let totals = outcome.totals;
        let wanted = match &self.content {
            OrdersContent::Files { plan, .. } => plan.currency.clone(),
            OrdersContent::Workspace(orders) => orders.currency.clone(),
        };
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
    // Packed bytes may differ where the rows are the same, and an archive holds other files too.
    let mut bytes: Box<dyn Read + Send> = match file.packed {
        Some(_) => unpack(file, ProgressCounter::silent())?,
        None => Box::new(std::fs::File::open(&file.path).map_err(unreadable)?),
    };
    let mut block = vec![0_u8; 1 << 18];
    let mut hash = XxHash64::with_seed(0);
    loop {
        let n = bytes.read(&mut block).map_err(|error| read_error(file, error))?;
        if n == 0 {
            return Ok((file.shown.clone(), format!("xxh64:{:016x}", hash.finish())));
        }
        hash.write(&block[..n]);
    }
}
