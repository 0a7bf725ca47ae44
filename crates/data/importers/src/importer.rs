//! What an importer into the workspace is: which files are its own, which columns it reads, and what it makes of a row.

use std::fmt;
use std::sync::Arc;

use clv_tables::{Rule, Table};

use crate::cells::Cells;
use crate::heading::{fits, plain};
use crate::order_heads::OrderHeads;
use crate::produced::Produced;
use crate::sample::Sample;

/// How the cells of a column are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// As text.
    Text,
    /// As a number or an amount of money; the separators are decided once for the column.
    Number,
    /// As an amount in the smallest unit of its currency, cents of a dollar.
    MinorUnits,
    /// As a day or a moment; the format is decided once for the column. Times are of the zone they name, else the shop's.
    Moment,
    /// As a day or a moment whose times are in UTC.
    MomentUtc,
    /// As an answer from 0 to 10; questions stand in their own words, so the column is found by what is in it.
    Score,
    /// As an e-mail address; where no heading names the column, the first one that holds addresses.
    Address,
}

impl Reading {
    pub(crate) fn is_number(self) -> bool {
        matches!(self, Reading::Number)
    }

    pub(crate) fn is_moment(self) -> bool {
        matches!(self, Reading::Moment | Reading::MomentUtc)
    }
}

/// One column that an importer reads.
#[derive(Debug, Clone, Copy)]
pub struct SourceColumn {
    /// The name by which `--columns` settles it.
    pub id: &'static str,
    /// The headings it may have, compared without case, spaces and punctuation; the first that the file has counts. One that
    /// begins or ends with `*` says how a heading ends or begins, `Amount spent (*`.
    pub headings: &'static [&'static str],
    /// How its cells are read.
    pub reading: Reading,
    /// Whether the file cannot be read without it.
    pub is_needed: bool,
}

/// A row that was put aside, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The rule that it broke.
    pub rule: Rule,
    /// The importer's column that broke it.
    pub column: usize,
}

/// Makes canonical rows from the rows of the files of one import, in their order.
pub trait RowReader: fmt::Debug + Send {
    /// Takes one row in.
    ///
    /// # Errors
    /// When the row is put aside as a whole; nothing of it may have been produced by then.
    fn row(&mut self, cells: &Cells<'_>, out: &mut Produced) -> Result<(), Problem>;

    /// Is given the headings of its columns as the file writes them, before the first row: some hold a currency or a question.
    fn take_headings(&mut self, headings: &[Option<String>]) {
        let _ = headings;
    }

    /// The importer whose file must be read first, and its heads be given to this reader; see [`crate::order_heads`].
    fn companion(&self) -> Option<&'static str> {
        None
    }

    /// Is given the heads of its companion, before the first row.
    fn take_heads(&mut self, heads: Arc<OrderHeads>) {
        let _ = heads;
    }

    /// Hands over, once its file has ended, what it knows of the orders; `None` where no other reader needs it.
    fn heads(&mut self) -> Option<OrderHeads> {
        None
    }

    /// Gives what it still holds: the file has ended.
    fn finish(&mut self, out: &mut Produced) {
        let _ = out;
    }
}

/// One outside source of canonical rows.
#[derive(Debug)]
pub struct Importer {
    /// The name used in `--from`.
    pub id: &'static str,
    /// What it is, for people.
    pub title: &'static str,
    /// Headings that together tell the source from all others.
    pub signature: &'static [&'static str],
    /// Headings of which none may be there.
    pub not: &'static [&'static str],
    /// The columns it reads.
    pub columns: &'static [SourceColumn],
    /// The tables that it fills.
    pub tables: &'static [&'static Table],
    /// What the source cannot tell, in a sentence for the user; empty where there is nothing to say.
    pub caution: &'static str,
    /// A reader for one file.
    pub reader: fn() -> Box<dyn RowReader>,
}

impl Importer {
    /// How sure the headings make us that the file is of this source, 0 to 1: the share of the signature that is there.
    ///
    /// ```
    /// use clv_importers::{Sample, importers};
    /// let headings = ["Name", "Email", "Financial Status", "Total", "Created at", "Lineitem quantity", "Lineitem name"];
    /// let sample = Sample {
    ///     file: "orders.csv".into(),
    ///     headings: headings.map(String::from).to_vec(),
    ///     has_heading: true,
    ///     types: vec![arrow::datatypes::DataType::Utf8; 7],
    ///     rows: Vec::new(),
    ///     first_row: 2,
    /// };
    /// let shopify = importers::find("shopify-orders").expect("it is in the list");
    /// assert!((shopify.confidence(&sample) - 1.0).abs() < 1e-12);
    /// ```
    #[must_use]
    pub fn confidence(&self, sample: &Sample) -> f64 {
        if !sample.has_heading || self.signature.is_empty() {
            return 0.0;
        }
        let headings: Vec<String> = sample.headings.iter().map(|heading| plain(heading)).collect();
        let has = |name: &str| headings.iter().any(|heading| fits(name, heading));
        if self.not.iter().any(|name| has(name)) {
            return 0.0;
        }
        // A name may be given in several spellings, `InvoiceNo|Invoice`.
        let n_there = self.signature.iter().filter(|names| names.split('|').any(has)).count();
        n_there as f64 / self.signature.len() as f64
    }

    /// What its rows name as their source: one name for all files of a platform whose keys mean the same, else the importer's id.
    #[must_use]
    pub fn source(&self) -> &'static str {
        let is_of = |family: &&&str| {
            self.id.strip_prefix(**family).is_some_and(|rest| rest.starts_with('-'))
        };
        FAMILIES.iter().find(is_of).copied().unwrap_or(self.id)
    }

    /// The place among its columns of the one with this id.
    #[must_use]
    pub fn column(&self, id: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.id == id)
    }
}

/// Platforms with several importers whose rows speak of the same customers, orders and products.
const FAMILIES: [&str; 5] = ["amazon", "etsy", "olist", "square", "stripe"];

/// Lists the columns of an importer, each with a constant of its place.
///
/// ```text
/// source_columns! {
///     NAME "order_id" Text needed ["Name"];
///     TOTAL "total" Number optional ["Total"];
/// }
/// ```
macro_rules! source_columns {
    ($($place:ident $id:literal $reading:ident $need:ident [$($heading:literal),* $(,)?];)*) => {
        /// The columns that are read.
        static COLUMNS: &[$crate::importer::SourceColumn] = &[$(
            $crate::importer::SourceColumn {
                id: $id,
                headings: &[$($heading),*],
                reading: $crate::importer::Reading::$reading,
                is_needed: source_columns!(@need $need),
            }
        ),*];
        source_columns!(@places 0usize; $($place)*);
    };
    (@need needed) => { true };
    (@need optional) => { false };
    (@places $n:expr;) => {};
    (@places $n:expr; $place:ident $($rest:ident)*) => {
        #[allow(dead_code, reason = "a column may be read only to be shown")]
        const $place: usize = $n;
        source_columns!(@places $n + 1usize; $($rest)*);
    };
}

pub(crate) use source_columns;
