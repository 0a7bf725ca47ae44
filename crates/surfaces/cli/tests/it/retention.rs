//! Subscriptions from the command line: published fits, columns, refusals, and the figures per customer.

use std::path::PathBuf;

use serde_json::Value;

use crate::run::{Folder, rows};

const REGULAR: &str = "year,alive\n0,1000\n1,631\n2,468\n3,382\n4,326\n5,289\n6,262\n7,241\n";

const SUBSCRIPTIONS: &str = "id,start,end,price\na,2021-01-10,2021-03-10,9.5\nb,2021-01-15,,10\nc,2021-02-01,2021-02-20,10\n\
                             d,2021-02-03,2021-01-01,10\ne,nonsense,,10\nf,2021-03-01,,20\n";

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("the answer is JSON")
}

fn shared(name: &str) -> Option<String> {
    let path =
        PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../../shared/data")).join(name);
    if path.is_file() {
        return Some(path.to_string_lossy().into_owned());
    }
    println!("skipped: {name} is not at hand");
    None
}

/// Whether the answer of `clv fit` has these parameters and this log-likelihood.
fn is_fit(text: &str, parameters: &[(&str, f64)], log_likelihood: f64) {
    let answer = &json(text)["answer"];
    for (name, value) in parameters {
        let found = answer["parameters"][*name].as_f64().expect(name);
        assert!((found - value).abs() < 5e-4, "{name} is {found}, expected {value}");
        assert!(answer["standard_errors"][*name].as_f64().is_some_and(|error| error > 0.0));
    }
    let found = answer["log_likelihood"].as_f64().expect("a number");
    assert!((found - log_likelihood).abs() < 5e-4, "{found}");
    assert_eq!(answer["converged"], true);
    assert_eq!(answer["n_customers"], 1000);
    assert_eq!(answer["time_unit"], "year");
}

#[test]
fn a_table_of_survivors_gives_the_published_fits() {
    let folder = Folder::with("regular.csv", REGULAR.as_bytes());
    let sbg = folder.clv(&["fit", "regular.csv", "--model", "sbg"]);
    assert_eq!(sbg.status, 0, "{}", sbg.stderr);
    is_fit(&sbg.stdout, &[("alpha", 0.704), ("beta", 1.182)], -1680.265);
    let bdw = folder.clv(&["fit", "regular.csv", "--model", "bdw"]);
    is_fit(&bdw.stdout, &[("gamma", 0.4556), ("delta", 0.7793), ("c", 1.2835)], -1679.603);
    let answer = &json(&bdw.stdout)["answer"];
    let twelfth = &answer["curve"][11];
    assert_eq!(twelfth["renewal"], 12);
    assert!((twelfth["survival"].as_f64().expect("a number") - 0.177).abs() < 5e-4);
    assert!(twelfth["survival_seen"].is_null(), "nothing was seen of the twelfth renewal");
    let new = &answer["to_come"][0];
    // At 10 % a year, as the closed form has it for someone new.
    let discounted = new["discounted_renewals"].as_f64().expect("a number");
    assert!((discounted - 3.002_049_5).abs() < 1e-4, "{discounted}");
}

#[test]
fn several_cohorts_are_fitted_apart_and_tested_against_one_curve() {
    let both = "year,regular,high_end\n0,1000,1000\n1,631,869\n2,468,743\n3,382,653\n4,326,593\n5,289,551\n\
                6,262,517\n7,241,491\n";
    let folder = Folder::with("both.csv", both.as_bytes());
    let ended = folder.clv(&["fit", "both.csv", "--model", "sbg"]);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    let answer = &json(&ended.stdout)["answer"];
    let fits = answer["cohort_fits"].as_array().expect("each cohort has its fit");
    assert_eq!(fits.len(), 2);
    // The published fits of the two cohorts.
    let expected = [("regular", 0.704, 1.182), ("high_end", 0.668, 3.806)];
    let mut apart = 0.0;
    for (fit, (cohort, alpha, beta)) in fits.iter().zip(expected) {
        assert_eq!(fit["cohort"], cohort);
        assert!((fit["parameters"]["alpha"].as_f64().expect("a number") - alpha).abs() < 5e-4);
        assert!((fit["parameters"]["beta"].as_f64().expect("a number") - beta).abs() < 5e-4);
        apart += fit["log_likelihood"].as_f64().expect("a number");
    }
    let test = &answer["cohort_test"];
    let gained = 2.0 * (apart - answer["log_likelihood"].as_f64().expect("a number"));
    assert!((test["statistic"].as_f64().expect("a number") - gained).abs() < 1e-6);
    assert_eq!(test["degrees_of_freedom"], 2);
    assert!(test["p_value"].as_f64().expect("a number") < 1e-10);
    assert!(ended.stderr.contains("warning: the cohorts differ"), "{}", ended.stderr);
    let alone = folder.clv(&["fit", "both.csv", "--model", "sbg", "--cohort", "regular"]);
    assert!(json(&alone.stdout)["answer"]["cohort_fits"].is_null());
    assert!(!alone.stderr.contains("cohorts"), "{}", alone.stderr);
}

#[test]
fn cohorts_alike_are_told_apart_by_nothing() {
    let alike = format!(
        "year,one,two\n{}",
        REGULAR
            .lines()
            .skip(1)
            .map(|line| {
                let (year, alive) = line.split_once(',').expect("two cells");
                format!("{year},{alive},{alive}\n")
            })
            .collect::<String>()
    );
    let folder = Folder::with("alike.csv", alike.as_bytes());
    let ended = folder.clv(&["fit", "alike.csv", "--model", "bdw", "--output-format", "text"]);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    assert!(!ended.stderr.contains("the cohorts differ"), "{}", ended.stderr);
    assert!(ended.stdout.contains("cohort one alone: c 1.28"), "{}", ended.stdout);
    assert!(ended.stdout.contains("on 3 degrees of freedom, p-value 1.0000"), "{}", ended.stdout);
}

#[test]
fn percent_are_taken_of_a_stated_cohort() {
    let Some(path) = shared("contractual/foretell_customer_retention.csv") else { return };
    let folder = Folder::new();
    let words = ["fit", &path, "--model", "bdw", "--cohort", "regular", "--through", "7"];
    let assumed = folder.clv(&words);
    is_fit(&assumed.stdout, &[("gamma", 0.4556), ("delta", 0.7793), ("c", 1.2835)], -1679.603);
    assert!(assumed.stderr.contains("a cohort of 1000"), "{}", assumed.stderr);
    let point = &json(&assumed.stdout)["answer"]["curve"][11];
    let seen = point["survival_seen"].as_f64().expect("it was seen, and kept from the fit");
    assert!((seen - 0.173).abs() < 1e-9, "{seen}");
    let stated = folder.clv(&[&words[..], &["--cohort-size", "4000"]].concat());
    let (assumed, stated) = (json(&assumed.stdout), json(&stated.stdout));
    let error = |of: &Value| of["answer"]["standard_errors"]["c"].as_f64().expect("a number");
    assert!((error(&assumed) / error(&stated) - 2.0).abs() < 1e-4);
    assert_eq!(stated["answer"]["n_customers"], 4000);
    let none = folder.clv(&["fit", &path, "--model", "bdw", "--cohort", "regulr"]);
    assert_eq!(none.status, 2);
    assert!(none.stderr.contains("high_end"), "{}", none.stderr);
}

#[test]
fn single_customers_give_the_fit_of_their_cohort() {
    let Some(path) = shared("contractual/sbg_cohorts.csv") else { return };
    let folder = Folder::new();
    let words = ["fit", &path, "--model", "sbg", "--cohort", "regular", "--time-unit", "year"];
    let ended = folder.clv(&words);
    is_fit(&ended.stdout, &[("alpha", 0.704), ("beta", 1.182)], -1680.265);
    let seen = folder.clv(&["fit", &path, "--model", "kaplan-meier", "--cohort", "regular"]);
    let answer = &json(&seen.stdout)["answer"];
    let last = answer["curve"].as_array().expect("a list").last().expect("some");
    assert_eq!(last["renewal"], 7);
    assert!((last["survival"].as_f64().expect("a number") - 0.241).abs() < 1e-12);
}

#[test]
fn telecom_customers_are_read_by_tenure_and_flag() {
    let Some(path) = shared("subscriptions/Telco-Customer-Churn.csv.gz") else { return };
    let folder = Folder::new();
    let ended = folder.clv(&["fit", &path, "--model", "kaplan-meier"]);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    let answer = &json(&ended.stdout)["answer"];
    assert_eq!((&answer["n_customers"], &answer["n_lost"]), (&7043.into(), &1869.0.into()));
    assert_eq!(answer["longest_tenure"], 72);
    // Of 7,032 who were there for the first renewal 380 left at it.
    let first = answer["curve"][0]["survival"].as_f64().expect("a number");
    assert!((first - 6652.0 / 7032.0).abs() < 1e-12, "{first}");
    let value = folder.clv(&["value", &path, "--model", "bdw", "--horizon", "24mo"]);
    let table = rows(&value.stdout);
    assert_eq!(table.len() - 1, 7043, "{}", value.stderr);
    for row in &table[1..] {
        let [residual, low, high]: [f64; 3] =
            [2, 3, 4].map(|column| row[column].parse().expect("a number"));
        assert!(low <= residual && residual <= high && low >= 0.0, "{row:?}");
    }
}

#[test]
fn bad_subscriptions_are_put_aside_and_counted() {
    let folder = Folder::with("subs.csv", SUBSCRIPTIONS.as_bytes());
    let ended = folder.clv(&["forecast", "subs.csv", "--model", "sbg", "--horizon", "3mo"]);
    assert_eq!(ended.status, 3, "{}", ended.stderr);
    assert!(ended.stderr.contains("row 5, column 'end', value '2021-01-01'"), "{}", ended.stderr);
    assert!(ended.stderr.contains("row 6, column 'start', value 'nonsense'"), "{}", ended.stderr);
    let table = rows(&ended.stdout);
    assert_eq!(
        table[0],
        [
            "customer_id",
            "renewals",
            "has_left",
            "probability_next_renewal",
            "expected_renewals",
            "expected_renewals_low",
            "expected_renewals_high",
            "median_renewals"
        ]
    );
    let of: Vec<[&str; 3]> = table[1..].iter().map(|row| [row[0], row[1], row[2]]).collect();
    // As of 10 March, the last day of the file.
    assert_eq!(
        of,
        [["a", "1", "true"], ["b", "1", "false"], ["c", "0", "true"], ["f", "0", "false"]]
    );
    let expected: f64 = table[2][4].parse().expect("a number");
    assert!(expected > 0.0 && expected <= 3.0, "{expected}");
}

#[test]
fn a_price_that_does_not_read_is_put_aside_and_a_blank_one_is_unknown() {
    let lines = "id,tenure,churn,price\n1,3,No,abc\n2,5,Yes,\n3,4,No,7\n4,1,Yes,9\n";
    let folder = Folder::with("subs.csv", lines.as_bytes());
    let ended = folder.clv(&["value", "subs.csv", "--model", "sbg"]);
    assert_eq!(ended.status, 3, "{}", ended.stderr);
    assert!(ended.stderr.contains("row 2, column 'price', value 'abc'"), "{}", ended.stderr);
    let table = rows(&ended.stdout);
    let ids: Vec<&str> = table[1..].iter().map(|row| row[0]).collect();
    assert_eq!((ids, table[1][2]), (vec!["2", "3", "4"], ""));
}

#[test]
fn lines_of_json_are_read_like_a_table() {
    let folder =
        Folder::with("subs.csv", b"id,start,end\n1,2021-01-10,2021-03-10\n2,2021-01-15,\n");
    let lines = "{\"id\":\"1\",\"start\":\"2021-01-10\",\"end\":\"2021-03-10\"}\n\
                 {\"id\":\"2\",\"start\":\"2021-01-15\",\"end\":null}\n";
    std::fs::write(folder.path("subs.ndjson"), lines).expect("the file can be written");
    let forecast = |name: &str| folder.clv(&["forecast", name, "--model", "sbg"]);
    let (csv, json) = (forecast("subs.csv"), forecast("subs.ndjson"));
    assert_eq!((csv.status, &csv.stdout), (0, &json.stdout), "{}", json.stderr);
}

#[test]
fn values_are_prices_times_renewals() {
    let folder = Folder::with("subs.csv", SUBSCRIPTIONS.as_bytes());
    let hand =
        r#"{"model": "sbg", "time_unit": "month", "parameters": {"alpha": 1.0, "beta": 1.0}}"#;
    std::fs::write(folder.path("hand.json"), hand).expect("the file can be written");
    let words = [
        "value",
        "subs.csv",
        "--model-file",
        "hand.json",
        "--amount-column",
        "price",
        "--horizon",
        "2mo",
        "--discount-rate",
        "0",
    ];
    let ended = folder.clv(&words);
    let table = rows(&ended.stdout);
    let number =
        |row: usize, column: usize| -> f64 { table[row][column].parse().expect("a number") };
    // With both shapes 1, S(t) = 1 / (t + 1): one renewal made, the next two come with 2/3 and 2/4.
    assert!((number(2, 2) - 10.0 * (2.0 / 3.0 + 2.0 / 4.0)).abs() < 1e-9, "{:?}", table[2]);
    assert!((number(4, 2) - 20.0 * (1.0 / 2.0 + 1.0 / 3.0)).abs() < 1e-9, "{:?}", table[4]);
    // Two periods paid at 9.50, then left.
    assert!((number(1, 1) - 19.0).abs() < 1e-9 && number(1, 2).abs() < 1e-12);
    let discounted = folder.clv(&[&words[..8], &["--discount-rate", "0.1"]].concat());
    let residual: f64 = rows(&discounted.stdout)[2][2].parse().expect("a number");
    // The next renewal is due on the 15th, five of the month's 28 days from now.
    let month = 1.1_f64.powf(1.0 / 12.0);
    let by_hand = 10.0 * month.powf(-5.0 / 28.0) * (2.0 / 3.0 + 0.5 / month);
    assert!((residual - by_hand).abs() < 1e-9, "{residual}, not {by_hand}");
}

#[test]
fn rates_of_contracts_are_exact_by_month() {
    let folder = Folder::with("subs.csv", SUBSCRIPTIONS.as_bytes());
    let answer_of = |name: &str| {
        let ended = folder.clv(&["metric", name, "subs.csv"]);
        assert_eq!(ended.status, 3, "{}", ended.stderr);
        json(&ended.stdout)["answer"].clone()
    };
    let renewal = answer_of("renewal-rate");
    assert_eq!(renewal["setting"], "contractual");
    // February: a and b renew, c does not. March is not over.
    assert_eq!(renewal["period"], "2021-02");
    assert!((renewal["value"].as_f64().expect("a number") - 2.0 / 3.0).abs() < 1e-15);
    assert_eq!(renewal["by_period"][0]["n"], 3.0);
    let retention = answer_of("retention-rate");
    let march = &retention["by_period"][2];
    // Two at the start, one of whom leaves; one begins: (2 - 1) / 2.
    assert_eq!(
        (&march["n"], &march["new"], &march["end"]),
        (&2.0.into(), &1.0.into(), &2.0.into())
    );
    assert!((march["rate"].as_f64().expect("a number") - 0.5).abs() < 1e-15);
}

#[test]
fn what_is_no_subscription_or_could_be_two_things_is_refused_with_a_hint() {
    for (name, text, said) in [
        ("grows.csv", "age,alive\n0,100\n1,80\n2,81\n", "row 4, column alive"),
        ("gap.csv", "age,alive\n0,100\n2,80\n", "without a gap"),
        ("headless.csv", "age,alive\n1,100\n2,80\n", "age 0"),
        ("both.csv", "id,start,end,tenure,churn\n1,2021-01-01,,3,No\n", "dates and tenures"),
        ("orders.csv", "customer,date,amount\na,2021-01-01,5\n", "no subscriptions"),
        (
            "days.csv",
            "id,start,end\n1,03/04/2021,05/06/2021\n2,04/05/2021,\n",
            "--date-format settles it",
        ),
        ("nobody.csv", "id,start,end\n1,x,\n2,y,\n", "no cell of the column reads as a date"),
    ] {
        let folder = Folder::with(name, text.as_bytes());
        let ended = folder.clv(&["fit", name, "--model", "bdw"]);
        assert_eq!(ended.status, 2, "{name}: {}", ended.stderr);
        assert!(ended.stderr.contains(said), "{name}: {}", ended.stderr);
        assert!(ended.stderr.contains("hint: "), "{name}: {}", ended.stderr);
    }
}

#[test]
fn a_saved_curve_scores_like_the_fit_it_is_of() {
    let folder =
        Folder::with("subs.csv", "id,tenure,left\n1,3,1\n2,8,0\n3,1,1\n4,5,0\n5,2,1\n".as_bytes());
    let base = ["--columns", "customer_id=id,tenure=tenure,churned=left"];
    let fit = [&["fit", "subs.csv", "--model", "sbg", "-o", "model.json"], &base[..]].concat();
    assert_eq!(folder.clv(&fit).status, 0);
    let now = folder.clv(&[&["forecast", "subs.csv", "--model", "sbg"], &base[..]].concat());
    let saved =
        folder.clv(&[&["forecast", "subs.csv", "--model-file", "model.json"], &base[..]].concat());
    assert_eq!(now.status, 0, "{}", now.stderr);
    assert_eq!(now.stdout, saved.stdout);
}

#[test]
fn donors_are_fitted_by_period_from_their_summary() {
    let Some(path) = shared("donations/donations_summary.csv") else { return };
    let folder = Folder::new();
    let words = ["fit", &path, "--model", "bg-bb", "--time-unit", "year"];
    let ended = folder.clv(&words);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    let answer = &json(&ended.stdout)["answer"];
    for (name, value) in
        [("alpha", 1.20352), ("beta", 0.74972), ("gamma", 0.65672), ("delta", 2.7834)]
    {
        let found = answer["parameters"][name].as_f64().expect(name);
        assert!((found / value - 1.0).abs() < 1e-4, "{name} is {found}, expected {value}");
    }
    let log_likelihood = answer["log_likelihood"].as_f64().expect("a number");
    assert!((log_likelihood + 33_225.581_3).abs() < 1e-3, "{log_likelihood}");
    assert_eq!(answer["n_customers"], 11_104);
    let forecast = folder.clv(&[
        "forecast",
        &path,
        "--model",
        "bg-bb",
        "--time-unit",
        "year",
        "--horizon",
        "5y",
    ]);
    let alive: f64 = rows(&forecast.stdout)[1][4].parse().expect("a number");
    assert!((alive - 0.108).abs() < 5e-4, "{alive}");
}

#[test]
fn orders_are_counted_by_period_for_models_of_whole_periods() {
    let folder = Folder::new();
    let sample = crate::run::SAMPLE;
    let words =
        ["fit", sample, "--model", "bg-bb", "--time-unit", "month", "--until", "1997-09-30"];
    let ended = folder.clv(&words);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    assert!(ended.stderr.contains("not over by the end of the data"), "{}", ended.stderr);
    let answer = &json(&ended.stdout)["answer"];
    assert_eq!((&answer["n_customers"], &answer["converged"]), (&2357.into(), &true.into()));
    let days = folder.clv(&["histories", sample, "-o", "h.csv"]);
    assert_eq!(days.status, 0);
    let refused = folder.clv(&["fit", "h.csv", "--model", "bg-bb"]);
    assert_eq!(refused.status, 2, "{}", refused.stdout);
    assert!(refused.stderr.contains("whole periods"), "{}", refused.stderr);
}

/// 300 subscriptions of two plans, one of which is left twice as readily; months from 2021 on.
fn two_plans() -> Folder {
    let (mut text, mut traits) =
        ("id,start,end\n".to_owned(), "customer_id,plan,seats\n".to_owned());
    for i in 0..300_u32 {
        let is_annual = i % 2 == 0;
        // Lifetimes in months, spread over customers, nearly twice as long for the annual plan.
        let stays = (i * 7 % 23) * if is_annual { 2 } else { 1 } + 1;
        let month = |n: u32| format!("{}-{:02}-10", 2021 + n / 12, n % 12 + 1);
        let begun = i % 12;
        let end = if begun + stays < 24 { month(begun + stays) } else { String::new() };
        text.push_str(&format!("s{i},{},{end}\n", month(begun)));
        let plan = if is_annual { "annual" } else { "monthly" };
        traits.push_str(&format!("s{i},{plan},{}\n", 1 + i % 5));
    }
    let folder = Folder::with("subscriptions.csv", text.as_bytes());
    std::fs::write(folder.path("traits.csv"), traits).expect("the file can be written");
    folder
}

#[test]
fn what_is_known_of_subscribers_acts_on_their_leaving() {
    let folder = two_plans();
    let words = ["subscriptions.csv", "--until", "2022-12-31", "--time-unit", "month"];
    let with = ["--covariates", "traits.csv"];
    for model in ["sbg", "bdw"] {
        let fit = ["-o", "model.json", "--model", model];
        let ended = folder.clv(&[&["fit"], &words[..], &with[..], &fit[..]].concat());
        assert_eq!(ended.status, 0, "{}", ended.stderr);
        let saved = std::fs::read_to_string(folder.path("model.json")).expect("it was written");
        let answer = &json(&saved)["answer"];
        let effect = |name: &str| answer["parameters"][name].as_f64().expect(name);
        // The annual plan is what the other is compared with, or the other way round.
        let monthly = answer["parameters"]["dropout.plan=monthly"].as_f64();
        let monthly = monthly.unwrap_or_else(|| -effect("dropout.plan=annual"));
        assert!((0.2..2.0).contains(&monthly), "{model}: {answer}");
        let test = &answer["covariates"]["tests"][0];
        assert!(test["degrees_of_freedom"] == 2 && test["p_value"].as_f64() < Some(0.01), "{test}");
        let forecast = |more: &[&str]| {
            let ended = folder.clv(&[&["forecast"], &words[..], &with[..], more].concat());
            assert_eq!(ended.status, 0, "{}", ended.stderr);
            ended.stdout
        };
        let (direct, again) =
            (forecast(&["--model", model]), forecast(&["--model-file", "model.json"]));
        assert_eq!(direct.lines().count(), 301);
        for (one, other) in rows(&direct).iter().zip(rows(&again)).skip(1) {
            let number = |row: &Vec<&str>| row[4].parse::<f64>().expect("a number");
            assert!((number(one) - number(&other)).abs() < 1e-9, "{one:?}");
        }
        let bare =
            folder.clv(&[&["forecast"], &words[..], &["--model-file", "model.json"]].concat());
        assert!(
            bare.status == 2 && bare.stderr.contains("knows who customers are"),
            "{}",
            bare.stderr
        );
    }
}

#[test]
fn cohorts_of_survivors_may_have_traits_too() {
    let cohorts = "year,young,old\n0,1000,1000\n1,631,869\n2,468,743\n3,382,653\n4,326,593\n";
    let folder = Folder::with("survivors.csv", cohorts.as_bytes());
    std::fs::write(folder.path("traits.csv"), "customer_id,is_old\nyoung,0\nold,1\n")
        .expect("the file can be written");
    let words = ["fit", "survivors.csv", "--covariates", "traits.csv", "--model", "sbg"];
    let ended = folder.clv(&words);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    let answer = &json(&ended.stdout)["answer"];
    assert_eq!(answer["n_customers"], 2000);
    let effect = answer["parameters"]["dropout.is_old"].as_f64().expect("there is an effect");
    let error = answer["standard_errors"]["dropout.is_old"].as_f64().expect("and its error");
    assert!(effect < -5.0 * error && error < 0.1, "{effect} {error}");
}

#[test]
fn covariates_that_renewals_do_not_take_are_refused() {
    let folder = two_plans();
    let words = ["fit", "subscriptions.csv", "--until", "2022-12-31", "--covariates", "traits.csv"];
    for (more, said) in [
        (&["--model", "sbg", "--covariates-on", "purchase"][..], "act on leaving only"),
        (&["--model", "sbg", "--pool", "plan"], "act on leaving only"),
        (&["--model", "bdw", "--l2", "1"], "act on leaving only"),
        (&["--model", "bdw", "--covariates-on", "dropout.size"], "'size', which is no column"),
        (&["--model", "kaplan-meier"], "takes no covariates"),
    ] {
        let ended = folder.clv(&[&words[..], more].concat());
        assert!(ended.status == 2 && ended.stderr.contains(said), "{more:?}: {}", ended.stderr);
    }
}
