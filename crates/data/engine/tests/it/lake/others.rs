//! Several writers at once, other programs, several input files, and tables that grew.

use clv_engine::lake::{CONTENT, OWNER};
use clv_tables::{Column, Kind, Table};

use super::*;

#[test]
fn imports_at_once_all_arrive_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    lake(folder.path());
    let n_writers = 6;
    std::thread::scope(|scope| {
        for writer in 0..n_writers {
            let folder = folder.path();
            scope.spawn(move || {
                let lake = lake(folder);
                // All have order 0, alike; each has an order of its own.
                let given: [Given; 2] = [(0, 7, &[1]), (writer + 1, i64::from(writer), &[2, 3])];
                let import = lake.begin().unwrap();
                write(&import, 0, "same.csv", &given).unwrap();
                import.commit(&writer.into(), Instant(i64::from(writer))).unwrap().unwrap();
            });
        }
    });
    let lake = lake(folder.path());
    let history = lake.history().unwrap();
    assert_eq!(history.len(), n_writers as usize);
    let mut all = expected(&[(0, 7, &[1])]);
    all.extend((0..n_writers).map(|writer| (format!("#{}", writer + 1), (i64::from(writer), 5))));
    assert_eq!(content(&lake, AsOf::Latest), all);
    // Every row names the commit that brought it, also where its import had to try again.
    let mut of_import = BTreeMap::new();
    let snapshot = lake.snapshot(AsOf::Latest).unwrap();
    snapshot
        .read(&orders::TABLE, &["_import"], |batch| {
            let imports = batch.column(0).as_primitive::<arrow::datatypes::Int32Type>();
            imports
                .values()
                .iter()
                .for_each(|import| *of_import.entry(*import).or_insert(0_u64) += 1);
            Ok::<(), LakeError>(())
        })
        .unwrap();
    for commit in &history {
        let new = commit.changes["orders"].rows_new;
        assert_eq!(of_import.get(&(commit.number as i32)), Some(&new), "{of_import:?}");
    }
}

#[test]
fn an_import_that_lost_the_race_compares_with_the_winner() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path());
    let mut slow = lake.begin().unwrap();
    write(&slow, 0, "a.csv", &FIRST).unwrap();
    assert_eq!(slow.changes().unwrap()["orders"].rows_new, 3);
    import(&lake, "quick.csv", &FIRST[..2]).unwrap();
    let commit = slow.commit(&"slow".into(), Instant(0)).unwrap().unwrap();
    let orders = commit.changes["orders"];
    assert_eq!((commit.number, orders.rows_new, orders.rows_unchanged), (2, 1, 2));
    assert!(!commit.changes.contains_key("order_lines"), "the winner had brought all lines");
    assert_eq!(content(&lake, AsOf::Latest), expected(&FIRST));
}

#[test]
fn another_programs_version_is_refused_before_anything_is_committed() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path());
    import(&lake, "a.csv", &FIRST).unwrap();
    let theirs = folder.path().join("orders/_delta_log/00000000000000000001.json");
    std::fs::write(&theirs, r#"{"commitInfo":{"operation":"WRITE"}}"#).unwrap();
    let import = lake.begin().unwrap();
    write(&import, 0, "b.csv", &[(9, 90, &[])]).unwrap();
    let error = import.commit(&"b".into(), Instant(0)).unwrap_err();
    assert!(matches!(error, LakeError::ForeignCommit { version: 1, .. }), "{error}");
    assert_eq!(lake.history().unwrap().len(), 1);
    std::fs::remove_file(&theirs).unwrap();
    super::import(&lake, "b.csv", &[(9, 90, &[])]).unwrap();
    assert_eq!(content(&lake, AsOf::Latest).len(), 4);
}

#[test]
fn of_an_order_in_several_input_files_the_last_file_counts_whatever_the_order_of_writing() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path());
    let mut import = lake.begin().unwrap();
    write(&import, 1, "new.csv", &[(1, 10, &[4, 4]), (2, 21, &[9])]).unwrap();
    write(&import, 0, "old.csv", &[(1, 10, &[4, 4]), (2, 20, &[5, 5]), (3, 30, &[])]).unwrap();
    let changes = import.changes().unwrap();
    let orders = changes["orders"];
    assert_eq!((orders.rows_new, orders.owners_new), (3, 3));
    assert_eq!((orders.owners_repeated_alike, orders.owners_repeated_differing), (1, 1));
    let lines = changes["order_lines"];
    assert_eq!(
        (lines.rows_new, lines.owners_repeated_alike, lines.owners_repeated_differing),
        (3, 1, 1)
    );
    import.commit(&"both".into(), Instant(0)).unwrap().unwrap();
    assert_eq!(
        content(&lake, AsOf::Latest),
        expected(&[(1, 10, &[8]), (2, 21, &[9]), (3, 30, &[])])
    );
}

#[test]
fn an_order_that_stands_twice_in_one_file_is_kept_once_as_it_stands_last() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path());
    let import = lake.begin().unwrap();
    let (rows, _) = order_rows("a.csv", &[(1, 10, &[]), (2, 20, &[]), (1, 11, &[])]);
    import.write(&orders::TABLE, 0, &rows).unwrap();
    let commit = import.commit(&"a".into(), Instant(0)).unwrap().unwrap();
    let orders = commit.changes["orders"];
    assert_eq!((orders.rows_new, orders.owners_repeated_differing), (2, 1));
    assert_eq!(lake.snapshot(AsOf::Latest).unwrap().rows("orders").unwrap(), 2);
    assert_eq!(content(&lake, AsOf::Latest)["#1"], (11, 0));
}

#[test]
fn shops_and_sources_do_not_replace_each_others_orders() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path());
    for (source, shop) in [("generic", ""), ("generic", "berlin"), ("shopify-orders", "")] {
        let mut rows = orders::Orders::default();
        let order = orders::Order { order_id: "#1".into(), ..Default::default() };
        rows.push(order, &Origin { source, shop, file: "a.csv", row: 2 });
        let import = lake.begin().unwrap();
        import.write(&orders::TABLE, 0, &rows.take()).unwrap();
        assert_eq!(
            import.commit(&"a".into(), Instant(0)).unwrap().unwrap().changes["orders"].rows_new,
            1
        );
    }
    assert_eq!(lake.snapshot(AsOf::Latest).unwrap().rows("orders").unwrap(), 3);
}

#[test]
fn an_import_that_is_given_up_or_dropped_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path());
    let data_files = || {
        let entries = std::fs::read_dir(folder.path().join("orders")).unwrap();
        entries.filter(|e| e.as_ref().unwrap().path().is_file()).count()
    };
    let mut import = lake.begin().unwrap();
    write(&import, 0, "a.csv", &FIRST).unwrap();
    import.changes().unwrap();
    assert_eq!(data_files(), 1);
    import.abandon();
    assert_eq!(data_files(), 0);
    super::import(&lake, "a.csv", &FIRST).unwrap();
    assert_eq!(data_files(), 1);
    // What came again was written, compared and removed.
    super::import(&lake, "a.csv", &FIRST);
    assert_eq!(data_files(), 1);
}

const fn column(name: &'static str, kind: Kind, is_required: bool) -> Column {
    Column { name, kind, is_required, meaning: "A column.", example: "" }
}

const fn table(columns: &'static [Column]) -> Table {
    let (key, checks): (&[_], &[_]) = (&["id"], &[]);
    Table { name: "visits", story: "A visit.", columns, key, owner: key, day: None, checks }
}

static OLD: Table = table(&[column("id", Kind::Text, true), column("pages", Kind::Integer, false)]);
static GROWN: Table = table(&[
    column("id", Kind::Text, true),
    column("browser", Kind::Text, false),
    column("pages", Kind::Integer, false),
]);
static DEMANDING: Table =
    table(&[column("id", Kind::Text, true), column("seconds", Kind::Integer, true)]);
static RETYPED: Table =
    table(&[column("id", Kind::Text, true), column("pages", Kind::Real, false)]);

/// Visits with a browser and pages, as far as the table has such columns.
fn visits(table: &Table, given: &[(&str, Option<&str>, i64)]) -> RecordBatch {
    use arrow::array::{ArrayRef, Float64Array, Int64Array, StringArray};
    use std::sync::Arc;
    let column = |name: &str| -> ArrayRef {
        match name {
            "id" => Arc::new(StringArray::from_iter_values(given.iter().map(|v| v.0))),
            "browser" => Arc::new(given.iter().map(|v| v.1).collect::<StringArray>()),
            "pages" if table.column("pages").unwrap().kind == Kind::Real => {
                Arc::new(Float64Array::from_iter_values(given.iter().map(|v| v.2 as f64)))
            }
            "pages" | "seconds" => {
                Arc::new(Int64Array::from_iter_values(given.iter().map(|v| v.2)))
            }
            "row" => Arc::new(Int64Array::from_iter_values(2..given.len() as i64 + 2)),
            _ => Arc::new(StringArray::from_iter_values(given.iter().map(|_| ""))),
        }
    };
    let columns = table.all_columns().map(|c| column(c.name)).collect();
    RecordBatch::try_new(table.schema(), columns).unwrap()
}

fn import_visits(
    lake: &Lake,
    table: &'static Table,
    given: &[(&str, Option<&str>, i64)],
) -> Result<Option<TableChanges>, LakeError> {
    let import = lake.begin()?;
    import.write(table, 0, &visits(table, given))?;
    Ok(import.commit(&"visits".into(), Instant(0))?.map(|commit| commit.changes["visits"]))
}

fn browsers(lake: &Lake, as_of: AsOf) -> BTreeMap<String, Option<String>> {
    let mut found = BTreeMap::new();
    let snapshot = lake.snapshot(as_of).unwrap();
    snapshot
        .read(&GROWN, &["id", "browser"], |batch| {
            let (ids, browsers) =
                (batch.column(0).as_string::<i32>(), batch.column(1).as_string::<i32>());
            found.extend((0..ids.len()).map(|i| {
                let browser = browsers.is_valid(i).then(|| browsers.value(i).to_owned());
                (ids.value(i).to_owned(), browser)
            }));
            Ok::<(), LakeError>(())
        })
        .unwrap();
    found
}

#[test]
fn a_table_that_grew_reads_its_old_rows_and_takes_old_and_new_ones() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path());
    import_visits(&lake, &OLD, &[("a", None, 1), ("b", None, 2), ("c", None, 3)]).unwrap();
    // An empty new column changes no row; a filled one does.
    let changes =
        import_visits(&lake, &GROWN, &[("a", None, 1), ("b", Some("lynx"), 2)]).unwrap().unwrap();
    assert_eq!((changes.rows_unchanged, changes.rows_changed), (1, 1));
    let named = |id: &str, browser: Option<&str>| (id.to_owned(), browser.map(str::to_owned));
    let grown = BTreeMap::from([named("a", None), named("b", Some("lynx")), named("c", None)]);
    assert_eq!(browsers(&lake, AsOf::Latest), grown);
    assert_eq!(browsers(&lake, AsOf::Commit(1)).values().flatten().count(), 0);
    // An older program writes, and what it does not know stays.
    let changes = import_visits(&lake, &OLD, &[("c", None, 4), ("d", None, 5)]).unwrap().unwrap();
    assert_eq!((changes.rows_new, changes.rows_changed), (1, 1));
    let mut all = grown;
    all.extend([named("d", None)]);
    assert_eq!(browsers(&lake, AsOf::Latest), all);
}

#[test]
fn a_column_of_another_type_or_a_new_one_that_may_not_be_empty_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path());
    import_visits(&lake, &OLD, &[("a", None, 1)]).unwrap();
    let error = import_visits(&lake, &RETYPED, &[("a", None, 1)]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "table visits, column pages: double came; expected long as stored"
    );
    let error = import_visits(&lake, &DEMANDING, &[("a", None, 1)]).unwrap_err();
    assert!(error.to_string().starts_with("table visits, column seconds: a new column"), "{error}");
    let import = lake.begin().unwrap();
    let error = import.write(&GROWN, 0, &visits(&OLD, &[("a", None, 1)])).unwrap_err();
    assert!(error.to_string().contains("column browser: pages of type Int64 came"), "{error}");
    drop(import);
    assert_eq!(lake.history().unwrap().len(), 1);
}

#[test]
fn the_hidden_columns_are_the_same_in_every_release() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path());
    import(&lake, "a.csv", &FIRST[..1]).unwrap();
    let mut hashes = Vec::new();
    let snapshot = lake.snapshot(AsOf::Latest).unwrap();
    snapshot
        .read(&orders::TABLE, &[OWNER, CONTENT], |batch| {
            hashes.extend((0..2).map(|i| batch.column(i).as_primitive::<Int64Type>().value(0)));
            Ok::<(), LakeError>(())
        })
        .unwrap();
    // Values of this program; should they change, every stored row would look corrected.
    assert_eq!(hashes, [-4_709_641_359_943_936_257, -7_779_306_377_317_229_861]);
}
