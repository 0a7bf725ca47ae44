//! The lake from outside: imports that come again, overlap, correct, race and break off.

use std::collections::BTreeMap;
use std::path::Path;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Decimal128Type, Int64Type};
use clv_engine::lake::{AsOf, Import, Lake, LakeError, LakePlace, TableChanges};
use clv_tables::canonical::{order_lines, orders};
use clv_tables::{Day, Instant, Money, Origin};

use super::engine;

mod bucket;
mod faults;
mod kills;

mod others;
mod upkeep;

/// An order with its lines: number, total in whole units and pieces of each line.
type Given = (u32, i64, &'static [i64]);

fn order_rows(file: &str, given: &[Given]) -> (RecordBatch, RecordBatch) {
    let (mut rows, mut lines) = (orders::Orders::default(), order_lines::OrderLines::default());
    for (i, (number, total, pieces)) in given.iter().enumerate() {
        let origin = Origin { source: "generic", shop: "", file, row: i as u64 + 2 };
        let order_id = || format!("#{number}").into();
        let ordered_on = Day(19_000 + (*number % 700) as i32);
        let order = orders::Order {
            order_id: order_id(),
            ordered_on,
            customer_id: Some(format!("c{}", number % 7).into()),
            total: Money(total * 1_000_000),
            ..Default::default()
        };
        rows.push(order, &origin);
        for (line, quantity) in pieces.iter().enumerate() {
            let line = order_lines::OrderLine {
                order_id: order_id(),
                line: line as i64 + 1,
                ordered_on,
                quantity: *quantity as f64,
                ..Default::default()
            };
            lines.push(line, &origin);
        }
    }
    (rows.take(), lines.take())
}

fn write(import: &Import, input: u32, file: &str, given: &[Given]) -> Result<(), LakeError> {
    let (rows, lines) = order_rows(file, given);
    import.write(&orders::TABLE, input, &rows)?;
    import.write(&order_lines::TABLE, input, &lines)
}

fn place(folder: &Path) -> LakePlace {
    LakePlace::new(&folder.display().to_string(), &BTreeMap::new()).unwrap()
}

fn lake(folder: &Path) -> Lake {
    Lake::create_or_open(&engine(), place(folder)).unwrap()
}

/// Imports one file; how each table changed.
fn import(lake: &Lake, file: &str, given: &[Given]) -> Option<BTreeMap<String, TableChanges>> {
    let import = lake.begin().unwrap();
    write(&import, 0, file, given).unwrap();
    import.commit(&file.into(), Instant(0)).unwrap().map(|commit| commit.changes)
}

/// Orders with their totals, and pieces of every order: what the lake says as of then.
fn content(lake: &Lake, as_of: AsOf) -> BTreeMap<String, (i64, i64)> {
    let snapshot = lake.snapshot(as_of).unwrap();
    let mut found = BTreeMap::new();
    snapshot
        .read(&orders::TABLE, &["total", "order_id"], |batch| {
            let totals = batch.column(0).as_primitive::<Decimal128Type>();
            let ids = batch.column(1).as_string::<i32>();
            for i in 0..batch.num_rows() {
                let total = (totals.value(i) / 1_000_000) as i64;
                let there = found.insert(ids.value(i).to_owned(), (total, 0));
                assert_eq!(there, None, "order {} is there twice", ids.value(i));
            }
            Ok::<(), LakeError>(())
        })
        .unwrap();
    snapshot
        .read(&order_lines::TABLE, &["order_id", "quantity"], |batch| {
            let ids = batch.column(0).as_string::<i32>();
            let pieces = batch.column(1).as_primitive::<arrow::datatypes::Float64Type>();
            for i in 0..batch.num_rows() {
                found.get_mut(ids.value(i)).unwrap().1 += pieces.value(i) as i64;
            }
            Ok::<(), LakeError>(())
        })
        .unwrap();
    found
}

fn expected(given: &[Given]) -> BTreeMap<String, (i64, i64)> {
    given
        .iter()
        .map(|(number, total, pieces)| (format!("#{number}"), (*total, pieces.iter().sum())))
        .collect()
}

const FIRST: [Given; 3] = [(1, 10, &[1, 2]), (2, 20, &[3]), (3, 30, &[])];

#[test]
fn an_import_that_comes_again_changes_nothing_and_makes_no_version() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(&folder.path().join("Läden & Co #1 100%"));
    let changes = import(&lake, "a.csv", &FIRST).unwrap();
    assert_eq!(changes["orders"].rows_new, 3);
    assert_eq!(changes["order_lines"].rows_new, 3);
    let before = lake.snapshot(AsOf::Latest).unwrap();
    assert_eq!(import(&lake, "copy of a.csv", &FIRST), None);
    let after = lake.snapshot(AsOf::Latest).unwrap();
    assert_eq!((after.number(), after.versions()), (before.number(), before.versions()));
    assert_eq!((after.rows("orders").unwrap(), after.rows("order_lines").unwrap()), (3, 3));
    assert_eq!(content(&lake, AsOf::Latest), expected(&FIRST));
}

#[test]
fn an_overlapping_and_corrected_export_changes_exactly_what_changed() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path());
    import(&lake, "a.csv", &FIRST).unwrap();
    // Order 2 lost its line and gained two; 3 is as it was; 4 is new.
    let second: [Given; 3] = [(2, 25, &[1, 1]), (3, 30, &[]), (4, 40, &[5])];
    let changes = import(&lake, "b.csv", &second).unwrap();
    let orders = changes["orders"];
    assert_eq!((orders.rows_new, orders.rows_changed, orders.rows_unchanged), (1, 1, 1));
    let lines = changes["order_lines"];
    assert_eq!((lines.rows_new, lines.rows_changed, lines.rows_replaced), (1, 2, 1));
    let all: [Given; 4] = [FIRST[0], second[0], FIRST[2], second[2]];
    assert_eq!(content(&lake, AsOf::Latest), expected(&all));
    assert_eq!(content(&lake, AsOf::Commit(1)), expected(&FIRST));
    let mut imports = Vec::new();
    let snapshot = lake.snapshot(AsOf::Latest).unwrap();
    snapshot
        .read(&orders::TABLE, &["order_id", "_import", "row"], |batch| {
            let ids = batch.column(0).as_string::<i32>();
            let import = batch.column(1).as_primitive::<arrow::datatypes::Int32Type>();
            let rows = batch.column(2).as_primitive::<Int64Type>();
            imports.extend(
                (0..ids.len()).map(|i| (ids.value(i).to_owned(), import.value(i), rows.value(i))),
            );
            Ok::<(), LakeError>(())
        })
        .unwrap();
    imports.sort();
    let named = |id: &str, import, row| (id.to_owned(), import, row);
    assert_eq!(
        imports,
        [named("#1", 1, 2), named("#2", 2, 2), named("#3", 1, 4), named("#4", 2, 4)]
    );
}
