//! The list of importers as a whole: nobody is mistaken for somebody else, and the page of the documentation names them all.

use std::collections::BTreeSet;

use arrow::datatypes::DataType;
use clv_importers::importers::{IMPORTERS, find, recognise};
use clv_importers::{Reading, Sample};

fn sample(headings: Vec<String>) -> Sample {
    Sample {
        file: "export.csv".into(),
        types: vec![DataType::Utf8; headings.len()],
        headings,
        has_heading: true,
        rows: Vec::new(),
        first_row: 2,
    }
}

#[test]
fn every_importer_is_recognised_by_its_own_headings_and_by_no_other_s() {
    for importer in IMPORTERS.iter().filter(|importer| !importer.signature.is_empty()) {
        let first = |names: &&str| names.split('|').next().unwrap().to_owned();
        let own: Vec<String> = importer.signature.iter().map(first).collect();
        assert_eq!(recognise(&sample(own), None).unwrap().importer.id, importer.id);
        let all: Vec<String> = importer
            .columns
            .iter()
            .filter_map(|column| column.headings.first())
            .map(|heading| (*heading).to_owned())
            .chain(importer.signature.iter().map(first))
            .collect();
        assert_eq!(recognise(&sample(all), None).unwrap().importer.id, importer.id);
    }
}

#[test]
fn every_importer_can_be_asked_for_by_its_id_and_names_its_columns_once() {
    let ids: BTreeSet<&str> = IMPORTERS.iter().map(|importer| importer.id).collect();
    assert_eq!(ids.len(), IMPORTERS.len());
    for importer in IMPORTERS.iter() {
        assert_eq!(find(importer.id).map(|found| found.title), Some(importer.title));
        let columns: BTreeSet<&str> = importer.columns.iter().map(|column| column.id).collect();
        assert_eq!(columns.len(), importer.columns.len(), "{}", importer.id);
        assert!(!importer.tables.is_empty(), "{}", importer.id);
        assert!(
            importer.signature.is_empty()
                || importer.columns.iter().all(|column| !column.headings.is_empty()),
            "{}",
            importer.id
        );
        let dates = |reading: Reading| matches!(reading, Reading::Moment | Reading::MomentUtc);
        let dated = importer.tables.iter().any(|table| table.day.is_some());
        let reads_days = importer.columns.iter().any(|column| dates(column.reading));
        // Payments and items of Olist are dated by the orders that are read before them.
        let has_companion = (importer.reader)().companion().is_some();
        assert!(!dated || reads_days || has_companion, "{}", importer.id);
    }
}

#[test]
fn the_page_of_the_importers_names_each_with_its_title_and_its_tables() {
    let page = include_str!("../../../../../docs/importers.md");
    for importer in IMPORTERS.iter() {
        let start = page
            .find(&format!("| `{}` |", importer.id))
            .unwrap_or_else(|| panic!("docs/importers.md has no row for {}", importer.id));
        let row = page[start..].lines().next().unwrap();
        for table in importer.tables {
            assert!(row.contains(&format!("`{}`", table.name)), "{}: {}", importer.id, table.name);
        }
        let named = |id: &str| page.matches(&format!("| `{id}` |")).count();
        assert_eq!(named(importer.id), 1, "{}", importer.id);
    }
}
