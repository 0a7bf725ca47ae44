//! `--season` and `--campaign`: served where they help, refused where they cannot be told.

use serde_json::Value;

use crate::run::{Folder, SAMPLE, rows};

/// A made-up shop of two years with the seasons that simulated shops have; January to March come next.
fn shop() -> Folder {
    let folder = Folder::new();
    let words = ["simulate", "--shop", "--customers", "2500", "--seed", "5"];
    let more = ["--start", "2022-01-01", "--period", "2y", "--horizon", "13w", "-o", "shop"];
    let ended = folder.clv(&[&words[..], &more[..]].concat());
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    folder
}

/// Orders foretold of everyone.
fn total(folder: &Folder, more: &[&str]) -> f64 {
    let words = ["forecast", "shop/orders.csv", "--horizon", "13w", "--output-format", "csv"];
    let ended = folder.clv(&[&words[..], more].concat());
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    let table = rows(&ended.stdout);
    let at = table[0].iter().position(|heading| *heading == "expected_purchases");
    let at = at.expect("the column is there");
    table[1..].iter().map(|row| row[at].parse::<f64>().expect("a number")).sum()
}

fn json(folder: &Folder, words: &[&str]) -> Value {
    let ended = folder.clv(words);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    serde_json::from_str(&ended.stdout).expect("it is JSON")
}

#[test]
fn the_season_is_served_where_it_helps_and_brings_the_total_nearer_to_what_came() {
    let folder = shop();
    let future = std::fs::read_to_string(folder.path("shop/truth/future_orders.csv"))
        .expect("the truth is written");
    let came = future.lines().count() as f64 - 1.0;
    let [with, without] = [total(&folder, &[]), total(&folder, &["--season", "none"])];
    let error = |total: f64| (total / came - 1.0).abs();
    assert!(error(with) < 0.1, "{with} of {came}");
    assert!(error(without) > 2.0 * error(with), "{with} and {without} of {came}");
    assert!((total(&folder, &[]) - with).abs() < 1e-12, "the same question has one answer");
}

#[test]
fn a_saved_model_keeps_its_season_and_refuses_histories_without_dates() {
    let folder = shop();
    let fit = ["fit", "shop/orders.csv", "--model", "pareto-nbd", "--season", "month"];
    let campaign = ["--campaign", "sale=2023-05-01..2023-05-14", "-o", "model.json"];
    assert_eq!(folder.clv(&[&fit[..], &campaign[..]].concat()).status, 0);
    let text = std::fs::read_to_string(folder.path("model.json")).expect("the model is written");
    let saved: Value = serde_json::from_str(&text).expect("it is JSON");
    let season = &saved["answer"]["season"];
    assert!(season["month_factors"][11].as_f64().expect("a factor") > 1.3, "{season}");
    assert!(season["month_standard_deviations"][11].as_f64().expect("a deviation") > 0.0);
    assert_eq!(season["window_factors"][0]["name"], "sale");
    let told = season["in_words"].to_string();
    assert!(told.contains("December brings 1."), "{told}");

    let fresh = [&fit[2..], &campaign[..2]].concat();
    let again = total(&folder, &["--model-file", "model.json"]);
    assert!((again - total(&folder, &fresh)).abs() < 1e-6 * again, "{again}");
    // The campaign once more in the time to come changes the forecast by its factor; one that is unknown is refused.
    let factor = season["window_factors"][0]["factor"].as_f64().expect("a factor");
    let to_come = ["--model-file", "model.json", "--campaign", "sale=2024-01-05..2024-02-15"];
    let more = total(&folder, &to_come);
    assert_eq!(more > again, factor > 1.0, "{more} {again} {factor}");
    let unknown = ["value", "shop/orders.csv", "--model-file", "model.json"];
    let unknown = [&unknown[..], &["--campaign", "other=2024-01-05..2024-02-15"]].concat();
    let ended = folder.clv(&unknown);
    assert_ne!(ended.status, 0);
    assert!(ended.stderr.contains("it knows sale"), "{}", ended.stderr);

    let histories = "customer_id,repeat_purchases,last_purchase_age,age,time_unit\na,1,2,5,week\n";
    std::fs::write(folder.path("histories.csv"), histories).expect("the file can be written");
    let ended = folder.clv(&["forecast", "histories.csv", "--model-file", "model.json"]);
    assert_ne!(ended.status, 0);
    assert!(ended.stderr.contains("have no dates"), "{}", ended.stderr);
    assert!(ended.stderr.contains("hint: name the file of orders"), "{}", ended.stderr);
    // Histories that clv wrote have dates, and are scored as the orders are.
    assert_eq!(folder.clv(&["histories", "shop/orders.csv", "-o", "dated.csv"]).status, 0);
    let words = ["forecast", "dated.csv", "--model-file", "model.json", "--horizon", "13w"];
    let ended = folder.clv(&[&words[..], &["--output-format", "csv"]].concat());
    assert_eq!(ended.status, 0, "{}", ended.stderr);
}

#[test]
fn the_sample_shows_no_season_that_holds() {
    let folder = Folder::new();
    let answer = json(&folder, &["fit", SAMPLE, "--output-format", "json"]);
    assert!(answer["answer"]["season"].is_null());
    let trial = &answer["answer"]["season_trial"];
    assert_eq!(trial["has_helped"], false, "{trial}");
}

#[test]
fn campaigns_that_cannot_be_are_refused_with_what_to_type() {
    let folder = Folder::new();
    for (campaign, problem) in [
        ("sale", "expected NAME=FROM..TO"),
        ("sale=1997-05-01", "expected NAME=FROM..TO"),
        ("=1997-05-01..1997-05-02", "has no name"),
        ("sale=1997-05-02..1997-05-01", "ends before it begins"),
        ("sale=1997-13-01..1997-05-01", "'1997-13-01' is no date"),
        ("sale=1990-01-01..2030-01-01", "no day to compare it with"),
    ] {
        let words = ["forecast", SAMPLE, "--model", "bg-nbd", "--campaign", campaign];
        let ended = folder.clv(&words);
        assert_eq!(ended.status, 2, "{campaign}: {}", ended.stderr);
        assert!(ended.stderr.contains(problem), "{campaign}: {}", ended.stderr);
        assert!(ended.stderr.contains("hint: --campaign "), "{campaign}: {}", ended.stderr);
    }
    for words in [["--model", "gamma-gamma"], ["--model", "sbg"]] {
        let ended = folder.clv(&[&["fit", SAMPLE, "--season", "month"][..], &words].concat());
        assert_eq!(ended.status, 2, "{}", ended.stderr);
        assert!(ended.stderr.contains("counts no orders"), "{}", ended.stderr);
    }
    let ended = folder.clv(&["fit", SAMPLE, "--model", "blend", "--season", "month"]);
    assert_eq!(ended.status, 2, "{}", ended.stderr);
    assert!(ended.stderr.contains("the blend cannot be told a season"), "{}", ended.stderr);
}
