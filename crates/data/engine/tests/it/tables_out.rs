//! Tables that are written read back as they were, or are not there at all.

use clv_engine::{EngineError, OutColumn, TableFormat, WriteOptions, write_table, write_table_to};

use crate::{engine, file, options};

fn table() -> Vec<OutColumn> {
    vec![
        OutColumn::Text(
            "name".into(),
            vec!["plain".into(), "with, \"quotes\"".into(), "=1+1".into()],
        ),
        OutColumn::Integer("count".into(), vec![1, -2, 3]),
        OutColumn::Real("value".into(), vec![0.1, 1e300, f64::NAN]),
        OutColumn::OptionalDate("seen".into(), vec![Some(0), None, Some(18_808)]),
        OutColumn::Truth("is_good".into(), vec![true, false, true]),
        OutColumn::Same("definition_id".into(), "net-5y".into()),
    ]
}

fn text(format: TableFormat, escape_formulas: bool) -> String {
    let mut bytes = Vec::new();
    write_table_to(&table(), &mut bytes, format, WriteOptions { escape_formulas }).unwrap();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn text_tables_are_what_other_programs_expect() {
    assert_eq!(
        text(TableFormat::Csv, false),
        "name,count,value,seen,is_good,definition_id\nplain,1,0.1,1970-01-01,true,net-5y\n\
         \"with, \"\"quotes\"\"\",-2,1e300,,false,net-5y\n=1+1,3,,2021-06-30,true,net-5y\n"
    );
    assert!(text(TableFormat::Csv, true).contains("\n'=1+1,"));
    assert!(text(TableFormat::JsonLines, false).starts_with(
        "{\"name\":\"plain\",\"count\":1,\"value\":0.1,\"seen\":\"1970-01-01\",\"is_good\":true,\"definition_id\":\"net-5y\"}\n"
    ));
    assert!(text(TableFormat::Json, false).ends_with(
        "\"value\":null,\"seen\":\"2021-06-30\",\"is_good\":true,\"definition_id\":\"net-5y\"}]\n"
    ));
}

#[test]
fn a_histories_table_is_read_back_from_every_format() {
    let columns = [
        OutColumn::Text("customer_id".into(), vec!["a".into(), "b".into()]),
        OutColumn::Integer("repeat_purchases".into(), vec![2, 0]),
        OutColumn::Real("last_purchase_age".into(), vec![30.43, 0.0]),
        OutColumn::Real("age".into(), vec![38.86, 38.857_142_857_142_854]),
        OutColumn::Real("mean_spend".into(), vec![22.35, f64::NAN]),
    ];
    let folder = tempfile::tempdir().unwrap();
    for name in ["h.csv", "h.tsv", "h.ndjson", "h.parquet", "h.csv.gz", "h.ndjson.zst"] {
        let path = folder.path().join(name);
        write_table(&columns, &path, WriteOptions::default()).unwrap();
        let found = engine().open_histories(&options(&path)).unwrap().unwrap();
        assert_eq!(found.repeat_purchases, [2.0, 0.0], "{name}");
        assert_eq!(found.age, [38.86, 38.857_142_857_142_854], "{name}");
        let spend = found.mean_spend.unwrap();
        assert!(spend[1].is_nan() && (spend[0] - 22.35).abs() < 1e-12, "{name}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 6, "no temporary file is left");
}

#[test]
fn orders_are_no_histories_and_bad_histories_are_refused() {
    let (_a, orders) = file("orders.csv", "customer,date,amount\na,2021-01-01,5\n");
    assert_eq!(engine().open_histories(&options(&orders)).unwrap(), None);
    let (_b, bad) = file("h.csv", "customer_id,repeat_purchases,last_purchase_age,age\na,1,5,4\n");
    let error = engine().open_histories(&options(&bad)).unwrap_err();
    assert!(error.to_string().contains("row 2, column last_purchase_age"), "{error}");
}

#[test]
fn a_full_disk_leaves_nothing_behind() {
    struct Full(usize);
    impl std::io::Write for Full {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 = self.0.checked_sub(bytes.len()).ok_or(std::io::ErrorKind::StorageFull)?;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    for format in [TableFormat::Csv, TableFormat::JsonLines, TableFormat::Parquet] {
        assert!(write_table_to(&table(), &mut Full(40), format, WriteOptions::default()).is_err());
    }
    // The device that is always full cannot hold a temporary file beside it, so a folder that cannot be written stands for it.
    let folder = tempfile::tempdir().unwrap();
    let error =
        write_table(&table(), &folder.path().join("missing/out.csv"), WriteOptions::default())
            .unwrap_err();
    assert!(matches!(error, EngineError::Unwritable { .. }) && error.hint().is_some());
    let error =
        write_table(&table(), &folder.path().join("out.doc"), WriteOptions::default()).unwrap_err();
    assert!(matches!(error, EngineError::UnknownFormat { .. }));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
