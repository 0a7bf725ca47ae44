//! Whatever is wrong with the input, the message says what and where, and nothing half-written stays behind.

use crate::run::Folder;

/// Runs `clv report` on one file and checks status and message; a refusal writes nothing.
fn check(name: &str, content: &[u8], status: i32, said: &[&str]) {
    let folder = Folder::with(name, content);
    let ended = folder.clv(&["report", name, "-o", "report.html", "-o", "customers.csv"]);
    assert_eq!(ended.status, status, "{name}: {}", ended.stderr);
    for words in said {
        let all = format!("{}{}", ended.stdout, ended.stderr);
        assert!(all.contains(words), "{name}: '{words}' is not in: {all}");
    }
    assert!(!ended.stderr.contains("panicked"), "{name}: {}", ended.stderr);
    if status == 2 {
        assert_eq!(folder.names(), [name], "a refusal leaves nothing behind");
        assert!(ended.stderr.contains("error: "), "{name}: {}", ended.stderr);
    } else {
        let table = std::fs::read_to_string(folder.path("customers.csv")).expect("it was written");
        assert!(!table.contains("NaN") && !table.contains("inf"), "{name} shows NaN or inf");
        assert!(!ended.stdout.contains("NaN") && !ended.stdout.contains("inf"), "{name}");
        let page = std::fs::read_to_string(folder.path("report.html")).expect("it was written");
        let text = page.split("<script").next().unwrap_or("");
        assert!(!text.contains("NaN %") && !text.contains("inf %"), "{name} shows NaN or inf");
    }
}

fn orders(rows: &[&str]) -> Vec<u8> {
    format!("customer_id,ordered_at,amount\n{}\n", rows.join("\n")).into_bytes()
}

#[test]
fn files_without_orders_are_refused_with_their_reason() {
    check("empty.csv", b"", 2, &["empty.csv", "empty", "hint: "]);
    check("header.csv", b"customer_id,ordered_at,amount\n", 2, &["no row of data", "customer_id"]);
    check("when.csv", b"when,what\n2021-01-01,3\n", 2, &["no customer column", "--columns"]);
    let no_date = b"customer_id,amount\n1,3\n2,4\n";
    check("nodate.csv", no_date, 2, &["date", "--columns ordered_at="]);
    check("junk.csv", &[0, 159, 146, 150, 0, 1, 2, 3], 2, &["junk.csv"]);
    check("torn.parquet", b"PAR1 and then nothing", 2, &["torn.parquet", "damaged"]);
    check("torn.csv.gz", &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1], 2, &["torn.csv.gz"]);
}

#[test]
fn data_that_bear_no_value_are_refused_with_their_reason() {
    let one_order = orders(&["1,2021-01-01,10"]);
    check("one_order.csv", &one_order, 2, &["all purchases are on one day", "2021-01-01"]);
    let one_day = orders(&["1,2021-01-01,10", "2,2021-01-01,10", "3,2021-01-01,5"]);
    check("one_day.csv", &one_day, 2, &["all purchases are on one day"]);
    let zero = orders(&["1,2021-01-01,0", "2,2021-02-01,0", "1,2021-03-01,-5"]);
    check("zero.csv", &zero, 2, &["no order has an amount above 0"]);
    let negative = orders(&["1,2021-01-01,-1", "2,2021-02-01,-2", "1,2021-03-01,-5"]);
    check("negative.csv", &negative, 2, &["none of the 3 rows is a purchase"]);
}

#[test]
fn columns_that_can_be_read_in_two_ways_are_refused_with_the_rows() {
    let two_orders = orders(&["1,13/01/2021,10", "2,01/25/2021,20"]);
    check("two_orders.csv", &two_orders, 2, &["row 2", "13/01/2021", "row 3", "01/25/2021"]);
    let open = orders(&["1,03/01/2021,10", "2,01/05/2021,20"]);
    check("open.csv", &open, 2, &["row 2", "03/01/2021", "--date-format"]);
    let currencies = orders(&["1,2021-01-01,$10", "2,2021-02-01,€20"]);
    check("currencies.csv", &currencies, 2, &["mixed currencies", "row 2", "row 3", "--currency"]);
}

#[test]
fn bad_rows_are_put_aside_counted_and_shown() {
    let broken =
        orders(&["1,2021-01-01,NaN", "2,2021-02-01,inf", "1,2021-03-01,5", "2,2021-04-01,7"]);
    check("broken.csv", &broken, 3, &["2 rows put aside", "row 2", "NaN"]);
    let huge =
        orders(&["1,2021-01-01,1e13", "2,2021-02-01,1e12", "1,2021-03-01,5", "2,2021-04-01,7"]);
    check("huge.csv", &huge, 3, &["1 rows put aside", "1e13"]);
    let nobody = orders(&[",2021-01-01,4", "2,2021-02-01,6", "1,2021-03-01,5", "2,2021-04-01,7"]);
    check("nobody.csv", &nobody, 3, &["names no customer", "row 2"]);
    let twice = "customer_id,ordered_at,order_id,amount\n1,2021-01-01,A1,10\n1,2021-01-01,A1,10\n\
                 2,2021-02-01,A2,20\n2,2021-03-01,A3,20\n";
    check("twice.csv", twice.as_bytes(), 3, &["1 rows put aside", "A1"]);
}

#[test]
fn small_and_odd_but_legal_files_are_answered() {
    check(
        "one_customer.csv",
        &orders(&["1,2021-01-01,10", "1,2021-02-01,20"]),
        0,
        &["1 customer,"],
    );
    let large = orders(&["1,2021-01-01,1e12", "2,2021-02-01,1e12", "1,2021-03-01,5e11"]);
    check("large.csv", &large, 0, &["2,500,000,000,000"]);
    let latin = b"customer_id,ordered_at,amount\nJos\xe9,2021-01-01,10\nJos\xe9,2021-02-01,12\nAnn,2021-03-01,7\n";
    check("latin.csv", latin, 0, &["2 customers"]);
    let utf16: Vec<u8> =
        "\u{feff}customer_id,ordered_at,amount\nJosé,2021-01-01,10\nAnn,2021-03-01,7\n"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
    check("utf16.csv", &utf16, 0, &["2 customers"]);
}

#[test]
fn orders_after_the_day_of_the_question_are_put_aside() {
    let rows = ["1,2021-01-01,10", "2,2031-02-01,20", "1,2021-03-01,15", "2,2021-03-02,8"];
    let folder = Folder::with("future.csv", &orders(&rows));
    let ended = folder.clv(&["histories", "future.csv", "--as-of", "2021-12-31"]);
    assert_eq!(ended.status, 3, "{}", ended.stderr);
    assert!(ended.stderr.contains("1 rows put aside"), "{}", ended.stderr);
    assert!(ended.stderr.contains("2031-02-01"), "{}", ended.stderr);
    assert_eq!(ended.stdout.lines().count(), 3, "two customers and the heading");
}

#[test]
fn a_path_that_is_not_there_is_met_with_the_nearest_name() {
    let folder = Folder::with("orders.csv", b"x");
    let ended = folder.clv(&["report", "order.csv"]);
    assert!(ended.stderr.contains("no such file") && ended.stderr.contains("orders.csv"));
    assert_eq!(ended.status, 2);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_leaves_nothing_half_written() {
    let folder = Folder::new();
    for name in ["/dev/full/report.html", "nowhere/customers.csv"] {
        let ended = folder.clv(&["histories", crate::run::SAMPLE, "-o", name]);
        assert_eq!(ended.status, 2, "{}", ended.stderr);
        assert!(ended.stderr.contains(name), "{}", ended.stderr);
        assert!(folder.names().is_empty());
    }
    // Standard output is a full device: the failure is told, not swallowed.
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("Linux has it");
    let output = folder
        .command(&["histories", crate::run::SAMPLE])
        .stdout(full)
        .output()
        .expect("the program can be started");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("error: "));
}

#[test]
fn an_output_that_is_the_input_and_an_input_named_twice_are_refused() {
    let text = orders(&["1,2021-01-01,10", "1,2021-02-01,20"]);
    let folder = Folder::with("orders.csv", &text);
    let ended = folder.clv(&["histories", "orders.csv", "-o", "orders.csv"]);
    assert_eq!(ended.status, 2, "{}", ended.stderr);
    assert_eq!(std::fs::read(folder.path("orders.csv")).expect("it is still there"), text);
    let twice = folder.clv(&["histories", "orders.csv", "./orders.csv"]);
    assert_eq!(twice.status, 2, "{}", twice.stderr);
    assert!(twice.stderr.contains("named twice"), "{}", twice.stderr);
}

#[test]
fn histories_beyond_any_use_are_refused_with_their_row() {
    for (row, said) in [
        ("a,2,20,1e308", "million years"),
        ("a,2,1e-323,30", "less than a second"),
        ("a,2,40,30", "age"),
    ] {
        let text = format!("customer_id,repeat_purchases,last_purchase_age,age\n{row}\n");
        let folder = Folder::with("h.csv", text.as_bytes());
        let ended = folder.clv(&["forecast", "h.csv", "--model", "nbd", "--time-unit", "hour"]);
        assert_eq!(ended.status, 2, "{row}: {}", ended.stderr);
        assert!(ended.stderr.contains(said) && ended.stderr.contains("row 2"), "{}", ended.stderr);
    }
}
