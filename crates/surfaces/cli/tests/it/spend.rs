//! `--spend-model`: which law of spend is served, saved and read back.

use serde_json::Value;

use crate::run::{Folder, SAMPLE, rows};

/// The answer that `clv fit` saves with these words.
fn fitted(folder: &Folder, words: &[&str], name: &str) -> Value {
    let until = ["--until", "1997-09-30", "-o", name];
    let ended = folder.clv(&[&["fit", SAMPLE], words, &until].concat());
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    let text = std::fs::read_to_string(folder.path(name)).expect("it was written");
    let json: Value = serde_json::from_str(&text).expect("it is JSON");
    json["answer"].clone()
}

/// A column of what `clv value` says with these words.
fn values(folder: &Folder, words: &[&str], name: &str) -> Vec<f64> {
    let asked = ["--until", "1997-09-30", "--output-format", "csv"];
    let ended = folder.clv(&[&["value", SAMPLE], words, &asked].concat());
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    let table = rows(&ended.stdout);
    let at = table[0].iter().position(|heading| *heading == name).expect(name);
    table[1..].iter().map(|row| row[at].parse().expect("a number")).collect()
}

#[test]
fn naming_gamma_gamma_changes_no_value() {
    let folder = Folder::new();
    let words = ["--model", "pareto-nbd"];
    let named = [&words[..], &["--spend-model", "gamma-gamma"]].concat();
    for column in ["residual_value", "residual_value_low", "residual_value_high_90"] {
        assert_eq!(values(&folder, &words, column), values(&folder, &named, column));
    }
}

#[test]
fn every_spend_model_is_fitted_saved_and_read_back_with_the_same_values() {
    let folder = Folder::new();
    let expected = [
        ("log-normal", "tau", 0.478_86),
        ("log-normal-dependent", "delta", 0.160_21),
        ("log-normal-mixture", "share_2", 0.240_30),
    ];
    for (id, parameter, value) in expected {
        let words = ["--model", "pareto-nbd", "--spend-model", id];
        let saved = fitted(&folder, &words, "model.json");
        assert_eq!(saved["spend"]["model"], id);
        let found = saved["spend"]["parameters"][parameter].as_f64().expect(parameter);
        assert!((found - value).abs() < 2e-5, "{id} {parameter} {found}");
        for column in ["residual_value", "residual_value_low", "residual_value_high"] {
            let direct = values(&folder, &words, column);
            let back = values(&folder, &["--model-file", "model.json"], column);
            let largest = direct.iter().zip(&back).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            assert!(largest < 1e-6, "{id} {column} {largest}");
            assert!(direct.iter().sum::<f64>() > 0.0 || column == "residual_value_low");
        }
    }
}

#[test]
fn a_spend_model_is_fitted_alone_and_tests_independence() {
    let folder = Folder::new();
    let alone = fitted(&folder, &["--model", "log-normal"], "alone.json");
    assert_eq!(alone["model"], "log-normal");
    assert!((alone["log_likelihood"].as_f64().expect("a number") + 4067.319).abs() < 2e-3);
    // Twice 4067.319 less 4059.252.
    let test = &alone["independence_test"];
    assert!((test["statistic"].as_f64().expect("a number") - 16.13).abs() < 0.02, "{test}");
    assert_eq!(test["degrees_of_freedom"], 1);
    assert!(test["p_value"].as_f64().expect("a number") < 1e-4);
    let plain = fitted(&folder, &["--model", "gamma-gamma"], "plain.json");
    assert!(plain["independence_test"].is_null() && plain["spend_scores"].is_null());
}

#[test]
fn auto_shows_every_score_and_serves_the_first_that_is_not_clearly_worse() {
    let folder = Folder::new();
    let words = ["--model", "pareto-nbd", "--spend-model", "auto"];
    let saved = fitted(&folder, &words, "auto.json");
    let scores = saved["spend"]["spend_scores"].as_array().expect("scores");
    assert_eq!(scores.len(), 4);
    let number = |score: &Value, field: &str| score[field].as_f64().expect("a number");
    let best = scores
        .iter()
        .map(|score| number(score, "held_out_log_score"))
        .fold(f64::NEG_INFINITY, f64::max);
    let first = scores
        .iter()
        .find(|one| number(one, "held_out_log_score") + number(one, "standard_error") >= best)
        .expect("the best is not worse than itself");
    assert_eq!(saved["spend"]["model"], first["model"]);
    let card = [
        &["fit", SAMPLE, "--until", "1997-09-30", "--card", "--output-format", "text"],
        &words[..],
    ]
    .concat();
    let card = folder.clv(&card);
    assert_eq!(card.status, 0, "{}", card.stderr);
    for word in ["spend by ", "gamma-gamma", "log-normal-dependent", "log-normal-mixture"] {
        assert!(card.stdout.contains(word), "{word}: {}", card.stdout);
    }
    let report = [&["report", SAMPLE, "-o", "report.html"], &words[..]].concat();
    let report = folder.clv(&report);
    assert_eq!(report.status, 0, "{}", report.stderr);
    let page = std::fs::read_to_string(folder.path("report.html")).expect("it was written");
    assert!(page.contains("Held-out log score") && page.contains("log-normal spend by frequency"));
}

#[test]
fn a_spend_model_written_by_hand_is_served() {
    let folder = Folder::with(
        "hand.json",
        br#"{"model": "pareto-nbd", "time_unit": "week",
            "parameters": {"r": 0.55, "alpha": 10.6, "s": 0.61, "beta": 11.7},
            "spend": {"model": "log-normal-dependent", "time_unit": "week",
                      "parameters": {"m": 3.2, "tau": 0.5, "sigma": 0.5, "delta": 0.16}}}"#,
    );
    let of = values(&folder, &["--model-file", "hand.json"], "residual_value");
    assert!(of.iter().all(|value| value.is_finite() && *value >= 0.0) && of.len() == 2357);
    let unknown = std::fs::read_to_string(folder.path("hand.json"))
        .expect("it is there")
        .replace("log-normal-dependent", "normal");
    std::fs::write(folder.path("wrong.json"), unknown).expect("there is room");
    let ended = folder.clv(&["value", SAMPLE, "--model-file", "wrong.json"]);
    assert_eq!(ended.status, 2);
    assert!(
        ended.stderr.contains("names a spend model 'normal'; expected one of"),
        "{}",
        ended.stderr
    );
}

#[test]
fn what_other_spend_models_cannot_do_is_refused_with_a_way_out() {
    let folder =
        Folder::with("traits.csv", b"customer_id,member\n00004,1\n00018,0\n00021,1\n00050,0\n");
    let refused = |words: &[&str], told: &str| {
        let ended = folder.clv(words);
        assert_eq!(ended.status, 2, "{}", ended.stderr);
        assert!(ended.stderr.contains(told) && ended.stderr.contains("hint:"), "{}", ended.stderr);
    };
    let fit = ["fit", SAMPLE, "--model", "nbd", "--spend-model", "log-normal"];
    let with = |more: &[&'static str]| [&fit[..], more].concat();
    refused(&with(&["--posterior", "fast"]), "draws the parameters of gamma-gamma only");
    refused(
        &with(&["--covariates", "traits.csv", "--covariates-on", "spend.member"]),
        "covariates act on spend under gamma-gamma only",
    );
    refused(&["value", SAMPLE, "--spend-model", "normal"], "there is no spend model 'normal'");
    refused(
        &["fit", SAMPLE, "--model", "log-normal", "--spend-model", "gamma-gamma"],
        "is a spend model by itself",
    );
}
