//! Random customers of eight models against values of high precision, made by golden/make_fifty_digits.py.

use clv_models::PurchaseHistory;
use clv_models::catalogue::purchase_model;

/// One line of the file.
struct Case {
    line: String,
    id: String,
    parameters: Vec<f64>,
    history: PurchaseHistory,
    horizon: f64,
    ln_likelihood: f64,
    probability_alive: f64,
    expected_future_purchases: f64,
}

fn cases() -> Vec<Case> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../golden/fifty_digits.csv");
    let text = std::fs::read_to_string(path).unwrap();
    let read = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        let number = |k: usize| -> f64 { fields[k].parse().unwrap() };
        let history =
            PurchaseHistory::new(fields[2].parse().unwrap(), number(3), number(4)).unwrap();
        let history = match fields[5] {
            "" => history,
            _ => history.with_sum_ln_interpurchase_times(number(5)).unwrap(),
        };
        Case {
            line: line.to_owned(),
            id: fields[0].to_owned(),
            parameters: fields[1].split(' ').map(|value| value.parse().unwrap()).collect(),
            history,
            horizon: number(6),
            ln_likelihood: number(7),
            probability_alive: number(8),
            expected_future_purchases: number(9),
        }
    };
    text.lines().skip(1).map(read).collect()
}

#[test]
fn two_thousand_random_customers_agree_with_fifty_digits_to_eight() {
    let (mut wrong, mut n_cases) = (Vec::new(), 0);
    let mut worst: std::collections::BTreeMap<String, [f64; 3]> = std::collections::BTreeMap::new();
    for case in cases() {
        let model = (purchase_model(&case.id).unwrap().build)(&case.parameters).unwrap();
        let found = [
            model.ln_likelihood(&case.history),
            model.probability_alive(&case.history),
            model.expected_future_purchases(&case.history, case.horizon),
        ];
        let expected = [case.ln_likelihood, case.probability_alive, case.expected_future_purchases];
        // A log-likelihood may be next to 0. What is below 1e-290 has fewer digits in binary64.
        let scales = [expected[0].abs().max(1.0), expected[1].max(1e-290), expected[2].max(1e-290)];
        let worst = worst.entry(case.id.clone()).or_default();
        for k in 0..3 {
            let error = (found[k] - expected[k]).abs() / scales[k];
            worst[k] = worst[k].max(error);
            if error.is_nan() || error > 1e-8 {
                wrong.push(format!("{error:e}: {} of {}", found[k], case.line));
            }
        }
        n_cases += 1;
    }
    assert_eq!(n_cases, 2000);
    assert!(wrong.is_empty(), "{} of {n_cases}, {worst:?}\n{}", wrong.len(), wrong.join("\n"));
    for (id, worst) in worst {
        println!("{id}: largest errors {worst:?}");
    }
}
