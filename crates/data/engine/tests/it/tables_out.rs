//! Tables that are written read back as they were, or are not there at all.

use clv_engine::{
    CustomerIds, EngineError, OutColumn, TableFormat, WriteOptions, write_table, write_table_to,
};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

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
        OutColumn::Integer("orders".into(), vec![5, 1]),
        OutColumn::Date("first_order".into(), vec![18_500, 18_600]),
        OutColumn::Date("last_order".into(), vec![18_800, 18_600]),
        OutColumn::Real("historic_value".into(), vec![67.05, -3.5]),
    ];
    let folder = tempfile::tempdir().unwrap();
    for name in ["h.csv", "h.tsv", "h.ndjson", "h.parquet", "h.csv.gz", "h.ndjson.zst"] {
        let path = folder.path().join(name);
        write_table(&columns, &path, WriteOptions::default()).unwrap();
        let found = engine().open_histories(&options(&path)).unwrap().unwrap();
        assert_eq!(found.repeat_purchases, [2.0, 0.0], "{name}");
        assert_eq!(found.age, [38.86, 38.857_142_857_142_854], "{name}");
        assert_eq!(found.orders, Some(vec![5, 1]), "{name}");
        assert_eq!(found.first_order, Some(vec![18_500, 18_600]), "{name}");
        assert_eq!(found.last_order, Some(vec![18_800, 18_600]), "{name}");
        assert_eq!(found.historic_value, Some(vec![67.05, -3.5]), "{name}");
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
fn a_bad_cell_of_a_typed_histories_file_is_named_like_one_of_text() {
    let good = || {
        vec![
            OutColumn::Integer("customer_id".into(), vec![7, 8]),
            OutColumn::Real("repeat_purchases".into(), vec![2.0, 0.0]),
            OutColumn::Real("last_purchase_age".into(), vec![3.0, 0.0]),
            OutColumn::Real("age".into(), vec![4.0, 5.0]),
            OutColumn::OptionalReal("mean_spend".into(), vec![Some(1.5), None]),
            OutColumn::Integer("orders".into(), vec![3, 1]),
            OutColumn::Real("historic_value".into(), vec![-1.0, 2.0]),
        ]
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("h.parquet");
    let read = |columns: &[OutColumn]| {
        write_table(columns, &path, WriteOptions::default()).unwrap();
        engine().open_histories(&options(&path)).map(Option::unwrap)
    };
    let found = read(&good()).unwrap();
    assert_eq!(found.ids, CustomerIds::Integer(vec![7, 8]));
    assert_eq!(found.repeat_purchases, [2.0, 0.0]);
    for (at, value, named) in [
        (1, 0.5, "row 2, column repeat_purchases: \"0.5\"; expected a whole number of purchases"),
        (2, 9.0, "row 2, column last_purchase_age: \"9.0\"; expected at most the customer's age"),
        (3, f64::NAN, "row 2, column age: \"\"; expected a number of zero or more"),
        (4, -2.0, "row 2, column mean_spend: \"-2.0\"; expected a number of zero or more"),
        (5, 0.5, "row 2, column orders: \"0.5\"; expected a whole number of orders"),
    ] {
        let mut columns = good();
        columns[at] = OutColumn::Real(columns[at].name().to_owned(), vec![value, 0.0]);
        let error = read(&columns).unwrap_err().to_string();
        assert!(error.contains(&named.replace("row 2", "row 1")), "{error}");
    }
}

#[test]
fn text_that_repeats_and_text_that_does_not_both_read_back_from_parquet() {
    use arrow::array::AsArray;
    let texts = |n: usize| (0..2_000).map(|i| format!("t{}", i % n)).collect::<Vec<String>>();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("texts.parquet");
    let columns = [
        OutColumn::Text("few".into(), texts(7)),
        OutColumn::Text("many".into(), texts(2_000)),
        OutColumn::Same("same".into(), "net-5y".into()),
    ];
    write_table(&columns, &path, WriteOptions::default()).unwrap();
    let file = std::fs::File::open(&path).unwrap();
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    let group = builder.metadata().row_group(0);
    let has_dictionary: Vec<bool> =
        group.columns().iter().map(|c| c.dictionary_page_offset().is_some()).collect();
    assert_eq!(has_dictionary, [true, false, true]);
    let batches: Vec<_> = builder.build().unwrap().map(Result::unwrap).collect();
    let column = |at: usize| -> Vec<String> {
        let arrays = batches.iter().map(|batch| batch.column(at).as_string::<i32>());
        arrays.flat_map(|array| array.iter().map(|t| t.unwrap().to_owned())).collect()
    };
    assert_eq!(column(0), texts(7));
    assert_eq!(column(1), texts(2_000));
    assert_eq!(column(2), vec!["net-5y"; 2_000]);
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

#[test]
fn a_customer_with_two_histories_is_refused_with_both_rows() {
    for (ids, said) in [
        (["7", "9", "7"], "row 4, column customer_id: \"7\""),
        (["ann", "bob", "ann"], "row 4, column customer_id: \"ann\""),
    ] {
        let mut text = "customer_id,repeat_purchases,last_purchase_age,age\n".to_owned();
        for id in ids {
            text.push_str(&format!("{id},1,2,3\n"));
        }
        let (_folder, path) = file("h.csv", &text);
        let error = engine().open_histories(&options(&path)).unwrap_err();
        assert!(error.to_string().contains(said), "{error}");
        assert!(error.to_string().contains("stands in row 2 of"), "{error}");
        assert!(error.hint().is_some());
    }
    let columns = [
        OutColumn::Integer("customer_id".into(), vec![7, 8, 8]),
        OutColumn::Integer("repeat_purchases".into(), vec![0, 0, 0]),
        OutColumn::Real("last_purchase_age".into(), vec![0.0, 0.0, 0.0]),
        OutColumn::Real("age".into(), vec![4.0, 5.0, 6.0]),
    ];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("h.parquet");
    write_table(&columns, &path, WriteOptions::default()).unwrap();
    let error = engine().open_histories(&options(&path)).unwrap_err();
    assert!(error.to_string().contains("row 3, column customer_id: \"8\""), "{error}");
    assert!(error.to_string().contains("stands in row 2 of"), "{error}");
}

#[test]
fn a_histories_file_is_known_by_its_content() {
    let read = |text: &str| {
        let (_folder, path) = file("h.csv", text);
        engine().open_histories(&options(&path)).unwrap().unwrap().fingerprints.remove(0).1
    };
    let heading = "customer_id,repeat_purchases,last_purchase_age,age\n";
    let one = read(&format!("{heading}a,1,2,3\n"));
    assert!(one.starts_with("xxh64:"), "{one}");
    assert_eq!(one, read(&format!("{heading}a,1,2,3\n")));
    assert_ne!(one, read(&format!("{heading}a,1,2,4\n")));
}
