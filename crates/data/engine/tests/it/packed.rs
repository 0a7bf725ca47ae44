//! Zip archives and JSON documents: read like the files that are in them, refused with a reason.

use std::io::Write;
use std::path::{Path, PathBuf};

use clv_engine::{CustomerHistories, EngineError, ImportFiles, ImportOptions};
use proptest::prelude::*;
use zip::CompressionMethod;
use zip::write::SimpleFileOptions;

use crate::{engine, file, open, shared};

const CSV: &str = "customer,date,amount\na,2021-01-01,5\nb,2021-01-31,7\na,2021-03-01,2.5\n";

fn histories(path: &Path) -> CustomerHistories {
    open(path).unwrap().purchase_histories(None).unwrap().0
}

fn failure(path: &Path) -> EngineError {
    match open(path) {
        Err(error) => error,
        Ok(orders) => orders.purchase_histories(None).unwrap_err(),
    }
}

/// An archive of these files, one after another as they are given.
fn zipped(files: &[(&str, &[u8])], method: CompressionMethod) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in files {
        let how = SimpleFileOptions::default().compression_method(method);
        archive.start_file(*name, how).unwrap();
        archive.write_all(content).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn deflated(files: &[(&str, &[u8])]) -> Vec<u8> {
    zipped(files, CompressionMethod::Deflated)
}

fn gzipped(content: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    writer.write_all(content).unwrap();
    writer.finish().unwrap()
}

fn recognised(paths: &[PathBuf]) -> Result<ImportFiles, EngineError> {
    let paths = paths.iter().map(|path| path.display().to_string()).collect();
    engine().recognise(&ImportOptions { paths, ..ImportOptions::default() })
}

#[test]
fn a_json_document_gives_the_same_rows_as_its_lines() {
    let (_guard, csv) = file("orders.csv", CSV);
    let expected = histories(&csv);
    let a = r#"{"customer":"a","date":"2021-01-01","amount":5,"note":"] } , \" \\"}"#;
    let b = "{\n  \"customer\": \"b\",\n  \"date\": \"2021-01-31\",\n  \"amount\": 7.0\n}";
    let c =
        r#"{"customer":"a","date":"2021-03-01","amount":2.5,"lines":[{"sku":"x"},{"sku":"y"}]}"#;
    let all = format!("{a},\n{b} ,{c}");
    let array = format!("[{all}]");
    for (name, content) in [
        ("array.json", array.clone().into_bytes()),
        ("spaced.json", format!("\u{feff}\n [ \n {all}\n ] \n").into_bytes()),
        ("orders.json", format!("{{\"orders\": [{all}]}}").into_bytes()),
        (
            "page.json",
            format!(
                "{{\n\"object\":\"list\",\"links\":{{\"pages\":[{{\"n\":1}}]}},\"empty\":[],\"data\":[\n{all}],\
                 \"tags\":[\"x\"],\"has_more\":false}}\n"
            )
            .into_bytes(),
        ),
        ("nested.json", format!("{{\"data\":{{\"shop\":{{\"orders\":[{all}]}}}}}}").into_bytes()),
        ("one_after_another.json", format!("{b}\n{a}\n{c}\n").into_bytes()),
        ("packed.json.gz", gzipped(array.as_bytes())),
        ("packed.json.zst", zstd::encode_all(array.as_bytes(), 1).unwrap()),
        ("packed.zip", deflated(&[("orders.json", array.as_bytes())])),
        (
            "utf16.json",
            array.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>(),
        ),
    ] {
        let (_guard, path) = file(name, content);
        assert_eq!(histories(&path), expected, "{name}");
    }
}

#[test]
fn a_lone_object_is_one_row_and_its_arrays_are_its_own() {
    let order = "{\"id\": 7,\n\"customer\":\"a\",\"date\":\"2021-01-01\",\"amount\":5,\n\
                 \"lines\":[{\"sku\":\"x\"},{\"sku\":\"y\"}]}";
    for content in [order.to_owned(), order.replace('\n', ""), format!("{{\"order\": {order}}}")] {
        let (_guard, path) = file("order.json", &content);
        let (histories, intake) = open(&path).unwrap().purchase_histories(None).unwrap();
        assert_eq!(
            (histories.len(), intake.rows_read, intake.gross),
            (1, 1, 5_000_000),
            "{content}"
        );
    }
}

#[test]
fn rows_of_a_long_document_are_numbered_by_their_elements() {
    let n = 30_000;
    let rows: Vec<String> = (1..=n)
        .map(|i| match i {
            20_000 => "17".to_owned(),
            25_000 => format!("{{\"customer\":\"c{i}\",\n\"date\":\"soon\",\n\"amount\":3}}"),
            _ => format!("{{\n\"customer\":\"c{i}\",\n\"date\":\"2021-01-31\",\n\"amount\":3}}"),
        })
        .collect();
    // Far longer than what is looked at first: what follows the array is seen only while reading.
    for after in ["", ",\"count\":30000,\"meta\":{\"links\":[{\"rel\":\"next\"}]}"] {
        let (_guard, path) =
            file("orders.json", format!("{{\"orders\":[{}]{after}}}", rows.join(",\n")));
        let (histories, intake) = open(&path).unwrap().purchase_histories(None).unwrap();
        assert_eq!(
            (histories.len(), intake.rows_read, intake.rows_put_aside),
            (n - 2, n as u64, 2)
        );
        let places: Vec<u64> =
            intake.complaints.iter().map(|group| group.examples[0].row).collect();
        assert_eq!(places, [25_000, 20_000]);
    }
    let (_guard, path) = file(
        "orders.json",
        format!("{{\"orders\":[{}],\"refunds\":[{{\"a\":1}}]}}", rows.join(",\n")),
    );
    let error = failure(&path);
    assert!(error.to_string().contains("\"orders\" and under \"refunds\""), "{error}");
}

#[test]
fn documents_that_cannot_be_read_say_why() {
    let one = r#"{"customer":"a","date":"2021-01-01","amount":5}"#;
    for (name, content, said) in [
        ("none.json", "[]".to_owned(), "the file is empty"),
        ("none.json", "{\"orders\": [\n]}".to_owned(), "the file is empty"),
        ("numbers.json", "[{},1,2]".to_owned(), "no objects with keys"),
        ("open.json", format!("[{one},\n{one}"), "not closed after element 2"),
        ("open.json", format!("[{one},\n{{\"customer\":\"a\""), "breaks off within element 2"),
        ("open.json", format!("{{\"orders\":[{one}]"), "breaks off"),
        ("more.json", format!("[{one}]\n[{one}]"), "more text follows the end"),
        ("cut.json", "{\n\"orders\"".to_owned(), "breaks off within element 1"),
        (
            "two.json",
            format!("{{\"orders\":[{one}],\n\"refunds\":[{one}]}}"),
            "arrays of objects under \"orders\" and under \"refunds\"",
        ),
    ] {
        let (_guard, path) = file(name, &content);
        let error = failure(&path);
        assert!(error.to_string().contains(said), "{content}: {error}");
        assert!(error.to_string().contains(name) && error.hint().is_some(), "{content}: {error}");
    }
}

#[test]
fn a_file_in_an_archive_reads_like_the_file_itself() {
    let (_guard, csv) = file("orders.csv", CSV);
    let expected = histories(&csv);
    let mut rows = CSV.lines();
    let heading = rows.next().unwrap();
    let part = |row: &str| format!("{heading}\n{row}\n").into_bytes();
    let parts: Vec<Vec<u8>> = rows.map(part).collect();
    let packed = gzipped(CSV.as_bytes());
    for (name, content) in [
        ("deflated.zip", deflated(&[("orders.csv", CSV.as_bytes())])),
        ("stored.zip", zipped(&[("orders.csv", CSV.as_bytes())], CompressionMethod::Stored)),
        ("named_as_text.csv", deflated(&[("export/orders.csv", CSV.as_bytes())])),
        ("twice.zip", deflated(&[("orders.csv.gz", &packed)])),
        (
            "several.zip",
            deflated(&[
                ("2021/c.csv", &parts[2]),
                ("__MACOSX/._c.csv", b"\0\0"),
                ("2021/a.csv", &parts[0]),
                ("logo.png", b"\x89PNG"),
                (".DS_Store", b"\0"),
                ("2021/b.csv", &parts[1]),
            ]),
        ),
    ] {
        let (_guard, path) = file(name, content);
        assert_eq!(histories(&path), expected, "{name}");
    }
}

#[test]
fn one_file_of_an_archive_can_be_named() {
    let (_guard, path) = file(
        "export.zip",
        deflated(&[("orders.csv", CSV.as_bytes()), ("customers.csv", b"id,name\n1,x\n")]),
    );
    assert!(matches!(failure(&path), EngineError::MixedFiles { .. }));
    let orders = open(&path.join("orders.csv")).unwrap();
    assert_eq!(orders.purchase_histories(None).unwrap().0.len(), 2);
    let missing = failure(&path.join("order.csv"));
    assert!(missing.hint().unwrap().ends_with("export.zip/orders.csv?"), "{missing}");
}

/// The archive with the little-endian number of `n_bytes` bytes at `at` of its only entry in the list replaced.
fn with_listed(mut archive: Vec<u8>, at: usize, value: u64, n_bytes: usize) -> Vec<u8> {
    let entry = archive.windows(4).rposition(|bytes| bytes == b"PK\x01\x02").unwrap();
    archive[entry + at..entry + at + n_bytes].copy_from_slice(&value.to_le_bytes()[..n_bytes]);
    archive
}

#[test]
fn archives_that_cannot_be_read_say_why() {
    let inner = deflated(&[("orders.csv", CSV.as_bytes())]);
    let one = || inner.clone();
    // Places in the entry of the list: flags 8, method 10, sum 16, packed size 20, size 24.
    for (name, content, said) in [
        ("nothing.zip", deflated(&[]), "no readable file here"),
        ("pictures.zip", deflated(&[("a.png", b"x")]), "no readable file here"),
        ("empty.zip", deflated(&[("orders.csv", b"")]), "empty.zip/orders.csv: the file is empty"),
        (
            "outer.zip",
            deflated(&[("inner.zip", &inner)]),
            "outer.zip/inner.zip: this is an archive within",
        ),
        (
            "outer.zip",
            deflated(&[("a.csv.gz", &gzipped(&inner))]),
            "an archive within a packed file",
        ),
        ("outer.csv.gz", gzipped(&inner), "an archive within a packed file"),
        (
            "book.zip",
            deflated(&[("xl/workbook.xml", b"<x/>"), ("a.csv", b"x")]),
            "an Excel workbook",
        ),
        ("book.xlsx", one(), "an Excel workbook"),
        ("book.zip", deflated(&[("content.xml", b"<x/>")]), "an OpenDocument file"),
        ("part.zip", deflated(&[("a.parquet", b"PAR1PAR1")]), "a Parquet file within an archive"),
        (
            "locked.zip",
            with_listed(one(), 8, 1, 2),
            "locked.zip/orders.csv: this is an encrypted file",
        ),
        ("method.zip", with_listed(one(), 10, 14, 2), "another method than deflate"),
        ("sum.zip", with_listed(one(), 16, 1, 4), "its checksum is not the one"),
        ("short.zip", with_listed(one(), 24, 9_999, 4), "fewer bytes than the archive says"),
        ("long.zip", with_listed(one(), 24, 9, 4), "more bytes than the archive says"),
        ("bomb.zip", with_listed(one(), 24, 4_000_000_000, 4), "claim to unpack to 4000000000"),
        ("pack.zip", b"PK\x03\x04rest".to_vec(), "damaged or cut off"),
    ] {
        let (_guard, path) = file(name, content);
        let error = failure(&path);
        assert!(error.to_string().contains(said), "{name}: {error}");
        assert!(error.to_string().contains(name) && error.hint().is_some(), "{name}: {error}");
    }
}

#[test]
fn many_files_that_are_too_large_together_are_refused() {
    let files: Vec<(String, u64)> = (0..26).map(|i| (format!("{i}.csv"), 4_000_000_000)).collect();
    let content = vec![b'x'; 100];
    let entries: Vec<(&str, &[u8])> =
        files.iter().map(|(name, _)| (name.as_str(), content.as_slice())).collect();
    let mut archive = zipped(&entries, CompressionMethod::Stored);
    let listed: Vec<usize> = archive
        .windows(4)
        .enumerate()
        .filter(|(_, b)| b == b"PK\x01\x02")
        .map(|(at, _)| at)
        .collect();
    for (at, (_, size)) in listed.iter().zip(&files) {
        archive[at + 24..at + 28].copy_from_slice(&size.to_le_bytes()[..4]);
    }
    let (_guard, path) = file("many.zip", archive);
    let error = failure(&path);
    assert!(
        matches!(error, EngineError::UnpacksTooLarge { n_unpacked: 104_000_000_000, .. }),
        "{error}"
    );
}

#[test]
fn an_archive_cut_anywhere_or_with_any_byte_changed_is_an_error_or_the_same_rows() {
    let rows: String =
        (0..30).map(|i| format!("c{},2021-01-{:02},{i}\n", i % 17, i % 28 + 1)).collect();
    let text = format!("customer,date,amount\n{rows}");
    let archive = deflated(&[("orders.csv", text.as_bytes()), ("more.csv", text.as_bytes())]);
    let (guard, path) = file("orders.zip", &archive);
    let expected = histories(&path);
    for n in 4..archive.len() {
        std::fs::write(&path, &archive[..n]).unwrap();
        let error = failure(&path);
        assert!(error.to_string().contains("orders.zip"), "cut to {n}: {error}");
    }
    for at in 0..archive.len() {
        let mut bytes = archive.clone();
        bytes[at] ^= 0x55;
        std::fs::write(&path, bytes).unwrap();
        if let Ok(orders) = open(&path)
            && let Ok((found, _)) = orders.purchase_histories(None)
        {
            // A changed name, time or right leaves the rows alone; one file may be hidden by it, but none is half read.
            let whole = expected.gross.iter().sum::<i64>();
            let sum = found.gross.iter().sum::<i64>();
            assert!(sum == whole || sum * 2 == whole, "byte {at} changed: {sum} of {whole}");
        }
    }
    drop(guard);
}

#[test]
fn what_cannot_be_read_in_a_folder_is_left_alone_with_its_reason() {
    let folder = tempfile::tempdir().unwrap();
    let order = r#"{"orders":[{"id":1,"email":"a@example.com"#;
    let cut = {
        let rows: String =
            (0..60_000).map(|i| format!("c{},2021-01-01,{}\n", i * 7919 % 10_007, i)).collect();
        let packed = gzipped(format!("customer,date,amount\n{rows}").as_bytes());
        packed[..packed.len() * 3 / 4].to_vec()
    };
    let archive = deflated(&[
        ("more.csv", CSV.as_bytes()),
        ("readme.md", b"hello"),
        ("inner.zip", &deflated(&[("x.csv", CSV.as_bytes())])),
    ]);
    let files: [(&str, &[u8], Option<&str>); 12] = [
        ("orders.csv", CSV.as_bytes(), None),
        ("archive.zip", &archive, None),
        ("blank.csv", b"", Some("the file is empty")),
        ("cut.csv.gz", &cut, Some("damaged or cut off")),
        ("broken.zip", b"PK\x03\x04rest", Some("damaged or cut off")),
        ("broken.parquet", b"PAR1rest", Some("damaged or cut off")),
        ("broken.json", order.as_bytes(), Some("breaks off within element 1")),
        ("two.json", br#"{"a":[{"x":1}],"b":[{"x":1}]}"#, Some("under \"a\" and under \"b\"")),
        ("colours.csv", b"colour,shade\nred,1\n", Some("no importer knows its headings")),
        ("junk.csv", b"\0\x01\x02\x03", Some("not text")),
        ("book.xlsx", b"PK\x03\x04rest", Some("its name does not end")),
        ("letter.pdf", b"%PDF", Some("its name does not end")),
    ];
    for (name, content, _) in files {
        std::fs::write(folder.path().join(name), content).unwrap();
    }
    std::fs::create_dir(folder.path().join("older")).unwrap();
    std::fs::write(folder.path().join("older/orders.csv"), CSV).unwrap();
    let found = recognised(&[folder.path().to_owned()]).unwrap();
    let read: Vec<String> =
        found.groups.iter().flat_map(|g| g.files()).map(str::to_owned).collect();
    let at = |name: &str| folder.path().join(name).display().to_string();
    assert_eq!(read, [at("archive.zip/more.csv"), at("orders.csv")]);
    let mut rows = 0;
    let mut count = |_: &'static _, _, batch: arrow::array::RecordBatch| {
        rows += batch.num_rows();
        Ok(())
    };
    found.read(&mut count).unwrap();
    assert!(rows > 0);
    let expected = files.iter().filter_map(|(name, _, said)| Some((*name, (*said)?))).chain([
        ("archive.zip/inner.zip", "an archive within an archive"),
        ("archive.zip/readme.md", "its name does not end"),
        ("older", "a folder within a folder is not entered"),
    ]);
    let mut n = 0;
    for (name, said) in expected {
        let reason = found.left_alone.iter().find(|(file, _)| *file == at(name));
        assert!(reason.is_some_and(|(_, reason)| reason.contains(said)), "{name}: {reason:?}");
        n += 1;
    }
    assert_eq!(found.left_alone.len(), n, "{:?}", found.left_alone);
    // The same files, named, stop the import, except for the archive, in which one file can be read.
    for (name, _, said) in &files {
        let named = recognised(&[folder.path().join("orders.csv"), folder.path().join(name)]);
        let read = named.and_then(|found| found.read(&mut |_, _, _| Ok(())));
        assert_eq!(read.is_err(), said.is_some(), "{name}");
    }
}

#[test]
fn an_archive_and_the_files_in_it_have_the_same_fingerprints() {
    let (_a, csv) = file("orders.csv", CSV);
    let (_b, archive) = file(
        "export.zip",
        deflated(&[("orders.csv", CSV.as_bytes()), ("b.txt", b"colour\nred\n")]),
    );
    let print = |path: PathBuf| recognised(&[path]).unwrap().fingerprints().unwrap();
    let (plain, packed) = (print(csv), print(archive));
    assert_eq!((plain.len(), packed.len()), (1, 1));
    assert_eq!(plain[0].1, packed[0].1);
}

#[test]
fn the_orders_of_an_admin_api_are_imported() {
    let Some(path) = shared("exports/shopify_admin_api_json/orders.json") else { return };
    let found = recognised(std::slice::from_ref(&path)).unwrap();
    let done = found.read(&mut |_, _, _| Ok(())).unwrap();
    assert_eq!((done.totals.rows, done.totals.rows_put_aside), (1, 0));
    let sums = &done.totals.currencies["USD"];
    assert_eq!((sums.orders, sums.gross / 10_000), (1, 59_894));
    // All that the interface answers with, in one folder: what is no order is left alone, and nothing stops.
    let folder = recognised(&[path.parent().unwrap().to_owned()]).unwrap();
    let n_read: usize = folder.groups.iter().map(|group| group.files().len()).sum();
    let n_files = std::fs::read_dir(path.parent().unwrap()).unwrap().count();
    assert!(n_read >= 1);
    assert_eq!(n_read + folder.left_alone.len(), n_files);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_damage_to_a_json_document_makes_the_reader_panic_or_lose_a_row(
        damage in proptest::collection::vec((any::<u16>(), prop_oneof![
            Just(b'"'), Just(b'{'), Just(b'}'), Just(b'['), Just(b']'), Just(b','), Just(b':'), Just(b'\\'), Just(b'\n'), any::<u8>(),
        ]), 0..5),
        cut in 0_usize..60,
        is_wrapped in any::<bool>(),
    ) {
        let row = |i: usize| format!("{{\"customer\":\"c{}\",\n\"date\":\"2021-01-31\",\"amount\":{i},\"x\":[{{\"y\":\"\\\"\"}}]}}", i % 7);
        let rows: Vec<String> = (1..20).map(row).collect();
        let array = format!("[{}]", rows.join(",\n"));
        let text = if is_wrapped { format!("{{\"n\":[1],\"orders\":{array},\"more\":true}}") } else { array };
        let mut bytes = text.into_bytes();
        for (at, value) in damage {
            let at = usize::from(at) % bytes.len();
            bytes[at] = value;
        }
        bytes.truncate(bytes.len() - cut.saturating_sub(30));
        let (_guard, path) = file("orders.json", bytes);
        if let Ok(orders) = open(&path)
            && let Ok((_, intake)) = orders.purchase_histories(None)
        {
            prop_assert_eq!(intake.rows_read, intake.rows_accepted + intake.rows_put_aside);
        }
    }
}
