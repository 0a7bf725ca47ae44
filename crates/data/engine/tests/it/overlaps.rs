//! Exports that overlap: an order that stands in two files counts once.

use std::path::Path;

use clv_engine::{
    EngineError, Intake, Orders, OutColumn, ReadOptions, Rule, WriteOptions, write_table,
};

use crate::{engine, fixture};

/// The orders of several files together.
fn open_all(folder: &Path, files: &[(&str, &str)]) -> Result<Orders, EngineError> {
    let paths = files
        .iter()
        .map(|(name, text)| {
            let path = folder.join(name);
            std::fs::write(&path, text).unwrap();
            path.display().to_string()
        })
        .collect();
    engine().open(&ReadOptions { paths, ..ReadOptions::default() })
}

/// Money of each customer after returns, whole units, and what was read.
fn net(files: &[(&str, &str)]) -> (Vec<i64>, Intake) {
    let folder = tempfile::tempdir().unwrap();
    let (histories, intake) =
        open_all(folder.path(), files).unwrap().purchase_histories(None).unwrap();
    let net = histories.gross.iter().zip(&histories.returns).map(|(g, r)| (g - r) / 1_000_000);
    (net.collect(), intake)
}

fn n_duplicates(intake: &Intake) -> u64 {
    let of_rule = intake.complaints.iter().filter(|group| group.rule == Rule::DuplicateOrder);
    of_rule.map(|group| group.count).sum()
}

const LINES: &str = "order_id,customer_id,ordered_at,product_id,quantity,unit_price\n";
/// Two equal lines within one order are two lines.
const JANUARY: &str = "A1,1,2024-01-02,x,1,10\nA1,1,2024-01-02,x,1,10\nA2,2,2024-01-05,y,1,20\n";
const TURN: &str = "A3,1,2024-01-31,x,1,12\nA3,1,2024-01-31,y,1,20\nA3,1,2024-01-31,y,1,20\n";
const FEBRUARY: &str = "A4,2,2024-02-05,y,2,20\n";

#[test]
fn lines_of_an_order_that_stands_in_two_files_count_once_and_are_counted() {
    let january = format!("{LINES}{JANUARY}{TURN}");
    let february = format!("{LINES}{TURN}{FEBRUARY}");
    let (apart, intake) = net(&[("jan.csv", &january), ("feb.csv", &february)]);
    let (together, of_one) = net(&[("both.csv", &format!("{LINES}{JANUARY}{TURN}{FEBRUARY}"))]);
    assert_eq!(apart, [72, 60]);
    assert_eq!(apart, together);
    assert_eq!((n_duplicates(&intake), n_duplicates(&of_one)), (3, 0));
    assert_eq!(intake.rows_accepted, of_one.rows_accepted);
    assert_eq!(intake.rows_put_aside, 3);
}

#[test]
fn lines_of_an_order_cut_into_two_files_all_count() {
    let cut = [("one.csv", format!("{LINES}{JANUARY}")), ("two.csv", format!("{LINES}{TURN}"))];
    let first_line = TURN.lines().next().unwrap();
    let more = format!("{LINES}{JANUARY}{first_line}\n");
    let rest = format!("{LINES}{}", &TURN[first_line.len() + 1..]);
    let whole: Vec<(&str, &str)> = cut.iter().map(|(name, text)| (*name, text.as_str())).collect();
    assert_eq!(net(&whole).0, net(&[("more.csv", &more), ("rest.csv", &rest)]).0);
}

#[test]
fn parts_of_one_table_are_no_overlapping_exports() {
    let line = format!("{LINES}A1,1,2024-01-02,x,1,10\n");
    let (cut, intake) = net(&[("part-00000.csv", &line), ("part-00001.csv", &line)]);
    assert_eq!((cut, n_duplicates(&intake)), (vec![20], 0));
    let (named, intake) = net(&[("jan.csv", &line), ("feb.csv", &line)]);
    assert_eq!((named, n_duplicates(&intake)), (vec![10], 1));
}

#[test]
fn a_refund_in_a_file_of_its_own_is_taken_off() {
    let orders = format!("{LINES}{JANUARY}");
    let refunds = format!("{LINES}A2,2,2024-01-09,y,-1,20\n");
    assert_eq!(net(&[("orders.csv", &orders), ("refunds.csv", &refunds)]).0, [20, 0]);
}

#[test]
fn rows_without_an_order_id_are_orders_of_their_own_in_every_file() {
    let nameless = format!("{LINES},1,2024-01-02,x,1,10\n");
    assert_eq!(net(&[("jan.csv", &nameless), ("feb.csv", &nameless)]).0, [20]);
    let without_column = "customer_id,ordered_at,amount\n1,2024-01-02,10\n";
    assert_eq!(net(&[("jan.csv", without_column), ("feb.csv", without_column)]).0, [20]);
}

#[test]
fn a_shop_export_read_beside_itself_gives_what_it_gives_alone() {
    let text = std::fs::read_to_string(fixture("shopify_orders.csv")).unwrap();
    let (alone, _) = net(&[("all.csv", &text)]);
    let (twice, intake) = net(&[("all.csv", &text), ("again.csv", &text)]);
    assert_eq!(alone, twice);
    assert!(n_duplicates(&intake) > 0);
}

#[test]
fn two_versions_of_a_shop_order_are_refused_with_both_rows() {
    let order = |total: &str| {
        format!(
            "Name,Email,Financial Status,Paid at,Currency,Subtotal,Total,Created at,Lineitem quantity,Lineitem name,\
             Lineitem price,Id\n#1001,ann@example.com,paid,2024-01-02 10:00:00 +0000,EUR,{total},{total},2024-01-02 \
             10:00:00 +0000,1,Tea,{total},900\n"
        )
    };
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (order("10.00"), order("8.00"));
    let orders = open_all(folder.path(), &[("a.csv", &old), ("b.csv", &new)]).unwrap();
    assert_eq!(orders.source_id(), "shopify-orders");
    let error = orders.purchase_histories(None).unwrap_err();
    let said = error.to_string();
    assert!(said.contains("b.csv: row 2 holds the order \"#1001\""), "{said}");
    assert!(said.contains("a.csv in row 2"), "{said}");
    assert!(error.hint().is_some());
}

#[test]
fn overlapping_parquet_files_are_merged_like_text() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, orders: &[&str], customers: Vec<i64>, prices: Vec<f64>| {
        let path = folder.path().join(name);
        let columns = [
            OutColumn::Text("order_id".into(), orders.iter().map(ToString::to_string).collect()),
            OutColumn::Integer("customer_id".into(), customers),
            OutColumn::Date("ordered_at".into(), vec![19_700; orders.len()]),
            OutColumn::Integer("quantity".into(), vec![1; orders.len()]),
            OutColumn::Real("unit_price".into(), prices),
        ];
        write_table(&columns, &path, WriteOptions::default()).unwrap();
        path.display().to_string()
    };
    let paths = vec![
        write("jan.parquet", &["A1", "A1", "A2"], vec![1, 1, 2], vec![5.0, 5.0, 7.0]),
        write("feb.parquet", &["A2", "A3"], vec![2, 1], vec![7.0, 9.0]),
    ];
    let orders = engine().open(&ReadOptions { paths, ..ReadOptions::default() }).unwrap();
    let (histories, intake) = orders.purchase_histories(None).unwrap();
    assert_eq!(histories.gross, [19_000_000, 7_000_000]);
    assert_eq!(n_duplicates(&intake), 1);
}
