//! The same orders in every format, packing and encoding give the same histories.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use arrow::array::TimestampMicrosecondArray;
use arrow::array::{
    ArrayRef, Date32Array, Decimal128Array, Float64Array, Int64Array, RecordBatch, StringArray,
};
use clv_engine::{CustomerHistories, CustomerIds, DateOrder, Day, ReadOptions};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;

use crate::{engine, file, open, options};

/// Customer, day, amount: two orders on one day, a return, a zero.
const ORDERS: [(i64, &str, f64); 7] = [
    (17, "2021-03-14", 10.5),
    (17, "2021-03-14", 2.25),
    (17, "2021-04-30", -4.0),
    (17, "2021-05-01", 1234.56),
    (4, "2021-03-31", 0.0),
    (4, "2021-12-13", 99.99),
    (23, "2021-06-15", 5.0),
];

fn histories(path: &Path) -> CustomerHistories {
    open(path).unwrap().purchase_histories(None).unwrap().0
}

fn csv() -> String {
    let rows: Vec<String> =
        ORDERS.iter().map(|(id, day, amount)| format!("{id},{day},{amount}\n")).collect();
    format!("customer_id,date,amount\n{}", rows.concat())
}

fn expected() -> CustomerHistories {
    let day = |text| Day::parse_iso(text).unwrap().0;
    CustomerHistories {
        ids: CustomerIds::Text(vec!["17".into(), "23".into(), "4".into()]),
        first_day: vec![day("2021-03-14"), day("2021-06-15"), day("2021-03-31")],
        last_day: vec![day("2021-05-01"), day("2021-06-15"), day("2021-12-13")],
        n_days: vec![2, 1, 2],
        orders: vec![3, 1, 2],
        gross: vec![1_247_310_000, 5_000_000, 99_990_000],
        returns: vec![4_000_000, 0, 0],
        first_day_gross: vec![12_750_000, 5_000_000, 0],
        sum_ln_interpurchase_days: vec![48f64.ln(), 0.0, 257f64.ln()],
        last_observed_day: day("2021-12-13"),
    }
}

#[test]
fn every_text_format_gives_the_same_histories() {
    let csv = csv();
    let rows = |row: fn(&(i64, &str, f64)) -> String| ORDERS.iter().map(row).collect::<String>();
    let texts = [
        ("comma.csv", csv.clone()),
        ("tab.tsv", csv.replace(',', "\t")),
        (
            "semicolon.csv",
            format!(
                "Kunde;Datum;Betrag\n{}",
                rows(|(id, d, a)| format!(
                    "{id};{}.{}.{};{} €\n",
                    &d[8..],
                    &d[5..7],
                    &d[..4],
                    a.to_string().replace('.', ",")
                ))
            ),
        ),
        (
            "american.csv",
            format!(
                "Customer ID,Order Date,Total\n{}",
                rows(|(id, d, a)| format!(
                    "{id},{}/{}/{} 4:05 PM,${a}\n",
                    &d[5..7],
                    &d[8..],
                    &d[2..4]
                ))
            ),
        ),
        ("spaces.txt", rows(|(id, d, a)| format!("  {id}   {}  {a:.2}\n", d.replace('-', "")))),
        ("crlf.csv", csv.replace('\n', "\r\n")),
        ("titled.csv", format!("Orders of my shop\n\n{csv}")),
        (
            "objects.ndjson",
            rows(|(id, d, a)| {
                format!(
                    "{{\"customer\":{{\"id\":\"{id}\"}},\"created_at\":\"{d}T10:00:00+02:00\",\"total\":{a}}}\n"
                )
            }),
        ),
    ];
    for (name, text) in texts {
        let (_guard, path) = file(name, text);
        let columns = match name {
            "objects.ndjson" => {
                BTreeMap::from([("customer_id".to_owned(), "customer.id".to_owned())])
            }
            _ => BTreeMap::new(),
        };
        let read = ReadOptions { columns, ..options(&path) };
        let found = engine().open(&read).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(found.purchase_histories(None).unwrap().0, expected(), "{name}");
    }
}

#[test]
fn packing_and_encoding_change_nothing() {
    let rows: String =
        ORDERS.iter().map(|(id, day, amount)| format!("{id},{day},café ü,{amount}\n")).collect();
    let text = format!("Kundennummer,date,größe,amount\n{rows}");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text.as_bytes()).unwrap();
    let utf16 =
        [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let contents: [(&str, Vec<u8>); 6] = [
        ("plain.csv", text.clone().into_bytes()),
        ("gzip.csv.gz", gzip.finish().unwrap()),
        ("zstd.csv.zst", zstd::encode_all(text.as_bytes(), 3).unwrap()),
        ("utf16.csv", utf16),
        ("bom.csv", [&[0xef, 0xbb, 0xbf], text.as_bytes()].concat()),
        ("latin.csv", encoding_rs::WINDOWS_1252.encode(&text).0.into_owned()),
    ];
    for (name, content) in contents {
        let (_guard, path) = file(name, content);
        assert_eq!(histories(&path), expected(), "{name}");
    }
}

fn parquet(path: &Path, columns: Vec<(&str, ArrayRef)>) {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    // Small row groups, so that two threads share the file.
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(2)).build();
    let mut writer = ArrowWriter::try_new(
        std::fs::File::create(path).unwrap(),
        batch.schema(),
        Some(properties),
    )
    .unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

#[test]
fn every_parquet_type_gives_the_same_histories() {
    let folder = tempfile::tempdir().unwrap();
    let ids = || ORDERS.iter().map(|(id, ..)| *id);
    let days = || ORDERS.iter().map(|(_, day, _)| Day::parse_iso(day).unwrap().0);
    let amounts = || ORDERS.iter().map(|(.., amount)| *amount);
    let id_columns: [ArrayRef; 2] = [
        Arc::new(Int64Array::from_iter_values(ids())),
        Arc::new(StringArray::from_iter_values(ids().map(|id| id.to_string()))),
    ];
    let day_columns: [ArrayRef; 3] = [
        Arc::new(Date32Array::from_iter_values(days())),
        Arc::new(TimestampMicrosecondArray::from_iter_values(
            days().map(|d| i64::from(d) * 86_400_000_000 + 3_600_000_000),
        )),
        Arc::new(StringArray::from_iter_values(
            ORDERS.iter().map(|(_, day, _)| format!("{day} 10:00")),
        )),
    ];
    let cents = amounts().map(|amount| (amount * 100.0_f64).round() as i128);
    let amount_columns: [ArrayRef; 2] = [
        Arc::new(Float64Array::from_iter_values(amounts())),
        Arc::new(Decimal128Array::from_iter_values(cents).with_precision_and_scale(12, 2).unwrap()),
    ];
    for id in &id_columns {
        for day in &day_columns {
            for amount in &amount_columns {
                let path = folder.path().join("orders.parquet");
                let columns = vec![
                    ("extra", Arc::clone(amount)),
                    ("date", Arc::clone(day)),
                    ("amount", Arc::clone(amount)),
                    ("customer_id", Arc::clone(id)),
                ];
                parquet(&path, columns);
                let mut found = histories(&path);
                if let CustomerIds::Integer(ids) = &found.ids {
                    assert_eq!(ids, &[4, 17, 23]);
                    // By number 4 comes first, by text last.
                    let CustomerHistories { first_day, n_days, gross, .. } = &found;
                    assert_eq!(
                        (first_day[0], n_days[0], gross[0]),
                        (expected().first_day[2], 2, 99_990_000)
                    );
                    found = expected();
                }
                assert_eq!(
                    found,
                    expected(),
                    "{} {} {}",
                    id.data_type(),
                    day.data_type(),
                    amount.data_type()
                );
            }
        }
    }
}

#[test]
fn a_folder_and_a_glob_read_as_one_file_even_with_columns_in_another_order() {
    let folder = tempfile::tempdir().unwrap();
    let csv = csv();
    let rows: Vec<&str> = csv.lines().skip(1).collect();
    std::fs::write(
        folder.path().join("a.csv"),
        format!("customer_id,date,amount\n{}\n", rows[..3].join("\n")),
    )
    .unwrap();
    let turned: Vec<String> =
        rows[3..].iter().map(|row| row.split(',').rev().collect::<Vec<_>>().join(",")).collect();
    std::fs::write(
        folder.path().join("b.csv"),
        format!("amount,date,customer_id\n{}\n", turned.join("\n")),
    )
    .unwrap();
    std::fs::write(folder.path().join(".hidden.csv"), "nothing").unwrap();
    std::fs::write(folder.path().join("notes.md"), "nothing").unwrap();
    assert_eq!(histories(folder.path()), expected());
    assert_eq!(histories(&folder.path().join("*.csv")), expected());
}

#[test]
fn memory_enough_for_little_spills_and_changes_nothing() {
    let rows: String = (0..240_000)
        .map(|i| {
            format!("c{},2021-{:02}-{:02},{}\n", i * 7919 % 80_000, i % 12 + 1, i % 28 + 1, i % 50)
        })
        .collect();
    let (_guard, path) = file("orders.csv", format!("customer,date,amount\n{rows}"));
    let tight = clv_engine::Engine::new(clv_engine::EngineOptions {
        threads: Some(2),
        memory_limit_bytes: Some(8 << 20),
        ..clv_engine::EngineOptions::default()
    })
    .unwrap();
    let spilled = tight.open(&options(&path)).unwrap().purchase_histories(None).unwrap().0;
    assert_eq!(spilled, histories(&path));
}

#[test]
fn a_column_that_opens_ambiguously_is_read_to_its_end() {
    let rows: String =
        (0..5_000).map(|i| format!("c{i},0{}/0{}/2021,5\n", i % 9 + 1, i % 7 + 1)).collect();
    let (_guard, path) =
        file("orders.csv", format!("customer,date,amount\n{rows}c,28/02/2021,5\n"));
    let orders = open(&path).unwrap();
    assert_eq!(
        orders.columns().iter().find(|c| c.role == "ordered_at").unwrap().format,
        "day/month/year"
    );
    let asked = ReadOptions { date_format: Some(DateOrder::MonthFirst), ..options(&path) };
    let (_, intake) = engine().open(&asked).unwrap().purchase_histories(None).unwrap();
    assert_eq!(intake.rows_put_aside, 1);
}

#[test]
fn progress_reaches_the_end_and_a_fingerprint_knows_the_content() {
    let rows: String = (0..100_000)
        .map(|i| format!("c{},2021-01-{:02},{}\n", i % 500, i % 28 + 1, i % 50))
        .collect();
    let (_guard, path) = file("orders.csv", format!("customer,date,amount\n{rows}"));
    let heard = Arc::new(std::sync::Mutex::new(Vec::new()));
    let listener = Arc::clone(&heard);
    let engine = clv_engine::Engine::new(clv_engine::EngineOptions {
        on_progress: Some(Arc::new(move |progress| listener.lock().unwrap().push(progress))),
        ..clv_engine::EngineOptions::default()
    })
    .unwrap();
    let orders = engine.open(&options(&path)).unwrap();
    orders.purchase_occasions(None).unwrap();
    let last = *heard.lock().unwrap().last().unwrap();
    assert_eq!(last.bytes_read, last.bytes_total);
    let first = orders.fingerprint().unwrap();
    assert_eq!(first, orders.fingerprint().unwrap());
    std::fs::write(&path, "customer,date,amount\n").unwrap();
    assert_ne!(first, orders.fingerprint().unwrap());
}
