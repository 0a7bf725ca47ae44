//! The report as a file: whole, self-contained, the same twice.

use crate::run::{Folder, SAMPLE};

#[test]
fn the_demo_prints_the_headline_and_writes_a_self_contained_page() {
    let folder = Folder::new();
    let ended = folder.clv(&["demo"]);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    for words in ["2,357 customers", "6,919 orders", "customer equity", "clv-demo.html"] {
        assert!(ended.stdout.contains(words), "'{words}' is not in {}", ended.stdout);
    }
    let page = std::fs::read_to_string(folder.path("clv-demo.html")).expect("it was written");
    assert!(page.len() < 2_000_000, "{} bytes", page.len());
    for loaded in ["src=\"http", "<link", "url(http", "@import"] {
        assert!(!page.contains(loaded), "the page loads something from outside: {loaded}");
    }
    assert!(page.contains("Content-Security-Policy"));
}

#[test]
fn the_same_orders_give_the_same_report_and_the_table_holds_everyone() {
    let folder = Folder::new();
    for name in ["a", "b"] {
        let (page, table) = (format!("{name}.html"), format!("{name}.csv"));
        let ended = folder.clv(&["report", SAMPLE, "-o", &page, "-o", &table]);
        assert_eq!(ended.status, 0, "{}", ended.stderr);
    }
    for extension in ["html", "csv"] {
        let read = |name: &str| {
            std::fs::read(folder.path(&format!("{name}.{extension}"))).expect("written")
        };
        assert!(read("a") == read("b"), "two runs differ in {extension}");
    }
    let table = std::fs::read_to_string(folder.path("a.csv")).expect("it was written");
    assert_eq!(table.lines().count(), 2358);
    let historic: f64 = crate::run::rows(&table)
        .iter()
        .skip(1)
        .map(|row| row[7].parse::<f64>().expect("a number"))
        .sum();
    assert!((historic - 244_091.94).abs() < 0.005, "{historic} is not the ledger's sum");
}
