//! Tables as text: delimited, or one JSON object for each row.

use std::io::{self, Write};

use clv_tables::Day;

use super::{OutColumn, WriteOptions};

/// Bytes that are gathered before they are handed on, so that a row costs no call.
const BUFFERED_BYTES: usize = 1 << 16;

/// What stands for a value that is not there.
#[derive(Clone, Copy)]
enum Missing {
    Nothing,
    Null,
}

pub(super) fn write_delimited(
    columns: &[OutColumn],
    n_rows: usize,
    writer: &mut impl Write,
    delimiter: u8,
    options: WriteOptions,
) -> io::Result<()> {
    let mut lines: Vec<u8> = Vec::with_capacity(BUFFERED_BYTES + (1 << 12));
    for (at, column) in columns.iter().enumerate() {
        if at > 0 {
            lines.push(delimiter);
        }
        add_text(&mut lines, column.name(), delimiter, false);
    }
    lines.push(b'\n');
    let mut made_text = String::new();
    for i in 0..n_rows {
        for (at, column) in columns.iter().enumerate() {
            if at > 0 {
                lines.push(delimiter);
            }
            match column {
                OutColumn::Text(_, values) => {
                    add_text(&mut lines, &values[i], delimiter, options.escape_formulas);
                }
                OutColumn::Made(_, made) => {
                    let text = made.fill(i, &mut made_text);
                    add_text(&mut lines, text, delimiter, options.escape_formulas);
                }
                OutColumn::Same(_, value) => {
                    add_text(&mut lines, value, delimiter, options.escape_formulas);
                }
                other => add_plain(&mut lines, other, i, Missing::Nothing, b"")?,
            }
        }
        lines.push(b'\n');
        hand_on(&mut lines, writer)?;
    }
    writer.write_all(&lines)
}

pub(super) fn write_json(
    columns: &[OutColumn],
    n_rows: usize,
    writer: &mut impl Write,
    (before, between, after): (&str, &str, &str),
) -> io::Result<()> {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let names: Vec<String> = columns.iter().map(|column| quoted(column.name())).collect();
    let mut lines: Vec<u8> = Vec::with_capacity(BUFFERED_BYTES + (1 << 12));
    lines.extend(before.as_bytes());
    let mut made_text = String::new();
    for i in 0..n_rows {
        if i > 0 {
            lines.extend(between.as_bytes());
        }
        for (at, (column, name)) in columns.iter().zip(&names).enumerate() {
            lines.push(if at == 0 { b'{' } else { b',' });
            lines.extend(name.as_bytes());
            lines.push(b':');
            match column {
                OutColumn::Text(_, values) => lines.extend(quoted(&values[i]).as_bytes()),
                OutColumn::Made(_, made) => {
                    lines.extend(quoted(made.fill(i, &mut made_text)).as_bytes());
                }
                OutColumn::Same(_, value) => lines.extend(quoted(value).as_bytes()),
                other => add_plain(&mut lines, other, i, Missing::Null, b"\"")?,
            }
        }
        lines.push(b'}');
        hand_on(&mut lines, writer)?;
    }
    lines.extend(after.as_bytes());
    writer.write_all(&lines)
}

fn hand_on(lines: &mut Vec<u8>, writer: &mut impl Write) -> io::Result<()> {
    if lines.len() >= BUFFERED_BYTES {
        writer.write_all(lines)?;
        lines.clear();
    }
    Ok(())
}

/// Adds a cell that is no text; `quote` goes around a date.
fn add_plain(
    lines: &mut Vec<u8>,
    column: &OutColumn,
    i: usize,
    missing: Missing,
    quote: &[u8],
) -> io::Result<()> {
    let real = match column {
        OutColumn::Real(_, values) => Some(values[i]),
        OutColumn::OptionalReal(_, values) => values[i],
        _ => None,
    };
    let day = match column {
        OutColumn::Date(_, values) => Some(values[i]),
        OutColumn::OptionalDate(_, values) => values[i],
        _ => None,
    };
    match (column, real, day) {
        (OutColumn::Integer(_, values), ..) => {
            lines.extend(itoa::Buffer::new().format(values[i]).as_bytes());
        }
        (OutColumn::Truth(_, values), ..) => {
            lines.extend(if values[i] { &b"true"[..] } else { b"false" });
        }
        (_, Some(real), _) if real.is_finite() => add_real(lines, real)?,
        (_, _, Some(day)) => {
            lines.extend(quote);
            add_day(lines, Day(day))?;
            lines.extend(quote);
        }
        _ => {
            if matches!(missing, Missing::Null) {
                lines.extend(b"null");
            }
        }
    }
    Ok(())
}

/// The shortest digits that read back as the same number; very large and very small ones with an exponent.
fn add_real(lines: &mut Vec<u8>, value: f64) -> io::Result<()> {
    let size = value.abs();
    // Between these, ryu writes no exponent.
    if (1e-5..1e16).contains(&size) {
        let mut digits = ryu::Buffer::new();
        let digits = digits.format_finite(value);
        lines.extend(digits.strip_suffix(".0").unwrap_or(digits).as_bytes());
        Ok(())
    } else if size > 0.0 && !(1e-7..1e17).contains(&size) {
        write!(lines, "{value:e}")
    } else {
        write!(lines, "{value}")
    }
}

fn add_day(lines: &mut Vec<u8>, day: Day) -> io::Result<()> {
    let (year, month, day_of_month) = day.date();
    if !(1000..=9999).contains(&year) {
        return write!(lines, "{day}");
    }
    lines.extend(itoa::Buffer::new().format(year).as_bytes());
    for part in [month, day_of_month] {
        lines.extend([b'-', b'0' + (part / 10) as u8, b'0' + (part % 10) as u8]);
    }
    Ok(())
}

fn add_text(lines: &mut Vec<u8>, text: &str, delimiter: u8, escapes_formulas: bool) {
    let is_formula = escapes_formulas && text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let needs_quotes = text.bytes().any(|b| b == delimiter || matches!(b, b'"' | b'\n' | b'\r'))
        || text.starts_with(' ')
        || text.ends_with(' ');
    if needs_quotes {
        lines.push(b'"');
    }
    if is_formula {
        lines.push(b'\'');
    }
    if needs_quotes {
        lines.extend(text.replace('"', "\"\"").as_bytes());
        lines.push(b'"');
    } else {
        lines.extend(text.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    #[test]
    fn numbers_read_back_as_they_were_and_look_alike_at_every_size() {
        for (value, expected) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (5.0, "5"),
            (-22.35, "-22.35"),
            (0.1 + 0.2, "0.30000000000000004"),
            (1e-5, "0.00001"),
            (9.9e-6, "0.0000099"),
            (1e-8, "1e-8"),
            (1e15, "1000000000000000"),
            (1e16, "10000000000000000"),
            (1e17, "1e17"),
        ] {
            let mut lines = Vec::new();
            add_real(&mut lines, value).unwrap();
            let text = String::from_utf8(lines).unwrap();
            assert_eq!(text, expected);
            assert_eq!(text.parse::<f64>().unwrap().to_bits(), value.to_bits());
        }
    }

    #[test]
    fn a_day_is_written_as_it_is_shown() {
        for day in (clv_tables::day::FIRST_DAY..=clv_tables::day::LAST_DAY).step_by(997) {
            let mut lines = Vec::new();
            add_day(&mut lines, Day(day)).unwrap();
            assert_eq!(lines, Day(day).to_string().as_bytes());
        }
    }
}
