//! The page that tells of every canonical table.

use std::fmt::Write;

use crate::canonical::TABLES;
use crate::table::ORIGIN;
use crate::{Check, CheckRule, Column, Kind, Table};

const KINDS: [(Kind, &str); 7] = [
    (Kind::Text, "any text, in UTF-8"),
    (Kind::Integer, "a whole number"),
    (Kind::Real, "a real number, never infinite; a column called `_ratio` holds a share, 0 to 1"),
    (Kind::Money, "units of the currency in the row's column of currency, exact to a millionth"),
    (Kind::Day, "a calendar day in the shop's time zone, 1970 to 2100"),
    (Kind::Instant, "a moment in UTC, exact to a microsecond, 1970 to 2100"),
    (Kind::Flag, "true or false"),
];

/// The page in Markdown: the kinds of columns, then each table with its key, columns, checks and one row.
///
/// ```
/// assert!(clv_tables::page::tables_page().contains("## orders"));
/// ```
#[must_use]
pub fn tables_page() -> String {
    let mut page = Page::default();
    page.line("# Canonical tables");
    page.line("");
    page.line("What an importer makes of a file, and what every question reads. `cargo xtask generate-docs` writes this page from");
    page.line("`crates/data/tables/src/canonical`; a test fails when the two differ.");
    page.line("");
    page.line("| table | what a row is |");
    page.line("| --- | --- |");
    for table in TABLES {
        let first = table.story.split_inclusive(". ").next().unwrap_or(table.story);
        let name = table.name;
        page.line(&format!("| [{name}](#{name}) | {} |", first.trim().trim_end_matches('.')));
    }
    page.line("");
    page.line("## Kinds of columns");
    page.line("");
    page.line("| kind | what it holds | Arrow type |");
    page.line("| --- | --- | --- |");
    for (kind, meaning) in KINDS {
        page.line(&format!("| {kind} | {meaning} | `{}` |", kind.data_type()));
    }
    page.line("");
    page.line("Names end alike: `_on` is a day and `_at` a moment, `_from` and `_until` are the first and the last day of a stretch, `is_` is true or");
    page.line("false, `n_` counts, durations carry their unit. What begins with `stated_` is a source's own reckoning: it is shown beside ours and never");
    page.line("used as truth. A required column of text may be empty where its meaning says so; any other column is null where nothing is known.");
    page.line("");
    page.line("## Checks");
    page.line("");
    page.line("The id in brackets is the name of what is wrong in a row that breaks the check. In every table:");
    page.line("");
    for (rule, columns) in [
        (CheckRule::Missing, "a value in a required column"),
        (CheckRule::Finite, "a number"),
        (CheckRule::PlausibleDay, "a day or moment"),
    ] {
        page.line(&format!("- {columns} {rule} (`{}`)", rule.id()));
    }
    page.line("");
    page.line("The others stand with their table. They say nothing of an empty cell, save that one at least of several must be given.");
    page.line("");
    page.line("## Where a row comes from");
    page.line("");
    page.line("Every table ends with these columns. `source` and `shop` are part of every key.");
    page.columns(&ORIGIN);
    for table in TABLES {
        page.table(table);
    }
    page.text
}

#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn columns(&mut self, columns: &[Column]) {
        self.line("");
        self.line("| column | kind | required | meaning | example |");
        self.line("| --- | --- | --- | --- | --- |");
        for column in columns {
            let required = if column.is_required { "yes" } else { "" };
            let example = column.example.replace('|', "\\|");
            self.line(&format!(
                "| `{}` | {} | {required} | {} | `{example}` |",
                column.name, column.kind, column.meaning
            ));
        }
    }

    fn table(&mut self, table: &Table) {
        self.line("");
        self.line(&format!("## {}", table.name));
        self.line("");
        self.line(table.story);
        self.line("");
        self.line(&format!("- Key: {}.", names(table.key)));
        self.line(&format!("- Replaced together: rows of one {}.", names(table.owner)));
        if let Some(day) = table.day {
            self.line(&format!("- Laid out by `{day}`."));
        }
        self.columns(table.columns);
        if !table.checks.is_empty() {
            self.line("");
            self.line("What must hold:");
            self.line("");
            for check in table.checks {
                self.line(&format!("- {}", sentence(check)));
            }
        }
        self.line("");
        self.line("One row:");
        self.line("");
        self.line("```csv");
        self.line(&joined(table.columns.iter().map(|column| column.name)));
        self.line(&joined(table.columns.iter().map(|column| column.example)));
        self.line("```");
    }
}

/// A check in words, with the id under which broken rows are put aside.
fn sentence(check: &Check) -> String {
    let names = names(check.columns);
    let id = check.rule.id();
    match check.rule {
        CheckRule::SomeOf => format!("at least one of {names} is given (`{id}`)"),
        rule if check.columns.len() > 1 => format!("{names}: each {rule} (`{id}`)"),
        rule => format!("{names} {rule} (`{id}`)"),
    }
}

/// Names as code with commas between.
fn names(names: &[&str]) -> String {
    let mut text = String::new();
    for (index, name) in names.iter().enumerate() {
        let comma = if index == 0 { "" } else { ", " };
        write!(text, "{comma}`{name}`").expect("text takes all that is written to it");
    }
    text
}

/// Cells as a line of a CSV file.
fn joined<'a>(cells: impl Iterator<Item = &'a str>) -> String {
    let quoted = cells.map(|cell| {
        if cell.contains([',', '"', '\n']) {
            format!("\"{}\"", cell.replace('"', "\"\""))
        } else {
            cell.to_owned()
        }
    });
    quoted.collect::<Vec<_>>().join(",")
}
