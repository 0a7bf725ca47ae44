//! Exports into a workspace, and verbs that read it.

use crate::real_files::shared;
use crate::run::{Folder, SAMPLE};

#[test]
fn a_workspace_answers_as_its_file_does_and_the_same_file_again_changes_nothing() {
    let folder = Folder::new();
    let dry = folder.clv(&["import", SAMPLE, "--dry-run", "--output-format", "text"]);
    assert_eq!(dry.status, 0, "{}", dry.stderr);
    assert!(dry.stdout.contains("nothing was committed"), "{}", dry.stdout);
    let first = folder.clv(&["import", SAMPLE, "--output-format", "text"]);
    assert_eq!(first.status, 0, "{}", first.stderr);
    assert!(first.stdout.contains("committed as import 1"), "{}", first.stdout);
    let again = folder.clv(&["import", SAMPLE]);
    let answer: serde_json::Value = serde_json::from_str(&again.stdout).expect("it is JSON");
    assert!(answer["answer"]["import"].is_null(), "{}", again.stdout);
    let of_workspace = folder.clv(&["histories"]);
    let of_file = folder.clv(&["histories", SAMPLE]);
    assert_eq!(of_workspace.status, 0, "{}", of_workspace.stderr);
    assert_eq!(of_workspace.stdout, of_file.stdout);
}

#[test]
fn a_corrected_order_takes_the_place_of_the_old_one_and_the_old_state_can_be_asked() {
    let heading = "order_id,customer_id,date,amount\n";
    let rows = "1,a,2021-01-01,5\n2,b,2021-01-02,7\n3,a,2021-02-01,9\n";
    let folder = Folder::with("orders.csv", format!("{heading}{rows}").as_bytes());
    assert_eq!(folder.clv(&["import", "orders.csv"]).status, 0);
    let corrected = format!("{heading}{}4,b,2021-03-01,4\n", rows.replace(",9\n", ",90\n"));
    std::fs::write(folder.path("orders.csv"), corrected).expect("the file can be written");
    let second = folder.clv(&["import", "orders.csv"]);
    let answer: serde_json::Value = serde_json::from_str(&second.stdout).expect("it is JSON");
    let tables = answer["answer"]["tables"].as_array().expect("it lists tables");
    let orders = tables.iter().find(|table| table["table"] == "orders").expect("orders changed");
    assert_eq!(
        [&orders["rows_new"], &orders["rows_changed"], &orders["rows_unchanged"]],
        [&1.into(), &1.into(), &serde_json::Value::from(2)]
    );
    let value_of_a = |words: &[&str]| {
        let ended = folder.clv(&[&["histories"], words].concat());
        assert_eq!(ended.status, 0, "{}", ended.stderr);
        let row = ended.stdout.lines().find(|line| line.starts_with("a,"));
        row.expect("a has bought").split(',').nth(8).map(str::to_owned)
    };
    assert_eq!(value_of_a(&[]).as_deref(), Some("95"));
    assert_eq!(value_of_a(&["--as-of-import", "1"]).as_deref(), Some("14"));
}

#[test]
fn rows_that_differ_in_a_column_that_is_not_read_are_not_one() {
    let heading = "order_id,customer_id,date,amount,note\n";
    let rows = "1,a,2021-01-01,5,mug\n1,a,2021-01-01,5,pot\n1,a,2021-01-01,5,pot\n";
    let folder = Folder::with("orders.csv", format!("{heading}{rows}").as_bytes());
    let ended = folder.clv(&["import", "orders.csv"]);
    let answer: serde_json::Value = serde_json::from_str(&ended.stdout).expect("it is JSON");
    assert_eq!(answer["answer"]["rows_put_aside"], 1, "{}", ended.stdout);
    assert_eq!(answer["answer"]["currencies"][0]["gross"], 10.0);
}

#[test]
fn without_a_path_and_a_workspace_there_is_a_hint_to_import() {
    let ended = Folder::new().clv(&["histories"]);
    assert_eq!(ended.status, 2);
    assert!(ended.stderr.contains("no workspace clv-workspace here"), "{}", ended.stderr);
    assert!(ended.stderr.contains("clv import"), "{}", ended.stderr);
}

#[test]
fn online_retail_imports_to_the_cent_twice() {
    let Some(path) = shared("online_retail/online_retail.csv.gz") else { return };
    let folder = Folder::new();
    for is_first in [true, false] {
        let ended = folder.clv(&["import", &path]);
        assert_eq!(ended.status, 0, "{}", ended.stderr);
        let answer: serde_json::Value = serde_json::from_str(&ended.stdout).expect("it is JSON");
        let answer = &answer["answer"];
        assert_eq!(answer["rows"], 541_909);
        let net = answer["currencies"][0]["net"].as_f64().expect("a number");
        assert!((net - 9_747_747.93).abs() < 0.005, "{net}");
        assert_eq!(answer["import"].is_null(), !is_first);
    }
}
