//! How a column writes its days, decided once for the whole column.

use clv_tables::Day;

/// Which of two small numbers is the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateOrder {
    /// 31/12/2011.
    DayFirst,
    /// 12/31/2011.
    MonthFirst,
}

/// The format of a text date column. The day is the local day as written: times and offsets after it are not applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateFormat {
    /// 2011-12-31, also with `/` or `.`, also with a time and an offset.
    YearFirst,
    /// 20111231.
    Compact,
    /// 31/12/2011 or 12/31/2011 with any separator, also with two-digit years, also with a time.
    Slashed(DateOrder),
    /// 31 Dec 2011, Dec 31, 2011, 31-Dec-11.
    NamedMonth,
    /// Seconds since 1970-01-01, the day in UTC.
    EpochSeconds,
    /// Milliseconds since 1970-01-01, the day in UTC.
    EpochMillis,
}

impl DateFormat {
    /// The day that a cell names, days since 1970-01-01; `None` when the cell does not read in this format.
    ///
    /// ```
    /// use clv_importers::{DateFormat, DateOrder};
    /// let day_first = DateFormat::Slashed(DateOrder::DayFirst);
    /// assert_eq!(day_first.parse("02.01.1970"), Some(1));
    /// assert_eq!(DateFormat::YearFirst.parse("1970-01-02 23:59:59 -0500"), Some(1));
    /// ```
    pub fn parse(self, cell: &str) -> Option<i32> {
        let cell = clean(cell);
        match self {
            DateFormat::YearFirst => year_first(cell),
            DateFormat::Compact => compact(cell),
            DateFormat::Slashed(order) => {
                let (first, second, year) = slashed(cell)?;
                let (day, month) = match order {
                    DateOrder::DayFirst => (first, second),
                    DateOrder::MonthFirst => (second, first),
                };
                Day::from_date(year, month, day).map(|day| day.0)
            }
            DateFormat::NamedMonth => named_month(cell),
            DateFormat::EpochSeconds => epoch(cell, 86_400),
            DateFormat::EpochMillis => epoch(cell, 86_400_000),
        }
    }

    /// The format's name in what is shown of the detected columns.
    pub fn describe(self) -> &'static str {
        match self {
            DateFormat::YearFirst => "year-month-day",
            DateFormat::Compact => "yyyymmdd",
            DateFormat::Slashed(DateOrder::DayFirst) => "day/month/year",
            DateFormat::Slashed(DateOrder::MonthFirst) => "month/day/year",
            DateFormat::NamedMonth => "day with month name",
            DateFormat::EpochSeconds => "seconds since 1970",
            DateFormat::EpochMillis => "milliseconds since 1970",
        }
    }
}

/// What the cells of a column say about its format.
///
/// ```
/// use clv_importers::date_format::{DateEvidence, DateFormat, DateOrder, DateVerdict};
/// let mut evidence = DateEvidence::default();
/// evidence.observe(2, "01/02/2021");
/// assert_eq!(evidence.verdict(None), DateVerdict::Open);
/// evidence.observe(3, "28/02/2021");
/// let day_first = DateFormat::Slashed(DateOrder::DayFirst);
/// assert_eq!(evidence.verdict(None), DateVerdict::Settled(day_first));
/// ```
#[derive(Debug, Clone, Default)]
pub struct DateEvidence {
    counts: [u64; 5],
    slashed: u64,
    /// The first row with something in it, and what.
    pub first: Option<(u64, String)>,
    /// A row that only reads with the day first.
    pub day_first: Option<(u64, String)>,
    /// A row that only reads with the month first.
    pub month_first: Option<(u64, String)>,
    /// A row that reads both ways.
    pub open: Option<(u64, String)>,
}

const FIXED: [DateFormat; 5] = [
    DateFormat::YearFirst,
    DateFormat::Compact,
    DateFormat::NamedMonth,
    DateFormat::EpochSeconds,
    DateFormat::EpochMillis,
];

/// What the evidence amounts to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateVerdict {
    /// The format is settled.
    Settled(DateFormat),
    /// Day and month could be either way round in every cell.
    Open,
    /// Two cells prove two orders.
    Contradictory,
    /// No cell reads as a date.
    NoDates,
}

impl DateEvidence {
    /// Takes one cell in; empty cells say nothing.
    pub fn observe(&mut self, row: u64, cell: &str) {
        let cleaned = clean(cell);
        if cleaned.is_empty() {
            return;
        }
        if self.first.is_none() {
            self.first = Some((row, cell.to_owned()));
        }
        if let Some((a, b, year)) = slashed(cleaned) {
            let day_first = Day::from_date(year, b, a).is_some();
            let month_first = Day::from_date(year, a, b).is_some();
            let place = match (day_first, month_first) {
                (true, true) if a == b => None,
                (true, true) => Some(&mut self.open),
                (true, false) => Some(&mut self.day_first),
                (false, true) => Some(&mut self.month_first),
                (false, false) => return,
            };
            self.slashed += 1;
            if let Some(place) = place
                && place.is_none()
            {
                *place = Some((row, cell.to_owned()));
            }
            return;
        }
        for (count, format) in self.counts.iter_mut().zip(FIXED) {
            if format.parse(cleaned).is_some() {
                *count += 1;
                return;
            }
        }
    }

    /// Cells that read as a date in the format that most cells have.
    pub fn n_dates(&self) -> u64 {
        self.slashed.max(self.counts.iter().copied().max().unwrap_or(0))
    }

    /// The format that most cells read in, unless the order of day and month stays open or contradicts itself.
    pub fn verdict(&self, asked: Option<DateOrder>) -> DateVerdict {
        let (best, count) = FIXED
            .into_iter()
            .zip(self.counts)
            .max_by_key(|(_, count)| *count)
            .expect("the list of formats is not empty");
        if count == 0 && self.slashed == 0 {
            return DateVerdict::NoDates;
        }
        if count > self.slashed {
            return DateVerdict::Settled(best);
        }
        let settled = |order| DateVerdict::Settled(DateFormat::Slashed(order));
        match (asked, &self.day_first, &self.month_first) {
            (Some(order), _, _) => settled(order),
            (None, Some(_), Some(_)) => DateVerdict::Contradictory,
            (None, Some(_), None) => settled(DateOrder::DayFirst),
            (None, None, Some(_)) => settled(DateOrder::MonthFirst),
            // Only dates like 03/03/2021 read the same both ways: then the order does not matter.
            (None, None, None) if self.open.is_none() => settled(DateOrder::DayFirst),
            (None, None, None) => DateVerdict::Open,
        }
    }
}

/// Without spaces around it and without the apostrophe that spreadsheets put before text.
fn clean(cell: &str) -> &str {
    cell.trim().trim_start_matches('\'').trim_start()
}

/// Reads digits from the front: the number, how many digits, the rest.
fn digits(text: &str) -> Option<(u32, usize, &str)> {
    let n = text.bytes().take_while(u8::is_ascii_digit).count();
    if n == 0 || n > 9 {
        return None;
    }
    Some((text[..n].parse().ok()?, n, &text[n..]))
}

fn separator(text: &str) -> Option<(u8, &str)> {
    let first = *text.as_bytes().first()?;
    matches!(first, b'-' | b'/' | b'.').then(|| (first, &text[1..]))
}

/// Whether what follows a date can be a time.
fn is_time(rest: &str) -> bool {
    match rest.as_bytes() {
        [] => true,
        [b'T' | b't' | b' ' | b',', ..] => {
            let time = rest[1..].trim_start();
            time.is_empty() || time.as_bytes()[0].is_ascii_digit()
        }
        _ => false,
    }
}

fn year_first(text: &str) -> Option<i32> {
    let (year, n, rest) = digits(text)?;
    if n != 4 {
        return None;
    }
    let (mark, rest) = separator(rest)?;
    let (month, _, rest) = digits(rest)?;
    let (again, rest) = separator(rest)?;
    let (day, n_day, rest) = digits(rest)?;
    (mark == again && n_day <= 2 && is_time(rest))
        .then(|| Day::from_date(year as i32, month, day).map(|day| day.0))
        .flatten()
}

fn compact(text: &str) -> Option<i32> {
    let (number, n, rest) = digits(text)?;
    if n != 8 || !is_time(rest) {
        return None;
    }
    let year = (number / 10_000) as i32;
    if !(1900..=2100).contains(&year) {
        return None;
    }
    Day::from_date(year, number / 100 % 100, number % 100).map(|day| day.0)
}

/// First number, second number and year of a date that ends with its year.
fn slashed(text: &str) -> Option<(u32, u32, i32)> {
    let (first, n_first, rest) = digits(text)?;
    let (mark, rest) = separator(rest)?;
    let (second, n_second, rest) = digits(rest)?;
    let (again, rest) = separator(rest)?;
    let (year, n_year, rest) = digits(rest)?;
    let is_date = n_first <= 2 && n_second <= 2 && mark == again && is_time(rest);
    is_date.then(|| full_year(year, n_year)).flatten().map(|year| (first, second, year))
}

/// Two digits are 1970 to 2069, as POSIX has it within a year.
fn full_year(year: u32, n_digits: usize) -> Option<i32> {
    match n_digits {
        4 => Some(year as i32),
        2 if year < 70 => Some(2000 + year as i32),
        2 => Some(1900 + year as i32),
        _ => None,
    }
}

fn named_month(text: &str) -> Option<i32> {
    let (mut month, mut numbers, mut n_numbers) = (None, [(0_u32, 0_usize); 2], 0);
    for token in text.split(|c: char| !c.is_alphanumeric()).filter(|token| !token.is_empty()) {
        if let Some((number, n, rest)) = digits(token) {
            let is_ordinal = matches!(rest, "" | "st" | "nd" | "rd" | "th");
            if n_numbers < 2 && is_ordinal {
                numbers[n_numbers] = (number, n);
                n_numbers += 1;
            }
        } else if month.is_none() {
            month = month_of(token);
        }
    }
    let month = month?;
    if n_numbers < 2 {
        return None;
    }
    let ((day, _), (year, n_year)) =
        if numbers[0].1 == 4 { (numbers[1], numbers[0]) } else { (numbers[0], numbers[1]) };
    Day::from_date(full_year(year, n_year)?, month, day).map(|day| day.0)
}

/// English, German, French, Spanish, Italian, Portuguese and Dutch month names, whole or shortened.
fn month_of(token: &str) -> Option<u32> {
    const STARTS: [&[&str]; 12] = [
        &["jan", "ene", "gen"],
        &["feb", "fev"],
        &["mar", "mrz", "maa", "mae"],
        &["apr", "avr", "abr"],
        &["may", "mai", "mag", "mei"],
        &["jun", "juin", "giu"],
        &["jul", "juil", "lug"],
        &["aug", "aou", "ago"],
        &["sep", "set"],
        &["oct", "okt", "ott", "out"],
        &["nov"],
        &["dec", "dez", "dic", "des"],
    ];
    let name = crate::heading::plain(token);
    let position =
        STARTS.iter().position(|starts| starts.iter().any(|start| name.starts_with(start)))?;
    Some(position as u32 + 1)
}

/// Days of a count of seconds or milliseconds between 1973 and 2286.
fn epoch(text: &str, per_day: i64) -> Option<i32> {
    let whole = text.strip_suffix(".0").unwrap_or(text);
    let n_digits = if per_day == 86_400 { 9..=10 } else { 12..=13 };
    if !n_digits.contains(&whole.len()) || !whole.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some(whole.parse::<i64>().ok()?.div_euclid(per_day) as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Option<i32> {
        Day::parse_iso(text).map(|day| day.0)
    }

    #[test]
    fn each_format_reads_its_spellings() {
        let christmas = day("2011-12-25");
        for (format, cell) in [
            (DateFormat::YearFirst, "2011-12-25"),
            (DateFormat::YearFirst, "2011-12-25T23:59:59-08:00"),
            (DateFormat::YearFirst, "2011/12/25 10:00"),
            (DateFormat::Compact, "20111225"),
            (DateFormat::Slashed(DateOrder::DayFirst), "25/12/2011 08:26"),
            (DateFormat::Slashed(DateOrder::DayFirst), "25.12.11"),
            (DateFormat::Slashed(DateOrder::MonthFirst), "12-25-2011"),
            (DateFormat::NamedMonth, "Dec 25, 2011 3:45 PM"),
            (DateFormat::NamedMonth, "25-Dez-11"),
            (DateFormat::NamedMonth, "Sunday, 25th décembre 2011"),
            (DateFormat::EpochSeconds, "1324771200"),
            (DateFormat::EpochMillis, "1324771200000"),
        ] {
            assert_eq!(format.parse(cell), christmas, "{cell}");
        }
    }

    #[test]
    fn what_is_no_date_reads_as_none() {
        for cell in ["", "2011-13-01", "2011-02-30", "31/31/2011", "hello", "12", "2011-12-25x"] {
            for format in FIXED.into_iter().chain([DateFormat::Slashed(DateOrder::DayFirst)]) {
                assert_eq!(format.parse(cell), None, "{cell}");
            }
        }
    }

    #[test]
    fn one_row_settles_the_order_and_two_can_contradict() {
        let mut evidence = DateEvidence::default();
        evidence.observe(2, "03/04/2021");
        assert_eq!(evidence.verdict(None), DateVerdict::Open);
        evidence.observe(3, "13/04/2021");
        let day_first = DateVerdict::Settled(DateFormat::Slashed(DateOrder::DayFirst));
        assert_eq!(evidence.verdict(None), day_first);
        evidence.observe(4, "04/13/2021");
        assert_eq!(evidence.verdict(None), DateVerdict::Contradictory);
        assert_eq!(evidence.verdict(Some(DateOrder::DayFirst)), day_first);
    }
}
