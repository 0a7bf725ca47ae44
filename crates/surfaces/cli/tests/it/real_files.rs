//! Larger real files, where they are at hand beside the project.

use std::path::PathBuf;

use crate::run::{Folder, rows};

/// A file of the shared data; none, with a printed reason, where it is absent.
pub(crate) fn shared(name: &str) -> Option<String> {
    let path =
        PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../../shared/data")).join(name);
    if path.is_file() {
        return Some(path.to_string_lossy().into_owned());
    }
    println!("skipped: {name} is not at hand");
    None
}

#[test]
fn online_retail_reconciles_to_the_cent() {
    let Some(path) = shared("online_retail/online_retail.csv.gz") else { return };
    let folder = Folder::new();
    let ended = folder.clv(&["histories", &path, "-o", "h.csv"]);
    assert_eq!(ended.status, 3, "{}", ended.stderr);
    assert!(ended.stderr.contains("135080 rows put aside"), "{}", ended.stderr);
    let text = std::fs::read_to_string(folder.path("h.csv")).expect("it was written");
    let table = rows(&text);
    // 4,338 with a paid purchase and one whose only purchase was free.
    assert_eq!(table.len() - 1, 4339);
    let net: f64 = table[1..].iter().map(|row| row[8].parse::<f64>().expect("a number")).sum();
    // All lines with a customer sum to 8,300,065.814; the 33 who only returned things took 10,411.24 of it.
    assert!((net - 8_310_477.054).abs() < 0.005, "{net}");
}

#[test]
fn the_text_form_of_cdnow_gives_the_same_histories_as_the_table() {
    let (Some(text), Some(csv)) =
        (shared("cdnow/CDNOW_sample.txt"), shared("cdnow/cdnow_sample.csv"))
    else {
        return;
    };
    let folder = Folder::new();
    let from_text = folder.clv(&["histories", &text, "--until", "1997-09-30"]);
    let from_csv = folder.clv(&["histories", &csv, "--until", "1997-09-30"]);
    assert_eq!(from_text.stdout.lines().count(), 2358, "{}", from_text.stderr);
    assert_eq!(from_text.stdout, from_csv.stdout);
}

#[test]
fn a_log_without_money_is_forecast_all_the_same() {
    let Some(path) = shared("grocery/groceryElog.csv.gz") else { return };
    let folder = Folder::new();
    let words = [
        "backtest",
        &path,
        "--columns",
        "amount=none",
        "--until",
        "2006-12-31",
        "--horizon",
        "52w",
    ];
    let ended = folder.clv(&words);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    assert!(ended.stdout.contains("\"n_customers\": 1525"));
}

#[test]
fn grocery_buyers_are_regular_and_forecast_better_as_such() {
    let Some(path) = shared("grocery/groceryElog.csv.gz") else { return };
    let folder = Folder::new();
    let of_grocery = ["--columns", "amount=none", "--time-unit", "week"];
    let words =
        ["fit", &path, "--model", "mbg-cnbd-k", "--until", "2006-12-31", "--output-format", "json"];
    let ended = folder.clv(&[&words[..], &of_grocery].concat());
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    let fit: serde_json::Value = serde_json::from_str(&ended.stdout).expect("an answer");
    let fit = &fit["answer"];
    assert_eq!(fit["parameters"]["k"], 2.0, "{fit}");
    // The likelihoods compare over k, and at one phase it is MBG/NBD's.
    let by_whole = &fit["log_likelihood_by_whole"];
    let at = |k: &str| by_whole[k].as_f64().expect("tried");
    assert!(
        (at("2") + 14_978.210_7).abs() < 1e-3 && (at("1") + 15_781.939_4).abs() < 1e-3,
        "{fit}"
    );
    let models = "mbg-cnbd-k,bg-cnbd-k,pareto-nbd,mbg-nbd,bg-nbd";
    let words = ["backtest", &path, "--models", models, "--horizon", "52w", "--origins", "1"];
    let ended = folder.clv(&[&words[..], &of_grocery, &["--output-format", "csv"]].concat());
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    let mae = |model: &str| -> f64 {
        let table = rows(&ended.stdout);
        let row = table.iter().find(|row| row[0] == model).expect(model);
        row[6].parse().expect("a number")
    };
    let of_regular = mae("mbg-cnbd-k");
    for random in ["pareto-nbd", "mbg-nbd", "bg-nbd"] {
        assert!(of_regular < 0.95 * mae(random), "{}", ended.stdout);
    }
}
