//! Names, columns and formats that scripts rely on.

use serde_json::Value;

use crate::run::{Folder, SAMPLE, rows};

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("the answer is JSON")
}

#[test]
fn tables_have_the_columns_that_were_promised() {
    let folder = Folder::new();
    let rows_of = [
        (
            vec!["histories", SAMPLE],
            "customer_id,repeat_purchases,last_purchase_age,age,mean_spend,orders,first_order,last_order,historic_value,returns,time_unit,\
             sum_ln_interpurchase_times",
        ),
        (
            vec!["forecast", SAMPLE, "--model", "pareto-nbd", "--horizon", "39w"],
            "customer_id,expected_purchases,expected_purchases_low,expected_purchases_high,probability_alive,\
             probability_next_order,next_order_date,next_order_date_low,next_order_date_high,reason",
        ),
        (
            vec!["value", SAMPLE, "--model", "bg-nbd"],
            "customer_id,historic_value,residual_value,residual_value_low,residual_value_high,\
             residual_value_low_90,residual_value_high_90,lifetime_value,definition_id,reason",
        ),
    ];
    for (words, heading) in rows_of {
        let ended = folder.clv(&words);
        assert_eq!(ended.status, 0, "{words:?}: {}", ended.stderr);
        assert_eq!(ended.stdout.lines().next(), Some(heading), "{words:?}");
        assert_eq!(ended.stdout.lines().count(), 2358, "{words:?}");
    }
}

#[test]
fn histories_of_the_sample_are_those_of_the_papers() {
    let folder = Folder::new();
    let ended = folder.clv(&["histories", SAMPLE, "--until", "1997-09-30", "--time-unit", "week"]);
    let table = rows(&ended.stdout);
    let repeats: u32 = table[1..].iter().map(|row| row[1].parse::<u32>().expect("a count")).sum();
    let never = table[1..].iter().filter(|row| row[1] == "0").count();
    assert_eq!((table.len() - 1, repeats, never), (2357, 2457, 1411));
    // The first customer of the sample: (2, 30.43, 38.86), 22.345 per repeat purchase.
    let first: Vec<f64> =
        table[1][1..5].iter().map(|cell| cell.parse().expect("a number")).collect();
    for (got, expected) in
        first.iter().zip([2.0, 30.428_571_428_571_427, 38.857_142_857_142_854, 22.345])
    {
        assert!((got - expected).abs() < 1e-9, "{got} is not {expected}");
    }
}

#[test]
fn fit_answers_in_the_papers_names_with_provenance() {
    let folder = Folder::new();
    let ended = folder.clv(&["fit", SAMPLE, "--model", "pareto-nbd", "--until", "1997-09-30"]);
    let answer = json(&ended.stdout);
    let fit = &answer["answer"];
    assert_eq!(fit["model"], "pareto-nbd");
    assert_eq!(fit["time_unit"], "week");
    for (name, value) in [("r", 0.55328), ("alpha", 10.57768), ("s", 0.60624), ("beta", 11.66874)] {
        let got = fit["parameters"][name].as_f64().expect(name);
        assert!((got / value - 1.0).abs() < 1e-5, "{name} is {got}, expected {value}");
        assert!(fit["standard_errors"][name].as_f64().is_some_and(|error| error > 0.0));
    }
    let log_likelihood = fit["log_likelihood"].as_f64().expect("a number");
    assert!((log_likelihood + 9_594.976_18).abs() < 1e-4);
    assert_eq!(fit["n_customers"], 2357);
    assert_eq!(fit["converged"], true);
    let provenance = &answer["provenance"];
    assert_eq!(provenance["as_of"], "1997-09-30");
    assert_eq!(provenance["clv_version"], env!("CARGO_PKG_VERSION"));
    assert!(provenance["table_versions"].as_object().is_some_and(|versions| versions.len() == 1));
}

#[test]
fn backtest_reproduces_the_holdout_of_the_papers() {
    let folder = Folder::new();
    let words =
        ["backtest", SAMPLE, "--time-unit", "week", "--horizon", "39w", "--until", "1997-09-30"];
    let ended = folder.clv(&words);
    let answer = json(&ended.stdout);
    let scores = answer["answer"]["scores"].as_array().expect("a list");
    let of =
        |model: &str| scores.iter().find(|score| score["model"] == model).expect("it took part");
    assert_eq!(of("pareto-nbd")["actual_total"], 1882.0);
    assert!((of("pareto-nbd")["mae"].as_f64().expect("a number") - 0.7545).abs() < 5e-5);
    assert!((of("bg-nbd")["mae"].as_f64().expect("a number") - 0.7855).abs() < 5e-5);
    let served = &answer["answer"]["served"];
    assert_eq!(of(served.as_str().expect("an id"))["served"], true);
    assert_eq!(&answer["provenance"]["model"], served);
    let csv = folder.clv(&[&words[..], &["--output-format", "csv"]].concat());
    assert!(csv.stdout.starts_with(
        "model,origin,n_customers,actual_total,predicted_total,bias,mae,rmse,correlation,spearman,msle,\
         normalized_gini,coverage_90,"
    ));
}

#[test]
fn trees_are_scored_beside_the_models_where_they_are_asked_for() {
    let folder = Folder::new();
    let words =
        ["backtest", SAMPLE, "--models", "ziln,nbd", "--horizon", "90d", "--until", "1997-09-30"];
    let ended = folder.clv(&[&words[..], &["--seed", "7"]].concat());
    let answer = json(&ended.stdout);
    let scores = answer["answer"]["scores"].as_array().expect("a list");
    let of =
        |model: &str| scores.iter().find(|score| score["model"] == model).expect("it took part");
    assert_eq!(of("ziln")["actual_total"], of("nbd")["actual_total"]);
    assert!(of("ziln")["rmse"].as_f64() < of("nbd")["rmse"].as_f64());
    // It would have been chosen on that day, whatever came afterwards.
    assert_eq!(of("ziln")["served"], true, "{}", answer["answer"]["reason"]);
    assert_eq!(answer["provenance"]["model"], "ziln");
    assert_eq!(answer["provenance"]["seed"], 7);
    assert_eq!(folder.clv(&[&words[..], &["--seed", "7"]].concat()).stdout, ended.stdout);
}

#[test]
fn a_model_saved_once_scores_orders_and_histories_alike() {
    let folder = Folder::new();
    assert_eq!(folder.clv(&["fit", SAMPLE, "--model", "mbg-nbd", "-o", "model.json"]).status, 0);
    assert_eq!(folder.clv(&["histories", SAMPLE, "-o", "histories.parquet"]).status, 0);
    let from_orders =
        folder.clv(&["forecast", SAMPLE, "--model-file", "model.json", "--horizon", "26w"]);
    let from_histories = folder.clv(&[
        "forecast",
        "histories.parquet",
        "--model-file",
        "model.json",
        "--horizon",
        "26w",
    ]);
    let (orders, histories) = (rows(&from_orders.stdout), rows(&from_histories.stdout));
    assert_eq!(orders.len(), histories.len());
    for (a, b) in orders[1..].iter().zip(&histories[1..]) {
        assert_eq!(a[0], b[0]);
        for column in 1..6 {
            let (a, b): (f64, f64) =
                (a[column].parse().expect("a number"), b[column].parse().expect("a number"));
            assert!((a - b).abs() < 1e-9 * a.abs().max(1.0), "column {column}: {a} and {b}");
        }
    }
}

#[test]
fn how_regular_customers_are_survives_a_histories_file_and_is_missed_without_its_column() {
    let folder = Folder::new();
    let words = ["fit", SAMPLE, "--model", "mbg-cnbd-k", "--output-format", "json"];
    let from_orders = folder.clv(&words);
    assert_eq!(from_orders.status, 0, "{}", from_orders.stderr);
    assert_eq!(folder.clv(&["histories", SAMPLE, "-o", "histories.csv"]).status, 0);
    let from_file =
        folder.clv(&["fit", "histories.csv", "--model", "mbg-cnbd-k", "--output-format", "json"]);
    let text = std::fs::read_to_string(folder.path("histories.csv")).expect("it was written");
    let four: Vec<String> = rows(&text).iter().map(|row| row[..4].join(",") + "\n").collect();
    std::fs::write(folder.path("four.csv"), four.concat()).expect("a file of four columns");
    let from_four =
        folder.clv(&["fit", "four.csv", "--model", "mbg-cnbd-k", "--output-format", "json"]);
    let fit = |text: &str| -> serde_json::Value {
        let answer: serde_json::Value = serde_json::from_str(text).expect("an answer");
        answer["answer"].clone()
    };
    let [orders, file, four] =
        [&from_orders, &from_file, &from_four].map(|ended| fit(&ended.stdout));
    for k in ["1", "2"] {
        let of = |fit: &serde_json::Value| fit["log_likelihood_by_whole"][k].as_f64();
        let (a, b) = (of(&orders).expect("tried"), of(&file).expect("tried"));
        assert!((a - b).abs() < 1e-6, "{a} {b}");
    }
    assert_eq!(orders["warnings"], file["warnings"]);
    let warnings = four["warnings"].to_string();
    assert!(warnings.contains("sum_ln_interpurchase_times"), "{warnings}");
}

#[test]
fn a_saved_blend_scores_like_the_one_that_was_just_learnt() {
    let folder = Folder::new();
    let ended = folder.clv(&["fit", SAMPLE, "--model", "blend", "-o", "blend.json"]);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    let saved = std::fs::read_to_string(folder.path("blend.json")).expect("it was written");
    assert!(saved.contains("\"members\"") && saved.contains("\"one-time\""), "{saved}");
    let again = folder.clv(&["value", SAMPLE, "--model-file", "blend.json"]);
    let fresh = folder.clv(&["value", SAMPLE, "--model", "blend"]);
    let (again, fresh) = (rows(&again.stdout), rows(&fresh.stdout));
    assert_eq!(again.len(), 2358);
    for (a, b) in again[1..].iter().zip(&fresh[1..]) {
        for column in 1..8 {
            let (a, b): (f64, f64) =
                (a[column].parse().expect("a number"), b[column].parse().expect("a number"));
            assert!((a - b).abs() < 1e-6 * a.abs().max(1.0), "column {column}: {a} and {b}");
        }
        assert!(a[9].contains("order"), "{a:?}");
    }
}

#[test]
fn a_card_tells_what_has_drifted_since_an_earlier_fit() {
    let folder = Folder::new();
    let until = ["fit", SAMPLE, "--model", "mbg-nbd", "--until", "1997-06-30", "-o", "old.json"];
    assert_eq!(folder.clv(&until).status, 0);
    let words = ["fit", SAMPLE, "--model", "mbg-nbd", "--card", "--model-file", "old.json"];
    let card = json(&folder.clv(&words).stdout);
    let card = &card["answer"];
    assert_eq!(card["drift"]["since"], "1997-06-30");
    let shifts = card["drift"]["parameters"].as_array().expect("a list");
    assert!(shifts.iter().any(|shift| shift["name"] == "alpha"), "{card}");
    assert!(card["score"]["mae"].as_f64().expect("it was tested") > 0.0);
    assert!(!card["limits"].as_array().expect("a list").is_empty());
    // Half of the base bought again in the year between: that is another base.
    let moved = card["drift"]["histories"].as_array().expect("a list");
    assert!(moved.iter().any(|one| one["stability_index"].as_f64().expect("a number") > 0.05));
}

#[test]
fn a_model_written_by_hand_needs_three_entries() {
    let hand = r#"{"model": "bg-nbd", "time_unit": "week",
                   "parameters": {"r": 0.242595, "alpha": 4.4136, "a": 0.792922, "b": 2.42591}}"#;
    let folder = Folder::with("hand.json", hand.as_bytes());
    std::fs::write(
        folder.path("h.csv"),
        "customer_id,repeat_purchases,last_purchase_age,age\n1,2,30.43,38.86\n26,26,30.857,31\n",
    )
    .expect("the file can be written");
    let ended = folder.clv(&["forecast", "h.csv", "--model-file", "hand.json", "--horizon", "39w"]);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    let table = rows(&ended.stdout);
    let expected: f64 = table[1][1].parse().expect("a number");
    assert!((expected - 1.2259).abs() < 1e-4, "{expected}");
    let broken = r#"{"model": "bg-nbd", "time_unit": "week", "parameters": {"r": 0.24, "alpha": 4.4, "a": 0.8}}"#;
    std::fs::write(folder.path("broken.json"), broken).expect("the file can be written");
    let refused = folder.clv(&["forecast", "h.csv", "--model-file", "broken.json"]);
    assert_eq!(refused.status, 2);
    assert!(refused.stderr.contains("'b'"), "{}", refused.stderr);
}

#[test]
fn every_value_carries_its_definition_and_a_missing_cost_is_asked_for() {
    let folder = Folder::new();
    let base = ["value", SAMPLE, "--model", "bg-nbd", "--horizon", "52w"];
    let net = folder.clv(&base);
    assert!(rows(&net.stdout)[1][8].starts_with("net-sales@1;horizon=52w"));
    let refused = folder.clv(&[&base[..], &["--definition", "gross-margin"]].concat());
    assert_eq!(refused.status, 2);
    assert!(refused.stderr.contains("--margin-ratio"), "{}", refused.stderr);
    let margin = folder
        .clv(&[&base[..], &["--definition", "gross-margin", "--margin-ratio", "0.5"]].concat());
    let half: f64 = rows(&margin.stdout)[1][2].parse().expect("a number");
    let whole: f64 = rows(&net.stdout)[1][2].parse().expect("a number");
    assert!((half - 0.5 * whole).abs() < 1e-9);
}

#[test]
fn referrals_are_counted_where_they_are_asked_for_and_named_in_the_definition() {
    let folder = Folder::new();
    let base = ["value", SAMPLE, "--model", "bg-nbd", "--horizon", "52w"];
    let lifetime = |answer: &[Vec<&str>]| answer[1][7].parse::<f64>().expect("a number");
    let plain = folder.clv(&base);
    let without = rows(&plain.stdout);
    let known =
        folder.clv(&[&base[..], &["--with-referrals", "--referral-value", "12.5"]].concat());
    let found = rows(&known.stdout);
    assert!((lifetime(&found) - lifetime(&without) - 12.5).abs() < 1e-9);
    assert!(found[1][8].ends_with(";referral_value=12.5"), "{}", found[1][8]);
    let unknown = folder.clv(&[&base[..], &["--with-referrals"]].concat());
    let found = rows(&unknown.stdout);
    assert!((lifetime(&found) - lifetime(&without)).abs() < 1e-9);
    assert!(found[1][8].ends_with(";referral_value=unknown"), "{}", found[1][8]);
    assert!(unknown.stderr.contains("counts as 0"), "{}", unknown.stderr);
    let refused = folder.clv(&[&base[..], &["--referral-value", "12.5"]].concat());
    assert_eq!(refused.status, 2);
}

#[test]
fn the_simple_formula_of_three_customers_is_exact_and_shows_its_inputs() {
    // Five orders for 360.00, 10.00 returned, over 730 + 365 + 365 customer days.
    let orders = "customer_id,ordered_at,amount\na,2019-01-01,100\na,2020-01-01,60\nb,2020-01-01,80\n\
                  b,2020-07-01,40\nc,2020-01-01,80\nc,2020-12-31,-10\n";
    let folder = Folder::with("three.csv", orders.as_bytes());
    let words = [
        "metric",
        "simple-lifetime-value",
        "three.csv",
        "--margin-ratio",
        "0.5",
        "--lifespan-years",
        "3",
    ];
    let ended = folder.clv(&[&words[..], &["--discount-rate", "0"]].concat());
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    let answer = json(&ended.stdout);
    let inputs = answer["answer"]["inputs"].as_array().expect("a list");
    let input = |name: &str| {
        let found = inputs.iter().find(|input| input["name"] == name).expect(name);
        found["value"].as_f64().expect("a number")
    };
    let days = 730.0 + 365.0 + 365.0;
    let by_hand = 70.0 * (5.0 / (days / 365.25)) * 3.0 * 0.5;
    assert!((input("average_order_value") - 70.0).abs() < 1e-12);
    assert!((answer["answer"]["value"].as_f64().expect("a number") - by_hand).abs() < 1e-9);
    assert!((input("present_value") - by_hand).abs() < 1e-9, "at rate 0 nothing is discounted");
    let discounted = json(&folder.clv(&words).stdout);
    let inputs = discounted["answer"]["inputs"].as_array().expect("a list");
    let present =
        inputs.iter().find(|input| input["name"] == "present_value").expect("it is there");
    let closed_form = by_hand / 3.0 * (1.0 - 1.1_f64.powi(-3)) / 0.1;
    assert!((present["value"].as_f64().expect("a number") - closed_form).abs() < 1e-9);
    assert!(
        answer["provenance"]["definition_id"]
            .as_str()
            .is_some_and(|id| id.starts_with("simple-formula@1"))
    );
}

#[test]
fn customers_born_after_the_day_are_scored_as_new() {
    let folder = Folder::new();
    let words =
        ["forecast", SAMPLE, "--model", "pareto-nbd", "--until", "1997-02-15", "--horizon", "52w"];
    let ended = folder.clv(&words);
    let table = rows(&ended.stdout);
    assert_eq!(table.len() - 1, 2357, "those who first bought later are there too");
    // Whoever had no purchase by then is certain to be a customer still, and as good as any new one.
    let newborns: Vec<f64> = table[1..]
        .iter()
        .filter(|row| row[4] == "1")
        .map(|row| row[1].parse().expect("a number"))
        .collect();
    assert!(newborns.len() > 1000, "{}", newborns.len());
    assert!(newborns.iter().all(|expected| *expected > 0.1), "a new customer is not lost");
}

#[test]
fn the_model_asked_for_is_the_model_the_report_names() {
    let folder = Folder::new();
    let ended = folder.clv(&["report", SAMPLE, "--model", "nbd", "-o", "r.html"]);
    assert!(ended.stdout.contains("nbd was asked for"), "{}", ended.stdout);
    let page = std::fs::read_to_string(folder.path("r.html")).expect("it was written");
    assert!(page.contains("Why NBD is served"), "the page names another model");
}

#[test]
fn options_win_over_variables_and_variables_over_the_file() {
    let folder = Folder::with("clv.toml", b"time-unit = \"day\"\n");
    let age = |output: std::process::Output| -> f64 {
        let ended = crate::run::ended(&output);
        rows(&ended.stdout)[1][3].parse().expect("a number")
    };
    let run = |variable: Option<&str>, words: &[&str]| {
        let mut command = folder.command(&[&["histories", SAMPLE], words].concat());
        if let Some(unit) = variable {
            command.env("CLV_TIME_UNIT", unit);
        }
        age(command.output().expect("the program can be started"))
    };
    let days = run(None, &[]);
    assert!((days / 7.0 - run(Some("week"), &[])).abs() < 1e-9);
    assert!((days * 24.0 - run(Some("week"), &["--time-unit", "hour"])).abs() < 1e-6);
}

#[test]
fn helpers_answer() {
    let folder = Folder::new();
    for (words, said) in [
        (vec!["--version"], "clv 0."),
        (vec!["--help"], "report"),
        (vec!["explain"], "residual_value"),
        (vec!["explain", "pareto-nbd"], "pareto-nbd"),
        (vec!["doctor"], "cores"),
        (vec!["completions", "bash"], "_clv"),
        (vec!["man"], ".TH"),
    ] {
        let ended = folder.clv(&words);
        assert_eq!(ended.status, 0, "{words:?}: {}", ended.stderr);
        assert!(ended.stdout.contains(said), "{words:?}: {}", ended.stdout);
    }
    assert_eq!(folder.clv(&["explain", "nonsense"]).status, 4);
    assert_eq!(folder.clv(&["forecast", SAMPLE, "--horizon", "soon"]).status, 2);
    assert_eq!(folder.clv(&["forecast", SAMPLE, "--model", "sarima"]).status, 2);
    assert_eq!(folder.clv(&["forecast"]).status, 2);
}
