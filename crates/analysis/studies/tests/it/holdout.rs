//! The CDNOW holdout, against the figures recomputed independently from the same data.

use clv_engine::CustomerIds;
use clv_studies::backtest::{BacktestOptions, BacktestOutcome, backtest};
use clv_studies::base::{CustomerBase, DayRow};
use clv_studies::calendar::day_of;
use clv_studies::spend_choice::SpendModelChoice;
use clv_studies::time::TimeUnit;

use crate::cdnow;

fn outcome(unit: TimeUnit) -> BacktestOutcome {
    let options = BacktestOptions {
        unit,
        horizon: Some("39w".parse().expect("39 weeks are a span")),
        wished_horizon: "52w".parse().expect("52 weeks are a span"),
        until: day_of(cdnow::CALIBRATION_END),
        n_origins: 1,
        models: Vec::new(),
        sampled_customers: None,
        spend: SpendModelChoice::gamma_gamma(),
        boosted: None,
    };
    backtest(&cdnow::base(), &options).expect("the sample bears this holdout")
}

#[test]
fn the_cdnow_holdout_table_is_reproduced_to_the_digits_printed() {
    // total, MAE, RMSE, correlation, MSLE; half a unit of the last digit printed is allowed.
    let expected = [
        ("pareto-nbd", [1665.5, 0.7545, 1.6028, 0.6302, 0.2377]),
        ("bg-nbd", [1653.4, 0.7855, 1.6080, 0.6256, 0.2343]),
        ("mbg-nbd", [1576.7, 0.7648, 1.6072, 0.6273, 0.2314]),
        ("nbd", [2929.8, 1.0410, 1.8595, 0.5834, 0.3622]),
        ("naive-own-rate", [2930.1, 1.0237, 2.2119, 0.5839, 0.4010]),
    ];
    let answer = outcome(TimeUnit::Week).answer;
    for (model, figures) in expected {
        let score = answer.scores.iter().find(|score| score.model == model).expect(model);
        assert_eq!(score.n_customers, 2357);
        assert!((score.actual_total - 1882.0).abs() < 1e-9);
        let got = [score.predicted_total, score.mae, score.rmse, score.correlation, score.msle];
        for (position, (got, figure)) in got.into_iter().zip(figures).enumerate() {
            let half_a_digit = if position == 0 { 0.05 } else { 0.000_05 };
            assert!((got - figure).abs() <= half_a_digit * 1.001, "{model}: {got} is not {figure}");
        }
    }
    assert!(!answer.is_naive);
}

#[test]
fn weeks_days_and_hours_give_the_same_forecasts() {
    let weeks = outcome(TimeUnit::Week).answer;
    for unit in [TimeUnit::Day, TimeUnit::Hour] {
        let other = outcome(unit).answer;
        for (a, b) in weeks.scores.iter().zip(&other.scores) {
            let relative = (a.predicted_total / b.predicted_total - 1.0).abs();
            assert!(relative < 1e-7, "{} in {unit}s: {relative:e}", a.model);
        }
    }
}

#[test]
fn a_model_that_cannot_beat_the_naive_rule_is_not_served() {
    let options = BacktestOptions {
        unit: TimeUnit::Week,
        horizon: Some("39w".parse().expect("39 weeks are a span")),
        wished_horizon: "52w".parse().expect("52 weeks are a span"),
        until: day_of(cdnow::CALIBRATION_END),
        n_origins: 1,
        // Without dropout the model is no better than going on at the own rate.
        models: vec!["nbd".to_owned()],
        sampled_customers: None,
        spend: SpendModelChoice::gamma_gamma(),
        boosted: None,
    };
    let answer = backtest(&cdnow::base(), &options).expect("the sample bears this holdout").answer;
    assert_ne!(answer.served, "nbd", "{}", answer.reason);
    assert!(answer.reason.contains("naive"));
}

#[test]
fn where_a_naive_rule_is_right_it_is_served_and_the_answer_says_so() {
    // Everyone comes every n weeks to the day, for ever: going on at the own rate is the truth.
    let n_weeks = 120;
    let (mut rows, mut offsets) = (Vec::new(), vec![0]);
    for customer in 0..300 {
        let every = 1 + customer % 8;
        for week in (customer % 7..n_weeks).step_by(every) {
            let day = 7 * week as i32;
            rows.push(DayRow { day, orders: 1, gross: 10.0, returns: 0.0 });
        }
        offsets.push(rows.len());
    }
    let ids = CustomerIds::Integer((0..300).collect());
    let base = CustomerBase::new(ids, offsets, rows, 7 * n_weeks as i32);
    let options = BacktestOptions {
        unit: TimeUnit::Week,
        horizon: None,
        wished_horizon: "52w".parse().expect("52 weeks are a span"),
        until: None,
        n_origins: 3,
        models: vec!["pareto-nbd".to_owned(), "bg-nbd".to_owned()],
        sampled_customers: None,
        spend: SpendModelChoice::gamma_gamma(),
        boosted: None,
    };
    let answer = backtest(&base, &options).expect("it is old enough").answer;
    assert!(answer.is_naive, "{}", answer.reason);
    assert!(answer.reason.contains("naive"), "{}", answer.reason);
}

#[test]
fn with_a_year_of_data_the_naive_rule_looks_at_the_same_days_a_year_ago() {
    let mut options = BacktestOptions {
        unit: TimeUnit::Week,
        horizon: Some("12w".parse().expect("12 weeks are a span")),
        wished_horizon: "52w".parse().expect("52 weeks are a span"),
        until: day_of("1998-01-31"),
        n_origins: 1,
        models: vec!["nbd".to_owned()],
        sampled_customers: None,
        spend: SpendModelChoice::gamma_gamma(),
        boosted: None,
    };
    let base = cdnow::base();
    let answer = backtest(&base, &options).expect("the sample bears it").answer;
    let last_year = answer.scores.iter().find(|score| score.model == "naive-last-year");
    let foretold = last_year.expect("a year lies before the origin").predicted_total;
    let (from, to) = (day_of("1997-01-31"), day_of("1997-04-25"));
    let by_hand: usize = (0..base.n_customers())
        .map(|one| {
            base.purchases_of(one).filter(|row| Some(row.day) > from && Some(row.day) <= to).count()
        })
        .sum();
    assert!((foretold - by_hand as f64).abs() < 1e-9, "{foretold} is not {by_hand}");
    options.until = day_of(cdnow::CALIBRATION_END);
    let answer = backtest(&base, &options).expect("the sample bears it").answer;
    assert!(answer.scores.iter().any(|score| score.model == "naive-last-period"));
}
