//! Covariates that change from week to week, and covariates in bake-offs and reports.

use serde_json::Value;

use crate::covariates::{N, fit, json, member_and_age, orders, refused, shop, table};
use crate::run::{Ended, Folder, rows};

/// Mondays of the two years that the orders span, and the half year after.
fn weeks() -> Vec<String> {
    let mut weeks = Vec::new();
    // 2020-12-28 is a Monday.
    let (mut year, mut month, mut day) = (2020, 12, 28);
    for _ in 0..136 {
        weeks.push(format!("{year}-{month:02}-{day:02}"));
        day += 7;
        let length =
            [31, if year % 4 == 0 { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
                [month - 1];
        if day > length {
            (month, day) = (month % 12 + 1, day - length);
            year += i32::from(month == 1);
        }
    }
    weeks
}

/// One row for each customer and week.
fn by_week(heading: &str, cells: impl Fn(u32, usize) -> String) -> String {
    let mut text = format!("customer_id,date,{heading}\n");
    for customer in 0..N {
        for (at, week) in weeks().iter().enumerate() {
            text.push_str(&format!("c{customer},{week},{}\n", cells(customer, at)));
        }
    }
    text
}

fn number(answer: &Value, name: &str) -> f64 {
    answer["parameters"][name].as_f64().unwrap_or(f64::NAN)
}

fn answer(ended: &Ended) -> Value {
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    json(&ended.stdout)["answer"].clone()
}

fn expected(ended: &Ended) -> Vec<f64> {
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    let cells = rows(&ended.stdout);
    cells.iter().skip(1).map(|row| row[1].parse().expect("a number")).collect()
}

#[test]
fn covariates_that_never_change_are_the_static_ones() {
    let folder = shop(&table("member", |i| (i % 2).to_string()));
    let still = answer(&fit(&folder, &["--model", "pareto-nbd"]));
    let weekly = by_week("member", |i, _| (i % 2).to_string());
    std::fs::write(folder.path("weekly.csv"), weekly).expect("the file can be written");
    let words = ["--covariates", "weekly.csv", "--model", "pareto-nbd"];
    let changing = answer(&folder.clv(&[&["fit", "orders.csv"], &words[..]].concat()));
    let log_likelihood = |of: &Value| of["log_likelihood"].as_f64().unwrap_or(f64::NAN);
    assert!((log_likelihood(&still) - log_likelihood(&changing)).abs() < 1e-6);
    for name in ["r", "alpha", "s", "beta", "purchase.member", "dropout.member"] {
        let (one, other) = (number(&still, name), number(&changing, name));
        assert!((one - other).abs() < 1e-4 * one.abs().max(0.1), "{name}: {one} {other}");
    }
    assert_eq!(changing["covariates"]["is_changing"], true);
    let forecast = |covariates: &str| {
        let words = ["forecast", "orders.csv", "--horizon", "26w", "--model", "pareto-nbd"];
        expected(&folder.clv(&[&words[..], &["--covariates", covariates]].concat()))
    };
    for (one, other) in forecast("customers.csv").iter().zip(forecast("weekly.csv")) {
        assert!((one - other).abs() < 1e-5, "{one} {other}");
    }
}

#[test]
fn without_effects_a_saved_model_forecasts_as_without_covariates() {
    let folder = shop(&by_week("high", |_, week| u32::from(week % 52 > 44).to_string()));
    let model = |effects: &str| {
        let text = format!(
            r#"{{"model":"pareto-nbd","time_unit":"week","parameters":{{"r":0.8,"alpha":14.0,"s":0.7,"beta":30.0{effects}}}}}"#
        );
        std::fs::write(folder.path("model.json"), text).expect("the file can be written");
    };
    let forecast = |more: &[&str]| {
        let words = ["forecast", "orders.csv", "--model-file", "model.json", "--horizon", "26w"];
        expected(&folder.clv(&[&words[..], more].concat()))
    };
    model("");
    let plain = forecast(&[]);
    model(r#","purchase.high":0.0,"dropout.high":0.0"#);
    let with = ["--covariates", "customers.csv"];
    for (one, other) in plain.iter().zip(forecast(&with)) {
        assert!((one - other).abs() < 1e-9, "{one} {other}");
    }
    // And a season to come raises what is expected.
    model(r#","purchase.high":1.0"#);
    let high: f64 = forecast(&with).iter().sum();
    assert!((high / plain.iter().sum::<f64>() - 1.0).abs() > 0.01, "{high}");
}

#[test]
fn a_table_that_ends_too_early_holds_on_with_a_note_and_saved_models_forecast_alike() {
    let season = |_: u32, week: usize| format!("{},{}", u32::from(week % 26 > 18), week % 3);
    let folder = shop(&by_week("high,mail", season));
    let ended = fit(&folder, &["--model", "pareto-nbd", "-o", "model.json"]);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    let forecast = |more: &[&str]| {
        let words = ["forecast", "orders.csv", "--covariates", "customers.csv", "--horizon", "26w"];
        folder.clv(&[&words[..], more].concat())
    };
    let (direct, saved) =
        (forecast(&["--model", "pareto-nbd"]), forecast(&["--model-file", "model.json"]));
    for (one, other) in expected(&direct).iter().zip(expected(&saved)) {
        assert!((one - other).abs() < 1e-9 * one.max(1e-3), "{one} {other}");
    }
    assert!(!saved.stderr.contains("hold on"), "{}", saved.stderr);
    let value = folder.clv(&[
        "value",
        "orders.csv",
        "--covariates",
        "customers.csv",
        "--model-file",
        "model.json",
        "--horizon",
        "26w",
    ]);
    assert!(value.status == 0 && !value.stdout.contains("NaN"), "{}", value.stderr);
    assert_eq!(value.stdout.lines().count(), N as usize + 1);
    let early: Vec<String> = std::fs::read_to_string(folder.path("customers.csv"))
        .expect("it was written")
        .lines()
        .filter(|line| line.split(',').nth(1).is_some_and(|day| day == "date" || day < "2022-12"))
        .map(str::to_owned)
        .collect();
    std::fs::write(folder.path("customers.csv"), early.join("\n")).expect("it can be written");
    let carried = forecast(&["--model-file", "model.json"]);
    assert!(carried.stderr.contains("the last known values hold on"), "{}", carried.stderr);
}

#[test]
fn a_table_for_all_customers_needs_no_ids() {
    let weeks = weeks();
    let text: Vec<String> =
        weeks.iter().enumerate().map(|(at, week)| format!("{week},{}", at % 7 % 3)).collect();
    let folder = shop(&format!("week,mail\n{}\n", text.join("\n")));
    let all = answer(&fit(&folder, &["--model", "pareto-nbd"]));
    let each = by_week("mail", |_, at| (at % 7 % 3).to_string());
    std::fs::write(folder.path("customers.csv"), each).expect("it can be written");
    let each = answer(&fit(&folder, &["--model", "pareto-nbd"]));
    assert!((number(&all, "purchase.mail") - number(&each, "purchase.mail")).abs() < 1e-9);
    assert_eq!(all["log_likelihood"], each["log_likelihood"]);
}

#[test]
fn gaps_and_missing_cells_are_told_and_bad_days_refused() {
    let plain = by_week("mail", |i, at| ((i as usize + at) % 5).to_string());
    let pareto = ["--model", "pareto-nbd"];
    let gaps: Vec<&str> = plain
        .lines()
        .enumerate()
        .filter(|(at, line)| *at == 0 || line.contains("2020-12-28") || at % 9 != 3)
        .map(|(_, line)| line)
        .collect();
    let ended = fit(&shop(&gaps.join("\n")), &pareto);
    assert!(ended.stderr.contains("400 customers lack days between rows"), "{}", ended.stderr);
    let missing = by_week("mail", |i, at| match (i + at as u32) % 11 {
        3 if at > 0 => String::new(),
        rest => rest.to_string(),
    });
    let ended = fit(&shop(&missing), &pareto);
    assert!(ended.stderr.contains("rows lack a value and are passed over"), "{}", ended.stderr);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    // Who first bought before the table begins is put aside.
    let late = plain.lines().filter(|line| !line.starts_with("c3,202")).collect::<Vec<_>>();
    let late = format!("{}\nc3,2022-06-06,1\nc3,2022-06-13,2\n", late.join("\n"));
    let ended = fit(&shop(&late), &pareto);
    assert_eq!(ended.status, 3, "{}", ended.stderr);
    assert!(ended.stderr.contains("1 customers were put aside"), "{}", ended.stderr);
    let twice = format!("{plain}c7,2021-01-04,3\n");
    refused(&twice, &pareto, &["row 54402", "2021-01-04", "of the same customer and day (c7)"]);
    let bad = plain.replacen("c1,2021-01-04", "c1,4 January", 1);
    refused(&bad, &pareto, &["4 January", "year-month-day"]);
    refused(&plain, &["--model", "mbg-nbd"], &["go into pareto-nbd only, not into mbg-nbd"]);
    refused(&plain, &[&pareto[..], &["--l2", "1"]].concat(), &["are for values that stay"]);
    refused(&plain, &[&pareto[..], &["--pool", "mail"]].concat(), &["are for values that stay"]);
    let on_spend = [&pareto[..], &["--covariates-on", "spend"]].concat();
    refused(&plain, &on_spend, &["spend takes covariates that stay"]);
    let on_other = [&pareto[..], &["--covariates-on", "purchase.post"]].concat();
    refused(&plain, &on_other, &["'post', which is no column", "mail"]);
    refused(&by_week("mail", |_, _| "1".to_owned()), &pareto, &["mail is 1 for every customer"]);
    let doubled = by_week("mail,twice", |i, at| {
        let mail = (i as usize + at) % 5;
        format!("{mail},{}", 2 * mail)
    });
    refused(&doubled, &pareto, &["twice follows from mail without error"]);
    let folder = shop(&plain);
    let histories = folder.clv(&["histories", "orders.csv", "-o", "h.csv"]);
    assert_eq!(histories.status, 0, "{}", histories.stderr);
    let ended =
        folder.clv(&[&["fit", "h.csv", "--covariates", "customers.csv"], &pareto[..]].concat());
    assert!(ended.status == 2 && ended.stderr.contains("learnt from orders"), "{}", ended.stderr);
}

#[test]
fn a_saved_model_refuses_a_table_of_the_other_kind() {
    let folder = shop(&by_week("mail", |i, at| ((i as usize + at) % 5).to_string()));
    fit(&folder, &["--model", "pareto-nbd", "-o", "weekly.json"]);
    std::fs::write(folder.path("still.csv"), table("mail", |i| (i % 5).to_string()))
        .expect("it can be written");
    let words = ["fit", "orders.csv", "--model", "pareto-nbd", "--covariates", "still.csv"];
    folder.clv(&[&words[..], &["-o", "still.json"]].concat());
    let forecast = |model: &str, covariates: &str| {
        let words = ["forecast", "orders.csv", "--model-file", model, "--covariates", covariates];
        folder.clv(&words)
    };
    let ended = forecast("weekly.json", "still.csv");
    assert!(
        ended.status == 2 && ended.stderr.contains("has no column of days"),
        "{}",
        ended.stderr
    );
    let ended = forecast("still.json", "customers.csv");
    assert!(ended.status == 2 && ended.stderr.contains("covariates that stay"), "{}", ended.stderr);
}

/// Orders of which the column `class` tells nearly everything: half of the customers come every other week, half never
/// again.
fn told_by_class() -> Folder {
    let mut text = "customer_id,ordered_at,amount\n".to_owned();
    let weeks = weeks();
    for customer in 0..N {
        let first = customer as usize % 40;
        text.push_str(&format!("c{customer},{},10\n", weeks[first]));
        if customer % 2 == 0 {
            for week in (first + 1..100).filter(|week| (week * 7 + customer as usize * 3) % 5 < 2) {
                text.push_str(&format!("c{customer},{},10\n", weeks[week]));
            }
        } else if customer % 8 == 1 {
            text.push_str(&format!("c{customer},{},10\n", weeks[first + 2]));
        }
    }
    let folder = Folder::with("orders.csv", text.as_bytes());
    let classes = table("class", |i| if i % 2 == 0 { "regular" } else { "guest" }.to_owned());
    std::fs::write(folder.path("customers.csv"), classes).expect("it can be written");
    folder
}

#[test]
fn a_bake_off_scores_models_with_covariates_beside_those_without() {
    let folder = told_by_class();
    let words = [
        "backtest",
        "orders.csv",
        "--covariates",
        "customers.csv",
        "--models",
        "pareto-nbd,mbg-nbd,ziln",
    ];
    let found = answer(&folder.clv(&words));
    let models: Vec<&str> = found["scores"]
        .as_array()
        .map(|scores| scores.iter().filter_map(|score| score["model"].as_str()).collect())
        .unwrap_or_default();
    for id in ["pareto-nbd", "mbg-nbd", "ziln", "pareto-nbd+covariates", "mbg-nbd+covariates"] {
        assert!(models.contains(&id), "{id}: {models:?} {}", found["left_out"]);
    }
    let error = |id: &str| -> f64 {
        let scores = found["scores"].as_array().cloned().unwrap_or_default();
        let of = scores.iter().filter(|score| score["model"] == id);
        of.filter_map(|score| score["mae"].as_f64()).sum()
    };
    assert!(error("mbg-nbd+covariates") < error("mbg-nbd"), "{found}");
    // A table that says nothing leaves the models with it out, with the reason, and the others in.
    let constant = table("class", |i| if i < 2 { "7" } else { "8" }.to_owned());
    std::fs::write(folder.path("customers.csv"), constant.replace(",7", ",8")).expect("written");
    let found = answer(&folder.clv(&words));
    assert!(found["left_out"].to_string().contains("class is 8 for every customer"), "{found}");
    let unknown = folder.clv(&[&words[..], &["--covariates-on", "purchase.size"]].concat());
    assert!(unknown.status == 2 && unknown.stderr.contains("'size'"), "{}", unknown.stderr);
}

#[test]
fn a_report_tells_effects_in_words() {
    let folder = told_by_class();
    let words = ["report", "orders.csv", "--covariates", "customers.csv", "-o", "r.html"];
    let ended = folder.clv(&[&words[..], &["--model", "mbg-nbd", "--horizon", "26w"]].concat());
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    let page = std::fs::read_to_string(folder.path("r.html")).expect("it was written");
    for said in [
        "What is known of the customers, and what goes with it",
        "times as often (95 %",
        "the odds of leaving are",
        "class: ",
        "MBG/NBD with covariates",
    ] {
        assert!(page.contains(said), "{said}");
    }
}

#[test]
fn auto_serves_covariates_where_they_forecast_better_and_says_so_where_not() {
    let folder = told_by_class();
    let words = ["fit", "orders.csv", "--covariates", "customers.csv", "--model", "auto"];
    let ended = folder.clv(&words);
    let served = json(&ended.stdout)["provenance"]["model"].as_str().map(str::to_owned);
    let served = served.unwrap_or_default();
    let says_no = ended.stderr.contains("no model with covariates forecast better");
    assert_eq!(served.ends_with("+covariates"), !says_no, "{served}: {}", ended.stderr);
    // A trait drawn at random helps nobody.
    let folder = Folder::with("orders.csv", orders().as_bytes());
    std::fs::write(folder.path("customers.csv"), member_and_age()).expect("it can be written");
    let ended = folder.clv(&words);
    assert!(ended.status == 0, "{}", ended.stderr);
}
