//! How the columns of a file are written: decided once for each column before any row counts.

use jiff::tz::TimeZone;

use crate::currency::{currency_of, has_no_decimals};
use crate::date_format::{DateEvidence, DateFormat, DateOrder, DateVerdict};
use crate::error::ImportError;
use crate::importer::{Importer, Reading};
use crate::moment::{Moment, Zones};
use crate::number_format::{Decimal, NumberEvidence, NumberFormat};
use crate::sample::Sample;

/// The formats of the columns that an importer reads.
#[derive(Debug, Clone)]
pub struct ColumnFormats {
    columns: Vec<ColumnFormat>,
    local: Zones,
    utc: Zones,
}

#[derive(Debug, Clone, Copy)]
struct ColumnFormat {
    reading: Reading,
    number: NumberFormat,
    date: DateFormat,
}

impl ColumnFormats {
    pub(crate) fn number(&self, column: usize) -> NumberFormat {
        self.columns[column].number
    }

    pub(crate) fn reading(&self, column: usize) -> Reading {
        self.columns[column].reading
    }

    pub(crate) fn moment(&self, column: usize, cell: &str) -> Option<Moment> {
        let ColumnFormat { reading, date, .. } = self.columns[column];
        let zones = if reading == Reading::MomentUtc { &self.utc } else { &self.local };
        let read = |format| zones.read(format, cell);
        // An export that was edited by hand has some dates in the one unmistakable format.
        read(date).or_else(|| read(DateFormat::YearFirst))
    }

    /// How a column is written, for what is shown of it.
    #[must_use]
    pub fn describe(&self, column: usize) -> &'static str {
        let ColumnFormat { reading, number, date } = self.columns[column];
        match (reading, number.decimal) {
            (Reading::Text, _) => "text",
            (Reading::Score, _) => "an answer from 0 to 10",
            (Reading::Address, _) => "e-mail address",
            (Reading::MinorUnits, _) => "smallest unit of the currency",
            (Reading::Number, Decimal::Comma) => "decimal comma",
            (Reading::Number, Decimal::Point) => "decimal point",
            (Reading::Moment | Reading::MomentUtc, _) => date.describe(),
        }
    }
}

/// What the user said that touches formats.
#[derive(Debug, Clone, Default)]
pub struct FormatWishes {
    /// Which of two small numbers is the day.
    pub date_order: Option<DateOrder>,
    /// The decimal separator of every column.
    pub decimal: Option<Decimal>,
    /// The shop's time zone.
    pub shop_zone: Option<TimeZone>,
}

/// What the cells of an importer's columns have said so far.
#[derive(Debug)]
pub struct FormatEvidence {
    file: String,
    headings: Vec<Option<String>>,
    columns: Vec<ColumnEvidence>,
    has_no_decimals: bool,
}

#[derive(Debug)]
enum ColumnEvidence {
    None,
    Number(NumberEvidence),
    Date(DateEvidence),
}

impl FormatEvidence {
    /// Evidence for one file, from its first rows. `positions` are those of the importer's columns in the file.
    #[must_use]
    pub fn new(
        importer: &Importer,
        positions: &[Option<usize>],
        sample: &Sample,
    ) -> FormatEvidence {
        let columns = importer.columns.iter().map(|column| match column.reading {
            reading if reading.is_number() => ColumnEvidence::Number(NumberEvidence::default()),
            reading if reading.is_moment() => ColumnEvidence::Date(DateEvidence::default()),
            _ => ColumnEvidence::None,
        });
        let mut evidence = FormatEvidence {
            file: sample.file.clone(),
            headings: positions.iter().map(|at| at.map(|at| sample.headings[at].clone())).collect(),
            columns: columns.collect(),
            has_no_decimals: false,
        };
        for (i, row) in sample.rows.iter().enumerate() {
            evidence.observe(sample.first_row + i as u64, |column| {
                positions[column].and_then(|at| row.get(at)).map_or("", |cell| cell)
            });
        }
        evidence
    }

    /// Takes one row in; `cell` gives the cell of one of the importer's columns.
    pub fn observe<'a>(&mut self, row: u64, cell: impl Fn(usize) -> &'a str) {
        for (column, evidence) in self.columns.iter_mut().enumerate() {
            match evidence {
                ColumnEvidence::None => {
                    // Where money has no decimals a lone separator can only stand between thousands.
                    let is_currency = self.headings[column]
                        .as_deref()
                        .is_some_and(|h| h.eq_ignore_ascii_case("currency"));
                    if is_currency && currency_of(cell(column).trim()).is_some_and(has_no_decimals)
                    {
                        self.has_no_decimals = true;
                    }
                }
                ColumnEvidence::Number(evidence) => evidence.observe(row, cell(column)),
                ColumnEvidence::Date(evidence) => evidence.observe(row, cell(column)),
            }
        }
    }

    /// Whether later rows may answer what the rows so far leave open.
    #[must_use]
    pub fn is_open(&self, wishes: &FormatWishes) -> bool {
        self.date_order(wishes).is_none()
            && self.dates().any(|(_, e)| matches!(e.verdict(None), DateVerdict::Open))
            || wishes.decimal.is_none()
                && !self.has_no_decimals
                && self.sibling_decimal().is_none()
                && self.numbers().any(|(_, e)| e.open.is_some())
    }

    /// Settles every column.
    ///
    /// # Errors
    /// When a column's cells leave its format open, or contradict each other.
    pub fn decide(
        &self,
        importer: &Importer,
        wishes: &FormatWishes,
    ) -> Result<ColumnFormats, ImportError> {
        let order = self.date_order(wishes);
        let mut columns = Vec::with_capacity(self.columns.len());
        for (column, evidence) in self.columns.iter().enumerate() {
            let mut format = ColumnFormat {
                reading: importer.columns[column].reading,
                number: NumberFormat { decimal: wishes.decimal.unwrap_or(Decimal::Point) },
                date: DateFormat::YearFirst,
            };
            match evidence {
                ColumnEvidence::None => {}
                ColumnEvidence::Number(evidence) => {
                    format.number.decimal = self.decide_decimal(column, evidence, wishes)?;
                }
                ColumnEvidence::Date(evidence) => {
                    format.date = self.decide_date(column, evidence, order)?;
                }
            }
            columns.push(format);
        }
        let zones = |is_utc| Zones { is_utc, shop: wishes.shop_zone.clone() };
        Ok(ColumnFormats { columns, local: zones(false), utc: zones(true) })
    }

    fn dates(&self) -> impl Iterator<Item = (usize, &DateEvidence)> {
        self.columns.iter().enumerate().filter_map(|(column, evidence)| match evidence {
            ColumnEvidence::Date(evidence) => Some((column, evidence)),
            _ => None,
        })
    }

    fn numbers(&self) -> impl Iterator<Item = (usize, &NumberEvidence)> {
        self.columns.iter().enumerate().filter_map(|(column, evidence)| match evidence {
            ColumnEvidence::Number(evidence) => Some((column, evidence)),
            _ => None,
        })
    }

    /// The order of day and month that the user settled, or that some column proves: one program writes all its dates alike.
    fn date_order(&self, wishes: &FormatWishes) -> Option<DateOrder> {
        wishes.date_order.or_else(|| {
            self.dates().find_map(|(_, evidence)| match evidence.verdict(None) {
                DateVerdict::Settled(DateFormat::Slashed(order))
                    if evidence.open.is_some()
                        || evidence.day_first.is_some()
                        || evidence.month_first.is_some() =>
                {
                    Some(order)
                }
                _ => None,
            })
        })
    }

    fn sibling_decimal(&self) -> Option<Decimal> {
        let has_comma = self.numbers().any(|(_, evidence)| evidence.comma.is_some());
        let has_point = self.numbers().any(|(_, evidence)| evidence.point.is_some());
        match (has_comma, has_point) {
            (true, false) => Some(Decimal::Comma),
            (false, true) => Some(Decimal::Point),
            _ => None,
        }
    }

    fn heading(&self, column: usize) -> String {
        self.headings[column].clone().unwrap_or_default()
    }

    fn decide_date(
        &self,
        column: usize,
        evidence: &DateEvidence,
        order: Option<DateOrder>,
    ) -> Result<DateFormat, ImportError> {
        let (file, heading) = (self.file.clone(), self.heading(column));
        let place = |place: &Option<(u64, String)>| place.clone().unwrap_or_default();
        let own = evidence.verdict(None);
        match (own, order) {
            (DateVerdict::Settled(format), _) => Ok(format),
            (DateVerdict::NoDates, _) => Ok(DateFormat::YearFirst),
            (DateVerdict::Open | DateVerdict::Contradictory, Some(order)) => {
                Ok(DateFormat::Slashed(order))
            }
            (DateVerdict::Open, None) => {
                let (row, value) = place(&evidence.open);
                Err(ImportError::AmbiguousDates { file, column: heading, row, value })
            }
            (DateVerdict::Contradictory, None) => {
                let (day_first_row, day_first) = place(&evidence.day_first);
                let (month_first_row, month_first) = place(&evidence.month_first);
                Err(ImportError::TwoDateOrders {
                    file,
                    column: heading,
                    day_first_row,
                    day_first,
                    month_first_row,
                    month_first,
                })
            }
        }
    }

    fn decide_decimal(
        &self,
        column: usize,
        evidence: &NumberEvidence,
        wishes: &FormatWishes,
    ) -> Result<Decimal, ImportError> {
        if let Some(decimal) = wishes.decimal {
            return Ok(decimal);
        }
        let (file, heading) = (self.file.clone(), self.heading(column));
        match (&evidence.comma, &evidence.point, &evidence.open) {
            (Some(comma), Some(point), _) => Err(ImportError::TwoDecimals {
                file,
                column: heading,
                comma_row: comma.0,
                comma: comma.1.clone(),
                point_row: point.0,
                point: point.1.clone(),
            }),
            (Some(_), None, _) => Ok(Decimal::Comma),
            (None, Some(_), _) => Ok(Decimal::Point),
            (None, None, None) => Ok(self.sibling_decimal().unwrap_or(Decimal::Point)),
            (None, None, Some((row, value))) => match self.sibling_decimal() {
                Some(decimal) => Ok(decimal),
                None if self.has_no_decimals => {
                    Ok(if value.contains(',') { Decimal::Point } else { Decimal::Comma })
                }
                None => Err(ImportError::AmbiguousDecimals {
                    file,
                    column: heading,
                    row: *row,
                    value: value.clone(),
                }),
            },
        }
    }
}
