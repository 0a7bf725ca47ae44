//! `clv fit --posterior`, and forecasts that carry what it found.

use serde_json::Value;

use crate::run::{Folder, SAMPLE, rows};

fn saved(folder: &Folder, name: &str) -> Value {
    let text = std::fs::read_to_string(folder.path(name)).expect("the model was saved");
    let json: Value = serde_json::from_str(&text).expect("it is JSON");
    json["answer"].clone()
}

#[test]
fn draws_are_saved_with_the_model_and_the_seed_decides_them() {
    let folder = Folder::new();
    let fit = |way: &str, seed: &str, name: &str| {
        let words = ["fit", SAMPLE, "--model", "bg-nbd", "--posterior", way];
        let more = ["--draws", "60", "--seed", seed, "-o", name];
        let ended = folder.clv(&[&words[..], &more[..]].concat());
        assert_eq!(ended.status, 0, "{}", ended.stderr);
        saved(&folder, name)
    };
    let fast = fit("fast", "3", "fast.json");
    let posterior = &fast["posterior"];
    assert_eq!(posterior["method"], "importance");
    assert_eq!(posterior["n_draws"], 60);
    assert!(posterior["k_hat"].as_f64().expect("a number") < 0.7);
    assert_eq!(posterior["draws"].as_array().expect("an array").len(), 60);
    for name in ["r", "alpha", "a", "b"] {
        let of = &posterior["parameters"][name];
        let number = |field: &str| of[field].as_f64().expect(field);
        assert!(number("quantile_5") < number("quantile_50"));
        assert!(number("quantile_50") < number("quantile_95"));
        assert!(number("sd") > 0.0 && number("ess_bulk") > 50.0 && number("ess_tail") > 20.0);
        let value = fast["parameters"][name].as_f64().expect("a number");
        assert!(number("quantile_5") < value && value < number("quantile_95"), "{name}");
    }
    assert_eq!(fast["spend"]["posterior"]["n_draws"], 60);
    assert_eq!(fit("fast", "3", "again.json")["posterior"], fast["posterior"]);
    assert_ne!(fit("fast", "4", "other.json")["posterior"]["draws"], posterior["draws"]);
    let nuts = fit("nuts", "3", "nuts.json");
    assert_eq!(nuts["posterior"]["method"], "nuts");
    assert!(nuts["posterior"]["parameters"]["r"]["r_hat"].as_f64().expect("a number") < 1.2);
    let bootstrap = fit("bootstrap", "3", "bootstrap.json");
    assert_eq!(bootstrap["posterior"]["method"], "bootstrap");
    assert!(bootstrap["posterior"]["k_hat"].is_null());
}

#[test]
fn forecasts_with_saved_draws_keep_their_centre_and_are_no_surer() {
    // Few customers, so that the parameters are uncertain.
    let mut orders = String::from("customer_id,date,amount\n");
    let mut state = 7u64;
    let mut next = |below: u64| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    for customer in 0..40 {
        for _ in 0..1 + next(5) {
            let (month, day) = (1 + next(12), 1 + next(28));
            orders += &format!("c{customer},2023-{month:02}-{day:02},{}\n", 10 + next(90));
        }
    }
    let folder = Folder::with("orders.csv", orders.as_bytes());
    let fit = ["fit", "orders.csv", "--model", "nbd"];
    assert_eq!(folder.clv(&[&fit[..], &["-o", "plain.json"]].concat()).status, 0);
    let drawn = [&fit[..], &["--posterior", "fast", "--draws", "200", "-o", "drawn.json"]].concat();
    assert_eq!(folder.clv(&drawn).status, 0);
    let value = |model: &str| {
        let words = ["value", "orders.csv", "--model-file", model, "--output-format", "csv"];
        let ended = folder.clv(&words);
        assert_eq!(ended.status, 0, "{}", ended.stderr);
        let table = rows(&ended.stdout);
        let column = |name: &str| -> f64 {
            let at = table[0].iter().position(|heading| *heading == name).expect(name);
            table[1..].iter().map(|row| row[at].parse::<f64>().expect("a number")).sum()
        };
        (column("residual_value"), column("residual_value_high_90"))
    };
    let (plain, drawn) = (value("plain.json"), value("drawn.json"));
    assert!((plain.0 / drawn.0 - 1.0).abs() < 1e-9, "{plain:?} {drawn:?}");
    assert!(drawn.1 > plain.1 * 1.0005, "{plain:?} {drawn:?}");
    let forecast = folder.clv(&[
        "forecast",
        "orders.csv",
        "--model-file",
        "drawn.json",
        "--output-format",
        "csv",
    ]);
    assert_eq!(forecast.status, 0, "{}", forecast.stderr);
    for row in &rows(&forecast.stdout)[1..] {
        let [expected, low, high] = [1, 2, 3].map(|at| row[at].parse::<f64>().expect("a number"));
        assert!(low <= expected.ceil() && high >= expected.floor(), "{row:?}");
    }
}

#[test]
fn levels_that_holdouts_taught_hold_with_saved_draws_too() {
    let folder = Folder::new();
    let words = ["fit", SAMPLE, "--model", "auto", "--posterior", "fast", "--draws", "100"];
    let ended = folder.clv(&[&words[..], &["--seed", "1", "-o", "model.json"]].concat());
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    let whole = saved(&folder, "model.json");
    assert_eq!(whole["posterior"]["n_draws"], 100);
    let levels = whole["interval_levels"]["purchases_80"].as_array().expect("they were learnt");
    assert_eq!(levels.len(), 10);
    let width = |change: &dyn Fn(&mut Value)| -> f64 {
        let mut model = whole.clone();
        change(&mut model);
        std::fs::write(folder.path("part.json"), model.to_string()).expect("it can be written");
        let words = ["forecast", SAMPLE, "--model-file", "part.json", "--output-format", "csv"];
        let ended = folder.clv(&words);
        assert_eq!(ended.status, 0, "{}", ended.stderr);
        let table = rows(&ended.stdout);
        let number = |row: &[&str], at: usize| row[at].parse::<f64>().expect("a number");
        table[1..].iter().map(|row| number(row, 3) - number(row, 2)).sum()
    };
    let raise = |model: &mut Value| {
        model["interval_levels"]["purchases_80"] = vec![0.95; 10].into();
    };
    let drop_draws = |model: &mut Value| {
        model.as_object_mut().expect("an object").remove("posterior");
    };
    let (as_learnt, raised) = (width(&|_| ()), width(&raise));
    assert!(raised > 1.2 * as_learnt, "levels hold with draws: {raised} {as_learnt}");
    let without_draws = width(&|model| {
        raise(model);
        drop_draws(model);
    });
    // With thousands of customers draws and the curvature of the likelihood say the same.
    assert!((raised / without_draws - 1.0).abs() < 0.01, "{raised} {without_draws}");
}

#[test]
fn draws_of_other_parameters_are_refused() {
    let broken = r#"{"model": "nbd", "time_unit": "week", "parameters": {"r": 0.6, "alpha": 10.0},
        "posterior": {"method": "importance", "n_draws": 1, "seed": 1, "draw_order": ["r", "beta"],
        "draws": [[0.6, 10.0]]}}"#;
    let folder = Folder::with("broken.json", broken.as_bytes());
    let ended = folder.clv(&["forecast", SAMPLE, "--model-file", "broken.json"]);
    assert_eq!(ended.status, 2);
    assert!(ended.stderr.contains("draws of r, beta; expected r, alpha"), "{}", ended.stderr);
    let negative = broken.replace("beta", "alpha").replace("[[0.6, 10.0]]", "[[0.6, -1.0]]");
    std::fs::write(folder.path("negative.json"), negative).expect("the file can be written");
    let ended = folder.clv(&["forecast", SAMPLE, "--model-file", "negative.json"]);
    assert_eq!(ended.status, 2);
    assert!(ended.stderr.contains("draw (row 1)"), "{}", ended.stderr);
}
