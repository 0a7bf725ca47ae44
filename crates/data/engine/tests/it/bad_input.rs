//! What is refused or put aside, and how it is said.

use std::collections::BTreeMap;
use std::path::Path;

use clv_engine::{Day, EngineError, OutColumn, ReadOptions, Rule, WriteOptions, write_table};
use proptest::prelude::*;

use crate::{engine, file, open, options};

/// What comes of a file that cannot be used, on opening or on reading.
fn failure(path: &Path) -> EngineError {
    match open(path) {
        Err(error) => error,
        Ok(orders) => orders.purchase_histories(None).unwrap_err(),
    }
}

#[test]
fn every_unusable_file_says_what_where_and_what_to_do() {
    let parquet_start = b"PAR1 and then nothing that makes sense".to_vec();
    let cases: [(&str, Vec<u8>, &str); 19] = [
        ("empty.csv", b"".to_vec(), "the file is empty"),
        ("blank.csv", b"\n\n  \n".to_vec(), "the file is empty"),
        (
            "header.csv",
            b"customer,date,amount\n".to_vec(),
            "no row of data; the heading is customer, date, amount",
        ),
        (
            "who.csv",
            b"when,date,amount\n1,2021-01-01,5\n".to_vec(),
            "no customer column among the headings when, date, amount",
        ),
        (
            "when.csv",
            b"customer,product,amount\na,x,5\n".to_vec(),
            "no date column among the headings",
        ),
        (
            "money.csv",
            b"customer,date,product\na,2021-01-01,x\n".to_vec(),
            "no amount column among the headings",
        ),
        (
            "two.csv",
            b"customer,client,date,amount\na,b,2021-01-01,5\n".to_vec(),
            "\"customer\" and \"client\" could both be the customer",
        ),
        (
            "open.csv",
            b"customer,date,amount\na,03/04/2021,5\n".to_vec(),
            "could be day/month or month/day everywhere, e.g. row 2 value 03/04/2021",
        ),
        (
            "both.csv",
            b"customer,date,amount\na,31/01/2021,5\na,01/31/2021,5\n".to_vec(),
            "row 2 value 31/01/2021 is day/month and row 3 value 01/31/2021 is month/day",
        ),
        (
            "mixed.csv",
            "customer,date,amount\na,2021-01-01,5 €\na,2021-01-02,£5\n".into(),
            "mixed currencies: EUR in row 2 and GBP in row 3",
        ),
        (
            "thousand.csv",
            b"customer,date,amount\na,2021-01-01,\"1,234\"\n".to_vec(),
            "\"1,234\" in row 2 could be with decimals or with thousands",
        ),
        (
            "decimals.csv",
            b"customer,date,amount\na,2021-01-01,\"1,5\"\na,2021-01-01,1.5\n".to_vec(),
            "two decimal separators: a comma in row 2",
        ),
        (
            "aside.csv",
            b"customer,date,amount\n,2021-01-01,5\n,2021-01-01,5\n".to_vec(),
            "all 2 rows were put aside: 2 no_customer",
        ),
        (
            "nodate.csv",
            b"customer,date,amount\na,soon,5\n".to_vec(),
            "row 2: \"soon\" is not a date",
        ),
        ("sheet.xlsx", b"PK\x03\x04rest".to_vec(), "an Excel workbook"),
        ("pack.zip", b"PK\x03\x04rest".to_vec(), "damaged or cut off"),
        ("junk.csv", (0..=255).collect(), "not text"),
        ("cut.parquet", parquet_start, "damaged or cut off"),
        ("list.json", b"[{\"customer\":1}]".to_vec(), "no date column among the headings"),
    ];
    for (name, content, said) in cases {
        let (_guard, path) = file(name, content);
        let error = failure(&path);
        assert!(error.to_string().contains(said), "{name}: {error}");
        assert!(error.to_string().contains(name), "{name}: {error}");
        assert!(error.hint().is_some(), "{name}: {error}");
    }
}

#[test]
fn missing_paths_offer_the_nearest_name() {
    let (guard, _path) = file("orders.csv", "x");
    let error = failure(&guard.path().join("order.csv"));
    assert!(error.hint().unwrap().ends_with("orders.csv?"), "{error}");
    assert!(matches!(failure(&guard.path().join("*.parquet")), EngineError::NoFiles { .. }));
    let empty = tempfile::tempdir().unwrap();
    assert!(matches!(failure(empty.path()), EngineError::NoFiles { .. }));
}

#[test]
fn packed_files_that_break_off_are_damaged() {
    let rows: String = (0..50_000)
        .map(|i| format!("c{},2021-01-01,{}\n", i * 7919 % 10_007, i * 31 % 997))
        .collect();
    let text = format!("customer,date,amount\n{rows}");
    let zstd = zstd::encode_all(text.as_bytes(), 3).unwrap();
    let mut gzip = flate2::read::GzEncoder::new(text.as_bytes(), flate2::Compression::fast());
    let mut gzipped = Vec::new();
    std::io::Read::read_to_end(&mut gzip, &mut gzipped).unwrap();
    for (name, content) in [("orders.csv.zst", zstd), ("orders.csv.gz", gzipped)] {
        let (_guard, path) = file(name, &content[..content.len() * 3 / 4]);
        let error = failure(&path);
        assert!(matches!(error, EngineError::Damaged { .. }), "{name}: {error}");
    }
}

#[test]
fn a_file_that_grows_between_looking_and_reading_is_refused() {
    let (_guard, path) = file("orders.csv", "customer,date,amount\na,2021-01-01,5\n");
    let orders = open(&path).unwrap();
    std::fs::write(&path, "customer,date,amount\na,2021-01-01,5\nb,2021-01-01,5\n").unwrap();
    assert!(matches!(orders.purchase_histories(None), Err(EngineError::Changed { .. })));
}

#[test]
fn overrides_are_checked_against_the_headings() {
    let (_guard, path) = file("orders.csv", "customer,client,date,amount\na,b,2021-01-01,5\n");
    let read = |role: &str, heading: &str| {
        let columns = BTreeMap::from([(role.to_owned(), heading.to_owned())]);
        engine().open(&ReadOptions { columns, ..options(&path) })
    };
    assert!(read("customer_id", "client").is_ok());
    assert_eq!(
        read("customer_id", "clinet").unwrap_err().hint().unwrap(),
        "did you mean \"client\"?"
    );
    assert_eq!(
        read("custmer_id", "client").unwrap_err().hint().unwrap(),
        "did you mean \"customer_id\"?"
    );
    let unknown = ReadOptions { from: Some("shopfy-orders".into()), ..options(&path) };
    assert_eq!(
        engine().open(&unknown).unwrap_err().hint().unwrap(),
        "did you mean \"shopify-orders\"?"
    );
}

#[test]
fn dirty_rows_are_put_aside_with_their_place_and_their_money() {
    let text = "order_id,customer,date,amount,note\n\
                1,a,2021-01-01,5,\n\
                1,a,2021-01-01,5,\n\
                2,,2021-01-02,7,\n\
                3,b,someday,11,\n\
                4,b,2021-01-04,NaN,\n\
                5,b,2021-01-05,1e15,\n\
                6,b,2031-01-05,13,\n\
                7,b,2021-01-06,17,x,y,z\n\
                8,b\n\
                9,b,2021-01-09,19,\n";
    let (_guard, path) = file("orders.csv", text);
    let read = ReadOptions { as_of: Day::parse_iso("2025-01-01"), ..options(&path) };
    let (histories, intake) = engine().open(&read).unwrap().purchase_histories(None).unwrap();
    assert_eq!(
        (histories.len(), intake.rows_read, intake.rows_accepted, intake.rows_put_aside),
        (2, 10, 2, 8)
    );
    let found: Vec<_> = intake
        .complaints
        .iter()
        .map(|g| {
            (
                g.rule,
                g.count,
                g.money / 1_000_000,
                g.examples[0].row,
                g.examples[0].column.as_str(),
                g.examples[0].value.as_str(),
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            (Rule::NoCustomer, 1, 7, 4, "customer", ""),
            (Rule::UnreadableDate, 1, 11, 5, "date", "someday"),
            (Rule::UnreadableAmount, 1, 0, 6, "amount", "NaN"),
            (Rule::AmountTooLarge, 1, 0, 7, "amount", "1e15"),
            (Rule::AfterAsOf, 1, 13, 8, "date", "2031-01-05"),
            (Rule::DuplicateOrder, 1, 5, 3, "order_id", "1"),
            (Rule::RaggedRow, 2, 0, 9, "", "7 | b | 2021-01-06 | 17 | x | y | z"),
        ]
    );
}

#[test]
fn one_currency_of_several_can_be_read_alone() {
    let (_guard, path) = file(
        "orders.csv",
        "customer,date,amount,currency\na,2021-01-01,5,EUR\nb,2021-01-01,7,USD\n",
    );
    let read = ReadOptions { currency: Some("EUR".into()), ..options(&path) };
    let (histories, intake) = engine().open(&read).unwrap().purchase_histories(None).unwrap();
    assert_eq!((histories.len(), intake.currency.as_deref()), (1, Some("EUR")));
    assert_eq!(
        (intake.complaints[0].rule, intake.complaints[0].money),
        (Rule::OtherCurrency, 7_000_000)
    );
}

#[test]
fn a_later_row_that_proves_the_other_date_order_is_refused() {
    let rows: String = (0..20_000).map(|i| format!("c{i},{}/01/2021,5\n", i % 28 + 1)).collect();
    let (_guard, path) =
        file("orders.csv", format!("customer,date,amount\n{rows}c,01/31/2021,5\n"));
    let error = failure(&path).to_string();
    assert!(error.contains("row 20002 value 01/31/2021 is month/day"), "{error}");
}

#[test]
fn amounts_at_the_edge_are_exact() {
    let (_guard, path) =
        file("orders.csv", "customer,date,amount\na,2021-01-01,1000000000000\nb,2021-01-01,0.01\n");
    let (histories, _) = open(&path).unwrap().purchase_histories(None).unwrap();
    assert_eq!(histories.gross, [1_000_000_000_000_000_000, 10_000]);
}

#[test]
fn sums_that_no_longer_fit_are_refused_with_the_customer_named() {
    let rows = |customer: &str, n: usize, amount: &str| -> String {
        (0..n).map(|i| format!("{customer},2021-01-{:02},{amount}\n", i % 28 + 1)).collect()
    };
    let text = |more: String| format!("customer,date,amount\nb,2021-01-01,5\n{more}");
    // Nine times a million millions fit.
    let (_a, fits) = file("orders.csv", text(rows("a", 9, "1000000000000")));
    let (histories, _) = open(&fits).unwrap().purchase_histories(None).unwrap();
    assert_eq!(histories.gross[0], 9_000_000_000_000_000_000);
    for (amount, what) in [("1000000000000", "purchases"), ("-1000000000000", "returns")] {
        let (_b, path) = file("orders.csv", text(rows("a", 20, amount)));
        for error in [
            open(&path).unwrap().purchase_histories(None).unwrap_err(),
            open(&path).unwrap().purchase_occasions(None).unwrap_err(),
        ] {
            let text = error.to_string();
            assert!(text.contains(what) && text.contains("9,223,372,036,854"), "{text}");
            assert!(error.hint().is_some());
        }
    }
}

#[test]
fn the_customer_whose_sum_is_too_large_is_named() {
    let rows: String = (0..5)
        .map(|i| format!("big,2021-01-{:02},2000000000000\nsmall,2021-01-01,-1\n", i + 1))
        .collect();
    let (_guard, path) = file("orders.csv", format!("customer,date,amount\n{rows}"));
    let error = open(&path).unwrap().purchase_histories(None).unwrap_err();
    assert!(matches!(error, EngineError::SumTooLarge { .. }), "{error}");
    assert!(error.to_string().contains("big"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_the_reader_panic_or_lose_a_row(
        cells in proptest::collection::vec(
            proptest::collection::vec("([0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}|-?[0-9]{1,9}[.,]?[0-9]{0,3}|[a-z\"';€ ]{0,6}|\\PC{0,4})", 0..6),
            0..40,
        ),
    ) {
        let rows: String = cells.iter().map(|row| row.join(",") + "\n").collect();
        let (_guard, path) = file("orders.csv", format!("order_id,customer,date,amount\n1,a,2021-01-01,5.5\n{rows}"));
        if let Ok(orders) = open(&path)
            && let Ok((histories, intake)) = orders.purchase_histories(None)
        {
                prop_assert_eq!(intake.rows_read, intake.rows_accepted + intake.rows_put_aside);
                prop_assert!(histories.n_days.iter().all(|n| *n >= 1));
        }
    }

    #[test]
    fn no_odd_ending_quote_or_zero_byte_makes_the_reader_panic_or_lose_a_row(
        pieces in proptest::collection::vec(
            prop_oneof![
                Just("\n"), Just("\r\n"), Just("\r"), Just("\n\n\n"), Just(","), Just(";"), Just("\t"),
                Just("\""), Just("\"\""), Just("\"a\nb\""), Just("\0"), Just("\u{feff}"), Just("'"),
                Just("a,2021-01-01,5"), Just("b,2021-01-31,-1.5"), Just("c,2021-02-30,x"), Just(" "),
                Just("2021-01-01"), Just("99999999999999"), Just("€"), Just("\u{2028}"), Just("{}"),
            ],
            0..60,
        ),
        mark in prop_oneof![Just(""), Just("\u{feff}"), Just("\u{feff}\u{feff}"), Just("\n\n"), Just("\r\n")],
        line_end in prop_oneof![Just("\n"), Just("\r\n")],
        long in 0_usize..3,
    ) {
        let long_line = "x".repeat(long * 200_000);
        let row = format!("a,2021-01-01,5{line_end}");
        let text = format!(
            "{mark}customer,date,amount{line_end}{row}{}{line_end}{long_line}{line_end}{row}",
            pieces.concat()
        );
        for name in ["orders.csv", "orders.tsv", "orders.ndjson"] {
            let (_guard, path) = file(name, &text);
            let _ = engine().open_histories(&options(&path));
            if let Ok(orders) = open(&path)
                && let Ok((days, intake)) = orders.purchase_occasions(None)
            {
                prop_assert_eq!(intake.rows_read, intake.rows_accepted + intake.rows_put_aside);
                prop_assert_eq!(*days.offsets.last().unwrap() as usize, days.day.len());
            }
        }
    }

    #[test]
    fn no_histories_file_makes_the_reader_panic(
        cells in proptest::collection::vec("([0-9]{1,3}(\\.[0-9])?|-1|nan|inf|1e400|\\PC{0,3}|\"|2021-01-0[0-9])", 0..60),
        ending in prop_oneof![Just("\n"), Just("\r\n"), Just("")],
    ) {
        let heading = "customer_id,repeat_purchases,last_purchase_age,age,mean_spend,orders,first_order,historic_value";
        let rows: Vec<String> = cells.chunks(8).map(|row| row.join(",")).collect();
        let text = format!("{heading}\nc,1,2,3,4.5,2,2021-01-01,-1\n{}{ending}", rows.join(ending));
        let (_guard, path) = file("h.csv", text);
        if let Ok(Some(found)) = engine().open_histories(&options(&path)) {
            prop_assert_eq!(found.age.len(), found.ids.len());
            prop_assert_eq!(found.historic_value.unwrap().len(), found.ids.len());
        }
    }

    #[test]
    fn no_damage_to_a_parquet_file_makes_the_reader_panic(
        damage in proptest::collection::vec((any::<u16>(), any::<u8>()), 1..6),
        cut in 0_usize..40,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("orders.parquet");
        let columns = [
            OutColumn::Integer("customer".into(), (0..300).map(|i| i * 7 % 50).collect()),
            OutColumn::Date("date".into(), (18_600..18_900).collect()),
            OutColumn::Real("amount".into(), (0..300).map(f64::from).collect()),
        ];
        write_table(&columns, &path, WriteOptions::default()).unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        for (at, value) in damage {
            let at = usize::from(at) % bytes.len();
            bytes[at] = value;
        }
        bytes.truncate(bytes.len() - cut.saturating_sub(20));
        std::fs::write(&path, bytes).unwrap();
        if let Ok(orders) = open(&path) {
            let _ = orders.purchase_histories(None);
        }
    }

    #[test]
    fn files_of_line_ends_and_marks_only_are_refused(n in 0_usize..50, end in prop_oneof![
        Just("\n"), Just("\r\n"), Just("\r"), Just("\u{feff}"), Just(" "), Just(","), Just("\"")
    ]) {
        let (_guard, path) = file("orders.csv", end.repeat(n));
        prop_assert!(open(&path).is_err());
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        for head in [&b""[..], b"PAR1", b"\x1f\x8b\x08\x00", b"\x28\xb5\x2f\xfd", b"\xff\xfe", b"{\""] {
            let (_guard, path) = file("orders.csv", [head, &bytes].concat());
            if let Ok(orders) = open(&path) {
                let _ = orders.purchase_histories(None);
            }
        }
    }
}

#[test]
fn an_order_that_stands_twice_counts_once_in_parquet_as_in_text() {
    let columns = [
        OutColumn::Text("customer_id".into(), ["a", "a", "b", "b"].map(String::from).to_vec()),
        OutColumn::Date("ordered_at".into(), vec![18_628, 18_628, 18_659, 18_687]),
        OutColumn::Text("order_id".into(), ["A1", "A1", "A2", "A3"].map(String::from).to_vec()),
        OutColumn::Real("amount".into(), vec![10.0, 10.0, 20.0, 20.0]),
    ];
    let folder = tempfile::tempdir().unwrap();
    let mut seen = Vec::new();
    for name in ["orders.csv", "orders.parquet"] {
        let path = folder.path().join(name);
        write_table(&columns, &path, WriteOptions::default()).unwrap();
        let orders = engine().open(&options(&path)).unwrap();
        let (histories, intake) = orders.purchase_histories(None).unwrap();
        let twice = intake.complaints.iter().find(|group| group.rule == Rule::DuplicateOrder);
        seen.push((histories.gross, twice.map(|group| (group.count, group.money))));
    }
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[0], (vec![10_000_000, 40_000_000], Some((1, 10_000_000))));
}
