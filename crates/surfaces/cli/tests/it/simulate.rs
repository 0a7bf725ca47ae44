//! Made-up shops: whole folders, the same each time, and orders that the other verbs read.

use crate::run::Folder;

#[test]
fn a_simulated_shop_is_the_same_each_time_and_can_be_analysed() {
    let folder = Folder::new();
    let words = ["simulate", "--shop", "--customers", "300", "--seed", "7", "-o"];
    for name in ["first", "second"] {
        let ended = folder.clv(&[&words[..], &[name]].concat());
        assert_eq!(ended.status, 0, "{}", ended.stderr);
    }
    for file in ["orders.csv", "order_lines.csv", "tickets.csv", "truth/customers.csv"] {
        let read = |name: &str| std::fs::read(folder.path(name).join(file)).expect("it is there");
        assert!(read("first") == read("second"), "{file}");
    }
    let ended = folder.clv(&["histories", "first/orders.csv", "--output-format", "csv"]);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    assert_eq!(ended.stdout.lines().count(), 301);
}

#[test]
fn a_simulated_model_is_found_again_by_its_fit() {
    let folder = Folder::new();
    let ended = folder.clv(&[
        "simulate",
        "--model",
        "pareto-nbd",
        "--parameters",
        "r=0.8,beta=20",
        "--customers",
        "6000",
        "-o",
        "made",
    ]);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    let ended = folder.clv(&["fit", "made/orders.csv", "--model", "pareto-nbd"]);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    let fit: serde_json::Value = serde_json::from_str(&ended.stdout).expect("it is JSON");
    let parameter = |name: &str| {
        let of = |group: &str| fit["answer"][group][name].as_f64().expect("it is a number");
        (of("parameters"), of("standard_errors"))
    };
    // Orders carry whole days, which moves parameters by a few hundredths.
    for (name, truth) in [("r", 0.8), ("alpha", 10.0)] {
        let (value, error) = parameter(name);
        assert!((value - truth).abs() < 4.0 * error + 0.05 * truth, "{name}: {value} ({error})");
    }
}

#[test]
fn what_cannot_be_made_up_is_refused_and_leaves_nothing() {
    let folder = Folder::new();
    for words in [
        vec!["simulate", "--model", "nbd", "--parameters", "q=1", "-o", "out"],
        vec!["simulate", "--model", "nbd", "--parameters", "r=-1", "-o", "out"],
        vec!["simulate", "--shop", "--customers", "0", "-o", "out"],
        vec!["simulate", "--shop", "--period", "200y", "-o", "out"],
        vec!["simulate", "--shop", "--start", "yesterday", "-o", "out"],
        vec!["simulate", "--shop", "-o", "nowhere/out"],
    ] {
        let ended = folder.clv(&words);
        assert_eq!(ended.status, 2, "{words:?}: {}", ended.stderr);
        assert!(folder.names().is_empty(), "{words:?}: {:?}", folder.names());
    }
    std::fs::create_dir(folder.path("full")).expect("it can be made");
    std::fs::write(folder.path("full").join("orders.csv"), "mine").expect("it can be written");
    let ended = folder.clv(&["simulate", "--shop", "--customers", "5", "-o", "full"]);
    assert_eq!(ended.status, 2);
    assert!(ended.stderr.contains("not an empty folder"), "{}", ended.stderr);
}
