//! Who the customers are: `--covariates` and its companions, and what is wrong with such a table.

use serde_json::Value;

use crate::run::{Ended, Folder, rows};

/// Customers of a shop.
pub(crate) const N: u32 = 400;

/// Numbers between 0 and 1 that look like chance.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> f64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as f64 + 0.5) / (1_u64 << 31) as f64
    }
}

/// Orders of customers who buy at their own rate, members half as often again, and leave after some time.
pub(crate) fn orders() -> String {
    let mut chance = Chance(7);
    let mut text = "customer_id,ordered_at,amount\n".to_owned();
    let epoch = |day: u32| {
        let (year, month, day) = (2021 + day / 360, day % 360 / 30 + 1, day % 30 + 1);
        format!("{year}-{month:02}-{:02}", day.min(28))
    };
    for customer in 0..N {
        let first = (chance.next() * 90.0) as u32;
        let own = -chance.next().ln() - chance.next().ln();
        let rate = 0.008 * own * if customer % 2 == 1 { 1.5 } else { 1.0 };
        let left = 600.0 * -chance.next().ln();
        let mut age = 0.0;
        while age < left && f64::from(first) + age < 700.0 {
            let day = first + age as u32;
            let scale = if customer % 2 == 1 { 30.0 } else { 20.0 };
            let amount = scale * (0.5 + chance.next());
            text.push_str(&format!("c{customer},{},{amount:.2}\n", epoch(day)));
            age += -chance.next().ln() / rate;
        }
    }
    text
}

/// One row for each customer, made by `cells`.
pub(crate) fn table(heading: &str, cells: impl Fn(u32) -> String) -> String {
    let rows: Vec<String> =
        (0..N).map(|customer| format!("c{customer},{}", cells(customer))).collect();
    format!("customer_id,{heading}\n{}\n", rows.join("\n"))
}

pub(crate) fn shop(covariates: &str) -> Folder {
    let folder = Folder::with("orders.csv", orders().as_bytes());
    std::fs::write(folder.path("customers.csv"), covariates).expect("the file can be written");
    folder
}

pub(crate) fn fit(folder: &Folder, more: &[&str]) -> Ended {
    let words = ["fit", "orders.csv", "--covariates", "customers.csv"];
    folder.clv(&[&words, more].concat())
}

pub(crate) fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("the answer is JSON")
}

pub(crate) fn member_and_age() -> String {
    table("member,age,channel", |i| {
        let channel = ["web", "shop", "web", "fair", "web"][i as usize % 5];
        format!("{},{},{channel}", i % 2, 20 + (i * 7) % 41)
    })
}

#[test]
fn effects_are_named_tested_and_saved_and_the_saved_model_forecasts_alike() {
    let folder = shop(&member_and_age());
    let ended = fit(&folder, &["--model", "pareto-nbd", "-o", "model.json"]);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    let text = std::fs::read_to_string(folder.path("model.json")).expect("it was written");
    let answer = &json(&text)["answer"];
    let parameter = |name: &str| answer["parameters"][name].as_f64();
    // The most common level is what the others are compared with.
    for name in ["alpha", "purchase.member", "dropout.age", "purchase.channel=shop"] {
        assert!(parameter(name).is_some(), "{name}: {answer}");
    }
    assert!(parameter("purchase.channel=web").is_none());
    let effect = parameter("purchase.member").unwrap_or(0.0);
    let error = answer["standard_errors"]["purchase.member"].as_f64().unwrap_or(0.0);
    assert!((effect - 1.5_f64.ln()).abs() < 4.0 * error && error < 0.3, "{effect} {error}");
    let test = &answer["covariates"]["tests"][0];
    assert_eq!(test["degrees_of_freedom"], 8, "{test}");
    let gained = answer["log_likelihood"].as_f64().unwrap_or(0.0)
        - answer["covariates"]["log_likelihood_without"].as_f64().unwrap_or(0.0);
    assert!((test["statistic"].as_f64().unwrap_or(0.0) - 2.0 * gained).abs() < 1e-6);
    let known = ["forecast", "orders.csv", "--covariates", "customers.csv", "--horizon", "26w"];
    let direct = folder.clv(&[&known[..], &["--model", "pareto-nbd"]].concat());
    let saved = folder.clv(&[&known[..], &["--model-file", "model.json"]].concat());
    assert_eq!((direct.status, saved.status), (0, 0), "{} {}", direct.stderr, saved.stderr);
    let (direct, saved) = (rows(&direct.stdout), rows(&saved.stdout));
    assert_eq!(direct.len(), N as usize + 1);
    for (one, other) in direct.iter().zip(&saved).skip(1) {
        let number = |row: &Vec<&str>| row[1].parse::<f64>().expect("a number");
        assert!((number(one) - number(other)).abs() < 1e-9 * number(one).max(1e-3), "{one:?}");
    }
    let value =
        ["value", "orders.csv", "--covariates", "customers.csv", "--model-file", "model.json"];
    let value = folder.clv(&value);
    assert_eq!(value.status, 0, "{}", value.stderr);
    assert!(!value.stdout.contains("NaN") && value.stdout.lines().count() == N as usize + 1);
    let without = folder.clv(&["forecast", "orders.csv", "--model-file", "model.json"]);
    assert_eq!(without.status, 2);
    assert!(
        without.stderr.contains("knows who customers are")
            && without.stderr.contains("--covariates FILE")
    );
}

#[test]
fn covariates_act_where_they_are_told_to() {
    let folder = shop(&member_and_age());
    let on = ["--model", "mbg-nbd", "--covariates-on", "purchase.member,dropout.age,spend.member"];
    let ended = fit(&folder, &on);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    let answer = &json(&ended.stdout)["answer"];
    let names: Vec<&str> = answer["parameters"]
        .as_object()
        .map(|map| map.keys().map(String::as_str).filter(|name| name.contains('.')).collect())
        .unwrap_or_default();
    assert_eq!(names, ["dropout.age", "purchase.member"]);
    let of_spend = answer["spend"]["parameters"]["spend.member"].as_f64().unwrap_or(0.0);
    assert!((of_spend - 1.5_f64.ln()).abs() < 0.1, "members spend half as much again: {of_spend}");
    let alone = fit(&folder, &["--model", "gamma-gamma", "--covariates-on", "spend.member"]);
    assert_eq!(
        json(&alone.stdout)["answer"]["parameters"]["spend.member"].as_f64(),
        Some(of_spend)
    );
    // Expected spend is in the value: members' newcomers are worth more at the same purchases.
    let equal = fit(&folder, &["--model", "pareto-nbd", "--constrain", "member"]);
    let answer = &json(&equal.stdout)["answer"];
    assert_eq!(answer["parameters"]["purchase.member"], answer["parameters"]["dropout.member"]);
    assert_eq!(answer["covariates"]["tests"][1]["degrees_of_freedom"], 1);
    let drawn = fit(&folder, &["--model", "nbd", "--l2", "1e9"]);
    let answer = &json(&drawn.stdout)["answer"];
    assert!(answer["parameters"]["purchase.member"].as_f64().unwrap_or(1.0).abs() < 1e-4);
    assert!(answer["covariates"]["tests"].as_array().is_some_and(Vec::is_empty));
    assert!(answer["warnings"].to_string().contains("L2 penalty"));
    let text = fit(&folder, &["--model", "nbd", "--output-format", "text"]);
    assert!(text.stdout.contains("channel: compared with 'web'"), "{}", text.stdout);
    assert!(text.stdout.contains("degrees of freedom, p = "), "{}", text.stdout);
}

#[test]
fn pooled_groups_have_effects_with_shrinkage_and_forecast() {
    let covariates = table("campaign", |i| match i {
        0 => "lone".to_owned(),
        i => format!("k{}", i % 6),
    });
    let folder = shop(&covariates);
    let words = ["--model", "mbg-nbd", "--pool", "campaign", "-o", "model.json"];
    let ended = fit(&folder, &words);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    let text = std::fs::read_to_string(folder.path("model.json")).expect("it was written");
    let answer = &json(&text)["answer"];
    let pooling = &answer["covariates"]["pooling"];
    assert_eq!(pooling["groups"].as_array().map(Vec::len), Some(7), "{pooling}");
    let lone = pooling["groups"]
        .as_array()
        .and_then(|groups| groups.iter().find(|one| one["group"] == "lone"));
    let effect = &lone.expect("the group is there")["effects"]["purchase"];
    assert!(effect["shrinkage"].as_f64().is_some_and(|share| share > 0.7), "{effect}");
    assert!(answer["warnings"].to_string().contains("have one customer"), "{}", answer["warnings"]);
    // Not knowing a group's effect widens what its customers may bring, a little: after a hundred weeks their own
    // purchases have long told most of it.
    let width = |shrinkage: f64| -> f64 {
        let mut model = answer.clone();
        let pooling = &mut model["covariates"]["pooling"];
        pooling["spread"]["purchase"] = 0.6.into();
        for group in pooling["groups"].as_array_mut().into_iter().flatten() {
            group["effects"]["purchase"]["shrinkage"] = shrinkage.into();
        }
        std::fs::write(folder.path("other.json"), model.to_string()).expect("it can be written");
        let words = ["value", "orders.csv", "--covariates", "customers.csv", "--model-file"];
        let ended = folder.clv(&[&words[..], &["other.json"]].concat());
        assert_eq!(ended.status, 0, "{}", ended.stderr);
        assert!(!ended.stdout.contains("NaN"));
        rows(&ended.stdout).iter().skip(1).map(|row| row[6].parse::<f64>().expect("a number")).sum()
    };
    let (unsure, sure) = (width(1.0), width(0.0));
    assert!(unsure > 1.001 * sure, "{unsure} {sure}");
    let forecast = ["forecast", "orders.csv", "--covariates", "customers.csv"];
    let direct =
        folder.clv(&[&forecast[..], &["--model", "mbg-nbd", "--pool", "campaign"]].concat());
    let saved = folder.clv(&[&forecast[..], &["--model-file", "model.json"]].concat());
    assert_eq!((direct.status, saved.status), (0, 0), "{} {}", direct.stderr, saved.stderr);
    for (one, other) in rows(&direct.stdout).iter().zip(rows(&saved.stdout)).skip(1) {
        let number = |row: &Vec<&str>| row[1].parse::<f64>().expect("a number");
        assert!((number(one) - number(&other)).abs() < 1e-9, "{one:?} {other:?}");
    }
}

#[test]
fn customers_of_whom_something_is_missing_are_put_aside_and_forecast_still() {
    let gaps = table("member,age", |i| match i {
        3 => "1,".to_owned(),
        5 => "NA,30".to_owned(),
        i => format!("{},{}", i % 2, 20 + (i * 7) % 41),
    });
    // And two customers have no row at all.
    let gaps: String = gaps
        .lines()
        .filter(|line| !line.starts_with("c8,") && !line.starts_with("c9,"))
        .map(|line| format!("{line}\n"))
        .collect();
    let folder = shop(&gaps);
    let ended = fit(&folder, &["--model", "nbd"]);
    assert_eq!(ended.status, 3, "{}", ended.stderr);
    assert!(
        ended.stderr.contains("4 customers were put aside")
            && ended.stderr.contains("2 of them without a row"),
        "{}",
        ended.stderr
    );
    let answer = &json(&ended.stdout)["answer"];
    assert_eq!(
        (&answer["covariates"]["n_put_aside"], &answer["n_customers"]),
        (&4.into(), &(N - 4).into())
    );
    let forecast =
        folder.clv(&["forecast", "orders.csv", "--covariates", "customers.csv", "--model", "nbd"]);
    assert_eq!(forecast.stdout.lines().count(), N as usize + 1, "{}", forecast.stderr);
    assert!(!forecast.stdout.contains("NaN"));
}

#[test]
fn a_saved_model_says_which_columns_it_needs_and_what_it_has_not_seen() {
    let folder = shop(&member_and_age());
    fit(&folder, &["--model", "nbd", "-o", "model.json"]);
    let forecast = |covariates: &str| {
        std::fs::write(folder.path("others.csv"), covariates).expect("the file can be written");
        let words =
            ["forecast", "orders.csv", "--covariates", "others.csv", "--model-file", "model.json"];
        folder.clv(&words)
    };
    let lacking = forecast(&table("member,channel", |i| format!("{},web", i % 2)));
    assert_eq!(lacking.status, 2);
    assert!(
        lacking.stderr.contains("'age', which is no column of others.csv"),
        "{}",
        lacking.stderr
    );
    let strange = forecast(&table("member,age,channel", |i| {
        format!("{},40,{}", i % 2, if i < 3 { "moon" } else { "web" })
    }));
    assert_eq!(strange.status, 0, "{}", strange.stderr);
    assert!(strange.stderr.contains("3 customers have a text in channel"), "{}", strange.stderr);
    let text = forecast(&table("member,age,channel", |_| "yes,old,web".to_owned()));
    assert!(
        text.stderr.contains("holds text, and the model takes it as a number"),
        "{}",
        text.stderr
    );
    // By hand, names say all.
    let by_hand = r#"{"model":"nbd","time_unit":"week","parameters":{"r":0.5,"alpha":9.0,"purchase.channel=shop":0.7,"purchase.age":0.01}}"#;
    std::fs::write(folder.path("model.json"), by_hand).expect("the file can be written");
    let ended = forecast(&member_and_age());
    assert_eq!(ended.status, 0, "{}", ended.stderr);
}

/// Checks that a fit is refused with these words.
pub(crate) fn refused(covariates: &str, more: &[&str], said: &[&str]) {
    let folder = shop(covariates);
    let ended = fit(&folder, more);
    assert_eq!(ended.status, 2, "{more:?}: {} {}", ended.stdout, ended.stderr);
    assert!(ended.stderr.contains("error: ") && ended.stdout.is_empty(), "{}", ended.stderr);
    for words in said {
        assert!(ended.stderr.contains(words), "'{words}' is not in: {}", ended.stderr);
    }
}

#[test]
fn tables_and_names_that_cannot_be_used_are_refused_with_their_reason() {
    let pareto = ["--model", "pareto-nbd"];
    let plain = member_and_age();
    let with = |more: &[&'static str]| -> Vec<&'static str> { [&pareto[..], more].concat() };
    refused(
        &plain,
        &with(&["--covariates-on", "purchase.Age"]),
        &["'Age', which is no column", "member, age, channel", "did you mean age?"],
    );
    refused(
        &plain,
        &with(&["--covariates-on", "price"]),
        &["purchase, dropout or spend", "'price'"],
    );
    refused(&plain, &with(&["--constrain", "size"]), &["--constrain names 'size'"]);
    refused(&plain, &with(&["--pool", "size"]), &["--pool names 'size'"]);
    refused(&plain, &with(&["--l2=-1"]), &["L2 penalty is -1"]);
    refused(
        &plain,
        &["--model", "nbd", "--covariates-on", "dropout"],
        &["nbd knows no leaving", "member"],
    );
    refused(
        &plain,
        &["--model", "nbd", "--constrain", "member"],
        &["--constrain member", "not both"],
    );
    refused(&plain, &["--model", "blend"], &["the blend takes no covariates", "--model auto"]);
    refused(&plain, &["--model", "ziln"], &["ziln takes what first orders tell", "pareto-nbd"]);
    let constant = table("age,size", |i| format!("{},7", i % 40));
    refused(&constant, &pareto, &["size is 7 for every customer"]);
    let collinear = table("age,born,n", |i| format!("{},{},{}", 20 + i % 40, 2000 - i % 40, i % 3));
    refused(&collinear, &pareto, &["born follows from age without error"]);
    let one_level = table("age,channel", |i| format!("{},web", i % 40));
    refused(&one_level, &pareto, &["column channel", "'web' for every customer"]);
    let names = table("name", |i| format!("r{i}"));
    refused(&names, &pareto, &["column name", "400 different texts", "--pool"]);
    let twice = format!("{plain}c7,1,30,web\n");
    refused(&twice, &pareto, &["row 402", "\"c7\"", "row 9 too", "need a column 'date'"]);
    let no_id = table("age", |i| (i % 40).to_string()).replace("customer_id", "whose");
    refused(
        &no_id,
        &pareto,
        &["no column of customers' ids", "whose, age", "--columns customer_id=HEADING"],
    );
    let others = table("age", |i| (i % 40).to_string()).replace("\nc", "\nx");
    refused(&others, &pareto, &["none of the customers has a row", "\"c0\"", "\"x0\""]);
    let no_one = table("age", |_| String::new());
    refused(&no_one, &pareto, &["age"]);
    let only_ids = "customer_id\nc0\nc1\n";
    refused(only_ids, &pareto, &["no column besides the ids"]);
    let one_group = table("shop", |_| "here".to_owned());
    refused(&one_group, &with(&["--pool", "shop"]), &["nothing to pool: 1 group"]);
    let ragged = format!("{plain}c400,1\n");
    refused(&ragged, &pareto, &["row 402", "as many cells"]);
    let folder = shop(&plain);
    let lost = folder.clv(&["fit", "orders.csv", "--model", "nbd", "--pool", "age"]);
    assert!(
        lost.status == 2 && lost.stderr.contains("--pool says how covariates go"),
        "{}",
        lost.stderr
    );
    let missing = folder.clv(&["fit", "orders.csv", "--model", "nbd", "--covariates", "no.csv"]);
    assert!(
        missing.status == 2 && missing.stderr.contains("no.csv: no such file"),
        "{}",
        missing.stderr
    );
}

#[test]
fn a_trait_whose_customers_never_return_is_named_and_everyone_is_forecast() {
    // Members of the last column are exactly those who never bought again.
    let orders = orders();
    let n_orders =
        |i: u32| orders.lines().filter(|line| line.starts_with(&format!("c{i},"))).count();
    let lost = table("age,is_lost", |i| {
        format!("{},{}", i % 40, u32::from(n_orders(i) == 1 && i % 3 == 0))
    });
    let folder = shop(&lost);
    let ended = fit(&folder, &["--model", "pareto-nbd", "--covariates-on", "purchase"]);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    let answer = &json(&ended.stdout)["answer"];
    assert!(answer["warnings"].to_string().contains("purchase.is_lost"), "{}", answer["warnings"]);
    assert!(answer["standard_errors"]["purchase.is_lost"].is_null());
    assert!(answer["standard_errors"]["purchase.age"].as_f64().is_some());
}

#[test]
fn histories_and_parquet_tables_give_the_same_fit() {
    let folder = shop(&member_and_age());
    let csv = fit(&folder, &["--model", "nbd"]);
    for name in ["histories.csv", "histories.parquet"] {
        let histories = folder.clv(&["histories", "orders.csv", "-o", name]);
        assert_eq!(histories.status, 0, "{}", histories.stderr);
    }
    let words = ["fit", "histories.csv", "--covariates", "customers.csv", "--model", "nbd"];
    let of_histories = folder.clv(&words);
    assert_eq!(of_histories.status, 0, "{}", of_histories.stderr);
    let of = |ended: &Ended| json(&ended.stdout)["answer"]["log_likelihood"].as_f64();
    assert!(of(&csv).is_some() && of(&csv) == of(&of_histories));
    // A table of customers in either format: here their mean spend so far.
    let by = |table: &str| {
        let on = ["--model", "nbd", "--covariates-on", "purchase.mean_spend"];
        let ended = folder.clv(&[&["fit", "orders.csv", "--covariates", table], &on[..]].concat());
        assert_eq!(ended.status, 0, "{}", ended.stderr);
        of(&ended).expect("there is a likelihood")
    };
    assert!((by("histories.csv") - by("histories.parquet")).abs() < 1e-6);
}
