//! Whether the page tells of the tables as they are.

use clv_tables::canonical::TABLES;
use clv_tables::page::tables_page;

#[test]
fn the_page_in_docs_is_the_one_that_the_tables_make() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../docs/tables.md");
    let written = std::fs::read_to_string(path).unwrap_or_default();
    let made = tables_page();
    let differs = made.lines().zip(written.lines()).position(|(made, written)| made != written);
    let line = differs.unwrap_or_else(|| made.lines().count().min(written.lines().count())) + 1;
    assert!(
        made == written,
        "docs/tables.md, line {line}: not what the tables make\nhint: cargo xtask generate-docs"
    );
}

#[test]
fn the_page_shows_each_table_with_all_columns_in_its_row() {
    let page = tables_page();
    for table in TABLES {
        let heading = format!("\n## {}\n", table.name);
        let section = page.split_once(&heading).unwrap().1.split("\n## ").next().unwrap();
        assert!(section.contains(table.story), "{}", table.name);
        for column in table.columns {
            assert!(section.contains(&format!("\n| `{}` |", column.name)), "{}", column.name);
        }
        let block = section.split_once("```csv\n").unwrap().1;
        let heading = block.lines().next().unwrap();
        assert_eq!(heading.split(',').count(), table.columns.len(), "{}", table.name);
    }
}
