//! What is decided once per file before any row counts: columns, formats, rules.

use arrow::datatypes::DataType;
use clv_tables::{Day, IdKind};

use crate::catalogue::{Choice, Source};
use crate::currency::{currency_of, has_no_decimals};
use crate::date_format::{DateEvidence, DateFormat, DateOrder, DateVerdict};
use crate::error::ImportError;
use crate::number_format::{Decimal, NumberEvidence, NumberFormat};
use crate::role::Role;
use crate::sample::Sample;

/// What happens to orders whose total is zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ZeroOrders {
    /// They are purchases.
    Keep,
    /// They are put aside and counted.
    Drop,
}

/// How the rows of one order belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderLayout {
    /// Each row carries its own part of the order's money: whole orders or lines.
    RowsAdd,
    /// The first row carries the order, the rows after it are its lines.
    FirstRowCounts,
    /// Rows are payments and refunds; what they leave blank stands on the order's first row.
    RowsAreEvents,
}

/// What an importer does with rows.
#[derive(Debug, Clone, Copy)]
pub struct RowRules {
    /// How the rows of one order belong together.
    pub layout: OrderLayout,
    /// Order ids that begin with this are returns.
    pub return_prefix: Option<&'static str>,
    /// Orders in one of these states are put aside, compared in lower case.
    pub cancelled_statuses: &'static [&'static str],
    /// What happens to orders whose total is zero, unless the user says otherwise.
    pub zero_orders: ZeroOrders,
}

/// A column that order rows are made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleColumn {
    /// The part it plays.
    pub role: Role,
    /// Its heading.
    pub heading: String,
    /// Its position in the file, from zero.
    pub position: usize,
    /// How its numbers are written, for text columns of numbers.
    pub number: Option<NumberFormat>,
}

/// All decisions about a file or a folder of files of one kind.
#[derive(Debug, Clone)]
pub struct ImportPlan {
    /// The source it is read as.
    pub source: &'static Source,
    /// How sure the headings made us, 0 to 1.
    pub confidence: f64,
    /// Every column with a part, those that are read first: batches have them in this order.
    pub columns: Vec<RoleColumn>,
    /// How many of `columns` are read.
    pub n_read: usize,
    /// How text dates are written.
    pub date: DateFormat,
    /// The row that settled day before month or month before day, and what stands there; `None` when the user settled it.
    pub date_proof: Option<(u64, String)>,
    /// Whether ids are numbers or text.
    pub id_kind: IdKind,
    /// What happens to orders whose total is zero.
    pub zero_orders: ZeroOrders,
    /// Orders after this day are put aside.
    pub as_of: Option<Day>,
    /// Rows in other currencies are put aside.
    pub currency: Option<String>,
    /// The same row twice counts once.
    pub drops_duplicates: bool,
    /// Several files may hold the same orders: a row that stands in two of them counts as often as in the one where it stands
    /// most often. The reader decides it, who knows how many files there are.
    pub merges_files: bool,
}

impl ImportPlan {
    /// Whether rows are told apart by a hash of all their cells.
    pub fn hashes_rows(&self) -> bool {
        self.drops_duplicates || self.merges_files
    }

    /// Where in the batches a part stands.
    pub fn column(&self, role: Role) -> Option<usize> {
        self.columns[..self.n_read].iter().position(|column| column.role == role)
    }

    /// The attributes that are read: their places in the batches and their roles.
    pub fn attributes(&self) -> impl Iterator<Item = (usize, Role)> {
        let read = self.columns[..self.n_read].iter().enumerate();
        read.filter(|(_, column)| column.role.is_attribute()).map(|(at, column)| (at, column.role))
    }

    /// The same plan with the columns of attributes among those that are read, after the others; none where the file has
    /// no such column.
    #[must_use]
    pub fn with_attributes(&self) -> Option<ImportPlan> {
        let (read, others) = self.columns.split_at(self.n_read);
        let wanted = others.iter().filter(|column| column.role.is_attribute());
        let columns: Vec<RoleColumn> = read.iter().chain(wanted).cloned().collect();
        (columns.len() > self.n_read).then(|| ImportPlan {
            n_read: columns.len(),
            columns,
            ..self.clone()
        })
    }

    /// The heading of a part, for messages.
    pub fn heading(&self, role: Role) -> &str {
        self.columns.iter().find(|column| column.role == role).map_or("", |column| &column.heading)
    }
}

/// What the user said that touches the plan.
#[derive(Debug, Clone, Default)]
pub struct Wishes {
    /// Which of two small numbers is the day.
    pub date_order: Option<DateOrder>,
    /// Orders after this day are put aside.
    pub as_of: Option<Day>,
    /// Only this currency is read.
    pub currency: Option<String>,
    /// What happens to orders whose total is zero.
    pub zero_orders: Option<ZeroOrders>,
}

/// What the cells of the columns that need deciding have said so far.
#[derive(Debug)]
pub struct Evidence {
    file: String,
    date: Option<(usize, DateEvidence)>,
    numbers: Vec<(usize, NumberEvidence)>,
    currency_column: Option<usize>,
    currency: Option<&'static str>,
    is_json: bool,
}

impl Evidence {
    /// Evidence about the text columns of a choice; typed columns need none. In JSON a number is never ambiguous.
    pub fn new(choice: &Choice, sample: &Sample, is_json: bool) -> Evidence {
        let is_text = |column: usize| is_text_type(&sample.types[column]);
        let of =
            |role: Role| choice.roles.iter().find(|(r, _)| *r == role).map(|(_, column)| *column);
        let mut evidence = Evidence {
            file: sample.file.clone(),
            date: of(Role::OrderedAt).filter(|c| is_text(*c)).map(|c| (c, DateEvidence::default())),
            numbers: choice
                .roles
                .iter()
                .filter(|(role, column)| role.is_number() && is_text(*column))
                .map(|(_, column)| (*column, NumberEvidence::default()))
                .collect(),
            currency_column: of(Role::Currency),
            currency: None,
            is_json,
        };
        for (i, row) in sample.rows.iter().enumerate() {
            evidence.observe(sample.first_row + i as u64, |column| {
                row.get(column).map_or("", |cell| cell)
            });
        }
        evidence
    }

    /// Takes one row in.
    pub fn observe<'a>(&mut self, row: u64, cell: impl Fn(usize) -> &'a str) {
        if let Some((column, evidence)) = &mut self.date {
            evidence.observe(row, cell(*column));
        }
        for (column, evidence) in &mut self.numbers {
            evidence.observe(row, cell(*column));
        }
        if self.currency.is_none()
            && let Some(column) = self.currency_column
        {
            self.currency = currency_of(cell(column).trim());
        }
    }

    /// The columns that [`Evidence::observe`] looks at.
    pub fn columns(&self) -> Vec<usize> {
        let mut columns: Vec<usize> = self.numbers.iter().map(|(column, _)| *column).collect();
        columns.extend(self.date.as_ref().map(|(column, _)| *column));
        columns.extend(self.currency_column);
        columns.sort_unstable();
        columns.dedup();
        columns
    }

    /// Whether the rows so far leave a question that later rows may answer.
    pub fn is_open(&self, choice: &Choice, wishes: &Wishes) -> bool {
        let date = self.date.as_ref().is_some_and(|(_, evidence)| {
            matches!(evidence.verdict(wishes.date_order), DateVerdict::Open | DateVerdict::NoDates)
        });
        let numbers = !self.is_json
            && choice.overrides.decimal.is_none()
            && !self.currency.is_some_and(has_no_decimals)
            && self.sibling_decimal().is_none()
            && self.numbers.iter().any(|(_, e)| e.n_numbers == 0 || e.open.is_some());
        date || numbers
    }

    /// Settles everything.
    ///
    /// # Errors
    /// When the cells leave a question open, contradict themselves, or are no dates or numbers at all.
    pub fn decide(
        &self,
        choice: &Choice,
        sample: &Sample,
        wishes: &Wishes,
    ) -> Result<ImportPlan, ImportError> {
        let (date, date_proof) = self.decide_date(sample, wishes)?;
        let mut roles = choice.roles.clone();
        roles.sort_by_key(|(role, _)| (!role.is_read(), *role));
        let mut columns = Vec::new();
        for (role, position) in &roles {
            let number = match self.numbers.iter().find(|(c, _)| c == position && role.is_number())
            {
                Some((_, evidence)) => Some(NumberFormat {
                    decimal: self.decide_decimal(
                        choice,
                        *role,
                        &sample.headings[*position],
                        evidence,
                    )?,
                }),
                None => None,
            };
            let heading = sample.headings[*position].clone();
            columns.push(RoleColumn { role: *role, heading, position: *position, number });
        }
        let has = |role: Role| roles.iter().any(|(r, _)| *r == role);
        let customer = roles.iter().find(|(role, _)| *role == Role::CustomerId).map(|(_, c)| *c);
        let has_lines = has(Role::Quantity) || has(Role::UnitPrice) || has(Role::ProductId);
        Ok(ImportPlan {
            source: choice.source,
            confidence: choice.confidence,
            n_read: roles.iter().filter(|(role, _)| role.is_read()).count(),
            columns,
            date,
            date_proof,
            id_kind: customer.map_or(IdKind::Text, |column| id_kind(&sample.types[column])),
            zero_orders: wishes.zero_orders.unwrap_or(choice.source.rules.zero_orders),
            as_of: wishes.as_of,
            currency: wishes.currency.clone(),
            drops_duplicates: has(Role::OrderId)
                && !has_lines
                && choice.source.rules.layout == OrderLayout::RowsAdd,
            merges_files: false,
        })
    }

    fn decide_date(
        &self,
        sample: &Sample,
        wishes: &Wishes,
    ) -> Result<(DateFormat, Option<(u64, String)>), ImportError> {
        let Some((column, evidence)) = &self.date else {
            return Ok((DateFormat::YearFirst, None));
        };
        let (file, column) = (self.file.clone(), sample.headings[*column].clone());
        let place = |place: &Option<(u64, String)>| place.clone().unwrap_or_default();
        match evidence.verdict(wishes.date_order) {
            DateVerdict::Settled(format) => {
                let proof = match (wishes.date_order, format) {
                    (None, DateFormat::Slashed(DateOrder::DayFirst)) => {
                        Some(place(&evidence.day_first))
                    }
                    (None, DateFormat::Slashed(DateOrder::MonthFirst)) => {
                        Some(place(&evidence.month_first))
                    }
                    _ => None,
                };
                Ok((format, proof))
            }
            DateVerdict::Open => {
                let (row, value) = place(&evidence.open);
                Err(ImportError::AmbiguousDates { file, column, row, value })
            }
            DateVerdict::Contradictory => {
                let (day_first_row, day_first) = place(&evidence.day_first);
                let (month_first_row, month_first) = place(&evidence.month_first);
                Err(ImportError::TwoDateOrders {
                    file,
                    column,
                    day_first_row,
                    day_first,
                    month_first_row,
                    month_first,
                })
            }
            DateVerdict::NoDates => {
                let (row, value) = place(&evidence.first);
                Err(ImportError::NoDates { file, column, row, value })
            }
        }
    }

    /// The separator that the number columns prove, where they all prove the same: nobody writes prices with a comma and
    /// refunds with a point.
    fn sibling_decimal(&self) -> Option<Decimal> {
        let has_comma = self.numbers.iter().any(|(_, evidence)| evidence.comma.is_some());
        let has_point = self.numbers.iter().any(|(_, evidence)| evidence.point.is_some());
        match (has_comma, has_point) {
            (true, false) => Some(Decimal::Comma),
            (false, true) => Some(Decimal::Point),
            _ => None,
        }
    }

    fn decide_decimal(
        &self,
        choice: &Choice,
        role: Role,
        heading: &str,
        evidence: &NumberEvidence,
    ) -> Result<Decimal, ImportError> {
        let (file, column) = (self.file.clone(), heading.to_owned());
        if let Some(decimal) = choice.overrides.decimal {
            return Ok(decimal);
        }
        match (&evidence.comma, &evidence.point, &evidence.open) {
            (Some(comma), Some(point), _) => Err(ImportError::TwoDecimals {
                file,
                column,
                comma_row: comma.0,
                comma: comma.1.clone(),
                point_row: point.0,
                point: point.1.clone(),
            }),
            (Some(_), None, _) => Ok(Decimal::Comma),
            (None, Some(_), _) => Ok(Decimal::Point),
            (None, None, None) => match &evidence.first {
                // A refund column may well be empty; an amount column that never reads is the wrong column.
                Some((row, value)) if evidence.n_numbers == 0 && role == Role::Amount => {
                    Err(ImportError::NoNumbers { file, column, row: *row, value: value.clone() })
                }
                _ => Ok(self.sibling_decimal().unwrap_or(Decimal::Point)),
            },
            (None, None, Some(_)) if self.sibling_decimal().is_some() => {
                Ok(self.sibling_decimal().unwrap_or(Decimal::Point))
            }
            (None, None, Some((_, value))) if self.currency.is_some_and(has_no_decimals) => {
                Ok(if value.contains(',') { Decimal::Point } else { Decimal::Comma })
            }
            (None, None, Some(_)) if self.is_json => Ok(Decimal::Point),
            (None, None, Some((row, value))) => Err(ImportError::AmbiguousDecimals {
                file,
                column,
                row: *row,
                value: value.clone(),
            }),
        }
    }
}

/// Whether a column is text, so that its cells need a format.
pub fn is_text_type(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => is_text_type(values),
        other => matches!(other, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View),
    }
}

fn id_kind(data_type: &DataType) -> IdKind {
    use DataType::{Float32, Float64, Int8, Int16, Int32, Int64, UInt8, UInt16, UInt32};
    match data_type {
        Int8 | Int16 | Int32 | Int64 | UInt8 | UInt16 | UInt32 | Float32 | Float64 => {
            IdKind::Integer
        }
        _ => IdKind::Text,
    }
}
