//! However the program is called wrongly, it says what is wrong, where, what was expected, and what to try.

use crate::run::Folder;

const ORDERS: &str = "customer_id,ordered_at,amount\n1,2024-01-02,10\n1,2024-02-02,12\n1,2024-03-05,9\n2,2024-01-05,20\n\
                      2,2024-02-20,25\n3,2024-01-09,5\n4,2024-02-11,50\n4,2024-03-11,45\n5,2024-03-01,7\n";
const TWICE: &str =
    "customer_id,repeat_purchases,last_purchase_age,age\n1,2,10,20\n2,0,0,5\n1,1,3,20\n";
const MODEL: &str = r#"{"model":"pareto-nbd","time_unit":"week","parameters":{"r":0.5,"alpha":10,"s":0.6,"beta":11}}"#;
const FOO: &str = r#"{"model":"foo","time_unit":"week","parameters":{}}"#;

fn folder() -> Folder {
    let folder = Folder::with("o.csv", ORDERS.as_bytes());
    for (name, text) in [
        ("twice.csv", TWICE),
        ("m.json", MODEL),
        ("bad.json", "not json"),
        ("foo.json", FOO),
        ("nothing.csv", ""),
    ] {
        std::fs::write(folder.path(name), text).expect("the file can be written");
    }
    std::fs::create_dir(folder.path("empty")).expect("the folder can be made");
    folder
}

/// Checks calls that cannot run: the message holds each of the words, a hint follows, nothing is left behind.
fn check(status: i32, calls: &[(&str, &[&str])]) {
    let folder = folder();
    let before = folder.names();
    for (call, said) in calls {
        let words: Vec<&str> = call.split(' ').filter(|word| !word.is_empty()).collect();
        let ended = folder.clv(&words);
        let told = &ended.stderr;
        assert_eq!(ended.status, status, "clv {call}: {told}");
        assert!(ended.stdout.is_empty(), "clv {call} has nothing to say on stdout");
        assert!(told.contains("error: "), "clv {call}: {told}");
        assert!(told.contains("\nhint: "), "clv {call} gives no hint: {told}");
        assert!(!told.contains("as a value, use '--"), "clv {call} misleads: {told}");
        for words in *said {
            assert!(told.contains(words), "clv {call}: '{words}' is not in: {told}");
        }
    }
    assert_eq!(folder.names(), before, "a refusal leaves nothing behind");
}

#[test]
fn numbers_that_cannot_be_are_refused_with_what_was_expected() {
    check(
        2,
        &[
            ("value o.csv --discount-rate -0.1", &["discount rate -0.1", "from 0 up"]),
            ("value o.csv --discount-rate nan", &["discount rate NaN"]),
            ("value o.csv --discount-rate inf", &["discount rate inf"]),
            ("value o.csv --discount-rate ten", &["--discount-rate is 'ten'", "a number"]),
            ("value o.csv --definition gross-margin --margin-ratio -1", &["--margin-ratio is -1"]),
            ("value o.csv --definition gross-margin --margin-ratio 3", &["a share from 0 to 1"]),
            (
                "value o.csv --definition contribution --margin-ratio 0.3 --cost-per-order -3",
                &["--cost-per-order is -3", "from 0 up"],
            ),
            ("metric simple-lifetime-value o.csv --lifespan-years -1", &["--lifespan-years is -1"]),
            ("metric simple-lifetime-value o.csv --margin-ratio nan", &["--margin-ratio is NaN"]),
            ("metric simple-lifetime-value o.csv --discount-rate -0.5", &["discount rate -0.5"]),
            ("forecast o.csv --seed -1", &["--seed is '-1'", "a whole number from 0 up"]),
            ("forecast o.csv --seed 1.5", &["--seed is '1.5'", "a whole number from 0 up"]),
            ("histories o.csv --threads 0", &["--threads is 0", "1 to 4096"]),
            ("histories o.csv --threads -2", &["--threads is '-2'", "a whole number"]),
            ("histories o.csv --memory-limit -5M", &["--memory-limit is '-5M'", "a size"]),
            ("histories o.csv --memory-limit lots", &["--memory-limit is 'lots'"]),
            ("fit o.csv --posterior fast --draws 0", &["--draws is '0'", "1..=100000"]),
            ("fit o.csv --model sbg --cohort-size -5", &["--cohort-size is -5", "above 0"]),
            ("backtest o.csv --origins 0", &["--origins is 0", "at least 1"]),
            ("simulate --shop --customers 0 -o made", &["--customers is 0", "at least 1"]),
            ("simulate --shop --customers -5 -o made", &["--customers is '-5'"]),
            ("simulate --model pareto-nbd --parameters r=-1 -o made", &["parameter r", "above 0"]),
            ("simulate --model pareto-nbd --parameters q=1 -o made", &["q=1", "r, alpha, s, beta"]),
        ],
    );
}

#[test]
fn times_that_cannot_be_are_refused_with_what_was_expected() {
    check(
        2,
        &[
            ("forecast o.csv --horizon -5d", &["--horizon: '-5d'", "above 0", "39w"]),
            ("forecast o.csv --horizon 0w", &["--horizon: '0w'", "above 0"]),
            ("forecast o.csv --horizon 5", &["--horizon: '5'", "with its unit"]),
            ("forecast o.csv --horizon soon", &["--horizon: 'soon'"]),
            ("histories o.csv --time-unit fortnight", &["--time-unit: 'fortnight'", "week"]),
            ("histories o.csv --until yesterday", &["--until is 'yesterday'", "year-month-day"]),
            ("histories o.csv --until -1", &["--until is '-1'", "year-month-day"]),
            ("histories o.csv --until 2001-01-01", &["2001-01-01", "begin on 2024-01-02"]),
            ("histories o.csv --as-of 2001-01-01", &["all 9 rows", "later day for --as-of"]),
            ("histories o.csv --as-of 2030-99-01", &["--as-of is '2030-99-01'"]),
            ("backtest o.csv --until 2001-01-01", &["2001-01-01", "begin on 2024-01-02"]),
            ("backtest o.csv --horizon 20y", &["too short", "2024-01-02", "2024-03-11"]),
            ("simulate --shop --start never -o made", &["--start is 'never'"]),
            ("simulate --shop --period 0d -o made", &["--period: '0d'"]),
            ("simulate --shop --period 900y -o made", &["--period is 900y", "a century at most"]),
            ("fit o.csv --campaign x", &["--campaign is 'x'", "NAME=FROM..TO"]),
        ],
    );
}

#[test]
fn files_that_cannot_be_read_or_written_are_named() {
    check(
        2,
        &[
            ("report missing.csv", &["missing.csv: no such file"]),
            ("report -", &["standard input is not read"]),
            ("report none*.csv", &["none*.csv: no readable file"]),
            ("report empty", &["empty: no readable file", "parquet"]),
            ("report nothing.csv", &["nothing.csv: the file is empty"]),
            ("report o.csv o.csv", &["o.csv is named twice"]),
            ("report o.csv -o nowhere/r.html", &["nowhere/r.html", "folder does not exist"]),
            ("report o.csv -o empty", &["empty: cannot be written: it is a folder"]),
            ("report o.csv -o r.xyz", &["r.xyz", "expected html"]),
            ("histories o.csv -o h.xyz", &["h.xyz", "parquet"]),
            ("histories o.csv -o o.csv", &["o.csv is an input"]),
            ("demo -o nowhere/d.html", &["nowhere/d.html", "folder does not exist"]),
            ("forecast o.csv --model-file missing.json", &["missing.json: no such file"]),
            ("forecast o.csv --model-file bad.json", &["bad.json: not a saved model"]),
            ("forecast o.csv --model-file foo.json", &["there is no purchase model 'foo'"]),
            ("forecast o.csv --model-file empty", &["empty: cannot be read", "it is a folder"]),
            ("fit o.csv --card --model-file missing.json", &["missing.json: no such file"]),
            (
                "fit o.csv --model pareto-nbd --covariates missing.csv",
                &["missing.csv: no such file"],
            ),
            (
                "forecast twice.csv --model-file m.json",
                &["row 4, column customer_id: \"1\"", "stands in row 2 of twice.csv too"],
            ),
            ("simulate --shop -o o.csv", &["o.csv: is not an empty folder"]),
        ],
    );
}

#[test]
fn names_that_nobody_knows_are_met_with_those_that_are_known() {
    check(
        2,
        &[
            ("frobnicate", &["'frobnicate'"]),
            ("report", &["no path was typed", "clv import"]),
            ("forecast o.csv --modle x", &["--modle", "--model"]),
            ("forecast o.csv --model", &["--model <ID>"]),
            ("fit o.csv --model nope", &["'nope'", "pareto-nbd", "blend"]),
            ("backtest o.csv --models foo,bar", &["'foo'", "bg-nbd"]),
            ("value o.csv --spend-model foo", &["'foo'", "gamma-gamma"]),
            ("value o.csv --definition profit", &["'profit'", "net-sales"]),
            ("value o.csv --definition gross-margin", &["--margin-ratio", "not given"]),
            ("histories o.csv --output-format xml", &["'xml'", "ndjson"]),
            ("histories o.csv --from shopify", &["\"shopify\"", "shopify-orders"]),
            ("histories o.csv --columns customer_id=who", &["\"who\"", "ordered_at"]),
            ("histories o.csv --columns who=amount", &["\"who\"", "customer_id"]),
            ("histories o.csv --columns customer_id", &["'customer_id'", "ROLE=HEADING"]),
            ("fit o.csv --season winter", &["'winter'", "month"]),
            ("report o.csv --title", &["'--title'"]),
            ("forecast o.csv --model pareto-nbd --cohort x", &["--cohort is about subscriptions"]),
            ("fit o.csv --model bg-nbd --through 3", &["--through is about subscriptions"]),
            ("value o.csv --cohort-size 5", &["--cohort-size is about subscriptions"]),
            ("simulate --model auto -o made", &["'auto'", "bg-bb"]),
            ("fit o.csv --model sbg", &["o.csv: no subscriptions", "found customer_id"]),
            ("completions csh", &["'csh'", "bash"]),
            ("simulate", &["--output <FOLDER>"]),
        ],
    );
    check(
        4,
        &[("metric foo o.csv", &["'foo'", "simple-lifetime-value"]), ("explain foo", &["'foo'"])],
    );
}
